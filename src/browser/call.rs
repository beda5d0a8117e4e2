//! The arguments of a call, checked.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::error::FieldError;

use super::arguments::JsArguments;
use super::client::Client;
use super::errors::invalid;

/// What a call was given.
pub struct Call<R> {
    pub client: Client,
    pub request: R,
    pub on_event: Option<Function>,
    /// The request as it was written, for the caller's functions in it.
    pub arguments: JsArguments,
}

impl<R> Call<R> {
    /// Reads the arguments; `read_request` reads the fields that the kind of request has. `signal` and `onEvent` may stand
    /// in the request and in the options: the options win.
    ///
    /// # Errors
    /// What the promise rejects with: every bad field of all three.
    pub fn read(
        config: &JsValue,
        request: JsValue,
        options: JsValue,
        read_request: impl FnOnce(&JsArguments) -> Result<R, Vec<FieldError>>,
    ) -> Result<Self, JsValue> {
        let mut errors = Vec::new();
        let client = Client::read(config, &mut errors);
        let mut keep = Errors(&mut errors);
        let options = keep.one(JsArguments::optional("options", options)).unwrap_or_default();
        let arguments = keep.one(JsArguments::required("request", request));
        let [in_request, in_options] = [arguments.as_ref(), Some(&options)].map(|given| {
            keep.one(given?.check_signal("signal"));
            keep.one(given?.function("onEvent")).flatten()
        });
        let request = arguments.as_ref().and_then(|arguments| keep.all(read_request(arguments)));
        let arguments = arguments.unwrap_or_default();
        match (client, request) {
            (Some(client), Some(request)) if errors.is_empty() => {
                Ok(Self { client, request, on_event: in_options.or(in_request), arguments })
            }
            _ => Err(invalid(&errors)),
        }
    }
}

/// Keeps the errors, and gives what there is otherwise.
pub struct Errors<'a>(pub &'a mut Vec<FieldError>);

impl Errors<'_> {
    pub fn one<T>(&mut self, result: Result<T, FieldError>) -> Option<T> {
        result.map_err(|bad| self.0.push(bad)).ok()
    }

    pub fn all<T>(&mut self, result: Result<T, Vec<FieldError>>) -> Option<T> {
        result.map_err(|bad| self.0.extend(bad)).ok()
    }
}
