//! The headers and parameters of the event stream and the read, and what a stream sends at which time.

use std::time::Duration;

use cvm_simulator::Options;
use hyper::{Method, StatusCode};
use serde_json::json;

use crate::client::{Api, read_path, stream_path};

#[tokio::test]
async fn a_stream_and_a_read_have_their_content_types() {
    let api = Api::start().await;
    let stream = api.watch("my-database", "stopped").await;
    assert_eq!(
        (&stream.headers["content-type"], &stream.headers["cache-control"]),
        (&"text/event-stream".parse().unwrap(), &"no-cache".parse().unwrap())
    );
    let read = api.get(&read_path("my-database")).await;
    assert_eq!((read.status, read.header("content-type")), (StatusCode::OK, Some("application/json")));
}

#[tokio::test]
async fn an_interval_or_timeout_out_of_range_is_refused_field_by_field() {
    let api = Api::start().await;
    let stream = stream_path("my-database", "stopped");
    for (fields, wrong) in [
        ("&interval=4", vec!["interval"]),
        ("&interval=31&timeout=9", vec!["interval", "timeout"]),
        ("&timeout=601", vec!["timeout"]),
        ("&timeout=soon", vec!["timeout"]),
        ("&interval=NaN", vec!["interval"]),
    ] {
        let answer = api.get(&format!("{stream}{fields}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}");
        let errors = answer.json()["detail"].as_array().expect("a list").clone();
        let named: Vec<_> = errors.iter().map(|error| error["loc"][1].as_str().unwrap_or("")).collect();
        assert_eq!(named, wrong);
        for error in errors {
            assert!(error["loc"][0] == "query" && error["type"].is_string());
            assert!(error["msg"].is_string() && error["input"].is_string());
        }
    }
}

#[tokio::test]
async fn the_limits_of_interval_and_timeout_are_inclusive() {
    let api = Api::start().await;
    for fields in ["interval=5&timeout=10", "interval=30&timeout=600", "interval=7.5"] {
        let path = format!("{}&{fields}", stream_path("my-database", "running"));
        assert_eq!(api.get(&path).await.status, StatusCode::OK, "{fields}");
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let api = Api::start().await;
    let answer = api.request(Method::POST, &stream_path("my-app", "running"), &[], "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(api.state("my-app").await["status"], "stopped");
}

#[tokio::test]
async fn keep_alives_come_while_nothing_changes() {
    let api = Api::start_with(Options { keep_alive: Duration::from_millis(3), ..Options::default() }).await;
    let mut stream = api.watch("my-database", "stopped").await;
    assert!(stream.block().await.is_some_and(|block| block.starts_with("event: state")));
    for _ in 0..3 {
        assert_eq!(stream.block().await.as_deref(), Some(": keep-alive"));
    }
}

// Virtual time, real connections: what takes minutes takes no time here.
#[tokio::test(start_paused = true)]
async fn a_stream_repeats_the_state_every_interval_keeps_alive_and_times_out() {
    let api = Api::start().await;
    let path = format!("{}&interval=20&timeout=50", stream_path("my-database", "stopped"));
    let mut stream = api.open(Method::GET, &path, &[], "").await;
    let mut kinds = Vec::new();
    let mut last = String::new();
    while let Some(block) = stream.block().await {
        kinds.push(block.split_once('\n').map_or(block.as_str(), |(first, _)| first).to_owned());
        last = block;
    }
    let (state, keep_alive) = ("event: state", ": keep-alive");
    // The state at 0, 20 and 40 seconds; comments at 15, 30 and 45; the end at 50.
    assert_eq!(kinds, [state, keep_alive, state, keep_alive, state, keep_alive, "event: timeout"]);
    let payload: serde_json::Value = serde_json::from_str(last.split_once("data: ").expect("data").1).expect("JSON");
    assert_eq!(payload["target"], json!("stopped"));
    assert!(payload["error"].is_string());
    assert!(payload["elapsed"].as_f64().is_some_and(|elapsed| (50.0..51.0).contains(&elapsed)));
}
