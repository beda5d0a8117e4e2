//! The arguments of a call, checked.

use std::pin::{Pin, pin};
use std::rc::Rc;

use futures_util::future::{Either, select};
use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::budget::Budget;
use crate::cvm_id::CvmId;
use crate::error::FieldError;
use crate::request::Check;

use super::arguments::JsArguments;
use super::budgets::budget;
use super::client::Client;
use super::context::Context;
use super::endpoint::Endpoint;
use super::errors::invalid;
use super::signal::{aborted, reason};
use super::wake_ups::WakeUps;

/// The arguments of a call, without the fields that only its kind of request has.
pub struct Call {
    pub context: Context,
    /// Aborts the call.
    pub signal: AbortSignal,
    client: Client,
    /// The permits that it draws on.
    budget: Rc<Budget>,
    pub on_event: Option<Function>,
    /// The request as it was written, for the caller's functions in it.
    pub arguments: JsArguments,
}

impl Call {
    /// Reads the arguments; `read_request` reads the fields that the kind of request has.
    ///
    /// # Errors
    /// The error that the promise rejects with: it has every bad field of all three arguments.
    pub fn read<R>(
        context: Context,
        config: &JsValue,
        request: JsValue,
        options: JsValue,
        read_request: impl FnOnce(&JsArguments) -> Result<R, Vec<FieldError>>,
    ) -> Result<(Self, R), JsValue> {
        let mut errors = Vec::new();
        let call = Self::without_request(context, config, request, options, &mut errors);
        match call.map(|call| (read_request(&call.arguments), call)) {
            Some((Ok(request), call)) if errors.is_empty() => return Ok((call, request)),
            Some((Err(more), _)) => errors.extend(more),
            _ => {}
        }
        Err(invalid(&errors))
    }

    /// `signal` and `onEvent` may be in the request or in the options; the options take precedence. `None` if the request is
    /// not an object: then it has no fields to check.
    fn without_request(
        context: Context,
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
        let (signal, budget) = (context.signal(), budget(&client.base_url, config));
        Some(Self { context, signal, client, budget, on_event, arguments: arguments? })
    }

    /// Listens to the page, until it is dropped.
    pub fn wake_ups(&self) -> WakeUps {
        WakeUps::of(self.context.page().as_ref())
    }

    /// The endpoint of a CVM; `stream_path` is that of its event stream.
    pub fn endpoint(&self, id: &CvmId, stream_path: &str, wake_ups: WakeUps) -> Endpoint<'_> {
        Endpoint::new(&self.client, id, stream_path, Rc::clone(&self.budget), wake_ups)
    }

    /// The future's output, or the signal's reason if the signal aborts first. The other future is dropped before the promise
    /// settles, which closes its connection and removes its timers and listeners.
    pub async fn unless_aborted<T>(&self, future: Pin<Box<dyn Future<Output = T> + '_>>) -> Result<T, JsValue> {
        let value = match select(pin!(aborted(&self.signal, &self.context.aborts())), future).await {
            Either::Left(((), _)) => None,
            Either::Right((value, _)) => Some(value),
        };
        // The callback may have aborted when it was told the last event.
        value.filter(|_| !self.signal.aborted()).ok_or_else(|| reason(&self.signal))
    }
}
