//! The loop: attempts, patience, retries, the target.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::api::{Api, EventStream};
use crate::error::{Failure, WatchError, error_payload};
use crate::event::{EventKind, ServerEvent, WatchEvent};
use crate::json::Json;
use crate::request::WatchRequest;
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

/// Waits for the request's target: attempts follow attempts until it is reached or the request's patience ends.
///
/// `report` is told every event, in order. To cancel the watch, drop it.
///
/// # Errors
/// [`WatchError::Refused`] or [`WatchError::RetriesExceeded`].
pub async fn watch<A: Api>(
    api: &A,
    request: &WatchRequest,
    progress: &mut Progress<A::Json>,
    report: impl FnMut(WatchEvent<A::Json>),
) -> Result<CvmState<A::Json>, WatchError<A::Json>> {
    Watch { api, request, progress, report }.run().await
}

struct Watch<'a, A: Api, R> {
    api: &'a A,
    request: &'a WatchRequest,
    progress: &'a mut Progress<A::Json>,
    report: R,
}

/// The target is reached; the stream is still open if that is where the state came from.
struct Reached<A: Api> {
    state: CvmState<A::Json>,
    stream: Option<A::Stream>,
}

impl<A: Api, R: FnMut(WatchEvent<A::Json>)> Watch<'_, A, R> {
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
                None => Failure::timed_out(timeout, &self.request.target),
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
                Ok(ServerEvent::State(_)) => {}
                Ok(ServerEvent::Complete(_)) | Err(Failure::Unexplained) => {
                    drop(stream);
                    return self.read_target().await;
                }
                Ok(ServerEvent::Timeout(payload)) => return Err(Failure::TimedOut { payload }),
                Ok(ServerEvent::Error(payload)) => {
                    server_error = payload.text("message").or_else(|| payload.text("error")).or(server_error);
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
                Ok(Some(event)) => event,
                Ok(None) => continue,
                Err(reason) => {
                    self.report(EventKind::Error, error_payload(reason), None);
                    continue;
                }
            };
            match &event {
                ServerEvent::State(state) => {
                    self.progress.last_state = Some(state.clone());
                    self.report(EventKind::State, state.json().clone(), None);
                }
                ServerEvent::Complete(payload) => self.report(EventKind::Complete, payload.clone(), None),
                ServerEvent::Error(payload) => self.report(EventKind::Error, payload.clone(), None),
                ServerEvent::Timeout(_) => {}
            }
            return Ok(event);
        }
    }

    /// The stream is over without the target: the one-shot read decides.
    async fn read_target(&mut self) -> Result<Reached<A>, Failure<A::Json>> {
        let state = CvmState::from_json(self.api.read().await?)
            .ok_or_else(|| Failure::Broken("the server told a state without a `status` that is a string".into()))?;
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
                Ok(ServerEvent::Timeout(payload)) => return self.report(EventKind::Timeout, payload, None),
                Ok(ServerEvent::Complete(_)) | Err(_) => return,
            }
        }
    }

    /// The attempt has failed: tells so, and how long to wait before the next, if there is one.
    fn give_up_or_delay(&mut self, failure: Failure<A::Json>) -> Result<Duration, WatchError<A::Json>> {
        let refused = failure.is_permanent();
        let delay = self.request.retry.delay_after(self.progress.attempts, failure.retry_after());
        let retry_in = delay.filter(|_| !refused);
        let (kind, payload) = failure.event();
        self.report(kind, payload, retry_in);
        match (retry_in, failure) {
            (Some(delay), _) => Ok(delay),
            (None, Failure::Status(refusal)) if refused => Err(WatchError::Refused(refusal)),
            (None, failure) => Err(WatchError::RetriesExceeded(failure)),
        }
    }

    fn report(&mut self, kind: EventKind, payload: A::Json, retry_in: Option<Duration>) {
        (self.report)(WatchEvent { kind, payload, attempt: self.progress.attempts, retry_in });
    }
}

/// What the future gives, or `None` if it takes longer. Either way it is dropped, and what it holds is closed.
async fn within<T>(api: &impl Api, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(api.sleep(limit))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}
