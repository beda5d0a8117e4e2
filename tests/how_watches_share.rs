//! The budget of streams and reads, of "The stream is a hint, the read is the truth" in the contract: several watches
//! towards one origin.
#![cfg(not(target_arch = "wasm32"))]

mod world;

use std::rc::Rc;
use std::time::Duration;

use cvm_watch::{Budget, Progress, WatchRequest, watch};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::{sleep, timeout};
use world::Step::{Answer, CloseForGood, End, Silence, Wait};
use world::{Listener, Outcome, Read, Step, World, complete, request, state};

/// Reads of a CVM that is still starting.
fn starting(count: usize) -> Vec<Read> {
    vec![Read::Status("starting"); count]
}

fn world(budget: &Budget, streams: Vec<Vec<Step>>, reads: Vec<Read>) -> Rc<World> {
    Rc::new(World::new(streams).with_reads(reads).sharing(budget))
}

/// A world where one stream is allowed.
fn lone(budget: &Budget, streams: Vec<Vec<Step>>, reads: Vec<Read>) -> Rc<World> {
    let mut world = World::new(streams).with_reads(reads).sharing(budget);
    world.max_streams = 1;
    Rc::new(world)
}

fn spawn(world: &Rc<World>, changes: Value) -> JoinHandle<Outcome> {
    let (world, request) = (Rc::clone(world), request(changes));
    tokio::task::spawn_local(async move { world.watch(&request).await })
}

/// Runs on one thread, as a page does.
async fn page<T>(future: impl Future<Output = T>) -> T {
    LocalSet::new().run_until(Box::pin(future)).await
}

async fn until(seconds: u64) {
    let start = tokio::time::Instant::now();
    sleep(Duration::from_secs(seconds)).await;
    assert_eq!(start.elapsed().as_secs(), seconds);
}

/// A watch that is dropped when so many seconds are over.
async fn watch_for(world: &World, request: &WatchRequest, seconds: u64) {
    let (mut progress, mut listener) = (Progress::default(), Listener::of(world));
    let watching = watch(world, request, &mut progress, &mut listener);
    timeout(Duration::from_secs(seconds), watching).await.expect_err("it goes on");
}

