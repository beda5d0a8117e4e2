//! A scripted world on virtual time: what the server does in each attempt is a list of steps.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use cvm_watch::{
    Api, Arguments, Budget, Caller, CvmState, EventKind, EventStream, Failure, FieldError, Frame, Given, Json,
    Progress, Refusal, WakeUp, WatchError, WatchEvent, WatchRequest, watch,
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

    fn is_null(&self) -> bool {
        self.0.is_null()
    }
}

/// Arguments written as JSON; `null` counts as given.
pub struct JsonArguments(pub Value);

/// Stands for a function.
pub const FUNCTION: &str = "() => 1";

impl Arguments for JsonArguments {
    fn get(&self, field: &str) -> Given {
        self.0.get(field).map_or(Given::Absent, given)
    }

    fn show(&self, field: &str) -> String {
        self.0.get(field).map_or("undefined".into(), ToString::to_string)
    }
}

fn given(value: &Value) -> Given {
    match value {
        Value::Null => Given::Null,
        Value::String(text) if text == FUNCTION => Given::Function,
        Value::String(text) => Given::Text(text.clone()),
        Value::Bool(flag) => Given::Flag(*flag),
        Value::Array(list) => Given::List(list.iter().map(given).collect()),
        // JSON has no name for some numbers.
        Value::Object(number) if number.contains_key("number") => {
            Given::Number(number["number"].as_str().unwrap().parse().unwrap())
        }
        value => value.as_f64().map_or(Given::Other, Given::Number),
    }
}

/// A number that JSON may have no name for: `inf`, `NaN`.
pub fn number(text: &str) -> Value {
    json!({ "number": text })
}

/// What a stream does next. After the last step it ends.
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
    /// The transport sees the stream closed, without reconnecting, and cannot tell why.
    CloseForGood,
    /// The server redirects, and it is not followed.
    Redirect,
    /// The server answers with a status.
    Answer(u16),
    /// Likewise, with `Retry-After` in seconds.
    AnswerRetryAfter(u16, u64),
    /// The server answers with another content type.
    AnswerHtml,
    /// The platform throws an error of its own.
    Throw,
    /// Nothing for ever.
    Silence,
}
use Step::{Answer, AnswerHtml, AnswerRetryAfter, Break, CloseForGood, End, Redirect, Say, Silence, Throw, Wait};

pub fn state(status: &str) -> Step {
    Say("state", json!({ "status": status, "boot_progress": "booting" }).to_string())
}

pub fn complete(status: &str) -> Step {
    Say("complete", json!({ "status": status, "elapsed": 1.5, "target": "running" }).to_string())
}

/// What a one-shot read gives, and after how many seconds. After the last of the script, reads break.
#[derive(Clone)]
pub enum Read {
    Status(&'static str),
    Raw(Value),
    Slow(f64, &'static str),
    Fail(u16),
    FailRetryAfter(u16, u64),
    Redirect,
    Break,
    Throw,
}

/// What happened, and when (in seconds since the start).
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Opened,
    Closed,
    Read,
    Event(Event),
    Hint(String),
}

/// An event as the callback sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub kind: &'static str,
    pub attempt: u32,
    pub retry_in: Option<f64>,
    pub payload: Value,
    pub failures: Option<u32>,
    pub code: Option<&'static str>,
    pub http_status: Option<u16>,
    pub status: Option<Value>,
    pub boot_progress: Option<Value>,
}

type Log = Rc<RefCell<Vec<(f64, Entry)>>>;

pub struct World {
    streams: RefCell<VecDeque<Vec<Step>>>,
    reads: RefCell<VecDeque<Read>>,
    wakes: RefCell<VecDeque<(f64, WakeUp)>>,
    /// When the clock on the wall jumps, and by how many seconds.
    jumps: Vec<(f64, f64)>,
    /// When the page is hidden.
    pub hidden: Vec<Range<f64>>,
    pub budget: Budget,
    pub max_streams: usize,
    /// What `random` gives: 0.5 for no jitter at all.
    pub random: f64,
    start: Instant,
    log: Log,
    sleeping: Rc<Cell<usize>>,
    /// How many timers were set.
    pub timers: Cell<usize>,
}

