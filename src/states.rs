//! The loop of `cvmStates`: every state of a CVM, as long as the caller asks for the next one.

use std::time::Duration;

use crate::api::Api;
use crate::budget::Urgency;
use crate::caller::{Caller, Progress};
use crate::error::WatchError;
use crate::event::{EventKind, WatchEvent};
use crate::failure::Failure;
use crate::json::Json;
use crate::read::read_in_turn;
use crate::request::StatesRequest;
use crate::retry::{Delay, Wait, backoff};
use crate::state::CvmState;
use crate::time::within;

/// The loop's memory from one state to the next. Nothing runs in between.
#[derive(Clone, Debug)]
pub struct States<J> {
    /// Reads made, and the last state.
    pub progress: Progress<J>,
    /// Reads that have failed since the last one that brought a state.
    failures: u32,
    /// When the next read is due, by [`Api::now`].
    pub due: Duration,
    /// A wake-up makes it due, but not before this time.
    not_before: Duration,
}

impl<J> Default for States<J> {
    fn default() -> Self {
        Self { progress: Progress::default(), failures: 0, due: Duration::ZERO, not_before: Duration::ZERO }
    }
}

impl<J: Json> States<J> {
    /// The next state that differs from the last one given. To give up, drop the future.
    ///
    /// # Errors
    /// The server has refused permanently, or one of the caller's functions gave nothing that can be used.
    pub async fn next<A: Api<Json = J>>(
        &mut self,
        api: &A,
        request: &StatesRequest,
        caller: &mut impl Caller<J>,
    ) -> Result<CvmState<J>, WatchError<J>> {
        loop {
            let urgency = self.rest(api, request.interval).await;
            self.progress.attempts = self.progress.attempts.saturating_add(1);
            let (began, answer) = read_in_turn(api, urgency).await;
            match answer {
                Err(Failure::Foreign(error)) => return Err(WatchError::Foreign(error)),
                Err(failure) => self.retry(api, request, caller, &failure)?,
                Ok(state) => {
                    // Also one that has not changed: a view shows by it that the server still answers.
                    caller.on_read(self.progress.event(EventKind::State, state.json()));
                    self.failures = 0;
                    self.due = began + request.interval;
                    if self.progress.last_state.as_ref() != Some(&state) {
                        self.progress.last_state = Some(state.clone());
                        return Ok(state);
                    }
                }
            }
        }
    }

    /// Waits until the next read is due and the page is visible. A wake-up makes the read due at once.
    async fn rest(&self, api: &impl Api, interval: Duration) -> Urgency {
        let mut is_awake = false;
        loop {
            if api.is_hidden() {
                api.woken().await;
                is_awake = true;
                continue;
            }
            let due = if is_awake { self.not_before } else { self.due };
            match due.saturating_sub(api.now()) {
                Duration::ZERO if is_awake => return Urgency::Decisive,
                Duration::ZERO => {
                    let last = self.due.checked_sub(interval);
                    return Urgency::Routine { since: last.unwrap_or_else(|| api.now()) };
                }
                wait => is_awake |= within(api, wait, api.woken()).await.is_some(),
            }
        }
    }

    /// A read has failed: tells so, and how long to wait.
    fn retry<A: Api<Json = J>>(
        &mut self,
        api: &A,
        request: &StatesRequest,
        caller: &mut impl Caller<J>,
        failure: &Failure<J>,
    ) -> Result<(), WatchError<J>> {
        self.failures = self.failures.saturating_add(1);
        let wait = self.wait_after(api, request, caller, failure);
        let (kind, payload, code) = failure.event();
        caller.on_event(WatchEvent {
            code,
            http_status: failure.http_status(),
            failures: Some(self.failures),
            retry_in: wait.as_ref().ok().map(|wait| wait.delay),
            ..self.progress.event(kind, &payload)
        });
        let (now, wait) = (api.now(), wait?);
        (self.due, self.not_before) = (now + wait.delay, now + wait.at_least);
        Ok(())
    }

    fn wait_after<A: Api<Json = J>>(
        &self,
        api: &A,
        request: &StatesRequest,
        caller: &mut impl Caller<J>,
        failure: &Failure<J>,
    ) -> Result<Wait, WatchError<J>> {
        let asks = request.should_retry && matches!(failure, Failure::Status(_));
        if failure.is_permanent()
            && !(asks && caller.should_retry(failure, &self.progress).map_err(WatchError::BadArgument)?)
        {
            return Err(WatchError::Refused(failure.clone()));
        }
        let delay = match request.delay {
            None => backoff(self.failures, api.random()),
            Some(Delay::Fixed(delay)) => delay,
            Some(Delay::Asked) => {
                caller.retry_delay(self.failures, failure, &self.progress).map_err(WatchError::BadArgument)?
            }
        };
        Ok(Wait::new(delay, failure.retry_after()))
    }
}
