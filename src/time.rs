//! Timers, and what wakes a watch up.

use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::api::{Api, WakeUp};

/// A timer that fires this late means that the machine has slept.
pub const LATE: Duration = Duration::from_secs(10);

/// After so many silent intervals a read checks the stream. A page that was hidden for as long wakes its watches.
pub const SILENT_INTERVALS: u32 = 3;

/// The future's output, or `None` if it takes longer. In both cases it is dropped, and what it holds is closed.
pub async fn within<T>(api: &impl Api, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(api.sleep(limit))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}

/// Waits, and says whether the timer fired [`LATE`].
pub async fn sleep(api: &impl Api, duration: Duration) -> bool {
    let late = api.wall_clock().saturating_add(duration).saturating_add(LATE);
    api.sleep(duration).await;
    api.wall_clock() >= late
}

/// Waits until nothing has been heard for some time. What is heard sets no new timer, since a stream may tell much: the timer
/// that runs is followed by another, for what is left.
pub struct Silence<'a, A> {
    api: &'a A,
    limit: Duration,
    timer: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    /// When something was last heard, if it was since the timer was set.
    heard_at: Option<Duration>,
}

impl<'a, A: Api> Silence<'a, A> {
    /// The silence begins when it is first waited for.
    pub fn new(api: &'a A, limit: Duration) -> Self {
        Self { api, limit, timer: None, heard_at: None }
    }

    /// Something is heard: the silence begins anew.
    pub fn end(&mut self) {
        self.heard_at = self.timer.is_some().then(|| self.api.now());
    }

    /// Waits until the silence has lasted for too long. If this is dropped it goes on.
    pub async fn too_long(&mut self) {
        loop {
            let (api, limit) = (self.api, self.limit);
            self.timer.get_or_insert_with(|| Box::pin(api.sleep(limit))).await;
            self.timer = None;
            // A test may have replaced the timers and not the clock: without a word in between the clock is not asked.
            let Some(heard_at) = self.heard_at.take() else { return };
            let left = (heard_at + limit).saturating_sub(api.now());
            self.timer = Some(Box::pin(api.sleep(left)));
        }
    }
}

/// The next wake-up: of the page, or because a timer fires late. For the latter a timer runs every interval.
pub async fn woken(api: &impl Api, interval: Duration) {
    let by_page = async {
        loop {
            match api.woken().await {
                WakeUp::Visible(hidden) if hidden < interval * SILENT_INTERVALS => {}
                _ => return,
            }
        }
    };
    let by_timer = async { while !sleep(api, interval).await {} };
    select(pin!(by_page), pin!(by_timer)).await;
}
