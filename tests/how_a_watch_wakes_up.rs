//! Wake-ups, of "The stream is a hint, the read is the truth" in the contract.
#![cfg(not(target_arch = "wasm32"))]

mod world;

use std::time::Duration;

use cvm_watch::WakeUp::{self, Online, Restored, Visible};
use serde_json::{Value, json};
use world::Step::{Answer, AnswerRetryAfter, Break, End, Silence, Wait};
use world::{FUNCTION, Listener, Read, Step, World, request, state};

const HOUR: f64 = 3600.0;

fn visible_after(seconds: u64) -> WakeUp {
    Visible(Duration::from_secs(seconds))
}

/// A stream that has told a state and then nothing more.
fn silent() -> Vec<Step> {
    vec![state("starting"), Silence]
}

#[tokio::test(start_paused = true)]
async fn online_restored_and_visible_after_three_intervals_are_one_read_at_once() {
    for wake in [Online, Restored, visible_after(15)] {
        let world = World::new([silent()]).with_reads([Read::Status("running")]).with_wakes([(7.0, wake)]);
        world.watch(&request(json!({}))).await.unwrap();
        assert_eq!(world.read_at(), [7.0], "{wake:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn visible_after_less_than_three_intervals_is_no_wake_up() {
    for (interval, hidden) in [(5, 14), (10, 29)] {
        let world = World::new([silent()])
            .with_reads([Read::Status("running")])
            .with_wakes([(7.0, visible_after(hidden)), (8.0, visible_after(hidden))]);
        world.watch(&request(json!({ "interval": interval }))).await.unwrap();
        assert_eq!(world.read_at(), [f64::from(interval) * 3.0]);
    }
}

#[tokio::test(start_paused = true)]
async fn wake_ups_cause_at_most_one_read_an_interval() {
    let world = World::new([silent()]).with_reads(vec![Read::Break; 9]).with_wakes([
        (7.0, Online),
        (8.0, Restored),
        (11.9, Online),
        (12.0, Online),
        (12.1, Online),
    ]);
    world.watch(&request(json!({ "timeout": 20 }))).await.unwrap_err();
    assert_eq!(world.read_at(), [7.0, 12.0]);
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_that_does_not_count_does_not_put_off_the_read_after_silence() {
    let world = World::new([silent()]).with_reads(vec![Read::Break; 9]).with_wakes([
        (7.0, Online),
        (9.0, Online),
        (10.0, visible_after(1)),
    ]);
    world.watch(&request(json!({ "timeout": 25 }))).await.unwrap_err();
    assert_eq!(world.read_at(), [7.0, 22.0]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_has_spoken_within_an_interval_stays_whatever_the_read_says() {
    let steps = vec![Wait(4.0), state("starting"), Wait(5.0), state("running")];
    let world = World::new([steps]).with_reads([Read::Status("stopping")]).with_wakes([(8.9, Online)]);
    world.watch(&request(json!({}))).await.unwrap();
    let told: Vec<_> = world.statuses();
    assert_eq!(told[1], (8.9, "stopping".into()), "the state is told");
    assert_eq!((world.opened().len(), told.len()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_has_not_spoken_for_an_interval_is_dead_if_the_read_tells_another_state() {
    for (first, wake) in [(silent(), 5.0), (vec![Silence], 2.0)] {
        let world = World::new([first, vec![state("running")]])
            .with_reads([Read::Status("stopping")])
            .with_wakes([(wake, Online)]);
        world.watch(&request(json!({}))).await.unwrap();
        assert_eq!(world.opened(), [0.0, wake]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_of_a_wake_up_ends_the_watch_like_any_other() {
    let world = World::new([silent()]).with_reads([Read::Status("running")]).with_wakes([(1.0, Online)]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.read_at(), [1.0]);
    let world = World::new([silent()]).with_reads([Read::Status("error")]).with_wakes([(1.0, Online)]);
    world.watch(&request(json!({ "failOn": "error" }))).await.unwrap_err();
    assert_eq!((world.seconds(), world.kinds()), (1.0, vec!["state", "state"]));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_reads_reads_at_once() {
    let world = World::of_reads(["starting", "starting", "starting", "running"].map(Read::Status))
        .with_wakes([(2.0, Online), (3.0, Online)]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.read_at(), [0.0, 2.0, 7.0, 12.0], "and then once an interval again");
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_does_not_wait_for_a_read_that_hangs() {
    let world = World::of_reads([Read::Slow(HOUR, "x"), Read::Status("running")]).with_wakes([(2.0, Online)]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.read_at(), [0.0, 2.0]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_waits_to_retry_does_so_at_once() {
    for wake in [Online, Restored, visible_after(15)] {
        let world = World::new([vec![Break], vec![state("running")]]).with_wakes([(7.0, wake)]);
        world.watch(&request(json!({ "maxRetries": 1, "retryDelay": 60_000 }))).await.unwrap();
        assert_eq!(world.opened(), [0.0, 7.0]);
        assert_eq!(world.events()[0], ("error", 1, Some(60.0)));
    }
    let world = World::new([vec![Break], vec![state("running")]]).with_wakes([(7.0, visible_after(14))]);
    world.watch(&request(json!({ "maxRetries": 1, "retryDelay": 60_000 }))).await.unwrap();
    assert_eq!(world.opened(), [0.0, 60.0]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_waits_to_retry_does_not_do_so_before_a_retry_after() {
    for (step, retry) in [(AnswerRetryAfter(503, 30), 30.0), (AnswerRetryAfter(503, 3), 7.0), (Answer(503), 7.0)] {
        let world = World::new([vec![step], vec![state("running")]]).with_wakes([(7.0, Online)]);
        world.watch(&request(json!({ "maxRetries": 1, "retryDelay": 60_000 }))).await.unwrap();
        assert_eq!(world.opened(), [0.0, retry]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_fires_ten_seconds_late_or_more_is_a_wake_up() {
    for (jump, read) in [(10.0, 10.0), (9.99, 15.0), (-HOUR, 15.0), (HOUR, 10.0)] {
        let world = World::new([silent()]).with_reads([Read::Status("running")]).with_jumps([(7.0, jump)]);
        world.watch(&request(json!({}))).await.unwrap();
        assert_eq!(world.read_at(), [read], "the clock jumped by {jump} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_clock_costs_one_read_at_most() {
    let steps = vec![vec![state("starting"), Wait(2.0)]; 20].concat();
    for jump in [HOUR, -HOUR, 24.0 * HOUR] {
        let world = World::new([[steps.clone(), vec![state("running")]].concat()])
            .with_reads([Read::Status("starting")])
            .with_jumps([(7.0, jump)]);
        world.watch(&request(json!({}))).await.unwrap();
        assert!(world.read_at().len() <= 1);
        assert_eq!(world.opened().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_speaks_does_not_hide_that_the_machine_has_slept() {
    // A state every two seconds, so that no timer of an interval would ever fire if each state set it anew.
    let steps = vec![vec![state("starting"), Wait(2.0)]; 20].concat();
    let world = World::new([steps]).with_reads([Read::Status("running")]).with_jumps([(7.0, HOUR)]);
    world.watch(&request(json!({}))).await.unwrap();
    assert_eq!(world.read_at(), [10.0]);
}

#[tokio::test(start_paused = true)]
async fn a_sleep_while_waiting_to_retry_ends_the_wait() {
    let world = World::new([vec![End], vec![state("running")]]).with_jumps([(12.0, HOUR)]);
    world.watch(&request(json!({ "maxRetries": 1, "retryDelay": 600_000 }))).await.unwrap();
    assert_eq!(world.opened(), [0.0, 15.0]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_fires_late_is_followed_by_the_next_attempt_at_once() {
    for (jump, next) in [(HOUR, 10.0), (9.0, 15.0)] {
        // The jump comes when nothing but the timeout is due any more.
        let world = World::new([silent(), vec![state("running")]]).with_jumps([(9.9, jump)]);
        world.watch(&request(json!({ "maxRetries": 1, "timeout": 10, "interval": 30 }))).await.unwrap();
        assert_eq!(world.opened(), [0.0, next]);
    }
}

#[tokio::test(start_paused = true)]
async fn functions_are_asked_about_a_state_that_a_wake_up_has_brought() {
    let world = World::new([silent()])
        .with_reads([Read::Status("running"), Read::Status("running")])
        .with_wakes([(1.0, Online), (20.0, Online)]);
    let mut asked: Vec<Value> = Vec::new();
    let mut listener = Listener::of(&world).until(|state| {
        asked.push(state);
        Ok(asked.len() == 2)
    });
    world.watch_with(&request(json!({ "until": FUNCTION })), &mut listener).await.unwrap();
    drop(listener);
    assert_eq!(asked.len(), 2);
}
