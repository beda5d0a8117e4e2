//! The log of requests, and what it knows about their ends.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use crate::client::{Api, eventually, read_path, stream_path};

#[tokio::test]
async fn an_entry_tells_what_was_asked_and_when() {
    let api = Api::start().await;
    let path = stream_path("my-database", "running");
    api.request(Method::GET, &path, &[("X-Trace", "a"), ("x-trace", "b")], "").await;
    let log = api.log("my-database").await;
    let [entry] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!((&entry["n"], &entry["cvm"], &entry["kind"]), (&json!(1), &json!("my-database"), &json!("stream")));
    assert_eq!((&entry["method"], &entry["path"], &entry["ending"]), (&json!("GET"), &json!(path), &json!("served")));
    assert_eq!((&entry["version"], &entry["status"]), (&json!("HTTP/1.1"), &json!(200)));
    assert_eq!(entry["headers"]["x-trace"], "a, b");
    assert!(entry["arrivedAt"].as_f64() <= entry["leftAt"].as_f64());
}

#[tokio::test]
async fn requests_are_listed_oldest_first_for_one_cvm_or_all() {
    let api = Api::start().await;
    api.get(&read_path("my-app")).await;
    api.get(&read_path("nobody")).await;
    api.get(&stream_path("my-app", "stopped")).await;
    let all = api.get("/simulator/requests").await.json();
    let all: Vec<_> =
        all.as_array().expect("a list").iter().map(|entry| (entry["n"].clone(), entry["kind"].clone())).collect();
    assert_eq!(all, [(json!(1), json!("read")), (json!(2), json!("read")), (json!(3), json!("stream"))]);
    let numbers: Vec<_> = api.log("my-app").await.into_iter().map(|entry| entry["n"].clone()).collect();
    assert_eq!(numbers, [1, 3]);
}

#[tokio::test]
async fn the_log_can_be_cleared_for_one_cvm_or_all() {
    let api = Api::start().await;
    for cvm in ["my-app", "my-database"] {
        api.get(&read_path(cvm)).await;
    }
    let cleared = api.request(Method::DELETE, "/simulator/requests?cvm=my-app", &[], "").await;
    assert_eq!(cleared.status, StatusCode::NO_CONTENT);
    assert_eq!((api.log("my-app").await.len(), api.log("my-database").await.len()), (0, 1));
    api.request(Method::DELETE, "/simulator/requests", &[], "").await;
    assert_eq!(api.get("/simulator/requests").await.json(), json!([]));
}

#[tokio::test]
async fn a_request_that_goes_on_has_not_left() {
    let api = Api::start().await;
    let _stream = api.watch("my-database", "stopped").await;
    let log = api.log("my-database").await;
    assert_eq!((&log[0]["leftAt"], &log[0]["ending"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_in_every_state_of_a_stream() {
    let api = Api::start().await;
    let head = json!({ "respond": {} });
    for (cvm, steps) in [
        ("waiting", json!([head, { "wait": 3_600_000 }])),
        ("holding", json!([head, "hold"])),
        ("sending", json!([{ "repeat": { "times": 1_000_000, "steps": [{ "send": "a" }, { "wait": 1 }] } }])),
        ("waiting-after-a-send", json!([{ "send": "a" }, { "wait": 3_600_000 }])),
    ] {
        api.script_streams(cvm, json!([steps])).await;
        drop(api.watch(cvm, "running").await);
        assert_eq!(api.ending(cvm).await, "client left", "{cvm}");
    }
    drop(api.watch("my-database", "stopped").await);
    assert_eq!(api.ending("my-database").await, "client left");
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_noticed() {
    let api = Api::start().await;
    for (cvm, steps) in [("waiting", json!([{ "wait": 3_600_000 }])), ("holding", json!(["hold"]))] {
        let script = json!({ "streams": [steps], "reads": [steps] });
        for path in [stream_path(cvm, "running"), read_path(cvm)] {
            api.put(&format!("/simulator/cvms/{cvm}/script"), &script).await;
            api.request(Method::DELETE, "/simulator/requests", &[], "").await;
            let socket = api.raw(&path).await;
            eventually(async || (!api.log(cvm).await.is_empty()).then_some(())).await;
            drop(socket);
            assert_eq!(api.ending(cvm).await, "client left", "{path}");
        }
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_and_leaves_is_noticed() {
    let api = Api::start().await;
    let much = "a".repeat(100_000);
    api.script_streams("x", json!([[{ "repeat": { "times": 1000, "steps": [{ "send": much }] } }]])).await;
    let mut socket = api.raw(&stream_path("x", "running")).await;
    socket.read_exact(&mut [0; 1000]).await.expect("some of it");
    drop(socket);
    assert_eq!(api.ending("x").await, "client left");
}
