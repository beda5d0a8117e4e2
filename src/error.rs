//! Why a watch ended, or never began.

use std::fmt;

use serde::Serialize;

use crate::failure::Failure;
use crate::json::Json;
use crate::state::CvmState;

/// One bad argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name, as the caller writes it.
    pub field: &'static str,
    /// The rule that the value breaks, and the value.
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}

impl std::error::Error for FieldError {}

/// Why a watch ended without its target, if it was not aborted.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchError<J> {
    /// A state that `failOn` names.
    CvmFailed(CvmState<J>),
    /// The server refused permanently: [`Failure::Status`] or [`Failure::Redirected`].
    Refused(Failure<J>),
    /// The retries are used up.
    RetriesExceeded {
        /// How the last attempt failed.
        failure: Failure<J>,
        /// What all attempts ended with.
        endings: Endings,
    },
    /// One of the caller's functions threw, or returned an unusable value.
    BadArgument(FieldError),
    /// An error of the platform that must reach the caller as it is.
    Foreign(J),
}

impl<J: Json> fmt::Display for WatchError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CvmFailed(state) => {
                write!(f, "the CVM has failed: its status is \"{}\"", state.status())?;
                match state.field("boot_error").and_then(|error| error.words()) {
                    Some(words) => write!(f, ", and its boot_error is: {words}"),
                    None => Ok(()),
                }
            }
            Self::Refused(failure) => failure.fmt(f),
            Self::RetriesExceeded { failure, endings } => write!(f, "gave up after {endings}: {failure}"),
            Self::BadArgument(bad) => bad.fmt(f),
            Self::Foreign(error) => f.write_str(&error.words().unwrap_or_default()),
        }
    }
}

impl<J: Json + fmt::Debug> std::error::Error for WatchError<J> {}

/// What the attempts of a watch ended with, and how often: `6 attempts (503 × 4, timed out × 2)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endings(Vec<(String, u32)>);

impl Endings {
    /// Counts one more. The most frequent stay in front.
    pub fn count(&mut self, label: String) {
        let mut place = self.0.iter().position(|(known, _)| *known == label).unwrap_or_else(|| {
            self.0.push((label, 0));
            self.0.len() - 1
        });
        self.0[place].1 = self.0[place].1.saturating_add(1);
        while place > 0 && self.0[place - 1].1 < self.0[place].1 {
            self.0.swap(place - 1, place);
            place -= 1;
        }
    }
}

impl fmt::Display for Endings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = self.0.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        write!(f, "{attempts} attempt{} (", if attempts == 1 { "" } else { "s" })?;
        for (place, (label, count)) in self.0.iter().enumerate() {
            write!(f, "{}{label} × {count}", if place == 0 { "" } else { ", " })?;
        }
        f.write_str(")")
    }
}
