//! The rows of "The call" and "How a state is judged" in the contract: targets, `until`, `failOn`, `leaveFirst`.
#![cfg(not(target_arch = "wasm32"))]

mod world;

use std::cell::{Cell, RefCell};

use cvm_watch::{Failure, FieldError, WatchError, WatchRequest};
use serde_json::{Value, json};
use world::Step::{CloseForGood, End, Say, Silence, Wait};
use world::{FUNCTION, Listener, Outcome, Read, World, complete, request, state, thrown};

fn boots(statuses: &[&str]) -> World {
    let steps = statuses.iter().flat_map(|status| [state(status), Wait(1.0)]);
    World::new([steps.chain([End]).collect()])
}

fn reached(outcome: &Outcome) -> &str {
    outcome.as_ref().expect("it reaches the target").status()
}

fn failed(outcome: &Outcome) -> &Value {
    match outcome {
        Err(WatchError::CvmFailed(state)) => &state.json().0,
        other => panic!("not a failed CVM: {other:?}"),
    }
}

fn bad_field(outcome: &Outcome) -> &FieldError {
    match outcome {
        Err(WatchError::BadArgument(bad)) => bad,
        other => panic!("not a bad argument: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn any_target_of_an_array_will_do() {
    for last in ["running", "stopped"] {
        let world = boots(&["starting", last]);
        let outcome = world.watch(&request(json!({ "target": ["running", "stopped"] }))).await;
        assert_eq!(reached(&outcome), last);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_target_goes_into_the_url_and_into_a_timeout() {
    let two: WatchRequest = request(json!({ "target": ["stopped", "running"] }));
    assert_eq!(two.stream_path(), "cvms/my-app/state?target=stopped&interval=5&timeout=100");
    let world = World::new([vec![Silence]]);
    world.watch(&two).await.unwrap_err();
    assert_eq!(world.payloads()[0]["target"], json!("stopped"));
}

#[tokio::test(start_paused = true)]
async fn a_target_counts_only_if_until_agrees_and_until_is_asked_only_for_targets() {
    let in_progress = |is: bool| Say("state", json!({ "status": "running", "in_progress": is }).to_string());
    let world = World::new([vec![state("starting"), in_progress(true), Wait(1.0), in_progress(false)]]);
    let asked: RefCell<Vec<Value>> = RefCell::default();
    let mut listener = Listener::of(&world).until(|state| {
        asked.borrow_mut().push(state["status"].clone());
        Ok(state["in_progress"] == json!(false))
    });
    let outcome = world.watch_with(&request(json!({ "until": FUNCTION })), &mut listener).await;
    assert_eq!(outcome.unwrap().json().0["in_progress"], json!(false));
    assert_eq!(*asked.borrow(), ["running", "running"]);
}

#[tokio::test(start_paused = true)]
async fn fail_on_statuses_reject_with_the_state_after_it_is_told() {
    for fail_on in [json!("error"), json!(["exited", "error"])] {
        let error = json!({ "status": "error", "boot_error": "no space left" });
        let world = World::new([vec![state("starting"), Say("state", error.to_string()), Silence]]);
        let outcome = world.watch(&request(json!({ "failOn": fail_on, "maxRetries": 9 }))).await;
        assert_eq!(failed(&outcome), &error);
        assert_eq!(world.kinds(), ["state", "state"]);
        assert_eq!(
            outcome.unwrap_err().to_string(),
            "the CVM has failed: its status is \"error\", and its boot_error is: no space left"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_message_of_a_failed_cvm_needs_no_boot_error() {
    for boot_error in [json!(null), json!("")] {
        let error = json!({ "status": "error", "boot_error": boot_error });
        let world = World::new([vec![Say("state", error.to_string())]]);
        let outcome = world.watch(&request(json!({ "failOn": "error" }))).await;
        assert_eq!(outcome.unwrap_err().to_string(), "the CVM has failed: its status is \"error\"");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fail_on_function_is_asked_for_every_state_and_before_the_target() {
    let broken = Say("state", json!({ "status": "running", "boot_error": "half" }).to_string());
    let world = World::new([vec![state("starting"), broken]]);
    let asked = Cell::new(0);
    let mut listener = Listener::of(&world).fail_on(|state| {
        asked.set(asked.get() + 1);
        Ok(state["boot_error"].is_string())
    });
    let outcome = world.watch_with(&request(json!({ "failOn": FUNCTION })), &mut listener).await;
    assert_eq!(failed(&outcome)["status"], json!("running"));
    assert_eq!(asked.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_fail_on_no_state_rejects() {
    let world = boots(&["error", "exited", "running"]);
    assert_eq!(reached(&world.watch(&request(json!({}))).await), "running");
}

#[tokio::test(start_paused = true)]
async fn leave_first_counts_nothing_until_the_first_status_is_left() {
    let world = boots(&["running", "running", "stopping", "running"]);
    let outcome = world.watch(&request(json!({ "leaveFirst": true }))).await;
    assert_eq!(reached(&outcome), "running");
    assert_eq!(world.kinds().len(), 4, "the first `running` is told, but does not count");
}

#[tokio::test(start_paused = true)]
async fn leave_first_holds_for_fail_on_as_well() {
    let world = boots(&["exited", "exited", "starting", "exited"]);
    let outcome = world.watch(&request(json!({ "leaveFirst": true, "failOn": "exited" }))).await;
    assert_eq!(failed(&outcome)["status"], json!("exited"));
    assert_eq!(world.kinds().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn leave_first_asks_no_function_about_the_first_status() {
    let world = boots(&["running", "starting"]);
    let asked: RefCell<Vec<Value>> = RefCell::default();
    let mut listener = Listener::of(&world).fail_on(|state| {
        asked.borrow_mut().push(state["status"].clone());
        Ok(false)
    });
    let request = request(json!({ "leaveFirst": true, "failOn": FUNCTION, "until": FUNCTION }));
    world.watch_with(&request, &mut listener).await.unwrap_err();
    assert_eq!(*asked.borrow(), ["starting"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_status_is_the_watchs_not_the_attempts() {
    let world = World::new([vec![state("running"), End], vec![state("stopping"), End], vec![state("running")]]);
    let outcome = world.watch(&request(json!({ "leaveFirst": true, "maxRetries": 2 }))).await;
    assert_eq!(reached(&outcome), "running");
    assert_eq!(world.opened().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn leave_first_counts_a_first_status_that_a_read_has_told() {
    let world = World::new([vec![CloseForGood]]).with_reads(["running", "stopping", "running"].map(Read::Status));
    assert_eq!(reached(&world.watch(&request(json!({ "leaveFirst": true }))).await), "running");
    assert_eq!(world.read_at(), [0.0, 5.0, 10.0]);
}

#[tokio::test(start_paused = true)]
async fn once_the_target_is_reached_later_states_change_nothing_fail_on_neither() {
    let world = World::new([vec![state("running"), Wait(0.2), state("error"), complete("running")]]);
    let outcome = world.watch(&request(json!({ "failOn": "error" }))).await;
    assert_eq!(reached(&outcome), "running");
    assert_eq!(world.kinds(), ["state", "state", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_throws_ends_the_watch_with_its_name_after_the_state_is_told() {
    for (field, asks_for) in [("until", "running"), ("failOn", "starting")] {
        let world = World::new([vec![state(asks_for), Silence]]);
        let mut listener = Listener::of(&world).until(|_| Err(thrown("until"))).fail_on(|_| Err(thrown("failOn")));
        let outcome = world.watch_with(&request(json!({ field: FUNCTION, "maxRetries": 9 })), &mut listener).await;
        assert_eq!(bad_field(&outcome).field, field);
        assert_eq!(world.kinds(), ["state"]);
        assert!(world.seconds() < 0.01, "at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_throws_about_a_reads_state_ends_the_watch_as_well() {
    for (streams, reads) in
        [(vec![vec![Silence]], 15.0), (vec![vec![CloseForGood]], 0.0), (vec![vec![complete("x")]], 0.0)]
    {
        let world = World::new(streams).with_reads([Read::Status("running")]);
        let mut listener = Listener::of(&world).until(|_| Err(thrown("until")));
        let outcome = world.watch_with(&request(json!({ "until": FUNCTION })), &mut listener).await;
        assert_eq!(bad_field(&outcome).field, "until");
        assert_eq!(world.read_at(), [reads]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_status_that_differs_only_in_case_or_space_is_hinted_at_once_a_watch() {
    for (target, status) in [("running", "Running"), ("running", " running\n"), ("Running ", "running")] {
        let world = boots(&["starting", status, status, "RUNNING"]);
        world.watch(&request(json!({ "target": ["stopped", target] }))).await.unwrap_err();
        let hints = world.hints();
        assert_eq!(hints.len(), 1, "{hints:?}");
        assert!(hints[0].contains(&format!("\"{status}\"")) && hints[0].contains(&format!("\"{target}\"")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_or_quite_another_status_is_not_hinted_at() {
    let world = boots(&["runnin", "running2", "stopped", "running"]);
    world.watch(&request(json!({ "target": ["Running", "running"] }))).await.unwrap();
    assert_eq!(world.hints(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_hint_is_one_a_watch_not_one_an_attempt() {
    let world = World::new([vec![state("Running"), End], vec![state("Running"), End]]);
    world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap_err();
    assert_eq!(world.hints().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn complete_while_until_holds_back_goes_on_by_reads() {
    let busy = json!({ "status": "running", "in_progress": true });
    let done = json!({ "status": "running", "in_progress": false });
    let reads = [busy.clone(), busy.clone(), done].map(Read::Raw);
    let world = World::new([vec![Say("state", busy.to_string()), complete("running"), Silence]]).with_reads(reads);
    let mut listener = Listener::of(&world).until(|state| Ok(state["in_progress"] == json!(false)));
    let outcome = world.watch_with(&request(json!({ "until": FUNCTION })), &mut listener).await;
    assert_eq!(outcome.unwrap().json().0["in_progress"], json!(false));
    assert_eq!(world.read_at(), [0.0, 5.0, 10.0], "a read has just told: the next comes an interval later");
    assert_eq!(world.opened().len(), 1, "another stream would be complete at once");
    assert_eq!(world.kinds(), ["state", "complete", "state"], "a read that tells nothing new is not told");
}

#[tokio::test(start_paused = true)]
async fn complete_while_leave_first_holds_back_goes_on_by_reads() {
    let world = World::new([vec![state("running"), complete("running")]])
        .with_reads(["running", "running", "stopping", "running"].map(Read::Status));
    assert_eq!(reached(&world.watch(&request(json!({ "leaveFirst": true }))).await), "running");
    assert_eq!(world.read_at(), [0.0, 5.0, 10.0, 15.0]);
    assert_eq!(world.opened().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn complete_and_a_read_that_fail_on_names_rejects() {
    let world = World::new([vec![complete("running")]]).with_reads([Read::Status("error")]);
    let outcome = world.watch(&request(json!({ "failOn": "error", "maxRetries": 9 }))).await;
    assert_eq!(failed(&outcome)["status"], json!("error"));
    assert_eq!(world.kinds(), ["complete", "state"]);
}

#[tokio::test(start_paused = true)]
async fn a_read_is_judged_even_if_it_tells_nothing_new() {
    // The stream does not tell `in_progress`, the read does.
    let world = World::new([vec![state("running"), Silence]])
        .with_reads([Read::Raw(json!({ "status": "running", "in_progress": false }))]);
    let mut listener = Listener::of(&world).until(|state| Ok(state["in_progress"] == json!(false)));
    world.watch_with(&request(json!({ "until": FUNCTION })), &mut listener).await.unwrap();
    assert_eq!((world.kinds(), world.read_at()), (vec!["state"], vec![15.0]));
}

#[tokio::test(start_paused = true)]
async fn complete_and_a_read_of_another_status_is_not_reached() {
    let world = World::new([vec![complete("running")]]).with_reads([Read::Status("starting")]);
    let outcome = world.watch(&request(json!({}))).await;
    let Err(WatchError::RetriesExceeded { failure, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure, Failure::NotReached { status: "starting".into() });
    assert_eq!(world.told().pop().unwrap().1.code, Some("not_reached"));
}
