//! The loop: attempts, patience, retries, the target.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::api::{Api, EventStream};
use crate::duration::seconds;
use crate::error::{FieldError, WatchError};
use crate::event::{EventKind, Frame, MadePayload, WatchEvent};
use crate::failure::Failure;
use crate::json::Json;
use crate::request::WatchRequest;
use crate::retry::{Delay, delay_until_retry};
use crate::state::CvmState;

/// How long the server's `complete` is awaited once the target is reached, so that the callback sees it.
pub const COMPLETE_WITHIN: Duration = Duration::from_secs(1);

/// How far a watch has come. The caller owns it, so that it is still there when the watch has been dropped.
#[derive(Clone, Debug)]
pub struct Progress<J> {
    /// Attempts made.
    pub attempts: u32,
    /// The last state that the server told.
    pub last_state: Option<CvmState<J>>,
}

impl<J> Default for Progress<J> {
    fn default() -> Self {
        Self { attempts: 0, last_state: None }
    }
}

/// Whoever waits: the callbacks of the request.
pub trait Caller<J> {
    /// Hears an event. They come in order.
    fn on_event(&mut self, event: WatchEvent<'_, J>);

    /// Says how long to wait after an attempt has failed. Asked only if the request's delay is [`Delay::Asked`].
    ///
    /// # Errors
    /// There is no delay to be had; the watch ends.
    fn retry_delay(&mut self, progress: &Progress<J>, failure: &Failure<J>) -> Result<Duration, FieldError>;
}

/// Waits for the request's target: attempts follow attempts until it is reached or the request's patience ends.
///
/// To cancel the watch, drop it.
///
/// # Errors
/// The server has refused for good, or the retries are used up, or the caller's function gave no delay.
pub async fn watch<A: Api>(
    api: &A,
    request: &WatchRequest,
    progress: &mut Progress<A::Json>,
    caller: &mut impl Caller<A::Json>,
) -> Result<CvmState<A::Json>, WatchError<A::Json>> {
    Watch { api, request, progress, caller }.run().await
}

/// Reads the CVM's present state, once.
///
/// # Errors
/// The server could not be reached, has refused, has told no state, or has not answered in time.
pub async fn read<A: Api>(
    api: &A,
    timeout: Duration,
    progress: &mut Progress<A::Json>,
) -> Result<CvmState<A::Json>, Failure<A::Json>> {
    progress.attempts += 1;
    within(api, timeout, read_state(api)).await.unwrap_or_else(|| Err(timed_out(timeout, None)))
}

/// The attempt has lasted as long as it may.
fn timed_out<J: Json>(timeout: Duration, target: Option<&str>) -> Failure<J> {
    let error = format!("timed out after {} s", seconds(timeout));
    let payload = MadePayload { error: &error, elapsed: Some(timeout.as_secs_f64()), target };
    Failure::TimedOut { payload: J::of(&payload) }
}

async fn read_state<A: Api>(api: &A) -> Result<CvmState<A::Json>, Failure<A::Json>> {
    CvmState::from_json(api.read().await?)
        .ok_or_else(|| Failure::Broken("the server told a state without a `status` that is a string".into()))
}

struct Watch<'a, A: Api, C> {
    api: &'a A,
    request: &'a WatchRequest,
    progress: &'a mut Progress<A::Json>,
    caller: &'a mut C,
}

/// What the server has said.
enum Heard<J> {
    /// A state, which is the last one now.
    State,
    /// That the target is reached.
    Complete,
    /// That it has waited as long as it was asked to.
    Timeout(J),
    /// That something went wrong over there; in words, if it has any.
    Error(Option<String>),
}

