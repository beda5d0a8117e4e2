//! The caller's functions.

use std::time::Duration;

use js_sys::Function;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::duration::{in_milliseconds, milliseconds};
use crate::error::FieldError;
use crate::event::WatchEvent;
use crate::failure::Failure;
use crate::request::WatchRequest;
use crate::retry::Delay;
use crate::watch::{Caller, Progress};

use super::arguments::show;
use super::call::Call;
use super::errors::Subject;
use super::json::JsJson;
use super::value::message_of;

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    /// Calls the callback with the payload's fields and these. What it throws, or rejects with, is reported as uncaught.
    fn tell(on_event: &Function, payload: &JsValue, fields: &JsValue);
}

/// What an event has besides its payload's own fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventFields {
    r#type: &'static str,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in: Option<f64>,
}

/// The functions that a watch was given.
pub struct Callbacks<'a> {
    call: &'a Call<WatchRequest>,
    /// Once it has aborted, no function is called any more.
    signal: &'a AbortSignal,
    /// What the errors speak of that `retryDelay` is shown.
    subject: &'a Subject,
    thrown: Option<JsValue>,
}

impl<'a> Callbacks<'a> {
    pub fn new(call: &'a Call<WatchRequest>, signal: &'a AbortSignal, subject: &'a Subject) -> Self {
        Self { call, signal, subject, thrown: None }
    }

    /// What a function of the caller's has thrown.
    pub fn thrown(&self) -> Option<&JsValue> {
        self.thrown.as_ref()
    }

    fn ask_delay(&mut self, progress: &Progress<JsJson>, failure: &Failure<JsJson>) -> Result<Duration, String> {
        let retry_delay: Function = self.call.arguments.value("retryDelay").unchecked_into();
        let error = self.subject.failure(failure, progress);
        let given = retry_delay.call2(&JsValue::UNDEFINED, &progress.attempts.into(), &error).map_err(|thrown| {
            let message = format!("must give a number of milliseconds, but has thrown: {}", message_of(&thrown));
            self.thrown = Some(thrown);
            message
        })?;
        given.as_f64().filter(|number| Delay::MILLISECONDS.contains(number)).map(milliseconds).ok_or_else(|| {
            format!("must give a number of milliseconds from 0 to 2147483647, but has given {}", show(&given))
        })
    }
}

impl Caller<JsJson> for Callbacks<'_> {
    fn on_event(&mut self, event: WatchEvent<'_, JsJson>) {
        // A chunk may hold many events, and the callback may abort at the first.
        let Some(on_event) = self.call.on_event.as_ref().filter(|_| !self.signal.aborted()) else { return };
        let fields = EventFields {
            r#type: event.kind.name(),
            attempt: event.attempt,
            retry_in: event.retry_in.map(in_milliseconds),
        };
        tell(on_event, event.payload.as_ref(), &serde_wasm_bindgen::to_value(&fields).unwrap_or_default());
    }

    fn retry_delay(&mut self, progress: &Progress<JsJson>, failure: &Failure<JsJson>) -> Result<Duration, FieldError> {
        if self.signal.aborted() {
            return Ok(Duration::ZERO);
        }
        self.ask_delay(progress, failure).map_err(|message| FieldError { field: "retryDelay", message })
    }
}
