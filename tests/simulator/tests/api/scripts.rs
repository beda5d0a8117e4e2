//! Scripted answers, down to the bytes on the wire.

use std::io::ErrorKind;

use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use crate::client::{Api, read_path, stream_path};

/// Everything that comes on a connection, and how it ended.
async fn read_raw(api: &Api, cvm: &str) -> (String, Result<(), ErrorKind>) {
    let mut socket = api.raw(&stream_path(cvm, "running")).await;
    let mut bytes = Vec::new();
    loop {
        match socket.read_buf(&mut bytes).await {
            Ok(0) => return (String::from_utf8(bytes).expect("text"), Ok(())),
            Ok(_) if bytes.ends_with(b"0\r\n\r\n") => return (String::from_utf8(bytes).expect("text"), Ok(())),
            Ok(_) => {}
            Err(error) => return (String::from_utf8(bytes).expect("text"), Err(error.kind())),
        }
    }
}

#[tokio::test]
async fn every_send_is_a_chunk_of_its_own() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "send": "data: on" }, { "send": "e\n\n" }, { "sendBase64": "4pyT" }, "end"]]))
        .await;
    let (wire, ending) = read_raw(&api, "x").await;
    let (head, body) = wire.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(head.contains("content-type: text/event-stream"));
    assert_eq!(body, "8\r\ndata: on\r\n3\r\ne\n\n\r\n3\r\n✓\r\n0\r\n\r\n");
    assert_eq!(ending, Ok(()));
}

#[tokio::test]
async fn the_head_is_sent_at_once() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "respond": { "status": 503, "headers": { "retry-after": "7" } } }, "hold"]]))
        .await;
    // It would not open otherwise.
    let stream = api.watch("x", "running").await;
    assert_eq!(stream.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stream.headers["retry-after"], "7");
    assert_eq!(stream.headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_null_takes_a_default_header_away() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "respond": { "headers": { "content-type": null } } }]])).await;
    let answer = api.get(&stream_path("x", "running")).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, None));
}

#[tokio::test]
async fn a_header_can_be_sent_several_times() {
    let api = Api::start().await;
    let twice = json!({ "content-type": ["text/event-stream", "text/event-stream"] });
    api.script_streams("x", json!([[{ "respond": { "headers": twice } }]])).await;
    let (wire, _) = read_raw(&api, "x").await;
    assert_eq!(wire.matches("content-type: text/event-stream\r\n").count(), 2, "{wire}");
}

#[tokio::test]
async fn a_status_without_a_body_sends_none() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "respond": { "status": 204 } }, { "send": "ignored" }]])).await;
    let answer = api.get(&stream_path("x", "running")).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(api.ending("x").await, "served");
}

#[tokio::test]
async fn pieces_arrive_as_they_are_sent_and_not_when_the_body_ends() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "send": "one" }, { "wait": 1 }, { "send": "two" }, "hold"]])).await;
    let mut stream = api.watch("x", "running").await;
    assert_eq!(stream.piece().await.expect("a piece").as_deref(), Some("one"));
    assert_eq!(stream.piece().await.expect("a piece").as_deref(), Some("two"));
}

#[tokio::test]
async fn repeats_may_hold_repeats() {
    let api = Api::start().await;
    let inner = json!({ "repeat": { "times": 2, "steps": [{ "send": "b" }] } });
    let outer = json!({ "repeat": { "times": 3, "steps": [{ "send": "a" }, inner] } });
    api.script_streams("x", json!([[outer, { "send": "c" }]])).await;
    assert_eq!(api.get(&stream_path("x", "running")).await.body, "abbabbabbc");
}

#[tokio::test]
async fn an_end_in_a_repeat_ends_the_answer() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "repeat": { "times": 3, "steps": [{ "send": "a" }, "end"] } }]])).await;
    assert_eq!(api.get(&stream_path("x", "running")).await.body, "a");
}

#[tokio::test]
async fn a_script_without_steps_answers_with_an_empty_body() {
    let api = Api::start().await;
    api.script_streams("x", json!([[], ["end"], [{ "wait": 1 }]])).await;
    for _ in 0..3 {
        let answer = api.get(&stream_path("x", "running")).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    }
}

#[tokio::test]
async fn a_reset_before_the_head_reaches_the_client_as_a_reset() {
    let api = Api::start().await;
    api.script_streams("x", json!([["reset"], [{ "wait": 1 }, "reset"]])).await;
    for _ in 0..2 {
        assert_eq!(read_raw(&api, "x").await, (String::new(), Err(ErrorKind::ConnectionReset)));
    }
    let endings: Vec<_> = api.log("x").await.into_iter().map(|entry| entry["ending"].clone()).collect();
    assert_eq!(endings, ["reset", "reset"]);
}

