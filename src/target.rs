//! Which states end a watch.

use crate::caller::Caller;
use crate::error::WatchError;
use crate::json::Json;
use crate::state::CvmState;

/// Which states end a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The statuses to wait for: any of them will do, and there is at least one.
    pub statuses: Vec<String>,
    /// Whether the caller's function `until` must agree, too.
    pub until: bool,
    /// Which states say that the target will not come.
    pub fail_on: FailOn,
    /// Whether the first status does not count.
    pub leave_first: bool,
}

/// Which states say that the target will not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Those with one of these statuses.
    Statuses(Vec<String>),
    /// The caller's function is asked.
    Asked,
}

impl Target {
    /// The target that goes into the stream's URL, and that messages name.
    pub fn first(&self) -> &str {
        self.statuses.first().map_or("", String::as_str)
    }

    /// Whether a status is one of the targets.
    pub fn names(&self, status: &str) -> bool {
        self.statuses.iter().any(|target| target == status)
    }

    /// The target that equals a status if case and surrounding space are ignored.
    fn nearly(&self, status: &str) -> Option<&str> {
        let status = status.trim_ascii();
        let mut targets = self.statuses.iter().map(String::as_str);
        targets.find(|target| target.trim_ascii().eq_ignore_ascii_case(status))
    }
}

/// What a state means for a watch that it does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The target is reached.
    Reached,
    /// It has a target's status, but does not count (yet).
    HeldBack,
    /// Any other state.
    Other,
}

/// Judges the states that a watch sees, each once and in their order.
#[derive(Debug)]
pub struct Judge<'a> {
    target: &'a Target,
    first: First,
    has_hinted: bool,
}

/// The first status that a watch has seen.
#[derive(Debug)]
enum First {
    Unseen,
    /// It does not count until it has been left.
    Here(String),
    Left,
}

impl<'a> Judge<'a> {
    /// A judge that has seen no state yet.
    pub fn new(target: &'a Target) -> Self {
        Self { target, first: if target.leave_first { First::Unseen } else { First::Left }, has_hinted: false }
    }

    /// Judges a state: by `leaveFirst`, `failOn`, `target` and `until`, in this order.
    ///
    /// # Errors
    /// The target will not come, or one of the caller's functions gave no answer.
    pub fn judge<J: Json>(
        &mut self,
        state: &CvmState<J>,
        caller: &mut impl Caller<J>,
    ) -> Result<Verdict, WatchError<J>> {
        let is_target = self.target.names(state.status());
        if !is_target {
            self.hint(state.status(), caller);
        }
        if !self.counts(state.status()) {
            return Ok(if is_target { Verdict::HeldBack } else { Verdict::Other });
        }
        let has_failed = match &self.target.fail_on {
            FailOn::Statuses(statuses) => statuses.iter().any(|status| status == state.status()),
            FailOn::Asked => caller.fail_on(state).map_err(WatchError::BadArgument)?,
        };
        if has_failed {
            return Err(WatchError::CvmFailed(state.clone()));
        }
        if !is_target {
            return Ok(Verdict::Other);
        }
        let agrees = !self.target.until || caller.until(state).map_err(WatchError::BadArgument)?;
        Ok(if agrees { Verdict::Reached } else { Verdict::HeldBack })
    }

    /// Whether a state counts: with `leaveFirst`, those from the first other status on.
    fn counts(&mut self, status: &str) -> bool {
        match &self.first {
            First::Unseen => self.first = First::Here(status.into()),
            First::Here(first) if first == status => {}
            First::Here(_) | First::Left => self.first = First::Left,
        }
        matches!(self.first, First::Left)
    }

    fn hint<J>(&mut self, status: &str, caller: &mut impl Caller<J>) {
        let Some(target) = self.target.nearly(status).filter(|_| !self.has_hinted) else { return };
        self.has_hinted = true;
        caller.warn(&format!(
            "cvm-watch: the CVM's status is \"{status}\" and the target is \"{target}\". They are compared exactly."
        ));
    }
}
