//! What one run plays: a request, what the server does in each attempt, and what the caller does. Drawn from a seed.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use cvm_watch::{LONGEST_DELAY, WatchRequest};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::scripted::JsonArguments;

/// A run. What is not written here does not happen.
#[derive(Clone, Debug)]
pub struct Script {
    pub target: &'static str,
    pub timeout: Duration,
    pub max_retries: Option<u32>,
    pub delay: Delay,
    /// After the last, the server is well again: the target and `complete` at once.
    pub attempts: Vec<Attempt>,
    pub interruption: Option<Interruption>,
}

#[derive(Clone, Debug)]
pub enum Delay {
    Fixed(Duration),
    /// What the function gives after each attempt, at last none; `None` if it gives no delay.
    Asked(Vec<Option<Duration>>),
}

/// What the caller does to the watch.
#[derive(Clone, Copy, Debug)]
pub enum Interruption {
    /// Aborts at that time.
    At(Duration),
    /// Aborts within the callback for that event, counted from 0.
    InCallback(usize),
    /// The callback throws there. (In JavaScript it cannot: what it throws is caught. But nothing may leak.)
    Throw(usize),
}

#[derive(Clone, Debug)]
pub struct Attempt {
    pub head: (Duration, Head),
    /// Each so long after the one before it. After the last comes silence.
    pub steps: Vec<(Duration, Step)>,
    /// What a one-shot read gives, and how long it takes.
    pub read: (Duration, Read),
    /// With a seed, the frames come through the decoder, in chunks drawn from it; else as they are, as EventSource has them.
    pub bytes: Option<u64>,
}

/// How a connection begins.
#[derive(Clone, Debug)]
pub enum Head {
    Open,
    Refuse(Refused),
    Never,
}

/// How a connection comes to nothing.
#[derive(Clone, Debug)]
pub enum Refused {
    Status(u16, Option<Duration>),
    Redirect,
    Broken,
}

#[derive(Clone, Debug)]
pub enum Step {
    Say(Message),
    End,
    Break,
    /// The transport sees the stream closed for good and cannot tell why. (EventSource: never through the decoder.)
    CloseForGood,
    /// More bytes than a frame may have. (Only through the decoder.)
    Flood,
}

/// A frame, and what there is to understand in it.
#[derive(Clone, Debug)]
pub struct Message {
    pub name: &'static str,
    pub data: String,
    pub meaning: Meaning,
}

