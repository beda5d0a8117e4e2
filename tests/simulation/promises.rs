//! What must hold of every run, whatever the script: the promises, each checked by itself, and then the model.

use std::time::Duration;

use cvm_watch::{COMPLETE_WITHIN, EventKind, LONGEST_DELAY};
use serde_json::Value;

use crate::model::{MADE, expected};
use crate::script::{Head, Interruption, Refused, Script, Step};
use crate::world::{Entry, Outcome, Run, Trace, Why};

type Checked = Result<(), String>;

/// Checks all of them. The error says which is broken.
pub fn check(script: &Script, run: &Run) -> Checked {
    settles_once(run)?;
    resolves_with_the_target_only(script, run)?;
    no_more_attempts_than_allowed(script, run)?;
    no_attempt_longer_than_its_timeout(script, run)?;
    gaps_as_long_as_asked(script, run)?;
    nothing_left_alive(run)?;
    events_in_order_none_twice_none_lost(script, run)?;
    as_the_model_says(script, run)
}

fn ensure(holds: bool, promise: &str) -> Checked {
    if holds { Ok(()) } else { Err(promise.into()) }
}

fn settles_once(run: &Run) -> Checked {
    let settled: Vec<_> = run.trace.iter().filter(|(_, entry)| matches!(entry, Entry::Settles(_))).collect();
    ensure(settled.len() == 1, "a watch settles exactly once")?;
    ensure(settled[0].1 != Entry::Settles(Outcome::Hangs), "a watch never hangs")?;
    ensure(run.trace.last() == Some(settled[0]), "nothing happens after a watch has settled")
}

fn resolves_with_the_target_only(script: &Script, run: &Run) -> Checked {
    let Outcome::Reached(state) = run.outcome() else { return Ok(()) };
    ensure(state["status"] == script.target, "a watch resolves with its target only")
}

fn no_more_attempts_than_allowed(script: &Script, run: &Run) -> Checked {
    let opened = run.times(&Entry::StreamOpens).len();
    ensure(opened == run.attempts as usize, "every attempt opens one stream")?;
    ensure(
        script.max_retries.is_none_or(|retries| opened <= retries as usize + 1),
        "there are at most maxRetries + 1 attempts",
    )
}

fn no_attempt_longer_than_its_timeout(script: &Script, run: &Run) -> Checked {
    for (from, to) in run.attempts() {
        let awaits_complete = run.doing == "awaiting complete" && to == run.end();
        let most = script.timeout + if awaits_complete { COMPLETE_WITHIN } else { Duration::ZERO };
        ensure(to <= from + most, "an attempt lasts at most its timeout")?;
    }
    Ok(())
}

fn gaps_as_long_as_asked(script: &Script, run: &Run) -> Checked {
    let attempts = run.attempts();
    for (number, gap) in (1..).zip(attempts.windows(2)) {
        let waited = gap[1].0.saturating_sub(gap[0].1);
        let delay = script.delay_after(number).ok_or("no attempt follows when the function gives no delay")?;
        ensure(waited >= delay.min(LONGEST_DELAY), "the next attempt comes no sooner than retryDelay asks")?;
        let attempt = script.attempt(number);
        let refused_head = match attempt.head.1 {
            Head::Refuse(Refused::Status(_, retry_after)) if attempt.head.0 <= script.timeout => retry_after,
            _ => None,
        };
        ensure(
            waited >= refused_head.unwrap_or_default().min(LONGEST_DELAY),
            "the next attempt comes no sooner than Retry-After asks",
        )?;
        let announced = run.trace.iter().any(|(_, entry)| {
            matches!(entry, Entry::Event { attempt, retry_in: Some(wait), .. } if *attempt == number && *wait == waited)
        });
        // Whoever aborts in the callback hears no more, though the watch's turn goes on.
        let hears = !matches!(script.interruption, Some(Interruption::InCallback(_)));
        ensure(announced || !hears, "every wait is announced as it is")?;
    }
    Ok(())
}

fn nothing_left_alive(run: &Run) -> Checked {
    ensure(run.left_alive == [0, 0, 0], "a settled watch leaves no stream, no read and no timer alive")
}

fn events_in_order_none_twice_none_lost(script: &Script, run: &Run) -> Checked {
    let mut told = Vec::new();
    let mut before = 1;
    for (_, entry) in &run.trace {
        let Entry::Event { kind, attempt, payload, .. } = entry else { continue };
        ensure(before <= *attempt, "events come in the order of attempts")?;
        before = *attempt;
        told.extend(payload.get("n").and_then(Value::as_u64));
        let made_here = payload.get("n").is_none() && *kind == EventKind::Error && payload.is_object();
        let words = payload.get("error").and_then(Value::as_str).unwrap_or_default();
        ensure(!made_here || !words.is_empty(), "an error made here says what was wrong")?;
    }
    let cut_short = matches!(script.interruption, Some(Interruption::InCallback(_) | Interruption::Throw(_)));
    ensure(told.is_sorted_by(|one, next| one < next), "events come in order, and none twice")?;
    ensure(told == run.given || cut_short && run.given.starts_with(&told), "no event is lost")
}

