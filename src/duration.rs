//! Durations from and into the numbers that JavaScript has, and into the text that URLs hold.

use std::time::Duration;

/// A number of milliseconds, to the millisecond. A negative number and NaN become zero.
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
    // Not as a floating point number: the code that formats those would be a tenth of the module. And all numbers that are
    // formatted have 32 bits: each type has code of its own.
    let (whole, fraction) = (u32::try_from(duration.as_secs()).unwrap_or(u32::MAX), duration.subsec_millis());
    if fraction == 0 {
        return whole.to_string();
    }
    let mut text = format!("{whole}.{fraction:03}");
    while text.ends_with('0') {
        text.pop();
    }
    text
}
