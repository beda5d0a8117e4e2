//! The error classes of `src/js/errors.js`.

use js_sys::{Error, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::caller::Progress;
use crate::error::{FieldError, WatchError};
use crate::event::Code;
use crate::failure::Failure;
use crate::request::{ReadRequest, StatesRequest, WatchRequest};
use crate::text::join;

use super::json::{JsJson, last_state};

#[wasm_bindgen(module = "/src/js/errors.js")]
extern "C" {
    /// An error of the class of that name.
    #[wasm_bindgen(js_name = makeError)]
    fn make_error(class: &str, message: &str, fields: &JsValue) -> JsValue;
}

/// The fields of the errors besides the message. An undefined one is left out.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorFields<'a> {
    attempts: u32,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    last_state: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    cause: JsValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    detail: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    state: JsValue,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    validation_errors: &'a [FieldError],
}

impl ErrorFields<'_> {
    fn of(progress: &Progress<JsJson>) -> Self {
        Self { attempts: progress.attempts, last_state: last_state(progress), ..Self::default() }
    }

    fn error(&self, class: &str, message: &str) -> JsValue {
        make_error(class, message, &serde_wasm_bindgen::to_value(self).unwrap_or_default())
    }
}

/// The error for bad arguments.
pub fn invalid(errors: &[FieldError]) -> JsValue {
    validation_error(errors, ErrorFields::default())
}

fn validation_error<'a>(errors: &'a [FieldError], fields: ErrorFields<'a>) -> JsValue {
    let message: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let fields = ErrorFields { validation_errors: errors, ..fields };
    fields.error("ValidationError", &join(&message, "; "))
}

/// The subject of a call's error messages: "the watch of CVM …".
pub struct Subject(String);

impl Subject {
    pub fn watch(request: &WatchRequest) -> Self {
        let targets = join(&request.target.statuses, "\" or \"");
        Self(format!("the watch of CVM \"{}\" for \"{targets}\"", request.id.as_ref()))
    }

    pub fn states(request: &StatesRequest) -> Self {
        Self(format!("the watch of CVM \"{}\"", request.id.as_ref()))
    }

    pub fn read(request: &ReadRequest) -> Self {
        Self(format!("the read of CVM \"{}\"", request.id.as_ref()))
    }

    /// The signal has aborted.
    pub fn aborted(&self, reason: JsValue, progress: &Progress<JsJson>) -> JsValue {
        let fields = ErrorFields { cause: reason, ..ErrorFields::of(progress) };
        fields.error("WatchAbortedError", &format!("{} was aborted", self.0))
    }

    /// The watch has ended without its target; `thrown` is what a function of the caller's threw.
    pub fn failed(&self, error: &WatchError<JsJson>, progress: &Progress<JsJson>, thrown: JsValue) -> JsValue {
        let fields = ErrorFields::of(progress);
        let message = || format!("{} {error}", self.0);
        match error {
            WatchError::Foreign(error) => error.clone().into(),
            WatchError::BadArgument(bad) => {
                validation_error(std::slice::from_ref(bad), ErrorFields { cause: thrown, ..fields })
            }
            WatchError::Refused(failure) => self.failure(failure, progress),
            WatchError::RetriesExceeded { failure, .. } => {
                let fields = ErrorFields { cause: self.failure(failure, progress), ..fields };
                fields.error("MaxRetriesExceededError", &message())
            }
            WatchError::CvmFailed(state) => {
                let fields = ErrorFields { state: state.json().clone().into(), ..fields };
                fields.error("CvmFailedError", &format!("{}: {error}", self.0))
            }
        }
    }

    /// The one-shot read has failed.
    pub fn not_read(&self, failure: &Failure<JsJson>, progress: &Progress<JsJson>) -> JsValue {
        let cause = self.failure(failure, progress);
        if matches!(failure, Failure::Status(_) | Failure::Redirected { .. } | Failure::Foreign(_)) {
            return cause;
        }
        let fields = ErrorFields { cause, ..ErrorFields::of(progress) };
        fields.error("WatchError", &format!("{} has failed: {failure}", self.0))
    }

