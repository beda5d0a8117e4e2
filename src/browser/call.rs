//! The arguments of a call, checked.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::error::FieldError;

use super::arguments::JsArguments;
use super::client::Client;
use super::errors;

/// What a call was given.
pub struct Call<R> {
    pub client: Client,
    pub request: R,
    pub signal: Option<AbortSignal>,
    pub on_event: Option<Function>,
    pub retry_delay: Option<Function>,
}

impl<R> Call<R> {
    /// Reads the arguments; `read_request` reads the fields that the kind of request has.
    ///
    /// # Errors
    /// What the promise rejects with: every bad field of all three.
    pub fn read(
        config: JsValue,
        request: JsValue,
        options: JsValue,
        read_request: impl FnOnce(&JsArguments) -> Result<R, Vec<FieldError>>,
    ) -> Result<Self, JsValue> {
        let mut errors = Vec::new();
        let client = keep(&mut errors, Client::read(config));
        let options = keep(&mut errors, JsArguments::optional("options", options)).unwrap_or_default();
        let (arguments, request) = match JsArguments::required("request", request) {
            Ok(arguments) => {
                let request = read_request(&arguments);
                (arguments, request)
            }
            Err(bad) => (JsArguments::default(), Err(bad)),
        };
        let request = keep(&mut errors, request);
        let mut given = |arguments: &JsArguments| {
            let signal = keep(&mut errors, arguments.signal("signal")).flatten();
            (signal, keep(&mut errors, arguments.function("onEvent")).flatten())
        };
        let (in_request, in_options) = (given(&arguments), given(&options));
        match (client, request) {
            (Some(client), Some(request)) if errors.is_empty() => Ok(Self {
                client,
                request,
                signal: in_options.0.or(in_request.0),
                on_event: in_options.1.or(in_request.1),
                retry_delay: arguments.value("retryDelay").dyn_into().ok(),
            }),
            _ => Err(errors::invalid(&errors)),
        }
    }
}

/// Keeps the errors, and what there is otherwise.
fn keep<T>(errors: &mut Vec<FieldError>, result: Result<T, Vec<FieldError>>) -> Option<T> {
    result.map_err(|bad| errors.extend(bad)).ok()
}
