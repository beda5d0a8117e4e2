//! Faults of live streams.

use hyper::{Method, StatusCode};
use serde_json::json;

use crate::client::{Api, eventually, read_path, stream_path};

async fn inject(api: &Api, cvm: &str, fault: &str) -> serde_json::Value {
    let answer = api.post(&format!("/simulator/cvms/{cvm}/faults/{fault}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn drop_cuts_every_live_stream_of_the_cvm_and_no_other() {
    let api = Api::start().await;
    let mut streams = [api.watch("my-database", "stopped").await, api.watch("my-database", "stopped").await];
    let mut other = api.watch("my-app", "paused").await;
    assert_eq!(inject(&api, "my-database", "drop").await, json!({ "streams": 2 }));
    for stream in &mut streams {
        assert!(stream.read_to_end().await.is_err());
    }
    assert!(other.event().await.is_some());
    assert!(api.log("my-database").await.iter().all(|entry| entry["ending"] == "reset"));
}

#[tokio::test]
async fn a_fault_finds_streams_by_any_alias() {
    let api = Api::start().await;
    let uuid = api.state("my-database").await["id"].as_str().expect("an id").replace('-', "");
    let mut stream = api.watch(&uuid, "stopped").await;
    assert_eq!(inject(&api, "my-database", "drop").await, json!({ "streams": 1 }));
    assert!(stream.read_to_end().await.is_err());
}

#[tokio::test]
async fn drop_cuts_scripted_streams_even_before_their_head() {
    let api = Api::start().await;
    api.script_streams("x", json!([["hold"]])).await;
    let socket = api.raw(&stream_path("x", "running")).await;
    eventually(async || (!api.log("x").await.is_empty()).then_some(())).await;
    assert_eq!(inject(&api, "x", "drop").await, json!({ "streams": 1 }));
    let ended = eventually(async || {
        socket
            .try_read(&mut [0; 1])
            .map_or_else(|error| (error.kind() != std::io::ErrorKind::WouldBlock).then_some(error.kind()), |_| None)
    })
    .await;
    assert_eq!(ended, std::io::ErrorKind::ConnectionReset);
}

// Virtual time: an hour of silence takes none.
#[tokio::test(start_paused = true)]
async fn stall_silences_a_stream_and_leaves_it_open() {
    let api = Api::start().await;
    let mut stream = api.watch("my-database", "stopped").await;
    stream.event().await.expect("a state");
    assert_eq!(inject(&api, "my-database", "stall").await, json!({ "streams": 1 }));
    api.post("/simulator/cvms/my-database/stop").await;
    let silence = tokio::time::timeout(std::time::Duration::from_secs(3600), stream.piece());
    assert!(silence.await.is_err());
    assert!(api.log("my-database").await[0]["leftAt"].is_null());
}

#[tokio::test(start_paused = true)]
async fn mute_ends_the_events_and_comments_go_on() {
    let api = Api::start().await;
    let mut stream = api.watch("my-database", "stopped").await;
    stream.event().await.expect("a state");
    assert_eq!(inject(&api, "my-database", "mute").await, json!({ "streams": 1 }));
    api.post("/simulator/cvms/my-database/stop").await;
    for _ in 0..100 {
        assert_eq!(stream.block().await.as_deref(), Some(": keep-alive"));
    }
    assert_eq!(api.state("my-database").await["status"], "stopped");
    assert!(api.log("my-database").await[0]["leftAt"].is_null());
}

#[tokio::test]
async fn a_stalled_stream_notices_its_client_leaving_and_can_be_dropped() {
    let api = Api::start().await;
    let left = api.watch("my-database", "stopped").await;
    inject(&api, "my-database", "stall").await;
    drop(left);
    assert_eq!(api.ending("my-database").await, "client left");
    let mut dropped = api.watch("my-app", "stopping").await;
    inject(&api, "my-app", "stall").await;
    assert_eq!(inject(&api, "my-app", "drop").await, json!({ "streams": 1 }));
    while let Ok(piece) = dropped.piece().await {
        assert!(piece.is_some(), "a clean end");
    }
}

#[tokio::test]
async fn unavailable_drops_the_streams_and_refuses_the_next_stream_and_the_next_read() {
    let api = Api::start().await;
    let mut stream = api.watch("my-database", "stopped").await;
    assert_eq!(inject(&api, "my-database", "unavailable").await, json!({ "streams": 1 }));
    assert!(stream.read_to_end().await.is_err());
    for path in [stream_path("my-database", "running"), read_path("my-database")] {
        let refused = api.get(&path).await;
        assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("1")));
        assert!(refused.json()["detail"].is_string());
        assert_eq!(api.get(&path).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn malformed_sends_a_state_that_is_not_json_and_the_stream_goes_on() {
    let api = Api::start().await;
    let mut stream = api.watch("my-database", "stopped").await;
    stream.event().await.expect("a state");
    assert_eq!(inject(&api, "my-database", "malformed").await, json!({ "streams": 1 }));
    let malformed = stream.block().await.expect("a frame");
    let data = malformed.strip_prefix("event: state\ndata: ").expect("a state");
    assert!(serde_json::from_str::<serde_json::Value>(data).is_err());
    api.post("/simulator/cvms/my-database/stop").await;
    assert_eq!(stream.events().await.last().expect("an end").name, "complete");
}

#[tokio::test]
async fn timeout_ends_the_stream_with_a_timeout_event() {
    let api = Api::start().await;
    let mut stream = api.watch("my-database", "stopped").await;
    stream.event().await.expect("a state");
    assert_eq!(inject(&api, "my-database", "timeout").await, json!({ "streams": 1 }));
    let events = stream.events().await;
    assert_eq!((events.len(), events[0].name.as_str(), &events[0].data["target"]), (1, "timeout", &json!("stopped")));
    assert_eq!(api.ending("my-database").await, "served");
}

#[tokio::test]
async fn faults_reach_streams_that_are_in_the_middle_of_sending() {
    let api = Api::start().await;
    for _ in 0..20 {
        api.script_streams("x", json!([[{ "repeat": { "times": 1_000_000, "steps": [{ "send": ": busy\n\n" }] } }]]))
            .await;
        let mut stream = api.watch("x", "running").await;
        stream.block().await.expect("something");
        inject(&api, "x", "timeout").await;
        assert_eq!(stream.events().await.last().expect("an end").name, "timeout");
    }
}

#[tokio::test]
async fn a_fault_without_live_streams_acts_on_none() {
    let api = Api::start().await;
    assert_eq!(inject(&api, "my-app", "drop").await, json!({ "streams": 0 }));
}

#[tokio::test]
async fn unknown_faults_actions_and_cvms_are_named() {
    let api = Api::start().await;
    for (path, named) in [
        ("/simulator/cvms/my-app/faults/fire", "fire"),
        ("/simulator/cvms/my-app/dance", "dance"),
        ("/simulator/cvms/nobody/faults/drop", "CVM not found"),
    ] {
        let answer = api.request(Method::POST, path, &[], "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.body.contains(named), "{}", answer.body);
    }
}
