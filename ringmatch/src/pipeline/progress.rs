//! How far the matcher is, for the receiver to see.
//!
//! The receiver sequences what time brings about and what the operator asks
//! for, and has to know what became of it: when the next thing is due, and
//! whether the last operator command was carried out. The matcher is the only
//! writer, and writes only when one of these changes, so the cache line stays
//! where it is read while clients trade.

use ringmatch_engine::{Exchange, Nanos, Sequence};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
struct Cells {
    /// When a tick is due; `u64::MAX` for never.
    timer: AtomicU64,
    /// The last operator command or tick that was applied.
    applied: AtomicU64,
    /// Whether it could not be carried out.
    refused: AtomicU64,
    /// The events that it said, and the executions among them.
    events: AtomicU64,
    executions: AtomicU64,
}

/// How far the matcher is.
#[derive(Clone, Debug)]
pub struct Progress {
    cells: Arc<Cells>,
}

/// What became of an operator command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Which one.
    pub sequence: Sequence,
    /// Whether it was carried out.
    pub done: bool,
    /// Events that it said.
    pub events: u64,
    /// Executions among them.
    pub executions: u64,
}

impl Progress {
    /// Of a matcher that goes on with an exchange where it stands.
    #[must_use]
    pub fn starting_at(exchange: &Exchange) -> Self {
        let cells = Cells {
            timer: AtomicU64::new(timer(exchange)),
            applied: AtomicU64::new(exchange.sequence().0),
            refused: AtomicU64::new(0),
            events: AtomicU64::new(0),
            executions: AtomicU64::new(0),
        };
        Self { cells: Arc::new(cells) }
    }

    /// Stores when the next tick is due, if that has changed.
    pub(super) fn note_timer(&self, exchange: &Exchange) {
        let timer = timer(exchange);
        if self.cells.timer.load(Ordering::Relaxed) != timer {
            self.cells.timer.store(timer, Ordering::Relaxed);
        }
    }

    /// Stores what became of an operator command or tick. Whoever sees it also
    /// sees the timer after it.
    pub(super) fn note_applied(&self, applied: Applied) {
        let Cells { applied: at, refused, events, executions, .. } = &*self.cells;
        refused.store(u64::from(!applied.done), Ordering::Relaxed);
        events.store(applied.events, Ordering::Relaxed);
        executions.store(applied.executions, Ordering::Relaxed);
        at.store(applied.sequence.0, Ordering::Release);
    }

    /// When the next tick is due, if anything is.
    #[must_use]
    pub fn timer(&self) -> Option<Nanos> {
        let timer = self.cells.timer.load(Ordering::Relaxed);
        (timer != u64::MAX).then_some(Nanos(timer))
    }

    /// What became of an operator command or tick, once it has been applied and
    /// as long as none has been sequenced after it.
    #[must_use]
    pub fn of(&self, sequence: Sequence) -> Option<Applied> {
        let Cells { applied: at, refused, events, executions, .. } = &*self.cells;
        (at.load(Ordering::Acquire) >= sequence.0).then(|| Applied {
            sequence,
            done: refused.load(Ordering::Relaxed) == 0,
            events: events.load(Ordering::Relaxed),
            executions: executions.load(Ordering::Relaxed),
        })
    }
}

fn timer(exchange: &Exchange) -> u64 {
    exchange.next_timer().map_or(u64::MAX, |due| due.0)
}
