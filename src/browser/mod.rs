//! The browser's side: the only rooms that name web-sys, js-sys and gloo.

mod abort;
mod arguments;
mod client;
mod errors;
mod event_source;
mod fetch;
mod json;
mod timer;

use std::pin::pin;

use futures_util::future::{Either, select};
use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::error::FieldError;
use crate::event::WatchEvent;
use crate::request::WatchRequest;
use crate::watch::{Progress, watch};

use abort::aborted;
use arguments::JsArguments;
use client::{Client, Endpoint};
use json::JsJson;

/// Waits for a CVM to reach a state: what `client.watchCvmState(request, options)` comes down to.
///
/// The three are plain copies of what the caller passed (`src/js/index.js` makes them).
///
/// # Errors
/// One of the error classes in `src/js/errors.js`.
#[wasm_bindgen(js_name = watchCvmState)]
pub async fn watch_cvm_state(config: JsValue, request: JsValue, options: JsValue) -> Result<JsValue, JsValue> {
    let Call { endpoint, request, signal, on_event } =
        Call::read(config, request, options).map_err(|errors| errors::invalid(&errors))?;
    let mut progress = Progress::default();
    let outcome = {
        let watching = pin!(watch(&endpoint, &request, &mut progress, |event| tell(on_event.as_ref(), event)));
        match select(pin!(aborted(signal.as_ref())), watching).await {
            Either::Left(((), _)) => None,
            Either::Right((outcome, _)) => Some(outcome),
        }
        // Whichever lost is dropped here, and with it its connection, timers and listener: before the promise settles.
    };
    // The callback may have aborted when it heard the last event.
    let aborted = signal.filter(AbortSignal::aborted);
    match (aborted, outcome) {
        (None, Some(Ok(state))) => Ok(state.json().clone().into()),
        (None, Some(Err(error))) => Err(errors::failed(error, &request, progress)),
        (signal, _) => Err(errors::aborted(signal.as_ref(), &request, progress)),
    }
}

/// The arguments of a call, checked.
struct Call {
    endpoint: Endpoint,
    request: WatchRequest,
    signal: Option<AbortSignal>,
    on_event: Option<Function>,
}

impl Call {
    /// Reads them, every bad field of all three reported.
    fn read(config: JsValue, request: JsValue, options: JsValue) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut note = |error| errors.push(error);
        let client = Client::read(config).map_err(|bad| bad.into_iter().for_each(&mut note)).ok();
        let options = JsArguments::optional("options", options).map_err(&mut note).unwrap_or_default();
        let Ok(arguments) = JsArguments::required("request", request).map_err(&mut note) else { return Err(errors) };
        let request = WatchRequest::read(&arguments).map_err(|bad| bad.into_iter().for_each(&mut note)).ok();
        let given = |field| if options.has(field) { &options } else { &arguments };
        let signal = given("signal").signal().map_err(&mut note).ok().flatten();
        let on_event = given("onEvent").function("onEvent").map_err(&mut note).ok().flatten();
        match (client, request) {
            (Some(client), Some(request)) if errors.is_empty() => {
                Ok(Self { endpoint: Endpoint::new(&client, &request), request, signal, on_event })
            }
            _ => Err(errors),
        }
    }
}

#[wasm_bindgen(module = "/src/js/events.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeEvent)]
    fn make_event(kind: &str, payload: &JsValue, attempt: u32, retry_in: Option<f64>) -> JsValue;

    #[wasm_bindgen(js_name = reportUncaught)]
    fn report_uncaught(error: &JsValue);
}

/// Calls the callback; what it throws is the page's own affair.
fn tell(on_event: Option<&Function>, event: WatchEvent<JsJson>) {
    let Some(on_event) = on_event else { return };
    let retry_in = event.retry_in.map(|wait| wait.as_secs_f64() * 1000.0);
    let event = make_event(event.kind.name(), &event.payload.into(), event.attempt, retry_in);
    if let Err(error) = on_event.call1(&JsValue::UNDEFINED, &event) {
        report_uncaught(&error);
    }
}

#[cfg(test)]
mod tests {
    use js_sys::{JSON, Reflect};
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    use super::*;

    wasm_bindgen_test_configure!(run_in_browser);

    fn js(json: &str) -> JsValue {
        JSON::parse(json).unwrap()
    }

    fn field(value: &JsValue, name: &str) -> JsValue {
        Reflect::get(value, &name.into()).unwrap()
    }

    /// The test's own server has no CVMs, which makes it a server that refuses for good.
    #[wasm_bindgen_test]
    async fn a_server_that_knows_no_such_cvm_rejects_with_request_error() {
        let events = js_sys::Array::new();
        let push = {
            let events = events.clone();
            Closure::<dyn FnMut(JsValue)>::new(move |event| {
                events.push(&event);
            })
        };
        let request = js(r#"{"id":"nowhere","target":"running"}"#);
        Reflect::set(&request, &"onEvent".into(), push.as_ref()).unwrap();
        let error = watch_cvm_state(js(r#"{"baseURL":"/api"}"#), request, JsValue::UNDEFINED).await.unwrap_err();
        assert_eq!(field(&error, "name"), "RequestError");
        assert_eq!(field(&error, "status"), 404);
        assert_eq!(field(&error, "attempts"), 1);
        assert_eq!(events.length(), 1);
        assert_eq!(field(&events.get(0), "type"), "error");
        assert_eq!(field(&events.get(0), "retryIn"), JsValue::UNDEFINED);
    }

    #[wasm_bindgen_test]
    async fn bad_arguments_reject_with_validation_error() {
        let bad = [js(r#"{"baseURL":7}"#), js(r#"{"interval":1}"#), js(r#"{"signal":1}"#)];
        let [config, request, options] = bad;
        let error = watch_cvm_state(config, request, options).await.unwrap_err();
        assert_eq!(field(&error, "name"), "ValidationError");
        let list: js_sys::Array = field(&error, "validationErrors").unchecked_into();
        let fields: Vec<_> = list.iter().map(|item| field(&item, "field").as_string().unwrap()).collect();
        assert_eq!(fields, ["baseURL", "id", "target", "interval", "signal"]);
    }

    #[wasm_bindgen_test]
    async fn a_signal_that_has_aborted_rejects_with_watch_aborted_error() {
        let controller = web_sys::AbortController::new().unwrap();
        controller.abort_with_reason(&"enough".into());
        let options = js("{}");
        Reflect::set(&options, &"signal".into(), &controller.signal()).unwrap();
        let request = js(r#"{"id":"my-app","target":"running"}"#);
        let error = watch_cvm_state(js("{}"), request, options).await.unwrap_err();
        assert_eq!(field(&error, "name"), "WatchAbortedError");
        assert_eq!(field(&error, "cause"), "enough");
        assert_eq!(field(&error, "attempts"), 0);
    }
}
