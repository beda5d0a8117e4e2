//! What one run plays: a request, what the server does, what happens to the page, and what the caller does. Drawn from a
//! seed.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use cvm_watch::{LONGEST_DELAY, WakeUp, WatchRequest};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::scripted::{FUNCTION, JsonArguments, number};

/// A run. What is not written here does not happen.
#[derive(Clone, Debug)]
pub struct Script {
    pub targets: Vec<&'static str>,
    /// The function's answers, one for each call; after the last it agrees.
    pub until: Option<Vec<Answer>>,
    pub fail_on: FailOn,
    pub leave_first: bool,
    pub interval: Duration,
    pub timeout: Duration,
    /// How much of the first attempt's time is over when the watch begins.
    pub spent: Duration,
    pub max_retries: Option<u32>,
    pub delay: Delay,
    /// As `until`; after the last it does not agree.
    pub should_retry: Option<Vec<Answer>>,
    pub max_streams: usize,
    /// When other watches of the page give their streams back.
    pub held: Vec<Duration>,
    /// What the streams do, in the order in which they are opened. After the last, the server has no more faults.
    pub streams: Vec<Stream>,
    /// What the reads give, and how long each takes. After the last, the server has no more faults.
    pub reads: Vec<(Duration, Read)>,
    pub wakes: Vec<(Duration, WakeUp)>,
    /// When the clock on the wall jumps, and by how many milliseconds.
    pub jumps: Vec<(Duration, i64)>,
    /// What every random number is.
    pub random: f64,
    pub interruption: Option<Interruption>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    Yes,
    No,
    Throw,
}

