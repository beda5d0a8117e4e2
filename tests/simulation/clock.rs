//! Virtual time, and the executor that plays watches on it.
//!
//! Time is exact: all that is due at one moment has happened before a watch is polled. A watch is polled only when it has been
//! woken, so a watch that forgets its waker hangs, and the run fails.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

#[derive(Default)]
pub struct Clock {
    now: Cell<Duration>,
    /// The wakers of all that wait, by the time when they are due.
    alarms: RefCell<BTreeMap<(Duration, u64), Waker>>,
    last_alarm: Cell<u64>,
    pub timers: Cell<usize>,
}

impl Clock {
    pub fn now(&self) -> Duration {
        self.now.get()
    }

    pub async fn until(&self, due: Duration) {
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

    pub async fn sleep(&self, duration: Duration) {
        let _alive = alive(&self.timers);
        self.until(self.now.get().saturating_add(duration)).await;
    }

    /// Lets time pass until the next waker is due, or to `other` if that is sooner. `None` if none ever is.
    pub fn advance(&self, other: Duration) -> Option<()> {
        let next = self.alarms.borrow().keys().next().map_or(Duration::MAX, |(due, _)| *due).min(other);
        if next == Duration::MAX {
            return None;
        }
        self.now.set(next.max(self.now.get()));
        while let Some(alarm) = self.alarms.borrow_mut().first_entry().filter(|first| first.key().0 <= self.now.get()) {
            alarm.remove().wake();
        }
        Some(())
    }
}

/// A future's own waker: says whether it has been woken.
pub struct Woken {
    flag: Arc<Flag>,
    waker: Waker,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

impl Woken {
    /// True at first: a future must be polled once to begin.
    pub fn new() -> Self {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        Self { waker: Waker::from(flag.clone()), flag }
    }

    /// Whether it has been woken since the last time that this was asked.
    pub fn take(&self) -> bool {
        self.flag.0.swap(false, SeqCst)
    }

    pub fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }
}

/// Does something when it is dropped.
pub struct Guard<F: Fn()>(pub F);

impl<F: Fn()> Drop for Guard<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Counts something as alive until it is dropped.
pub fn alive(count: &Cell<usize>) -> Guard<impl Fn()> {
    count.set(count.get() + 1);
    Guard(|| count.set(count.get() - 1))
}
