//! What the callback is told when the server itself said nothing: payloads of the shape of the server's.

use std::time::Duration;

use serde::Serialize;

use crate::duration::seconds;
use crate::json::Json;

/// A payload made here, of the shape of the server's.
#[derive(Serialize)]
struct Notice<'a> {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
}

/// The payload of an `error` event.
pub fn error_payload<J: Json>(error: String) -> J {
    J::of(&Notice { error, elapsed: None, target: None })
}

/// The payload of a `timeout` event.
pub fn timeout_payload<J: Json>(timeout: Duration, target: Option<&str>) -> J {
    let error = format!("timed out after {} s", seconds(timeout));
    J::of(&Notice { error, elapsed: Some(timeout.as_secs_f64()), target })
}