impl World {
    /// A server that plays one list of steps for each stream, and refuses the connection after the last.
    pub fn new(streams: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self {
            streams: RefCell::new(streams.into_iter().collect()),
            reads: RefCell::default(),
            wakes: RefCell::default(),
            jumps: Vec::new(),
            hidden: Vec::new(),
            budget: Budget::default(),
            max_streams: 4,
            random: 0.5,
            start: Instant::now(),
            log: Rc::default(),
            sleeping: Rc::default(),
            timers: Cell::default(),
        }
    }

    /// A world without streams: `transport: "poll"`.
    pub fn of_reads(reads: impl IntoIterator<Item = Read>) -> Self {
        Self { max_streams: 0, ..Self::new([]) }.with_reads(reads)
    }

    pub fn with_reads(self, reads: impl IntoIterator<Item = Read>) -> Self {
        self.reads.borrow_mut().extend(reads);
        self
    }

    pub fn with_wakes(self, wakes: impl IntoIterator<Item = (f64, WakeUp)>) -> Self {
        self.wakes.borrow_mut().extend(wakes);
        self
    }

    pub fn with_jumps(self, jumps: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self { jumps: jumps.into_iter().collect(), ..self }
    }

    pub fn sharing(self, budget: &Budget) -> Self {
        Self { budget: budget.clone(), ..self }
    }

    pub fn log(&self) -> Vec<(f64, Entry)> {
        self.log.borrow().clone()
    }

    fn note(&self, entry: Entry) {
        note(&self.log, self.start, entry);
    }

    /// When each stream was opened, in seconds.
    pub fn opened(&self) -> Vec<f64> {
        self.times(&Entry::Opened)
    }

    pub fn closed(&self) -> Vec<f64> {
        self.times(&Entry::Closed)
    }

    /// When each read began, in seconds.
    pub fn read_at(&self) -> Vec<f64> {
        self.times(&Entry::Read)
    }

    pub fn times(&self, wanted: &Entry) -> Vec<f64> {
        self.log().into_iter().filter(|(_, entry)| entry == wanted).map(|(time, _)| time).collect()
    }

    /// The events that the callback saw, and when.
    pub fn told(&self) -> Vec<(f64, Event)> {
        let events = self.log().into_iter().filter_map(|(time, entry)| match entry {
            Entry::Event(event) => Some((time, event)),
            _ => None,
        });
        events.collect()
    }

    /// The events that the callback saw: kind, attempt, seconds until the next.
    pub fn events(&self) -> Vec<(&'static str, u32, Option<f64>)> {
        self.told().into_iter().map(|(_, event)| (event.kind, event.attempt, event.retry_in)).collect()
    }

    pub fn kinds(&self) -> Vec<&'static str> {
        self.events().into_iter().map(|(kind, ..)| kind).collect()
    }

    pub fn payloads(&self) -> Vec<Value> {
        self.told().into_iter().map(|(_, event)| event.payload).collect()
    }

    /// The statuses of the states that the callback was told, and when.
    pub fn statuses(&self) -> Vec<(f64, String)> {
        let states = self.told().into_iter().filter(|(_, event)| event.kind == "state");
        states.map(|(time, event)| (time, event.payload["status"].as_str().unwrap().into())).collect()
    }

    pub fn hints(&self) -> Vec<String> {
        let hints = self.log().into_iter().filter_map(|(_, entry)| match entry {
            Entry::Hint(hint) => Some(hint),
            _ => None,
        });
        hints.collect()
    }

    /// Streams and timers that are still alive.
    pub fn alive(&self) -> usize {
        self.opened().len() - self.closed().len() + self.sleeping.get()
    }

    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Watches to the end, and checks what must hold however it ends.
    pub async fn watch(&self, request: &WatchRequest) -> Outcome {
        self.watch_with(request, &mut Listener::of(self)).await
    }

    pub async fn watch_with(&self, request: &WatchRequest, listener: &mut Listener<'_>) -> Outcome {
        let mut progress = Progress::default();
        let watching = watch(self, request, &mut progress, listener);
        // On virtual time a year is over at once: a watch that hangs fails, instead of hanging the tests.
        let year = Duration::from_secs(365 * 24 * 3600);
        let outcome = tokio::time::timeout(year, watching).await.expect("a watch never hangs");
        assert_eq!(self.alive(), 0, "a settled watch leaves no stream and no timer behind");
        if let Ok(state) = &outcome {
            assert!(request.target.names(state.status()));
        }
        outcome
    }
}

