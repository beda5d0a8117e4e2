//! The server's events, and the events that the callback gets.

use std::time::Duration;

use serde::Serialize;

use crate::json::Json;

/// One event of an event stream, as it came over the wire. Events with other names, which a newer server may send, are
/// ignored.
#[derive(Clone, Debug)]
pub struct Frame<T> {
    /// Which kind of event it is, by its name.
    pub kind: EventKind,
    /// The event's data, not parsed yet.
    pub data: T,
}

impl<T> Frame<T> {
    /// The data as JSON.
    ///
    /// # Errors
    /// The data is not JSON, or a state without a status.
    pub fn payload<J: Json<Text = T>>(self) -> Result<J, String> {
        let name = self.kind.name();
        J::parse(self.data).map_err(|reason| format!("the server sent a `{name}` event that is not JSON: {reason}"))
    }
}

/// The kinds of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A state of the CVM.
    State,
    /// The server says that the target is reached.
    Complete,
    /// An attempt ran out of time.
    Timeout,
    /// Something went wrong.
    Error,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::State, Self::Complete, Self::Timeout, Self::Error];

    /// The name on the wire, and the `type` that the callback sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Complete => "complete",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }

    /// The kind of that name; `None` for any other, which a newer server may send.
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().as_bytes() == name)
    }
}

/// The kind of a failure: the `code` of events that are made here, and of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The attempt took longer than its timeout.
    Timeout,
    /// The event stream came to a clean end before the target.
    Ended,
    /// There was no answer, or the connection broke.
    Broken,
    /// EventSource was refused, and the read did not tell why.
    Refused,
    /// An HTTP status that is no success.
    Status,
    /// `complete`, but the read says otherwise.
    NotReached,
    /// Another content type, no JSON, or a state without `status`.
    Malformed,
}

impl Code {
    /// As JavaScript sees it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Ended => "ended",
            Self::Broken => "broken",
            Self::Refused => "refused",
            Self::Status => "status",
            Self::NotReached => "not_reached",
            Self::Malformed => "malformed",
        }
    }
}

/// The payload of an `error` or `timeout` event that is made here, in the shape of the server's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct MadePayload<'a> {
    /// What happened, as a message.
    pub error: &'a str,
    /// Seconds since the attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed: Option<f64>,
    /// The status that was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<&'a str>,
}

/// What the callback is told.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchEvent<'a, J> {
    /// Which kind of event it is.
    pub kind: EventKind,
    /// The payload: the server's own, or for a failure noticed here one of the same shape.
    pub payload: &'a J,
    /// The attempt that it belongs to, from 1.
    pub attempt: u32,
    /// The wait until the next attempt, if the event ends one and another follows.
    pub retry_in: Option<Duration>,
    /// On events that are made here: what kind of failure it was.
    pub code: Option<Code>,
    /// With [`Code::Status`]: the HTTP status; 0 for a redirect that the browser hides.
    pub http_status: Option<u16>,
    /// On events of the loop of states: how many reads have failed since the last one that brought a state.
    pub failures: Option<u32>,
    /// The last state's `status`, to be put on the event beside the payload's fields, if the payload has none.
    pub status: Option<J>,
    /// The last state's `boot_progress`, likewise.
    pub boot_progress: Option<J>,
}
