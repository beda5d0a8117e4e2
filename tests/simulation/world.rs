//! The world that a run's watch is handed, and the executor that plays the run on virtual time.
//!
//! Nothing but time happens here, so that time can be exact: all that is due at one moment is there before the watch is
//! polled. A watch is polled only when it has been woken: one that forgets its waker hangs, and shows.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use cvm_watch::{
    Api, Caller, CvmState, EventKind, EventStream, Failure, FieldError, Frame, Progress, Refusal, SseDecoder, SseItem,
    WatchError, WatchEvent, watch,
};
use serde_json::{Value, json};

use crate::script::{Attempt, Head, Interruption, Read, Refused, Script, Step};
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
}

/// What happened, and when.
pub type Trace = Vec<(Duration, Entry)>;

#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    StreamOpens,
    StreamCloses,
    ReadBegins,
    ReadEnds,
    DelayIsAsked,
    Event { kind: EventKind, attempt: u32, retry_in: Option<Duration>, payload: Value },
    Settles(Outcome),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Reached(Value),
    Refused(Why),
    Exhausted(Why),
    BadDelay,
    Aborted,
    /// The callback threw, and took the watch with it.
    Thrown,
    /// It is not woken any more, or it spins.
    Hangs,
}

/// A failure without its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    TimedOut,
    Ended,
    Broken,
    ClosedForGood(Option<String>),
    Reported(String),
    NotReached(String),
    Status(u16),
    Redirected,
}

/// Plays a run.
pub fn play(script: &Script) -> Run {
    let world = World::new(script);
    let request = script.request();
    let mut progress = Progress::default();
    let mut caller = Listener(&world);
    let api = &world;
    let outcome;
    let left_alive;
    {
        let mut watching = pin!(Some(watch(&api, &request, &mut progress, &mut caller)));
        outcome = world.run(|context| {
            let watching = watching.as_mut().as_pin_mut().expect("it is there until the end");
            watching.poll(context).map(|result| outcome_of(&result))
        });
        // To abort is to drop; but a watch that has settled must have let go of everything by itself.
        if matches!(outcome, Outcome::Aborted | Outcome::Thrown | Outcome::Hangs) {
            watching.set(None);
        }
        left_alive = [&world.streams, &world.reads, &world.timers].map(Cell::get);
        world.note(Entry::Settles(outcome));
    }
    Run {
        attempts: progress.attempts,
        last_state: progress.last_state.map(|state| state.status().into()),
        given: world.given.into_inner(),
        doing: world.doing.get(),
        trace: world.trace.into_inner(),
        left_alive,
    }
}

fn outcome_of(result: &Result<CvmState<TestJson>, WatchError<TestJson>>) -> Outcome {
    match result {
        Ok(state) => Outcome::Reached(state.json().0.clone()),
        Err(WatchError::Refused(failure)) => Outcome::Refused(why(failure)),
        Err(WatchError::RetriesExceeded(failure)) => Outcome::Exhausted(why(failure)),
        Err(WatchError::BadDelay(_)) => Outcome::BadDelay,
    }
}

fn why(failure: &Failure<TestJson>) -> Why {
    match failure {
        Failure::TimedOut { .. } => Why::TimedOut,
        Failure::Ended => Why::Ended,
        Failure::Broken(_) => Why::Broken,
        Failure::ClosedForGood { status } => Why::ClosedForGood(status.clone()),
        Failure::Reported(message) => Why::Reported(message.clone()),
        Failure::NotReached { status } => Why::NotReached(status.clone()),
        Failure::Status(refusal) => Why::Status(refusal.status),
        Failure::Redirected { .. } => Why::Redirected,
    }
}

pub struct World<'a> {
    script: &'a Script,
    now: Cell<Duration>,
    /// Who waits, and until when.
    alarms: RefCell<BTreeMap<(Duration, u32), Waker>>,
    last_alarm: Cell<u32>,
    trace: RefCell<Trace>,
    given: RefCell<Vec<u64>>,
    attempts: Cell<u32>,
    events: Cell<usize>,
    aborted: Cell<bool>,
    doing: Cell<&'static str>,
    streams: Cell<usize>,
    reads: Cell<usize>,
    timers: Cell<usize>,
}

