//! Fuzzing what reads input from outside: frames, ids and requests, each against a naive reader of the same rules.
//!
//! Every input of `tests/corpus` is played, and then mutations of them: `FUZZ_CASES` of each kind (20,000 if not said),
//! or for `FUZZ_SECONDS`. `FUZZ_SEED` says which come (0 if not).
#![cfg(not(target_arch = "wasm32"))]

mod frames;
mod ids;
mod mutate;
mod requests;

use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use mutate::Mutator;

/// Checks an input; panics if it is not read as it should be.
type Check = fn(&[u8]);

#[test]
fn frames() {
    fuzz("frames", frames::WORDS, frames::check);
}

#[test]
fn ids() {
    fuzz("ids", ids::WORDS, ids::check);
}

#[test]
fn requests() {
    fuzz("requests", requests::WORDS, requests::check);
}

/// Each byte is looked at once, however small the chunks are: were it not so, this would not end today.
#[test]
fn frames_of_megabytes_byte_by_byte() {
    frames::megabytes_byte_by_byte();
}

fn fuzz(kind: &str, words: &[&[u8]], check: Check) {
    let corpus = corpus(kind);
    for input in &corpus {
        play(kind, input, check);
    }
    let seed = number("FUZZ_SEED", 0);
    let mut mutator = Mutator { rng: Rng::with_seed(seed), words, corpus: &corpus };
    let began = Instant::now();
    let (cases, seconds) = match number("FUZZ_SECONDS", 0) {
        0 => (number("FUZZ_CASES", 20_000), u64::MAX),
        seconds => (u64::MAX, seconds),
    };
    let mut played = 0;
    while played < cases && (played % 1024 != 0 || began.elapsed() < Duration::from_secs(seconds)) {
        play(kind, &mutator.draw(), check);
        played += 1;
    }
    println!("{kind}: {} of the corpus and {played} from seed {seed} in {:.1?}", corpus.len(), began.elapsed());
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} must be a whole number, but is {text:?}"))
    })
}

fn corpus(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(kind);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10, "the corpus is there");
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// A failure is made smaller and shown.
fn play(kind: &str, input: &[u8], check: Check) {
    if catch_unwind(|| check(input)).is_ok() {
        return;
    }
    let fails = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| check(input))).is_err();
    let small = mutate::shrink(input.to_vec(), fails);
    let path = format!("tests/corpus/{kind}/NAME");
    println!("to play it again, keep it: printf '%b' '{}' > {path}", octal(&small));
    check(&small);
    unreachable!("it fails every time: no check holds anything");
}

fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\0{byte:03o}")).collect::<Vec<_>>().concat()
}
