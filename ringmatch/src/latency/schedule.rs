//! When orders shall be sent.
//!
//! Order `n` is due at the start plus `n` intervals, computed from `n` and not
//! from the order before it, so rounding does not add up. Nothing that happens
//! moves a due time: an order that is sent late was due when it was due.

/// One second.
const SECOND_NS: u64 = 1_000_000_000;
/// An order is never late by less than this: about what one look at a socket
/// and one send take on a busy machine.
const LATE_AT_LEAST_NS: u64 = 10_000;

/// When each order is due, fixed in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    start_ns: u64,
    rate_per_s: u64,
}

impl Schedule {
    /// Orders at a constant rate, the first one at `start_ns`.
    ///
    /// # Panics
    /// When the rate is zero.
    #[must_use]
    pub fn new(start_ns: u64, rate_per_s: u64) -> Self {
        assert!(rate_per_s > 0, "a rate of zero has no second order");
        Self { start_ns, rate_per_s }
    }

    /// When order `n`, from zero, is due.
    #[must_use]
    pub fn due_ns(&self, n: u64) -> u64 {
        let after = u128::from(n) * u128::from(SECOND_NS) / u128::from(self.rate_per_s);
        self.start_ns.saturating_add(u64::try_from(after).unwrap_or(u64::MAX))
    }

    /// Time between two orders.
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

    /// How many orders are due in this time.
    #[must_use]
    pub fn orders_in(&self, duration: std::time::Duration) -> u64 {
        let orders = duration.as_nanos() * u128::from(self.rate_per_s) / u128::from(SECOND_NS);
        u64::try_from(orders).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn due_times_do_not_drift() {
        let schedule = Schedule::new(50, 3);
        let due: Vec<u64> = [0, 1, 2, 3, 3_000_000].map(|n| schedule.due_ns(n)).into();
        assert_eq!(due, [50, 333_333_383, 666_666_716, 1_000_000_050, 1_000_000_000_000_050]);
        assert_eq!(schedule.orders_in(Duration::from_millis(1_500)), 4);
    }

    #[test]
    fn an_order_may_be_an_interval_late_or_ten_microseconds() {
        for (rate, tolerance) in [(1_000, 1_000_000), (100_000, 10_000), (1_000_000, 10_000)] {
            assert_eq!(Schedule::new(0, rate).tolerance_ns(), tolerance);
        }
    }
}