#[derive(Clone, Debug)]
pub enum FailOn {
    Statuses(Vec<&'static str>),
    /// As `until`; after the last it does not agree.
    Asked(Vec<Answer>),
}

#[derive(Clone, Debug)]
pub enum Delay {
    Fixed(Duration),
    /// What the function gives each time that it is asked, at last none; `None` if it gives no delay.
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
pub struct Stream {
    /// Each so long after the one before it. After the last comes silence.
    pub steps: Vec<(Duration, Step)>,
    /// With a seed, the frames come through the decoder, in chunks drawn from it; else as they are, as EventSource has them.
    pub bytes: Option<u64>,
}

#[derive(Clone, Debug)]
pub enum Step {
    Say(Message),
    End,
    Break,
    /// The transport sees the stream closed, without reconnecting, and cannot tell why. (EventSource: never through the decoder.)
    CloseForGood,
    /// More bytes than a frame may have. (Only through the decoder.)
    Flood,
    /// The connection fails. (The first step, and never through the decoder.)
    Refuse(Refused),
}

/// How a connection fails.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    Status(u16, Option<Duration>),
    Redirect,
    Broken,
    /// Another content type. (Streams only.)
    Html,
    /// The platform throws an error of its own.
    Foreign,
}

/// A frame, and what it means.
#[derive(Clone, Debug)]
pub struct Message {
    pub name: &'static str,
    pub data: String,
    pub meaning: Meaning,
}

#[derive(Clone, Debug)]
pub enum Meaning {
    State(Value),
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
    State(Value),
    Shapeless(Value),
    Refuse(Refused),
    Never,
}

const STATUSES: [&str; 7] = ["running", "Running", "running ", "starting", "stopped", "", "läuft ✓"];
const TEMPORARY: [u16; 7] = [408, 425, 429, 500, 502, 503, 599];
const FOR_GOOD: [u16; 6] = [204, 400, 401, 404, 422, 499];
/// JSON that is not an object: an `error` may be that, a state may not.
const SHAPELESS: [&str; 6] = ["null", "[]", "7", "\"running\"", "true", "[{\"status\":\"running\"}]"];
const NO_JSON: [&str; 5] = ["", "x", "{\"status\":\"running\"", "{\"status\":\"running\"}}", "{'status':'running'}"];
const NO_STATE: [&str; 4] = [r#"{"Status":"running"}"#, r#"{"status":null}"#, r#"{"status":["running"]}"#, "{}"];
/// No target and no failure, so that every first status can be left.
const PASSING: &str = "passing";

impl Script {
    pub fn draw(seed: u64) -> Self {
        Draw {
            rng: Rng::with_seed(seed),
            targets: vec![],
            interval: Duration::ZERO,
            timeout: Duration::ZERO,
            serial: 0,
        }
        .script()
    }

    pub fn request(&self) -> WatchRequest {
        let mut fields = json!({
            "id": "my-app",
            "target": self.targets,
            "leaveFirst": self.leave_first,
            "interval": self.interval.as_secs_f64(),
            "timeout": self.timeout.as_secs_f64(),
            "maxRetries": self.max_retries.map_or(number("inf"), Value::from),
            "retryDelay": FUNCTION,
            "failOn": FUNCTION,
        });
        if let Delay::Fixed(delay) = self.delay {
            fields["retryDelay"] = (delay.as_secs_f64() * 1000.0).into();
        }
        if let FailOn::Statuses(statuses) = &self.fail_on {
            fields["failOn"] = json!(statuses);
        }
        for (field, function) in [("until", &self.until), ("shouldRetry", &self.should_retry)] {
            if function.is_some() {
                fields[field] = json!(FUNCTION);
            }
        }
        WatchRequest::read(&JsonArguments(fields)).unwrap()
    }

    /// What a stream does, counted from 0.
    pub fn stream(&self, place: usize) -> Cow<'_, Stream> {
        self.streams.get(place).map_or_else(
            || {
                let state = |status| {
                    let json = json!({ "status": status });
                    Message { name: "state", data: json.to_string(), meaning: Meaning::State(json) }
                };
                let complete = Message { name: "complete", data: "{}".into(), meaning: Meaning::Complete(json!({})) };
                let steps = [state(PASSING), state(self.targets[0]), complete];
                let steps = steps.into_iter().map(|message| (Duration::ZERO, Step::Say(message))).collect();
                Cow::Owned(Stream { steps, bytes: None })
            },
            Cow::Borrowed,
        )
    }

    /// What a read gives, counted from 0.
    pub fn read(&self, place: usize) -> (Duration, Read) {
        let well = if place.is_multiple_of(2) { PASSING } else { self.targets[0] };
        let default = || (Duration::ZERO, Read::State(json!({ "status": well })));
        self.reads.get(place).cloned().unwrap_or_else(default)
    }

    /// Whether a stream says what makes no sense.
    pub fn has_nonsense(&self) -> bool {
        let is_nonsense =
            |step: &Step| matches!(step, Step::Say(message) if matches!(message.meaning, Meaning::Nonsense));
        self.streams.iter().flat_map(|stream| &stream.steps).any(|(_, step)| is_nonsense(step))
    }

    /// What the clock on the wall shows.
    pub fn wall_clock(&self, now: Duration) -> Duration {
        let jumped: i64 = self.jumps.iter().filter(|(at, _)| *at <= now).map(|(_, by)| by).sum();
        let by = Duration::from_millis(jumped.unsigned_abs());
        let clock = Duration::from_secs(1 << 40) + now;
        if jumped < 0 { clock.saturating_sub(by) } else { clock + by }
    }
}

/// As a failure shows it.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { streams, reads, .. } = self;
        let rest = Self { streams: vec![], reads: vec![], ..self.clone() };
        writeln!(f, "{rest:?}")?;
        for (number, Stream { steps, bytes }) in (1..).zip(streams) {
            writeln!(f, "stream {number}, through the decoder: {bytes:?}")?;
            for (wait, step) in steps {
                match step {
                    Step::Say(Message { name, data, .. }) => writeln!(f, "  after {wait:?} `{name}` {data}")?,
                    end => writeln!(f, "  after {wait:?} {end:?}")?,
                }
            }
        }
        for (number, (wait, read)) in (1..).zip(reads) {
            writeln!(f, "read {number}: after {wait:?} {read:?}")?;
        }
        Ok(())
    }
}

struct Draw {
    rng: Rng,
    targets: Vec<&'static str>,
    interval: Duration,
    timeout: Duration,
    /// Every payload of a frame that is an object has a number of its own, so that a lost or a repeated one is noticed.
    serial: u64,
}

