//! What a watch needs from outside: streams, one-shot reads, time, and wake-ups.

use std::time::Duration;

use crate::budget::Budget;
use crate::event::Frame;
use crate::failure::Failure;
use crate::json::Json;

/// One CVM's state endpoint, and the clocks and timers that a watch needs.
///
/// Every future and every stream releases what it holds when it is dropped: that is how a watch is cancelled.
#[expect(async_fn_in_trait, reason = "a watch lives on one thread: there is no `Send` to promise")]
pub trait Api {
    /// The type of JSON values.
    type Json: Json;
    /// An event stream.
    type Stream: EventStream<Json = Self::Json>;

    /// The permits for streams and reads, shared by all watches towards the same origin.
    fn budget(&self) -> &Budget;

    /// How many streams may be open towards the origin before this watch opens one: `maxStreams`. 0 if there are to be
    /// none (`transport: "poll"`), [`usize::MAX`] for no limit.
    fn max_streams(&self) -> usize;

    /// Begins to open the event stream. Whether that succeeds is told by [`EventStream::next`].
    fn open(&self) -> Self::Stream;

    /// The one-shot read: the CVM's present state. It is called when it may begin, so it must not wait for others.
    ///
    /// # Errors
    /// There was no answer, or one that is no JSON or no success.
    async fn read(&self) -> Result<Self::Json, Failure<Self::Json>>;

    /// Waits. The timer is set when the future is first polled, or before.
    async fn sleep(&self, duration: Duration);

    /// A clock that never goes back (`performance.now`). All watches that share a budget share this clock.
    fn now(&self) -> Duration;

    /// The clock on the wall (`Date.now`), since any fixed time. It may jump.
    fn wall_clock(&self) -> Duration;

    /// A random number from 0 up to, but not including, 1.
    fn random(&self) -> f64;

    /// Whether the page is hidden. Where there is no page, it never is.
    fn is_hidden(&self) -> bool;

    /// The next wake-up. One that comes while no future waits is kept for the next future; of several, only the last. Where
    /// there is no page, there are none.
    async fn woken(&self) -> WakeUp;
}

/// Why a watch should look at the CVM's state at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeUp {
    /// The page is online again (`online`).
    Online,
    /// The page has come back from the back/forward cache (`pageshow` with `persisted`).
    Restored,
    /// The page is visible again (`visibilitychange`), after it was hidden for so long.
    Visible(Duration),
}

/// An event stream. Dropping it closes the connection, at any time.
#[expect(async_fn_in_trait, reason = "as above")]
pub trait EventStream {
    /// The type of JSON values.
    type Json: Json;

    /// The next frame. The future is only dropped together with the stream.
    ///
    /// # Errors
    /// The stream was not opened: [`Failure::Status`], [`Failure::Redirected`], [`Failure::Malformed`] (another content
    /// type), [`Failure::Foreign`]. Or it is over: [`Failure::Ended`], [`Failure::Broken`]. EventSource knows only
    /// [`Failure::Broken`] and [`Failure::ClosedForGood`].
    async fn next(&mut self) -> Result<Frame<<Self::Json as Json>::Text>, Failure<Self::Json>>;
}
