//! Calls from JavaScript in a real browser, each in a world that is scripted: what `fetch` and EventSource do is tested
//! with the built package, against a server (tests/e2e).

use alloc::string::String;
use alloc::vec::Vec;

use js_sys::{Array, JSON, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::call::Call;
use super::task::Callback;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = r#"
    /// A call whose streams and reads tell what the script has for them, a piece in each task.
    export function scripted(request, script) {
      const errors = [];
      const controller = new AbortController();
      const source = (begin) => {
        call.alive += 1;
        const end = begin();
        return () => {
          call.alive -= 1;
          end?.();
        };
      };
      const next = (kind) => (path, tell) => {
        call.paths.push(path);
        const news = [...(script[kind]?.shift() ?? [])];
        let timer;
        const go = () => {
          const [number, value] = news.shift() ?? [];
          if (number === undefined) return;
          timer = setTimeout(go);
          tell(number, value?.bytes ? new TextEncoder().encode(value.bytes) : value);
        };
        return source(() => {
          timer = setTimeout(go);
          return () => clearTimeout(timer);
        });
      };
      const call = {
        alive: 0,
        paths: [],
        events: [],
        delays: [],
        abort: (reason) => controller.abort(reason),
        get: (field) => request[field],
        show: (field) => String(request[field]),
        refuse: (field, message) => errors.push(`${field} ${message}`),
        refused: () => (errors.length > 0 ? errors : undefined),
        get isAborted() {
          return controller.signal.aborted;
        },
        get reason() {
          return controller.signal.reason;
        },
        onAbort: (tell) =>
          source(() => {
            controller.signal.addEventListener("abort", () => tell(0));
          }),
        sleep: (ms, tell) =>
          source(() => {
            const timer = setTimeout(tell, ms, 0);
            return () => clearTimeout(timer);
          }),
        open: next("streams"),
        read: next("reads"),
        onEvent(kind, payload, attempt, retryIn) {
          call.events.push([kind, payload, attempt, retryIn]);
          if (script.abortAt === call.events.length) call.abort("enough");
        },
        retryDelay(attempt, error) {
          call.delays.push([attempt, error.message]);
          return script.delay;
        },
      };
      return call;
    }
"#)]
extern "C" {
    fn scripted(request: &JsValue, script: &JsValue) -> JsValue;
}

type Begin = fn(Call, Callback, Callback);
const WATCH: Begin = super::watch_cvm_state;
const READ: Begin = super::get_cvm_state;

/// What a call comes to, and the call.
async fn call(begin: Begin, request: &str, script: &str) -> (Result<JsValue, JsValue>, JsValue) {
    let call = scripted(&js(request), &js(script));
    let promise = Promise::new(&mut |resolve, reject| {
        begin(call.clone().unchecked_into(), resolve.unchecked_into(), reject.unchecked_into());
    });
    let outcome = JsFuture::from(promise).await;
    assert_eq!(field(&call, "alive"), 0, "nothing goes on when the promise settles");
    (outcome, call)
}

fn js(json: &str) -> JsValue {
    JSON::parse(json).unwrap()
}

fn text(value: &JsValue) -> String {
    JSON::stringify(value).unwrap().into()
}

fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap()
}

/// The fields of an error, in JSON.
fn fields<const N: usize>(error: &JsValue, names: [&str; N]) -> String {
    text(&names.iter().map(|name| field(error, name)).collect::<Array>())
}

const MY_APP: &str = r#"{"id":"my-app","target":"running"}"#;

#[wasm_bindgen_test]
async fn event_source_tells_events_and_their_data() {
    let script = r#"{"streams":[[[0,{"status":"starting"}],[3,"hm"],[0,{"status":"running","new":[1]}],[1,{}]]]}"#;
    let (outcome, call) = call(WATCH, MY_APP, script).await;
    assert_eq!(text(&outcome.unwrap()), r#"{"status":"running","new":[1]}"#);
    assert_eq!(
        text(&field(&call, "events")),
        r#"[[0,{"status":"starting"},1,null],[3,"hm",1,null],[0,{"status":"running","new":[1]},1,null],[1,{},1,null]]"#
    );
    assert_eq!(text(&field(&call, "paths")), r#"["cvms/my-app/state?target=running&interval=5&timeout=300"]"#);
}

#[wasm_bindgen_test]
async fn bytes_are_decoded() {
    let script = r#"{"streams":[[
        [13,"bad"],
        [4,{"bytes":"event: state\ndata: {\"status\":\"stärting\"}\n\nevent: mo"}],
        [4,{"bytes":"re\ndata: 1\n\nevent: state\ndata: {\"status\":"}],
        [4,{"bytes":"\"running\"}\n\nevent: error\ndata: null\n\nevent: complete\ndata: {}\n\n"}]
    ]]}"#;
    let (outcome, call) = call(WATCH, MY_APP, script).await;
    assert_eq!(text(&outcome.unwrap()), r#"{"status":"running"}"#);
    let events = field(&call, "events");
    assert_eq!(
        text(&events),
        r#"[[3,{"error":"the server sent a `error` event that is not JSON: bad"},1,null],[0,{"status":"stärting"},1,null],[0,{"status":"running"},1,null],[3,null,1,null],[1,{},1,null]]"#
    );
}

