//! The error classes of `src/js/errors.js`.

use alloc::string::String;

use wasm_bindgen::prelude::*;

use crate::error::{FieldError, WatchError};
use crate::failure::Failure;
use crate::text::{concat, decimal};
use crate::watch::Progress;

use super::json::JsJson;

#[wasm_bindgen(module = "/src/js/errors.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeError)]
    fn make_error(class: u32, message: &str, attempts: u32, last_state: &JsValue, cause: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = makeRequestError)]
    fn make_request_error(message: &str, attempts: u32, last_state: &JsValue, status: u16, detail: &JsValue)
    -> JsValue;
    #[wasm_bindgen(js_name = makeValidationError)]
    fn make_validation_error(errors: &JsValue, attempts: u32, last_state: &JsValue, options: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = withFieldError)]
    fn with_field_error(errors: &JsValue, field: &str, message: &str) -> JsValue;
    #[wasm_bindgen(js_name = makeFailure)]
    fn make_failure(message: &str, is_timeout: bool) -> JsValue;
}

// Classes that have nothing of their own but a cause, in the order in which errors.js counts them.
const WATCH_ERROR: u32 = 0;
const WATCH_ABORTED_ERROR: u32 = 1;
const MAX_RETRIES_EXCEEDED_ERROR: u32 = 2;

/// What a promise rejects with when the arguments are bad.
pub fn invalid(errors: &[FieldError]) -> JsValue {
    validation_error(errors, &Progress::default(), &JsValue::UNDEFINED)
}

fn validation_error(errors: &[FieldError], progress: &Progress<JsJson>, options: &JsValue) -> JsValue {
    let mut list = JsValue::UNDEFINED;
    for FieldError { field, message } in errors {
        list = with_field_error(&list, field, message);
    }
    make_validation_error(&list, progress.attempts, &last_state(progress), options)
}

/// What the errors of a call speak of: "the watch of CVM …".
pub struct Subject(pub String);

impl Subject {
    /// The signal has aborted.
    pub fn aborted(&self, reason: &JsValue, progress: &Progress<JsJson>) -> JsValue {
        self.caused(WATCH_ABORTED_ERROR, &[" was aborted"], reason, progress)
    }

    /// The watch has ended without its target; `thrown` has what a function of the caller's threw.
    pub fn failed(&self, error: &WatchError<JsJson>, progress: &Progress<JsJson>, thrown: &JsValue) -> JsValue {
        match error {
            WatchError::BadDelay(bad) => validation_error(core::slice::from_ref(bad), progress, thrown),
            WatchError::Refused(failure) => self.failure(failure, progress),
            WatchError::RetriesExceeded(failure) => {
                let attempts = decimal(progress.attempts.into());
                let what = [" gave up after attempt ", &attempts, ": ", &failure.message()];
                self.caused(MAX_RETRIES_EXCEEDED_ERROR, &what, &self.failure(failure, progress), progress)
            }
        }
    }

    /// The one-shot read has failed.
    pub fn not_read(&self, failure: &Failure<JsJson>, progress: &Progress<JsJson>) -> JsValue {
        let cause = self.failure(failure, progress);
        if matches!(failure, Failure::Status(_) | Failure::Redirected { .. }) {
            return cause;
        }
        self.caused(WATCH_ERROR, &[" has failed: ", &failure.message()], &cause, progress)
    }

    /// How an attempt failed: a `RequestError`, if the server has answered, else a plain error.
    pub fn failure(&self, failure: &Failure<JsJson>, progress: &Progress<JsJson>) -> JsValue {
        let (status, detail) = match failure {
            Failure::Status(refusal) => (refusal.status, refusal.detail.clone().map(JsValue::from)),
            Failure::Redirected { status } => (*status, None),
            _ => return make_failure(&failure.message(), matches!(failure, Failure::TimedOut { .. })),
        };
        let message = concat(&[&self.0, ": ", &failure.message()]);
        make_request_error(&message, progress.attempts, &last_state(progress), status, &detail.unwrap_or_default())
    }

    fn caused(&self, class: u32, what: &[&str], cause: &JsValue, progress: &Progress<JsJson>) -> JsValue {
        let message = concat(&[&self.0, &*concat(what)]);
        make_error(class, &message, progress.attempts, &last_state(progress), cause)
    }
}

fn last_state(progress: &Progress<JsJson>) -> JsValue {
    progress.last_state.as_ref().map(|state| state.json().clone().into()).unwrap_or_default()
}
