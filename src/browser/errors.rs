//! The error classes of `src/js/errors.js`.

use alloc::string::String;

use wasm_bindgen::prelude::*;

use crate::error::WatchError;
use crate::failure::Failure;
use crate::request::{ReadRequest, WatchRequest};
use crate::text::{concat, decimal};
use crate::watch::Progress;

use super::Request;
use super::call::Call;
use super::json::{JsJson, last_state};

#[wasm_bindgen(module = "/src/js/errors.js")]
extern "C" {
    /// `cause` is the `detail` of a request error.
    #[wasm_bindgen(js_name = makeError)]
    fn make_error(
        kind: u32,
        message: &str,
        attempts: u32,
        last_state: &JsValue,
        cause: &JsValue,
        status: u16,
    ) -> JsValue;
}

// The kinds of error, as errors.js counts them.
const WATCH_ERROR: u32 = 0;
const WATCH_ABORTED_ERROR: u32 = 1;
const MAX_RETRIES_EXCEEDED_ERROR: u32 = 2;
const REQUEST_ERROR: u32 = 3;
const TIMEOUT: u32 = 4;
const OTHER: u32 = 5;

/// What the errors of a call speak of: "the watch of CVM …".
pub struct Subject(String);

impl Subject {
    /// What a request's errors speak of.
    pub fn of(request: &Request) -> Self {
        Self(match request {
            Request::Watch(WatchRequest { id, target, .. }) => {
                concat(&["the watch of CVM \"", id.as_ref(), "\" for \"", target, "\""])
            }
            Request::Read(ReadRequest { id, .. }) => concat(&["the read of CVM \"", id.as_ref(), "\""]),
        })
    }

    /// The signal has aborted.
    pub fn aborted(&self, reason: &JsValue, progress: &Progress<JsJson>) -> JsValue {
        self.caused(WATCH_ABORTED_ERROR, &[" was aborted"], reason, progress)
    }

    /// The watch has ended without its target.
    pub fn failed(&self, error: &WatchError<JsJson>, progress: &Progress<JsJson>, call: &Call) -> JsValue {
        match error {
            WatchError::BadDelay(bad) => call.turned_down(bad, progress),
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
        let message = failure.message();
        let (status, detail) = match failure {
            Failure::Status(refusal) => (refusal.status, refusal.detail.clone().map(JsValue::from)),
            Failure::Redirected { status } => (*status, None),
            _ => {
                let kind = if matches!(failure, Failure::TimedOut { .. }) { TIMEOUT } else { OTHER };
                return make_error(kind, &message, 0, &JsValue::UNDEFINED, &JsValue::UNDEFINED, 0);
            }
        };
        self.make(REQUEST_ERROR, &[": ", &message], &detail.unwrap_or_default(), progress, status)
    }

    fn caused(&self, kind: u32, what: &[&str], cause: &JsValue, progress: &Progress<JsJson>) -> JsValue {
        self.make(kind, what, cause, progress, 0)
    }

    fn make(&self, kind: u32, what: &[&str], cause: &JsValue, progress: &Progress<JsJson>, status: u16) -> JsValue {
        let message = concat(&[&self.0, &*concat(what)]);
        make_error(kind, &message, progress.attempts, &last_state(progress), cause, status)
    }
}
