//! What every stage of a venue measures with.
//!
//! All stages of a venue have the same clock, count into the same counters, and
//! start timing at the same moment.

use super::{Counters, TimedFrom, Timing};

/// What the stages measure with, and into.
#[derive(Clone, Debug)]
pub struct Meters<C> {
    /// What time it is.
    pub clock: C,
    /// Where to count.
    pub counters: Counters,
    /// From when on commands are timed.
    pub timed_from: TimedFrom,
}

impl<C> Meters<C> {
    /// Meters that show nothing yet.
    #[must_use]
    pub fn new(clock: C) -> Self {
        Self { clock, counters: Counters::default(), timed_from: TimedFrom::default() }
    }

    /// A stage's own timing.
    #[must_use]
    pub fn timing(&self, name: &'static str) -> Timing {
        Timing::new(name, self.timed_from.clone())
    }
}
