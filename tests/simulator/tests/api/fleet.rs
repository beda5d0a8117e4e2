//! Fleets of CVMs.

use cvm_simulator::Options;
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::client::{Api, eventually, read_path};

async fn names(api: &Api) -> Vec<Value> {
    let mut names = api.get("/simulator/info").await.json()["cvms"].as_array().expect("a list").clone();
    names.retain(|name| name.as_str().is_some_and(|name| name.starts_with("fleet-")));
    names
}

#[tokio::test]
async fn a_fleet_has_the_size_that_was_asked_for_last() {
    let api = Api::start_with(Options { fleet: 6, ..Options::default() }).await;
    let first = ["fleet-001", "fleet-002", "fleet-003", "fleet-004", "fleet-005", "fleet-006"];
    assert_eq!(names(&api).await, first);
    for size in [60, 200, 6] {
        let made = api.put("/simulator/fleet", &json!({ "size": size })).await.json();
        assert_eq!(made["cvms"].as_array().expect("a list").len(), size);
        assert_eq!(names(&api).await.len(), size);
    }
    assert_eq!(names(&api).await, first);
    assert_eq!(api.get(&read_path("fleet-007")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(api.state("fleet-006").await["status"], "stopped");
    assert_eq!(api.state("my-database").await["status"], "running");
}

#[tokio::test]
async fn all_cvms_of_a_fleet_are_as_they_were_told_to_be() {
    let api = Api::start().await;
    let each = json!({ "status": "starting", "failAt": "booting", "bootStepMs": 1, "failStatus": "error" });
    api.put("/simulator/fleet", &json!({ "size": 3, "each": each })).await;
    for name in names(&api).await {
        let name = name.as_str().expect("a name").to_owned();
        eventually(async || (api.state(&name).await["status"] == "error").then_some(())).await;
    }
}

#[tokio::test]
async fn an_action_is_for_the_whole_fleet_and_for_no_other_cvm() {
    let api = Api::start().await;
    let each = json!({ "bootStepMs": 3_600_000 });
    api.put("/simulator/fleet", &json!({ "size": 3, "each": each })).await;
    for (action, status) in [("start", "starting"), ("restart", "restarting"), ("stop", "stopping")] {
        assert_eq!(api.post(&format!("/simulator/fleet/{action}")).await.json(), json!({ "cvms": 3 }));
        for name in ["fleet-001", "fleet-003"] {
            assert_eq!(api.state(name).await["status"], status, "{action}");
        }
        assert_eq!(api.state("my-app").await["status"], "stopped");
    }
}

#[tokio::test]
async fn a_fleet_that_makes_no_sense_is_refused_and_changes_nothing() {
    let api = Api::start_with(Options { fleet: 2, ..Options::default() }).await;
    for (fleet, named) in [
        (json!({ "size": 1001 }), "1000"),
        (json!({ "size": 1, "each": { "failAt": "lunch" } }), "lunch"),
        (json!({}), "size"),
    ] {
        let answer = api.put("/simulator/fleet", &fleet).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains(named), "{}", answer.body);
    }
    assert_eq!(api.post("/simulator/fleet/dance").await.status, StatusCode::NOT_FOUND);
    assert_eq!(names(&api).await.len(), 2);
}
