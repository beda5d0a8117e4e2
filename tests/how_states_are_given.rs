//! The loop of `cvmStates`, of the section "`client.cvmStates(request)`" in the contract, on virtual time.
#![cfg(not(target_arch = "wasm32"))]

mod world;

use std::time::Duration;

use cvm_watch::WakeUp::{Online, Visible};
use cvm_watch::{Budget, CvmState, FieldError, States, StatesRequest, WatchError};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use world::{FUNCTION, JsonArguments, Listener, Read, TestJson, World, digest, thrown};

#[expect(clippy::needless_pass_by_value, reason = "the tests write them in place")]
fn read(changes: Value) -> Result<StatesRequest, Vec<FieldError>> {
    let mut fields = json!({ "id": "my-app" });
    fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    StatesRequest::read(&JsonArguments(fields))
}

fn request(changes: Value) -> StatesRequest {
    read(changes).unwrap()
}

/// A loop over a world's states.
struct Loop<'w> {
    world: &'w World,
    request: StatesRequest,
    listener: Listener<'w>,
    states: States<TestJson>,
}

impl<'w> Loop<'w> {
    fn over(world: &'w World, changes: Value) -> Self {
        Self { world, request: request(changes), listener: Listener::of(world), states: States::default() }
    }

    async fn next(&mut self) -> Result<CvmState<TestJson>, WatchError<TestJson>> {
        let day = Duration::from_secs(24 * 3600);
        let next = self.states.next(self.world, &self.request, &mut self.listener);
        let state = timeout(day, next).await.expect("it gives a state some time");
        assert_eq!(self.world.alive(), 0, "nothing runs while no state is awaited");
        state
    }

    /// The next state, and when it is given.
    async fn status(&mut self) -> (String, f64) {
        let state = self.next().await.unwrap();
        (state.status().into(), self.world.seconds())
    }
}

fn at(status: &str, time: f64) -> (String, f64) {
    (status.into(), time)
}

#[tokio::test(start_paused = true)]
async fn every_read_that_is_answered_is_told_also_where_nothing_has_changed() {
    let reads = [Read::Status("stopped"), Read::Status("stopped"), Read::Fail(503), Read::Status("running")];
    let world = World::new([]).with_reads(reads);
    let mut states = Loop::over(&world, json!({ "interval": 10, "retryDelay": 2000 }));
    assert_eq!([states.status().await, states.status().await], [at("stopped", 0.0), at("running", 22.0)]);
    let told: Vec<_> = states.listener.reads.iter().map(|(status, time)| (status.as_str(), *time)).collect();
    assert_eq!(told, [("\"stopped\"", 0.0), ("\"stopped\"", 10.0), ("\"running\"", 22.0)]);
    assert_eq!(read(json!({ "onRead": 7 })).unwrap_err()[0].field, "onRead");
}

