//! CVMs on their way from one status to another.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::client::{Api, Event, Stream, read_path, stream_path};

const STEPS: [&str; 6] =
    ["booting", "requesting app keys", "mounting data disk", "setting up docker", "starting containers", "done"];

fn statuses(events: &[Event]) -> Vec<(String, Value)> {
    let states = events.iter().filter(|event| event.name == "state");
    states
        .map(|event| (event.data["status"].as_str().expect("a status").to_owned(), event.data["boot_progress"].clone()))
        .collect()
}

async fn last_event(stream: &mut Stream) -> Event {
    stream.events().await.pop().expect("an event")
}

#[tokio::test]
async fn my_app_starts_by_itself_when_it_is_first_watched_for_running_and_goes_through_every_step() {
    let api = Api::start().await;
    assert_eq!(api.state("my-app").await["status"], "stopped");

    let mut stream = api.watch("my-app", "running").await;
    let events = stream.events().await;

    let mut expected = vec![("stopped".to_owned(), Value::Null)];
    expected
        .extend(STEPS.map(|step| (if step == "done" { "running" } else { "starting" }.to_owned(), Value::from(step))));
    assert_eq!(statuses(&events), expected);
    let end = events.last().expect("an end");
    assert_eq!(
        (end.name.as_str(), &end.data["status"], &end.data["target"]),
        ("complete", &json!("running"), &json!("running"))
    );
    assert!(end.data["elapsed"].is_number());
}

#[tokio::test]
async fn my_app_does_not_start_when_it_is_watched_for_something_else() {
    let api = Api::start().await;
    let events = api.watch("my-app", "stopped").await.events().await;
    assert_eq!(statuses(&events), [("stopped".to_owned(), Value::Null)]);
    assert_eq!(events[1].name, "complete");
}

#[tokio::test]
async fn a_state_has_every_field_and_null_for_what_is_not_known() {
    let api = Api::start().await;
    let state = api.state("my-app").await;
    let fields: Vec<_> = state.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut expected = [
        "id",
        "instance_id",
        "name",
        "status",
        "in_progress",
        "uptime",
        "exited_at",
        "boot_progress",
        "boot_error",
        "shutdown_progress",
    ];
    expected.sort_unstable();
    assert_eq!(fields, expected);
    assert_eq!(
        (&state["name"], &state["uptime"], &state["boot_error"]),
        (&json!("my-app"), &Value::Null, &Value::Null)
    );
    let running = api.state("my-database").await;
    assert_eq!((&running["status"], &running["boot_progress"]), (&json!("running"), &json!("done")));
    assert!(running["uptime"].as_str().is_some_and(|uptime| uptime.ends_with('s')));
}

#[tokio::test]
async fn stopping_tells_its_progress_and_when_the_cvm_exited() {
    let api = Api::start().await;
    let mut stream = api.watch("my-database", "stopped").await;
    assert_eq!(stream.event().await.expect("a state").data["status"], "running");

    assert_eq!(api.post("/simulator/cvms/my-database/stop").await.json()["status"], "stopping");

    let events = stream.events().await;
    let progress: Vec<_> = events.iter().map(|event| event.data["shutdown_progress"].as_str().unwrap_or("")).collect();
    assert_eq!(progress, ["stopping containers", "powering off", "", ""]);
    let stopped = &events[2].data;
    assert_eq!(stopped["status"], "stopped");
    assert!(stopped["exited_at"].as_str().is_some_and(|time| time.contains('T') && time.ends_with('Z')));
    assert_eq!(events[3].name, "complete");
}

#[tokio::test]
async fn broken_app_fails_while_setting_up_docker_and_keeps_its_status() {
    let api = Api::start().await;
    let mut stream = api.watch("broken-app", "running").await;
    let events = stream.events().await;
    let [.., failed, end] = events.as_slice() else { panic!("too few events: {events:?}") };
    assert_eq!(failed.data["status"], "starting");
    assert_eq!(failed.data["boot_progress"], "setting up docker");
    assert!(failed.data["boot_error"].is_string());
    assert_eq!(end.name, "error");
    assert!(end.data["error"].is_string() && end.data["elapsed"].is_number());
    assert_eq!(end.data["message"], failed.data["boot_error"]);
}

#[tokio::test]
async fn a_watch_of_a_failed_boot_is_told_at_once() {
    let api = Api::start().await;
    api.watch("broken-app", "running").await.events().await;
    let names: Vec<_> =
        api.watch("broken-app", "running").await.events().await.into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["state", "error"]);
}