/// The model knows the payloads that the server tells, and not the words of those that are made here.
fn as_the_model_says(script: &Script, run: &Run) -> Checked {
    let expected = expected(script);
    let mut real = run.trace.clone();
    for ((_, real), (_, modelled)) in real.iter_mut().zip(&expected.trace) {
        if let (Entry::Event { payload, .. }, Entry::Event { payload: MADE, .. }) = (real, modelled) {
            *payload = MADE;
        }
    }
    if real != expected.trace {
        let lines =
            |trace: &Trace| trace.iter().map(|(time, entry)| format!("  {time:?} {entry:?}")).collect::<Vec<_>>();
        let (wanted, real) = (lines(&expected.trace).join("\n"), lines(&run.trace).join("\n"));
        return Err(format!("the run is as the model says\nit says\n{wanted}\nbut the run is\n{real}"));
    }
    ensure(run.attempts as usize == expected.attempts(), "`attempts` counts the requests made")?;
    ensure(run.last_state.as_deref() == expected.last_state(), "`last_state` is the last one told")
}

impl Run {
    pub fn outcome(&self) -> &Outcome {
        let settled = self.trace.iter().find_map(|(_, entry)| match entry {
            Entry::Settles(outcome) => Some(outcome),
            _ => None,
        });
        settled.expect("every run's trace ends so")
    }

    pub fn end(&self) -> Duration {
        self.trace.last().map_or(Duration::ZERO, |(time, _)| *time)
    }

    pub fn times(&self, wanted: &Entry) -> Vec<Duration> {
        self.trace.iter().filter(|(_, entry)| entry == wanted).map(|(time, _)| *time).collect()
    }

    /// When each attempt began, and when its last connection was closed.
    fn attempts(&self) -> Vec<(Duration, Duration)> {
        let mut attempts: Vec<(Duration, Duration)> = Vec::new();
        for (time, entry) in &self.trace {
            match (entry, attempts.last_mut()) {
                (Entry::StreamOpens, _) => attempts.push((*time, *time)),
                (Entry::StreamCloses | Entry::ReadEnds, Some((_, end))) => *end = *time,
                _ => {}
            }
        }
        attempts
    }
}

/// What a run has shown, in words: so that it can be seen that nothing interesting is left out.
pub fn features(script: &Script, run: &Run) -> Vec<String> {
    let class = |why: &Why| format!("{why:?}").split('(').next().map(str::to_owned).unwrap_or_default();
    let tells = |wanted: &dyn Fn(EventKind, Option<Duration>) -> bool| {
        run.trace
            .iter()
            .any(|(_, entry)| matches!(entry, Entry::Event { kind, retry_in, .. } if wanted(*kind, *retry_in)))
    };
    let doing = run.doing;
    let in_callback =
        if matches!(script.interruption, Some(Interruption::InCallback(_))) { " in the callback" } else { "" };
    let mut features = vec![match run.outcome() {
        Outcome::Reached(_) => format!("resolved while {doing}"),
        Outcome::Refused(why) => format!("refused while {doing}: {}", class(why)),
        Outcome::Exhausted(why) => format!("exhausted by {}", class(why)),
        Outcome::Aborted => format!("aborted{in_callback} while {doing}"),
        Outcome::Thrown => format!("callback has thrown while {doing}"),
        Outcome::BadDelay => "bad delay".into(),
        Outcome::Hangs => unreachable!("it has been checked"),
    }];
    let mut also = |seen: bool, words: &str| features.extend(seen.then(|| words.into()));
    also(run.attempts > 5, "more than 5 attempts");
    also(run.attempts < 2 && script.max_retries.is_none(), "no limit of retries");
    also(tells(&|_, retry_in| retry_in == Some(LONGEST_DELAY)), "longest delay waited for");
    also(tells(&|kind, retry_in| kind == EventKind::Timeout && retry_in.is_none()), "timeout that no attempt follows");
    also(run.trace.iter().any(|(_, entry)| *entry == Entry::DelayIsAsked), "function asked for the delay");
    for number in 1..=run.attempts {
        let attempt = script.attempt(number);
        let flooded = matches!(attempt.steps.last(), Some((_, Step::Flood)));
        also(attempt.bytes.is_some(), "frames through the decoder");
        also(attempt.bytes.is_none(), "frames as they are");
        also(flooded, "frame that is too large");
        also(matches!(attempt.head.1, Head::Refuse(Refused::Status(_, Some(_)))), "Retry-After");
        also(matches!(attempt.head.1, Head::Never), "connection that hangs");
    }
    for (from, to) in run.attempts() {
        also(to == from + script.timeout, "attempt of exactly its timeout");
        also(to == from + script.timeout + COMPLETE_WITHIN, "attempt of its timeout and a second");
    }
    features.sort_unstable();
    features.dedup();
    features
}
