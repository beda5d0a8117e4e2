//! Frames of an event stream.

use bytes::Bytes;
use serde::Serialize;

/// A comment that keeps the connection in use and has no content.
pub const KEEP_ALIVE: &str = ": keep-alive\n\n";

/// A `state` frame whose data is cut off in the middle of its JSON.
pub const MALFORMED_STATE: &str = "event: state\ndata: {\"status\": \"runn\n\n";

/// One event with JSON data.
pub fn frame(event: &str, data: &impl Serialize) -> Bytes {
    // Only maps with keys that are not strings fail, and there are none.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {event}\ndata: {data}\n\n").into()
}
