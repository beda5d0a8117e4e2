//! Calls from JavaScript in a real browser. What the built package does against a server is tested in tests/e2e.

use futures_util::future::{Either, select};
use js_sys::{Array, Function, JSON};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{AbortController, AbortSignal};

use super::value::field;
use super::*;

wasm_bindgen_test_configure!(run_in_browser);

fn js(expression: &str) -> JsValue {
    Function::new_no_args(&format!("return {expression}")).call0(&JsValue::UNDEFINED).unwrap()
}

fn text(value: &JsValue) -> String {
    JSON::stringify(value).unwrap().into()
}

/// What a call has besides its arguments: a signal, and no page.
fn context(signal: &AbortSignal) -> Context {
    let context = js("{ spent: 0 }");
    for field in ["signal", "aborts"] {
        js_sys::Reflect::set(&context, &field.into(), signal).unwrap();
    }
    context.unchecked_into()
}

fn never() -> Context {
    context(&AbortController::new().unwrap().signal())
}

/// A client whose requests are answered by this function's body: `accept` says what is asked for.
fn answering(body: &str) -> JsValue {
    js(&format!("{{ fetch: async (url, {{ headers }}) => {{ const accept = headers.get('Accept'); {body} }} }}"))
}

/// An answer that is an event stream.
fn stream(frames: &[(&str, &str)]) -> String {
    let frames = frames.iter().map(|(name, data)| format!("event: {name}\\ndata: {data}\\n\\n"));
    let frames = frames.collect::<Vec<_>>().concat();
    format!("return new Response('{frames}', {{ headers: {{ 'Content-Type': 'text/event-stream' }} }});")
}