#[wasm_bindgen_test]
async fn a_refusal_rejects_with_request_error() {
    let script = r#"{"streams":[[[8,[404,{"message":"no such CVM"},null]]]]}"#;
    let (outcome, call) = call(WATCH, MY_APP, script).await;
    let error = outcome.unwrap_err();
    assert_eq!(
        fields(&error, ["name", "status", "detail", "attempts", "message"]),
        r#"["RequestError",404,{"message":"no such CVM"},1,"the watch of CVM \"my-app\" for \"running\": the server answered with status 404: no such CVM"]"#
    );
    let event = r#"[[3,{"error":"the server answered with status 404: no such CVM"},1,null]]"#;
    assert_eq!(text(&field(&call, "events")), event);
}

#[wasm_bindgen_test]
async fn a_failed_attempt_is_followed_by_another_until_the_retries_are_used_up() {
    let request = r#"{"id":"my-app","target":"running","maxRetries":2,"retryDelay":1}"#;
    let script = r#"{"streams":[[[5]],[[6,"the connection broke"]],[[0,{"status":"starting"}],[1,{}]]],
        "reads":[[[4,{"status":"stopped"}]]]}"#;
    let (outcome, _) = call(WATCH, request, script).await;
    let error = outcome.unwrap_err();
    assert_eq!(
        fields(&error, ["name", "attempts", "lastState", "message"]),
        r#"["MaxRetriesExceededError",3,{"status":"stopped"},"the watch of CVM \"my-app\" for \"running\" gave up after attempt 3: the server says that the watch is complete, but the CVM's status is \"stopped\""]"#
    );
}

#[wasm_bindgen_test]
async fn what_is_waited_for_ends_with_its_time() {
    let request = r#"{"id":"my-app","target":"running","maxRetries":1,"retryDelay":0}"#;
    // The server does not complete: after a second, the target is reached all the same.
    let script = r#"{"streams":[[[5]],[[0,{"status":"running"}]]]}"#;
    assert_eq!(text(&call(WATCH, request, script).await.0.unwrap()), r#"{"status":"running"}"#);
}

#[wasm_bindgen_test]
async fn an_abort_in_the_callback_ends_the_watch_with_its_reason() {
    let state = r#"event: state\ndata: {\"status\":\"running\"}\n\n"#;
    let script = alloc::format!(r#"{{"streams":[[[4,{{"bytes":"{state}{state}"}}]]],"abortAt":1}}"#);
    let (outcome, _) = call(WATCH, MY_APP, &script).await;
    let error = outcome.unwrap_err();
    assert_eq!(fields(&error, ["name", "cause", "attempts"]), r#"["WatchAbortedError","enough",1]"#);
}

#[wasm_bindgen_test]
async fn the_callers_function_says_how_long_to_wait() {
    let request = scripted(&js(MY_APP), &js(r#"{"streams":[[[5]],[[5]]],"delay":"must give a number, but"}"#));
    let fields = js(MY_APP);
    Reflect::set(&fields, &"retryDelay".into(), &js_sys::Function::new_no_args("")).unwrap();
    Reflect::set(&request, &"get".into(), &getter(&fields)).unwrap();
    let promise = Promise::new(&mut |resolve, reject| {
        WATCH(request.clone().unchecked_into(), resolve.unchecked_into(), reject.unchecked_into());
    });
    let refused = JsFuture::from(promise).await.unwrap_err();
    assert_eq!(text(&refused), r#"["retryDelay must give a number, but"]"#);
    assert_eq!(text(&field(&request, "delays")), r#"[[1,"the event stream ended before the target was reached"]]"#);
}

fn getter(fields: &JsValue) -> JsValue {
    js_sys::Function::new_no_args("return (field) => this[field]").call0(fields).unwrap()
}

#[wasm_bindgen_test]
async fn every_bad_field_is_refused() {
    let (outcome, _) = call(WATCH, r#"{"interval":1,"uuid":"7","maxRetries":"2"}"#, "{}").await;
    let refused: Array = outcome.unwrap_err().unchecked_into();
    let fields: Vec<_> =
        refused.iter().map(|text| text.as_string().unwrap().split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(fields, ["uuid", "target", "interval", "maxRetries"]);
}

#[wasm_bindgen_test]
async fn a_state_is_read() {
    let request = r#"{"app_id":"0123456789012345678901234567890123456789"}"#;
    let (outcome, call) = call(READ, request, r#"{"reads":[[[4,{"status":"running"}]]]}"#).await;
    assert_eq!(text(&outcome.unwrap()), r#"{"status":"running"}"#);
    let path = r#"["cvms/app_0123456789012345678901234567890123456789/state"]"#;
    assert_eq!(text(&field(&call, "paths")), path);
}

#[wasm_bindgen_test]
async fn a_read_that_fails_rejects_with_watch_error() {
    for (news, message) in [
        ("[4,[]]", "the server told a state without a `status` that is a string"),
        (r#"[6,"the server could not be reached"]"#, "the server could not be reached"),
    ] {
        let (outcome, _) = call(READ, MY_APP, &alloc::format!(r#"{{"reads":[[{news}]]}}"#)).await;
        let error = outcome.unwrap_err();
        assert_eq!(field(&error, "name"), "WatchError");
        let begin = alloc::format!("the read of CVM \"my-app\" has failed: {message}");
        assert!(field(&error, "message").as_string().unwrap().starts_with(&begin));
    }
}