    /// How an attempt failed: a `RequestError`, if the server has answered, else a plain error with a `code`.
    pub fn failure(&self, failure: &Failure<JsJson>, progress: &Progress<JsJson>) -> JsValue {
        let detail = match failure {
            Failure::Foreign(error) => return error.clone().into(),
            Failure::Status(refusal) => refusal.detail.clone().map_or(JsValue::UNDEFINED, Into::into),
            Failure::Redirected { .. } => JsValue::UNDEFINED,
            _ => return attempt_error(failure),
        };
        let (code, status) = (failure.code().map(Code::name), failure.http_status());
        let fields = ErrorFields { code, status, detail, ..ErrorFields::of(progress) };
        fields.error("RequestError", &format!("{}: {failure}", self.0))
    }
}

fn attempt_error(failure: &Failure<JsJson>) -> JsValue {
    let error = Error::new(&failure.to_string());
    if let Some(code) = failure.code() {
        if code == Code::Timeout {
            // As a DOMException for a timeout is called.
            error.set_name("TimeoutError");
        }
        let _ = Reflect::set(&error, &"code".into(), &code.name().into());
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use crate::error::Endings;
    use crate::failure::Refusal;
    use crate::json::Json as _;

    use super::super::value::field;
    use super::*;

    fn subject() -> Subject {
        Subject("the watch of CVM \"my-app\" for \"running\"".into())
    }

    #[wasm_bindgen_test]
    fn fields_that_there_are_not_are_left_out() {
        let keys = |value: &JsValue| js_sys::Object::keys(value.unchecked_ref::<js_sys::Object>()).join(",");
        let error = subject().aborted("enough".into(), &Progress { attempts: 2, ..Progress::default() });
        assert_eq!(field(&error, "name"), "WatchAbortedError");
        assert_eq!(field(&error, "cause"), "enough");
        assert_eq!(keys(&error), "attempts");
        assert_eq!(field(&error, "message"), "the watch of CVM \"my-app\" for \"running\" was aborted");
    }

    #[wasm_bindgen_test]
    fn a_refusal_has_a_status_and_a_detail() {
        let detail = JsJson::parse("{\"message\":\"no such CVM\"}".into()).unwrap();
        let failure = Failure::Status(Refusal { status: 404, detail: Some(detail.clone()), retry_after: None });
        let error = subject().failed(&WatchError::Refused(failure.clone()), &Progress::default(), JsValue::UNDEFINED);
        assert_eq!(field(&error, "name"), "RequestError");
        assert_eq!(field(&error, "status"), 404);
        assert_eq!(field(&error, "detail"), JsValue::from(detail));
        let expected = "the watch of CVM \"my-app\" for \"running\": the server answered with status 404: no such CVM";
        assert_eq!(field(&error, "message"), expected);
        let error = WatchError::RetriesExceeded { failure, endings: Endings::default() };
        let given_up = subject().failed(&error, &Progress::default(), JsValue::UNDEFINED);
        assert_eq!(field(&given_up, "name"), "MaxRetriesExceededError");
        assert_eq!(field(&field(&given_up, "cause"), "name"), "RequestError");
    }

    #[wasm_bindgen_test]
    fn a_validation_error_lists_every_bad_field() {
        let bad = ["id", "target"].map(|field| FieldError { field, message: "must be given".into() });
        let error = invalid(&bad);
        assert_eq!(field(&error, "message"), "id must be given; target must be given");
        let list = js_sys::JSON::stringify(&field(&error, "validationErrors")).unwrap();
        assert_eq!(list, r#"[{"field":"id","message":"must be given"},{"field":"target","message":"must be given"}]"#);
    }

    #[wasm_bindgen_test]
    fn a_timeout_is_called_as_a_dom_exception_for_it_is() {
        let payload = JsJson::parse("{\"error\":\"timed out\"}".into()).unwrap();
        let error = subject().failure(&Failure::TimedOut { payload, by_server: false }, &Progress::default());
        assert_eq!((field(&error, "name"), field(&error, "message")), ("TimeoutError".into(), "timed out".into()));
    }
}