#[tokio::test]
async fn broken_app_fails_again_when_it_is_started_again() {
    let api = Api::start().await;
    api.watch("broken-app", "running").await.events().await;
    assert_eq!(api.post("/simulator/cvms/broken-app/start").await.json()["boot_error"], Value::Null);
    assert_eq!(last_event(&mut api.watch("broken-app", "running").await).await.name, "error");
}

#[tokio::test]
async fn a_running_boot_can_be_failed() {
    let api = Api::start().await;
    api.put("/simulator/cvms/slow", &json!({ "bootStepMs": 3_600_000, "status": "starting" })).await;
    let mut stream = api.watch("slow", "running").await;
    stream.event().await.expect("a state");
    api.post("/simulator/cvms/slow/fail").await;
    assert_eq!(last_event(&mut stream).await.name, "error");
}

#[tokio::test]
async fn the_next_boot_can_be_failed_and_the_one_after_it_succeeds() {
    let api = Api::start().await;
    api.post("/simulator/cvms/my-app/fail").await;
    assert_eq!(last_event(&mut api.watch("my-app", "running").await).await.name, "error");
    api.post("/simulator/cvms/my-app/start").await;
    assert_eq!(last_event(&mut api.watch("my-app", "running").await).await.name, "complete");
}

#[tokio::test]
async fn a_cvm_made_by_a_test_boots_as_it_was_told() {
    let api = Api::start().await;
    let settings =
        json!({ "name": "shop-front", "failAt": "mounting data disk", "bootStepMs": 1, "startsWhenWatched": true });
    let made = api.put("/simulator/cvms/shop", &settings).await.json();
    assert_eq!((&made["name"], &made["status"]), (&json!("shop-front"), &json!("stopped")));
    let events = api.watch("shop-front", "running").await.events().await;
    assert_eq!(events[events.len() - 2].data["boot_progress"], "mounting data disk");
    assert_eq!(events.last().expect("an end").name, "error");
}

#[tokio::test]
async fn a_cvm_can_have_a_status_that_the_simulator_does_not_know() {
    let api = Api::start().await;
    api.put("/simulator/cvms/odd", &json!({ "status": "paused" })).await;
    assert_eq!(last_event(&mut api.watch("odd", "paused").await).await.data["status"], "paused");
}

#[tokio::test]
async fn a_replaced_cvm_keeps_its_ids_and_tells_the_streams_of_the_former_one() {
    let api = Api::start().await;
    let before = api.state("my-app").await;
    let mut stream = api.watch("my-app", "paused").await;
    stream.event().await.expect("a state");
    let id = before["id"].as_str().expect("an id");
    api.put(&format!("/simulator/cvms/{id}"), &json!({ "status": "paused" })).await;
    let after = stream.event().await.expect("a state").data;
    assert_eq!((&after["status"], &after["id"], &after["name"]), (&json!("paused"), &before["id"], &before["name"]));
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_by_name() {
    let api = Api::start().await;
    for (settings, named) in [
        (json!({ "failAt": "lunch" }), "lunch"),
        (json!({ "bootStepMS": 1 }), "bootStepMS"),
        (json!({ "bootStepMs": "soon" }), "bootStepMs"),
    ] {
        let answer = api.put("/simulator/cvms/x", &settings).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains(named), "{}", answer.body);
    }
    assert_eq!(api.get(&read_path("x")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_cvm_answers_to_its_name_and_all_its_ids() {
    let api = Api::start().await;
    let state = api.state("my-app").await;
    let (uuid, instance) = (state["id"].as_str().expect("an id"), state["instance_id"].as_str().expect("an id"));
    assert!(instance.len() == 40 && uuid.len() == 36);
    let ids =
        [uuid.to_owned(), uuid.replace('-', ""), instance.to_owned(), format!("app_{instance}"), app_id_of_my_app()];
    for id in ids {
        assert_eq!(api.state(&id).await["name"], "my-app", "{id}");
    }
}

/// No state tells it; it is the same in every run.
fn app_id_of_my_app() -> String {
    "app_5a59b39968f7cfa0eb8a9135e585ea63eff88879".to_owned()
}

#[tokio::test]
async fn an_unknown_cvm_is_not_found() {
    let api = Api::start().await;
    for path in [read_path("nobody"), stream_path("nobody", "running")] {
        let answer = api.get(&path).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::NOT_FOUND, json!({ "detail": "CVM not found" })));
    }
    assert_eq!(api.post("/simulator/cvms/nobody/start").await.status, StatusCode::NOT_FOUND);
}