/// What a function answers about a state or a failure.
type Answers<'a, T> = Box<dyn FnMut(T) -> Result<bool, FieldError> + 'a>;

/// A caller whose `onEvent` writes into the world's log.
pub struct Listener<'a> {
    world: &'a World,
    /// What `retryDelay` gives for the count of failures and the failure's message.
    pub delay: fn(u32, String) -> Result<Duration, FieldError>,
    pub until: Answers<'a, Value>,
    pub fail_on: Answers<'a, Value>,
    pub should_retry: Answers<'a, u16>,
    /// What `on_read` was told: the status, and when.
    pub reads: Vec<(String, f64)>,
}

impl<'a> Listener<'a> {
    pub fn of(world: &'a World) -> Self {
        Self {
            world,
            delay: |_, _| panic!("nobody has asked for a function"),
            until: Box::new(|_| panic!("nobody has asked for a function")),
            fail_on: Box::new(|_| panic!("nobody has asked for a function")),
            should_retry: Box::new(|_| panic!("nobody has asked for a function")),
            reads: Vec::new(),
        }
    }

    pub fn until(self, until: impl FnMut(Value) -> Result<bool, FieldError> + 'a) -> Self {
        Self { until: Box::new(until), ..self }
    }

    pub fn fail_on(self, fail_on: impl FnMut(Value) -> Result<bool, FieldError> + 'a) -> Self {
        Self { fail_on: Box::new(fail_on), ..self }
    }

    pub fn should_retry(self, should_retry: impl FnMut(u16) -> Result<bool, FieldError> + 'a) -> Self {
        Self { should_retry: Box::new(should_retry), ..self }
    }
}

/// A function that has thrown.
pub fn thrown(field: &'static str) -> FieldError {
    FieldError { field, message: "has thrown".into() }
}