impl<'a> World<'a> {
    fn new(script: &'a Script) -> Self {
        Self {
            script,
            now: Cell::default(),
            alarms: RefCell::default(),
            last_alarm: Cell::default(),
            trace: RefCell::default(),
            given: RefCell::default(),
            attempts: Cell::default(),
            events: Cell::default(),
            aborted: Cell::default(),
            doing: Cell::new("not started"),
            streams: Cell::default(),
            reads: Cell::default(),
            timers: Cell::default(),
        }
    }

    /// Polls whenever something has woken the watch, and lets time pass when nothing has.
    fn run(&self, mut poll: impl FnMut(&mut Context<'_>) -> Poll<Outcome>) -> Outcome {
        let abort_at = match self.script.interruption {
            Some(Interruption::At(time)) => time,
            _ => Duration::MAX,
        };
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        loop {
            if self.now.get() >= abort_at {
                return Outcome::Aborted;
            }
            if woken.0.swap(false, SeqCst) {
                match catch_unwind(AssertUnwindSafe(|| poll(&mut context))) {
                    Ok(Poll::Ready(outcome)) => return outcome,
                    Ok(Poll::Pending) if self.aborted.get() => return Outcome::Aborted,
                    Ok(Poll::Pending) => {}
                    Err(thrown) if thrown.is::<Thrown>() => return Outcome::Thrown,
                    Err(panic) => resume_unwind(panic),
                }
            }
            let Some(next) = self.alarms.borrow().keys().map(|(due, _)| *due).chain([abort_at]).min() else {
                return Outcome::Hangs;
            };
            if next == Duration::MAX {
                return Outcome::Hangs;
            }
            self.now.set(next.max(self.now.get()));
            self.wake();
        }
    }

    /// Wakes whoever waited for now.
    fn wake(&self) {
        while let Some(alarm) = self.alarms.borrow_mut().first_entry().filter(|first| first.key().0 <= self.now.get()) {
            alarm.remove().wake();
        }
    }

    fn note(&self, entry: Entry) {
        let mut trace = self.trace.borrow_mut();
        assert!(trace.len() < 10_000, "the watch spins");
        trace.push((self.now.get(), entry));
    }

    async fn until(&self, due: Duration) {
        let number = self.last_alarm.get() + 1;
        self.last_alarm.set(number);
        let key = (due, number);
        let _alarm = Guard(|| drop(self.alarms.borrow_mut().remove(&key)));
        poll_fn(|context| {
            if self.now.get() >= due {
                return Poll::Ready(());
            }
            self.alarms.borrow_mut().insert(key, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn attempt(&self) -> Cow<'_, Attempt> {
        self.script.attempt(self.attempts.get())
    }
}

struct Thrown;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Does something when it is dropped.
struct Guard<F: Fn()>(F);

impl<F: Fn()> Drop for Guard<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Counts something as alive until it is dropped.
fn alive(count: &Cell<usize>) -> Guard<impl Fn()> {
    count.set(count.get() + 1);
    Guard(|| count.set(count.get() - 1))
}

struct Listener<'w>(&'w World<'w>);

impl Caller<TestJson> for Listener<'_> {
    fn on_event(&mut self, event: WatchEvent<'_, TestJson>) {
        let world = self.0;
        // As in JavaScript: once the signal has aborted, the callback is not called.
        if world.aborted.get() {
            return;
        }
        let WatchEvent { kind, attempt, retry_in, payload: TestJson(payload) } = event;
        match kind {
            EventKind::State if payload["status"] == world.script.target => world.doing.set("awaiting complete"),
            EventKind::Complete if world.doing.get() == "streaming" => world.doing.set("complete"),
            _ => {}
        }
        world.note(Entry::Event { kind, attempt, retry_in, payload: payload.clone() });
        let number = world.events.replace(world.events.get() + 1);
        match world.script.interruption {
            Some(Interruption::InCallback(place)) if place == number => world.aborted.set(true),
            Some(Interruption::Throw(place)) if place == number => resume_unwind(Box::new(Thrown)),
            _ => {}
        }
    }

    fn retry_delay(&mut self, progress: &Progress<TestJson>, _: &Failure<TestJson>) -> Result<Duration, FieldError> {
        self.0.note(Entry::DelayIsAsked);
        self.0.script.delay_after(progress.attempts).ok_or(FieldError { field: "retryDelay", message: "no".into() })
    }
}

impl<'w> Api for &'w World<'w> {
    type Json = TestJson;
    type Stream = Stream<'w>;

    async fn open(&self) -> Result<Stream<'w>, Failure<TestJson>> {
        assert_eq!((self.streams.get(), self.reads.get()), (0, 0), "one connection at a time");
        self.attempts.set(self.attempts.get() + 1);
        let attempt = self.attempt();
        let stream = Stream::connecting(self);
        let (after, head) = &attempt.head;
        let start = self.now.get() + *after;
        self.until(start).await;
        match head {
            Head::Open => Ok(stream.connected(start, &attempt.steps, attempt.bytes)),
            Head::Refuse(refused) => Err(failure(refused)),
            Head::Never => std::future::pending().await,
        }
    }

    async fn read(&self) -> Result<TestJson, Failure<TestJson>> {
        assert_eq!((self.streams.get(), self.reads.get()), (0, 0), "one connection at a time");
        let _alive = alive(&self.reads);
        self.doing.set(if self.doing.get() == "complete" {
            "reading after complete"
        } else {
            "reading after closed for good"
        });
        self.note(Entry::ReadBegins);
        let _end = Guard(|| self.note(Entry::ReadEnds));
        let attempt = self.attempt();
        let (after, read) = &attempt.read;
        self.until(self.now.get() + *after).await;
        match read {
            Read::State(status) => Ok(TestJson(json!({ "status": status }))),
            Read::Shapeless(json) => Ok(TestJson(json.clone())),
            Read::Refuse(refused) => Err(failure(refused)),
            Read::Never => std::future::pending().await,
        }
    }

    async fn sleep(&self, duration: Duration) {
        let _alive = alive(&self.timers);
        if self.streams.get() + self.reads.get() == 0 {
            self.doing.set("waiting to retry");
        }
        self.until(self.now.get() + duration).await;
    }
}

fn failure(refused: &Refused) -> Failure<TestJson> {
    match *refused {
        Refused::Status(status, retry_after) => {
            Failure::Status(Refusal { status, detail: Some(TestJson(json!("why"))), retry_after })
        }
        Refused::Redirect => Failure::Redirected { status: 307 },
        Refused::Broken => Failure::Broken("the connection broke".into()),
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

impl<'w> Stream<'w> {
    fn connecting(world: &'w World<'w>) -> Self {
        world.streams.set(world.streams.get() + 1);
        world.doing.set("connecting");
        world.note(Entry::StreamOpens);
        Self { world, source: Source::Frames(VecDeque::new()) }
    }

    fn connected(mut self, start: Duration, steps: &[(Duration, Step)], bytes: Option<u64>) -> Self {
        self.world.doing.set("streaming");
        self.source = if let Some(seed) = bytes {
            let decoder = Box::new(SseDecoder::new(LARGEST_FRAME));
            Source::Bytes { chunks: chunks(start, steps, seed).into(), decoder, arrivals: VecDeque::new() }
        } else {
            let mut due = start;
            let steps = steps.iter().map(|(wait, step)| {
                due += *wait;
                (due, step.clone())
            });
            Source::Frames(steps.collect())
        };
        self
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
            Source::Frames(steps) => next_frame(self.world, steps).await,
            Source::Bytes { chunks, decoder, arrivals } => next_decoded(self.world, chunks, decoder, arrivals).await,
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
async fn next_frame(world: &World<'_>, steps: &mut VecDeque<(Duration, Step)>) -> Arrival {
    loop {
        let Some((due, _)) = steps.front() else { return std::future::pending().await };
        world.until(*due).await;
        return match steps.pop_front().expect("the one that was waited for").1 {
            Step::Say(message) => match EventKind::named(message.name.as_bytes()) {
                Some(kind) => Ok(Frame { kind, data: message.data }),
                None => continue,
            },
            Step::End => Err(Failure::Ended),
            Step::Break | Step::Flood => Err(Failure::Broken("the connection broke".into())),
            Step::CloseForGood => Err(Failure::ClosedForGood { status: None }),
        };
    }
}

/// As the transport on `fetch` gives them.
async fn next_decoded(
    world: &World<'_>,
    chunks: &mut VecDeque<(Duration, Chunk)>,
    decoder: &mut SseDecoder,
    arrivals: &mut VecDeque<Arrival>,
) -> Arrival {
    loop {
        if let Some(arrival) = arrivals.pop_front() {
            return arrival;
        }
        let Some((due, _)) = chunks.front() else { return std::future::pending().await };
        world.until(*due).await;
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
