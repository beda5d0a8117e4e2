//! The rows of "How a watch ends" in the contract, on virtual time. (Abort is the caller's: it drops the watch.)
#![cfg(not(target_arch = "wasm32"))]

mod world;

use std::pin::pin;
use std::time::Duration;

use cvm_watch::{Failure, FieldError, Progress, WatchError, read, watch};
use serde_json::json;
use tokio::time::timeout;
use world::Step::{Answer, AnswerRetryAfter, Break, CloseForGood, End, Redirect, Say, Silence, Wait};
use world::{FUNCTION, Listener, Read, World, complete, number, request, state, thrown};

#[tokio::test(start_paused = true)]
async fn max_retries_exceeded_after_n_plus_one_attempts() {
    for retries in [0_u32, 1, 2, 7] {
        let world = World::new([]);
        let outcome = world.watch(&request(json!({ "maxRetries": retries }))).await;
        assert!(matches!(outcome, Err(WatchError::RetriesExceeded { .. })));
        assert_eq!(world.opened().len(), retries as usize + 1);
        let expected: Vec<f64> = (0..=retries).map(|attempt| f64::from(attempt) * 5.0).collect();
        assert_eq!(
            world.opened(),
            expected,
            "retries come `retryDelay` apart, and nothing is waited for after the last"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn max_retries_exceeded_holds_the_last_attempts_failure() {
    let world = World::new([vec![End], vec![Answer(503)], vec![Silence]]);
    let outcome = world.watch(&request(json!({ "maxRetries": 2 }))).await;
    assert!(matches!(outcome, Err(WatchError::RetriesExceeded { failure: Failure::TimedOut { .. }, .. })));
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "gave up after 3 attempts (ended × 1, 503 × 1, timed out × 1): timed out after 100 s"
    );
    assert_eq!(world.events().last(), Some(&("timeout", 3, None)), "the last event announces no further attempt");
}

#[tokio::test(start_paused = true)]
async fn without_max_retries_attempts_go_on() {
    let world = World::new(vec![vec![End]; 500].into_iter().chain([vec![state("running")]]));
    world.watch(&request(json!({ "maxRetries": number("inf"), "retryDelay": 0 }))).await.unwrap();
    assert_eq!(world.opened().len(), 501);
}

#[tokio::test(start_paused = true)]
async fn timed_out_and_failed_attempts_count_alike() {
    let world = World::new([vec![Silence], vec![Break], vec![state("running")]]);
    world.watch(&request(json!({ "maxRetries": 2, "timeout": 10, "retryDelay": 250 }))).await.unwrap();
    assert_eq!(world.opened(), [0.0, 10.25, 10.5]);
}

#[tokio::test(start_paused = true)]
async fn request_error_when_the_server_refused_for_good() {
    let world = World::new([vec![End], vec![Answer(403)]]);
    let outcome = world.watch(&request(json!({ "maxRetries": 9 }))).await;
    let Err(WatchError::Refused(Failure::Status(refusal))) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refusal.status, refusal.detail.unwrap().0), (403, json!("said the server")));
}

/// An abort drops the watch: whatever it is doing, its stream and its timers are released at once.
#[tokio::test(start_paused = true)]
async fn aborted_while_connecting_streaming_reading_or_waiting_leaves_nothing_alive() {
    let starting = || vec![state("starting"), Silence];
    for (doing, streams, attempts, last_state) in [
        ("connecting", vec![vec![Wait(60.0)]], 1, None),
        ("waiting for the first event", vec![vec![Silence]], 1, None),
        ("streaming", vec![starting()], 1, Some("starting")),
        ("waiting to retry", vec![vec![state("starting"), Break]], 1, Some("starting")),
        ("streaming again", vec![vec![Break], starting()], 2, Some("starting")),
        ("reading once", vec![vec![complete("running")]], 1, None),
        ("reading once for a reason", vec![vec![CloseForGood]], 1, None),
        ("awaiting complete", vec![vec![Wait(6.5), state("running"), Silence]], 1, Some("running")),
    ] {
        let world = World::new(streams).with_reads([Read::Slow(60.0, "running")]);
        let mut progress = Progress::default();
        let request =
            request(json!({ "maxRetries": 9, "retryDelay": if doing.ends_with("retry") { 50_000 } else { 5_000 } }));
        {
            let mut listener = Listener::of(&world);
            let mut watching = Box::pin(watch(&world, &request, &mut progress, &mut listener));
            timeout(Duration::from_secs(7), &mut watching).await.expect_err(doing);
            assert!(world.alive() > 0, "{doing}");
            drop(watching);
        }
        assert_eq!(world.alive(), 0, "{doing}");
        assert_eq!(progress.attempts, attempts, "{doing}");
        assert_eq!(progress.last_state.as_ref().map(cvm_watch::CvmState::status), last_state, "{doing}");
    }
}

#[tokio::test(start_paused = true)]
async fn aborted_before_the_start_makes_no_request() {
    let world = World::new([vec![state("running")]]);
    let mut progress = Progress::default();
    drop(watch(&world, &request(json!({})), &mut progress, &mut Listener::of(&world)));
    assert_eq!((world.opened().len(), progress.attempts), (0, 0));
}

