//! The caller's functions.

use core::time::Duration;

use wasm_bindgen::prelude::*;

use crate::duration::{in_milliseconds, milliseconds};
use crate::error::FieldError;
use crate::event::WatchEvent;
use crate::failure::Failure;
use crate::retry::Delay;
use crate::text::concat;
use crate::watch::{Caller, Progress};

use super::arguments::show;
use super::errors::Subject;
use super::json::JsJson;
use super::signal::AbortSignal;
use super::thrown::message_of;

#[wasm_bindgen(module = "/src/js/callbacks.js")]
extern "C" {
    /// Calls the callback; what it throws is the page's own affair.
    fn tell(on_event: &JsValue, kind: u32, payload: &JsValue, attempt: u32, retry_in: Option<f64>);

    #[wasm_bindgen(js_name = askDelay)]
    fn ask_delay(retry_delay: &JsValue, attempt: u32, error: &JsValue) -> Answer;

    /// What a function has come to.
    type Answer;
    #[wasm_bindgen(method, getter, structural)]
    fn given(this: &Answer) -> JsValue;
    /// Undefined if it has given something, else an object whose `cause` is what it has thrown.
    #[wasm_bindgen(method, getter, structural)]
    fn thrown(this: &Answer) -> JsValue;
}

/// The functions that a watch was given.
pub struct Callbacks<'a> {
    /// Once it has aborted, nothing is told any more.
    pub signal: Option<&'a AbortSignal>,
    pub on_event: Option<JsValue>,
    pub retry_delay: Option<JsValue>,
    /// What the errors speak of that `retryDelay` is shown.
    pub subject: &'a Subject,
    /// What `retryDelay` has thrown, as the `cause` of an object; or undefined.
    pub thrown: JsValue,
}

impl Callbacks<'_> {
    /// A chunk may hold many events, and the callback may abort at the first.
    fn is_aborted(&self) -> bool {
        self.signal.is_some_and(AbortSignal::aborted)
    }
}

impl Caller<JsJson> for Callbacks<'_> {
    fn on_event(&mut self, event: WatchEvent<'_, JsJson>) {
        let Some(on_event) = self.on_event.as_ref().filter(|_| !self.is_aborted()) else { return };
        tell(on_event, event.kind as u32, event.payload.as_ref(), event.attempt, event.retry_in.map(in_milliseconds));
    }

    fn retry_delay(&mut self, progress: &Progress<JsJson>, failure: &Failure<JsJson>) -> Result<Duration, FieldError> {
        let Some(retry_delay) = self.retry_delay.as_ref().filter(|_| !self.is_aborted()) else {
            return Ok(Duration::ZERO);
        };
        let answer = ask_delay(retry_delay, progress.attempts, &self.subject.failure(failure, progress));
        let given = answer.given();
        if let Some(delay) = given.as_f64().filter(|number| Delay::MILLISECONDS.contains(number)) {
            return Ok(milliseconds(delay));
        }
        self.thrown = answer.thrown();
        let message = if self.thrown.is_undefined() {
            concat(&["must give a number of milliseconds from 0 to 2147483647, but has given ", &show(&given)])
        } else {
            let thrown = message_of(&super::json::get(&self.thrown, "cause"));
            concat(&["must give a number of milliseconds, but has thrown: ", &thrown])
        };
        Err(FieldError { field: "retryDelay", message })
    }
}
