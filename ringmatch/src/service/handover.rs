//! `Handover`: what may go from the journal because the output log has it.
//!
//! Where the beginning of a journal is dropped, the output log is all that is
//! left of what was said there, and what was not synced is not left after a power
//! cut. So whoever makes snapshots asks the service to reach a command, goes on
//! with its work, and lets nothing go that the service has not reached: neither
//! segments, nor the last snapshot from which the log can be gone on with. The
//! service makes its log durable when it is asked and has come there. If nobody
//! follows, or the follower has failed, nothing is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Everything, as far as anybody waits for it.
const EVERYTHING: u64 = u64::MAX;

/// What the service is asked to reach, and what it has reached. Clones are the
/// same one.
#[derive(Clone, Debug)]
pub struct Handover(Arc<Commands>);

#[derive(Debug)]
struct Commands {
    asked: AtomicU64,
    reached: AtomicU64,
}

impl Default for Handover {
    /// Nobody follows.
    fn default() -> Self {
        Self(Arc::new(Commands { asked: AtomicU64::new(0), reached: AtomicU64::new(EVERYTHING) }))
    }
}

impl Handover {
    /// Asks for all commands up to this one.
    pub fn ask(&self, commands: u64) {
        self.0.asked.store(commands, Ordering::Release);
    }

    /// The last command of which nothing is needed from the journal any more.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.0.reached.load(Ordering::Acquire)
    }

    /// Somebody follows from now on, and has reached nothing.
    pub(super) fn begin(&self) {
        self.reach(0);
    }

    /// The command up to which something is wanted.
    pub(super) fn asked(&self) -> u64 {
        self.0.asked.load(Ordering::Acquire)
    }

    /// What the commands up to this one led to is durable.
    pub(super) fn reach(&self, commands: u64) {
        self.0.reached.store(commands, Ordering::Release);
    }

    /// Nobody follows any more.
    pub(super) fn give_up(&self) {
        self.reach(EVERYTHING);
    }
}