#[tokio::test(start_paused = true)]
async fn the_first_read_comes_at_once_and_the_next_when_the_interval_is_over() {
    let world = World::new([]).with_reads(["stopped", "starting", "running"].map(Read::Status));
    let mut states = Loop::over(&world, json!({ "interval": 10 }));
    assert_eq!(states.status().await, at("stopped", 0.0));
    assert_eq!(states.status().await, at("starting", 10.0));
    sleep(Duration::from_secs(4)).await;
    assert_eq!(states.status().await, at("running", 20.0));
    assert_eq!(world.opened().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_reads_at_once_if_the_last_read_is_an_interval_old_and_only_while_a_state_is_awaited() {
    let world = World::new([]).with_reads(["stopped", "starting"].map(Read::Status));
    let mut states = Loop::over(&world, json!({}));
    states.next().await.unwrap();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(world.read_at(), [0.0]);
    assert_eq!(states.status().await, at("starting", 60.0));
}

#[tokio::test(start_paused = true)]
async fn a_state_is_given_when_any_field_differs_from_the_last_given() {
    let reads = [
        json!({ "status": "running", "uptime": "1s" }),
        json!({ "status": "running", "uptime": "1s" }),
        json!({ "status": "running", "uptime": "2s" }),
        json!({ "status": "running", "uptime": "2s", "in_progress": null }),
    ];
    let world = World::new([]).with_reads(reads.clone().map(Read::Raw));
    let mut states = Loop::over(&world, json!({}));
    for (given, time) in [(&reads[0], 0.0), (&reads[2], 10.0), (&reads[3], 15.0)] {
        assert_eq!((&states.next().await.unwrap().json().0, world.seconds()), (given, time));
    }
}

#[tokio::test(start_paused = true)]
async fn it_rests_while_the_page_is_hidden_and_reads_at_once_when_that_is_over() {
    let mut world = World::new([])
        .with_reads(["stopped", "starting", "running"].map(Read::Status))
        .with_wakes([(30.0, Online), (62.0, Visible(Duration::from_secs(2)))]);
    world.hidden = vec![4.0..62.0];
    let mut states = Loop::over(&world, json!({}));
    states.next().await.unwrap();
    assert_eq!(states.status().await, at("starting", 62.0));
    assert_eq!(states.status().await, at("running", 67.0));
}

/// Asks for two states, the first after so many seconds.
async fn two_states(world: &World, from: f64, interval: u8) {
    sleep(Duration::from_secs_f64(from)).await;
    let mut states = Loop::over(world, json!({ "interval": interval }));
    states.next().await.unwrap();
    states.next().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_read_after_a_wake_up_goes_before_those_of_every_interval_and_another_does_not() {
    for (wakes, is_first) in [(vec![(5.7, Online)], true), (vec![], false)] {
        let budget = Budget::default();
        let world = |reads: [Read; 2]| World::new([]).with_reads(reads).sharing(&budget);
        // These two take all unanswered reads until 8 s, and one of them until 9.5 s.
        let [one, other] = [(); 2].map(|()| world([Read::Slow(8.0, "stopped"), Read::Status("running")]));
        let [older, woken] = [(); 2].map(|()| world([Read::Status("stopped"), Read::Slow(0.5, "running")]));
        let woken = woken.with_wakes(wakes);
        let (one, other) = (two_states(&one, 0.0, 30), two_states(&other, 1.5, 30));
        tokio::join!(one, other, two_states(&older, 0.5, 6), two_states(&woken, 1.0, 5));
        assert_eq!(woken.read_at()[1] < older.read_at()[1], is_first, "{:?} {:?}", woken.read_at(), older.read_at());
    }
}

#[tokio::test(start_paused = true)]
async fn it_begins_to_rest_when_the_page_is_hidden_from_the_start() {
    let mut world =
        World::new([]).with_reads([Read::Status("running")]).with_wakes([(9.0, Visible(Duration::from_secs(9)))]);
    world.hidden = vec![0.0..9.0];
    assert_eq!(Loop::over(&world, json!({})).status().await, at("running", 9.0));
}

#[tokio::test(start_paused = true)]
async fn it_reads_at_once_when_the_page_is_online_again_or_visible() {
    for wake in [Online, Visible(Duration::from_secs(1))] {
        let world = World::new([]).with_reads(["stopped", "starting"].map(Read::Status)).with_wakes([(2.0, wake)]);
        let mut states = Loop::over(&world, json!({}));
        states.next().await.unwrap();
        assert_eq!(states.status().await, at("starting", 2.0));
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_and_retried_after_a_growing_delay_without_end() {
    let mut reads = vec![Read::Status("stopped")];
    reads.extend([Read::Break, Read::Fail(503), Read::Raw(json!(7)), Read::Slow(60.0, "x"), Read::Break, Read::Break]);
    reads.extend([Read::Break, Read::Status("running"), Read::Break]);
    let mut world = World::new([]).with_reads(reads);
    world.random = 0.0;
    let mut states = Loop::over(&world, json!({}));
    states.next().await.unwrap();
    assert_eq!(states.status().await.0, "running");
    let told: Vec<_> = world.told().into_iter().map(|(_, event)| event).collect();
    let waits: Vec<_> = told.iter().map(|event| (event.failures.unwrap(), event.retry_in.unwrap())).collect();
    assert_eq!(waits, [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 16.0), (6, 30.0), (7, 30.0)]);
    let codes: Vec<_> = told.iter().map(|event| event.code.unwrap()).collect();
    assert_eq!(codes, ["broken", "status", "malformed", "broken", "broken", "broken", "broken"]);
    assert_eq!(told[1].http_status, Some(503));
    assert!(told.iter().all(|event| event.kind == "error" && event.status == Some(json!("stopped"))));
    let after = timeout(Duration::from_millis(5_500), states.next()).await;
    assert!(after.is_err(), "and so on");
    assert_eq!(world.told().last().unwrap().1.failures, Some(1), "counted since the last read that brought a state");
}

#[tokio::test(start_paused = true)]
async fn the_growing_delay_is_jittered_by_up_to_a_half() {
    for (random, wait) in [(0.0, 1.0), (0.5, 0.75), (0.999, 0.501)] {
        let mut world = World::new([]).with_reads([Read::Break, Read::Status("running")]);
        world.random = random;
        assert_eq!(Loop::over(&world, json!({})).status().await, at("running", wait));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_delay_is_a_number_or_a_function() {
    let world = World::new([]).with_reads([Read::Break, Read::Status("running")]);
    assert_eq!(Loop::over(&world, json!({ "retryDelay": 7000 })).status().await, at("running", 7.0));

    let world = World::new([]).with_reads([Read::Break, Read::Break, Read::Status("running")]);
    let mut states = Loop::over(&world, json!({ "retryDelay": FUNCTION }));
    states.listener.delay = |failures, _| Ok(Duration::from_secs(failures.into()));
    assert_eq!(states.status().await, at("running", 3.0));

    let world = World::new([]).with_reads([Read::Break]);
    let mut states = Loop::over(&world, json!({ "retryDelay": FUNCTION }));
    states.listener.delay = |_, _| Err(thrown("retryDelay"));
    assert!(matches!(states.next().await, Err(WatchError::BadArgument(bad)) if bad.field == "retryDelay"));
    assert_eq!(world.events(), [("error", 1, None)], "the failure itself is told all the same");
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_and_no_wake_up_ends_that() {
    for (retry_after, read) in [(20, 20.0), (3, 7.0), (9999, 600.0)] {
        let world = World::new([])
            .with_reads([Read::FailRetryAfter(503, retry_after), Read::Status("running")])
            .with_wakes([(7.0, Online)]);
        let mut states = Loop::over(&world, json!({ "retryDelay": 60_000 }));
        assert_eq!(states.status().await, at("running", read));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_good_ends_it_unless_should_retry_agrees() {
    for (read, status) in [(Read::Fail(404), Some(404)), (Read::Redirect, Some(307))] {
        let world = World::new([]).with_reads([read]);
        let refused = Loop::over(&world, json!({})).next().await.unwrap_err();
        assert!(matches!(&refused, WatchError::Refused(failure) if failure.http_status() == status));
        assert_eq!(world.events(), [("error", 1, None)]);
    }
    let world = World::new([]).with_reads([Read::Fail(404), Read::Fail(401)]);
    let mut states = Loop::over(&world, json!({ "shouldRetry": FUNCTION }));
    states.listener = Listener::of(&world).should_retry(|status| Ok(status == 404));
    let refused = states.next().await.unwrap_err();
    assert!(matches!(&refused, WatchError::Refused(failure) if failure.http_status() == Some(401)));

    let world = World::new([]).with_reads([Read::Redirect]);
    let mut states = Loop::over(&world, json!({ "shouldRetry": FUNCTION }));
    states.next().await.expect_err("it panics if it is asked about a redirect");

    let world = World::new([]).with_reads([Read::Fail(404)]);
    let mut states = Loop::over(&world, json!({ "shouldRetry": FUNCTION }));
    states.listener = Listener::of(&world).should_retry(|_| Err(thrown("shouldRetry")));
    assert!(matches!(states.next().await, Err(WatchError::BadArgument(bad)) if bad.field == "shouldRetry"));
}

#[tokio::test(start_paused = true)]
async fn a_foreign_error_ends_it_unchanged() {
    let world = World::new([]).with_reads([Read::Throw]);
    assert_eq!(Loop::over(&world, json!({})).next().await, Err(WatchError::Foreign(digest())));
    assert_eq!(world.kinds(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn its_reads_are_in_the_pages_budget() {
    let budget = Budget::default();
    let worlds: Vec<_> =
        (0..3).map(|_| World::new([]).with_reads([Read::Slow(3.0, "running")]).sharing(&budget)).collect();
    let [mut one, mut two, mut three] = [0, 1, 2].map(|place| Loop::over(&worlds[place], json!({})));
    let times = tokio::join!(one.status(), two.status(), three.status());
    assert_eq!((times.0.1, times.1.1, times.2.1), (3.0, 3.0, 6.0));
}

#[tokio::test(start_paused = true)]
async fn a_next_that_is_dropped_leaves_nothing_behind_and_the_loop_can_go_on() {
    let world = World::new([]).with_reads([Read::Slow(9.0, "x"), Read::Status("running"), Read::Status("stopped")]);
    let mut states = Loop::over(&world, json!({}));
    let dropped =
        timeout(Duration::from_secs(1), states.states.next(&world, &states.request, &mut states.listener)).await;
    assert!(dropped.is_err() && world.alive() == 0, "while it reads");
    assert_eq!(states.status().await, at("running", 1.0));
    timeout(Duration::from_secs(1), states.states.next(&world, &states.request, &mut states.listener))
        .await
        .expect_err("the interval is not over");
    assert_eq!(world.alive(), 0);
    assert_eq!(states.status().await, at("stopped", 6.0));
}

#[test]
fn a_request_has_an_identifier_an_interval_a_delay_and_should_retry() {
    let request = request(json!({ "target": 7, "timeout": "x" }));
    assert_eq!((request.interval, request.delay, request.should_retry), (Duration::from_secs(5), None, false));
    let bad = read(json!({ "id": 7, "interval": 31, "retryDelay": -1, "shouldRetry": true })).unwrap_err();
    let fields: Vec<_> = bad.iter().map(|error| error.field).collect();
    assert_eq!(fields, ["id", "interval", "retryDelay", "shouldRetry"]);
}

#[tokio::test(start_paused = true)]
async fn the_interval_runs_from_the_start_of_a_read() {
    let world = World::new([]).with_reads([Read::Slow(2.0, "stopped"), Read::Status("running")]);
    let mut states = Loop::over(&world, json!({}));
    states.next().await.unwrap();
    assert_eq!(states.status().await, at("running", 5.0));
}
