//! Simulation: random requests, servers and callers on virtual time. Every run must keep every promise of a watch, and be
//! as a naive model says. A run is its seed: a failure names it, and how to play it again.
//!
//! `SIMULATION_RUNS` says how many runs (20,000 if not), `SIMULATION_SEED` which seed is the first (0 if not).
//!
//! To see whether it finds errors that are put into the core: `cargo install cargo-mutants`, then
//! `SIMULATION_RUNS=2000 cargo mutants --file 'src/*.rs' -- --tests`.
#![cfg(not(target_arch = "wasm32"))]

mod clock;
mod fleet;
mod model;
mod promises;
mod script;
mod shrink;
mod wire;
mod world;

#[path = "../random/mod.rs"]
mod random;

/// The scripted world of the other tests: its JSON type is used here, too.
#[path = "../world/mod.rs"]
mod scripted;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::thread;
use std::time::Instant;

use fleet::Fleet;
use promises::{check, features};
use random::{catch, number};
use script::Script;
use shrink::shrink;
use world::play;

/// The features that have occurred, and in how many runs.
type Tally = BTreeMap<String, u64>;

/// These must occur in the simulation, or it would prove little. The rarest occurs in one of two thousand runs.
const MUST_OCCUR: [&str; 62] = [
    "CVM failed: between two reads",
    "CVM failed: streaming",
    "Retry-After",
    "aborted in the callback: between two reads",
    "aborted in the callback: reading",
    "aborted in the callback: reading after complete",
    "aborted in the callback: streaming",
    "aborted in the callback: waiting to retry",
    "aborted: between two reads",
    "aborted: not started",
    "aborted: reading",
    "aborted: reading after complete",
    "aborted: reading beside a stream",
    "aborted: streaming",
    "aborted: waiting to retry",
    "another content type",
    "bad answer: failOn",
    "bad answer: retryDelay",
    "bad answer: shouldRetry",
    "bad answer: until",
    "callback has thrown: between two reads",
    "callback has thrown: complete",
    "callback has thrown: streaming",
    "callback has thrown: waiting to retry",
    "connection that hangs",
    "exhausted: Broken",
    "exhausted: ClosedForGood",
    "exhausted: Ended",
    "exhausted: Malformed",
    "exhausted: NotReached",
    "exhausted: Reported",
    "exhausted: Status",
    "exhausted: TimedOut",
    "first status left",
    "foreign error: between two reads",
    "foreign error: streaming",
    "frame that is too large",
    "frames as they are",
    "frames through the decoder",
    "functions asked",
    "hint",
    "late timers",
    "longest Retry-After waited for",
    "more than 5 attempts",
    "no limit of retries",
    "no stream free at first",
    "no streams",
    "read after read",
    "reads as fast as they may",
    "refused: Redirected: between two reads",
    "refused: Redirected: streaming",
    "refused: Status: between two reads",
    "refused: Status: streaming",
    "resolved: between two reads",
    "resolved: complete",
    "resolved: streaming",
    "second dead stream, then reads",
    "stream after reads",
    "stream refused with 429",
    "stream replaced",
    "timeout that no attempt follows",
    "wake-ups",
];

/// Likewise, of fleets.
const MUST_OCCUR_IN_FLEETS: [&str; 9] = [
    "fleet: 60 watches or more",
    "fleet: more than four streams refused",
    "fleet: more than ten reads for each watch",
    "fleet: reads that fail and hang",
    "fleet: streams handed on",
    "fleet: streams opened anew",
    "fleet: streams refused",
    "fleet: wake-ups",
    "fleet: watches dropped",
];

#[test]
fn every_run_keeps_every_promise() {
    let runs = number("SIMULATION_RUNS", 20_000);
    let missing = if runs >= 20_000 { MUST_OCCUR.as_slice() } else { &[] };
    simulate_all(runs, missing, |seed| {
        let script = Script::draw(seed);
        trial(&script, seed % 64 == 0).map_err(|broken| failure(seed, &script, &broken))
    });
}

/// Many watches take longer to play.
#[test]
fn every_fleet_keeps_every_promise() {
    let runs = number("SIMULATION_RUNS", 20_000) / 100;
    let missing = if runs >= 200 { MUST_OCCUR_IN_FLEETS.as_slice() } else { &[] };
    simulate_all(runs, missing, |seed| {
        let fleet = Fleet::draw(seed);
        let fails = |fleet: &Fleet| catch(|| fleet::trial(fleet)).and_then(|result| result);
        fails(&fleet).map_err(|broken| {
            let small = fleet::shrink(fleet, |smaller| fails(smaller).is_err());
            let still = fails(&small).unwrap_err();
            format!(
                "every_fleet_keeps_every_promise, seed {seed}: {broken}\n\
                 play it again: SIMULATION_SEED={seed} SIMULATION_RUNS=100 cargo test --test simulation fleet\n\
                 the shortest script that still fails: {still}\n{small:#?}"
            )
        })
    });
}

/// Plays the seeds on all processors, up to the first failure, and tells what has been seen.
fn simulate_all(runs: u64, must_occur: &[&str], play: impl Fn(u64) -> Result<Vec<String>, String> + Sync) {
    let first = number("SIMULATION_SEED", 0);
    let began = Instant::now();
    let threads = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let play = &play;
    let tally = thread::scope(|scope| {
        let simulate = |offset| {
            let seeds = (0..runs).filter(move |run| run % threads == offset).map(move |run| first.wrapping_add(run));
            scope.spawn(move || simulate(seeds, play))
        };
        let running: Vec<_> = (0..threads).map(simulate).collect();
        let mut tally = Tally::new();
        for thread in running {
            for (feature, count) in thread.join().expect("it panics on no run")? {
                *tally.entry(feature).or_default() += count;
            }
        }
        Ok(tally)
    });
    let tally = tally.unwrap_or_else(|failure: String| panic!("{failure}"));
    println!("{runs} runs from seed {first} in {:.1} s", began.elapsed().as_secs_f64());
    for (feature, count) in &tally {
        println!("{count:>9} {feature}");
    }
    let missing: Vec<_> = must_occur.iter().filter(|feature| !tally.contains_key(**feature)).collect();
    assert!(missing.is_empty(), "these never occurred: {missing:?}");
}

/// Plays the seeds one after the other, up to the first failure.
fn simulate(
    seeds: impl Iterator<Item = u64>,
    play: impl Fn(u64) -> Result<Vec<String>, String>,
) -> Result<Tally, String> {
    let mut tally = Tally::new();
    for seed in seeds {
        for feature in play(seed)? {
            *tally.entry(feature).or_default() += 1;
        }
    }
    Ok(tally)
}

/// Plays a script and checks the run; gives what it has shown, or what was wrong.
fn trial(script: &Script, twice: bool) -> Result<Vec<String>, String> {
    let once = || catch(|| play(script));
    let run = once()?;
    check(script, &run)?;
    if twice && once()? != run {
        return Err("the same script gives the same run".into());
    }
    Ok(features(script, &run))
}

fn failure(seed: u64, script: &Script, broken: &str) -> String {
    let small = shrink(script.clone(), |smaller| trial(smaller, true).is_err());
    let still = trial(&small, true).unwrap_err();
    let wanted = still.lines().next().unwrap_or_default();
    let broken = broken.lines().next().unwrap_or_default();
    format!(
        "every_run_keeps_every_promise, seed {seed}: {broken}\n\
         play it again: SIMULATION_SEED={seed} SIMULATION_RUNS=1 cargo test --test simulation\n\
         the shortest script that still fails: {wanted}\n{small}\n{still}"
    )
}
