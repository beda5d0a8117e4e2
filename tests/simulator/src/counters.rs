//! Counters for tests that hold a client to its limits.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// How many requests are open, and how many were at most.
#[derive(Default)]
pub struct Level {
    /// Open now.
    pub open: usize,
    /// Open at the same time, at most.
    pub most: usize,
}

impl Level {
    /// One more is open.
    pub fn rise(&mut self) {
        self.open += 1;
        self.most = self.most.max(self.open);
    }

    /// One has ended.
    pub fn fall(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// Counts the most anew, from what is open now.
    pub fn reset(&mut self) {
        self.most = self.open;
    }
}

/// How many requests arrived in a second.
#[derive(Default)]
pub struct Rate {
    recent: VecDeque<Instant>,
    most: usize,
}

impl Rate {
    /// One has arrived.
    pub fn tick(&mut self) {
        self.recent.push_back(Instant::now());
        self.most = self.most.max(self.in_last_second());
    }

    /// How many have arrived within the last second.
    pub fn in_last_second(&mut self) -> usize {
        let now = Instant::now();
        while self.recent.front().is_some_and(|arrival| now - *arrival >= SECOND) {
            self.recent.pop_front();
        }
        self.recent.len()
    }

    /// How many have arrived in any one second, at most.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Counts the most anew, from the last second.
    pub fn reset(&mut self) {
        self.most = self.in_last_second();
    }
}
