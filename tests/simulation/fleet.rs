//! Many watches on one page, which share a budget: random fleets, servers and networks, and the promises that hold for all
//! watches together. Here the runs are not compared with a model.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use cvm_watch::{
    Api, Budget, Caller, CvmState, EventKind, EventStream, Failure, FieldError, Frame, Progress, READS_A_SECOND,
    REFUSAL_LASTS, Refusal, SILENT_INTERVALS, UNANSWERED_READS, WakeUp, WatchEvent, WatchRequest,
};
use fastrand::Rng;
use serde_json::json;

use crate::clock::{Clock, Guard, Woken, alive};
use crate::promises::ensure;
use crate::scripted::{JsonArguments, TestJson, number};

const SECOND: Duration = Duration::from_secs(1);
const TARGET: &str = "running";

/// A run: what the page watches, and how server and network behave.
#[derive(Clone, Debug)]
pub struct Fleet {
    seed: u64,
    max_streams: usize,
    /// How many streams the server allows, if it limits them, and whether EventSource hides why it refuses.
    limit: Option<usize>,
    hides_refusals: bool,
    /// How long an answer takes.
    answer: Duration,
    /// One of so many reads fails or hangs; 0 for none.
    faults: u32,
    /// When the page wakes up.
    wakes: Vec<Duration>,
    cvms: Vec<Cvm>,
}

/// A watch, and its CVM.
#[derive(Clone, Debug)]
struct Cvm {
    interval: Duration,
    starts: Duration,
    /// Its statuses, each with the time from which it holds. The last is the target.
    statuses: Vec<(Duration, &'static str)>,
    /// How its streams behave, one after the other and over again.
    streams: Vec<Kind>,
    /// When the watch is dropped.
    dropped: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Live,
    /// A proxy that buffers.
    Silent,
    /// It tells nothing any more after that time.
    Dies(Duration),
    /// The connection breaks after that time.
    Breaks(Duration),
}

impl Fleet {
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let pick = |rng: &mut Rng, choices: &[usize]| choices[rng.usize(0..choices.len())];
        let many = pick(&mut rng, &[30, 30, 60, 200]);
        let count = pick(&mut rng, &[1, 2, 3, 5, 5, 8, 8, 12, 20, many]);
        let intervals: &[u64] = [&[5_u64] as &[_], &[5], &[10], &[30], &[5, 5, 5, 10, 30]][rng.usize(0..5)];
        let limit = pick(&mut rng, &[0, 1, 3, 5, 5, usize::MAX, usize::MAX]);
        let mut fleet = Self {
            seed,
            max_streams: pick(&mut rng, &[0, 1, 2, 4, 4, 4, 4, usize::MAX]),
            limit: Some(limit).filter(|limit| *limit < usize::MAX),
            hides_refusals: rng.bool(),
            answer: Duration::from_millis(pick(&mut rng, &[0, 5, 50, 150]) as u64),
            faults: if rng.u8(0..4) == 0 { rng.u32(2..12) } else { 0 },
            wakes: Vec::new(),
            cvms: Vec::new(),
        };
        if rng.u8(0..3) == 0 {
            fleet.wakes = (0..rng.u8(1..4)).map(|_| SECOND * rng.u32(0..90)).collect();
            fleet.wakes.sort();
        }
        let staggered = rng.bool();
        fleet.cvms = (0..count).map(|_| fleet.cvm(&mut rng, intervals, staggered)).collect();
        fleet
    }

    fn cvm(&self, rng: &mut Rng, intervals: &[u64], staggered: bool) -> Cvm {
        let interval = SECOND * u32::try_from(intervals[rng.usize(0..intervals.len())]).unwrap();
        let starts = if staggered { Duration::from_millis(rng.u64(0..20_000)) } else { Duration::ZERO };
        let mut from = Duration::ZERO;
        let mut statuses = Vec::new();
        for status in &["stopped", "starting"][rng.usize(0..3)..] {
            statuses.push((from, *status));
            // Each lasts for so long that every watch must learn of it.
            from += starts + self.latest(200, interval) + Duration::from_millis(rng.u64(0..20_000));
        }
        statuses.push((from, TARGET));
        let kind = |rng: &mut Rng| match rng.u8(0..8) {
            0 => Kind::Silent,
            1 | 2 => Kind::Dies(Duration::from_millis(rng.u64(0..60_000))),
            3 => Kind::Breaks(Duration::from_millis(rng.u64(200..60_000))),
            _ => Kind::Live,
        };
        let streams = (0..rng.usize(1..4)).map(|_| kind(rng)).collect();
        let dropped = (rng.u8(0..8) == 0).then(|| starts + Duration::from_millis(rng.u64(0..40_000)));
        Cvm { interval, starts, statuses, streams, dropped }
    }

