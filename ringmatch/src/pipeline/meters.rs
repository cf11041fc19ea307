//! What every stage of a venue measures with.
//!
//! All stages of a venue have the same clock, count into the same counters, and
//! start timing at the same moment. Whoever watches the venue reads the
//! counters and the times while the stages write them.

use super::{Counters, Quotes, TimedFrom, Times, Timing};
use std::sync::{Arc, Mutex, PoisonError};

/// What the stages measure with, and into.
#[derive(Clone, Debug)]
pub struct Meters<C> {
    /// What time it is.
    pub clock: C,
    /// Where to count.
    pub counters: Counters,
    /// From when on commands are timed.
    pub timed_from: TimedFrom,
    /// Where the matcher is asked for the best prices.
    pub quotes: Quotes,
    /// One reader for each timing of the stages. Locked when a stage is made,
    /// and by readers; never by a stage at work.
    times: Arc<Mutex<Vec<Times>>>,
}

impl<C> Meters<C> {
    /// Meters that show nothing yet.
    #[must_use]
    pub fn new(clock: C) -> Self {
        Self {
            clock,
            counters: Counters::default(),
            timed_from: TimedFrom::default(),
            quotes: Quotes::default(),
            times: Arc::default(),
        }
    }

    /// A stage's own timing.
    #[must_use]
    pub fn timing(&self, name: &'static str) -> Timing {
        let (timing, times) = Timing::new(name, self.timed_from.clone());
        self.times.lock().unwrap_or_else(PoisonError::into_inner).push(times);
        timing
    }

    /// How long commands take to get through the stages, by name.
    #[must_use]
    pub fn times(&self) -> Vec<Times> {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner).clone();
        times.sort_by_key(|times| times.name);
        times
    }
}
