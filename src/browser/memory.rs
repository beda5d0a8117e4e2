//! The memory of an iterator of states, from one step to the next.
//!
//! It is a JavaScript object, and not in WebAssembly's memory: so it is collected together with its iterator, and an
//! iterator goes on after a crash of the module.

use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::caller::Progress;
use crate::duration::{in_milliseconds, milliseconds};
use crate::state::CvmState;
use crate::states::States;

use super::json::{JsJson, last_state};
use super::value::field;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    attempts: u32,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    last_state: JsValue,
    /// When the next read is due, in milliseconds of `performance.now`.
    due: f64,
}

/// The memory after a state was given.
pub fn keep(states: &States<JsJson>) -> JsValue {
    let Progress { attempts, .. } = states.progress;
    let memory = Memory { attempts, last_state: last_state(&states.progress), due: in_milliseconds(states.due) };
    serde_wasm_bindgen::to_value(&memory).unwrap_or_default()
}

/// Reads the memory; at first it is empty.
pub fn recall(memory: &JsValue) -> States<JsJson> {
    let number = |name| field(memory, name).as_f64().unwrap_or_default();
    let mut states = States::default();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was kept as such")]
    let attempts = number("attempts") as u32;
    states.progress.attempts = attempts;
    states.progress.last_state = CvmState::from_json(field(memory, "lastState").into());
    states.due = milliseconds(number("due"));
    states
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wasm_bindgen_test::wasm_bindgen_test;

    use crate::json::Json as _;

    use super::*;

    #[wasm_bindgen_test]
    fn what_is_kept_is_recalled() {
        let mut states = States::default();
        let state = JsJson::parse(r#"{"status":"running"}"#.into()).unwrap();
        states.progress = Progress { attempts: 7, last_state: CvmState::from_json(state), ..Progress::default() };
        states.due = Duration::from_millis(1500);
        let recalled = recall(&keep(&states));
        assert_eq!(recalled.progress.attempts, 7);
        assert_eq!(recalled.progress.last_state, states.progress.last_state);
        assert_eq!(recalled.due, states.due);
    }

    #[wasm_bindgen_test]
    fn at_first_there_is_nothing() {
        let recalled = recall(&JsValue::UNDEFINED);
        assert_eq!((recalled.progress.attempts, recalled.due), (0, Duration::ZERO));
        assert!(recalled.progress.last_state.is_none());
    }
}
