//! What became of every order of a measurement.
//!
//! The recorder is told when an order was sent and when an answer came, and
//! reads no clock itself, so a test can play any history to it. In an open loop
//! latency runs from the due time of the [`Schedule`] to the order's first
//! answer; service time runs from the actual sending, in either loop. Later
//! answers to the same order change nothing. The first orders warm up and leave
//! no trace. What has not been answered at the end is lost, and is counted.

use super::{Schedule, Series};
use hdrhistogram::Histogram;

/// The longest latency that is told apart: a minute.
pub(super) const MAX_NS: u64 = 60_000_000_000;
/// In the place of an order's send time: it was answered.
const ANSWERED: u64 = u64::MAX;
/// Orders of a closed loop that memory is taken for in advance.
const CLOSED_ORDERS: usize = 1 << 20;

/// When the next order may be sent.
#[derive(Clone, Debug)]
pub enum Pace {
    /// When it is due.
    Open {
        /// When that is.
        schedule: Schedule,
        /// Orders that do not count.
        warm_up: u64,
        /// Orders in all.
        orders: u64,
    },
    /// When fewer than this many wait for an answer.
    Closed {
        /// Orders that may wait.
        outstanding: u64,
        /// What is sent before does not count.
        measured_from_ns: u64,
        /// When the last order may be sent.
        end_ns: u64,
    },
}

/// Latencies of orders from their intended send times, and service times.
#[derive(Debug)]
pub struct Recorder {
    pace: Pace,
    /// The first order that counts; of a closed loop known when it is sent.
    first: Option<u64>,
    first_ns: u64,
    /// One entry an order sent: when that was, or that it was answered.
    sent_ns: Vec<u64>,
    late: u64,
    outstanding: u64,
    answered: u64,
    last_answer_ns: u64,
    series: Series,
    service_ns: Histogram<u64>,
    client_to_receive_ns: Histogram<u64>,
}

/// What was counted, warm-up left out.
#[derive(Clone, Debug)]
pub struct Tally {
    /// When the first order that counts was due, by the generator's clock.
    pub first_ns: u64,
    /// Orders sent.
    pub sent: u64,
    /// Orders never answered.
    pub lost: u64,
    /// Orders sent later than the schedule's tolerance.
    pub late: u64,
    /// Orders answered in a second, from the first due time to the last answer.
    pub achieved_per_s: f64,
    /// Nanoseconds from due time to first answer, in the order of due times;
    /// of a closed loop, from the sending.
    pub series: Series,
    /// Nanoseconds from the actual sending to the first answer.
    pub service_ns: Histogram<u64>,
    /// Nanoseconds from the sending to the receiver's stamp, where known.
    pub client_to_receive_ns: Histogram<u64>,
}

/// An empty histogram of nanoseconds whose memory has been touched.
///
/// # Panics
/// Never: the bounds are constants.
#[must_use]
pub(super) fn new_histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_max(MAX_NS, 3).expect("the bounds are sound");
    histogram.reset();
    histogram
}

impl Recorder {
    /// A recorder of nothing yet.
    #[must_use]
    pub fn new(pace: Pace, series: Series) -> Self {
        let (first, first_ns, orders) = match &pace {
            Pace::Open { schedule, warm_up, orders } => {
                let orders = usize::try_from(*orders).unwrap_or(usize::MAX);
                (Some(*warm_up), schedule.due_ns(*warm_up), orders)
            }
            Pace::Closed { measured_from_ns, .. } => (None, *measured_from_ns, CLOSED_ORDERS),
        };
        // Written once, so that no page is new while it is measured.
        let mut sent_ns = vec![ANSWERED; orders];
        sent_ns.clear();
        Self {
            pace,
            first,
            first_ns,
            sent_ns,
            late: 0,
            outstanding: 0,
            answered: 0,
            last_answer_ns: first_ns,
            series,
            service_ns: new_histogram(),
            client_to_receive_ns: new_histogram(),
        }
    }

