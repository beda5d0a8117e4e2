//! JavaScript's side: the only rooms that name web-sys, js-sys and gloo.

mod abort;
mod arguments;
mod call;
mod callbacks;
mod client;
mod credentials;
mod endpoint;
mod errors;
mod event_source;
mod fetch;
mod fetch_stream;
mod json;
mod listener;
mod thrown;
mod timer;

use std::pin::pin;

use futures_util::future::{Either, select};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::request::{ReadRequest, WatchRequest};
use crate::watch::{Progress, read, watch};

use abort::aborted;
use call::Call;
use callbacks::{Callbacks, names};
use endpoint::Endpoint;
use errors::Subject;

/// Waits for a CVM to reach a state: what `client.watchCvmState(request, options)` comes down to.
///
/// The three are plain copies of what the caller passed (`src/js/index.js` makes them).
///
/// # Errors
/// One of the error classes in `src/js/errors.js`.
#[wasm_bindgen(js_name = watchCvmState)]
pub async fn watch_cvm_state(config: JsValue, request: JsValue, options: JsValue) -> Result<JsValue, JsValue> {
    let Call { client, request, signal, on_event, retry_delay } =
        Call::read(config, request, options, WatchRequest::read)?;
    let subject = Subject(format!("the watch of CVM \"{}\" for \"{}\"", request.id.as_ref(), request.target));
    let endpoint = Endpoint::new(client, &request.id, &request.stream_path());
    let mut callbacks =
        Callbacks { signal: signal.as_ref(), on_event, retry_delay, subject: &subject, thrown: None, names: names() };
    let mut progress = Progress::default();
    let watching = watch(&endpoint, &request, &mut progress, &mut callbacks);
    match unless_aborted(signal.as_ref(), watching).await {
        Ok(Ok(state)) => Ok(state.json().clone().into()),
        Ok(Err(error)) => Err(subject.failed(&error, &progress, callbacks.thrown.as_ref())),
        Err(reason) => Err(subject.aborted(&reason, &progress)),
    }
}

/// Reads a CVM's present state: what `client.getCvmState(request, options)` comes down to.
///
/// # Errors
/// One of the error classes in `src/js/errors.js`.
#[wasm_bindgen(js_name = getCvmState)]
pub async fn get_cvm_state(config: JsValue, request: JsValue, options: JsValue) -> Result<JsValue, JsValue> {
    let Call { client, request, signal, .. } = Call::read(config, request, options, ReadRequest::read)?;
    let subject = Subject(format!("the read of CVM \"{}\"", request.id.as_ref()));
    let endpoint = Endpoint::new(client, &request.id, &request.id.state_path());
    let mut progress = Progress::default();
    match unless_aborted(signal.as_ref(), read(&endpoint, request.timeout, &mut progress)).await {
        Ok(Ok(state)) => Ok(state.json().clone().into()),
        Ok(Err(failure)) => Err(subject.not_read(&failure, &progress)),
        Err(reason) => Err(subject.aborted(&reason, &progress)),
    }
}

/// What the future gives, or the signal's reason if that aborts first. Whichever loses is dropped, and with it its
/// connection, timers and listener: before the promise settles.
async fn unless_aborted<T>(signal: Option<&AbortSignal>, future: impl Future<Output = T>) -> Result<T, JsValue> {
    let value = match select(pin!(aborted(signal)), pin!(future)).await {
        Either::Left(((), _)) => None,
        Either::Right((value, _)) => Some(value),
    };
    // The callback may have aborted when it heard the last event.
    match (signal.filter(|signal| signal.aborted()), value) {
        (None, Some(value)) => Ok(value),
        (signal, _) => Err(signal.map(abort::reason).unwrap_or_default()),
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
