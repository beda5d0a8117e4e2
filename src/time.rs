//! Timers, and what wakes a watch up.

use std::pin::pin;
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
