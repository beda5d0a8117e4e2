//! The world that a watch is handed: streams, one-shot reads and time.

use std::time::Duration;

use crate::event::Frame;
use crate::failure::Failure;
use crate::json::Json;

/// One CVM's state endpoint, and a clock.
///
/// Every future and every stream releases what it holds when it is dropped: that is how a watch is cancelled.
#[expect(async_fn_in_trait, reason = "a watch lives on one thread: there is no `Send` to promise")]
pub trait Api {
    /// How this world holds JSON.
    type Json: Json;
    /// An open event stream.
    type Stream: EventStream<Json = Self::Json>;

    /// Opens the event stream.
    ///
    /// # Errors
    /// It could not be opened.
    async fn open(&self) -> Result<Self::Stream, Failure<Self::Json>>;

    /// The one-shot read: the CVM's present state.
    ///
    /// # Errors
    /// There was no answer, or one that is no JSON or no success.
    async fn read(&self) -> Result<Self::Json, Failure<Self::Json>>;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// An open event stream. Dropping it closes the connection.
#[expect(async_fn_in_trait, reason = "as above")]
pub trait EventStream {
    /// How this world holds JSON.
    type Json: Json;

    /// The next frame.
    ///
    /// # Errors
    /// The stream is over: [`Failure::Ended`], [`Failure::Broken`] or [`Failure::ClosedForGood`]. Or it never began, if that
    /// shows only now: [`Failure::Status`] or [`Failure::Redirected`] too.
    async fn next(&mut self) -> Result<Frame<<Self::Json as Json>::Text>, Failure<Self::Json>>;
}