/// When the callback hears the last event, the connection may still be open; when the promise settles, it is not.
#[tokio::test(start_paused = true)]
async fn the_connection_is_closed_before_the_watch_settles() {
    for streams in [vec![vec![state("running"), complete("running"), Silence]], vec![vec![Answer(404), Silence]]] {
        let world = World::new(streams);
        let request = request(json!({}));
        let mut progress = Progress::default();
        let mut listener = Listener::of(&world);
        let mut watching = pin!(watch(&world, &request, &mut progress, &mut listener));
        let _settled = watching.as_mut().await;
        assert_eq!(world.alive(), 0, "though the settled future itself is not dropped yet");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_state_is_kept_across_attempts() {
    let world = World::new([vec![state("starting"), Break], vec![Say("state", "{}".into()), Break]]);
    let mut progress = Progress::default();
    let request = request(json!({ "maxRetries": 1 }));
    watch(&world, &request, &mut progress, &mut Listener::of(&world)).await.unwrap_err();
    assert_eq!(progress.last_state.unwrap().status(), "starting");
}

#[tokio::test(start_paused = true)]
async fn messages_say_what_was_wrong() {
    let refusal = |detail| cvm_watch::Refusal { status: 404, detail: Some(world::TestJson(detail)), retry_after: None };
    assert_eq!(refusal(json!("CVM not found")).message(), "the server answered with status 404: CVM not found");
    assert_eq!(refusal(json!({ "unheard": "of" })).message(), "the server answered with status 404");
}

#[tokio::test(start_paused = true)]
async fn retry_delay_may_be_a_function_of_the_attempt_and_its_failure() {
    let world = World::new([vec![End], vec![Answer(503)], vec![Silence], vec![state("running")]]);
    let request = request(json!({ "maxRetries": 9, "timeout": 10, "retryDelay": "() => 1" }));
    let mut listener = Listener::of(&world);
    listener.delay = |attempt, failure| {
        let expected = ["stream ended", "status 503", "timed out after 10 s"];
        assert!(failure.contains(expected[attempt as usize - 1]), "{attempt}: {failure}");
        Ok(Duration::from_secs(u64::from(attempt)))
    };
    watch(&world, &request, &mut Progress::default(), &mut listener).await.unwrap();
    assert_eq!(world.opened(), [0.0, 1.0, 3.0, 16.0]);
    let waits: Vec<_> = world.events().into_iter().map(|(_, _, wait)| wait).collect();
    assert_eq!(waits, [Some(1.0), Some(2.0), Some(3.0), None]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_wins_over_the_function_if_it_is_longer() {
    let world = World::new([vec![AnswerRetryAfter(503, 30)], vec![state("running")]]);
    let mut listener = Listener::of(&world);
    listener.delay = |_, _| Ok(Duration::from_secs(7));
    let request = request(json!({ "maxRetries": 1, "retryDelay": "() => 1" }));
    watch(&world, &request, &mut Progress::default(), &mut listener).await.unwrap();
    assert_eq!(world.opened(), [0.0, 30.0]);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_gives_no_delay_ends_the_watch() {
    let world = World::new([vec![End]]);
    let mut listener = Listener::of(&world);
    listener.delay = |_, _| Err(FieldError { field: "retryDelay", message: "must give a number".into() });
    let request = request(json!({ "maxRetries": 9, "retryDelay": "() => 1" }));
    let outcome = watch(&world, &request, &mut Progress::default(), &mut listener).await;
    assert!(matches!(&outcome, Err(WatchError::BadArgument(bad)) if bad.field == "retryDelay"));
    assert_eq!(outcome.unwrap_err().to_string(), "retryDelay must give a number");
    assert_eq!(world.events(), [("error", 1, None)], "the failure itself is told all the same");
    assert_eq!(world.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_function_is_not_asked_when_no_other_attempt_follows() {
    for (steps, retries) in [(vec![End], 0), (vec![Answer(404)], 9)] {
        let world = World::new([steps]);
        world.watch(&request(json!({ "maxRetries": retries, "retryDelay": "() => 1" }))).await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_gives_the_state_or_how_it_failed_and_never_hangs() {
    for (answer, expected) in [
        (Read::Status("stopped"), "stopped"),
        (Read::Fail(404), "the server answered with status 404: said the server"),
        (Read::Break, "the read broke"),
        (Read::Raw(json!({ "status": null })), "the server told a state without a `status` that is a string"),
        (Read::Slow(11.0, "stopped"), "timed out after 10 s"),
    ] {
        let world = World::new([]).with_reads([answer]);
        let mut progress = Progress::default();
        let outcome = read(&world, Duration::from_secs(10), &mut progress).await;
        let told = outcome.map_or_else(|failure| failure.to_string(), |state| state.status().to_owned());
        assert_eq!((told.as_str(), progress.attempts), (expected, 1));
        assert_eq!(world.alive(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_message_counts_what_the_attempts_ended_with() {
    let world = World::new([
        vec![Silence],
        vec![Answer(503)],
        vec![Answer(503)],
        vec![Silence],
        vec![Answer(503)],
        vec![Break],
        vec![Answer(503)],
    ]);
    let outcome = world.watch(&request(json!({ "maxRetries": 6 }))).await;
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "gave up after 7 attempts (503 × 4, timed out × 2, broken × 1): the server answered with status 503: said the server"
    );
    let world = World::new([vec![End]]);
    let outcome = world.watch(&request(json!({}))).await;
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "gave up after 1 attempt (ended × 1): the event stream ended before the target was reached"
    );
    let world = World::new([vec![complete("running")], vec![CloseForGood]]).with_reads([Read::Status("stopped")]);
    let outcome = world.watch(&request(json!({ "maxRetries": 1 }))).await;
    assert!(outcome.unwrap_err().to_string().starts_with("gave up after 2 attempts (not reached × 1, refused × 1): "));
}

#[tokio::test(start_paused = true)]
async fn failures_are_counted_since_the_last_attempt_that_brought_a_state() {
    let world = World::new([vec![End], vec![End], vec![state("starting"), End], vec![End], vec![complete("running")]])
        .with_reads([Read::Status("starting")]);
    let mut listener = Listener::of(&world);
    listener.delay = |failures, _| Ok(Duration::from_secs(failures.into()));
    let request = request(json!({ "maxRetries": 5, "retryDelay": FUNCTION }));
    watch(&world, &request, &mut Progress::default(), &mut listener).await.unwrap_err();
    let waits: Vec<_> = world.events().into_iter().filter_map(|(_, _, wait)| wait).collect();
    assert_eq!(waits, [1.0, 2.0, 1.0, 2.0, 1.0], "a read brings a state as well");
}

#[tokio::test(start_paused = true)]
async fn should_retry_turns_a_refusal_for_good_into_a_failed_attempt() {
    for (streams, reads) in [
        (vec![vec![Answer(404)], vec![state("running")]], vec![]),
        (vec![vec![CloseForGood], vec![state("running")]], vec![Read::Fail(404)]),
    ] {
        let world = World::new(streams).with_reads(reads);
        let mut listener = Listener::of(&world).should_retry(|status| Ok(status == 404));
        world.watch_with(&request(json!({ "maxRetries": 1, "shouldRetry": FUNCTION })), &mut listener).await.unwrap();
        assert_eq!(world.events()[0], ("error", 1, Some(5.0)));
    }
}

#[tokio::test(start_paused = true)]
async fn should_retry_that_does_not_agree_lets_it_reject() {
    let world = World::new([vec![Answer(401)]]);
    let mut listener = Listener::of(&world).should_retry(|status| Ok(status == 404));
    let request = request(json!({ "maxRetries": 9, "shouldRetry": FUNCTION }));
    let outcome = world.watch_with(&request, &mut listener).await;
    assert!(matches!(outcome, Err(WatchError::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn with_no_retry_left_should_retry_makes_it_max_retries_exceeded_with_that_cause() {
    let world = World::new([vec![Answer(404)]]);
    let mut listener = Listener::of(&world).should_retry(|_| Ok(true));
    let outcome = world.watch_with(&request(json!({ "shouldRetry": FUNCTION })), &mut listener).await;
    let Err(WatchError::RetriesExceeded { failure, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.http_status(), Some(404));
}

#[tokio::test(start_paused = true)]
async fn should_retry_is_not_asked_about_redirects_and_what_is_retried_anyway() {
    for step in [Redirect, Answer(503), End] {
        let world = World::new([vec![step]]);
        // It panics if it is asked.
        world.watch(&request(json!({ "shouldRetry": FUNCTION }))).await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn should_retry_that_throws_ends_the_watch_after_the_refusal_is_told() {
    let world = World::new([vec![Answer(404)]]);
    let mut listener = Listener::of(&world).should_retry(|_| Err(thrown("shouldRetry")));
    let request = request(json!({ "maxRetries": 9, "shouldRetry": FUNCTION }));
    let outcome = world.watch_with(&request, &mut listener).await;
    assert!(matches!(outcome, Err(WatchError::BadArgument(bad)) if bad.field == "shouldRetry"));
    assert_eq!(world.events(), [("error", 1, None)]);
}

#[tokio::test(start_paused = true)]
async fn the_time_to_load_the_module_counts_towards_the_first_attempt() {
    let world = World::new([vec![Silence], vec![Silence]]);
    let mut progress = Progress { spent: Duration::from_secs(4), ..Progress::default() };
    let request = request(json!({ "timeout": 10, "maxRetries": 1 }));
    watch(&world, &request, &mut progress, &mut Listener::of(&world)).await.unwrap_err();
    assert_eq!(world.closed(), [6.0, 21.0]);
}

#[tokio::test(start_paused = true)]
async fn a_read_of_the_present_state_is_neither_delayed_nor_counted() {
    let budget = cvm_watch::Budget::default();
    let reads = (0..30).map(|_| World::new([]).sharing(&budget).with_reads([Read::Status("stopped")]));
    for world in reads {
        read(&world, Duration::from_secs(10), &mut Progress::default()).await.unwrap();
        assert_eq!(world.read_at(), [0.0]);
    }
}
