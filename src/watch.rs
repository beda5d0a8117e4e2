//! The loop: attempts, patience, retries, the target.

use core::time::Duration;

use crate::api::{Api, EventStream};
use crate::duration::seconds;
use crate::error::{FieldError, WatchError};
use crate::event::{EventKind, ServerEvent, WatchEvent};
use crate::failure::Failure;
use crate::json::Json;
use crate::race::{First, race};
use crate::request::WatchRequest;
use crate::retry::{Delay, delay_until_retry};
use crate::state::CvmState;
use crate::text::concat;

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
    let error = concat(&["timed out after ", &seconds(timeout), " s"]);
    Failure::TimedOut { payload: J::timeout(&error, timeout, target) }
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

/// The target is reached; the stream is still open if that is where the state came from.
struct Reached<A: Api> {
    state: CvmState<A::Json>,
    stream: Option<A::Stream>,
}

impl<A: Api, C: Caller<A::Json>> Watch<'_, A, C> {
    async fn run(mut self) -> Result<CvmState<A::Json>, WatchError<A::Json>> {
        loop {
            self.progress.attempts = self.progress.attempts.saturating_add(1);
            let (api, timeout) = (self.api, self.request.timeout);
            let failure = match within(api, timeout, self.attempt()).await {
                Some(Ok(Reached { state, stream })) => {
                    if let Some(stream) = stream {
                        within(api, COMPLETE_WITHIN, self.hear_out(stream)).await;
                    }
                    return Ok(state);
                }
                Some(Err(failure)) => failure,
                None => timed_out(timeout, Some(&self.request.target)),
            };
            match self.give_up_or_delay(failure) {
                Ok(delay) => self.api.sleep(delay).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// One attempt, from opening the stream to the target or a failure.
    async fn attempt(&mut self) -> Result<Reached<A>, Failure<A::Json>> {
        let mut stream = self.api.open().await?;
        let mut server_error = None;
        loop {
            match self.hear(&mut stream).await {
                Ok(ServerEvent::State(state)) if state.status() == self.request.target => {
                    return Ok(Reached { state, stream: Some(stream) });
                }
                // It is over what it complained of.
                Ok(ServerEvent::State(_)) => server_error = None,
                Ok(ServerEvent::Complete(_)) => {
                    drop(stream);
                    return self.read_target().await;
                }
                Err(Failure::ClosedForGood { .. }) => {
                    drop(stream);
                    return self.read_target().await.map_err(|failure| match failure {
                        Failure::NotReached { status } => Failure::ClosedForGood { status: Some(status) },
                        failure => failure,
                    });
                }
                Ok(ServerEvent::Timeout(payload)) => return Err(Failure::TimedOut { payload }),
                Ok(ServerEvent::Error(payload)) => {
                    server_error = payload.words("message").or_else(|| payload.words("error")).or(server_error);
                }
                Err(end) => return Err(server_error.map_or(end, Failure::Reported)),
            }
        }
    }

    /// The next event that makes sense, when the callback has been told: of all but a `timeout`, which ends the attempt
    /// and is told with the delay that follows. What makes no sense is told as an error, and passed over.
    async fn hear(&mut self, stream: &mut A::Stream) -> Result<ServerEvent<A::Json>, Failure<A::Json>> {
        loop {
            let event = match ServerEvent::<A::Json>::read(&stream.next().await?) {
                Ok(event) => event,
                Err(reason) => {
                    self.report(EventKind::Error, &A::Json::error(&reason), None);
                    continue;
                }
            };
            match &event {
                ServerEvent::State(state) => {
                    self.progress.last_state = Some(state.clone());
                    self.report(EventKind::State, state.json(), None);
                }
                ServerEvent::Complete(payload) => self.report(EventKind::Complete, payload, None),
                ServerEvent::Error(payload) => self.report(EventKind::Error, payload, None),
                ServerEvent::Timeout(_) => {}
            }
            return Ok(event);
        }
    }

    /// The stream is over without the target: the one-shot read decides.
    async fn read_target(&mut self) -> Result<Reached<A>, Failure<A::Json>> {
        let state = read_state(self.api).await?;
        self.progress.last_state = Some(state.clone());
        if state.status() == self.request.target {
            Ok(Reached { state, stream: None })
        } else {
            Err(Failure::NotReached { status: state.status().into() })
        }
    }

    /// Passes on what the stream still says after the target is reached, up to `complete`: for a second at most, and
    /// however it ends, the target is reached.
    async fn hear_out(&mut self, mut stream: A::Stream) {
        loop {
            match self.hear(&mut stream).await {
                Ok(ServerEvent::State(_) | ServerEvent::Error(_)) => {}
                Ok(ServerEvent::Timeout(payload)) => return self.report(EventKind::Timeout, &payload, None),
                Ok(ServerEvent::Complete(_)) | Err(_) => return,
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
    match race(future, api.sleep(limit)).await {
        First::Left(value) => Some(value),
        First::Right(()) => None,
    }
}