    /// How long a watch that reads may take to learn of a change, if so many do.
    fn by_reads(&self, readers: usize, interval: Duration) -> Duration {
        let seconds = u32::try_from(readers).unwrap();
        (interval * 11 / 10).max(SECOND * seconds / 10) + SECOND + self.answer
    }

    /// How long any watch may take.
    fn latest(&self, readers: usize, interval: Duration) -> Duration {
        // A stream that breaks costs a second, and the page may wake up while it reads.
        self.by_reads(readers, interval)
            + interval * SILENT_INTERVALS
            + SECOND
            + SECOND * u32::try_from(readers).unwrap() / 10
    }

    fn request(&self, watch: usize) -> WatchRequest {
        let interval = self.cvms[watch].interval.as_secs();
        let fields = json!({
            "id": "my-app", "target": TARGET, "interval": interval, "timeout": 600, "retryDelay": 1000,
            "maxRetries": number("inf"),
        });
        WatchRequest::read(&JsonArguments(fields)).unwrap()
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Entry {
    Opens,
    /// The server has refused it.
    Refused,
    Closes {
        was_open: bool,
    },
    Reads,
    /// With the answer that it was given, if it was given one.
    HasRead(Option<bool>),
    Told(&'static str),
    Settles,
    Dropped,
}

struct Page<'f> {
    fleet: &'f Fleet,
    clock: Clock,
    budget: Budget,
    rng: RefCell<Rng>,
    /// Streams that the server has accepted.
    accepted: Cell<usize>,
    open: Cell<usize>,
    unanswered: Cell<usize>,
    /// What happened, when, and to which watch.
    log: RefCell<Vec<(Duration, usize, Entry)>>,
}

impl Page<'_> {
    fn note(&self, watch: usize, entry: Entry) {
        self.log.borrow_mut().push((self.clock.now(), watch, entry));
    }

    fn status(&self, watch: usize) -> &'static str {
        let now = self.clock.now();
        let statuses = &self.fleet.cvms[watch].statuses;
        statuses.iter().rev().find(|(from, _)| *from <= now).expect("the first holds from the start").1
    }
}

/// Plays a fleet, and checks it; gives what it has shown.
pub fn trial(fleet: &Fleet) -> Result<Vec<String>, String> {
    let page = Page {
        fleet,
        clock: Clock::default(),
        budget: Budget::default(),
        rng: RefCell::new(Rng::with_seed(fleet.seed)),
        accepted: Cell::default(),
        open: Cell::default(),
        unanswered: Cell::default(),
        log: RefCell::default(),
    };
    run(&page)?;
    let alive = [&page.open, &page.unanswered, &page.clock.timers].map(Cell::get);
    ensure(alive == [0, 0, 0], "when all have settled, no stream, no read and no timer is left")?;
    let books = format!("{:?}", page.budget);
    let is_empty =
        ["streams: 0,", "readers: []", "unanswered: 0,", "turns: []"].into_iter().all(|part| books.contains(part));
    ensure(is_empty, "when all have settled, the budget is whole again")?;
    let log = page.log.borrow();
    reads_within_the_budget(&log)?;
    no_stream_after_a_refusal(&log)?;
    first_come_first_served(fleet, &log)?;
    everybody_learns_in_time(fleet, &log)?;
    Ok(features(fleet, &log))
}

type Watching<'p> = Pin<Box<dyn Future<Output = ()> + 'p>>;

