//! The world that a run's watch is handed.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use cvm_watch::{
    Api, Budget, Caller, Code, CvmState, Endings, EventKind, EventStream, Failure, FieldError, Frame, Progress,
    Refusal, SseDecoder, SseItem, WakeUp, WatchError, WatchEvent, watch,
};
use serde_json::{Value, json};

use crate::clock::{Clock, Guard, Woken, alive};
use crate::script::{Answer, Delay, FailOn, Interruption, Read, Refused, Script, Step};
use crate::scripted::TestJson;
use crate::wire::{Chunk, LARGEST_FRAME, chunks};

/// How a run went.
#[derive(Debug, PartialEq)]
pub struct Run {
    pub trace: Trace,
    pub attempts: u32,
    pub last_state: Option<String>,
    /// The numbers of the payloads that the watch was given as frames.
    pub given: Vec<u64>,
    /// What the watch was doing when it settled.
    pub doing: &'static str,
    /// Streams, reads and timers that were alive after the watch had settled.
    pub left_alive: [usize; 3],
    /// The budget after the watch, as `Debug` writes it.
    pub budget: String,
}

/// What happened, and when.
pub type Trace = Vec<(Duration, Entry)>;

#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    StreamOpens,
    StreamCloses,
    ReadBegins,
    ReadEnds,
    Asked(Question),
    Hint,
    Event(Event),
    Settles(Outcome),
}

/// What a function of the caller's is asked about.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    Until(Value),
    FailOn(Value),
    ShouldRetry(u16),
    Delay(u32),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub kind: EventKind,
    pub attempt: u32,
    pub retry_in: Option<Duration>,
    pub payload: Value,
    pub code: Option<Code>,
    pub http_status: Option<u16>,
    pub status: Option<Value>,
    pub boot_progress: Option<Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Reached(Value),
    CvmFailed(Value),
    Refused(Why),
    Exhausted(Why, Endings),
    BadArgument(&'static str),
    Foreign,
    Aborted,
    /// The callback threw, which ended the watch.
    Thrown,
    /// It is not woken any more, or it is polled without end.
    Hangs,
}

/// A failure without its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    TimedOut,
    Ended,
    Broken,
    Malformed,
    ClosedForGood,
    Reported(String, Box<Why>),
    NotReached(String),
    Status(u16),
    Redirected,
}

/// Plays a run.
pub fn play(script: &Script) -> Run {
    let world = World::new(script);
    let request = script.request();
    let mut progress = Progress { spent: script.spent, ..Progress::default() };
    let mut caller = Listener(&world);
    let api = &world;
    let outcome;
    let (left_alive, doing);
    {
        let mut watching = pin!(Some(watch(&api, &request, &mut progress, &mut caller)));
        outcome = world.run(|context| {
            let watching = watching.as_mut().as_pin_mut().expect("it is there until the end");
            watching.poll(context).map(outcome_of)
        });
        doing = world.doing.get();
        // To abort is to drop; but a watch that has settled must have released everything by itself.
        if matches!(outcome, Outcome::Aborted | Outcome::Thrown | Outcome::Hangs) {
            watching.set(None);
        }
        left_alive = [&world.streams, &world.reads, &world.clock.timers].map(Cell::get);
        world.note(Entry::Settles(outcome));
        world.held.borrow_mut().clear();
    }
    Run {
        attempts: progress.attempts,
        last_state: progress.last_state.map(|state| state.status().into()),
        given: world.given.into_inner(),
        doing,
        trace: world.trace.into_inner(),
        left_alive,
        budget: format!("{:?}", world.budget),
    }
}

fn outcome_of(result: Result<CvmState<TestJson>, WatchError<TestJson>>) -> Outcome {
    match result {
        Ok(state) => Outcome::Reached(state.json().0.clone()),
        Err(WatchError::CvmFailed(state)) => Outcome::CvmFailed(state.json().0.clone()),
        Err(WatchError::Refused(failure)) => Outcome::Refused(why(&failure)),
        Err(WatchError::RetriesExceeded { failure, endings }) => Outcome::Exhausted(why(&failure), endings),
        Err(WatchError::BadArgument(bad)) => Outcome::BadArgument(bad.field),
        Err(WatchError::Foreign(_)) => Outcome::Foreign,
    }
}

