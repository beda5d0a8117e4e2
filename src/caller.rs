//! The caller of a watch: the callbacks of the request, and what the caller can see of the watch.

use std::time::Duration;

use crate::error::FieldError;
use crate::event::{EventKind, WatchEvent};
use crate::failure::Failure;
use crate::json::Json;
use crate::state::CvmState;

/// How far a watch has come. The caller owns it, so that it is still there when the watch has been dropped.
#[derive(Clone, Debug)]
pub struct Progress<J> {
    /// Attempts made.
    pub attempts: u32,
    /// The last state that the caller was told.
    pub last_state: Option<CvmState<J>>,
    /// How much of the first attempt's time had passed before the watch began: the time to load the module.
    pub spent: Duration,
}

impl<J: Json> Progress<J> {
    /// An event, with what is known of the last state where the payload lacks it.
    pub fn event<'e>(&self, kind: EventKind, payload: &'e J) -> WatchEvent<'e, J> {
        let filled = |name| {
            let lacks = kind != EventKind::State && payload.get(name).is_none_or(|value| value.says_nothing());
            self.last_state.as_ref().filter(|_| lacks)?.field(name)
        };
        WatchEvent {
            kind,
            payload,
            attempt: self.attempts,
            retry_in: None,
            code: None,
            http_status: None,
            failures: None,
            status: filled("status"),
            boot_progress: filled("boot_progress"),
        }
    }
}

impl<J> Default for Progress<J> {
    fn default() -> Self {
        Self { attempts: 0, last_state: None, spent: Duration::ZERO }
    }
}

/// The caller's functions.
///
/// Those that decide something are called only if the request has them. If one throws or returns an unusable value, the
/// watch ends with [`crate::WatchError::BadArgument`]; the implementer keeps what was thrown.
pub trait Caller<J> {
    /// Called with every event, in order.
    fn on_event(&mut self, event: WatchEvent<'_, J>);

    /// Called after each read of [`crate::States`] that was answered, whether the state has changed or not.
    fn on_read(&mut self, _: WatchEvent<'_, J>) {}

    /// Called with a hint for the developer (`console.warn`). At most once for each watch.
    fn warn(&mut self, hint: &str);

    /// `until`: whether a state with a target status counts.
    ///
    /// # Errors
    /// The function threw, or returned something else.
    fn until(&mut self, state: &CvmState<J>) -> Result<bool, FieldError>;

    /// `failOn`, where it is a function: whether a state says that the target will not come.
    ///
    /// # Errors
    /// The function threw, or returned something else.
    fn fail_on(&mut self, state: &CvmState<J>) -> Result<bool, FieldError>;

    /// `shouldRetry`: whether to go on after a refusal that would end the watch.
    ///
    /// # Errors
    /// The function threw, or returned something else.
    fn should_retry(&mut self, failure: &Failure<J>, progress: &Progress<J>) -> Result<bool, FieldError>;

    /// `retryDelay`, where it is a function: how long to wait after an attempt has failed. `failures` counts the attempts
    /// that have failed since the last one that brought a state, that one included.
    ///
    /// # Errors
    /// The function threw, or returned no valid delay.
    fn retry_delay(
        &mut self,
        failures: u32,
        failure: &Failure<J>,
        progress: &Progress<J>,
    ) -> Result<Duration, FieldError>;
}
