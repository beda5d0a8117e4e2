//! Why one attempt failed.

use std::fmt;
use std::time::Duration;

use crate::duration::seconds;
use crate::event::{Code, EventKind, MadePayload};
use crate::json::Json;

/// Why one attempt failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure<J> {
    /// The attempt took longer than its timeout.
    TimedOut {
        /// What the callback is told.
        payload: J,
        /// Whether the payload is the server's own, and not one made here.
        by_server: bool,
    },
    /// The event stream came to a clean end before the target.
    Ended,
    /// There was no answer, or the connection broke.
    Broken(String),
    /// The answer was not as it must be: another content type, no JSON, a state without `status`.
    Malformed(String),
    /// EventSource has closed, will not reconnect, and does not tell why.
    ClosedForGood {
        /// Why the one-shot read failed as well.
        read: String,
    },
    /// The server said in an `error` event what is wrong, and then the stream ended.
    Reported {
        /// What the server said.
        words: String,
        /// How the stream ended.
        end: Box<Failure<J>>,
    },
    /// After `complete` the one-shot read told another status than a target.
    NotReached {
        /// The status that it told.
        status: String,
    },
    /// The server answered with an HTTP status that is no success.
    Status(Refusal<J>),
    /// The server redirects a request that holds a secret.
    Redirected {
        /// The HTTP status; 0 where the browser hides it.
        status: u16,
    },
    /// An error of the platform that must reach the caller as it is, at once: one with a `digest`, which Next throws.
    Foreign(J),
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
    /// An attempt took longer than its timeout.
    pub fn timed_out(timeout: Duration, target: Option<&str>) -> Self {
        let error = format!("timed out after {} s", seconds(timeout));
        let payload = MadePayload { error: &error, elapsed: Some(timeout.as_secs_f64()), target };
        Self::TimedOut { payload: J::of(&payload), by_server: false }
    }

    /// Whether the server would refuse another attempt as well.
    pub fn is_permanent(&self) -> bool {
        match self {
            // Request Timeout, Too Early and Too Many Requests are client errors that pass.
            Self::Status(Refusal { status: 408 | 425 | 429, .. }) => false,
            Self::Status(Refusal { status: 204 | 400..=499, .. }) | Self::Redirected { .. } => true,
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

    /// The kind of failure; `None` for a foreign error.
    pub fn code(&self) -> Option<Code> {
        Some(match self {
            Self::TimedOut { .. } => Code::Timeout,
            Self::Ended => Code::Ended,
            Self::Broken(_) => Code::Broken,
            Self::Malformed(_) => Code::Malformed,
            Self::ClosedForGood { .. } => Code::Refused,
            Self::Reported { end, .. } => return end.code(),
            Self::NotReached { .. } => Code::NotReached,
            Self::Status(_) | Self::Redirected { .. } => Code::Status,
            Self::Foreign(_) => return None,
        })
    }

    /// The HTTP status, if the server has answered with one that is no success.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Status(refusal) => Some(refusal.status),
            Self::Redirected { status } => Some(*status),
            _ => None,
        }
    }

    /// The event for the callback: its kind, its payload, and its code unless the event is the server's own.
    pub fn event(&self) -> (EventKind, J, Option<Code>) {
        match self {
            Self::TimedOut { payload, by_server } => {
                (EventKind::Timeout, payload.clone(), Some(Code::Timeout).filter(|_| !by_server))
            }
            // The callback has had the server's own event with its words.
            Self::Reported { end, .. } => end.event(),
            _ => {
                let payload = MadePayload { error: &self.message(), ..MadePayload::default() };
                (EventKind::Error, J::of(&payload), self.code())
            }
        }
    }

    /// What happened, as a message.
    pub fn message(&self) -> String {
        match self {
            Self::TimedOut { payload, .. } => {
                payload.words().unwrap_or_else(|| "the server's time was up before the target".into())
            }
            Self::Ended => "the event stream ended before the target was reached".into(),
            Self::Broken(reason) | Self::Malformed(reason) => reason.clone(),
            Self::ClosedForGood { read } => format!(
                "the server refused the event stream (EventSource does not tell why), and a read of the state failed: {read}"
            ),
            Self::Reported { words, .. } => words.clone(),
            Self::NotReached { status } => {
                format!("the server says that the watch is complete, but the CVM's status is \"{status}\"")
            }
            Self::Status(refusal) => refusal.message(),
            Self::Redirected { .. } => {
                "the server redirects, and a key or extra headers are never sent on to where it points".into()
            }
            Self::Foreign(error) => error.words().unwrap_or_default(),
        }
    }

    /// The failure in a word or two, to be counted: `503`, `timed out`.
    pub fn label(&self) -> String {
        let label = match self.code() {
            Some(Code::Status) => return u32::from(self.http_status().unwrap_or_default()).to_string(),
            Some(Code::Timeout) => "timed out",
            Some(Code::NotReached) => "not reached",
            Some(code) => code.name(),
            None => "",
        };
        label.into()
    }
}

impl<J: Json> Refusal<J> {
    /// What happened, as a message.
    pub fn message(&self) -> String {
        let status = format!("the server answered with status {}", u32::from(self.status));
        match self.detail.as_ref().and_then(J::words) {
            Some(words) => format!("{status}: {words}"),
            None => status,
        }
    }
}

impl<J: Json> fmt::Display for Failure<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl<J: Json + fmt::Debug> std::error::Error for Failure<J> {}