fn why(failure: &Failure<TestJson>) -> Why {
    match failure {
        Failure::TimedOut { .. } => Why::TimedOut,
        Failure::Ended => Why::Ended,
        Failure::Broken(_) => Why::Broken,
        Failure::Malformed(_) => Why::Malformed,
        Failure::ClosedForGood { .. } => Why::ClosedForGood,
        Failure::Reported { words, end } => Why::Reported(words.clone(), Box::new(why(end))),
        Failure::NotReached { status } => Why::NotReached(status.clone()),
        Failure::Status(refusal) => Why::Status(refusal.status),
        Failure::Redirected { .. } => Why::Redirected,
        Failure::Foreign(_) => unreachable!("it ends no attempt, but the watch"),
    }
}

pub struct World<'a> {
    script: &'a Script,
    clock: Clock,
    budget: Budget,
    /// The permits of other watches, each with the time when it is given back.
    held: RefCell<Vec<(Duration, Box<dyn Any>)>>,
    trace: RefCell<Trace>,
    given: RefCell<Vec<u64>>,
    opened: Cell<usize>,
    read: Cell<usize>,
    woken: Cell<usize>,
    /// How often `until`, `failOn`, `shouldRetry` and `retryDelay` have been asked.
    asked: [Cell<usize>; 4],
    events: Cell<usize>,
    aborted: Cell<bool>,
    doing: Cell<&'static str>,
    streams: Cell<usize>,
    reads: Cell<usize>,
}

impl<'a> World<'a> {
    fn new(script: &'a Script) -> Self {
        let budget = Budget::default();
        let permit = |at: &Duration| {
            let permit = budget.stream(usize::MAX, None, Duration::ZERO).expect("there is no limit");
            (*at, Box::new(permit) as Box<dyn Any>)
        };
        let held = script.held.iter().map(permit).collect();
        Self {
            script,
            clock: Clock::default(),
            held: RefCell::new(held),
            budget,
            trace: RefCell::default(),
            given: RefCell::default(),
            opened: Cell::default(),
            read: Cell::default(),
            woken: Cell::default(),
            asked: Default::default(),
            events: Cell::default(),
            aborted: Cell::default(),
            doing: Cell::new("not started"),
            streams: Cell::default(),
            reads: Cell::default(),
        }
    }

    /// Polls whenever something has woken the watch, and lets time pass when nothing has.
    fn run(&self, mut poll: impl FnMut(&mut std::task::Context<'_>) -> Poll<Outcome>) -> Outcome {
        let abort_at = match self.script.interruption {
            Some(Interruption::At(time)) => time,
            _ => Duration::MAX,
        };
        let woken = Woken::new();
        loop {
            self.held.borrow_mut().retain(|(until, _)| *until > self.clock.now());
            if self.clock.now() >= abort_at {
                return Outcome::Aborted;
            }
            if woken.take() {
                match catch_unwind(AssertUnwindSafe(|| poll(&mut woken.context()))) {
                    Ok(Poll::Ready(outcome)) => return outcome,
                    Ok(Poll::Pending) if self.aborted.get() => return Outcome::Aborted,
                    Ok(Poll::Pending) => {}
                    Err(thrown) if thrown.is::<Thrown>() => return Outcome::Thrown,
                    Err(panic) => resume_unwind(panic),
                }
            }
            let given_back = self.held.borrow().iter().map(|(until, _)| *until).min();
            if self.clock.advance(abort_at.min(given_back.unwrap_or(Duration::MAX))).is_none() {
                return Outcome::Hangs;
            }
        }
    }

    fn note(&self, entry: Entry) {
        let mut trace = self.trace.borrow_mut();
        assert!(trace.len() < 10_000, "the watch spins");
        trace.push((self.clock.now(), entry));
    }

    /// Which answer of a function comes next.
    fn answer<T: Copy>(&self, function: usize, answers: &[T], last: T, question: Question) -> T {
        self.note(Entry::Asked(question));
        let place = self.asked[function].replace(self.asked[function].get() + 1);
        answers.get(place).copied().unwrap_or(last)
    }
}

struct Thrown;

struct Listener<'w>(&'w World<'w>);

fn agrees(field: &'static str, answer: Answer) -> Result<bool, FieldError> {
    match answer {
        Answer::Yes => Ok(true),
        Answer::No => Ok(false),
        Answer::Throw => Err(FieldError { field, message: "no".into() }),
    }
}

impl Caller<TestJson> for Listener<'_> {
    fn on_event(&mut self, event: WatchEvent<'_, TestJson>) {
        let world = self.0;
        // As in JavaScript: once the signal has aborted, the callback is not called.
        if world.aborted.get() {
            return;
        }
        match event.kind {
            EventKind::State if world.reads.get() + world.streams.get() > 0 => world.doing.set("streaming"),
            EventKind::Complete if world.doing.get() == "streaming" => world.doing.set("complete"),
            _ => {}
        }
        if event.retry_in.is_some() {
            world.doing.set("waiting to retry");
        }
        world.note(Entry::Event(Event {
            kind: event.kind,
            attempt: event.attempt,
            retry_in: event.retry_in,
            payload: event.payload.0.clone(),
            code: event.code,
            http_status: event.http_status,
            status: event.status.map(|json| json.0),
            boot_progress: event.boot_progress.map(|json| json.0),
        }));
        let number = world.events.replace(world.events.get() + 1);
        match world.script.interruption {
            Some(Interruption::InCallback(place)) if place == number => world.aborted.set(true),
            Some(Interruption::Throw(place)) if place == number => resume_unwind(Box::new(Thrown)),
            _ => {}
        }
    }

