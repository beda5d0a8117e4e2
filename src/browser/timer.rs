//! Time.

use std::time::Duration;

use gloo_timers::future::TimeoutFuture;

use crate::retry::LONGEST_DELAY;

/// Waits; the timer is cleared when the future is dropped.
pub async fn sleep(duration: Duration) {
    let millis = duration.min(LONGEST_DELAY).as_millis();
    TimeoutFuture::new(u32::try_from(millis).unwrap_or_default()).await;
}
