//! What CVMs can be told to do, and what their states say of it.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Api, Event, Stream, eventually, read_path, stream_path};

const HOUR_MS: u32 = 3_600_000;

async fn act(api: &Api, cvm: &str, action: &str) -> Value {
    let answer = api.post(&format!("/simulator/cvms/{cvm}/{action}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

/// Status and `in_progress` of the next states, up to the first that is settled with this status.
async fn until_settled(stream: &mut Stream, status: &str) -> Vec<(String, bool)> {
    let mut seen = Vec::new();
    loop {
        let Event { name, data } = stream.event().await.expect("a state");
        assert_eq!(name, "state", "{data}");
        seen.push((data["status"].as_str().expect("a status").to_owned(), data["in_progress"] == json!(true)));
        seen.dedup();
        if *seen.last().expect("one") == (status.to_owned(), false) {
            return seen;
        }
    }
}

fn states<const N: usize>(states: [(&str, bool); N]) -> Vec<(String, bool)> {
    states.map(|(status, in_progress)| (status.to_owned(), in_progress)).into()
}

/// A stream that no state ends.
async fn watch(api: &Api, cvm: &str) -> Stream {
    api.watch(cvm, "nothing").await
}

#[tokio::test]
async fn a_cvm_is_in_progress_until_it_is_settled() {
    let api = Api::start().await;
    let mut stream = watch(&api, "my-database").await;
    assert_eq!(until_settled(&mut stream, "running").await, states([("running", false)]));
    act(&api, "my-database", "stop").await;
    assert_eq!(until_settled(&mut stream, "stopped").await, states([("stopping", true), ("stopped", false)]));
    act(&api, "my-database", "start").await;
    assert_eq!(until_settled(&mut stream, "running").await, states([("starting", true), ("running", false)]));
}

#[tokio::test]
async fn a_restart_goes_through_a_shutdown_and_a_boot() {
    let api = Api::start().await;
    let mut stream = watch(&api, "my-database").await;
    stream.event().await.expect("a state");
    assert_eq!(act(&api, "my-database", "restart").await["status"], "restarting");
    let mut progress = Vec::new();
    loop {
        let state = stream.event().await.expect("a state").data;
        let text = |field: &str| state[field].as_str().unwrap_or("-").to_owned();
        progress.push([text("status"), text("shutdown_progress"), text("boot_progress")].join("/"));
        if state["in_progress"] == json!(false) {
            break;
        }
    }
    assert_eq!(
        progress,
        [
            "restarting/stopping containers/-",
            "restarting/powering off/-",
            "starting/-/booting",
            "starting/-/requesting app keys",
            "starting/-/mounting data disk",
            "starting/-/setting up docker",
            "starting/-/starting containers",
            "running/-/done",
        ]
    );
}

#[tokio::test]
async fn what_is_under_way_is_not_begun_again() {
    let api = Api::start().await;
    for (status, actions) in [
        ("starting", &["start"][..]),
        ("stopping", &["stop"]),
        ("restarting", &["restart", "start"]),
        ("removing", &["start", "stop", "restart", "remove"]),
    ] {
        api.put("/simulator/cvms/slow", &json!({ "status": status, "bootStepMs": HOUR_MS })).await;
        let mut stream = watch(&api, "slow").await;
        stream.event().await.expect("a state");
        for action in actions {
            assert_eq!(act(&api, "slow", action).await["status"], status, "{action}");
        }
        // Nothing was told, since nothing has changed.
        api.request(Method::DELETE, "/simulator/cvms/slow", &[], "").await;
        assert_eq!(stream.event().await.expect("an end").name, "error", "{status}");
    }
}

#[tokio::test]
async fn a_restart_starts_a_stopped_cvm_and_one_whose_boot_has_failed() {
    let api = Api::start().await;
    assert_eq!(act(&api, "my-app", "restart").await["status"], "starting");
    api.post("/simulator/cvms/my-app/fail").await;
    eventually(async || (!api.state("my-app").await["boot_error"].is_null()).then_some(())).await;
    let state = act(&api, "my-app", "restart").await;
    assert_eq!((&state["status"], &state["boot_error"]), (&json!("restarting"), &Value::Null));
    eventually(async || (api.state("my-app").await["status"] == "running").then_some(())).await;
}

#[tokio::test]
async fn a_read_tells_the_same_as_the_stream() {
    let api = Api::start().await;
    for status in ["stopped", "starting", "running", "stopping", "restarting", "removing", "paused"] {
        api.put("/simulator/cvms/slow", &json!({ "status": status, "bootStepMs": HOUR_MS })).await;
        let mut told = watch(&api, "slow").await.event().await.expect("a state").data;
        let mut read = api.state("slow").await;
        assert_eq!((&read["status"], read["in_progress"].is_boolean()), (&json!(status), true));
        for state in [&mut told, &mut read] {
            // It changes with time.
            state["uptime"].take();
        }
        assert_eq!(told, read);
    }
}

#[tokio::test]
async fn a_failed_boot_is_settled_and_may_have_a_status_of_its_own() {
    let api = Api::start().await;
    for status in ["error", "exited"] {
        let settings = json!({ "status": "starting", "failAt": "booting", "failStatus": status, "bootStepMs": 1 });
        api.put("/simulator/cvms/x", &settings).await;
        assert_eq!(watch(&api, "x").await.events().await.last().expect("an end").name, "error");
        let state = api.state("x").await;
        assert_eq!((&state["status"], &state["in_progress"]), (&json!(status), &json!(false)));
        assert!(state["boot_error"].is_string());
    }
}

#[tokio::test]
async fn a_lagging_cvm_shows_an_action_late_and_is_in_progress_after_its_boot() {
    let api = Api::start().await;
    api.put("/simulator/cvms/x", &json!({ "status": "running", "lags": true })).await;
    let mut stream = watch(&api, "x").await;
    until_settled(&mut stream, "running").await;
    let asked = act(&api, "x", "restart").await;
    assert_eq!((&asked["status"], &asked["in_progress"]), (&json!("running"), &json!(true)));
    assert_eq!(
        until_settled(&mut stream, "running").await,
        states([("running", true), ("restarting", true), ("starting", true), ("running", true), ("running", false)])
    );
}

#[tokio::test]
async fn in_progress_can_be_set_and_lasts_until_the_next_change() {
    let api = Api::start().await;
    let put = async |settings: Value| api.put("/simulator/cvms/x", &settings).await.json()["in_progress"].clone();
    assert_eq!(put(json!({ "status": "running", "inProgress": true })).await, true);
    assert_eq!(put(json!({ "status": "running" })).await, false);
    assert_eq!(put(json!({ "status": "paused", "inProgress": true })).await, true);
    act(&api, "x", "stop").await;
    eventually(async || (api.state("x").await["in_progress"] == json!(false)).then_some(())).await;
}

#[tokio::test]
async fn a_cvm_is_not_found_before_it_is_made_and_after_it_is_deleted() {
    let api = Api::start().await;
    let statuses = async || [api.get(&read_path("new")).await.status, watch(&api, "new").await.status];
    assert_eq!(statuses().await, [StatusCode::NOT_FOUND; 2]);
    api.put("/simulator/cvms/new", &json!({})).await;
    assert_eq!(statuses().await, [StatusCode::OK; 2]);
    let delete = async || api.request(Method::DELETE, "/simulator/cvms/new", &[], "").await.status;
    assert_eq!((delete().await, delete().await), (StatusCode::NO_CONTENT, StatusCode::NOT_FOUND));
    assert_eq!(statuses().await, [StatusCode::NOT_FOUND; 2]);
    assert!(!api.get("/simulator/info").await.body.contains("new"));
}

#[tokio::test]
async fn a_deleted_cvm_ends_its_streams_with_an_error() {
    let api = Api::start().await;
    let mut stream = watch(&api, "my-database").await;
    stream.event().await.expect("a state");
    api.request(Method::DELETE, "/simulator/cvms/my-database", &[], "").await;
    let events = stream.events().await;
    assert_eq!((events.len(), events[0].name.as_str()), (1, "error"));
    assert_eq!(events[0].data["error"], "CVM not found");
    assert_eq!(api.ending("my-database").await, "served");
}

#[tokio::test]
async fn a_removed_cvm_shuts_down_and_is_gone() {
    let api = Api::start().await;
    let mut stream = watch(&api, "my-database").await;
    stream.event().await.expect("a state");
    let state = act(&api, "my-database", "remove").await;
    assert_eq!((&state["status"], &state["in_progress"]), (&json!("removing"), &json!(true)));
    let events = stream.events().await;
    assert_eq!(events.last().expect("an end").data["error"], "CVM not found");
    assert!(events.iter().rev().skip(1).all(|event| event.data["status"] == "removing"), "{events:?}");
    assert_eq!(api.get(&stream_path("my-database", "running")).await.status, StatusCode::NOT_FOUND);
}
