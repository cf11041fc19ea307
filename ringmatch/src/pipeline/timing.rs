//! How long commands took on their way, by stage.
//!
//! Each [`Timing`] has one writer, the stage that owns it, and any number of
//! readers, the [`Times`]: its cells are HdrHistogram's buckets of three digits,
//! plain relaxed stores, so recording costs one or two nanoseconds, is always
//! on, and whoever reads holds nobody up. Most times begin at the receiver's
//! stamp: they tell when a command had got so far, and differences of
//! percentiles of two stages are not percentiles of the way between them. What
//! was received before the [`TimedFrom`] that the stages share does not count,
//! also if it was noted already: that is how a measurement forgets its warm-up.

use hdrhistogram::Histogram;
use ringmatch_engine::Nanos;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest time that is told apart: a minute.
const MAX_NS: u64 = 60_000_000_000;
/// Below this every nanosecond has a cell of its own; above it each doubling
/// has half as many cells. This is what three decimal digits take.
const EXACT: u64 = 2_048;
const HALF: u64 = EXACT / 2;
/// The cells that times up to [`MAX_NS`] take.
const CELLS: usize = cell_of(MAX_NS) + 1;

/// The cell that counts times of this many nanoseconds.
#[inline]
const fn cell_of(ns: u64) -> usize {
    if ns < EXACT {
        return ns as usize;
    }
    let doublings = (ns.ilog2() - HALF.ilog2()) as u64;
    (doublings * HALF + (ns >> doublings)) as usize
}

/// The shortest time that a cell counts.
const fn shortest_in(cell: usize) -> u64 {
    let cell = cell as u64;
    if cell < EXACT {
        return cell;
    }
    let doublings = cell / HALF - 1;
    (cell - doublings * HALF) << doublings
}

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

/// Where times are counted.
#[derive(Debug)]
struct Cells {
    counts: Box<[AtomicU64]>,
    /// What the shared start was when they were last emptied.
    from: AtomicU64,
}

/// How long commands took; written by one stage.
#[derive(Debug)]
pub struct Timing {
    cells: Arc<Cells>,
    from: TimedFrom,
    /// What `from` was when the last time was noted.
    seen: Nanos,
}

/// What a [`Timing`] has noted, for any thread to read.
#[derive(Clone, Debug)]
pub struct Times {
    /// What is timed.
    pub name: &'static str,
    cells: Arc<Cells>,
    from: TimedFrom,
}

impl Timing {
    /// Nothing timed yet, and its reader.
    #[must_use]
    pub fn new(name: &'static str, from: TimedFrom) -> (Self, Times) {
        let counts = (0..CELLS).map(|_| AtomicU64::new(0)).collect();
        let cells = Arc::new(Cells { counts, from: AtomicU64::new(0) });
        let times = Times { name, cells: Arc::clone(&cells), from: from.clone() };
        (Self { cells, from, seen: Nanos(0) }, times)
    }

    /// Notes that what was received at `received` is done at `now`.
    #[inline]
    pub fn record(&mut self, received: Nanos, now: Nanos) {
        self.record_since(received, received, now);
    }

    /// Notes that what was received at `received` got on from `begun` to `now`.
    #[inline]
    pub fn record_since(&mut self, received: Nanos, begun: Nanos, now: Nanos) {
        let from = self.from.get();
        if from != self.seen {
            self.forget(from);
        }
        if received >= from {
            let cell = cell_of(now.0.saturating_sub(begun.0).min(MAX_NS));
            let count = &self.cells.counts[cell];
            // One writer: nobody can have counted in between.
            count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    }

    #[cold]
    fn forget(&mut self, from: Nanos) {
        self.cells.counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        self.cells.from.store(from.0, Ordering::Release);
        self.seen = from;
    }
}

impl Times {
    /// What was noted so far, in nanoseconds. It is read while it is written,
    /// so the last few commands may be in it or not.
    ///
    /// # Panics
    /// Never: the bounds of the histogram are constants.
    #[must_use]
    pub fn histogram(&self) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_max(MAX_NS, 3).expect("the bounds are sound");
        // The stage has noted nothing since the measurement began.
        if self.cells.from.load(Ordering::Acquire) != self.from.get().0 {
            return histogram;
        }
        for (cell, count) in self.cells.counts.iter().enumerate() {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                histogram.saturating_record_n(shortest_in(cell), count);
            }
        }
        histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_before_the_measurement_is_left_out() {
        let from = TimedFrom::default();
        let (mut timing, times) = Timing::new("test", from.clone());
        timing.record(Nanos(10), Nanos(2_000));
        assert_eq!(times.histogram().len(), 1);
        from.set(Nanos(100));
        assert_eq!(times.histogram().len(), 0, "forgotten before the stage notes anything");
        timing.record(Nanos(99), Nanos(5_000));
        timing.record(Nanos(100), Nanos(107));
        timing.record_since(Nanos(100), Nanos(900), Nanos(903));
        let histogram = times.histogram();
        assert_eq!((histogram.len(), histogram.min(), histogram.max()), (2, 3, 7));
    }

    #[test]
    fn cells_are_the_buckets_of_the_histogram() {
        let edges = (0..36).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for ns in edges.chain([1_500_000, 59_999_999_999, MAX_NS]).filter(|&ns| ns <= MAX_NS) {
            let (mut timing, times) = Timing::new("test", TimedFrom::default());
            timing.record(Nanos(5), Nanos(5 + ns));
            let mut expected = Histogram::<u64>::new_with_max(MAX_NS, 3).unwrap();
            expected.record(ns).unwrap();
            let noted = times.histogram();
            assert_eq!((noted.len(), noted.max()), (1, expected.max()), "{ns}");
            assert!(shortest_in(cell_of(ns)) <= ns, "{ns}");
        }
        let (mut timing, times) = Timing::new("test", TimedFrom::default());
        timing.record(Nanos(0), Nanos(u64::MAX));
        assert_eq!(times.histogram().len(), 1, "what takes longer counts as a minute");
    }
}
