//! One watch that goes on for a day, on virtual time and through the real decoder. Its memory does not grow after the first
//! hour, however many keep-alives, states and attempts there are.
#![cfg(not(target_arch = "wasm32"))]

mod world;

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use cvm_watch::{
    Api, Budget, Caller, CvmState, EventKind, EventStream, Failure, FieldError, Frame, Progress, SseDecoder, SseItem,
    WakeUp, WatchEvent, watch,
};
use peak_alloc::PeakAlloc;
use serde_json::json;
use tokio::time::Instant;
use world::{TestJson, number, request};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// The pause between two keep-alives. A state follows every fourth one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A server whose CVM boots for a day.
#[derive(Clone)]
struct Server {
    start: Instant,
    budget: Budget,
    open: Rc<Cell<usize>>,
    sleeping: Rc<Cell<usize>>,
    keep_alives: Rc<Cell<usize>>,
    reads: Rc<Cell<usize>>,
}

impl Server {
    fn status(&self) -> &'static str {
        if self.start.elapsed().as_secs() < DAY { "starting" } else { "running" }
    }
}

/// Counts as long as it lives.
struct Alive(Rc<Cell<usize>>);

impl Alive {
    fn new(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Api for Server {
    type Json = TestJson;
    type Stream = Stream;

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn max_streams(&self) -> usize {
        4
    }

    fn open(&self) -> Stream {
        Stream {
            server: self.clone(),
            decoder: SseDecoder::default(),
            frames: VecDeque::new(),
            chunks: 0,
            _open: Alive::new(&self.open),
        }
    }

    /// Between two states the stream is silent for so long that a read checks it.
    async fn read(&self) -> Result<TestJson, Failure<TestJson>> {
        self.reads.set(self.reads.get() + 1);
        Ok(TestJson(json!({ "status": self.status() })))
    }

    async fn sleep(&self, duration: Duration) {
        let _sleeping = Alive::new(&self.sleeping);
        tokio::time::sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall_clock(&self) -> Duration {
        self.start.elapsed()
    }

    fn random(&self) -> f64 {
        0.5
    }

    fn is_hidden(&self) -> bool {
        false
    }

    async fn woken(&self) -> WakeUp {
        std::future::pending().await
    }
}

struct Stream {
    server: Server,
    decoder: SseDecoder,
    frames: VecDeque<Frame<String>>,
    chunks: usize,
    _open: Alive,
}

impl EventStream for Stream {
    type Json = TestJson;

    async fn next(&mut self) -> Result<Frame<String>, Failure<TestJson>> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Ok(frame);
            }
            if self.chunks > 0 {
                tokio::time::sleep(KEEP_ALIVE).await;
            }
            let state = format!("event: state\ndata: {{\"status\":\"{}\"}}\n\n", self.server.status());
            let chunk = if self.chunks.is_multiple_of(4) { &state } else { ": ping\n\n" };
            self.server.keep_alives.set(self.server.keep_alives.get() + usize::from(chunk.starts_with(':')));
            self.chunks += 1;
            // In halves, so that there is always something unfinished to keep.
            let (head, tail) = chunk.as_bytes().split_at(chunk.len() / 2);
            for half in [head, tail] {
                let frames = &mut self.frames;
                let give = |item: SseItem<'_>| {
                    let SseItem::Frame { event, data } = item else { return };
                    let kind = EventKind::named(event).unwrap();
                    frames.push_back(Frame { kind, data: String::from_utf8_lossy(data).into_owned() });
                };
                self.decoder.decode(half, give).unwrap();
            }
        }
    }
}

/// A caller that measures memory, and counts streams and timers, whenever an attempt has ended.
struct Watcher<'a> {
    server: &'a Server,
    states: usize,
    /// Bytes at the end of the first hour, and the most since then.
    memory: Option<(usize, usize)>,
}

impl Caller<TestJson> for Watcher<'_> {
    fn on_event(&mut self, event: WatchEvent<'_, TestJson>) {
        let alive = (self.server.open.get(), self.server.sleeping.get());
        if event.kind == EventKind::State {
            self.states += 1;
            let is_last = event.payload.0["status"] == "running";
            assert!(alive.0 == 1 || is_last, "a stream, until a read tells the target");
            assert!(alive.1 <= 3, "three timers, for the timeout, for silence, and to notice sleep: {alive:?}");
            return;
        }
        assert_eq!(event.kind, EventKind::Timeout);
        assert_eq!(alive, (0, 0), "between attempts");
        if self.server.start.elapsed().as_secs() > HOUR {
            let now = MEMORY.current_usage();
            let (first, most) = self.memory.unwrap_or((now, now));
            self.memory = Some((first, most.max(now)));
        }
    }

    fn warn(&mut self, hint: &str) {
        unreachable!("{hint}")
    }

    fn until(&mut self, _: &CvmState<TestJson>) -> Result<bool, FieldError> {
        unreachable!("there is no function")
    }

    fn fail_on(&mut self, _: &CvmState<TestJson>) -> Result<bool, FieldError> {
        unreachable!("there is no function")
    }

    fn should_retry(&mut self, _: &Failure<TestJson>, _: &Progress<TestJson>) -> Result<bool, FieldError> {
        unreachable!("there is no function")
    }

    fn retry_delay(&mut self, _: u32, _: &Failure<TestJson>, _: &Progress<TestJson>) -> Result<Duration, FieldError> {
        unreachable!("the delay is fixed")
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_a_day_holds_no_more_than_in_its_first_hour() {
    let server = Server {
        start: Instant::now(),
        budget: Budget::default(),
        open: Rc::default(),
        sleeping: Rc::default(),
        keep_alives: Rc::default(),
        reads: Rc::default(),
    };
    let mut watcher = Watcher { server: &server, states: 0, memory: None };
    let mut progress = Progress::default();
    let request = request(json!({ "timeout": 600, "maxRetries": number("inf") }));
    let state = watch(&server, &request, &mut progress, &mut watcher).await.unwrap();
    assert_eq!(state.status(), "running");
    assert_eq!((server.open.get(), server.sleeping.get()), (0, 0));

    let (first, most) = watcher.memory.unwrap();
    let (attempts, keep_alives) = (progress.attempts, server.keep_alives.get());
    println!("{attempts} attempts, {} states, {keep_alives} keep-alives: {first} bytes, then {most}", watcher.states);
    println!("{} reads", server.reads.get());
    assert_eq!(u64::from(attempts), DAY.div_ceil(600 + 5), "each of 600 s, and 5 s apart");
    assert!(keep_alives > 4000 && watcher.states > 1400 && server.reads.get() > 1400);
    assert_eq!(most, first, "bytes");
}