impl Draw {
    fn script(&mut self) -> Script {
        self.targets = self.pick(&[vec!["running"], vec!["Running"], vec!["running ", "stopped"], vec!["running"]]);
        self.interval = Duration::from_millis(self.pick(&[5_000, 5_000, 5_001, 12_500, 30_000]));
        self.timeout = Duration::from_millis(self.pick(&[10_000, 10_001, 12_500, 60_000, 300_000, 600_000]));
        let max_streams = self.pick(&[0, 1, 1, 4, 4, 4, 4, usize::MAX]);
        let held = if self.one_in(3) { self.rng.usize(0..=max_streams.min(4)) } else { 0 };
        let script = Script {
            targets: self.targets.clone(),
            until: self.one_in(3).then(|| self.answers()),
            fail_on: self.fail_on(),
            leave_first: self.one_in(5),
            interval: self.interval,
            timeout: self.timeout,
            spent: if self.one_in(6) { self.timeout * self.rng.u32(0..110) / 100 } else { Duration::ZERO },
            max_retries: if self.one_in(3) { None } else { Some(self.rng.u32(0..6)) },
            delay: self.delay(),
            should_retry: self.one_in(3).then(|| self.answers()),
            max_streams,
            held: (0..held).map(|_| self.interval * self.rng.u32(0..800) / 100).collect(),
            streams: (0..self.rng.usize(0..6)).map(|_| self.stream()).collect(),
            reads: (0..self.rng.usize(0..14)).map(|_| (self.time_of_read(), self.read())).collect(),
            wakes: self.wakes(),
            jumps: self.jumps(),
            random: self.pick(&[0.0, 0.5, 0.999]),
            interruption: self.interruption(),
        };
        if self.one_in(32) { self.storm(script) } else { script }
    }

    /// Reads that fail at once, and are retried at once.
    fn storm(&mut self, script: Script) -> Script {
        let failure = |draw: &mut Self| Read::Refuse(draw.pick(&[Refused::Broken, Refused::Status(503, None)]));
        let reads =
            (0..self.rng.usize(9..30)).map(|_| (Duration::from_millis(self.pick(&[0, 0, 0, 150])), failure(self)));
        let reads = reads.collect();
        Script { max_streams: 0, held: vec![], max_retries: None, delay: Delay::Fixed(Duration::ZERO), reads, ..script }
    }

    fn answers(&mut self) -> Vec<Answer> {
        (0..self.rng.usize(0..5)).map(|_| self.pick(&[Answer::Yes, Answer::No, Answer::No, Answer::Throw])).collect()
    }

    fn fail_on(&mut self) -> FailOn {
        match self.rng.u8(0..8) {
            0 => FailOn::Statuses(vec!["starting"]),
            1 => FailOn::Statuses(vec!["läuft ✓", "exited"]),
            2 => FailOn::Asked(
                (0..self.rng.usize(0..5)).map(|_| self.pick(&[Answer::No, Answer::No, Answer::Yes])).collect(),
            ),
            3 if self.one_in(3) => FailOn::Asked(self.answers()),
            _ => FailOn::Statuses(vec![]),
        }
    }

    fn delay(&mut self) -> Delay {
        // A request's delay is a number of milliseconds; a function's may be anything. The longest take long to play.
        let long = self.rng.u16(0..1500) == 0;
        if self.one_in(2) {
            let longest = i32::MAX.unsigned_abs().into();
            return Delay::Fixed(Duration::from_millis(if long {
                longest
            } else {
                self.pick(&[0, 1, 250, 5_000, 60_000])
            }));
        }
        let longest = if long { [LONGEST_DELAY, Duration::MAX] } else { [Duration::ZERO, Duration::from_secs(20)] };
        let some = [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(7), longest[0], longest[1]];
        let given = (0..self.rng.usize(0..6)).map(|_| if self.one_in(8) { None } else { Some(self.pick(&some)) });
        Delay::Asked(given.collect())
    }

    fn wakes(&mut self) -> Vec<(Duration, WakeUp)> {
        let mut at = Duration::ZERO;
        let count = if self.one_in(2) { 0 } else { self.rng.usize(0..5) };
        let wake = |draw: &mut Self| match draw.rng.u8(0..4) {
            0 => WakeUp::Restored,
            1 => WakeUp::Visible(draw.interval * draw.rng.u32(0..5)),
            _ => WakeUp::Online,
        };
        (0..count)
            .map(|_| {
                at += self.time();
                (at, wake(self))
            })
            .collect()
    }

    fn jumps(&mut self) -> Vec<(Duration, i64)> {
        let count = if self.one_in(3) { self.rng.usize(0..4) } else { 0 };
        (0..count)
            .map(|_| (self.time() * 3, self.pick(&[10_000, 9_999, 3_600_000, -3_600_000, 5_000, 86_400_000])))
            .collect()
    }

    fn interruption(&mut self) -> Option<Interruption> {
        match self.rng.u8(0..8) {
            0..3 => Some(Interruption::At(self.time() + self.time() * self.rng.u32(0..4))),
            3 => Some(Interruption::InCallback(self.rng.usize(0..8))),
            4 => Some(Interruption::Throw(self.rng.usize(0..8))),
            _ => None,
        }
    }