#[tokio::test]
async fn a_reset_after_some_body_reaches_the_client_after_that_body() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "send": "one" }, { "send": "two" }, "reset"]])).await;
    let (wire, ending) = read_raw(&api, "x").await;
    assert!(wire.ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n"), "{wire:?}");
    assert_eq!(ending, Err(ErrorKind::ConnectionReset));
    assert_eq!(api.ending("x").await, "reset");
}

#[tokio::test]
async fn a_reset_right_after_the_head_still_shows_the_head() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "respond": {} }, "reset"]])).await;
    let (wire, ending) = read_raw(&api, "x").await;
    assert!(wire.starts_with("HTTP/1.1 200 OK\r\n"), "{wire:?}");
    assert_eq!(ending, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn each_request_takes_the_next_list_and_then_the_ordinary_cvm_answers() {
    let api = Api::start().await;
    let script = json!({ "streams": [[{ "send": "first" }], [{ "send": "second" }]], "reads": [[{ "send": "{}" }]] });
    api.put("/simulator/cvms/my-database/script", &script).await;
    let (stream, read) = (stream_path("my-database", "running"), read_path("my-database"));
    assert_eq!(api.get(&stream).await.body, "first");
    let scripted_read = api.get(&read).await;
    assert_eq!((scripted_read.body.as_str(), scripted_read.header("content-type")), ("{}", Some("application/json")));
    assert_eq!(api.get(&stream).await.body, "second");
    assert!(api.get(&stream).await.body.starts_with("event: state"));
    assert_eq!(api.get(&read).await.json()["status"], "running");
}

#[tokio::test]
async fn without_an_ordinary_cvm_a_used_up_script_leaves_nothing() {
    let api = Api::start().await;
    api.script_streams("x", json!([["end"]])).await;
    assert_eq!(api.get(&stream_path("x", "running")).await.status, StatusCode::OK);
    assert_eq!(api.get(&stream_path("x", "running")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_new_script_replaces_what_is_left_of_the_old_one() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "send": "old" }], [{ "send": "old" }]])).await;
    api.script_streams("x", json!([[{ "send": "new" }]])).await;
    assert_eq!(api.get(&stream_path("x", "running")).await.body, "new");
    assert_eq!(api.get(&stream_path("x", "running")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_id_is_compared_after_percent_decoding() {
    let api = Api::start().await;
    api.put("/simulator/cvms/a%2Fb%20%C3%A9/script", &json!({ "streams": [[{ "send": "found" }]] })).await;
    assert_eq!(api.get(&stream_path("a%2fb%20%c3%a9", "running")).await.body, "found");
}

#[tokio::test]
async fn a_script_that_makes_no_sense_is_refused_and_says_what_is_wrong() {
    let api = Api::start().await;
    for (script, named) in [
        (json!({ "stream": [] }), "unknown field `stream`"),
        (json!({ "streams": [[{ "snd": "a" }]] }), "streams[0][0]: unknown variant `snd`"),
        (json!({ "streams": [[], [{ "wait": -1 }]] }), "streams[1][0]"),
        (json!({ "reads": [[{ "sendBase64": "?" }]] }), "reads[0][0]"),
        (json!({ "reads": [[{ "respond": { "status": 99 } }]] }), "99"),
        (json!({ "reads": [[{ "respond": { "headers": { "no good": "x" } } }]] }), "no good"),
        (json!({ "reads": [[{ "send": "a" }, { "respond": {} }]] }), "respond"),
        (json!({ "reads": [[{ "repeat": { "times": 2, "steps": [{ "respond": {} }] } }]] }), "respond"),
        (json!({ "reads": [[{ "repeat": { "times": 0, "steps": ["hold"] } }]] }), "times"),
        (json!({ "reads": [[{ "repeat": { "times": 2, "steps": [] } }]] }), "repeat"),
    ] {
        let answer = api.put("/simulator/cvms/x/script", &script).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{script}");
        let detail = answer.json()["detail"].as_str().expect("a text").to_owned();
        assert!(detail.contains(named), "{named:?} should be in {detail:?}");
    }
    let unreadable = api.request(Method::PUT, "/simulator/cvms/x/script", &[], "{").await;
    assert!(unreadable.status.is_client_error() && unreadable.json()["detail"].is_string());
}
