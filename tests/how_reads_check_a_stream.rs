//! The rows of "The stream is a hint, the read is the truth" in the contract: silence, refused streams, reads.
#![cfg(not(target_arch = "wasm32"))]

mod world;

use cvm_watch::{Failure, WatchError};
use serde_json::{Value, json};
use world::Step::{Answer, AnswerHtml, AnswerRetryAfter, Break, CloseForGood, End, Say, Silence, Throw, Wait};
use world::{Entry, Listener, Read, World, complete, digest, request, state};

fn statuses(world: &World) -> Vec<(f64, String)> {
    world.statuses()
}

fn at(time: f64, status: &str) -> (f64, String) {
    (time, status.into())
}

#[tokio::test(start_paused = true)]
async fn after_three_intervals_without_an_event_there_is_one_read() {
    let world = World::new([vec![state("starting"), Silence]]).with_reads(vec![Read::Status("starting"); 9]);
    world.watch(&request(json!({ "timeout": 59 }))).await.unwrap_err();
    assert_eq!(world.read_at(), [15.0, 30.0, 45.0], "and again after three more intervals");
    assert_eq!((world.opened().len(), world.kinds()), (1, vec!["state", "timeout"]), "the stream stays");
}

#[tokio::test(start_paused = true)]
async fn an_event_begins_the_silence_anew_and_a_comment_does_not() {
    let events =
        [state("starting"), Say("error", "{}".into()), Say("state", "{".into()), Say("heartbeat", "{}".into())];
    for (event, read) in events.into_iter().zip([24.0, 24.0, 24.0, 15.0]) {
        let world = World::new([vec![Wait(9.0), event, Silence]]).with_reads(vec![Read::Status("running")]);
        world.watch(&request(json!({}))).await.unwrap();
        assert_eq!(world.read_at(), [read]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_tells_much_sets_no_timer_for_each_event() {
    let mut timers = Vec::new();
    for events in [1, 100] {
        let world = World::new([[vec![state("starting"); events], vec![End]].concat()]);
        world.watch(&request(json!({}))).await.unwrap_err();
        assert_eq!(world.statuses().len(), events);
        timers.push(world.timers.get());
    }
    assert_eq!(timers[0], timers[1]);
}

#[tokio::test(start_paused = true)]
async fn the_time_to_connect_counts_as_silence() {
    let world = World::new([vec![Silence]]).with_reads(vec![Read::Status("running")]);
    world.watch(&request(json!({ "interval": 10 }))).await.unwrap();
    assert_eq!((world.read_at(), statuses(&world)), (vec![30.0], vec![at(30.0, "running")]));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_has_reached_the_target_resolves_and_one_that_fail_on_names_rejects() {
    let silent = || World::new([vec![state("starting"), Silence]]);
    let world = silent().with_reads([Read::Status("running")]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!((world.kinds(), world.seconds()), (vec!["state", "state"], 15.0));

    let world = silent().with_reads([Read::Status("error")]);
    let outcome = world.watch(&request(json!({ "failOn": "error" }))).await;
    assert!(matches!(outcome, Err(WatchError::CvmFailed(_))));
    assert_eq!(world.kinds(), ["state", "state"], "the state is told before it rejects");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_missed_a_state_is_dead_and_a_new_one_takes_its_place() {
    let world = World::new([vec![state("starting"), Silence], vec![Wait(1.0), state("running")]])
        .with_reads([Read::Status("stopping")]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(statuses(&world), [at(0.0, "starting"), at(15.0, "stopping"), at(16.0, "running")]);
    assert_eq!(world.opened(), [0.0, 15.0]);
    assert!(world.events().iter().all(|(_, attempt, _)| *attempt == 1), "it is no new attempt");
    let order: Vec<_> = world.log().into_iter().map(|(_, entry)| entry).collect();
    let closed = order.iter().position(|entry| *entry == Entry::Closed).unwrap();
    assert!(matches!(&order[closed + 1], Entry::Event(event) if event.payload["status"] == "stopping"));
    assert_eq!(order[closed + 2], Entry::Opened, "closed, told, opened anew");
}

#[tokio::test(start_paused = true)]
async fn a_state_is_another_by_its_status_or_its_progress() {
    let told = json!({ "status": "starting", "boot_progress": "booting", "boot_error": "", "uptime": "1s" });
    let with = |field: &str, value: Value| {
        let mut state = told.clone();
        state[field] = value;
        state
    };
    let mut without = told.clone();
    without.as_object_mut().unwrap().retain(|field, _| field == "status");
    for (read, is_another) in [
        (with("status", json!("stopping")), true),
        (with("boot_progress", json!("done")), true),
        (with("boot_progress", json!(null)), true),
        (with("boot_error", json!("disk full")), true),
        (with("boot_error", json!(null)), false),
        (with("uptime", json!("2s")), false),
        (with("in_progress", json!(true)), false),
        (with("shutdown_progress", json!("halfway")), false),
        (without, false),
    ] {
        let world = World::new([vec![Say("state", told.to_string()), Silence], vec![Silence]])
            .with_reads([Read::Raw(read.clone())]);
        world.watch(&request(json!({ "timeout": 20 }))).await.unwrap_err();
        assert_eq!(world.opened().len() == 2, is_another, "{read}");
        assert_eq!(world.statuses().len() == 2, is_another, "{read}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_of_four_fields_makes_another_state_where_both_tell_it() {
    for field in ["boot_progress", "boot_error", "shutdown_progress", "in_progress"] {
        for (one, other) in [(json!(true), json!(false)), (json!("one"), json!("two")), (json!("one"), json!(null))] {
            let with = |value: &Value| json!({ "status": "starting", field: value });
            let world = World::new([vec![Say("state", with(&one).to_string()), Silence], vec![Silence]])
                .with_reads([Read::Raw(with(&other))]);
            world.watch(&request(json!({ "timeout": 20 }))).await.unwrap_err();
            assert_eq!(world.opened(), [0.0, 15.0], "{field}: {one}, {other}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_beside_a_stream_that_fails_changes_nothing() {
    let reads = [Read::Break, Read::Fail(404), Read::Fail(503), Read::Redirect, Read::Raw(json!([]))];
    let world = World::new([vec![state("starting"), Silence]]).with_reads(reads);
    world.watch(&request(json!({ "timeout": 80 }))).await.unwrap_err();
    assert_eq!(world.read_at(), [15.0, 30.0, 45.0, 60.0, 75.0]);
    assert_eq!((world.opened().len(), world.kinds()), (1, vec!["state", "timeout"]));
}

#[tokio::test(start_paused = true)]
async fn a_read_beside_a_stream_without_an_answer_in_ten_seconds_has_failed() {
    let world = World::new([vec![state("starting"), Silence]])
        .with_reads([Read::Slow(60.0, "running"), Read::Slow(9.9, "running")]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!((world.read_at(), statuses(&world)[1].clone()), (vec![15.0, 40.0], at(49.9, "running")));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_speaks_during_the_read_is_alive_and_newer_than_the_read() {
    let world = World::new([vec![state("starting"), Wait(17.0), state("stopping"), Wait(1.0), state("running")]])
        .with_reads([Read::Slow(5.0, "exited")]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(statuses(&world), [at(0.0, "starting"), at(17.0, "stopping"), at(18.0, "running")]);
    assert_eq!(world.opened().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_stream_that_fails_fails_the_attempt_and_its_timeout_goes_on() {
    let world = World::new([vec![state("starting"), Silence], vec![Break], vec![state("running")]])
        .with_reads([Read::Status("stopping")]);
    world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
    assert_eq!(world.events()[1..3], [("state", 1, None), ("error", 1, Some(5.0))]);

    let world = World::new([vec![state("starting"), Silence], vec![Silence]]).with_reads([Read::Status("stopping")]);
    world.watch(&request(json!({ "timeout": 20 }))).await.unwrap_err();
    assert_eq!(world.closed(), [15.0, 20.0]);
}

#[tokio::test(start_paused = true)]
async fn the_second_dead_stream_of_an_attempt_is_not_replaced() {
    let world = World::new([vec![Silence], vec![Silence], vec![state("running")]])
        .with_reads(["starting", "stopping", "stopped", "starting"].map(Read::Status));
    world.watch(&request(json!({ "timeout": 42, "maxRetries": 1 }))).await.unwrap();
    assert_eq!(world.read_at(), [15.0, 30.0, 35.0, 40.0], "a proxy that buffers: the attempt goes on by reads");
    assert_eq!(world.opened(), [0.0, 15.0, 47.0], "the next attempt tries a stream again");
}

#[tokio::test(start_paused = true)]
async fn a_refused_stream_goes_on_by_reads_if_the_read_succeeds() {
    for refusal in [CloseForGood, Answer(429), AnswerRetryAfter(429, 60), AnswerHtml] {
        let world =
            World::new([vec![Wait(1.0), refusal]]).with_reads(["starting", "starting", "running"].map(Read::Status));
        world.watch(&request(json!({}))).await.unwrap();
        assert_eq!(statuses(&world), [at(1.0, "starting"), at(11.0, "running")]);
        assert_eq!(world.kinds(), ["state", "state"], "onEvent hears nothing of the refusal");
        assert_eq!(world.read_at(), [1.0, 6.0, 11.0], "a read has just told: the next comes an interval later");
        assert_eq!(world.opened().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn another_refusal_than_429_or_a_content_type_is_decided_without_a_read() {
    for answer in [408, 425, 500, 503] {
        let world = World::new([vec![Answer(answer)]]).with_reads([Read::Status("running")]);
        world.watch(&request(json!({}))).await.unwrap_err();
        assert_eq!(world.read_at(), [0.0; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_stream_and_a_read_that_fails_is_a_failed_attempt_by_the_reads_failure() {
    for (refusal, read, code, http_status) in [
        (Answer(429), Read::Fail(503), "status", Some(503)),
        (Answer(429), Read::Break, "broken", None),
        (AnswerHtml, Read::Raw(json!("<html>")), "malformed", None),
        (AnswerHtml, Read::Slow(60.0, "running"), "broken", None),
        (CloseForGood, Read::Fail(500), "status", Some(500)),
        (CloseForGood, Read::Break, "refused", None),
    ] {
        let world = World::new([vec![refusal], vec![state("running")]]).with_reads([read]);
        world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
        let event = &world.told()[0].1;
        assert_eq!((event.kind, event.code, event.http_status), ("error", Some(code), http_status));
        assert_eq!(event.retry_in, Some(5.0));
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_waits_for_the_longest_retry_after() {
    for (refusal, read, wait) in [
        (AnswerRetryAfter(429, 60), Read::Fail(503), 60.0),
        (AnswerRetryAfter(429, 60), Read::FailRetryAfter(503, 90), 90.0),
        (AnswerRetryAfter(429, 90), Read::FailRetryAfter(503, 60), 90.0),
        (AnswerRetryAfter(429, 60), Read::Break, 60.0),
        (AnswerRetryAfter(429, 1), Read::Break, 5.0),
        (Answer(429), Read::FailRetryAfter(429, 7), 7.0),
        (CloseForGood, Read::FailRetryAfter(429, 7), 7.0),
    ] {
        let world = World::new([vec![refusal], vec![state("running")]]).with_reads([read]);
        world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
        assert_eq!(world.opened(), [0.0, wait]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_stream_and_a_permanent_refusal_of_the_read_rejects() {
    for refusal in [CloseForGood, Answer(429), AnswerHtml] {
        for read in [Read::Fail(401), Read::Redirect] {
            let world = World::new([vec![refusal.clone()]]).with_reads([read]);
            let outcome = world.watch(&request(json!({ "maxRetries": 9 }))).await;
            assert!(matches!(outcome, Err(WatchError::Refused(_))));
            assert_eq!(world.events(), [("error", 1, None)]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_stream_is_closed_before_the_read_and_tried_again_after_thirty_seconds() {
    let world = World::new([vec![CloseForGood], vec![state("running")]]).with_reads(vec![Read::Status("starting"); 9]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.closed()[..1], [0.0]);
    assert_eq!(world.read_at(), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]);
    assert_eq!(world.opened(), [0.0, 30.0], "instead of the next read");
    assert!(world.events().iter().all(|(_, attempt, _)| *attempt == 1), "it is no new attempt");
}

#[tokio::test(start_paused = true)]
async fn without_streams_there_are_only_reads() {
    let world = World::of_reads(["starting", "starting", "stopping", "running"].map(Read::Status));
    world.watch(&request(json!({ "interval": 10 }))).await.unwrap();
    assert_eq!(world.read_at(), [0.0, 10.0, 20.0, 30.0]);
    assert_eq!(statuses(&world), [at(0.0, "starting"), at(20.0, "stopping"), at(30.0, "running")]);
    assert_eq!(world.opened(), [0.0; 0]);
}

#[tokio::test(start_paused = true)]
async fn reads_come_one_an_interval_give_or_take_ten_percent() {
    for (random, interval) in [(0.0, 4.5), (0.5, 5.0), (0.995, 5.495)] {
        let mut world = World::of_reads(["starting", "starting", "running"].map(Read::Status));
        world.random = random;
        world.watch(&request(json!({}))).await.unwrap();
        assert_eq!(world.read_at(), [0.0, interval, 2.0 * interval]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_interval_runs_from_the_start_of_a_read() {
    let slow = || Read::Slow(2.0, "starting");
    let world = World::of_reads([slow(), slow(), Read::Slow(7.0, "starting"), slow(), Read::Status("running")]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.read_at(), [0.0, 5.0, 10.0, 17.0, 22.0]);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_ends_the_attempt_like_a_stream_that_failed() {
    let world = World::of_reads([Read::Status("starting"), Read::Break, Read::Status("running")]);
    world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
    assert_eq!(world.events(), [("state", 1, None), ("error", 1, Some(5.0)), ("state", 2, None)]);
    assert_eq!(world.read_at(), [0.0, 5.0, 10.0], "the first read of an attempt comes at once");

    let world = World::of_reads([Read::FailRetryAfter(503, 20), Read::Status("running")]);
    world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
    assert_eq!(world.read_at(), [0.0, 20.0]);

    let world = World::of_reads([Read::Fail(404)]);
    let outcome = world.watch(&request(json!({ "maxRetries": 9 }))).await;
    assert!(matches!(outcome, Err(WatchError::Refused(Failure::Status(_)))));
}

#[tokio::test(start_paused = true)]
async fn a_read_without_an_answer_in_ten_seconds_has_failed() {
    let world = World::of_reads([Read::Slow(11.0, "running"), Read::Slow(9.9, "running")]);
    world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap();
    assert_eq!(world.events()[0], ("error", 1, Some(5.0)));
    assert_eq!((world.told()[0].0, world.told()[0].1.code), (10.0, Some("broken")));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_by_reads_lasts_timeout_seconds_at_most() {
    let world = World::of_reads(vec![Read::Status("starting"); 9]);
    world.watch(&request(json!({ "timeout": 12, "maxRetries": 1 }))).await.unwrap_err();
    assert_eq!(world.read_at(), [0.0, 5.0, 10.0, 17.0, 22.0, 27.0]);
    assert_eq!(world.events()[1], ("timeout", 1, Some(5.0)));
}

#[tokio::test(start_paused = true)]
async fn a_foreign_error_rejects_at_once_with_that_very_error_and_nothing_is_told() {
    for (streams, reads) in [
        (vec![vec![Throw]], vec![]),
        (vec![vec![CloseForGood]], vec![Read::Throw]),
        (vec![vec![complete("running")]], vec![Read::Throw]),
        (vec![vec![Silence]], vec![Read::Throw]),
    ] {
        let world = World::new(streams).with_reads(reads);
        let outcome = world.watch(&request(json!({ "maxRetries": 9 }))).await;
        assert_eq!(outcome, Err(WatchError::Foreign(digest())));
        assert!(!world.kinds().contains(&"error"));
    }
    let world = World::of_reads([Read::Throw]);
    let outcome = world.watch(&request(json!({ "maxRetries": 9 }))).await;
    assert_eq!(outcome, Err(WatchError::Foreign(digest())));
}

#[tokio::test(start_paused = true)]
async fn a_dead_stream_counts_for_its_attempt_only() {
    let world = World::new([vec![Silence], vec![End], vec![Silence], vec![state("running")]])
        .with_reads(["starting", "stopping"].map(Read::Status));
    world.watch_with(&request(json!({ "maxRetries": 1 })), &mut Listener::of(&world)).await.unwrap();
    assert_eq!(world.opened(), [0.0, 15.0, 20.0, 35.0]);
}
