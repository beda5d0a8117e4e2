//! A call of the API's: what was asked for, and the world to find out in.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use wasm_bindgen::prelude::*;

use crate::duration::{in_milliseconds, milliseconds};
use crate::error::FieldError;
use crate::event::WatchEvent;
use crate::failure::Failure;
use crate::request::{Arguments, Given};
use crate::watch::{Caller, Progress};

use super::errors::Subject;
use super::json::{JsJson, last_state, number_of};
use super::task::Callback;

#[wasm_bindgen]
extern "C" {
    /// A call: an instance of the class in `src/js/call.js`. Nothing of it throws.
    pub type Call;

    #[wasm_bindgen(method)]
    fn get(this: &Call, field: &str) -> JsValue;
    #[wasm_bindgen(method)]
    fn show(this: &Call, field: &str) -> JsValue;
    #[wasm_bindgen(method)]
    fn refuse(this: &Call, field: &str, message: &str);
    /// What the promise rejects with if something was refused; or undefined.
    #[wasm_bindgen(method)]
    fn refused(this: &Call, attempts: u32, last_state: &JsValue) -> JsValue;

    #[wasm_bindgen(method, getter, structural, js_name = isAborted)]
    pub fn is_aborted(this: &Call) -> bool;
    #[wasm_bindgen(method, getter, structural)]
    pub fn reason(this: &Call) -> JsValue;

    #[wasm_bindgen(method, js_name = onAbort)]
    pub fn on_abort(this: &Call, tell: &JsValue) -> Callback;
    #[wasm_bindgen(method)]
    pub fn sleep(this: &Call, milliseconds: f64, tell: &JsValue) -> Callback;
    #[wasm_bindgen(method)]
    pub fn open(this: &Call, path: &str, tell: &JsValue) -> Callback;
    #[wasm_bindgen(method)]
    pub fn read(this: &Call, path: &str, tell: &JsValue) -> Callback;

    #[wasm_bindgen(method, js_name = onEvent)]
    fn on_event(this: &Call, kind: u32, payload: &JsValue, attempt: u32, retry_in: Option<f64>);
    /// The number of milliseconds that the caller's function gives, or what is wrong with what it gives.
    #[wasm_bindgen(method, js_name = retryDelay)]
    fn retry_delay(this: &Call, attempt: u32, error: &JsValue) -> JsValue;
}

impl Call {
    /// The request, if it and all the rest of the call are as they must be.
    ///
    /// # Errors
    /// What the promise rejects with: every bad field.
    pub fn check<R>(&self, read: fn(&Self) -> Result<R, Vec<FieldError>>) -> Result<R, JsValue> {
        let request = read(self).map_err(|errors| {
            for FieldError { field, message } in &errors {
                self.refuse(field, message);
            }
        });
        let refused = self.refused(0, &JsValue::UNDEFINED);
        request.ok().filter(|_| refused.is_undefined()).ok_or(refused)
    }

    /// What the promise rejects with when an argument turns out to be bad on the way.
    pub fn turned_down(&self, bad: &FieldError, progress: &Progress<JsJson>) -> JsValue {
        self.refuse(bad.field, &bad.message);
        self.refused(progress.attempts, &last_state(progress))
    }
}

impl Arguments for Call {
    fn get(&self, field: &str) -> Given {
        let value = self.get(field);
        if value.is_undefined() {
            Given::Absent
        } else if let Some(text) = value.as_string() {
            Given::Text(text)
        } else if value.is_function() {
            Given::Function
        } else {
            // What is no number at all is out of any range, as NaN is.
            Given::Number(number_of(&value))
        }
    }

    fn show(&self, field: &str) -> String {
        self.show(field).as_string().unwrap_or_default()
    }
}

/// The caller's functions.
pub struct Callbacks<'a> {
    pub call: &'a Call,
    /// What the errors speak of that `retryDelay` is shown.
    pub subject: &'a Subject,
}

impl Caller<JsJson> for Callbacks<'_> {
    fn on_event(&mut self, event: WatchEvent<'_, JsJson>) {
        let retry_in = event.retry_in.map(in_milliseconds);
        self.call.on_event(event.kind as u32, event.payload.as_ref(), event.attempt, retry_in);
    }

    fn retry_delay(&mut self, progress: &Progress<JsJson>, failure: &Failure<JsJson>) -> Result<Duration, FieldError> {
        let given = self.call.retry_delay(progress.attempts, &self.subject.failure(failure, progress));
        match given.as_string() {
            None => Ok(milliseconds(number_of(&given))),
            Some(message) => Err(FieldError { field: "retryDelay", message }),
        }
    }
}