    fn warn(&mut self, _: &str) {
        self.0.note(Entry::Hint);
    }

    fn until(&mut self, state: &CvmState<TestJson>) -> Result<bool, FieldError> {
        let answers = self.0.script.until.as_deref().expect("it is asked only if there is one");
        agrees("until", self.0.answer(0, answers, Answer::Yes, Question::Until(state.json().0.clone())))
    }

    fn fail_on(&mut self, state: &CvmState<TestJson>) -> Result<bool, FieldError> {
        let FailOn::Asked(answers) = &self.0.script.fail_on else { panic!("it is asked only if there is one") };
        agrees("failOn", self.0.answer(1, answers, Answer::No, Question::FailOn(state.json().0.clone())))
    }

    fn should_retry(&mut self, failure: &Failure<TestJson>, _: &Progress<TestJson>) -> Result<bool, FieldError> {
        let answers = self.0.script.should_retry.as_deref().expect("it is asked only if there is one");
        let status = failure.http_status().expect("it is asked about refusals only");
        agrees("shouldRetry", self.0.answer(2, answers, Answer::No, Question::ShouldRetry(status)))
    }

    fn retry_delay(
        &mut self,
        failures: u32,
        _: &Failure<TestJson>,
        _: &Progress<TestJson>,
    ) -> Result<Duration, FieldError> {
        let Delay::Asked(given) = &self.0.script.delay else { panic!("it is asked only if there is one") };
        let delay = self.0.answer(3, given, Some(Duration::ZERO), Question::Delay(failures));
        delay.ok_or(FieldError { field: "retryDelay", message: "no".into() })
    }
}

impl<'w> Api for &'w World<'w> {
    type Json = TestJson;
    type Stream = Stream<'w>;

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn max_streams(&self) -> usize {
        self.script.max_streams
    }

    fn open(&self) -> Stream<'w> {
        assert_eq!((self.streams.get(), self.reads.get()), (0, 0), "one stream at a time, and no read when it opens");
        self.streams.set(1);
        self.doing.set("streaming");
        self.note(Entry::StreamOpens);
        let stream = self.script.stream(self.opened.replace(self.opened.get() + 1));
        Stream { world: self, source: Source::new(self.clock.now(), &stream.steps, stream.bytes) }
    }

    async fn read(&self) -> Result<TestJson, Failure<TestJson>> {
        assert_eq!(self.reads.get(), 0, "one read at a time");
        let _alive = alive(&self.reads);
        let before = self.doing.get();
        let _end = Guard(|| {
            self.note(Entry::ReadEnds);
            self.doing.set("between two reads");
        });
        self.doing.set(match before {
            "complete" => "reading after complete",
            _ if self.streams.get() > 0 => "reading beside a stream",
            _ => "reading",
        });
        self.note(Entry::ReadBegins);
        let (after, read) = self.script.read(self.read.replace(self.read.get() + 1));
        self.clock.until(self.clock.now() + after).await;
        match read {
            Read::State(json) | Read::Shapeless(json) => Ok(TestJson(json)),
            Read::Refuse(refused) => Err(failure(&refused)),
            Read::Never => std::future::pending().await,
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wall_clock(&self) -> Duration {
        self.script.wall_clock(self.clock.now())
    }

    fn random(&self) -> f64 {
        self.script.random
    }

    fn is_hidden(&self) -> bool {
        false
    }

    async fn woken(&self) -> WakeUp {
        let Some((at, wake)) = self.script.wakes.get(self.woken.get()) else { return std::future::pending().await };
        self.clock.until(*at).await;
        self.woken.set(self.woken.get() + 1);
        *wake
    }
}

fn failure(refused: &Refused) -> Failure<TestJson> {
    match *refused {
        Refused::Status(status, retry_after) => {
            Failure::Status(Refusal { status, detail: Some(TestJson(json!("why"))), retry_after })
        }
        Refused::Redirect => Failure::Redirected { status: 307 },
        Refused::Broken => Failure::Broken("the connection broke".into()),
        Refused::Html => Failure::Malformed("the content type is text/html".into()),
        Refused::Foreign => Failure::Foreign(TestJson(json!({ "digest": "X" }))),
    }
}

type Arrival = Result<Frame<String>, Failure<TestJson>>;

pub struct Stream<'w> {
    world: &'w World<'w>,
    source: Source,
}