/// Polls every watch that has been woken, and lets time pass when none has.
fn run(page: &Page<'_>) -> Result<(), String> {
    let mut watches: Vec<Option<(Watching<'_>, Woken)>> =
        (0..page.fleet.cvms.len()).map(|watch| Some((watching(page, watch), Woken::new()))).collect();
    for _ in 0..3_000_000 {
        let mut is_quiet = true;
        for (number, watch) in watches.iter_mut().enumerate() {
            let Some((future, woken)) = watch else { continue };
            let cvm = &page.fleet.cvms[number];
            if cvm.dropped.is_some_and(|at| at <= page.clock.now()) {
                *watch = None;
                page.note(number, Entry::Dropped);
                is_quiet = false;
            } else if woken.take() {
                is_quiet = false;
                if let Poll::Ready(()) = future.as_mut().poll(&mut woken.context()) {
                    *watch = None;
                }
            }
        }
        if !is_quiet {
            continue;
        }
        if watches.iter().all(Option::is_none) {
            return Ok(());
        }
        let now = page.clock.now();
        let dropped = page.fleet.cvms.iter().filter_map(|cvm| cvm.dropped).filter(|at| *at > now).min();
        page.clock.advance(dropped.unwrap_or(Duration::MAX)).ok_or("no watch hangs")?;
    }
    Err("the watches spin".into())
}

fn watching<'p>(page: &'p Page<'_>, watch: usize) -> Watching<'p> {
    Box::pin(async move {
        page.clock.until(page.fleet.cvms[watch].starts).await;
        let api = One { page, watch, opened: Rc::default(), woken: Cell::default() };
        let request = page.fleet.request(watch);
        let state = cvm_watch::watch(&api, &request, &mut Progress::default(), &mut Listener { page, watch }).await;
        assert_eq!(state.expect("the retries do not end").status(), TARGET);
        page.note(watch, Entry::Settles);
    })
}

struct Listener<'p, 'f> {
    page: &'p Page<'f>,
    watch: usize,
}

impl Caller<TestJson> for Listener<'_, '_> {
    fn on_event(&mut self, event: WatchEvent<'_, TestJson>) {
        if event.kind == EventKind::State {
            let statuses = self.page.fleet.cvms[self.watch].statuses.iter().map(|(_, status)| *status);
            let told = statuses.into_iter().find(|status| event.payload.0["status"] == *status);
            self.page.note(self.watch, Entry::Told(told.expect("one of its own")));
        }
    }

    fn warn(&mut self, hint: &str) {
        panic!("{hint}");
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
        unreachable!("there is no function")
    }
}

/// One watch's view of the page.
struct One<'p, 'f> {
    page: &'p Page<'f>,
    watch: usize,
    opened: Rc<Cell<usize>>,
    woken: Cell<usize>,
}

impl<'p, 'f> Api for One<'p, 'f> {
    type Json = TestJson;
    type Stream = Stream<'p, 'f>;

    fn budget(&self) -> &Budget {
        &self.page.budget
    }

    fn max_streams(&self) -> usize {
        self.page.fleet.max_streams
    }

    fn open(&self) -> Stream<'p, 'f> {
        let page = self.page;
        page.open.set(page.open.get() + 1);
        assert!(page.open.get() <= page.fleet.max_streams, "never more streams than permitted");
        page.note(self.watch, Entry::Opens);
        let kinds = &page.fleet.cvms[self.watch].streams;
        let number = self.opened.replace(self.opened.get() + 1);
        Stream {
            page,
            watch: self.watch,
            kind: kinds[number % kinds.len()],
            opened: page.clock.now(),
            is_accepted: false,
            told: None,
            next_look: page.clock.now() + page.fleet.answer,
        }
    }

    async fn read(&self) -> Result<TestJson, Failure<TestJson>> {
        let page = self.page;
        let _unanswered = alive(&page.unanswered);
        assert!(page.unanswered.get() <= UNANSWERED_READS, "never more than two reads are unanswered");
        page.note(self.watch, Entry::Reads);
        let answer = Cell::new(None);
        let _end = Guard(|| page.note(self.watch, Entry::HasRead(answer.get())));
        let status = page.status(self.watch);
        let fault = if page.fleet.faults > 0 { page.rng.borrow_mut().u32(0..page.fleet.faults * 2) } else { 2 };
        match fault {
            0 => std::future::pending().await,
            fault => {
                page.clock.until(page.clock.now() + page.fleet.answer).await;
                answer.set(Some(fault > 1));
                if fault == 1 {
                    return Err(Failure::Broken("a bad network".into()));
                }
                Ok(TestJson(json!({ "status": status })))
            }
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.page.clock.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.page.clock.now()
    }

    fn wall_clock(&self) -> Duration {
        self.page.clock.now()
    }

    fn random(&self) -> f64 {
        self.page.rng.borrow_mut().f64()
    }

    fn is_hidden(&self) -> bool {
        false
    }

    async fn woken(&self) -> WakeUp {
        let Some(at) = self.page.fleet.wakes.get(self.woken.get()) else { return std::future::pending().await };
        self.page.clock.until(*at).await;
        self.woken.set(self.woken.get() + 1);
        WakeUp::Online
    }
}

/// A stream as the server serves it: it looks at the CVM every interval.
struct Stream<'p, 'f> {
    page: &'p Page<'f>,
    watch: usize,
    kind: Kind,
    opened: Duration,
    is_accepted: bool,
    told: Option<&'static str>,
    next_look: Duration,
}

impl EventStream for Stream<'_, '_> {
    type Json = TestJson;

    async fn next(&mut self) -> Result<Frame<String>, Failure<TestJson>> {
        let page = self.page;
        if !self.is_accepted {
            page.clock.until(self.next_look).await;
            if page.fleet.limit.is_some_and(|limit| page.accepted.get() >= limit) {
                page.note(self.watch, Entry::Refused);
                return Err(if page.fleet.hides_refusals {
                    Failure::ClosedForGood { read: String::new() }
                } else {
                    Failure::Status(Refusal { status: 429, detail: None, retry_after: None })
                });
            }
            self.is_accepted = true;
            page.accepted.set(page.accepted.get() + 1);
        }
        if matches!(self.kind, Kind::Silent) {
            return std::future::pending().await;
        }
        if self.told == Some(TARGET) {
            return Ok(Frame { kind: EventKind::Complete, data: "{}".into() });
        }
        loop {
            match self.kind {
                Kind::Dies(after) if self.opened + after <= self.next_look => return std::future::pending().await,
                Kind::Breaks(after) if self.opened + after <= self.next_look => {
                    page.clock.until(self.opened + after).await;
                    return Err(Failure::Broken("the connection broke".into()));
                }
                _ => {}
            }
            page.clock.until(self.next_look).await;
            self.next_look += page.fleet.cvms[self.watch].interval;
            let status = page.status(self.watch);
            if self.told != Some(status) {
                self.told = Some(status);
                return Ok(Frame { kind: EventKind::State, data: json!({ "status": status }).to_string() });
            }
        }
    }
}

impl Drop for Stream<'_, '_> {
    fn drop(&mut self) {
        let page = self.page;
        page.open.set(page.open.get() - 1);
        page.accepted.set(page.accepted.get() - usize::from(self.is_accepted));
        page.note(self.watch, Entry::Closes { was_open: self.is_accepted });
    }
}

type Log = [(Duration, usize, Entry)];

fn reads_within_the_budget(log: &Log) -> Result<(), String> {
    let reads = log.iter().filter(|(_, _, entry)| *entry == Entry::Reads);
    let starts: Vec<Duration> = reads.map(|(time, ..)| *time).collect();
    let fast = starts.windows(READS_A_SECOND + 1).any(|some| some[READS_A_SECOND] <= some[0] + SECOND);
    ensure(!fast, "never more than ten reads start in any second")
}

/// After a refusal and a read that succeeded, no watch tries a stream for 30 s, or until one has ended.
fn no_stream_after_a_refusal(log: &Log) -> Result<(), String> {
    for (place, (_, watch, entry)) in log.iter().enumerate() {
        if *entry != Entry::Refused {
            continue;
        }
        let read = log[place..].iter().enumerate().find(|(_, (_, other, entry))| {
            other == watch && matches!(entry, Entry::HasRead(_) | Entry::Dropped | Entry::Settles)
        });
        let Some((further, (time, _, Entry::HasRead(Some(true))))) = read else { continue };
        for (then, _, entry) in &log[place + further..] {
            match entry {
                Entry::Closes { was_open: true } => break,
                _ if *then >= *time + REFUSAL_LASTS => break,
                // A stream that was under way before may have been refused meanwhile.
                Entry::Opens => return Err("no stream is tried soon after a refusal".into()),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Where nothing is refused or fails, streams go to the watches in the order in which they began.
fn first_come_first_served(fleet: &Fleet, log: &Log) -> Result<(), String> {
    if fleet.limit.is_some() || fleet.faults > 0 {
        return Ok(());
    }
    let mut begun: Vec<usize> = (0..fleet.cvms.len()).collect();
    begun.sort_by_key(|watch| fleet.cvms[*watch].starts);
    let first =
        |watch: usize, wanted: Entry| log.iter().position(|(_, other, entry)| *other == watch && *entry == wanted);
    // A watch that begins while a stream is free opens one.
    let free = begun.into_iter().take(fleet.max_streams.min(fleet.cvms.len()));
    for watch in free {
        let (opens, reads) = (first(watch, Entry::Opens), first(watch, Entry::Reads));
        let was_dropped = fleet.cvms[watch].dropped.is_some_and(|at| at <= fleet.cvms[watch].starts);
        ensure(
            was_dropped || opens.is_some_and(|opens| reads.is_none_or(|reads| opens < reads)),
            "first come, first served",
        )?;
    }
    Ok(())
}

/// Every change is told in time, as long as reads are answered.
fn everybody_learns_in_time(fleet: &Fleet, log: &Log) -> Result<(), String> {
    if fleet.faults > 0 {
        return Ok(());
    }
    let readers: BTreeSet<usize> =
        log.iter().filter(|(_, _, entry)| *entry == Entry::Reads).map(|(_, watch, _)| *watch).collect();
    for (watch, cvm) in fleet.cvms.iter().enumerate() {
        let opened = log.iter().any(|(_, other, entry)| *other == watch && *entry == Entry::Opens);
        let most = if opened || !fleet.wakes.is_empty() {
            fleet.latest(readers.len(), cvm.interval)
        } else {
            fleet.by_reads(readers.len(), cvm.interval)
        };
        for (from, status) in &cvm.statuses {
            // A watch that begins later learns of it then.
            let from = (*from).max(cvm.starts);
            let next = cvm.statuses.iter().map(|(next, _)| *next).find(|next| *next > from);
            if cvm.dropped.is_some_and(|at| at <= from + most) || next.is_some_and(|next| next < from + most) {
                continue;
            }
            let told = log
                .iter()
                .find(|(time, other, entry)| *other == watch && *time >= from && *entry == Entry::Told(status));
            let Some((told, ..)) = told else { return Err(format!("watch {watch} learns of \"{status}\"")) };
            ensure(
                *told <= from + most,
                &format!(
                    "watch {watch} learns of \"{status}\" in time: at {from:?}, told at {told:?}, {most:?} at most"
                ),
            )?;
        }
    }
    Ok(())
}

fn features(fleet: &Fleet, log: &Log) -> Vec<String> {
    let mut features = Vec::new();
    let mut also = |seen: bool, words: &str| features.extend(seen.then(|| format!("fleet: {words}")));
    let count = |wanted: &dyn Fn(&Entry) -> bool| log.iter().filter(|(_, _, entry)| wanted(entry)).count();
    let (opened, refused) = (count(&|entry| *entry == Entry::Opens), count(&|entry| *entry == Entry::Refused));
    let reads = count(&|entry| *entry == Entry::Reads);
    also(fleet.cvms.len() >= 60, "60 watches or more");
    also(opened > fleet.cvms.len(), "streams opened anew");
    also(refused > 0, "streams refused");
    also(refused > 4, "more than four streams refused");
    also(reads > 10 * fleet.cvms.len(), "more than ten reads for each watch");
    also(count(&|entry| *entry == Entry::Dropped) > 0, "watches dropped");
    also(!fleet.wakes.is_empty(), "wake-ups");
    also(fleet.faults > 0, "reads that fail and hang");
    also(opened > fleet.max_streams, "streams handed on");
    features
}

/// With fewer watches, as long as it still fails.
pub fn shrink(mut fleet: Fleet, fails: impl Fn(&Fleet) -> bool) -> Fleet {
    let without = |fleet: &Fleet, place: usize| {
        let mut smaller = fleet.clone();
        smaller.cvms.remove(place);
        smaller
    };
    loop {
        let mut smaller: Vec<Fleet> = (0..fleet.cvms.len()).map(|place| without(&fleet, place)).collect();
        if !fleet.wakes.is_empty() {
            smaller.push(Fleet { wakes: vec![], ..fleet.clone() });
        }
        match smaller.into_iter().find(|smaller| fails(smaller)) {
            Some(smaller) => fleet = smaller,
            None => return fleet,
        }
    }
}
