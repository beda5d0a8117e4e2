//! Permits for the streams and reads towards one origin, shared by all watches of a page.
//!
//! A browser opens six connections to an origin on HTTP/1.1, and all further requests of the page wait. So the number of
//! open streams and of pending reads is limited: connections are left for the page's other requests.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::api::Api;

/// How many reads may start in any second.
pub const READS_A_SECOND: usize = 10;
/// How many reads may be unanswered at a time.
pub const UNANSWERED_READS: usize = 2;
/// How long no stream is tried after one was refused, unless one of the page's own ends before.
pub const REFUSAL_LASTS: Duration = Duration::from_secs(30);

/// A little more than a second, since a clock may be coarse.
const SECOND: Duration = Duration::from_millis(1001);

/// The permits for the streams and reads towards one origin. A clone is the same budget.
#[derive(Clone, Debug, Default)]
pub struct Budget(Rc<RefCell<Books>>);

/// The permits that are in use, and the watches that wait.
#[derive(Debug, Default)]
struct Books {
    streams: usize,
    refused_at: Option<Duration>,
    /// The watches that read because they got no stream, the longest first.
    readers: Vec<Reader>,
    /// When the last reads started, up to [`READS_A_SECOND`].
    starts: Vec<Duration>,
    unanswered: usize,
    /// Those that wait for a read: the most urgent first, and among equals the one that came first.
    turns: Vec<Waiting>,
    last_id: u64,
}

#[derive(Debug)]
struct Reader {
    id: u64,
    max_streams: usize,
    /// Whether it reads now. If not it waits for its next attempt.
    is_reading: bool,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    urgency: Urgency,
    waker: Option<Waker>,
}

/// How urgent a read is; the most urgent is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It decides how a watch goes on.
    Decisive,
    /// It is one of those that come every interval. The longer ago the last one was, the more urgent it is: so watches with
    /// short intervals do not keep one with a long interval waiting.
    Routine {
        /// When the last one began, or when the watch began to wait for its first.
        since: Duration,
    },
}

impl Budget {
    /// A permit for a stream, if this watch may open one: fewer than `max_streams` are open, none was refused lately, and no
    /// watch that has read for longer waits for this stream. `place` is the watch's own place among those that wait.
    pub fn stream(&self, max_streams: usize, place: Option<&Place>, now: Duration) -> Option<StreamPermit> {
        let mut books = self.0.borrow_mut();
        if books.refused_at.is_some_and(|at| now < at + REFUSAL_LASTS) {
            return None;
        }
        let open = books.streams;
        let before = books.readers.iter().take_while(|reader| place.is_none_or(|place| place.0.id != reader.id));
        let ahead = before.filter(|reader| reader.is_reading && reader.max_streams > open).count();
        if max_streams.saturating_sub(open) <= ahead {
            return None;
        }
        books.streams += 1;
        Some(StreamPermit { budget: self.clone() })
    }

    /// No watch tries another stream until one has ended, or for [`REFUSAL_LASTS`].
    pub fn refuse_streams(&self, now: Duration) {
        self.0.borrow_mut().refused_at = Some(now);
    }

    /// The last place among those that wait for a stream.
    pub fn place(&self, max_streams: usize) -> Place {
        let mut books = self.0.borrow_mut();
        let id = books.new_id();
        books.readers.push(Reader { id, max_streams, is_reading: false });
        Place(Key { budget: self.clone(), id })
    }

    /// Waits until a read may start.
    pub async fn read(&self, api: &impl Api, urgency: Urgency) -> ReadPermit {
        let turn = self.turn(urgency);
        loop {
            poll_fn(|context| turn.poll(context)).await;
            let now = api.now();
            let pause = self.0.borrow().pause(now);
            match pause {
                Some(pause) => api.sleep(pause).await,
                None => return self.start(now),
            }
        }
    }

    fn turn(&self, urgency: Urgency) -> Turn {
        let mut books = self.0.borrow_mut();
        let id = books.new_id();
        let place = books.turns.iter().take_while(|waiting| waiting.urgency <= urgency).count();
        books.turns.insert(place, Waiting { id, urgency, waker: None });
        Turn(Key { budget: self.clone(), id })
    }

    fn start(&self, now: Duration) -> ReadPermit {
        let mut books = self.0.borrow_mut();
        if books.starts.len() == READS_A_SECOND {
            books.starts.remove(0);
        }
        books.starts.push(now);
        books.unanswered += 1;
        ReadPermit { budget: self.clone() }
    }

    /// Wakes the first in line, which checks whether it may start.
    fn wake_first(&self) {
        let waker = self.0.borrow_mut().turns.first_mut().and_then(|first| first.waker.take());
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Books {
    fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// How long no read may start.
    fn pause(&self, now: Duration) -> Option<Duration> {
        let free_at = *self.starts.first().filter(|_| self.starts.len() == READS_A_SECOND)? + SECOND;
        free_at.checked_sub(now).filter(|pause| !pause.is_zero())
    }
}

/// Access to the shared counts.
#[derive(Debug)]
struct Key {
    budget: Budget,
    id: u64,
}

/// Permits a stream. Dropping it tells that the stream has ended.
#[derive(Debug)]
pub struct StreamPermit {
    budget: Budget,
}

impl StreamPermit {
    /// Gives the permit back: the stream was refused, so none has ended.
    pub fn refused(self) {
        let refused_at = self.budget.0.borrow().refused_at;
        let budget = self.budget.clone();
        drop(self);
        budget.0.borrow_mut().refused_at = refused_at;
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut books = self.budget.0.borrow_mut();
        books.streams -= 1;
        books.refused_at = None;
    }
}

/// A place among the watches that read because they got no stream. Dropping it gives it up.
#[derive(Debug)]
pub struct Place(Key);

impl Place {
    /// The watch reads until the returned value is dropped. Meanwhile a stream that becomes free is kept for it.
    pub fn reading(&self) -> Reading {
        let Key { budget, id } = &self.0;
        let reading = Reading(Key { budget: budget.clone(), id: *id });
        reading.set(true);
        reading
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.budget.0.borrow_mut().readers.retain(|reader| reader.id != self.0.id);
    }
}

/// A watch reads.
#[derive(Debug)]
pub struct Reading(Key);

impl Reading {
    fn set(&self, is_reading: bool) {
        for reader in &mut self.0.budget.0.borrow_mut().readers {
            if reader.id == self.0.id {
                reader.is_reading = is_reading;
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// A place among those that wait for a read.
struct Turn(Key);

impl Turn {
    /// Whether it is first in line, and not too many reads are unanswered.
    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut books = self.0.budget.0.borrow_mut();
        let has_room = books.unanswered < UNANSWERED_READS;
        let mut turns = books.turns.iter_mut().enumerate();
        let Some((place, waiting)) = turns.find(|(_, waiting)| waiting.id == self.0.id) else { return Poll::Ready(()) };
        if place == 0 && has_room {
            return Poll::Ready(());
        }
        waiting.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.budget.0.borrow_mut().turns.retain(|waiting| waiting.id != self.0.id);
        self.0.budget.wake_first();
    }
}

/// Permits a read. Dropping it tells that the read is over.
#[derive(Debug)]
pub struct ReadPermit {
    budget: Budget,
}

impl Drop for ReadPermit {
    fn drop(&mut self) {
        self.budget.0.borrow_mut().unanswered -= 1;
        self.budget.wake_first();
    }
}
