//! The caller's functions.

use std::time::Duration;

use js_sys::Function;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::caller::{Caller, Progress};
use crate::duration::{in_milliseconds, milliseconds};
use crate::error::FieldError;
use crate::event::{Code, WatchEvent};
use crate::failure::Failure;
#[cfg(feature = "panic")]
use crate::json::Json as _;
use crate::retry::Delay;
use crate::state::CvmState;

use super::arguments::show;
use super::call::Call;
use super::errors::Subject;
use super::json::JsJson;
use super::value::{field, ignore, message_of};

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    /// Calls the callback with the payload's fields and these. What it throws, or rejects with, is reported as uncaught.
    fn tell(on_event: &Function, payload: &JsValue, fields: &JsValue);
    fn warn(hint: &str);
}

/// What an event has besides its payload's own fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventFields {
    r#type: &'static str,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<u32>,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    status: JsValue,
    #[serde(
        rename = "boot_progress",
        with = "serde_wasm_bindgen::preserve",
        skip_serializing_if = "JsValue::is_undefined"
    )]
    boot_progress: JsValue,
}

/// The functions that a call was given. Once its signal has aborted, none is called any more.
pub struct Callbacks<'a> {
    call: &'a Call,
    /// The subject of the errors that are passed to the functions.
    subject: &'a Subject,
    thrown: Option<JsValue>,
}

impl<'a> Callbacks<'a> {
    pub fn new(call: &'a Call, subject: &'a Subject) -> Self {
        Self { call, subject, thrown: None }
    }

    /// The value that a function of the caller's has thrown.
    pub fn thrown(&self) -> JsValue {
        self.thrown.clone().unwrap_or_default()
    }

    /// Calls a function of the request. One that throws ends the watch.
    fn call(&mut self, name: &'static str, arguments: &[JsValue]) -> Result<JsValue, FieldError> {
        let function: Function = self.call.arguments.value(name).unchecked_into();
        let arguments: js_sys::Array = arguments.iter().collect();
        function.apply(&JsValue::UNDEFINED, &arguments).map_err(|thrown| {
            let message = format!("must not throw, but has thrown: {}", message_of(&thrown));
            self.thrown = Some(thrown);
            FieldError { field: name, message }
        })
    }

    /// Calls a function that decides something. Its result is judged by truthiness.
    fn decide(&mut self, name: &'static str, argument: JsValue) -> Result<bool, FieldError> {
        if self.call.signal.aborted() {
            return Ok(false);
        }
        let given = self.call(name, &[argument])?;
        if field(&given, "then").is_function() {
            let message = "must decide at once, but has given a promise".into();
            ignore(Ok(given));
            return Err(FieldError { field: name, message });
        }
        Ok(given.is_truthy())
    }

    /// Calls a function with an event.
    fn tell(&self, function: Option<&Function>, event: WatchEvent<'_, JsJson>) {
        // A chunk may hold many events, and the callback may abort at the first.
        let Some(function) = function.filter(|_| !self.call.signal.aborted()) else { return };
        let fields = EventFields {
            r#type: event.kind.name(),
            attempt: event.attempt,
            retry_in: event.retry_in.map(in_milliseconds),
            code: event.code.map(Code::name),
            http_status: event.http_status,
            failures: event.failures,
            status: event.status.map_or(JsValue::UNDEFINED, Into::into),
            boot_progress: event.boot_progress.map_or(JsValue::UNDEFINED, Into::into),
        };
        tell(function, event.payload.as_ref(), &serde_wasm_bindgen::to_value(&fields).unwrap_or_default());
    }
}

impl Caller<JsJson> for Callbacks<'_> {
    fn on_event(&mut self, event: WatchEvent<'_, JsJson>) {
        #[cfg(feature = "panic")]
        assert!(event.payload.get("status") != Some(JsJson::of(&"panic")), "asked to panic");
        self.tell(self.call.on_event.as_ref(), event);
    }

    fn on_read(&mut self, event: WatchEvent<'_, JsJson>) {
        let function = self.call.arguments.value("onRead");
        self.tell(function.is_function().then(|| function.unchecked_ref()), event);
    }

    fn warn(&mut self, hint: &str) {
        warn(hint);
    }

    fn until(&mut self, state: &CvmState<JsJson>) -> Result<bool, FieldError> {
        self.decide("until", state.json().clone().into())
    }

    fn fail_on(&mut self, state: &CvmState<JsJson>) -> Result<bool, FieldError> {
        self.decide("failOn", state.json().clone().into())
    }

    fn should_retry(&mut self, failure: &Failure<JsJson>, progress: &Progress<JsJson>) -> Result<bool, FieldError> {
        self.decide("shouldRetry", self.subject.failure(failure, progress))
    }

    fn retry_delay(
        &mut self,
        failures: u32,
        failure: &Failure<JsJson>,
        progress: &Progress<JsJson>,
    ) -> Result<Duration, FieldError> {
        let name = "retryDelay";
        if self.call.signal.aborted() {
            return Ok(Duration::ZERO);
        }
        let given = self.call(name, &[failures.into(), self.subject.failure(failure, progress)])?;
        given.as_f64().filter(|number| Delay::MILLISECONDS.contains(number)).map(milliseconds).ok_or_else(|| {
            let given_ = show(&given);
            // It may be a promise.
            ignore(Ok(given));
            let message = format!("must give a number of milliseconds from 0 to 2147483647, but has given {given_}");
            FieldError { field: name, message }
        })
    }
}
