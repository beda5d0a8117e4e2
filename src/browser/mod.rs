//! JavaScript's side: the only rooms that name wasm-bindgen.

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
#[cfg(not(feature = "std"))]
mod lean;
mod signal;
mod task;
mod thrown;

use alloc::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::race::{First, race};
use crate::request::{ReadRequest, WatchRequest};
use crate::text::concat;
use crate::watch::{Progress, read, watch};

use call::Call;
use callbacks::Callbacks;
use endpoint::Endpoint;
use errors::Subject;
use signal::{AbortSignal, aborted};
use task::{Callback, Outcome, Task};

/// Waits for a CVM to reach a state: what `client.watchCvmState(request, options)` comes down to. Calls `resolve` with the
/// state, or `reject` with one of the error classes in `src/js/errors.js`.
///
/// The first three are plain copies of what the caller passed (`src/js/index.js` makes them).
#[wasm_bindgen(js_name = watchCvmState)]
pub fn watch_cvm_state(config: JsValue, request: JsValue, options: JsValue, resolve: Callback, reject: Callback) {
    let task = Task::new(resolve, reject);
    task.start(watch_to_end(Rc::clone(&task), config, request, options));
}

/// Reads a CVM's present state: what `client.getCvmState(request, options)` comes down to. As above.
#[wasm_bindgen(js_name = getCvmState)]
pub fn get_cvm_state(config: JsValue, request: JsValue, options: JsValue, resolve: Callback, reject: Callback) {
    let task = Task::new(resolve, reject);
    task.start(read_to_end(Rc::clone(&task), config, request, options));
}

async fn watch_to_end(task: Rc<Task>, config: JsValue, request: JsValue, options: JsValue) -> Outcome {
    let (request, Call { client, signal, on_event, retry_delay }) =
        Call::read(config, request, options, WatchRequest::read)?;
    let subject = Subject(concat(&["the watch of CVM \"", request.id.as_ref(), "\" for \"", &request.target, "\""]));
    let endpoint = Endpoint::new(&task, client, &request.id, &request.stream_path());
    let signal = signal.as_ref();
    let mut callbacks = Callbacks { signal, on_event, retry_delay, subject: &subject, thrown: JsValue::UNDEFINED };
    let mut progress = Progress::default();
    let watching = watch(&endpoint, &request, &mut progress, &mut callbacks);
    match unless_aborted(&task, signal, watching).await {
        Ok(Ok(state)) => Ok(state.json().clone().into()),
        Ok(Err(error)) => Err(subject.failed(&error, &progress, &callbacks.thrown)),
        Err(reason) => Err(subject.aborted(&reason, &progress)),
    }
}

async fn read_to_end(task: Rc<Task>, config: JsValue, request: JsValue, options: JsValue) -> Outcome {
    let (request, Call { client, signal, .. }) = Call::read(config, request, options, ReadRequest::read)?;
    let subject = Subject(concat(&["the read of CVM \"", request.id.as_ref(), "\""]));
    let endpoint = Endpoint::new(&task, client, &request.id, &request.id.state_path());
    let mut progress = Progress::default();
    match unless_aborted(&task, signal.as_ref(), read(&endpoint, request.timeout, &mut progress)).await {
        Ok(Ok(state)) => Ok(state.json().clone().into()),
        Ok(Err(failure)) => Err(subject.not_read(&failure, &progress)),
        Err(reason) => Err(subject.aborted(&reason, &progress)),
    }
}

/// What the future gives, or the signal's reason if that aborts first. Whichever loses is dropped, and with it its
/// connection, timers and listener: before the promise settles.
async fn unless_aborted<T>(
    task: &Rc<Task>,
    signal: Option<&AbortSignal>,
    future: impl Future<Output = T>,
) -> Result<T, JsValue> {
    let value = match race(aborted(task, signal), future).await {
        First::Left(()) => None,
        First::Right(value) => Some(value),
    };
    // The callback may have aborted when it heard the last event.
    match (signal.filter(|signal| signal.aborted()), value) {
        (None, Some(value)) => Ok(value),
        (signal, _) => Err(signal.map(AbortSignal::reason).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use js_sys::{Array, JSON, Promise, Reflect};
    use wasm_bindgen_futures::JsFuture;
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    use super::*;

    wasm_bindgen_test_configure!(run_in_browser);

    /// Calls an export as JavaScript does; what the promise comes to.
    async fn call(begin: fn(JsValue, JsValue, JsValue, Callback, Callback), arguments: [JsValue; 3]) -> Outcome {
        let mut arguments = Some(arguments);
        let promise = Promise::new(&mut |resolve, reject| {
            let [config, request, options] = arguments.take().unwrap();
            begin(config, request, options, resolve.unchecked_into(), reject.unchecked_into());
        });
        JsFuture::from(promise).await
    }

    fn js(json: &str) -> JsValue {
        JSON::parse(json).unwrap()
    }

    fn field(value: &JsValue, name: &str) -> JsValue {
        Reflect::get(value, &name.into()).unwrap()
    }

    /// The test's own server has no CVMs, which makes it a server that refuses for good.
    #[wasm_bindgen_test]
    async fn a_server_that_knows_no_such_cvm_rejects_with_request_error() {
        let events = Array::new();
        let push = {
            let events = events.clone();
            Closure::<dyn FnMut(JsValue)>::new(move |event| {
                events.push(&event);
            })
        };
        let request = js(r#"{"id":"nowhere","target":"running"}"#);
        Reflect::set(&request, &"onEvent".into(), push.as_ref()).unwrap();
        let error =
            call(watch_cvm_state, [js(r#"{"baseURL":"/api"}"#), request, JsValue::UNDEFINED]).await.unwrap_err();
        assert_eq!(field(&error, "name"), "RequestError");
        assert_eq!(field(&error, "status"), 404);
        assert_eq!(field(&error, "attempts"), 1);
        assert_eq!(events.length(), 1);
        assert_eq!(field(&events.get(0), "type"), "error");
        assert_eq!(field(&events.get(0), "retryIn"), JsValue::UNDEFINED);
    }

    #[wasm_bindgen_test]
    async fn a_read_of_no_such_cvm_rejects_with_request_error() {
        let arguments = [js(r#"{"baseURL":"/api"}"#), js(r#"{"id":"nowhere"}"#), JsValue::UNDEFINED];
        let error = call(get_cvm_state, arguments).await.unwrap_err();
        assert_eq!(field(&error, "name"), "RequestError");
        assert_eq!(field(&error, "status"), 404);
    }

    #[wasm_bindgen_test]
    async fn bad_arguments_reject_with_validation_error() {
        let bad = [js(r#"{"baseURL":7}"#), js(r#"{"interval":1}"#), js(r#"{"signal":1}"#)];
        let error = call(watch_cvm_state, bad).await.unwrap_err();
        assert_eq!(field(&error, "name"), "ValidationError");
        let list: Array = field(&error, "validationErrors").unchecked_into();
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
        let error = call(watch_cvm_state, [js("{}"), request, options]).await.unwrap_err();
        assert_eq!(field(&error, "name"), "WatchAbortedError");
        assert_eq!(field(&error, "cause"), "enough");
        assert_eq!(field(&error, "attempts"), 0);
    }
}
