//! The error classes of `src/js/errors.js`.

use js_sys::{Error, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::error::{FieldError, WatchError};
use crate::failure::Failure;
use crate::watch::Progress;

use super::json::JsJson;

#[wasm_bindgen(module = "/src/js/errors.js")]
extern "C" {
    #[wasm_bindgen(js_name = WatchError)]
    type JsWatchError;
    #[wasm_bindgen(constructor, js_class = WatchError)]
    fn new(message: &str, attempts: u32, last_state: &JsValue, options: &JsValue) -> JsWatchError;

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
    fn new(
        message: &str,
        errors: &JsValue,
        attempts: u32,
        last_state: &JsValue,
        cause: Option<&JsValue>,
    ) -> ValidationError;
}

/// What a promise rejects with when the arguments are bad.
pub fn invalid(errors: &[FieldError]) -> JsValue {
    validation_error(errors, &Progress::default(), None)
}

fn validation_error(errors: &[FieldError], progress: &Progress<JsJson>, cause: Option<&JsValue>) -> JsValue {
    let message: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let list = serde_wasm_bindgen::to_value(errors).unwrap_or_default();
    let (attempts, last_state) = told(progress);
    ValidationError::new(&message.join("; "), &list, attempts, &last_state, cause).into()
}

/// What the errors of a call speak of: "the watch of CVM …".
pub struct Subject(pub String);

impl Subject {
    /// The signal has aborted.
    pub fn aborted(&self, reason: &JsValue, progress: &Progress<JsJson>) -> JsValue {
        let (attempts, last_state) = told(progress);
        WatchAbortedError::new(&format!("{} was aborted", self.0), attempts, &last_state, reason).into()
    }

    /// The watch has ended without its target; `thrown` is what a function of the caller's threw.
    pub fn failed(&self, error: &WatchError<JsJson>, progress: &Progress<JsJson>, thrown: Option<&JsValue>) -> JsValue {
        match error {
            WatchError::BadDelay(bad) => validation_error(std::slice::from_ref(bad), progress, thrown),
            WatchError::Refused(failure) => self.failure(failure, progress),
            WatchError::RetriesExceeded(failure) => {
                let (attempts, last_state) = told(progress);
                let message = format!("{} gave up after attempt {attempts}: {failure}", self.0);
                let cause = self.failure(failure, progress);
                MaxRetriesExceededError::new(&message, attempts, &last_state, &cause).into()
            }
        }
    }

    /// The one-shot read has failed.
    pub fn not_read(&self, failure: &Failure<JsJson>, progress: &Progress<JsJson>) -> JsValue {
        let cause = self.failure(failure, progress);
        if matches!(failure, Failure::Status(_) | Failure::Redirected { .. }) {
            return cause;
        }
        let (attempts, last_state) = told(progress);
        let options = Object::new();
        let _ = Reflect::set(&options, &"cause".into(), &cause);
        JsWatchError::new(&format!("{} has failed: {failure}", self.0), attempts, &last_state, &options).into()
    }

    /// How an attempt failed: a `RequestError`, if the server has answered, else a plain error.
    pub fn failure(&self, failure: &Failure<JsJson>, progress: &Progress<JsJson>) -> JsValue {
        let refused = |status, detail| {
            let (attempts, last_state) = told(progress);
            let message = format!("{}: {failure}", self.0);
            RequestError::new(&message, attempts, &last_state, status, detail).into()
        };
        match failure {
            Failure::Status(refusal) => {
                refused(refusal.status, &refusal.detail.clone().map_or(JsValue::UNDEFINED, Into::into))
            }
            Failure::Redirected { status } => refused(*status, &JsValue::UNDEFINED),
            _ => {
                let error = Error::new(&failure.to_string());
                if matches!(failure, Failure::TimedOut { .. }) {
                    // As a DOMException for a time-out is called.
                    error.set_name("TimeoutError");
                }
                error.into()
            }
        }
    }
}

fn told(progress: &Progress<JsJson>) -> (u32, JsValue) {
    let last_state = progress.last_state.as_ref().map(|state| state.json().clone().into());
    (progress.attempts, last_state.unwrap_or_default())
}
