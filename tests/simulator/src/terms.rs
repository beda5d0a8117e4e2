//! The terms of a watch: its target, and how often and how long, as the query tells them.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::sse;

const INTERVAL_SECONDS: RangeInclusive<u32> = 5..=30;
const TIMEOUT_SECONDS: RangeInclusive<u32> = 10..=600;
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

/// What a stream was asked for.
pub struct Terms {
    /// The status to wait for.
    pub target: String,
    /// How often the state is told although nothing has changed.
    pub interval: Duration,
    /// How long the stream lasts at most.
    pub timeout: Duration,
    began: Instant,
}

impl Terms {
    /// The terms in a query, with the API's defaults.
    ///
    /// # Errors
    /// The API's description of every field that is wrong.
    pub fn from_query(query: &HashMap<String, String>) -> Result<Self, Vec<Value>> {
        let interval = seconds(query, "interval", INTERVAL_SECONDS, DEFAULT_INTERVAL);
        let timeout = seconds(query, "timeout", TIMEOUT_SECONDS, DEFAULT_TIMEOUT);
        match (interval, timeout) {
            (Ok(interval), Ok(timeout)) => Ok(Self::new(query, interval, timeout)),
            (interval, timeout) => Err([interval.err(), timeout.err()].into_iter().flatten().collect()),
        }
    }

    /// The target in a query, under the API's defaults, whatever else the query says.
    pub fn lenient(query: &HashMap<String, String>) -> Self {
        Self::new(query, DEFAULT_INTERVAL, DEFAULT_TIMEOUT)
    }

    fn new(query: &HashMap<String, String>, interval: Duration, timeout: Duration) -> Self {
        let target = query.get("target").cloned().unwrap_or_default();
        Self { target, interval, timeout, began: Instant::now() }
    }

    /// When the stream times out.
    pub fn deadline(&self) -> Instant {
        self.began + self.timeout
    }

    /// Seconds since the request came in.
    pub fn elapsed(&self) -> f64 {
        (self.began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
    }

    /// The event that tells a client that its time is over.
    pub fn timeout_event(&self) -> Bytes {
        let error = format!("the CVM was not {} in time", self.target);
        sse::frame("timeout", &json!({ "error": error, "elapsed": self.elapsed(), "target": self.target }))
    }
}

/// A number of seconds in the query, or what is wrong with it in the words of the API's validator.
fn seconds(
    query: &HashMap<String, String>,
    field: &str,
    range: RangeInclusive<u32>,
    default: Duration,
) -> Result<Duration, Value> {
    let Some(input) = query.get(field) else { return Ok(default) };
    let (least, most) = (f64::from(*range.start()), f64::from(*range.end()));
    let (kind, message) = match input.parse::<f64>() {
        Ok(number) if (least..=most).contains(&number) => return Ok(Duration::from_secs_f64(number)),
        Ok(number) if number < least => {
            ("greater_than_equal", format!("Input should be greater than or equal to {least}"))
        }
        Ok(number) if number > most => ("less_than_equal", format!("Input should be less than or equal to {most}")),
        _ => ("float_parsing", "Input should be a valid number".to_owned()),
    };
    Err(json!({ "type": kind, "loc": ["query", field], "msg": message, "input": input }))
}
