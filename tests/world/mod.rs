//! A scripted world on virtual time: what the server does in each attempt is a list of steps.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use cvm_watch::{
    Api, Arguments, Caller, CvmState, EventKind, EventStream, Failure, FieldError, Frame, Given, Json, Progress,
    Refusal, WatchError, WatchEvent, WatchRequest, watch,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

/// `serde_json`'s value as the core's JSON. (A type of our own, since neither is from here.)
#[derive(Clone, Debug, PartialEq)]
pub struct TestJson(pub Value);

impl Json for TestJson {
    type Text = String;

    fn parse(text: String) -> Result<Self, String> {
        serde_json::from_str(&text).map(Self).map_err(|error| error.to_string())
    }

    fn of(value: &impl Serialize) -> Self {
        Self(serde_json::to_value(value).unwrap())
    }

    fn get(&self, name: &str) -> Option<Self> {
        self.0.get(name).cloned().map(Self)
    }

    fn items(&self) -> Option<Vec<Self>> {
        Some(self.0.as_array()?.iter().cloned().map(Self).collect())
    }

    fn text(&self) -> Option<String> {
        self.0.as_str().map(Into::into)
    }
}

/// Arguments written as JSON; `null` counts as given.
pub struct JsonArguments(pub Value);

impl Arguments for JsonArguments {
    fn get(&self, field: &str) -> Given {
        match self.0.get(field) {
            None => Given::Absent,
            Some(Value::String(text)) if text == "() => 1" => Given::Function,
            Some(Value::String(text)) => Given::Text(text.clone()),
            // JSON has no name for them, so the tests write them as strings in a list.
            Some(Value::Array(list)) if list.len() == 1 => Given::Number(list[0].as_str().unwrap().parse().unwrap()),
            Some(value) => value.as_f64().map_or(Given::Other, Given::Number),
        }
    }

    fn show(&self, field: &str) -> String {
        self.0.get(field).map_or("undefined".into(), ToString::to_string)
    }
}

/// What the server does next.
#[derive(Clone)]
pub enum Step {
    /// Nothing, for so many seconds.
    Wait(f64),
    /// An event.
    Say(&'static str, String),
    /// A clean end.
    End,
    /// The connection breaks.
    Break,
    /// The transport sees the stream closed for good and cannot tell why.
    CloseForGood,
    /// The first step only: the head comes after so many seconds.
    Hesitate(f64),
    /// Likewise: the server redirects, and it is not followed.
    Redirect,
    /// Likewise: the server answers with a status.
    Answer(u16),
    /// Likewise: with `Retry-After` in seconds.
    AnswerRetryAfter(u16, u64),
    /// Nothing for ever.
    Silence,
}
use Step::{Answer, AnswerRetryAfter, Break, CloseForGood, End, Hesitate, Redirect, Say, Silence, Wait};

pub fn state(status: &str) -> Step {
    Say("state", json!({ "status": status, "boot_progress": "booting" }).to_string())
}

pub fn complete(status: &str) -> Step {
    Say("complete", json!({ "status": status, "elapsed": 1.5, "target": "running" }).to_string())
}

/// What a one-shot read gives, and after how many seconds.
#[derive(Clone)]
pub enum Read {
    Status(&'static str),
    Raw(Value),
    Slow(f64, &'static str),
    Fail(u16),
    Break,
}

/// What happened, and when (in seconds since the start).
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Opened,
    Closed,
    Read,
    Event { kind: &'static str, attempt: u32, retry_in: Option<f64>, payload: Value },
}

pub struct World {
    streams: RefCell<VecDeque<Vec<Step>>>,
    reads: RefCell<VecDeque<Read>>,
    start: Instant,
    log: Rc<RefCell<Vec<(f64, Entry)>>>,
    sleeping: Rc<Cell<usize>>,
}

impl World {
    /// A server that plays one list of steps for each attempt, and refuses the connection after the last.
    pub fn new(streams: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self {
            streams: RefCell::new(streams.into_iter().collect()),
            reads: RefCell::default(),
            start: Instant::now(),
            log: Rc::default(),
            sleeping: Rc::default(),
        }
    }

    pub fn with_reads(self, reads: impl IntoIterator<Item = Read>) -> Self {
        self.reads.borrow_mut().extend(reads);
        self
    }

    pub fn log(&self) -> Vec<(f64, Entry)> {
        self.log.borrow().clone()
    }

    fn note(&self, entry: Entry) {
        note(&self.log, self.start, entry);
    }

    /// When each attempt was opened, in seconds.
    pub fn opened(&self) -> Vec<f64> {
        self.times(&Entry::Opened)
    }

    pub fn closed(&self) -> Vec<f64> {
        self.times(&Entry::Closed)
    }

    pub fn times(&self, wanted: &Entry) -> Vec<f64> {
        self.log().into_iter().filter(|(_, entry)| entry == wanted).map(|(time, _)| time).collect()
    }

    /// The events that the callback saw: kind, attempt, ms until the next.
    pub fn events(&self) -> Vec<(&'static str, u32, Option<f64>)> {
        self.log()
            .into_iter()
            .filter_map(|(_, entry)| match entry {
                Entry::Event { kind, attempt, retry_in, .. } => Some((kind, attempt, retry_in)),
                _ => None,
            })
            .collect()
    }

    pub fn kinds(&self) -> Vec<&'static str> {
        self.events().into_iter().map(|(kind, ..)| kind).collect()
    }

    pub fn payloads(&self) -> Vec<Value> {
        self.log()
            .into_iter()
            .filter_map(|(_, entry)| match entry {
                Entry::Event { payload, .. } => Some(payload),
                _ => None,
            })
            .collect()
    }

    /// Streams and timers that are still alive.
    pub fn alive(&self) -> usize {
        self.opened().len() - self.closed().len() + self.sleeping.get()
    }

    pub fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Watches to the end, and checks what must hold however it ends.
    pub async fn watch(&self, request: &WatchRequest) -> Outcome {
        let mut progress = Progress::default();
        let mut listener = Listener::of(self);
        let watching = watch(self, request, &mut progress, &mut listener);
        // On virtual time a year is over at once: a watch that hangs fails, instead of hanging the tests.
        let year = Duration::from_secs(365 * 24 * 3600);
        let outcome = tokio::time::timeout(year, watching).await.expect("a watch never hangs");
        assert_eq!(self.alive(), 0, "a settled watch leaves no stream and no timer behind");
        assert_eq!(progress.attempts as usize, self.opened().len());
        if let Ok(state) = &outcome {
            assert_eq!(state.status(), request.target);
        }
        outcome
    }
}

/// A caller whose `onEvent` writes into the world's log.
pub struct Listener<'a> {
    world: &'a World,
    /// What `retryDelay` gives for an attempt and its failure's message.
    pub delay: fn(u32, String) -> Result<Duration, FieldError>,
}

impl<'a> Listener<'a> {
    pub fn of(world: &'a World) -> Self {
        Self { world, delay: |_, _| panic!("nobody has asked for a function") }
    }
}

impl Caller<TestJson> for Listener<'_> {
    fn on_event(&mut self, event: WatchEvent<'_, TestJson>) {
        self.world.note(Entry::Event {
            kind: event.kind.name(),
            attempt: event.attempt,
            retry_in: event.retry_in.map(|wait| wait.as_secs_f64()),
            payload: event.payload.0.clone(),
        });
    }

