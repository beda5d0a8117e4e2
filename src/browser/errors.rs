//! The error classes of `src/js/errors.js`.

use js_sys::{Error, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::error::{Failure, FieldError, Refusal, WatchError};
use crate::request::WatchRequest;
use crate::watch::Progress;

use super::json::JsJson;

#[wasm_bindgen(module = "/src/js/errors.js")]
extern "C" {
    type WatchAbortedError;
    #[wasm_bindgen(constructor)]
    fn new(message: &str, attempts: u32, last_state: &JsValue, reason: &JsValue) -> WatchAbortedError;

    type MaxRetriesExceededError;
    #[wasm_bindgen(constructor)]
    fn new(message: &str, attempts: u32, last_state: &JsValue, cause: &JsValue) -> MaxRetriesExceededError;

    type RequestError;
    #[wasm_bindgen(constructor)]
    fn new(message: &str, attempts: u32, last_state: &JsValue, status: u16, detail: &JsValue) -> RequestError;

    type ValidationError;
    #[wasm_bindgen(constructor)]
    fn new(message: &str, errors: &JsValue) -> ValidationError;
}

/// What the promise of a watch with bad arguments rejects with.
pub fn invalid(errors: &[FieldError]) -> JsValue {
    let list: Vec<_> = errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect();
    let list_js = serde_wasm_bindgen::to_value(errors).unwrap_or_default();
    ValidationError::new(&list.join("; "), &list_js).into()
}

/// What the promise of a watch rejects with when its signal has aborted.
pub fn aborted(signal: Option<&AbortSignal>, request: &WatchRequest, progress: Progress<JsJson>) -> JsValue {
    let reason = signal.and_then(|signal| Reflect::get(signal, &"reason".into()).ok()).unwrap_or_default();
    let (attempts, last_state) = told(progress);
    WatchAbortedError::new(&format!("{} was aborted", name(request)), attempts, &last_state, &reason).into()
}

/// What the promise of a watch rejects with when it has ended without its target.
pub fn failed(error: WatchError<JsJson>, request: &WatchRequest, progress: Progress<JsJson>) -> JsValue {
    let (attempts, last_state) = told(progress);
    let refused = |refusal: Refusal<JsJson>| {
        let message = format!("{} was refused: {refusal}", name(request));
        let detail = refusal.detail.map_or(JsValue::UNDEFINED, Into::into);
        RequestError::new(&message, attempts, &last_state, refusal.status, &detail).into()
    };
    match error {
        WatchError::Refused(refusal) => refused(refusal),
        WatchError::RetriesExceeded(failure) => {
            let message = format!("{} gave up after attempt {attempts}: {failure}", name(request));
            let cause = match failure {
                Failure::Status(refusal) => refused(refusal),
                failure => plain(&failure),
            };
            MaxRetriesExceededError::new(&message, attempts, &last_state, &cause).into()
        }
    }
}

/// A failure that has no class of its own.
fn plain(failure: &Failure<JsJson>) -> JsValue {
    let error = Error::new(&failure.to_string());
    if matches!(failure, Failure::TimedOut { .. }) {
        // As a DOMException for a time-out is called.
        error.set_name("TimeoutError");
    }
    error.into()
}

fn told(progress: Progress<JsJson>) -> (u32, JsValue) {
    (progress.attempts, progress.last_state.map_or(JsValue::UNDEFINED, |state| state.json().clone().into()))
}

fn name(request: &WatchRequest) -> String {
    format!("the watch of CVM \"{}\" for \"{}\"", request.id.as_ref(), request.target)
}

/// The message of something thrown.
pub fn message_of(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "an unknown error".into())
}
