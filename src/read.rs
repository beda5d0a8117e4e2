//! The one-shot read: the CVM's present state.

use std::pin::Pin;
use std::time::Duration;

use crate::api::Api;
use crate::budget::Urgency;
use crate::caller::Progress;
use crate::failure::Failure;
use crate::state::CvmState;
use crate::time::within;

/// How long a read's answer may take, where a watch or a loop of states makes it.
pub const READ_WITHIN: Duration = Duration::from_secs(10);

/// Reads the CVM's present state, once. It is neither delayed by the budget nor counted.
///
/// # Errors
/// The server could not be reached, has refused, has told no state, or has not answered in time.
pub async fn read<A: Api>(
    api: &A,
    timeout: Duration,
    progress: &mut Progress<A::Json>,
) -> Result<CvmState<A::Json>, Failure<A::Json>> {
    progress.attempts += 1;
    within(api, timeout, read_state(api)).await.unwrap_or_else(|| Err(Failure::timed_out(timeout, None)))
}

/// When a read began, and its answer.
pub type Answer<J> = (Duration, Result<CvmState<J>, Failure<J>>);

/// Reads when the budget allows it. (In a box, since many futures hold one: else each would hold a copy of its code.)
pub fn read_in_turn<A: Api>(api: &A, urgency: Urgency) -> Pin<Box<dyn Future<Output = Answer<A::Json>> + '_>> {
    Box::pin(async move {
        let permit = api.budget().read(api, urgency).await;
        let began = api.now();
        let answer = within(api, READ_WITHIN, read_state(api)).await;
        drop(permit);
        let no_answer = || Err(Failure::Broken("a read of the CVM's state had no answer in 10 s".into()));
        (began, answer.unwrap_or_else(no_answer))
    })
}

async fn read_state<A: Api>(api: &A) -> Result<CvmState<A::Json>, Failure<A::Json>> {
    CvmState::from_json(api.read().await?)
        .ok_or_else(|| Failure::Malformed("the server told a state without a `status` that is a string".into()))
}
