//! Latencies in the order of time.
//!
//! One histogram for each of at most sixty intervals, from which everything
//! can be added up again, and the highest latency of each of two hundred bins,
//! which shows when something happened. Both are placed by when an order was
//! due, so one stall is one slope and not a spike where it ended.

use super::recorder::new_histogram;
use hdrhistogram::Histogram;
use std::time::Duration;

/// The most histograms; each takes a quarter of a megabyte.
const INTERVALS: u64 = 60;
/// An interval is never shorter.
const INTERVAL_AT_LEAST_NS: u64 = 1_000_000_000;
/// Bins of the timeline.
const BINS: u64 = 200;
/// A bin is never shorter.
const BIN_AT_LEAST_NS: u64 = 1_000_000;

/// The orders that were due in a short time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// How many were answered.
    pub count: u64,
    /// The longest wait of them.
    pub max_ns: u64,
}

/// Latencies in the order of time.
#[derive(Clone, Debug)]
pub struct Series {
    interval_ns: u64,
    intervals: Vec<Histogram<u64>>,
    bin_ns: u64,
    bins: Vec<Bin>,
}

impl Series {
    /// An empty series of this length.
    #[must_use]
    pub fn new(duration: Duration) -> Self {
        let duration_ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).max(1);
        let interval_ns = duration_ns.div_ceil(INTERVALS).max(INTERVAL_AT_LEAST_NS);
        let bin_ns = duration_ns.div_ceil(BINS).max(BIN_AT_LEAST_NS);
        let bins = usize::try_from(duration_ns.div_ceil(bin_ns)).unwrap_or(0);
        Self {
            interval_ns,
            intervals: (0..duration_ns.div_ceil(interval_ns)).map(|_| new_histogram()).collect(),
            bin_ns,
            bins: vec![Bin::default(); bins],
        }
    }

    /// Notes the latency of an order by when, after the start, it was due. What
    /// was due later than the end belongs to the last interval.
    pub fn record(&mut self, at_ns: u64, latency_ns: u64) {
        let place = |length_ns: u64, count: usize| {
            usize::try_from(at_ns / length_ns).map_or(count - 1, |place| place.min(count - 1))
        };
        let interval = place(self.interval_ns, self.intervals.len());
        self.intervals[interval].saturating_record(latency_ns);
        let bin = place(self.bin_ns, self.bins.len());
        let bin = &mut self.bins[bin];
        bin.count += 1;
        bin.max_ns = bin.max_ns.max(latency_ns);
    }

    /// All of it in one histogram.
    #[must_use]
    pub fn total(&self) -> Histogram<u64> {
        let mut total = new_histogram();
        for interval in &self.intervals {
            total.add(interval).expect("all have the same bounds");
        }
        total
    }

    /// Each interval's start, its length, and what was noted in it.
    pub fn intervals(&self) -> impl Iterator<Item = (Duration, Duration, &Histogram<u64>)> {
        let length = Duration::from_nanos(self.interval_ns);
        (0..).zip(&self.intervals).map(move |(at, histogram)| (length * at, length, histogram))
    }

    /// Each bin's start, and what was noted in it.
    pub fn timeline(&self) -> impl Iterator<Item = (Duration, Bin)> {
        let length = Duration::from_nanos(self.bin_ns);
        (0..).zip(&self.bins).map(move |(at, bin)| (length * at, *bin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_stand_where_their_orders_were_due() {
        let mut series = Series::new(Duration::from_millis(2_500));
        for (at_ms, latency_ms) in [(0, 1), (999, 7), (1_000, 2), (1_001, 9), (9_999, 3)] {
            series.record(at_ms * 1_000_000, latency_ms * 1_000_000);
        }
        let counts: Vec<u64> = series.intervals().map(|(.., noted)| noted.len()).collect();
        assert_eq!(counts, [2, 2, 1]);
        assert_eq!(series.total().len(), 5);
        let at = |ms| series.timeline().find(|(start, _)| *start == Duration::from_millis(ms));
        assert_eq!(at(1_000).unwrap().1, Bin { count: 2, max_ns: 9_000_000 });
        assert_eq!(series.timeline().last().unwrap().1, Bin { count: 1, max_ns: 3_000_000 });
    }

    #[test]
    fn a_day_takes_no_more_memory_than_a_minute() {
        for (seconds, intervals, bins) in [(0, 1, 1), (60, 60, 200), (86_400, 60, 200)] {
            let series = Series::new(Duration::from_secs(seconds));
            assert_eq!((series.intervals().count(), series.timeline().count()), (intervals, bins));
        }
    }
}
