//! Why an attempt failed, why a watch ended.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::event::EventKind;
use crate::json::Json;

/// Why one attempt came to nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure<J> {
    /// The attempt lasted as long as it may; `payload` is what the callback is told.
    TimedOut {
        /// The server's `timeout` payload, or one made here.
        payload: J,
    },
    /// The event stream came to a clean end before the target.
    Ended,
    /// The server could not be reached, or the connection broke, or what came over it was no event stream.
    Broken(String),
    /// The event stream is closed for good and the transport cannot tell why: the one-shot read may.
    Unexplained,
    /// The server said in an `error` event what is wrong, and then the stream ended.
    Reported(String),
    /// The one-shot read told another status than the target.
    NotReached {
        /// The status that it told.
        status: String,
    },
    /// The server answered with an HTTP status that is no success.
    Status(Refusal<J>),
}

/// An HTTP answer that is not what was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal<J> {
    /// The HTTP status.
    pub status: u16,
    /// The field `detail` of the JSON body.
    pub detail: Option<J>,
    /// The wait that the server asks for.
    pub retry_after: Option<Duration>,
}

impl<J: Json> Failure<J> {
    /// The attempt took longer than the request allows.
    pub fn timed_out(timeout: Duration, target: &str) -> Self {
        let payload = J::of(&Notice {
            error: "the attempt timed out before the target was reached".into(),
            elapsed: Some(timeout.as_secs_f64()),
            target: Some(target),
        });
        Self::TimedOut { payload }
    }

    /// Whether the server would refuse another attempt as well.
    pub fn is_permanent(&self) -> bool {
        match self {
            // Request Timeout, Too Early and Too Many Requests are client errors that pass.
            Self::Status(Refusal { status: 408 | 425 | 429, .. }) => false,
            Self::Status(Refusal { status: 204 | 400..=499, .. }) => true,
            _ => false,
        }
    }

    /// The wait that the server asks for.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// What the callback is told.
    pub fn event(&self) -> (EventKind, J) {
        match self {
            Self::TimedOut { payload } => (EventKind::Timeout, payload.clone()),
            _ => (EventKind::Error, error_payload(self.to_string())),
        }
    }
}

/// The payload of an `error` event that is made here.
pub fn error_payload<J: Json>(error: String) -> J {
    J::of(&Notice { error, elapsed: None, target: None })
}

/// A payload made here, of the shape of the server's.
#[derive(Serialize)]
struct Notice<'a> {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
}

impl<J: Json> fmt::Display for Failure<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { payload } => {
                f.write_str(payload.text("error").as_deref().unwrap_or("the server's time was up before the target"))
            }
            Self::Ended => f.write_str("the event stream ended before the target was reached"),
            Self::Broken(reason) | Self::Reported(reason) => f.write_str(reason),
            Self::Unexplained => f.write_str("the server refused the event stream"),
            Self::NotReached { status } => {
                write!(f, "the event stream is over, but the CVM's status is \"{status}\" and not the target")
            }
            Self::Status(refusal) => refusal.fmt(f),
        }
    }
}

impl<J: Json> fmt::Display for Refusal<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered with status {}", self.status)?;
        match self.detail.as_ref().and_then(summary) {
            Some(summary) => write!(f, ": {summary}"),
            None => Ok(()),
        }
    }
}

/// The words in a `detail`: a string, an object with a `message`, or a list of items with a `msg` each.
fn summary<J: Json>(detail: &J) -> Option<String> {
    let words = |item: &J| item.as_text().or_else(|| item.text("message")).or_else(|| item.text("msg"));
    match detail.items() {
        Some(items) => {
            Some(items.iter().filter_map(words).collect::<Vec<_>>().join("; ")).filter(|all| !all.is_empty())
        }
        None => words(detail),
    }
}

/// One bad argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name, as the caller writes it.
    pub field: &'static str,
    /// What must be there, and what is.
    pub message: String,
}

/// Why a watch that was left to itself ended without its target.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchError<J> {
    /// The server refused for good.
    Refused(Refusal<J>),
    /// The retries are used up; this is how the last attempt failed.
    RetriesExceeded(Failure<J>),
}
