//! Why a watch ended, or never began.

use std::fmt;

use serde::Serialize;

use crate::failure::Failure;
use crate::json::Json;

/// One bad argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name, as the caller writes it.
    pub field: &'static str,
    /// What must be there, and what is.
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}

impl std::error::Error for FieldError {}

/// Why a watch that was left to itself ended without its target.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchError<J> {
    /// The server refused for good: [`Failure::Status`] or [`Failure::Redirected`].
    Refused(Failure<J>),
    /// The retries are used up; this is how the last attempt failed.
    RetriesExceeded(Failure<J>),
    /// The caller's function gave no delay that can be waited for.
    BadDelay(FieldError),
}

impl<J: Json> fmt::Display for WatchError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(failure) | Self::RetriesExceeded(failure) => failure.fmt(f),
            Self::BadDelay(bad) => bad.fmt(f),
        }
    }
}

impl<J: Json + fmt::Debug> std::error::Error for WatchError<J> {}
