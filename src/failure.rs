//! Why one attempt came to nothing.

use std::fmt;
use std::time::Duration;

use crate::event::{EventKind, MadePayload};
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
    /// The event stream is closed for good, and the transport cannot tell why: the one-shot read is asked.
    ClosedForGood {
        /// The status that it told, if it was another than the target.
        status: Option<String>,
    },
    /// The server said in an `error` event what is wrong, and then the stream ended.
    Reported(String),
    /// The one-shot read told another status than the target.
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

    /// What the callback is told.
    pub fn event(&self) -> (EventKind, J) {
        match self {
            Self::TimedOut { payload } => (EventKind::Timeout, payload.clone()),
            _ => (EventKind::Error, J::of(&MadePayload { error: &self.message(), ..MadePayload::default() })),
        }
    }

    /// What happened, in words.
    pub fn message(&self) -> String {
        match self {
            Self::TimedOut { payload } => {
                payload.words().unwrap_or_else(|| "the server's time was up before the target".into())
            }
            Self::Ended => "the event stream ended before the target was reached".into(),
            Self::Broken(reason) | Self::Reported(reason) => reason.clone(),
            Self::ClosedForGood { status } => {
                let refused =
                    "the server refused the event stream, and EventSource does not tell why (too many open, perhaps)";
                match status {
                    Some(status) => format!("{refused}, and the CVM's status is \"{status}\""),
                    None => refused.into(),
                }
            }
            Self::NotReached { status } => {
                format!("the server says that the watch is complete, but the CVM's status is \"{status}\"")
            }
            Self::Status(refusal) => refusal.message(),
            Self::Redirected { .. } => {
                "the server redirects, and a key or extra headers are never sent on to where it points".into()
            }
        }
    }
}

impl<J: Json> Refusal<J> {
    /// What happened, in words.
    pub fn message(&self) -> String {
        let status = format!("the server answered with status {}", self.status);
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
