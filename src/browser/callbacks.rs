//! The caller's functions.

use std::time::Duration;

use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::duration::milliseconds;
use crate::error::FieldError;
use crate::event::{EventKind, WatchEvent};
use crate::failure::Failure;
use crate::retry::Delay;
use crate::watch::{Caller, Progress};

use super::arguments::show;
use super::errors::Subject;
use super::json::JsJson;
use super::thrown::message_of;

#[wasm_bindgen(module = "/src/js/events.js")]
extern "C" {
    /// Calls the callback; what it throws is the page's own affair.
    fn tell(on_event: &Function, kind: &JsString, payload: &JsValue, attempt: u32, retry_in: Option<f64>);
}

/// The functions that a watch was given.
pub struct Callbacks<'a> {
    /// Once it has aborted, nothing is told any more.
    pub signal: Option<&'a AbortSignal>,
    pub on_event: Option<Function>,
    pub retry_delay: Option<Function>,
    /// What the errors speak of that `retryDelay` is shown.
    pub subject: &'a Subject,
    /// What `retryDelay` has thrown.
    pub thrown: Option<JsValue>,
    /// [`names`], made once and not for every event.
    pub names: [JsString; EventKind::ALL.len()],
}

/// The kinds' names as JavaScript's strings.
pub fn names() -> [JsString; EventKind::ALL.len()] {
    EventKind::ALL.map(|kind| kind.name().into())
}

impl Callbacks<'_> {
    /// A chunk may hold many events, and the callback may abort at the first.
    fn is_aborted(&self) -> bool {
        self.signal.is_some_and(AbortSignal::aborted)
    }
}

impl Caller<JsJson> for Callbacks<'_> {
    fn on_event(&mut self, event: WatchEvent<JsJson>) {
        let Some(on_event) = self.on_event.as_ref().filter(|_| !self.is_aborted()) else { return };
        let retry_in = event.retry_in.map(|wait| wait.as_secs_f64() * 1000.0);
        tell(on_event, &self.names[event.kind as usize], &event.payload.into(), event.attempt, retry_in);
    }

    fn retry_delay(&mut self, progress: &Progress<JsJson>, failure: &Failure<JsJson>) -> Result<Duration, FieldError> {
        let refuse = |message| FieldError { field: "retryDelay", message };
        let Some(retry_delay) = self.retry_delay.as_ref().filter(|_| !self.is_aborted()) else {
            return Ok(Duration::ZERO);
        };
        let error = self.subject.failure(failure, progress);
        let given = retry_delay.call2(&JsValue::UNDEFINED, &progress.attempts.into(), &error).map_err(|thrown| {
            let message = format!("must give a number of milliseconds, but has thrown: {}", message_of(&thrown));
            self.thrown = Some(thrown);
            refuse(message)
        })?;
        given.as_f64().filter(|number| Delay::MILLISECONDS.contains(number)).map(milliseconds).ok_or_else(|| {
            let given = show(&given);
            refuse(format!("must give a number of milliseconds from 0 to 2147483647, but has given {given}"))
        })
    }
}
