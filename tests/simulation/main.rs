//! Simulation: random requests, servers and callers on virtual time. Every run must keep every promise of a watch, and be
//! as a naive model says. A run is its seed: a failure names it, and how to play it again.
//!
//! `SIMULATION_RUNS` says how many runs (20,000 if not), `SIMULATION_SEED` which seed is the first (0 if not).
//!
//! Whether it would notice: `cargo install cargo-mutants`, then
//! `SIMULATION_RUNS=2000 cargo mutants --file 'src/*.rs' -- --tests`.
#![cfg(not(target_arch = "wasm32"))]

mod clock;
mod model;
mod promises;
mod script;
mod shrink;
mod wire;
mod world;

/// The scripted world of the other tests: its JSON serves here, too.
#[path = "../world/mod.rs"]
mod scripted;

use std::collections::BTreeMap;
use std::env;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Instant;

use promises::{check, features};
use script::Script;
use shrink::shrink;
use world::play;

/// What has been seen, and in how many runs.
type Tally = BTreeMap<String, u64>;

/// Without these the simulation would prove little. The rarest is met in one of two thousand runs.
const MUST_OCCUR: [&str; 47] = [
    "aborted in the callback while awaiting complete",
    "aborted in the callback while connecting",
    "aborted in the callback while reading after complete",
    "aborted in the callback while streaming",
    "aborted in the callback while waiting to retry",
    "aborted while awaiting complete",
    "aborted while connecting",
    "aborted while not started",
    "aborted while reading after closed for good",
    "aborted while reading after complete",
    "aborted while streaming",
    "aborted while waiting to retry",
    "attempt of exactly its timeout",
    "attempt of its timeout and a second",
    "bad delay",
    "callback has thrown while awaiting complete",
    "callback has thrown while complete",
    "callback has thrown while connecting",
    "callback has thrown while reading after closed for good",
    "callback has thrown while reading after complete",
    "callback has thrown while streaming",
    "connection that hangs",
    "exhausted by Broken",
    "exhausted by ClosedForGood",
    "exhausted by Ended",
    "exhausted by NotReached",
    "exhausted by Reported",
    "exhausted by Status",
    "exhausted by TimedOut",
    "frame that is too large",
    "frames as they are",
    "frames through the decoder",
    "function asked for the delay",
    "longest delay waited for",
    "more than 5 attempts",
    "no limit of retries",
    "refused while connecting: Redirected",
    "refused while connecting: Status",
    "refused while reading after closed for good: Redirected",
    "refused while reading after closed for good: Status",
    "refused while reading after complete: Redirected",
    "refused while reading after complete: Status",
    "resolved while awaiting complete",
    "resolved while reading after closed for good",
    "resolved while reading after complete",
    "Retry-After",
    "timeout that no attempt follows",
];

#[test]
fn every_run_keeps_every_promise() {
    let (runs, first) = (number("SIMULATION_RUNS", 20_000), number("SIMULATION_SEED", 0));
    let began = Instant::now();
    let threads = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let tally = thread::scope(|scope| {
        let simulate = |offset| {
            let runs = (0..runs).filter(move |run| run % threads == offset);
            scope.spawn(move || simulate(runs.map(|run| first.wrapping_add(run))))
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
    if runs >= 20_000 {
        let missing: Vec<_> = MUST_OCCUR.iter().filter(|feature| !tally.contains_key(**feature)).collect();
        assert!(missing.is_empty(), "these never occurred: {missing:?}");
    }
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} must be a whole number, but is {text:?}"))
    })
}

/// Plays the seeds one after the other, up to the first failure.
fn simulate(seeds: impl Iterator<Item = u64>) -> Result<Tally, String> {
    let mut tally = Tally::new();
    for seed in seeds {
        let script = Script::draw(seed);
        let seen = trial(&script, seed % 64 == 0).map_err(|broken| failure(seed, &script, &broken))?;
        for feature in seen {
            *tally.entry(feature).or_default() += 1;
        }
    }
    Ok(tally)
}

/// Plays a script and checks the run; gives what it has shown, or what was wrong.
fn trial(script: &Script, twice: bool) -> Result<Vec<String>, String> {
    let once = || {
        catch_unwind(AssertUnwindSafe(|| play(script))).map_err(|panic| {
            let words = panic.downcast_ref::<&str>().map(ToString::to_string);
            format!("panicked: {}", words.or_else(|| panic.downcast_ref().cloned()).unwrap_or_default())
        })
    };
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
        "seed {seed} breaks a promise: {broken}\n\
         play it again: SIMULATION_SEED={seed} SIMULATION_RUNS=1 cargo test --test simulation\n\
         made smaller, it breaks: {wanted}\n{small}\n{still}"
    )
}
