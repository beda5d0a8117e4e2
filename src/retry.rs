//! How long to wait before the next attempt.

use std::time::Duration;

/// The longest delay that JavaScript's timers know; beyond it `setTimeout` overflows and fires at once.
/// (WHATWG HTML, timer initialisation steps: the timeout is a 32-bit signed integer of milliseconds.)
pub const LONGEST_DELAY: Duration = Duration::from_millis(i32::MAX as u64);

/// How often to try again, and how long to wait before each retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Retries after the first attempt, so `max_retries + 1` attempts in all; `None` for no limit.
    pub max_retries: Option<u32>,
    /// The wait before each retry.
    pub delay: Duration,
}

impl Retry {
    /// The wait after attempt number `attempt` (from 1) has failed, or `None` if no other may follow.
    /// A server that asks for a longer wait gets it, up to [`LONGEST_DELAY`].
    pub fn delay_after(&self, attempt: u32, retry_after: Option<Duration>) -> Option<Duration> {
        let used_up = self.max_retries.is_some_and(|max| attempt > max);
        let delay = retry_after.map_or(self.delay, |asked| asked.max(self.delay));
        (!used_up).then_some(delay.min(LONGEST_DELAY))
    }
}
