//! The loop of attempts, with timeouts and retries.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join, select};

use crate::api::Api;
use crate::attempt::{Attempt, End, Reached, hear_out};
use crate::caller::{Caller, Progress};
use crate::error::{Endings, WatchError};
use crate::event::WatchEvent;
use crate::failure::Failure;
use crate::request::WatchRequest;
use crate::retry::{Delay, Wait};
use crate::session::Session;
use crate::state::CvmState;
use crate::time::{sleep, within, woken};

/// How long the server's `complete` is awaited once the target is reached, so that the callback sees it.
pub const COMPLETE_WITHIN: Duration = Duration::from_secs(1);

/// Waits for the request's target: makes attempts until the target is reached or the retries are used up.
///
/// To cancel the watch, drop it.
///
/// # Errors
/// The CVM has failed, or the server has refused permanently, or the retries are used up, or one of the caller's functions
/// gave nothing that can be used.
pub async fn watch<A: Api>(
    api: &A,
    request: &WatchRequest,
    progress: &mut Progress<A::Json>,
    caller: &mut impl Caller<A::Json>,
) -> Result<CvmState<A::Json>, WatchError<A::Json>> {
    let session = Session::new(api, request, progress, caller);
    Watch { session, endings: Endings::default(), failures: 0 }.run().await
}

struct Watch<'a, A: Api, C> {
    session: Session<'a, A, C>,
    endings: Endings,
    /// Attempts that have failed since the last one that brought a state, that one included.
    failures: u32,
}

impl<A: Api, C: Caller<A::Json>> Watch<'_, A, C> {
    async fn run(mut self) -> Result<CvmState<A::Json>, WatchError<A::Json>> {
        loop {
            let (ended, is_late) = self.attempt().await;
            let (failure, retry_after) = match ended {
                Ok(mut reached) => {
                    within(self.session.api, COMPLETE_WITHIN, hear_out(&mut self.session, &mut reached)).await;
                    return Ok(reached.state);
                }
                Err(End::Over(error)) => return Err(error),
                Err(End::Failed { failure, retry_after }) => (failure, retry_after),
            };
            // After a failure the watch is again the last of those that wait for a stream.
            if !matches!(failure, Failure::TimedOut { .. }) {
                self.session.place = None;
            }
            let wait = self.give_up_or_wait(&failure, retry_after)?;
            self.wait(wait, is_late).await;
        }
    }

    /// One attempt, for as long as it may last; and whether it lasted much longer, since the machine has slept.
    async fn attempt(&mut self) -> (Result<Reached<A>, End<A::Json>>, bool) {
        let (api, request) = (self.session.api, self.session.request);
        let spent = std::mem::take(&mut self.session.progress.spent);
        let mut attempt = Attempt::new(&mut self.session);
        let timeout = sleep(api, request.timeout.saturating_sub(spent));
        match select(pin!(attempt.run()), pin!(timeout)).await {
            Either::Left((ended, _)) => (ended, false),
            Either::Right((is_late, _)) => {
                (Err(Failure::timed_out(request.timeout, Some(request.target.first())).into()), is_late)
            }
        }
    }

    /// The attempt has failed: tells so, and how long to wait before the next, if there is one.
    fn give_up_or_wait(
        &mut self,
        failure: &Failure<A::Json>,
        retry_after: Option<Duration>,
    ) -> Result<Wait, WatchError<A::Json>> {
        self.failures = if self.session.has_brought_state { 1 } else { self.failures.saturating_add(1) };
        self.endings.count(failure.label());
        let wait = self.wait_after(failure, retry_after);
        let (kind, payload, code) = failure.event();
        self.session.tell(WatchEvent {
            code,
            http_status: failure.http_status(),
            retry_in: wait.as_ref().ok().map(|wait| wait.delay),
            ..self.session.progress.event(kind, &payload)
        });
        wait
    }

    fn wait_after(
        &mut self,
        failure: &Failure<A::Json>,
        retry_after: Option<Duration>,
    ) -> Result<Wait, WatchError<A::Json>> {
        let Session { request, progress, caller, .. } = &mut self.session;
        let asks = request.retry.should_retry && matches!(failure, Failure::Status(_));
        if failure.is_permanent()
            && !(asks && caller.should_retry(failure, progress).map_err(WatchError::BadArgument)?)
        {
            return Err(WatchError::Refused(failure.clone()));
        }
        if !request.retry.allows_after(progress.attempts) {
            return Err(WatchError::RetriesExceeded { failure: failure.clone(), endings: self.endings.clone() });
        }
        let delay = match request.retry.delay {
            Delay::Fixed(delay) => delay,
            Delay::Asked => caller.retry_delay(self.failures, failure, progress).map_err(WatchError::BadArgument)?,
        };
        Ok(Wait::new(delay, retry_after))
    }

    /// Waits for the next attempt. A wake-up ends the wait, but not what the server asks for.
    async fn wait(&self, wait: Wait, is_awake: bool) {
        let Session { api, request, .. } = &self.session;
        let awake = async {
            if !is_awake {
                woken(*api, request.interval).await;
            }
        };
        let early = join(awake, api.sleep(wait.at_least));
        select(pin!(api.sleep(wait.delay)), pin!(early)).await;
    }
}