#[derive(Clone, Debug)]
pub enum Meaning {
    State(&'static str, Value),
    Complete(Value),
    Timeout(Value),
    Error(Value),
    /// Not JSON, or no state.
    Nonsense,
    /// An event of another name.
    Nothing,
}

#[derive(Clone, Debug)]
pub enum Read {
    State(&'static str),
    Shapeless(Value),
    Refuse(Refused),
    Never,
}

const STATUSES: [&str; 7] = ["running", "Running", "running ", "starting", "stopped", "", "läuft ✓"];
const TEMPORARY: [u16; 7] = [408, 425, 429, 500, 502, 503, 599];
const FOR_GOOD: [u16; 6] = [204, 400, 401, 404, 422, 499];
/// What is JSON but no object: an `error` may be that, a state may not.
const SHAPELESS: [&str; 6] = ["null", "[]", "7", "\"running\"", "true", "[{\"status\":\"running\"}]"];
const NO_JSON: [&str; 5] = ["", "x", "{\"status\":\"running\"", "{\"status\":\"running\"}}", "{'status':'running'}"];
const NO_STATE: [&str; 4] = [r#"{"Status":"running"}"#, r#"{"status":null}"#, r#"{"status":["running"]}"#, "{}"];

impl Script {
    pub fn draw(seed: u64) -> Self {
        let mut draw = Draw { rng: Rng::with_seed(seed), target: "", timeout: Duration::ZERO, serial: 0 };
        draw.script()
    }

    pub fn request(&self) -> WatchRequest {
        let mut fields = json!({
            "id": "my-app",
            "target": self.target,
            "timeout": self.timeout.as_secs_f64(),
            "maxRetries": ["inf"],
            "retryDelay": "() => 1",
        });
        if let Some(retries) = self.max_retries {
            fields["maxRetries"] = retries.into();
        }
        if let Delay::Fixed(delay) = self.delay {
            fields["retryDelay"] = (delay.as_secs_f64() * 1000.0).into();
        }
        WatchRequest::read(&JsonArguments(fields)).unwrap()
    }

    /// What happens in an attempt, counted from 1.
    pub fn attempt(&self, number: u32) -> Cow<'_, Attempt> {
        self.attempts.get(number as usize - 1).map_or_else(
            || {
                let mut draw =
                    Draw { rng: Rng::with_seed(0), target: self.target, timeout: self.timeout, serial: 1 << 32 };
                let steps = vec![draw.state(self.target), draw.payload("complete", Meaning::Complete)];
                Cow::Owned(Attempt {
                    head: (Duration::ZERO, Head::Open),
                    steps: steps.into_iter().map(|message| (Duration::ZERO, Step::Say(message))).collect(),
                    read: (Duration::ZERO, Read::Never),
                    bytes: None,
                })
            },
            Cow::Borrowed,
        )
    }

    /// The delay that the caller wants after an attempt; `None` if the function gives none.
    pub fn delay_after(&self, attempt: u32) -> Option<Duration> {
        match &self.delay {
            Delay::Fixed(delay) => Some(*delay),
            Delay::Asked(given) => given.get(attempt as usize - 1).copied().unwrap_or(Some(Duration::ZERO)),
        }
    }
}

/// As a failure shows it.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, timeout, max_retries, delay, attempts, interruption } = self;
        writeln!(
            f,
            "target {target:?}, timeout {timeout:?}, retries {max_retries:?}, delay {delay:?}, {interruption:?}"
        )?;
        for (number, Attempt { head, steps, read, bytes }) in (1..).zip(attempts) {
            writeln!(f, "attempt {number}: after {:?} {:?}, through the decoder: {bytes:?}", head.0, head.1)?;
            for (wait, step) in steps {
                match step {
                    Step::Say(Message { name, data, .. }) => writeln!(f, "  after {wait:?} `{name}` {data}")?,
                    end => writeln!(f, "  after {wait:?} {end:?}")?,
                }
            }
            writeln!(f, "  read: after {:?} {:?}", read.0, read.1)?;
        }
        Ok(())
    }
}

struct Draw {
    rng: Rng,
    target: &'static str,
    timeout: Duration,
    /// Every payload that is an object has a number of its own, so that none can be lost or doubled unseen.
    serial: u64,
}

impl Draw {
    fn script(&mut self) -> Script {
        self.target = self.pick(&STATUSES[..3]);
        self.timeout = Duration::from_millis(self.pick(&[10_000, 10_001, 12_500, 60_000, 300_000, 600_000]));
        let attempts = self.rng.usize(0..6);
        Script {
            target: self.target,
            timeout: self.timeout,
            max_retries: if self.one_in(3) { None } else { Some(self.rng.u32(0..6)) },
            delay: self.delay(),
            attempts: (0..attempts).map(|_| self.attempt()).collect(),
            interruption: self.interruption(),
        }
    }

    fn delay(&mut self) -> Delay {
        // A request's delay is a number of milliseconds; a function's may be anything.
        if self.one_in(2) {
            return Delay::Fixed(Duration::from_millis(self.pick(&[
                0,
                1,
                250,
                5_000,
                60_000,
                i32::MAX.unsigned_abs().into(),
            ])));
        }
        let some = [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(7), LONGEST_DELAY, Duration::MAX];
        let given = (0..self.rng.usize(0..6)).map(|_| if self.one_in(8) { None } else { Some(self.pick(&some)) });
        Delay::Asked(given.collect())
    }

    fn interruption(&mut self) -> Option<Interruption> {
        match self.rng.u8(0..8) {
            0..3 => Some(Interruption::At(self.time() + self.time() * self.rng.u32(0..4))),
            3 => Some(Interruption::InCallback(self.rng.usize(0..8))),
            4 => Some(Interruption::Throw(self.rng.usize(0..8))),
            _ => None,
        }
    }

    fn attempt(&mut self) -> Attempt {
        let bytes = self.one_in(2).then(|| self.rng.u64(..));
        let mut steps: Vec<_> = (0..self.rng.usize(0..7)).map(|_| (self.time(), Step::Say(self.message()))).collect();
        if !self.one_in(4) {
            let end = match self.rng.u8(0..4) {
                0 | 1 if bytes.is_none() => Step::CloseForGood,
                0 => Step::Flood,
                2 => Step::Break,
                _ => Step::End,
            };
            steps.push((self.time(), end));
        }
        Attempt { head: (self.time(), self.head()), steps, read: (self.time(), self.read()), bytes }
    }

