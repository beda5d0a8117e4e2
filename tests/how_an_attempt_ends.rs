//! The rows of "How an attempt ends" in the contract, on virtual time.
#![cfg(not(target_arch = "wasm32"))]

mod world;

use cvm_watch::{Failure, Progress, WatchError, watch};
use serde_json::json;
use world::Step::{Answer, AnswerRetryAfter, Break, CloseForGood, End, Redirect, Say, Silence, Wait};
use world::{Entry, Listener, Outcome, Read, World, complete, request, state};

fn gave_up(outcome: &Outcome) -> &Failure<world::TestJson> {
    match outcome {
        Err(WatchError::RetriesExceeded { failure, .. }) => failure,
        other => panic!("not a watch that gave up: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn state_with_the_target_status_resolves_with_this_state() {
    let world = World::new([vec![Wait(3.0), state("running"), complete("running")]]);
    let reached = world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(reached.json().0, json!({ "status": "running", "boot_progress": "booting" }));
    assert_eq!(world.kinds(), ["state", "complete"]);
    assert!(world.seconds() < 3.1, "the promise settles with `complete`, not a second later");
}

#[tokio::test(start_paused = true)]
async fn complete_is_awaited_for_at_most_one_second() {
    let world = World::new([vec![state("running"), Silence]]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.kinds(), ["state"]);
    assert!((world.seconds() - 1.0).abs() < 0.01);
}

#[tokio::test(start_paused = true)]
async fn any_other_end_of_the_stream_in_that_second_resolves_all_the_same() {
    let timeout = Say("timeout", json!({ "error": "late" }).to_string());
    let error = Say("error", json!({ "error": "oops" }).to_string());
    for (end, kinds) in [
        (vec![End], vec!["state"]),
        (vec![Break], vec!["state"]),
        (vec![CloseForGood], vec!["state"]),
        (vec![timeout], vec!["state", "timeout"]),
        (vec![error, End], vec!["state", "error"]),
        (vec![state("stopping"), End], vec!["state", "state"]),
        (vec![state("stopping"), complete("running")], vec!["state", "state", "complete"]),
        (vec![Say("state", "{".into()), complete("running")], vec!["state", "error", "complete"]),
    ] {
        let world = World::new([[vec![state("running"), Wait(0.5)], end].concat()]);
        assert_eq!(world.watch(&request(json!({}))).await.unwrap().status(), "running");
        assert_eq!(world.kinds(), kinds);
    }
}

#[tokio::test(start_paused = true)]
async fn the_attempts_timeout_in_that_second_resolves_all_the_same() {
    let world = World::new([vec![Wait(9.9), state("running"), Silence]]);
    world.watch(&request(json!({ "timeout": 10 }))).await.unwrap();
    assert_eq!(world.kinds(), ["state"]);
    assert!((world.seconds() - 10.9).abs() < 0.01);
}

#[tokio::test(start_paused = true)]
async fn state_with_another_status_goes_on() {
    let world = World::new([vec![state("stopped"), Wait(1.0), state("starting"), Wait(1.0), state("running")]]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.events(), [("state", 1, None), ("state", 1, None), ("state", 1, None)]);
    assert_eq!(world.opened().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_target_is_compared_exactly() {
    let world = World::new([vec![state("Running"), state("running "), state("runnin"), End]]);
    gave_up(&world.watch(&request(json!({}))).await);
}

#[tokio::test(start_paused = true)]
async fn complete_without_a_state_is_decided_by_the_one_shot_read() {
    let world = World::new([vec![complete("running"), Silence]]).with_reads([Read::Status("running")]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.kinds(), ["complete", "state"]);
    assert_eq!(world.read_at().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn complete_after_a_stale_state_is_decided_by_the_one_shot_read() {
    let world = World::new([vec![state("starting"), complete("running")]]).with_reads([Read::Status("stopped")]);
    let mut progress = Progress::default();
    let outcome = watch(&world, &request(json!({})), &mut progress, &mut Listener::of(&world)).await;
    assert_eq!(gave_up(&outcome), &Failure::NotReached { status: "stopped".into() });
    assert_eq!(world.kinds(), ["state", "complete", "state", "error"], "what the read tells is told");
    assert_eq!(progress.last_state.unwrap().status(), "stopped", "what the read has told is the last state, too");
}

#[tokio::test(start_paused = true)]
async fn the_stream_is_closed_before_the_one_shot_read_begins() {
    for end in [complete("running"), CloseForGood] {
        let world = World::new([vec![end]]).with_reads([Read::Slow(2.0, "running")]);
        world.watch(&request(json!({}))).await.unwrap();
        let entries: Vec<_> = world.log().into_iter().map(|(_, entry)| entry).collect();
        let place = |wanted| entries.iter().position(|entry| *entry == wanted).unwrap();
        assert!(place(Entry::Closed) < place(Entry::Read));
    }
}

#[tokio::test(start_paused = true)]
async fn a_one_shot_read_after_complete_that_fails_is_a_failed_attempt() {
    for read in [Read::Break, Read::Fail(503), Read::Raw(json!({ "status": 7 })), Read::Raw(json!(null))] {
        let world = World::new([vec![complete("running")], vec![state("running")]]).with_reads([read]);
        world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
        assert_eq!(world.events()[..2], [("complete", 1, None), ("error", 1, Some(5.0))]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_one_shot_read_counts_towards_the_timeout() {
    let world = World::new([vec![Wait(9.0), complete("running")]]).with_reads([Read::Slow(5.0, "running")]);
    gave_up(&world.watch(&request(json!({ "timeout": 10 }))).await);
    assert_eq!(world.kinds(), ["complete", "timeout"]);
    assert!((world.seconds() - 10.0).abs() < 0.01);
}

#[tokio::test(start_paused = true)]
async fn the_servers_timeout_ends_the_attempt() {
    let payload = json!({ "error": "Timeout", "elapsed": 100.2, "target": "running" });
    let world =
        World::new([vec![state("starting"), Say("timeout", payload.to_string()), Silence], vec![state("running")]]);
    world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
    assert_eq!(world.events(), [("state", 1, None), ("timeout", 1, Some(5.0)), ("state", 2, None)]);
    assert_eq!(world.payloads()[1], payload);
    assert_eq!(world.opened(), [0.0, 5.0]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_lasts_timeout_seconds_at_most_whatever_has_arrived() {
    for steps in [
        vec![Wait(60.0), state("running")],
        vec![Silence],
        vec![state("starting"), Silence],
        vec![[Wait(4.0), state("starting")]; 9].concat(),
    ] {
        let world = World::new([steps]);
        let outcome = world.watch(&request(json!({ "timeout": 10 }))).await;
        assert!(matches!(gave_up(&outcome), Failure::TimedOut { .. }));
        assert!((world.seconds() - 10.0).abs() < 0.01);
        assert_eq!(world.kinds().iter().filter(|kind| **kind == "timeout").count(), 1);
        let made_here = world.payloads().pop().unwrap();
        assert_eq!((&made_here["elapsed"], &made_here["target"]), (&json!(10.0), &json!("running")));
        assert!(made_here["error"].is_string());
    }
}

#[tokio::test(start_paused = true)]
async fn the_servers_error_goes_on() {
    let world = World::new([vec![Say("error", r#"{"error":"flaky"}"#.into()), Wait(1.0), state("running")]]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.events(), [("error", 1, None), ("state", 1, None)]);
}

#[tokio::test(start_paused = true)]
async fn the_servers_error_is_the_failures_message_if_the_stream_then_ends() {
    for (payload, message) in [
        (r#"{"error":"boot_failed","message":"the disk is full"}"#, "the disk is full"),
        (r#"{"error":"boot failed"}"#, "boot failed"),
        (r#"{"error":"boot failed","message":""}"#, "boot failed"),
        (r#""boot failed""#, "boot failed"),
    ] {
        for end in [End, Break] {
            let world = World::new([vec![Say("error", payload.into()), end]]);
            let outcome = world.watch(&request(json!({}))).await;
            assert_eq!(gave_up(&outcome).to_string(), message);
            let closing = &world.told()[1].1;
            assert_ne!(closing.payload["error"], json!(message), "no event repeats the words of the one before it");
            assert!(matches!(closing.code, Some("ended" | "broken")), "{closing:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_error_counts_unless_a_state_follows_it() {
    let error = |error| Say("error", json!({ "error": error }).to_string());
    let silent = Say("error", r#"{"error":""}"#.into());
    for (steps, message) in [
        (vec![error("first"), error("second"), End], "second"),
        (vec![error("first"), silent, End], "first"),
        (vec![error("first"), state("starting"), End], "the event stream ended before the target was reached"),
    ] {
        let world = World::new([steps]);
        assert_eq!(gave_up(&world.watch(&request(json!({}))).await).to_string(), message);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_event_of_any_shape_is_passed_on() {
    for payload in ["null", "[]", "7", r#""""#, r#"{"error":7}"#] {
        let world = World::new([vec![Say("error", payload.into()), End]]);
        assert_eq!(gave_up(&world.watch(&request(json!({}))).await), &Failure::Ended);
        assert_eq!(world.payloads()[0].to_string(), payload);
    }
}

#[tokio::test(start_paused = true)]
async fn data_that_is_not_json_is_an_error_event_and_goes_on() {
    for name in ["state", "complete", "timeout", "error"] {
        let world = World::new([vec![Say(name, "{\"status\":".into()), Wait(1.0), state("running")]]);
        world.watch(&request(json!({}))).await.unwrap();
        assert_eq!(world.events(), [("error", 1, None), ("state", 1, None)]);
        let message = world.payloads()[0]["error"].as_str().unwrap().to_owned();
        assert!(message.contains(name) && message.contains("not JSON"), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_without_a_string_status_is_an_error_event_and_goes_on() {
    for data in ["null", "[]", "7", "\"running\"", "{}", r#"{"status":null}"#, r#"{"status":7}"#] {
        let world = World::new([vec![Say("state", data.into()), state("running")]]);
        world.watch(&request(json!({}))).await.unwrap();
        assert_eq!(world.kinds(), ["error", "state"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_name_is_ignored() {
    let world = World::new([vec![
        Say("message", "x".into()),
        Say("heartbeat", "{}".into()),
        Say("State", "{}".into()),
        state("running"),
    ]]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.kinds(), ["state"]);
}

#[tokio::test(start_paused = true)]
async fn a_clean_end_without_the_target_is_a_failed_attempt() {
    let world = World::new([vec![state("starting"), End], vec![state("running")]]);
    world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
    assert_eq!(world.events(), [("state", 1, None), ("error", 1, Some(5.0)), ("state", 2, None)]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_never_resolves_with_a_state_that_is_not_the_target() {
    let world = World::new([vec![state("stopped"), End]]);
    assert_eq!(gave_up(&world.watch(&request(json!({}))).await), &Failure::Ended);
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_a_failed_attempt() {
    let world = World::new([vec![Break], vec![state("starting"), Break], vec![state("running")]]);
    world.watch(&request(json!({ "maxRetries": 2 }))).await.unwrap();
    assert_eq!(
        world.events(),
        [("error", 1, Some(5.0)), ("state", 2, None), ("error", 2, Some(5.0)), ("state", 3, None)]
    );
}

#[tokio::test(start_paused = true)]
async fn statuses_408_425_429_and_5xx_are_failed_attempts() {
    for status in [408, 425, 429, 500, 502, 503, 504, 599] {
        let world = World::new([vec![Answer(status)], vec![state("running")]]);
        world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
        assert_eq!(world.events(), [("error", 1, Some(5.0)), ("state", 2, None)]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_waits_for_retry_after_if_that_is_longer_than_retry_delay() {
    for (retry_after, delay) in [(30, 30.0), (1, 5.0), (u64::MAX, 600.0), (601, 600.0)] {
        let world = World::new([vec![AnswerRetryAfter(503, retry_after)], vec![state("running")]]);
        world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
        assert_eq!(world.events()[0], ("error", 1, Some(delay)));
        assert_eq!(world.opened(), [0.0, delay]);
    }
}

#[tokio::test(start_paused = true)]
async fn status_204_and_every_other_4xx_reject_at_once() {
    let passing = [408, 425, 429];
    for status in (400..500).filter(|status| !passing.contains(status)).chain([204]) {
        let world = World::new([vec![Answer(status)]]);
        let outcome = world.watch(&request(json!({ "maxRetries": 9 }))).await;
        assert!(matches!(outcome, Err(WatchError::Refused(Failure::Status(refusal))) if refusal.status == status));
        assert_eq!(world.events(), [("error", 1, None)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_closed_for_good_asks_the_one_shot_read_once() {
    let world = World::new([vec![CloseForGood]]).with_reads([Read::Fail(404)]);
    let outcome = world.watch(&request(json!({ "maxRetries": 9 }))).await;
    assert!(
        matches!(outcome, Err(WatchError::Refused(Failure::Status(refusal))) if refusal.status == 404),
        "a permanent status rejects"
    );
    assert_eq!(world.kinds(), ["error"]);

    let world = World::new([vec![CloseForGood]]).with_reads([Read::Status("running")]);
    world.watch(&request(json!({}))).await.expect("the target status resolves");
    assert_eq!(world.kinds(), ["state"]);

    let world = World::new([vec![CloseForGood]]).with_reads([Read::Status("starting"), Read::Status("running")]);
    world.watch(&request(json!({}))).await.expect("any other state carries the attempt on by reads");
    assert_eq!((world.kinds(), world.read_at()), (vec!["state", "state"], vec![0.0, 5.0]));

    for (read, code) in [(Read::Break, "refused"), (Read::Fail(503), "status"), (Read::Raw(json!([])), "refused")] {
        let world = World::new([vec![CloseForGood], vec![state("running")]]).with_reads([read]);
        world.watch(&request(json!({ "maxRetries": 1 }))).await.expect("anything else is a failed attempt");
        assert_eq!(world.events()[0], ("error", 1, Some(5.0)));
        assert_eq!(world.told()[0].1.code, Some(code));
        assert_eq!(world.read_at().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_that_must_not_be_followed_rejects_at_once() {
    let world = World::new([vec![Redirect]]);
    let outcome = world.watch(&request(json!({ "maxRetries": 9 }))).await;
    assert_eq!(outcome, Err(WatchError::Refused(Failure::Redirected { status: 307 })));
    assert_eq!(world.events(), [("error", 1, None)]);
}
