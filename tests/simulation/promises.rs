//! The promises that must hold for every run, whatever the script: each is checked by itself, and then the model.

use std::time::Duration;

use cvm_watch::{
    COMPLETE_WITHIN, EventKind, LATE, LONGEST_DELAY, LONGEST_RETRY_AFTER, READS_A_SECOND, SILENT_INTERVALS,
};
use serde_json::Value;

use crate::model::{MADE, expected};
use crate::script::{Interruption, Refused, Script, Step};
use crate::world::{Entry, Event, Outcome, Run, Trace, Why};

type Checked = Result<(), String>;

/// Checks all of them. The error says which is broken.
pub fn check(script: &Script, run: &Run) -> Checked {
    settles_once(run)?;
    resolves_with_a_target_only(script, run)?;
    no_more_attempts_than_allowed(script, run)?;
    no_attempt_longer_than_its_timeout(script, run)?;
    waits_as_announced(script, run)?;
    nothing_left_behind(run)?;
    events_in_order_none_twice_none_lost(script, run)?;
    no_words_twice(run)?;
    the_last_state_on_every_event(run)?;
    reads_within_the_budget(run)?;
    no_silence_without_a_read(script, run)?;
    as_the_model_says(script, run)
}

pub fn ensure(holds: bool, promise: &str) -> Checked {
    if holds { Ok(()) } else { Err(promise.into()) }
}

fn settles_once(run: &Run) -> Checked {
    let settled: Vec<_> = run.trace.iter().filter(|(_, entry)| matches!(entry, Entry::Settles(_))).collect();
    ensure(settled.len() == 1, "a watch settles exactly once")?;
    ensure(settled[0].1 != Entry::Settles(Outcome::Hangs), "a watch never hangs")?;
    ensure(run.trace.last() == Some(settled[0]), "nothing happens after a watch has settled")
}

fn resolves_with_a_target_only(script: &Script, run: &Run) -> Checked {
    let Outcome::Reached(state) = run.outcome() else { return Ok(()) };
    ensure(script.targets.iter().any(|target| state["status"] == *target), "a watch resolves with a target only")
}

fn no_more_attempts_than_allowed(script: &Script, run: &Run) -> Checked {
    ensure(
        script.max_retries.is_none_or(|retries| run.attempts <= retries + 1),
        "there are at most maxRetries + 1 attempts",
    )
}

fn no_attempt_longer_than_its_timeout(script: &Script, run: &Run) -> Checked {
    let mut began = Duration::ZERO;
    for (place, (time, entry)) in run.trace.iter().enumerate() {
        // It may take a second more until `complete`.
        ensure(*time <= began + script.timeout + COMPLETE_WITHIN, "an attempt lasts at most its timeout")?;
        if let Entry::Event(Event { retry_in: Some(_), .. }) = entry {
            let next = run.trace[place..].iter().find(|(_, entry)| begins(entry));
            let Some((next, _)) = next else { return Ok(()) };
            began = *next;
        }
    }
    Ok(())
}

fn begins(entry: &Entry) -> bool {
    matches!(entry, Entry::StreamOpens | Entry::ReadBegins)
}

/// The next attempt comes after the wait that was announced; sooner only after a wake-up, and never before `Retry-After`.
fn waits_as_announced(script: &Script, run: &Run) -> Checked {
    for (place, (time, entry)) in run.trace.iter().enumerate() {
        let Entry::Event(Event { retry_in: Some(wait), .. }) = entry else { continue };
        ensure(*wait <= LONGEST_DELAY, "no wait is longer than timers can")?;
        let Some((next, _)) = run.trace[place..].iter().find(|(_, entry)| begins(entry)) else { continue };
        let waited = next.saturating_sub(*time);
        let is_awake = !script.wakes.is_empty() || !script.jumps.is_empty();
        // A read may have to wait a second for its turn.
        let is_as_announced = waited >= *wait && waited <= *wait + Duration::from_millis(1001);
        ensure(
            is_as_announced || is_awake && waited <= *wait + Duration::from_millis(1001),
            "every wait is as announced",
        )?;
    }
    Ok(())
}

fn nothing_left_behind(run: &Run) -> Checked {
    ensure(run.left_alive == [0, 0, 0], "a settled watch leaves no stream, no read and no timer alive")?;
    let is_empty = run.budget.contains("streams: 0,")
        && run.budget.contains("readers: []")
        && run.budget.contains("unanswered: 0,")
        && run.budget.contains("turns: []");
    ensure(is_empty, "a settled watch leaves nothing in the budget")
}