impl Caller<TestJson> for Listener<'_> {
    fn on_event(&mut self, event: WatchEvent<'_, TestJson>) {
        self.world.note(Entry::Event(Event {
            kind: event.kind.name(),
            attempt: event.attempt,
            retry_in: event.retry_in.map(|wait| wait.as_secs_f64()),
            payload: event.payload.0.clone(),
            failures: event.failures,
            code: event.code.map(cvm_watch::Code::name),
            http_status: event.http_status,
            status: event.status.map(|json| json.0),
            boot_progress: event.boot_progress.map(|json| json.0),
        }));
    }

    fn on_read(&mut self, event: WatchEvent<'_, TestJson>) {
        self.reads.push((event.payload.0["status"].to_string(), self.world.seconds()));
    }

    fn warn(&mut self, hint: &str) {
        self.world.note(Entry::Hint(hint.into()));
    }

    fn until(&mut self, state: &CvmState<TestJson>) -> Result<bool, FieldError> {
        (self.until)(state.json().0.clone())
    }

    fn fail_on(&mut self, state: &CvmState<TestJson>) -> Result<bool, FieldError> {
        (self.fail_on)(state.json().0.clone())
    }

    fn should_retry(&mut self, failure: &Failure<TestJson>, _: &Progress<TestJson>) -> Result<bool, FieldError> {
        (self.should_retry)(failure.http_status().expect("only refusals are asked about"))
    }

    fn retry_delay(
        &mut self,
        failures: u32,
        failure: &Failure<TestJson>,
        _: &Progress<TestJson>,
    ) -> Result<Duration, FieldError> {
        (self.delay)(failures, failure.to_string())
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

/// What Next throws while it renders a static page.
pub fn digest() -> TestJson {
    TestJson(json!({ "digest": "DYNAMIC_SERVER_USAGE", "message": "this page is dynamic" }))
}

async fn wait(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

pub struct Stream {
    steps: VecDeque<Step>,
    start: Instant,
    log: Log,
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
                    wait(seconds).await;
                    continue;
                }
                Some(Say(name, data)) => match EventKind::named(name.as_bytes()) {
                    Some(kind) => Ok(Frame { kind, data }),
                    None => continue,
                },
                Some(End) | None => Err(Failure::Ended),
                Some(Break) => Err(Failure::Broken("the connection broke".into())),
                Some(CloseForGood) => Err(Failure::ClosedForGood { read: String::new() }),
                Some(Redirect) => Err(Failure::Redirected { status: 307 }),
                Some(Answer(status)) => Err(refusal(status, None)),
                Some(AnswerRetryAfter(status, seconds)) => Err(refusal(status, Some(seconds))),
                Some(AnswerHtml) => Err(Failure::Malformed("the content type is text/html".into())),
                Some(Throw) => Err(Failure::Foreign(digest())),
                Some(Silence) => std::future::pending().await,
            };
        }
    }
}

impl Api for World {
    type Json = TestJson;
    type Stream = Stream;

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn max_streams(&self) -> usize {
        self.max_streams
    }

    fn open(&self) -> Stream {
        self.note(Entry::Opened);
        let steps = self.streams.borrow_mut().pop_front().unwrap_or(vec![Break]).into();
        Stream { steps, start: self.start, log: self.log.clone() }
    }

    async fn read(&self) -> Result<TestJson, Failure<TestJson>> {
        self.note(Entry::Read);
        let read = self.reads.borrow_mut().pop_front().unwrap_or(Read::Break);
        match read {
            Read::Status(status) => Ok(TestJson(json!({ "status": status }))),
            Read::Raw(value) => Ok(TestJson(value)),
            Read::Slow(seconds, status) => {
                wait(seconds).await;
                Ok(TestJson(json!({ "status": status })))
            }
            Read::Fail(status) => Err(refusal(status, None)),
            Read::FailRetryAfter(status, seconds) => Err(refusal(status, Some(seconds))),
            Read::Redirect => Err(Failure::Redirected { status: 307 }),
            Read::Break => Err(Failure::Broken("the read broke".into())),
            Read::Throw => Err(Failure::Foreign(digest())),
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
        self.timers.set(self.timers.get() + 1);
        let _awake = Awake(self.sleeping.clone());
        tokio::time::sleep(duration).await;
    }

    /// The clock of all worlds of a test, which may share a budget.
    fn now(&self) -> Duration {
        thread_local!(static EPOCH: Instant = Instant::now());
        EPOCH.with(Instant::elapsed)
    }

    fn wall_clock(&self) -> Duration {
        let now = self.seconds();
        let jumped: f64 = self.jumps.iter().filter(|(at, _)| *at <= now).map(|(_, by)| by).sum();
        Duration::from_secs_f64(1_000_000.0 + now + jumped)
    }

    fn random(&self) -> f64 {
        self.random
    }

    fn is_hidden(&self) -> bool {
        self.hidden.iter().any(|hidden| hidden.contains(&self.seconds()))
    }

    async fn woken(&self) -> WakeUp {
        let Some((at, wake)) = self.wakes.borrow().front().copied() else { return std::future::pending().await };
        wait((at - self.seconds()).max(0.0)).await;
        self.wakes.borrow_mut().pop_front();
        wake
    }
}