    /// The number of the next order, from zero.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.sent_ns.len() as u64
    }

    /// Whether an order is to be sent now.
    #[must_use]
    pub fn is_due(&self, now_ns: u64) -> bool {
        match &self.pace {
            Pace::Open { schedule, orders, .. } => {
                self.next() < *orders && schedule.due_ns(self.next()) <= now_ns
            }
            Pace::Closed { outstanding, end_ns, .. } => {
                self.outstanding < *outstanding && now_ns < *end_ns
            }
        }
    }

    /// Whether the next order to be sent is the first that counts, or later.
    #[must_use]
    pub fn is_warm(&self, now_ns: u64) -> bool {
        match &self.pace {
            Pace::Open { warm_up, .. } => self.next() >= *warm_up,
            Pace::Closed { measured_from_ns, .. } => now_ns >= *measured_from_ns,
        }
    }

    /// Whether all orders were sent.
    #[must_use]
    pub fn all_sent(&self, now_ns: u64) -> bool {
        match &self.pace {
            Pace::Open { orders, .. } => self.next() == *orders,
            Pace::Closed { end_ns, .. } => now_ns >= *end_ns,
        }
    }

    /// Whether all orders sent were answered.
    #[must_use]
    pub fn all_answered(&self) -> bool {
        self.outstanding == 0
    }

    /// The next order is being sent.
    pub fn sent(&mut self, now_ns: u64) {
        let n = self.next();
        match &self.pace {
            Pace::Open { schedule, warm_up, .. } => {
                let is_late = now_ns > schedule.due_ns(n) + schedule.tolerance_ns();
                self.late += u64::from(is_late && n >= *warm_up);
            }
            Pace::Closed { measured_from_ns, .. } => {
                if self.first.is_none() && now_ns >= *measured_from_ns {
                    self.first = Some(n);
                }
            }
        }
        self.sent_ns.push(now_ns);
        self.outstanding += 1;
    }

    /// An answer to order `n` has come; `on_the_way_ns` says how long after its
    /// sending the venue received the order, if that is known.
    pub fn answered(
        &mut self,
        n: u64,
        now_ns: u64,
        on_the_way_ns: impl FnOnce(u64) -> Option<u64>,
    ) {
        let entry = usize::try_from(n).ok().and_then(|n| self.sent_ns.get_mut(n));
        let Some(entry) = entry.filter(|entry| **entry != ANSWERED) else { return };
        let sent_ns = std::mem::replace(entry, ANSWERED);
        self.outstanding -= 1;
        if self.first.is_none_or(|first| n < first) {
            return;
        }
        let from_ns = match &self.pace {
            Pace::Open { schedule, .. } => schedule.due_ns(n),
            Pace::Closed { .. } => sent_ns,
        };
        self.answered += 1;
        self.last_answer_ns = self.last_answer_ns.max(now_ns);
        let since = |ns| now_ns.saturating_sub(ns).max(1);
        self.series.record(from_ns.saturating_sub(self.first_ns), since(from_ns));
        self.service_ns.saturating_record(since(sent_ns));
        if let Some(on_the_way_ns) = on_the_way_ns(sent_ns) {
            self.client_to_receive_ns.saturating_record(on_the_way_ns);
        }
    }

    /// What came of it.
    #[must_use]
    pub fn finish(self) -> Tally {
        let sent = self.next().saturating_sub(self.first.unwrap_or(u64::MAX));
        // The last order's interval belongs to the time that it was given.
        let last_interval_ns = match &self.pace {
            Pace::Open { schedule, .. } => schedule.interval_ns(),
            Pace::Closed { .. } => 0,
        };
        let time_ns = self.last_answer_ns - self.first_ns + last_interval_ns;
        Tally {
            first_ns: self.first_ns,
            sent,
            lost: sent - self.answered,
            late: self.late,
            achieved_per_s: self.answered as f64 * 1e9 / time_ns.max(1) as f64,
            series: self.series,
            service_ns: self.service_ns,
            client_to_receive_ns: self.client_to_receive_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Arrivals;
    use super::*;
    use std::time::Duration;

    const MS: u64 = 1_000_000;

    fn open(warm_up: u64, orders: u64) -> Recorder {
        let schedule = Schedule::new(0, 1_000, Arrivals::Constant, orders, 1);
        let pace = Pace::Open { schedule, warm_up, orders };
        Recorder::new(pace, Series::new(Duration::from_secs(2)))
    }

    fn nobody_knows(_: u64) -> Option<u64> {
        None
    }

    /// Plays 2,000 orders at 1,000 a second to a responder that takes 0.1 ms,
    /// and between 1 s and 1.2 s answers nothing. The generator runs in the same
    /// thread and stalls with it if `generator_stalls`.
    fn play(generator_stalls: bool) -> Tally {
        let stall = 1_000 * MS..1_200 * MS;
        let awake = |at: u64| if stall.contains(&at) { stall.end } else { at };
        let mut recorder = open(0, 2_000);
        for n in 0..2_000 {
            let due = n * MS;
            let sent = if generator_stalls { awake(due) } else { due };
            assert!(recorder.is_due(sent));
            recorder.sent(sent);
            recorder.answered(n, awake(sent) + MS / 10, nobody_knows);
        }
        recorder.finish()
    }

    #[test]
    fn a_stall_shows_in_the_percentiles_of_all_that_waited() {
        for generator_stalls in [false, true] {
            let tally = play(generator_stalls);
            // A tenth of the orders fell into the stall, and waited from
            // nothing to 200 ms for its end: 100 ms at half of them.
            let latency_ns = tally.series.total();
            let at = |quantile| latency_ns.value_at_quantile(quantile) as f64 / MS as f64;
            assert!((0.09..0.11).contains(&at(0.5)), "{}", at(0.5));
            assert!((99.0..102.0).contains(&at(0.95)), "{}", at(0.95));
            assert!((179.0..182.0).contains(&at(0.99)), "{}", at(0.99));
            assert!((200.0..201.0).contains(&at(1.0)), "{}", at(1.0));
            assert_eq!((tally.sent, tally.lost), (2_000, 0));
            // An order due 1 ms before the end is sent 1 ms late: tolerated.
            assert_eq!(tally.late, if generator_stalls { 199 } else { 0 });
            // Service time knows nothing of a generator that stalls: that is
            // why it is never called a latency.
            let served_ms = tally.service_ns.max() / MS;
            assert_eq!(served_ms, if generator_stalls { 0 } else { 200 });
        }
    }

    #[test]
    fn only_first_answers_to_orders_that_count_are_recorded() {
        let mut recorder = open(1, 4);
        for n in 0..3 {
            recorder.sent(n * MS);
        }
        for (n, at) in [(0, 50 * MS), (1, 3 * MS), (1, 9 * MS), (3, 9 * MS), (77, 9 * MS)] {
            recorder.answered(n, at, |sent_ns| Some(sent_ns / MS));
        }
        assert!(!recorder.all_sent(9 * MS) && !recorder.all_answered());
        let tally = recorder.finish();
        assert_eq!((tally.sent, tally.lost, tally.series.total().len()), (2, 1, 1));
        assert_eq!(tally.series.total().max() / MS, 2);
        assert_eq!((tally.client_to_receive_ns.len(), tally.client_to_receive_ns.max()), (1, 1));
        // One answer in the 2 ms from 1 ms to 3 ms, and an interval.
        assert!((tally.achieved_per_s - 1_000.0 / 3.0).abs() < 0.01, "{}", tally.achieved_per_s);
    }

    #[test]
    fn a_closed_loop_waits_for_answers_and_ends_by_time() {
        let (measured_from_ns, end_ns) = (10 * MS, 20 * MS);
        let pace = Pace::Closed { outstanding: 2, measured_from_ns, end_ns };
        let mut recorder = Recorder::new(pace, Series::new(Duration::from_millis(10)));
        for at in [0, 9 * MS] {
            assert!(recorder.is_due(at) && !recorder.is_warm(at));
            recorder.sent(at);
        }
        assert!(!recorder.is_due(9 * MS), "two are waiting");
        recorder.answered(0, 12 * MS, nobody_knows);
        assert!(recorder.is_due(12 * MS) && recorder.is_warm(12 * MS));
        recorder.sent(12 * MS);
        recorder.answered(2, 15 * MS, nobody_knows);
        assert!(!recorder.is_due(20 * MS) && recorder.all_sent(20 * MS));
        let tally = recorder.finish();
        assert_eq!((tally.sent, tally.lost, tally.late), (1, 0, 0));
        assert_eq!((tally.service_ns.len(), tally.service_ns.max() / MS), (1, 3));
    }
}
