//! How long to wait before the next attempt.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The longest delay that JavaScript's timers know; beyond it `setTimeout` overflows and fires at once.
/// (WHATWG HTML, timer initialisation steps: the timeout is a 32-bit signed integer of milliseconds.)
pub const LONGEST_DELAY: Duration = Duration::from_millis(i32::MAX as u64);

/// The longest wait that a server can ask for.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(600);

/// How often to try again, and how long to wait before each retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Retries after the first attempt, so `max_retries + 1` attempts in all; `None` for no limit.
    pub max_retries: Option<u32>,
    /// The wait before each retry.
    pub delay: Delay,
    /// Whether the caller's function `shouldRetry` is asked about refusals that would end the watch.
    pub should_retry: bool,
}

/// The wait before a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// Always the same.
    Fixed(Duration),
    /// The caller's function is asked each time.
    Asked,
}

impl Delay {
    /// The delays that are allowed, in milliseconds: those that a timer can wait for.
    pub const MILLISECONDS: RangeInclusive<f64> = 0.0..=i32::MAX as f64;
}

impl Retry {
    /// Whether another attempt may follow attempt number `attempt` (from 1).
    pub fn allows_after(&self, attempt: u32) -> bool {
        self.max_retries.is_none_or(|max| attempt <= max)
    }
}

/// Delays that grow from a second to half a minute, and that differ from page to page: `exponentialBackoff` with base 1000
/// and max 30,000. `random` is from 0 to 1.
pub fn backoff(failures: u32, random: f64) -> Duration {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 500")]
    let jitter = (random * 500.0) as u32;
    let grown = Duration::from_secs(1 << failures.saturating_sub(1).min(5)).min(Duration::from_secs(30));
    grown * (1000 - jitter) / 1000
}

/// The wait before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How long it is.
    pub delay: Duration,
    /// The part that the server asks for, which no wake-up ends.
    pub at_least: Duration,
}

impl Wait {
    /// As long as the caller wants, or as the server asks for, if that is longer.
    pub fn new(delay: Duration, retry_after: Option<Duration>) -> Self {
        let at_least = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        Self { delay: delay.min(LONGEST_DELAY).max(at_least), at_least }
    }
}