fn events_in_order_none_twice_none_lost(script: &Script, run: &Run) -> Checked {
    let mut told = Vec::new();
    let mut before = 1;
    for event in run.events() {
        ensure(before <= event.attempt, "events come in the order of attempts")?;
        before = event.attempt;
        told.extend(event.payload.get("n").and_then(Value::as_u64));
        let words = event.payload.get("error").and_then(Value::as_str).unwrap_or_default();
        ensure(event.code.is_none() || !words.is_empty(), "an event made here says what was wrong")?;
        ensure(event.code.is_none() || event.payload.get("n").is_none(), "an event of the server's has no code")?;
    }
    let cut_short = matches!(script.interruption, Some(Interruption::InCallback(_) | Interruption::Throw(_)));
    ensure(told.is_sorted_by(|one, next| one < next), "events come in order, and none twice")?;
    ensure(told == run.given || cut_short && run.given.starts_with(&told), "no event is lost")
}

fn no_words_twice(run: &Run) -> Checked {
    let mut before: Option<&Event> = None;
    for event in run.events() {
        let repeats = before.is_some_and(|before| {
            before.attempt == event.attempt && before.payload.get("error") == event.payload.get("error")
        });
        ensure(event.code.is_none() || !repeats, "no event made here repeats the words of the one before it")?;
        before = Some(event);
    }
    Ok(())
}

fn the_last_state_on_every_event(run: &Run) -> Checked {
    let mut last: Option<&Value> = None;
    for event in run.events() {
        if event.kind == EventKind::State {
            last = Some(&event.payload);
        } else if let Some(last) = last {
            let status = event.status.as_ref().or(event.payload.get("status"));
            let says_something = status.is_some_and(|status| !status.is_null() && *status != "");
            ensure(says_something || last["status"] == "", "every event has a status once a state is known")?;
        }
    }
    Ok(())
}

fn reads_within_the_budget(run: &Run) -> Checked {
    let starts = run.times(&Entry::ReadBegins);
    let fast = starts.windows(READS_A_SECOND + 1).any(|some| some[READS_A_SECOND] <= some[0] + Duration::from_secs(1));
    ensure(!fast, "at most ten reads start in any second")
}

/// A stream is never silent for longer than three intervals and the time of the reads that check it.
fn no_silence_without_a_read(script: &Script, run: &Run) -> Checked {
    // Data that cannot be used is told once, however often it comes, so not every frame can be seen here.
    if script.has_nonsense() {
        return Ok(());
    }
    let most = script.interval * SILENT_INTERVALS + Duration::from_millis(1001);
    let (mut is_open, mut since) = (false, None);
    for (time, entry) in &run.trace {
        // A read may have to wait for its turn.
        let limit = since.map_or(Duration::MAX, |since: Duration| since + most);
        ensure(*time <= limit, "a stream that is silent for three intervals is checked by a read")?;
        match entry {
            Entry::StreamOpens => (is_open, since) = (true, Some(*time)),
            Entry::StreamCloses => (is_open, since) = (false, None),
            Entry::ReadBegins => since = None,
            Entry::ReadEnds => since = is_open.then_some(*time),
            Entry::Event(_) => since = since.map(|_| *time),
            _ => {}
        }
    }
    Ok(())
}

/// The model knows the payloads that the server tells, and not the words of those that are made here.
fn as_the_model_says(script: &Script, run: &Run) -> Checked {
    let expected = expected(script);
    let mut real = run.trace.clone();
    for ((_, real), (_, modelled)) in real.iter_mut().zip(&expected.trace) {
        if let (Entry::Event(real), Entry::Event(Event { payload: MADE, .. })) = (real, modelled) {
            real.payload = MADE;
        }
    }
    if real != expected.trace {
        let lines =
            |trace: &Trace| trace.iter().map(|(time, entry)| format!("  {time:?} {entry:?}")).collect::<Vec<_>>();
        let (wanted, real) = (lines(&expected.trace).join("\n"), lines(&run.trace).join("\n"));
        return Err(format!("the run is as the model says\nit says\n{wanted}\nbut the run is\n{real}"));
    }
    ensure(run.attempts as usize == expected.attempts(), "`attempts` counts the attempts made")?;
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

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.trace.iter().filter_map(|(_, entry)| match entry {
            Entry::Event(event) => Some(event),
            _ => None,
        })
    }

    fn times(&self, wanted: &Entry) -> Vec<Duration> {
        self.trace.iter().filter(|(_, entry)| entry == wanted).map(|(time, _)| *time).collect()
    }
}

