//! What pages of other origins may see.

use hyper::{Method, StatusCode};
use serde_json::json;

use crate::client::{Answer, Api, read_path, stream_path};

const ORIGIN: &str = "https://page.example";

async fn ask(api: &Api, method: Method, path: &str) -> Answer {
    api.request(method, path, &[("origin", ORIGIN)], "").await
}

fn assert_open(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-expose-headers"), Some("Retry-After"));
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn every_answer_may_be_read_by_the_page_that_asked() {
    let api = Api::start().await;
    api.script_streams("x", json!([[{ "respond": { "status": 503 } }]])).await;
    for path in [
        read_path("my-app"),
        read_path("nobody"),
        stream_path("my-database", "running"),
        stream_path("x", "running"),
        "/simulator/info".to_owned(),
    ] {
        assert_open(&ask(&api, Method::GET, &path).await);
    }
}

#[tokio::test]
async fn a_preflight_is_allowed_the_headers_it_asks_for_and_is_logged() {
    let api = Api::start().await;
    let wishes = [
        ("origin", ORIGIN),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "x-api-key,x-trace"),
    ];
    let answer = api.request(Method::OPTIONS, &stream_path("my-app", "running"), &wishes, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_open(&answer);
    assert_eq!(answer.header("access-control-allow-headers"), Some("x-api-key,x-trace"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET"));
    let log = api.log("my-app").await;
    assert_eq!((log.len(), &log[0]["kind"], &log[0]["ending"]), (1, &json!("preflight"), &json!("served")));
    assert_eq!(api.state("my-app").await["status"], "stopped");
}

#[tokio::test]
async fn pages_of_other_origins_may_use_the_scripting_api() {
    let api = Api::start().await;
    let wishes = [("origin", ORIGIN), ("access-control-request-method", "PUT")];
    let answer = api.request(Method::OPTIONS, "/simulator/cvms/x/script", &wishes, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.header("access-control-allow-methods").is_some_and(|methods| methods.contains("PUT")));
}

#[tokio::test]
async fn a_script_can_go_without_cors_or_set_its_own() {
    let api = Api::start().await;
    let without = json!({ "respond": { "headers": { "access-control-allow-origin": null } } });
    let own = json!({ "respond": { "headers": { "access-control-allow-origin": "https://other.example" } } });
    api.script_streams("x", json!([[without], [own]])).await;
    let path = stream_path("x", "running");
    let denied = ask(&api, Method::GET, &path).await;
    assert!(!denied.headers.keys().any(|name| name.as_str().starts_with("access-control-")));
    let own = ask(&api, Method::GET, &path).await;
    assert_eq!(own.header("access-control-allow-origin"), Some("https://other.example"));
    assert_eq!(own.header("access-control-allow-credentials"), None);
}
