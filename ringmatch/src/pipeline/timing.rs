//! How long it took from a command's receipt until a stage was done with it.
//!
//! Each stage owns one histogram, so recording costs about a nanosecond and no
//! thread waits for another. The times all begin at the receiver's stamp, so
//! they tell when a command had got so far; differences of percentiles of two
//! stages are not percentiles of the way between them. What was received before
//! the [`TimedFrom`] that the stages share does not count, also if it was noted
//! already: that is how a measurement forgets its warm-up.

use hdrhistogram::Histogram;
use ringmatch_engine::Nanos;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest time that is told apart: a minute.
const MAX_NS: u64 = 60_000_000_000;

/// From when on commands are timed; clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct TimedFrom(Arc<AtomicU64>);

impl TimedFrom {
    /// From now on nothing counts that was received before `time`.
    pub fn set(&self, time: Nanos) {
        self.0.store(time.0, Ordering::Relaxed);
    }

    fn get(&self) -> Nanos {
        Nanos(self.0.load(Ordering::Relaxed))
    }
}

/// How long commands took from their receipt until a stage was done with them.
#[derive(Debug)]
pub struct Timing {
    /// What is timed.
    pub name: &'static str,
    /// Nanoseconds.
    pub histogram: Histogram<u64>,
    from: TimedFrom,
    /// What `from` was when the last time was noted.
    seen: Nanos,
}

impl Timing {
    /// Nothing timed yet.
    ///
    /// # Panics
    /// Never: the bounds of the histogram are constants.
    #[must_use]
    pub fn new(name: &'static str, from: TimedFrom) -> Self {
        let histogram = Histogram::new_with_max(MAX_NS, 3).expect("the bounds are sound");
        Self { name, histogram, from, seen: Nanos(0) }
    }

    /// Notes that what was received at `received` is done at `now`.
    #[inline]
    pub fn record(&mut self, received: Nanos, now: Nanos) {
        let from = self.from.get();
        if from != self.seen {
            self.histogram.reset();
            self.seen = from;
        }
        if received >= from {
            self.histogram.saturating_record(now.0.saturating_sub(received.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_before_the_measurement_is_left_out() {
        let from = TimedFrom::default();
        let mut timing = Timing::new("test", from.clone());
        timing.record(Nanos(10), Nanos(2_000));
        from.set(Nanos(100));
        timing.record(Nanos(99), Nanos(5_000));
        timing.record(Nanos(100), Nanos(107));
        assert_eq!((timing.histogram.len(), timing.histogram.max()), (1, 7));
    }
}