#[tokio::test(start_paused = true)]
async fn a_watch_opens_a_stream_while_fewer_than_max_streams_are_open() {
    page(async {
        let budget = Budget::default();
        let open = || world(&budget, vec![vec![Wait(1.0), state("starting"), Silence]], starting(99));
        let worlds: Vec<_> = (0..6).map(|_| open()).collect();
        let watches: Vec<_> = worlds.iter().map(|world| spawn(world, json!({ "timeout": 12 }))).collect();
        for watch in watches {
            watch.await.unwrap().unwrap_err();
        }
        let opened: Vec<_> = worlds.iter().map(|world| world.opened().len()).collect();
        assert_eq!(opened, [1, 1, 1, 1, 0, 0], "first come, first served");
        assert!(worlds[..4].iter().all(|world| world.read_at().is_empty()));
        assert!(worlds[4..].iter().all(|world| world.read_at() == [0.0, 5.0, 10.0]), "the others read");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_every_watch_has_its_stream() {
    page(async {
        let budget = Budget::default();
        for _ in 0..50 {
            let mut world = World::new([vec![Wait(1.0), state("running")]]).sharing(&budget);
            world.max_streams = usize::MAX;
            spawn(&Rc::new(world), json!({}));
        }
        until(1).await;
        let mut last = World::new([vec![state("running")]]).sharing(&budget);
        last.max_streams = usize::MAX;
        last.watch(&request(json!({}))).await.unwrap();
        assert_eq!(last.opened(), [0.0]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_becomes_free_goes_to_the_watch_that_has_read_for_the_longest_at_its_next_read() {
    page(async {
        let budget = Budget::default();
        let holders: Vec<_> =
            (0..4).map(|_| world(&budget, vec![vec![Wait(13.0), state("running")]], vec![])).collect();
        for holder in &holders {
            spawn(holder, json!({}));
        }
        until(1).await;
        let first = world(&budget, vec![vec![state("running")]], starting(9));
        let watch = spawn(&first, json!({ "interval": 8 }));
        until(1).await;
        let second = world(&budget, vec![vec![state("running")]], starting(9));
        spawn(&second, json!({ "interval": 5 }));
        // At 14 s the streams are free: the first waits for its next read, and so the second may not have the only one.
        watch.await.unwrap().unwrap();
        assert_eq!((first.read_at(), first.opened()), (vec![0.0, 8.0], vec![16.0]));
        assert_eq!((second.read_at(), second.opened()), (vec![0.0, 5.0, 10.0], vec![15.0]), "four have become free");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_free_stream_is_kept_for_the_one_that_has_read_for_longer() {
    page(async {
        let budget = Budget::default();
        let holder = lone(&budget, vec![vec![Wait(11.5), state("running"), complete("running")]], vec![]);
        spawn(&holder, json!({}));
        tokio::task::yield_now().await;
        let first = lone(&budget, vec![vec![Wait(20.0), state("running"), complete("running")]], starting(9));
        spawn(&first, json!({ "interval": 10 }));
        until(1).await;
        let second = lone(&budget, vec![vec![state("running")]], starting(99));
        let watch = spawn(&second, json!({ "interval": 5 }));
        until(12).await;
        let newcomer = lone(&budget, vec![vec![state("running")]], starting(99));
        spawn(&newcomer, json!({ "interval": 5 }));
        watch.await.unwrap().unwrap();
        assert_eq!((first.read_at(), first.opened()), (vec![0.0, 10.0], vec![20.0]));
        assert_eq!(newcomer.opened(), [0.0; 0], "the newcomer is behind both");
        assert_eq!(second.opened(), [40.0], "free at 40 s: twenty after the first opened it");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_keeps_its_place_when_its_attempt_times_out_and_loses_it_when_it_fails() {
    for (reads, timeout, is_first) in
        [(starting(99), 12, true), (vec![Read::Status("starting"), Read::Break], 100, false)]
    {
        page(async {
            let budget = Budget::default();
            let holder = lone(&budget, vec![vec![Wait(21.0), state("running"), complete("running")]], vec![]);
            spawn(&holder, json!({}));
            tokio::task::yield_now().await;
            let reads: Vec<_> = reads.into_iter().chain(starting(99)).collect();
            let first = lone(&budget, vec![vec![Silence]], reads);
            spawn(&first, json!({ "timeout": timeout, "maxRetries": 9 }));
            until(1).await;
            let second = lone(&budget, vec![vec![Silence]], starting(99));
            spawn(&second, json!({}));
            until(27).await;
            assert_eq!(first.opened().len(), usize::from(is_first));
            assert_eq!(second.opened().len(), usize::from(!is_first));
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_stream_is_kept_for_a_watch_that_waits_to_retry() {
    page(async {
        let budget = Budget::default();
        let holder = lone(&budget, vec![vec![Wait(13.0), state("running"), complete("running")]], vec![]);
        spawn(&holder, json!({}));
        tokio::task::yield_now().await;
        let first = lone(&budget, vec![vec![Silence]], starting(99));
        spawn(&first, json!({ "timeout": 12, "maxRetries": 9, "retryDelay": 600_000 }));
        let second = lone(&budget, vec![vec![Silence]], starting(99));
        tokio::task::yield_now().await;
        spawn(&second, json!({}));
        until(17).await;
        assert_eq!((first.opened().len(), second.opened()), (0, vec![15.0]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_stream_is_tried_after_a_refusal_until_one_of_the_pages_own_has_ended() {
    page(async {
        let budget = Budget::default();
        let holder = world(&budget, vec![vec![Wait(7.0), state("running"), complete("running")]], vec![]);
        spawn(&holder, json!({}));
        tokio::task::yield_now().await;
        let refused = world(&budget, vec![vec![CloseForGood], vec![state("running")]], starting(9));
        let watch = spawn(&refused, json!({}));
        until(1).await;
        let other = world(&budget, vec![vec![state("running")]], starting(9));
        spawn(&other, json!({}));
        watch.await.unwrap().unwrap();
        until(2).await;
        assert_eq!((refused.read_at(), refused.opened()), (vec![0.0, 5.0], vec![0.0, 10.0]));
        assert_eq!((other.read_at(), other.opened()), (vec![0.0, 5.0], vec![10.0]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_stream_is_tried_for_thirty_seconds_after_a_refusal() {
    page(async {
        let budget = Budget::default();
        let refused = world(&budget, vec![vec![Answer(429)], vec![Silence]], starting(99));
        spawn(&refused, json!({}));
        until(2).await;
        let others: Vec<_> = (0..3).map(|_| world(&budget, vec![vec![Silence]], starting(99))).collect();
        for other in &others {
            spawn(other, json!({}));
        }
        until(36).await;
        assert_eq!(refused.opened(), [0.0, 30.0]);
        assert!(others.iter().all(|other| other.opened() == [30.0]), "32 s after the first began");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_ends_in_another_does_not_free_the_streams() {
    page(async {
        let budget = Budget::default();
        let refused: Vec<_> =
            (0..3).map(|_| world(&budget, vec![vec![Wait(0.5), CloseForGood], vec![Silence]], starting(99))).collect();
        for world in &refused {
            spawn(world, json!({}));
        }
        until(25).await;
        assert!(refused.iter().all(|world| world.opened() == [0.0]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn at_most_ten_reads_start_in_any_second_and_none_is_left_out() {
    page(async {
        let budget = Budget::default();
        let worlds: Vec<_> =
            (0..35).map(|_| Rc::new(World::of_reads([Read::Status("running")]).sharing(&budget))).collect();
        let watches: Vec<_> = worlds.iter().map(|world| spawn(world, json!({}))).collect();
        for watch in watches {
            watch.await.unwrap().unwrap();
        }
        let starts: Vec<f64> = worlds.iter().flat_map(|world| world.read_at()).collect();
        assert_eq!(starts.len(), 35);
        assert!(starts.is_sorted(), "in the order in which they came");
        assert!(starts.windows(11).all(|eleven| eleven[10] - eleven[0] > 1.0), "{starts:?}");
        assert!(starts[34] < 3.1, "and as fast as that allows");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn at_most_two_reads_are_unanswered() {
    page(async {
        let budget = Budget::default();
        let worlds: Vec<_> =
            (0..6).map(|_| Rc::new(World::of_reads([Read::Slow(3.0, "running")]).sharing(&budget))).collect();
        let watches: Vec<_> = worlds.iter().map(|world| spawn(world, json!({}))).collect();
        for watch in watches {
            watch.await.unwrap().unwrap();
        }
        let starts: Vec<f64> = worlds.iter().flat_map(|world| world.read_at()).collect();
        assert_eq!(starts, [0.0, 0.0, 3.0, 3.0, 6.0, 6.0]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_read_that_hangs_gives_its_place_back_after_ten_seconds_or_when_its_watch_is_dropped() {
    page(async {
        let budget = Budget::default();
        let hangs = || World::of_reads([Read::Slow(99.0, "running")]).sharing(&budget);
        let (one, two) = (hangs(), hangs());
        let next: Vec<_> =
            (0..2).map(|_| Rc::new(World::of_reads([Read::Status("running")]).sharing(&budget))).collect();
        let request = request(json!({ "maxRetries": 9, "retryDelay": 60_000 }));
        let one = watch_for(&one, &request, 30);
        let two = watch_for(&two, &request, 4);
        let others = async {
            tokio::task::yield_now().await;
            spawn(&next[0], json!({})).await.unwrap().unwrap();
            let slow = Rc::new(World::of_reads([Read::Slow(9.0, "running")]).sharing(&budget));
            let slow = spawn(&slow, json!({}));
            tokio::task::yield_now().await;
            spawn(&next[1], json!({})).await.unwrap().unwrap();
            slow.abort();
        };
        tokio::join!(one, two, others);
        assert_eq!(next[0].read_at(), [4.0], "the second is dropped at 4 s");
        assert_eq!(next[1].read_at(), [10.0], "the first has failed at 10 s");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn reads_that_decide_something_go_before_the_routine_ones() {
    page(async {
        let budget = Budget::default();
        let routine: Vec<_> =
            (0..40).map(|_| Rc::new(World::of_reads([Read::Status("running")]).sharing(&budget))).collect();
        for world in &routine {
            spawn(world, json!({}));
        }
        let decisive = world(&budget, vec![vec![Wait(0.5), complete("running")]], vec![Read::Status("running")]);
        spawn(&decisive, json!({})).await.unwrap().unwrap();
        assert!((1.0..1.1).contains(&decisive.read_at()[0]), "as soon as one may start: {:?}", decisive.read_at());
        until(5).await;
        assert!(routine.iter().all(|world| world.read_at().len() == 1), "the others come after it");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_dropped_leaves_nothing_in_the_budget() {
    page(async {
        let budget = Budget::default();
        let request = request(json!({ "maxRetries": 9 }));
        for streams in [vec![vec![Silence]], vec![vec![CloseForGood]], vec![vec![complete("running")]], vec![vec![End]]]
        {
            for _ in 0..12 {
                let world = World::new(streams.clone()).with_reads([Read::Slow(5.0, "starting")]).sharing(&budget);
                watch_for(&world, &request, 2).await;
            }
        }
        until(31).await;
        // Every stream and every read is free again.
        let streams: Vec<_> = (0..4).map(|_| world(&budget, vec![vec![state("running"), Silence]], vec![])).collect();
        for world in &streams {
            spawn(world, json!({}));
        }
        let readers: Vec<_> =
            (0..10).map(|_| Rc::new(World::of_reads([Read::Status("running")]).sharing(&budget))).collect();
        for world in &readers {
            spawn(world, json!({}));
        }
        until(2).await;
        assert!(streams.iter().all(|world| world.opened() == [0.0]));
        assert!(readers.iter().all(|world| world.read_at() == [0.0]));
        assert_eq!(format!("{budget:?}").matches("{ id:").count(), 0, "nobody is in a line: {budget:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn watches_with_limits_of_their_own_share_what_is_open() {
    page(async {
        let budget = Budget::default();
        let limited = |max_streams, reads| {
            let mut world = World::new([vec![Wait(20.0), state("running"), complete("running")]]).with_reads(reads);
            world.max_streams = max_streams;
            Rc::new(world.sharing(&budget))
        };
        let worlds = [limited(3, vec![]), limited(1, starting(99)), limited(3, starting(99)), limited(2, starting(99))];
        for world in &worlds {
            spawn(world, json!({}));
            tokio::task::yield_now().await;
        }
        until(2).await;
        let opened: Vec<_> = worlds.iter().map(|world| world.opened().len()).collect();
        assert_eq!(opened, [1, 0, 1, 0], "one that could not open a stream does not keep others from it");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_with_a_long_interval_is_not_kept_waiting_by_many_with_short_ones() {
    page(async {
        let budget = Budget::default();
        let reader = || Rc::new(World::of_reads(starting(999)).sharing(&budget));
        let many: Vec<_> = (0..95).map(|_| reader()).collect();
        for world in &many {
            spawn(world, json!({ "interval": 5 }));
        }
        let one = reader();
        spawn(&one, json!({ "interval": 30, "timeout": 600 }));
        until(95).await;
        let reads = one.read_at();
        assert!(reads.len() > 2 && reads.windows(2).all(|two| two[1] - two[0] < 31.0), "{reads:?}");
        let most = many[0].read_at().windows(2).map(|two| two[1] - two[0]).fold(0.0, f64::max);
        assert!((9.0..10.7).contains(&most), "the others share ten reads a second: {most}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_second_refusal_whose_read_fails_leaves_the_first_in_force() {
    page(async {
        let budget = Budget::default();
        let first = world(&budget, vec![vec![Wait(0.5), CloseForGood], vec![Silence]], starting(99));
        let second = world(&budget, vec![vec![Wait(7.0), CloseForGood]], vec![Read::Fail(503)]);
        let third = world(&budget, vec![vec![Silence]], starting(99));
        spawn(&first, json!({}));
        spawn(&second, json!({}));
        until(1).await;
        spawn(&third, json!({}));
        until(27).await;
        assert_eq!((second.closed(), second.kinds()), (vec![7.0], vec!["error"]));
        assert_eq!((first.opened().len(), third.opened().len()), (1, 0), "not before 30 s");
        until(4).await;
        assert_eq!((first.opened().len(), third.opened().len()), (2, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_has_had_a_stream_waits_in_line_anew() {
    page(async {
        let budget = Budget::default();
        let holder = lone(&budget, vec![vec![Wait(4.0), state("running"), complete("running")]], vec![]);
        spawn(&holder, json!({}));
        tokio::task::yield_now().await;
        let first = lone(&budget, vec![vec![Silence], vec![Silence]], starting(99));
        spawn(&first, json!({ "timeout": 12, "maxRetries": 9, "retryDelay": 0 }));
        until(1).await;
        let second = lone(&budget, vec![vec![Silence]], starting(99));
        spawn(&second, json!({}));
        until(20).await;
        assert_eq!((first.opened(), second.opened()), (vec![5.0], vec![15.0]), "the second has read for longer");
    })
    .await;
}