/// The names of what occurred in a run: the test fails if something interesting never occurs.
pub fn features(script: &Script, run: &Run) -> Vec<String> {
    let class = |why: &Why| format!("{why:?}").split('(').next().map(str::to_owned).unwrap_or_default();
    let doing = run.doing;
    let in_callback =
        if matches!(script.interruption, Some(Interruption::InCallback(_))) { " in the callback" } else { "" };
    let mut features = vec![match run.outcome() {
        Outcome::Reached(_) => format!("resolved: {doing}"),
        Outcome::CvmFailed(_) => format!("CVM failed: {doing}"),
        Outcome::Refused(why) => format!("refused: {}: {doing}", class(why)),
        Outcome::Exhausted(why, _) => format!("exhausted: {}", class(why)),
        Outcome::Aborted => format!("aborted{in_callback}: {doing}"),
        Outcome::Thrown => format!("callback has thrown: {doing}"),
        Outcome::BadArgument(field) => format!("bad answer: {field}"),
        Outcome::Foreign => format!("foreign error: {doing}"),
        Outcome::Hangs => unreachable!("it has been checked"),
    }];
    let mut also = |seen: bool, words: &str| features.extend(seen.then(|| words.into()));
    let waits = |wanted: &dyn Fn(Duration) -> bool| run.events().any(|event| event.retry_in.is_some_and(wanted));
    also(run.attempts > 5, "more than 5 attempts");
    also(run.attempts < 2 && script.max_retries.is_none(), "no limit of retries");
    also(waits(&|wait| wait == LONGEST_DELAY), "longest delay waited for");
    also(waits(&|wait| wait == LONGEST_RETRY_AFTER), "longest Retry-After waited for");
    let last_timeout = run.events().any(|event| event.kind == EventKind::Timeout && event.retry_in.is_none());
    also(last_timeout, "timeout that no attempt follows");
    let entries: Vec<&Entry> = run.trace.iter().map(|(_, entry)| entry).collect();
    also(entries.contains(&&Entry::Hint), "hint");
    also(entries.iter().filter(|entry| matches!(entry, Entry::Asked(_))).count() > 2, "functions asked");
    for three in entries.windows(3) {
        match three {
            [Entry::StreamCloses, Entry::Event(event), Entry::StreamOpens] if event.kind == EventKind::State => {
                also(true, "stream replaced");
            }
            [Entry::StreamCloses, Entry::Event(event), Entry::ReadBegins] if event.kind == EventKind::State => {
                also(true, "second dead stream, then reads");
            }
            [Entry::ReadBegins, Entry::ReadEnds, Entry::ReadBegins] => also(true, "read after read"),
            [Entry::ReadEnds, Entry::StreamOpens, ..] => also(true, "stream after reads"),
            _ => {}
        }
    }
    let starts = run.times(&Entry::ReadBegins);
    let busy =
        starts.windows(READS_A_SECOND + 1).any(|some| some[READS_A_SECOND] < some[0] + Duration::from_millis(1002));
    also(busy, "reads as fast as they may");
    also(script.max_streams == 0, "no streams");
    also(script.held.len() >= script.max_streams && script.max_streams > 0, "no stream free at first");
    also(!script.wakes.is_empty(), "wake-ups");
    also(script.jumps.iter().any(|(_, by)| *by >= 10_000) && LATE.as_secs() == 10, "late timers");
    also(script.leave_first, "first status left");
    let opened = run.times(&Entry::StreamOpens).len();
    for stream in script.streams.iter().take(opened) {
        also(stream.bytes.is_some(), "frames through the decoder");
        also(stream.bytes.is_none(), "frames as they are");
        also(matches!(stream.steps.last(), Some((_, Step::Flood))), "frame that is too large");
        also(stream.steps.is_empty(), "connection that hangs");
        let refused = stream.steps.iter().find_map(|(_, step)| match step {
            Step::Refuse(refused) => Some(refused),
            _ => None,
        });
        also(matches!(refused, Some(Refused::Status(429, _))), "stream refused with 429");
        also(matches!(refused, Some(Refused::Html)), "another content type");
        also(matches!(refused, Some(Refused::Status(_, Some(_)))), "Retry-After");
    }
    features.sort_unstable();
    features.dedup();
    features
}
