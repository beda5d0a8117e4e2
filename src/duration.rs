//! Durations from and into the numbers that JavaScript has, and into the text that URLs hold.

use alloc::string::String;
use core::time::Duration;

use crate::text::{concat, decimal};

/// A number of milliseconds, to the millisecond; what is negative or no number is nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating is as it should be")]
pub fn milliseconds(number: f64) -> Duration {
    Duration::from_millis((number + 0.5) as u64)
}

/// A duration as a number of milliseconds, whole ones.
#[cfg(target_arch = "wasm32")]
#[expect(clippy::cast_precision_loss, reason = "2^53 ms, the first that does not fit, are 285,000 years")]
pub fn in_milliseconds(duration: Duration) -> f64 {
    duration.as_secs() as f64 * 1000.0 + f64::from(duration.subsec_millis())
}

/// Seconds as a decimal, to the millisecond: `300`, `7.5`.
pub fn seconds(duration: Duration) -> String {
    let whole = decimal(duration.as_secs());
    // The 1 in front keeps the zeros behind the point.
    let mut fraction = 1000 + u64::from(duration.subsec_millis());
    while fraction % 10 == 0 {
        fraction /= 10;
    }
    match decimal(fraction).get(1..) {
        None | Some("") => whole,
        Some(digits) => concat(&[&whole, ".", digits]),
    }
}
