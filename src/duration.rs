//! Durations from the numbers that callers write, and into the text that URLs hold.

use std::time::Duration;

/// A number of milliseconds, to the millisecond; what is negative or no number is nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating is as it should be")]
pub fn milliseconds(number: f64) -> Duration {
    Duration::from_millis(number.round() as u64)
}

/// Seconds as a decimal, to the millisecond: `300`, `7.5`.
pub fn seconds(duration: Duration) -> String {
    let (whole, millis) = (duration.as_secs(), duration.subsec_millis());
    if millis == 0 { format!("{whole}") } else { format!("{whole}.{millis:03}").trim_end_matches('0').into() }
}
