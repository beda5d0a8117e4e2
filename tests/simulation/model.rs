//! What a run must look like, computed from its script alone: the contract's tables once more, naive and with no future,
//! no timer and no stream in it. It knows nothing of `src/watch.rs`.

use std::time::Duration;

use cvm_watch::{EventKind, LONGEST_DELAY};
use serde_json::{Value, json};

use crate::script::{Attempt, Head, Interruption, Meaning, Read, Refused, Script, Step};
use crate::world::{Entry, Outcome, Trace, Why};

const SECOND: Duration = Duration::from_secs(1);

/// Stands for a payload that the watch makes itself.
pub const MADE: Value = Value::Bool(false);

/// What is to be expected of a run.
#[derive(Debug)]
pub struct Expected {
    pub trace: Trace,
    /// The states that are told, each with its place in the trace.
    states: Vec<(usize, String)>,
}

impl Expected {
    pub fn attempts(&self) -> usize {
        self.trace.iter().filter(|(_, entry)| *entry == Entry::StreamOpens).count()
    }

    pub fn last_state(&self) -> Option<&str> {
        self.states.last().map(|(_, status)| status.as_str())
    }
}

/// How an attempt failed: why, the payload of the event that tells so, and the wait that the server asks for.
struct Failed(Why, Value, Option<Duration>);

impl Failed {
    fn by(why: Why) -> Self {
        Self(why, MADE, None)
    }
}

struct Model<'a> {
    script: &'a Script,
    now: Duration,
    deadline: Duration,
    number: u32,
    trace: Trace,
    states: Vec<(usize, String)>,
}

pub fn expected(script: &Script) -> Expected {
    let mut model = Model {
        script,
        now: Duration::ZERO,
        deadline: Duration::ZERO,
        number: 0,
        trace: Vec::new(),
        states: Vec::new(),
    };
    let outcome = model.watch();
    model.note(Entry::Settles(outcome));
    interrupted(script, Expected { trace: model.trace, states: model.states })
}

impl Model<'_> {
    fn watch(&mut self) -> Outcome {
        loop {
            self.number += 1;
            self.deadline = self.now + self.script.timeout;
            let Failed(why, payload, asked) = match self.attempt() {
                Ok(state) => return Outcome::Reached(state),
                Err(failed) => failed,
            };
            let refused = match why {
                Why::Redirected => true,
                Why::Status(status) => ![408, 425, 429].contains(&status) && status < 500,
                _ => false,
            };
            let again = !refused && self.script.max_retries.is_none_or(|retries| self.number <= retries);
            let mut delay = None;
            if again {
                delay = self.script.delay_after(self.number);
                if matches!(self.script.delay, crate::script::Delay::Asked(_)) {
                    self.note(Entry::DelayIsAsked);
                }
            }
            let delay = delay.map(|delay| delay.max(asked.unwrap_or_default()).min(LONGEST_DELAY));
            let kind = if why == Why::TimedOut { EventKind::Timeout } else { EventKind::Error };
            self.tell(kind, &payload, delay);
            match delay {
                _ if refused => return Outcome::Refused(why),
                _ if !again => return Outcome::Exhausted(why),
                None => return Outcome::BadDelay,
                Some(delay) => self.now += delay,
            }
        }
    }

    fn attempt(&mut self) -> Result<Value, Failed> {
        let attempt = self.script.attempt(self.number);
        self.note(Entry::StreamOpens);
        let mut ended_by = self.stream(&attempt);
        self.note(Entry::StreamCloses);
        // The one-shot read decides.
        if let Err(Failed(Why::NotReached(_) | Why::ClosedForGood(_), ..)) = &ended_by {
            self.note(Entry::ReadBegins);
            let read = self.read(&attempt);
            self.note(Entry::ReadEnds);
            ended_by = match (read, ended_by) {
                (Ok(status), _) if status == self.script.target => Ok(json!({ "status": status })),
                (Ok(status), Err(Failed(Why::NotReached(_), ..))) => Err(Failed::by(Why::NotReached(status))),
                (Ok(status), _) => Err(Failed::by(Why::ClosedForGood(Some(status)))),
                (Err(failed), _) => Err(failed),
            };
        }
        ended_by
    }

    /// The stream's part of an attempt.
    fn stream(&mut self, attempt: &Attempt) -> Result<Value, Failed> {
        self.pass(attempt.head.0)?;
        match &attempt.head.1 {
            Head::Open => {}
            Head::Refuse(refused) => return Err(refusal(refused)),
            Head::Never => self.pass(Duration::MAX)?,
        }
        let mut complaint: Option<&str> = None;
        for (place, (wait, step)) in attempt.steps.iter().enumerate() {
            self.pass(*wait)?;
            let message = match step {
                Step::Say(message) => message,
                Step::CloseForGood => return Err(Failed::by(Why::ClosedForGood(None))),
                Step::End | Step::Break | Step::Flood => {
                    let end = if matches!(step, Step::End) { Why::Ended } else { Why::Broken };
                    return Err(Failed::by(complaint.map_or(end, |words| Why::Reported(words.into()))));
                }
            };
            self.hear(&message.meaning);
            match &message.meaning {
                Meaning::State(status, state) if *status == self.script.target => {
                    self.hear_out(&attempt.steps[place + 1..]);
                    return Ok(state.clone());
                }
                Meaning::State(..) => complaint = None,
                Meaning::Complete(_) => return Err(Failed::by(Why::NotReached(String::new()))),
                Meaning::Timeout(payload) => return Err(Failed(Why::TimedOut, payload.clone(), None)),
                Meaning::Error(payload) => {
                    let said = [Some(payload), payload.get("message"), payload.get("error")];
                    let mut texts = said.into_iter().flatten().filter_map(Value::as_str);
                    complaint = texts.find(|text| !text.is_empty()).or(complaint);
                }
                Meaning::Nonsense | Meaning::Nothing => {}
            }
        }
        self.pass(Duration::MAX)?;
        unreachable!("silence lasts longer than any attempt")
    }

    /// The target is reached: a second more for `complete`.
    fn hear_out(&mut self, steps: &[(Duration, Step)]) {
        self.deadline = self.now + SECOND;
        for (wait, step) in steps {
            let Ok(()) = self.pass(*wait) else { return };
            let Step::Say(message) = step else { return };
            self.hear(&message.meaning);
            match &message.meaning {
                Meaning::Timeout(payload) => return self.tell(EventKind::Timeout, payload, None),
                Meaning::Complete(_) => return,
                _ => {}
            }
        }
        let _ = self.pass(Duration::MAX);
    }

    /// What the callback is told of a message. (Of a `timeout` only as the end of the attempt.)
    fn hear(&mut self, meaning: &Meaning) {
        match meaning {
            Meaning::State(status, state) => {
                self.states.push((self.trace.len(), (*status).into()));
                self.tell(EventKind::State, state, None);
            }
            Meaning::Complete(payload) => self.tell(EventKind::Complete, payload, None),
            Meaning::Error(payload) => self.tell(EventKind::Error, payload, None),
            Meaning::Nonsense => self.tell(EventKind::Error, &MADE, None),
            Meaning::Timeout(_) | Meaning::Nothing => {}
        }
    }

    fn read(&mut self, attempt: &Attempt) -> Result<String, Failed> {
        self.pass(attempt.read.0)?;
        match &attempt.read.1 {
            Read::State(status) => {
                self.states.push((self.trace.len(), (*status).into()));
                Ok((*status).into())
            }
            Read::Shapeless(_) => Err(Failed::by(Why::Broken)),
            Read::Refuse(refused) => Err(refusal(refused)),
            Read::Never => Err(self.pass(Duration::MAX).unwrap_err()),
        }
    }

    /// Time passes, up to the attempt's deadline. What comes at that very moment still counts.
    fn pass(&mut self, wait: Duration) -> Result<(), Failed> {
        let then = self.now.saturating_add(wait);
        self.now = then.min(self.deadline);
        if then > self.deadline { Err(Failed::by(Why::TimedOut)) } else { Ok(()) }
    }

    fn tell(&mut self, kind: EventKind, payload: &Value, retry_in: Option<Duration>) {
        self.note(Entry::Event { kind, attempt: self.number, retry_in, payload: payload.clone() });
    }

    fn note(&mut self, entry: Entry) {
        self.trace.push((self.now, entry));
    }
}

