//! When orders shall be sent.
//!
//! Every due time is fixed before the first order leaves. With constant and
//! burst arrivals it is computed from the order's number and not from the order
//! before it, so rounding does not add up; with Poisson arrivals it was drawn
//! in advance, from a seed. Nothing that happens moves a due time: an order
//! that is sent late was due when it was due.

use super::Arrivals;
use std::time::Duration;

/// One second.
const SECOND_NS: u64 = 1_000_000_000;
/// An order is never late by less than this: about what one look at a socket
/// and one send take on a busy machine.
const LATE_AT_LEAST_NS: u64 = 10_000;

/// When each order is due, fixed in advance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    start_ns: u64,
    rate_per_s: u64,
    arrivals: Arrivals,
    /// Of Poisson arrivals, after the start.
    drawn_ns: Vec<u64>,
}

impl Schedule {
    /// A schedule of `orders` orders from `start_ns` on, at a mean rate.
    ///
    /// # Panics
    /// When the rate is zero.
    #[must_use]
    pub fn new(start_ns: u64, rate_per_s: u64, arrivals: Arrivals, orders: u64, seed: u64) -> Self {
        assert!(rate_per_s > 0, "a rate of zero has no second order");
        let drawn_ns = match arrivals {
            Arrivals::Poisson => draw(rate_per_s, orders, seed),
            Arrivals::Constant | Arrivals::Burst(_) => Vec::new(),
        };
        Self { start_ns, rate_per_s, arrivals, drawn_ns }
    }

    /// The same, but it starts at another time.
    #[must_use]
    pub fn starting_at(self, start_ns: u64) -> Self {
        Self { start_ns, ..self }
    }

    /// When order `n`, from zero, is due.
    #[must_use]
    pub fn due_ns(&self, n: u64) -> u64 {
        let after = match self.arrivals {
            Arrivals::Constant => self.intervals_ns(n),
            Arrivals::Burst(orders) => self.intervals_ns(n - n % u64::from(orders)),
            Arrivals::Poisson => {
                let drawn = usize::try_from(n).ok().and_then(|n| self.drawn_ns.get(n));
                drawn.copied().unwrap_or_else(|| self.intervals_ns(n))
            }
        };
        self.start_ns.saturating_add(after)
    }

    fn intervals_ns(&self, n: u64) -> u64 {
        let after = u128::from(n) * u128::from(SECOND_NS) / u128::from(self.rate_per_s);
        u64::try_from(after).unwrap_or(u64::MAX)
    }

    /// Mean time between two orders.
    #[must_use]
    pub fn interval_ns(&self) -> u64 {
        SECOND_NS / self.rate_per_s
    }

    /// How much later than due an order may be sent before it counts as late:
    /// one interval, because then the next one is due, or 10 µs if that is more.
    #[must_use]
    pub fn tolerance_ns(&self) -> u64 {
        self.interval_ns().max(LATE_AT_LEAST_NS)
    }

    /// How many orders a rate makes in this time.
    #[must_use]
    pub fn orders_in(rate_per_s: u64, duration: Duration) -> u64 {
        let orders = duration.as_nanos() * u128::from(rate_per_s) / u128::from(SECOND_NS);
        u64::try_from(orders).unwrap_or(u64::MAX)
    }
}

/// Arrival times of a Poisson process.
fn draw(rate_per_s: u64, orders: u64, seed: u64) -> Vec<u64> {
    let mut random = fastrand::Rng::with_seed(seed);
    let interval_ns = SECOND_NS as f64 / rate_per_s as f64;
    let mut at_ns = 0.0;
    let next = |_| {
        let due_ns = at_ns as u64;
        at_ns -= (1.0 - random.f64()).ln() * interval_ns;
        due_ns
    };
    (0..orders).map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(rate: u64, arrivals: Arrivals, numbers: &[u64]) -> Vec<u64> {
        let schedule = Schedule::new(50, rate, arrivals, 0, 1);
        numbers.iter().map(|&n| schedule.due_ns(n)).collect()
    }

    #[test]
    fn due_times_do_not_drift() {
        let due = due(3, Arrivals::Constant, &[0, 1, 2, 3, 3_000_000]);
        assert_eq!(due, [50, 333_333_383, 666_666_716, 1_000_000_050, 1_000_000_000_000_050]);
        assert_eq!(Schedule::orders_in(3, Duration::from_millis(1_500)), 4);
    }

    #[test]
    fn a_burst_is_due_at_once_and_keeps_the_rate() {
        let due = due(1_000, Arrivals::Burst(4), &[0, 3, 4, 7, 8, 1_000]);
        assert_eq!(due, [50, 50, 4_000_050, 4_000_050, 8_000_050, 1_000_000_050]);
    }

    #[test]
    fn poisson_arrivals_have_the_mean_and_the_spread_of_their_rate() {
        let schedule = Schedule::new(0, 10_000, Arrivals::Poisson, 100_000, 7);
        let gaps: Vec<f64> = (1..100_000)
            .map(|n| schedule.due_ns(n).checked_sub(schedule.due_ns(n - 1)).unwrap() as f64)
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Of an exponential distribution the deviation is the mean: 100 µs.
        assert!((99_000.0..101_000.0).contains(&mean), "seed 7: {mean}");
        assert!((98_000.0..102_000.0).contains(&variance.sqrt()), "seed 7: {}", variance.sqrt());
        assert_eq!(schedule, Schedule::new(0, 10_000, Arrivals::Poisson, 100_000, 7));
        assert_ne!(schedule, Schedule::new(0, 10_000, Arrivals::Poisson, 100_000, 8));
    }

    #[test]
    fn an_order_may_be_an_interval_late_or_ten_microseconds() {
        for (rate, tolerance) in [(1_000, 1_000_000), (100_000, 10_000), (1_000_000, 10_000)] {
            let schedule = Schedule::new(0, rate, Arrivals::Constant, 0, 1);
            assert_eq!(schedule.tolerance_ns(), tolerance);
        }
    }
}