#[wasm_bindgen_test]
async fn a_watch_resolves_with_the_state_and_tells_events() {
    let state = r#"{"status":"running","new":[1]}"#;
    let config = answering(&stream(&[("state", r#"{"status":"starting"}"#), ("state", state), ("complete", "{}")]));
    let request = js("{ id: 'my-app', target: 'running' }");
    let events = js("[]");
    js_sys::Reflect::set(&request, &"onEvent".into(), &push_to(&events)).unwrap();
    let reached = watch_cvm_state(never(), config, request, JsValue::UNDEFINED).await.unwrap();
    assert_eq!(text(&reached), state);
    assert_eq!(
        text(&events),
        r#"[{"status":"starting","type":"state","attempt":1,"data":{"status":"starting"}},{"status":"running","new":[1],"type":"state","attempt":1,"data":{"status":"running","new":[1]}},{"type":"complete","attempt":1,"status":"running","data":{}}]"#
    );
}

fn push_to(list: &JsValue) -> JsValue {
    js("(list) => (item) => { list.push(item) }").unchecked_into::<Function>().call1(&JsValue::UNDEFINED, list).unwrap()
}

/// The test's own server has no CVMs, which makes it a server that refuses permanently; here over EventSource.
#[wasm_bindgen_test]
async fn a_server_that_knows_no_such_cvm_rejects_with_request_error() {
    let request = js("{ id: 'nowhere', target: 'running' }");
    let error = watch_cvm_state(never(), js("{ baseURL: '/api' }"), request, JsValue::UNDEFINED).await.unwrap_err();
    assert_eq!(field(&error, "name"), "RequestError");
    assert_eq!(field(&error, "status"), 404);
    assert_eq!(field(&error, "attempts"), 1);
}

#[wasm_bindgen_test]
async fn a_failed_attempt_is_followed_by_another_until_the_retries_are_used_up() {
    let config = answering("return new Response('', { status: 503 })");
    let request = js("{ id: 'my-app', target: 'running', maxRetries: 2, retryDelay: (attempt) => attempt }");
    let error = watch_cvm_state(never(), config, request, JsValue::UNDEFINED).await.unwrap_err();
    assert_eq!(field(&error, "name"), "MaxRetriesExceededError");
    assert_eq!(field(&error, "attempts"), 3);
    assert_eq!(field(&field(&error, "cause"), "status"), 503);
}

#[wasm_bindgen_test]
async fn a_function_that_throws_ends_the_watch() {
    let config = answering("return new Response('', { status: 503 })");
    let request = js("{ id: 'my-app', target: 'running', retryDelay() { throw new Error('no') } }");
    let error = watch_cvm_state(never(), config, request, JsValue::UNDEFINED).await.unwrap_err();
    assert_eq!(field(&error, "name"), "ValidationError");
    assert_eq!(field(&error, "message"), "retryDelay must not throw, but has thrown: no");
    assert_eq!(field(&field(&error, "cause"), "message"), "no");
}

#[wasm_bindgen_test]
async fn a_state_that_fail_on_names_rejects_with_cvm_failed_error() {
    let state = r#"{"status":"starting","boot_error":"no disk"}"#;
    let config = answering(&stream(&[("state", state)]));
    let request = js("{ id: 'my-app', target: 'running', failOn: (state) => state.boot_error }");
    let error = watch_cvm_state(never(), config, request, JsValue::UNDEFINED).await.unwrap_err();
    assert_eq!(field(&error, "name"), "CvmFailedError");
    assert_eq!(text(&field(&error, "state")), state);
    assert!(field(&error, "message").as_string().unwrap().ends_with("its boot_error is: no disk"));
}

#[wasm_bindgen_test]
async fn a_function_that_decides_must_not_give_a_promise() {
    let config = answering(&stream(&[("state", r#"{"status":"running"}"#)]));
    let request = js("{ id: 'my-app', target: 'running', until: async () => { throw new Error('not unhandled') } }");
    let error = watch_cvm_state(never(), config, request, JsValue::UNDEFINED).await.unwrap_err();
    assert_eq!(field(&error, "message"), "until must decide at once, but has given a promise");
}

#[wasm_bindgen_test]
async fn an_error_with_a_digest_comes_out_as_it_is() {
    let config = answering("throw Object.assign(new Error('dynamic'), { digest: 'DYNAMIC' })");
    let request = || js("{ id: 'my-app', target: 'running' }");
    for error in [
        watch_cvm_state(never(), config.clone(), request(), JsValue::UNDEFINED).await.unwrap_err(),
        get_cvm_state(never(), config.clone(), request(), JsValue::UNDEFINED).await.unwrap_err(),
        next_cvm_state(never(), config.clone(), request(), JsValue::UNDEFINED).await.unwrap_err(),
    ] {
        assert_eq!((field(&error, "name"), field(&error, "digest")), ("Error".into(), "DYNAMIC".into()));
    }
}

#[wasm_bindgen_test]
async fn each_step_gives_the_state_after_the_one_before() {
    let config =
        answering("globalThis.reads = (globalThis.reads ?? 0) + 1; return Response.json({ status: `${reads}` })");
    let request = || js("{ id: 'my-app' }");
    let first = next_cvm_state(never(), config.clone(), request(), JsValue::UNDEFINED).await.unwrap();
    assert_eq!(text(&field(&first, "lastState")), r#"{"status":"1"}"#);
    assert_eq!(field(&first, "attempts"), 1);
    // The next is not due before the interval is over.
    let next = next_cvm_state(never(), config, request(), first);
    let early = select(Box::pin(next), timer::sleep(std::time::Duration::from_millis(50))).await;
    assert!(matches!(early, Either::Right(_)));
}

#[wasm_bindgen_test]
async fn every_bad_field_is_told() {
    let [config, request, options] =
        ["{ baseURL: 7, fetch: 1 }", "{ interval: 1 }", "{ signal: 1, onEvent: 2 }"].map(js);
    let error = watch_cvm_state(never(), config, request, options).await.unwrap_err();
    assert_eq!(field(&error, "name"), "ValidationError");
    let list: Array = field(&error, "validationErrors").unchecked_into();
    let fields: Vec<_> = list.iter().map(|item| field(&item, "field").as_string().unwrap()).collect();
    assert_eq!(fields, ["baseURL", "fetch", "signal", "onEvent", "id", "target", "interval"]);
}

#[wasm_bindgen_test]
async fn an_abort_rejects_with_the_signals_reason() {
    let controller = AbortController::new().unwrap();
    let config = answering("return new Promise(() => {})");
    let watching = watch_cvm_state(
        context(&controller.signal()),
        config,
        js("{ id: 'my-app', target: 'running' }"),
        JsValue::UNDEFINED,
    );
    let aborting = async {
        timer::sleep(std::time::Duration::from_millis(1)).await;
        controller.abort_with_reason(&"enough".into());
    };
    let (outcome, ()) = futures_util::future::join(watching, aborting).await;
    let error = outcome.unwrap_err();
    assert_eq!(field(&error, "name"), "WatchAbortedError");
    assert_eq!(field(&error, "cause"), "enough");
    assert_eq!(field(&error, "attempts"), 1);
}

#[wasm_bindgen_test]
async fn a_state_is_read() {
    let config = answering("return Response.json({ status: 'running', accept })");
    let state = get_cvm_state(never(), config, js("{ id: 'my-app' }"), JsValue::UNDEFINED).await.unwrap();
    assert_eq!(text(&state), r#"{"status":"running","accept":"application/json"}"#);
}

#[wasm_bindgen_test]
async fn a_read_that_fails_rejects_with_watch_error() {
    for (body, message) in [
        ("return Response.json([])", "the server told a state without a `status` that is a string"),
        ("throw new Error('no')", "the server could not be reached: no"),
    ] {
        let request = js("{ id: 'my-app' }");
        let error = get_cvm_state(never(), answering(body), request, JsValue::UNDEFINED).await.unwrap_err();
        assert_eq!(field(&error, "name"), "WatchError");
        assert_eq!(field(&error, "message"), format!("the read of CVM \"my-app\" has failed: {message}"));
    }
}