impl<A: Api, C: Caller<A::Json>> Watch<'_, A, C> {
    async fn run(mut self) -> Result<CvmState<A::Json>, WatchError<A::Json>> {
        let (api, timeout) = (self.api, self.request.timeout);
        loop {
            self.progress.attempts = self.progress.attempts.saturating_add(1);
            let mut stream = None;
            let failure = match within(api, timeout, self.attempt(&mut stream)).await {
                Some(Ok(state)) => {
                    if let Some(stream) = &mut stream {
                        within(api, COMPLETE_WITHIN, self.hear_out(stream)).await;
                    }
                    return Ok(state);
                }
                Some(Err(failure)) => failure,
                None => timed_out(timeout, Some(&self.request.target)),
            };
            // The connection closes before anybody is told.
            drop(stream);
            match self.give_up_or_delay(failure) {
                Ok(delay) => api.sleep(delay).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// One attempt, from opening the stream to the target or a failure. The stream is still open if it told the target.
    async fn attempt(&mut self, open: &mut Option<A::Stream>) -> Result<CvmState<A::Json>, Failure<A::Json>> {
        let stream = open.insert(self.api.open().await?);
        let mut server_error = None;
        let is_closed_for_good = loop {
            match self.hear(stream).await {
                Ok(Heard::State) => match self.target_state() {
                    Some(state) => return Ok(state),
                    // It is over what it complained of.
                    None => server_error = None,
                },
                Ok(Heard::Error(words)) => server_error = words.or(server_error),
                Ok(Heard::Timeout(payload)) => return Err(Failure::TimedOut { payload }),
                Ok(Heard::Complete) => break false,
                Err(Failure::ClosedForGood { .. }) => break true,
                Err(end) => return Err(server_error.map_or(end, Failure::Reported)),
            }
        };
        *open = None;
        self.read_target(is_closed_for_good).await
    }

    /// The stream is over without the target: the one-shot read decides.
    async fn read_target(&mut self, is_closed_for_good: bool) -> Result<CvmState<A::Json>, Failure<A::Json>> {
        let state = read_state(self.api).await?;
        let status = state.status().into();
        self.progress.last_state = Some(state);
        match self.target_state() {
            Some(state) => Ok(state),
            None if is_closed_for_good => Err(Failure::ClosedForGood { status: Some(status) }),
            None => Err(Failure::NotReached { status }),
        }
    }

    /// The last state, if it is the target.
    fn target_state(&self) -> Option<CvmState<A::Json>> {
        self.progress.last_state.as_ref().filter(|state| state.status() == self.request.target).cloned()
    }

    /// The next event that makes sense. What makes no sense is told as an error, and passed over.
    async fn hear(&mut self, stream: &mut A::Stream) -> Result<Heard<A::Json>, Failure<A::Json>> {
        loop {
            let frame = stream.next().await?;
            match self.understand(frame) {
                Ok(heard) => return Ok(heard),
                Err(reason) => self.report(
                    EventKind::Error,
                    &A::Json::of(&MadePayload { error: &reason, ..MadePayload::default() }),
                    None,
                ),
            }
        }
    }

    /// Understands a frame, and tells the callback: of all but a `timeout`, which ends the attempt and is told with the
    /// delay that follows.
    fn understand(&mut self, frame: Frame<<A::Json as Json>::Text>) -> Result<Heard<A::Json>, String> {
        let kind = frame.kind;
        let payload: A::Json = frame.payload()?;
        Ok(match kind {
            EventKind::State => {
                let state = CvmState::from_json(payload)
                    .ok_or("the server sent a `state` event without a `status` that is a string")?;
                let attempt = self.progress.attempts;
                let payload = self.progress.last_state.insert(state).json();
                self.caller.on_event(WatchEvent { kind, payload, attempt, retry_in: None });
                Heard::State
            }
            EventKind::Complete => {
                self.report(kind, &payload, None);
                Heard::Complete
            }
            EventKind::Error => {
                self.report(kind, &payload, None);
                Heard::Error(payload.words())
            }
            EventKind::Timeout => Heard::Timeout(payload),
        })
    }

    /// Passes on what the stream still says after the target is reached, up to `complete`: for a second at most, and
    /// however it ends, the target is reached.
    async fn hear_out(&mut self, stream: &mut A::Stream) {
        loop {
            match self.hear(stream).await {
                Ok(Heard::State | Heard::Error(_)) => {}
                Ok(Heard::Timeout(payload)) => return self.report(EventKind::Timeout, &payload, None),
                Ok(Heard::Complete) | Err(_) => return,
            }
        }
    }

    /// The attempt has failed: tells so, and how long to wait before the next, if there is one.
    fn give_up_or_delay(&mut self, failure: Failure<A::Json>) -> Result<Duration, WatchError<A::Json>> {
        let refused = failure.is_permanent();
        let again = !refused && self.request.retry.allows_after(self.progress.attempts);
        let delay = again.then(|| self.delay_after(&failure)).transpose();
        let (kind, payload) = failure.event();
        self.report(kind, &payload, delay.as_ref().ok().copied().flatten());
        match delay {
            Ok(Some(delay)) => Ok(delay),
            Ok(None) if refused => Err(WatchError::Refused(failure)),
            Ok(None) => Err(WatchError::RetriesExceeded(failure)),
            Err(bad) => Err(WatchError::BadDelay(bad)),
        }
    }

    fn delay_after(&mut self, failure: &Failure<A::Json>) -> Result<Duration, FieldError> {
        let delay = match self.request.retry.delay {
            Delay::Fixed(delay) => delay,
            Delay::Asked => self.caller.retry_delay(self.progress, failure)?,
        };
        Ok(delay_until_retry(delay, failure.retry_after()))
    }

    fn report(&mut self, kind: EventKind, payload: &A::Json, retry_in: Option<Duration>) {
        self.caller.on_event(WatchEvent { kind, payload, attempt: self.progress.attempts, retry_in });
    }
}

/// What the future gives, or `None` if it takes longer. Either way it is dropped, and what it holds is closed.
async fn within<T>(api: &impl Api, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(api.sleep(limit))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}
