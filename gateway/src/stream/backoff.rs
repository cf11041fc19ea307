//! `Backoff`: when to do a thing again that has had no effect yet.
//!
//! The first time is at once, and each further time comes after a pause twice
//! as long as the one before, up to a limit. Heartbeats follow it: quick while a
//! loss is fresh, quiet when nothing is said.

use super::MonotonicNanos;

/// A doubling pause between `first` and `limit` nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    first: u64,
    limit: u64,
    pause: u64,
    due: MonotonicNanos,
}

impl Backoff {
    /// Due at once, then after `first`, twice `first`, ... `limit` nanoseconds.
    pub(super) fn new(first: u64, limit: u64) -> Self {
        Self { first, limit, pause: first, due: 0 }
    }

    /// Due one first pause from now.
    pub(super) fn restart_after(&mut self, now: MonotonicNanos) {
        self.pause = self.first;
        self.advance(now);
    }

    /// Whether it is time; if so, sets the next time.
    pub(super) fn is_due(&mut self, now: MonotonicNanos) -> bool {
        let due = now >= self.due;
        if due {
            self.advance(now);
        }
        due
    }

    fn advance(&mut self, now: MonotonicNanos) {
        self.due = now.saturating_add(self.pause);
        self.pause = self.pause.saturating_mul(2).min(self.limit);
    }
}
