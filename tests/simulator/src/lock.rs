//! Locks that do not spread a panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A mutex that stays usable after a holder panicked: one failing request must not make the others fail.
pub trait Lock<T> {
    /// The lock, whether poisoned or not.
    fn locked(&self) -> MutexGuard<'_, T>;
}

impl<T> Lock<T> for Mutex<T> {
    fn locked(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