    fn retry_delay(
        &mut self,
        progress: &Progress<TestJson>,
        failure: &Failure<TestJson>,
    ) -> Result<Duration, FieldError> {
        (self.delay)(progress.attempts, failure.to_string())
    }
}

pub type Outcome = Result<CvmState<TestJson>, WatchError<TestJson>>;

fn note(log: &RefCell<Vec<(f64, Entry)>>, start: Instant, entry: Entry) {
    log.borrow_mut().push((start.elapsed().as_secs_f64(), entry));
}

/// A request for "my-app" to be "running", with fields changed or added.
#[expect(clippy::needless_pass_by_value, reason = "the tests write them in place")]
pub fn request(changes: Value) -> WatchRequest {
    let mut fields = json!({ "id": "my-app", "target": "running", "timeout": 100, "maxRetries": 0 });
    fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    WatchRequest::read(&JsonArguments(fields)).unwrap()
}

fn refusal(status: u16, retry_after: Option<u64>) -> Failure<TestJson> {
    let detail = Some(TestJson(json!("said the server")));
    Failure::Status(Refusal { status, detail, retry_after: retry_after.map(Duration::from_secs) })
}

pub struct Stream {
    steps: VecDeque<Step>,
    start: Instant,
    log: Rc<RefCell<Vec<(f64, Entry)>>>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        note(&self.log, self.start, Entry::Closed);
    }
}

impl EventStream for Stream {
    type Json = TestJson;

    async fn next(&mut self) -> Result<Frame<String>, Failure<TestJson>> {
        loop {
            return match self.steps.pop_front() {
                Some(Wait(seconds)) => {
                    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                    continue;
                }
                Some(Say(name, data)) => match EventKind::named(name.as_bytes()) {
                    Some(kind) => Ok(Frame { kind, data }),
                    None => continue,
                },
                Some(End) | None => Err(Failure::Ended),
                Some(Break) => Err(Failure::Broken("the connection broke".into())),
                Some(CloseForGood) => Err(Failure::ClosedForGood { status: None }),
                Some(Redirect | Answer(_) | AnswerRetryAfter(..) | Hesitate(_)) => {
                    panic!("only the first step can be that")
                }
                Some(Silence) => std::future::pending().await,
            };
        }
    }
}

impl Api for World {
    type Json = TestJson;
    type Stream = Stream;

    async fn open(&self) -> Result<Stream, Failure<TestJson>> {
        self.note(Entry::Opened);
        let steps = self.streams.borrow_mut().pop_front().unwrap_or(vec![Break]).into();
        let mut stream = Stream { steps, start: self.start, log: self.log.clone() };
        match stream.steps.front() {
            Some(Redirect) => return Err(Failure::Redirected { status: 307 }),
            Some(Answer(status)) => return Err(refusal(*status, None)),
            Some(AnswerRetryAfter(status, seconds)) => return Err(refusal(*status, Some(*seconds))),
            Some(Hesitate(seconds)) => {
                tokio::time::sleep(Duration::from_secs_f64(*seconds)).await;
                stream.steps.pop_front();
            }
            _ => {}
        }
        Ok(stream)
    }

    async fn read(&self) -> Result<TestJson, Failure<TestJson>> {
        self.note(Entry::Read);
        let read = self.reads.borrow_mut().pop_front().expect("a read that the script does not expect");
        match read {
            Read::Status(status) => Ok(TestJson(json!({ "status": status }))),
            Read::Raw(value) => Ok(TestJson(value)),
            Read::Slow(seconds, status) => {
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                Ok(TestJson(json!({ "status": status })))
            }
            Read::Fail(status) => Err(refusal(status, None)),
            Read::Break => Err(Failure::Broken("the read broke".into())),
        }
    }

    async fn sleep(&self, duration: Duration) {
        struct Awake(Rc<Cell<usize>>);
        impl Drop for Awake {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        self.sleeping.set(self.sleeping.get() + 1);
        let _awake = Awake(self.sleeping.clone());
        tokio::time::sleep(duration).await;
    }
}