    fn stream(&mut self) -> Stream {
        match self.rng.u8(0..16) {
            0 => return Stream { steps: vec![], bytes: None },
            1..4 => {
                let refused = self.refused(true);
                return Stream { steps: vec![(self.time(), Step::Refuse(refused))], bytes: None };
            }
            _ => {}
        }
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
        Stream { steps, bytes }
    }

    fn refused(&mut self, is_stream: bool) -> Refused {
        match self.rng.u8(0..16) {
            0 => Refused::Redirect,
            1 => Refused::Foreign,
            2..5 => Refused::Broken,
            5 | 6 => Refused::Status(self.pick(&FOR_GOOD), None),
            7 | 8 if is_stream => Refused::Html,
            _ => {
                let wait = self.pick(&[0, 1, 30, 599, 601, u64::MAX]);
                let retry_after = self.one_in(2).then(|| Duration::from_secs(wait));
                let status = if self.one_in(2) { 429 } else { self.pick(&TEMPORARY) };
                Refused::Status(status, retry_after)
            }
        }
    }

    fn read(&mut self) -> Read {
        match self.rng.u8(0..16) {
            0..2 => Read::State(json!({ "status": self.targets[0] })),
            2..10 => {
                let status = self.pick(&STATUSES);
                Read::State(self.fields(json!({ "status": status })))
            }
            10 => Read::Shapeless(serde_json::from_str(self.pick(&SHAPELESS)).unwrap()),
            11 => Read::Never,
            _ => Read::Refuse(self.refused(false)),
        }
    }

    fn message(&mut self) -> Message {
        let nonsense = |name, data: &str| Message { name, data: data.into(), meaning: Meaning::Nonsense };
        match self.rng.u8(0..32) {
            0 => self.state(self.targets[0]),
            1..16 => {
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
        let json = json!({ "status": status, "n": self.serial() });
        let json = self.fields(json);
        Message { name: "state", data: json.to_string(), meaning: Meaning::State(json) }
    }

    /// With some of a state's other fields.
    fn fields(&mut self, mut state: Value) -> Value {
        if self.one_in(2) {
            state["boot_progress"] =
                self.pick(&[json!("läuft: 50 % \"✓\" \u{1F680}"), json!("done"), json!(""), json!(null)]);
        }
        if self.one_in(4) {
            state["in_progress"] = self.pick(&[json!(true), json!(false)]);
        }
        if self.one_in(8) {
            state["boot_error"] = self.pick(&[json!("disk full"), json!(""), json!({ "message": "disk full" })]);
        }
        if self.one_in(4) {
            state["uptime"] = self.rng.u8(..).into();
        }
        state
    }

    fn payload(&mut self, name: &'static str, meaning: fn(Value) -> Meaning) -> Message {
        let mut json = json!({ "n": self.serial() });
        for field in ["message", "error", "status", "boot_progress"] {
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

    /// Mostly short, often at the same moment as something else, rarely without end.
    fn time(&mut self) -> Duration {
        let millisecond = Duration::from_millis(1);
        let second = Duration::from_secs(1);
        match self.rng.u8(0..32) {
            0..12 => Duration::ZERO,
            12..22 => Duration::from_millis(self.rng.u64(0..3_000)),
            22..24 => self.interval * self.rng.u32(0..5),
            24..27 => self.interval * self.rng.u32(0..450) / 100,
            27 => self.timeout * self.rng.u32(0..130) / 100,
            28 => self.pick(&[Duration::from_millis(999), second, second + millisecond]),
            29 => self.pick(&[self.timeout.saturating_sub(millisecond), self.timeout, self.timeout + millisecond]),
            30 => self.timeout / 2,
            _ => Duration::from_secs(100_000),
        }
    }

    /// Mostly a moment, sometimes about the ten seconds that a read may take.
    fn time_of_read(&mut self) -> Duration {
        match self.rng.u8(0..8) {
            0..4 => Duration::ZERO,
            4 => Duration::from_millis(self.pick(&[9_999, 10_000, 10_001])),
            5 | 6 => Duration::from_millis(self.rng.u64(0..400)),
            _ => self.time(),
        }
    }

    fn one_in(&mut self, number: u8) -> bool {
        self.rng.u8(0..number) == 0
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.rng.usize(0..choices.len())].clone()
    }
}
