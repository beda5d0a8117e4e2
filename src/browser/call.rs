//! The arguments of a call, checked.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::error::FieldError;
use crate::request::Check;

use super::arguments::JsArguments;
use super::client::Client;
use super::errors::invalid;

/// What a call was given, besides what its kind of request has.
pub struct Call {
    pub client: Client,
    pub on_event: Option<Function>,
    /// The request as it was written, for the caller's functions in it.
    pub arguments: JsArguments,
}

impl Call {
    /// Reads the arguments; `read_request` reads the fields that the kind of request has.
    ///
    /// # Errors
    /// What the promise rejects with: every bad field of all three.
    pub fn read<R>(
        config: &JsValue,
        request: JsValue,
        options: JsValue,
        read_request: impl FnOnce(&JsArguments) -> Result<R, Vec<FieldError>>,
    ) -> Result<(Self, R), JsValue> {
        let mut errors = Vec::new();
        let call = Self::without_request(config, request, options, &mut errors);
        match call.map(|call| (read_request(&call.arguments), call)) {
            Some((Ok(request), call)) if errors.is_empty() => return Ok((call, request)),
            Some((Err(more), _)) => errors.extend(more),
            _ => {}
        }
        Err(invalid(&errors))
    }

    /// `signal` and `onEvent` may stand in the request and in the options: the options win. `None` if the request is no
    /// object, which leaves nothing to be checked in it.
    fn without_request(
        config: &JsValue,
        request: JsValue,
        options: JsValue,
        errors: &mut Vec<FieldError>,
    ) -> Option<Self> {
        let client = Client::read(config, errors);
        let options = if options.is_undefined() { None } else { JsArguments::required("options", options, errors) };
        let arguments = JsArguments::required("request", request, errors);
        let mut on_event = JsValue::UNDEFINED;
        for arguments in [&arguments, &options].into_iter().flatten() {
            let mut check = Check { arguments, errors };
            check.signal("signal");
            let given = check.js_function("onEvent");
            if !given.is_undefined() {
                on_event = given;
            }
        }
        let on_event = on_event.is_function().then(|| on_event.unchecked_into());
        Some(Self { client, on_event, arguments: arguments? })
    }
}
