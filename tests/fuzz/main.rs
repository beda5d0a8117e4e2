//! Fuzzing what reads input from outside: frames, ids and requests, each against a naive reader of the same rules.
//!
//! Every input of `tests/corpus` is played, and then mutations of them: `FUZZ_CASES` of each kind (20,000 if not said),
//! or for `FUZZ_SECONDS`. `FUZZ_SEED` says which come (0 if not).
#![cfg(not(target_arch = "wasm32"))]

mod frames;
mod ids;
mod mutate;
mod requests;

#[path = "../random/mod.rs"]
mod random;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fastrand::Rng;
use mutate::Mutator;
use random::{catch, number};

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

/// Each byte is read once, however small the chunks are: a decoder that takes quadratic time would need days for this.
#[test]
fn frames_of_megabytes_byte_by_byte() {
    frames::megabytes_byte_by_byte();
}

fn fuzz(kind: &str, words: &[&[u8]], check: Check) {
    let files = corpus_files(kind);
    let corpus: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    for (file, input) in files.iter().zip(&corpus) {
        play(kind, &file.display(), input, check);
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
        play(kind, &format_args!("seed {seed}, case {played}"), &mutator.draw(), check);
        played += 1;
    }
    println!("{kind}: {} of the corpus and {played} from seed {seed} in {:.1?}", corpus.len(), began.elapsed());
}

fn corpus_files(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(kind);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10, "the corpus is there");
    files
}

/// Reports a failure with the shortest input that still fails.
fn play(kind: &str, origin: &dyn Display, input: &[u8], check: Check) {
    let Err(failure) = catch(|| check(input)) else { return };
    let small = mutate::shrink(input.to_vec(), |input| catch(|| check(input)).is_err());
    let still = catch(|| check(&small)).err().unwrap_or_default();
    panic!(
        "{kind}, {origin}: {failure}\n\
         the shortest input that still fails: {still}\n\
         keep it, to play it again: printf '%b' '{}' > tests/corpus/{kind}/NAME",
        octal(&small)
    );
}

fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\0{byte:03o}")).collect::<Vec<_>>().concat()
}