    fn head(&mut self) -> Head {
        match self.rng.u8(0..16) {
            0 => Head::Never,
            1..4 => Head::Refuse(self.refused()),
            _ => Head::Open,
        }
    }

    fn refused(&mut self) -> Refused {
        match self.rng.u8(0..8) {
            0 => Refused::Redirect,
            1..3 => Refused::Broken,
            3 => Refused::Status(self.pick(&FOR_GOOD), None),
            _ => {
                let wait = self.pick(&[0, 1, 30, 100_000, u64::MAX]);
                let retry_after = self.one_in(2).then(|| Duration::from_secs(wait));
                Refused::Status(self.pick(&TEMPORARY), retry_after)
            }
        }
    }

    fn read(&mut self) -> Read {
        match self.rng.u8(0..8) {
            0..3 => Read::State(self.target),
            3 => Read::State(self.pick(&STATUSES)),
            4 => Read::Shapeless(serde_json::from_str(self.pick(&SHAPELESS)).unwrap()),
            5 => Read::Never,
            _ => Read::Refuse(self.refused()),
        }
    }

    fn message(&mut self) -> Message {
        let nonsense = |name, data: &str| Message { name, data: data.into(), meaning: Meaning::Nonsense };
        match self.rng.u8(0..32) {
            0 | 1 => self.state(self.target),
            2..16 => {
                let status = self.pick(&STATUSES);
                self.state(status)
            }
            16 | 17 => self.payload("complete", Meaning::Complete),
            18 => self.payload("timeout", Meaning::Timeout),
            19..23 => self.payload("error", Meaning::Error),
            23 => self.shapeless("complete", Meaning::Complete),
            24 => self.shapeless("timeout", Meaning::Timeout),
            25 => self.shapeless("error", Meaning::Error),
            26 => nonsense("state", self.pick(&SHAPELESS)),
            27 => nonsense("state", self.pick(&NO_STATE)),
            28 | 29 => nonsense(self.pick(&["state", "complete", "timeout", "error"]), self.pick(&NO_JSON)),
            _ => {
                let name = self.pick(&["message", "State", "heartbeat", "state ", "\u{feff}state"]);
                Message { meaning: Meaning::Nothing, ..self.payload(name, Meaning::Complete) }
            }
        }
    }

    fn state(&mut self, status: &'static str) -> Message {
        let mut json = json!({ "status": status, "n": self.serial() });
        if self.one_in(2) {
            json["boot_progress"] = "läuft: 50 % \"✓\" \u{1F680}".into();
        }
        Message { name: "state", data: json.to_string(), meaning: Meaning::State(status, json) }
    }

    fn payload(&mut self, name: &'static str, meaning: fn(Value) -> Meaning) -> Message {
        let mut json = json!({ "n": self.serial() });
        for field in ["message", "error", "status"] {
            if self.one_in(2) {
                json[field] = self.pick(&[json!("disk full"), json!("running"), json!(""), json!(null), json!(7)]);
            }
        }
        Message { name, data: json.to_string(), meaning: meaning(json) }
    }

    fn shapeless(&mut self, name: &'static str, meaning: fn(Value) -> Meaning) -> Message {
        let data = self.pick(&SHAPELESS);
        Message { name, data: data.into(), meaning: meaning(serde_json::from_str(data).unwrap()) }
    }

    fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Mostly short, often at the very moment when something else happens, rarely for ever.
    fn time(&mut self) -> Duration {
        let millisecond = Duration::from_millis(1);
        let second = Duration::from_secs(1);
        match self.rng.u8(0..32) {
            0..14 => Duration::ZERO,
            14..27 => Duration::from_millis(self.rng.u64(0..3_000)),
            27 => self.timeout * self.rng.u32(0..130) / 100,
            28 => self.pick(&[Duration::from_millis(999), second, second + millisecond]),
            29 => self.pick(&[self.timeout.saturating_sub(millisecond), self.timeout, self.timeout + millisecond]),
            30 => self.timeout / 2,
            _ => Duration::from_secs(100_000),
        }
    }

    fn one_in(&mut self, number: u8) -> bool {
        self.rng.u8(0..number) == 0
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.rng.usize(0..choices.len())].clone()
    }
}
