//! How long it took from a command's receipt until a stage was done with it.
//!
//! Each stage owns one histogram, so recording costs about a nanosecond and no
//! thread waits for another. The times all begin at the receiver's stamp, so
//! they tell when a command had got so far; differences of percentiles of two
//! stages are not percentiles of the way between them.

use hdrhistogram::Histogram;
use ringmatch_engine::Nanos;

/// The longest time that is told apart: a minute.
const MAX_NS: u64 = 60_000_000_000;

/// See the [module](self).
#[derive(Debug)]
pub struct Timing {
    /// What is timed.
    pub name: &'static str,
    /// Nanoseconds.
    pub histogram: Histogram<u64>,
}

impl Timing {
    /// Nothing timed yet.
    ///
    /// # Panics
    /// Never: the bounds of the histogram are constants.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let histogram = Histogram::new_with_max(MAX_NS, 3).expect("the bounds are sound");
        Self { name, histogram }
    }

    /// Notes that what was received at `received` is done at `now`.
    #[inline]
    pub fn record(&mut self, received: Nanos, now: Nanos) {
        self.histogram.saturating_record(now.0.saturating_sub(received.0));
    }
}
