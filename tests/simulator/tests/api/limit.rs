//! How many streams a user may have.

use cvm_simulator::Options;
use hyper::{Method, StatusCode};
use serde_json::json;

use crate::client::{Api, eventually, stream_path};

async fn status_for(api: &Api, headers: &[(&str, &str)]) -> StatusCode {
    api.open(Method::GET, &stream_path("my-database", "stopped"), headers, "").await.status
}

#[tokio::test]
async fn the_stream_over_the_limit_is_told_to_try_again() {
    let api = Api::start_with(Options { streams_per_user: Some(2), ..Options::default() }).await;
    let _open = [api.watch("my-database", "stopped").await, api.watch("my-app", "paused").await];
    let refused = api.get(&stream_path("my-database", "stopped")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("1")));
    assert!(refused.json()["detail"].is_string());
    assert_eq!(api.state("my-database").await["status"], "running");
}

#[tokio::test]
async fn a_place_is_free_as_soon_as_a_stream_has_ended_or_was_cut() {
    let api = Api::start_with(Options { streams_per_user: Some(1), ..Options::default() }).await;
    for _ in 0..20 {
        assert_eq!(api.get(&stream_path("my-database", "running")).await.status, StatusCode::OK);
        let mut cut = api.watch("my-database", "stopped").await;
        assert_eq!(cut.status, StatusCode::OK);
        api.post("/simulator/cvms/my-database/faults/drop").await;
        assert!(cut.read_to_end().await.is_err());
    }
}

#[tokio::test]
async fn a_place_is_free_soon_after_its_client_left() {
    let api = Api::start_with(Options { streams_per_user: Some(1), ..Options::default() }).await;
    drop(api.watch("my-database", "stopped").await);
    eventually(async || (status_for(&api, &[]).await == StatusCode::OK).then_some(())).await;
}

#[tokio::test]
async fn users_are_told_apart_by_key_then_by_session_cookie() {
    let api = Api::start_with(Options { streams_per_user: Some(1), ..Options::default() }).await;
    let path = stream_path("my-database", "stopped");
    let users: [&[(&str, &str)]; 4] = [
        &[],
        &[("cookie", "theme=dark; session=a")],
        &[("cookie", "session=b")],
        &[("x-api-key", "k"), ("cookie", "session=a")],
    ];
    let mut open = Vec::new();
    for user in users {
        let stream = api.open(Method::GET, &path, user, "").await;
        assert_eq!(stream.status, StatusCode::OK, "{user:?}");
        open.push(stream);
    }
    for user in users {
        assert_eq!(status_for(&api, user).await, StatusCode::TOO_MANY_REQUESTS, "{user:?}");
    }
    assert_eq!(status_for(&api, &[("x-api-key", "k"), ("cookie", "session=c")]).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn the_limit_can_be_set_and_lifted() {
    let api = Api::start().await;
    let _open = api.watch("my-database", "stopped").await;
    assert_eq!(api.put("/simulator/limits", &json!({ "streamsPerUser": 1 })).await.status, StatusCode::OK);
    assert_eq!(status_for(&api, &[]).await, StatusCode::TOO_MANY_REQUESTS);
    api.put("/simulator/limits", &json!({ "streamsPerUser": null })).await;
    assert_eq!(status_for(&api, &[]).await, StatusCode::OK);
    assert_eq!(api.get("/simulator/info").await.json()["streamsPerUser"], json!(null));
}
