//! The arguments of a call, checked.

use alloc::vec::Vec;

use wasm_bindgen::prelude::*;

use crate::error::FieldError;

use super::arguments::JsArguments;
use super::client::Client;
use super::errors;
use super::signal::AbortSignal;

/// What a call was given besides the request itself.
pub struct Call {
    pub client: Client,
    pub signal: Option<AbortSignal>,
    pub on_event: Option<JsValue>,
    pub retry_delay: Option<JsValue>,
}

impl Call {
    /// Reads the arguments; `read_request` reads the fields that the kind of request has.
    ///
    /// # Errors
    /// What the promise rejects with: every bad field of all three.
    pub fn read<R>(
        config: JsValue,
        request: JsValue,
        options: JsValue,
        read_request: impl FnOnce(&JsArguments) -> Result<R, Vec<FieldError>>,
    ) -> Result<(R, Self), JsValue> {
        let mut errors = Vec::new();
        let client = Client::read(config, &mut errors);
        let options = JsArguments::optional("options", options, &mut errors);
        let arguments = JsArguments::required("request", request, &mut errors);
        let request = arguments.as_ref().and_then(|given| read_request(given).map_err(|bad| errors.extend(bad)).ok());
        let call = Self::new(client, &arguments.unwrap_or_default(), &options, &mut errors);
        match request {
            Some(request) if errors.is_empty() => Ok((request, call)),
            _ => Err(errors::invalid(&errors)),
        }
    }

    /// `signal` and `onEvent` may stand in the request and in the options, which win.
    fn new(client: Client, request: &JsArguments, options: &JsArguments, errors: &mut Vec<FieldError>) -> Self {
        let mut given =
            |arguments: &JsArguments| (arguments.signal("signal", errors), arguments.function("onEvent", errors));
        let (in_request, in_options) = (given(request), given(options));
        Self {
            client,
            signal: in_options.0.or(in_request.0),
            on_event: in_options.1.or(in_request.1),
            retry_delay: request.callable("retryDelay"),
        }
    }
}
