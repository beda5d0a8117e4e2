//! What the server says, and what the callback is told of it.

use std::borrow::Cow;
use std::time::Duration;

use crate::json::Json;
use crate::state::CvmState;

/// One event of an event stream, as it came over the wire.
#[derive(Clone, Debug)]
pub struct Frame<T> {
    /// The event's name.
    pub name: Cow<'static, str>,
    /// The event's data, not parsed yet.
    pub data: T,
}

/// A frame that has been understood.
#[derive(Clone, Debug)]
pub enum ServerEvent<J> {
    /// What the CVM is doing now.
    State(CvmState<J>),
    /// The target is reached, says the server.
    Complete(J),
    /// The server has waited as long as it was asked to.
    Timeout(J),
    /// Something went wrong over there.
    Error(J),
}

impl<J: Json> ServerEvent<J> {
    /// Understands a frame; `None` for one of another name, which a newer server may send.
    ///
    /// # Errors
    /// Says why the data makes no sense.
    pub fn read(frame: &Frame<J::Text>) -> Result<Option<Self>, String> {
        let Some(kind) = EventKind::of(&frame.name) else { return Ok(None) };
        let json = J::parse(&frame.data)
            .map_err(|reason| format!("the server sent a `{}` event that is not JSON: {reason}", frame.name))?;
        Ok(Some(match kind {
            EventKind::Complete => Self::Complete(json),
            EventKind::Timeout => Self::Timeout(json),
            EventKind::Error => Self::Error(json),
            EventKind::State => Self::State(
                CvmState::from_json(json)
                    .ok_or("the server sent a `state` event without a `status` that is a string")?,
            ),
        }))
    }
}

/// The kinds of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A state of the CVM.
    State,
    /// The server's word that the target is reached.
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

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What the callback is told.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchEvent<J> {
    /// Which kind of event it is.
    pub kind: EventKind,
    /// The payload: the server's own, or for a failure noticed here one of the same shape.
    pub payload: J,
    /// The attempt that it belongs to, from 1.
    pub attempt: u32,
    /// The wait until the next attempt, if the event ends one and another follows.
    pub retry_in: Option<Duration>,
}