fn refusal(refused: &Refused) -> Failed {
    match *refused {
        Refused::Status(status, retry_after) => Failed(Why::Status(status), MADE, retry_after),
        Refused::Redirect => Failed::by(Why::Redirected),
        Refused::Broken => Failed::by(Why::Broken),
    }
}

/// The same run, interrupted: nothing follows, and all that is open is closed.
fn interrupted(script: &Script, whole: Expected) -> Expected {
    let is_event = |entry: &Entry| matches!(entry, Entry::Event { .. });
    let nth_event = |nth| {
        let events = whole.trace.iter().enumerate().filter(|(_, (_, entry))| is_event(entry));
        events.map(|(place, (time, _))| (*time, place)).nth(nth)
    };
    let Some(interruption) = script.interruption else { return whole };
    let (time, place) = match interruption {
        Interruption::At(time) => (time, usize::MAX),
        Interruption::InCallback(nth) | Interruption::Throw(nth) => {
            let Some(event) = nth_event(nth) else { return whole };
            event
        }
    };
    let (outcome, happens): (_, &dyn Fn(Duration, usize) -> bool) = match interruption {
        // What would happen at that very moment does not happen any more.
        Interruption::At(_) => (Outcome::Aborted, &|then, _| then < time),
        // The watch's turn is finished first, but the callback hears nothing.
        Interruption::InCallback(_) => (Outcome::Aborted, &|then, _| then <= time),
        Interruption::Throw(_) => (Outcome::Thrown, &|_, then| then <= place),
    };
    let mut states = whole.states;
    states.retain(|(place, _)| happens(whole.trace[*place].0, *place));
    let kept = whole
        .trace
        .into_iter()
        .enumerate()
        .filter(|(place_, (then, entry))| happens(*then, *place_) && !(is_event(entry) && *place_ > place));
    let mut trace: Trace = kept.map(|(_, entry)| entry).collect();
    if matches!(trace.last(), Some((_, Entry::Settles(_)))) {
        return Expected { trace, states };
    }
    for (begin, end) in [(Entry::StreamOpens, Entry::StreamCloses), (Entry::ReadBegins, Entry::ReadEnds)] {
        let count = |wanted: &Entry| trace.iter().filter(|(_, entry)| entry == wanted).count();
        if count(&begin) > count(&end) {
            trace.push((time, end));
        }
    }
    trace.push((time, Entry::Settles(outcome)));
    Expected { trace, states }
}
