//! What became of every order of a measurement.
//!
//! The recorder is told when an order was sent and when an answer came, and
//! reads no clock itself, so a test can play any history to it. Latency runs
//! from the due time of the [`Schedule`] to the order's first answer; later
//! answers to the same order change nothing. The first orders warm up and leave
//! no trace. What has not been answered at the end is lost, and is counted.

use super::Schedule;
use hdrhistogram::Histogram;

/// The longest latency that is told apart: a minute.
const MAX_NS: u64 = 60_000_000_000;

/// Latencies of orders from their intended send times.
#[derive(Debug)]
pub struct Recorder {
    schedule: Schedule,
    warm_up: u64,
    /// One entry an order: whether it was answered.
    answered: Vec<bool>,
    sent: u64,
    late: u64,
    outstanding: u64,
    last_answer_ns: u64,
    latency_ns: Histogram<u64>,
}

/// What was counted, warm-up left out.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Orders sent.
    pub sent: u64,
    /// Orders never answered.
    pub lost: u64,
    /// Orders sent later than the schedule's tolerance.
    pub late: u64,
    /// Orders answered in a second, from the first due time to the last answer.
    pub achieved_per_s: f64,
    /// From due time to first answer, in nanoseconds.
    pub latency_ns: Histogram<u64>,
}

impl Recorder {
    /// A recorder of `orders` orders, the first `warm_up` of which do not count.
    ///
    /// # Panics
    /// When `orders` is more than memory can hold an octet each for.
    #[must_use]
    pub fn new(schedule: Schedule, warm_up: u64, orders: u64) -> Self {
        let orders = usize::try_from(orders).expect("an octet for each order fits memory");
        let latency_ns = Histogram::new_with_max(MAX_NS, 3).expect("the bounds are sound");
        Self {
            schedule,
            warm_up,
            answered: vec![false; orders],
            sent: 0,
            late: 0,
            outstanding: 0,
            last_answer_ns: schedule.due_ns(warm_up),
            latency_ns,
        }
    }

    /// How many orders there are to send, warm-up included.
    #[must_use]
    pub fn orders(&self) -> u64 {
        self.answered.len() as u64
    }

    /// How many orders do not count.
    #[must_use]
    pub fn warm_up(&self) -> u64 {
        self.warm_up
    }

    /// The schedule.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// The number of the next order, from zero.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.sent
    }

    /// Whether an order is to be sent now.
    #[must_use]
    pub fn is_due(&self, now_ns: u64) -> bool {
        self.sent < self.orders() && self.schedule.due_ns(self.sent) <= now_ns
    }

    /// Whether all orders were sent.
    #[must_use]
    pub fn all_sent(&self) -> bool {
        self.sent == self.orders()
    }

    /// Whether all orders sent were answered.
    #[must_use]
    pub fn all_answered(&self) -> bool {
        self.outstanding == 0
    }

    /// The next order is being sent.
    pub fn sent(&mut self, now_ns: u64) {
        let is_late = now_ns > self.schedule.due_ns(self.sent) + self.schedule.tolerance_ns();
        self.late += u64::from(is_late && self.sent >= self.warm_up);
        self.sent += 1;
        self.outstanding += 1;
    }

    /// An answer to order `n` has come.
    pub fn answered(&mut self, n: u64, now_ns: u64) {
        let answered = usize::try_from(n).ok().and_then(|n| self.answered.get_mut(n));
        let Some(answered) = answered.filter(|answered| !**answered && n < self.sent) else {
            return;
        };
        *answered = true;
        self.outstanding -= 1;
        if n >= self.warm_up {
            let latency_ns = now_ns.saturating_sub(self.schedule.due_ns(n));
            self.latency_ns.saturating_record(latency_ns.max(1));
            self.last_answer_ns = self.last_answer_ns.max(now_ns);
        }
    }

    /// What came of it.
    #[must_use]
    pub fn finish(self) -> Tally {
        let sent = self.sent.saturating_sub(self.warm_up);
        let answered = self.latency_ns.len();
        // The last order's interval belongs to the time that it was given.
        let first_ns = self.schedule.due_ns(self.warm_up);
        let time_ns = self.last_answer_ns - first_ns + self.schedule.interval_ns();
        Tally {
            sent,
            lost: sent - answered,
            late: self.late,
            achieved_per_s: answered as f64 * 1e9 / time_ns.max(1) as f64,
            latency_ns: self.latency_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Plays 2,000 orders at 1,000 a second to a responder that takes 0.1 ms,
    /// and between 1 s and 1.2 s answers nothing. The generator runs in the same
    /// thread and stalls with it if `generator_stalls`.
    fn play(generator_stalls: bool) -> Tally {
        let stall = 1_000 * MS..1_200 * MS;
        let awake = |at: u64| if stall.contains(&at) { stall.end } else { at };
        let mut recorder = Recorder::new(Schedule::new(0, 1_000), 0, 2_000);
        for n in 0..2_000 {
            let due = recorder.schedule().due_ns(n);
            let sent = if generator_stalls { awake(due) } else { due };
            assert!(recorder.is_due(sent));
            recorder.sent(sent);
            recorder.answered(n, awake(sent) + MS / 10);
        }
        recorder.finish()
    }

    #[test]
    fn a_stall_shows_in_the_percentiles_of_all_that_waited() {
        for generator_stalls in [false, true] {
            let tally = play(generator_stalls);
            // A tenth of the orders fell into the stall, and waited from
            // nothing to 200 ms for its end: 100 ms at half of them.
            let at = |quantile| tally.latency_ns.value_at_quantile(quantile) as f64 / MS as f64;
            assert!((0.09..0.11).contains(&at(0.5)), "{}", at(0.5));
            assert!((99.0..102.0).contains(&at(0.95)), "{}", at(0.95));
            assert!((179.0..182.0).contains(&at(0.99)), "{}", at(0.99));
            assert!((200.0..201.0).contains(&at(1.0)), "{}", at(1.0));
            assert_eq!((tally.sent, tally.lost), (2_000, 0));
            // An order due 1 ms before the end is sent 1 ms late: tolerated.
            assert_eq!(tally.late, if generator_stalls { 199 } else { 0 });
        }
    }

    #[test]
    fn only_first_answers_to_orders_that_count_are_recorded() {
        let mut recorder = Recorder::new(Schedule::new(0, 1_000), 1, 4);
        for n in 0..3 {
            recorder.sent(n * MS);
        }
        for (n, at) in [(0, 50 * MS), (1, 3 * MS), (1, 9 * MS), (3, 9 * MS), (77, 9 * MS)] {
            recorder.answered(n, at);
        }
        assert!(!recorder.all_sent() && !recorder.all_answered());
        let tally = recorder.finish();
        assert_eq!((tally.sent, tally.lost, tally.latency_ns.len()), (2, 1, 1));
        assert_eq!(tally.latency_ns.max() / MS, 2);
        // One answer in the 2 ms from 1 ms to 3 ms, and an interval.
        assert!((tally.achieved_per_s - 1_000.0 / 3.0).abs() < 0.01, "{}", tally.achieved_per_s);
    }
}