/// What is still to come, each with its time; then silence.
enum Source {
    Frames(VecDeque<(Duration, Step)>),
    Bytes { chunks: VecDeque<(Duration, Chunk)>, decoder: Box<SseDecoder>, arrivals: VecDeque<Arrival> },
}

impl Source {
    fn new(start: Duration, steps: &[(Duration, Step)], bytes: Option<u64>) -> Self {
        if let Some(seed) = bytes {
            let decoder = Box::new(SseDecoder::new(LARGEST_FRAME));
            return Self::Bytes { chunks: chunks(start, steps, seed).into(), decoder, arrivals: VecDeque::new() };
        }
        let mut due = start;
        let steps = steps.iter().map(|(wait, step)| {
            due += *wait;
            (due, step.clone())
        });
        Self::Frames(steps.collect())
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        self.world.streams.set(self.world.streams.get() - 1);
        self.world.note(Entry::StreamCloses);
    }
}

impl EventStream for Stream<'_> {
    type Json = TestJson;

    async fn next(&mut self) -> Arrival {
        let arrival = match &mut self.source {
            Source::Frames(steps) => next_frame(&self.world.clock, steps).await,
            Source::Bytes { chunks, decoder, arrivals } => {
                next_decoded(&self.world.clock, chunks, decoder, arrivals).await
            }
        };
        if let Ok(frame) = &arrival
            && let Ok(json) = serde_json::from_str::<Value>(&frame.data)
            && let Some(number) = json.get("n").and_then(Value::as_u64)
        {
            self.world.given.borrow_mut().push(number);
        }
        arrival
    }
}

/// As EventSource gives them.
async fn next_frame(clock: &Clock, steps: &mut VecDeque<(Duration, Step)>) -> Arrival {
    loop {
        let Some((due, _)) = steps.front() else { return std::future::pending().await };
        clock.until(*due).await;
        return match steps.pop_front().expect("the one that was waited for").1 {
            Step::Say(message) => match EventKind::named(message.name.as_bytes()) {
                Some(kind) => Ok(Frame { kind, data: message.data }),
                None => continue,
            },
            Step::End => Err(Failure::Ended),
            Step::Break | Step::Flood => Err(Failure::Broken("the connection broke".into())),
            Step::CloseForGood => Err(Failure::ClosedForGood { read: String::new() }),
            Step::Refuse(refused) => Err(failure(&refused)),
        };
    }
}

/// As the transport on `fetch` gives them.
async fn next_decoded(
    clock: &Clock,
    chunks: &mut VecDeque<(Duration, Chunk)>,
    decoder: &mut SseDecoder,
    arrivals: &mut VecDeque<Arrival>,
) -> Arrival {
    loop {
        if let Some(arrival) = arrivals.pop_front() {
            return arrival;
        }
        let Some((due, _)) = chunks.front() else { return std::future::pending().await };
        clock.until(*due).await;
        match chunks.pop_front().expect("the one that was waited for").1 {
            Chunk::End => return Err(Failure::Ended),
            Chunk::Break => return Err(Failure::Broken("the connection broke".into())),
            Chunk::Bytes(bytes) => {
                let whole = decoder.decode(&bytes, |item| {
                    let SseItem::Frame { event, data } = item else { return };
                    if let Some(kind) = EventKind::named(event) {
                        arrivals.push_back(Ok(Frame { kind, data: String::from_utf8_lossy(data).into_owned() }));
                    }
                });
                if let Err(too_large) = whole {
                    arrivals.push_back(Err(Failure::Broken(too_large.to_string())));
                }
            }
        }
    }
}
