//! The result of a measurement, and whether it can be believed.
//!
//! It is what `--json` prints and `latency.json` holds; scripts rely on its
//! keys. Percentiles of the stages all run from the receiver's stamp, so
//! neither they nor their differences add up to those end to end.

use super::{Environment, Tally};
use crate::pipeline::Timing;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;

/// Late sends beyond this make the generator the thing that was measured.
const MOST_LATE: f64 = 0.01;
/// Less than this of the offered rate is not the load that was asked for.
const LEAST_ACHIEVED: f64 = 0.99;
/// A percentile with fewer samples above it is mere chance.
const SAMPLES_ABOVE: f64 = 10.0;

/// Percentiles, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Samples.
    pub count: u64,
    /// Half of the samples are at most this.
    pub p50_ns: u64,
    /// 90 %.
    pub p90_ns: u64,
    /// 99 %.
    pub p99_ns: u64,
    /// 99.9 %.
    pub p999_ns: u64,
    /// 99.99 %.
    pub p9999_ns: u64,
    /// The highest.
    pub max_ns: u64,
}

impl Percentiles {
    /// Those of a histogram of nanoseconds.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self {
            count: histogram.len(),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            p9999_ns: at(0.9999),
            max_ns: histogram.max(),
        }
    }

    /// Names, values in nanoseconds, and whether there are enough samples above
    /// the value for it to mean something. The maximum is always what it is.
    #[must_use]
    pub fn columns(&self) -> [(&'static str, u64, bool); 6] {
        let enough = |quantile: f64| self.count as f64 * (1.0 - quantile) >= SAMPLES_ABOVE - 1e-6;
        [
            ("p50", self.p50_ns, enough(0.5)),
            ("p90", self.p90_ns, enough(0.9)),
            ("p99", self.p99_ns, enough(0.99)),
            ("p99.9", self.p999_ns, enough(0.999)),
            ("p99.99", self.p9999_ns, enough(0.9999)),
            ("max", self.max_ns, true),
        ]
    }
}

/// The result of a measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Orders a second, as the schedule has them.
    pub offered_per_s: u64,
    /// Orders answered in a second.
    pub achieved_per_s: f64,
    /// Orders sent after the warm-up.
    pub sent: u64,
    /// Of these, never answered.
    pub lost: u64,
    /// Of these, the part sent later than one interval, or than 10 µs if that
    /// is more.
    pub late_fraction: f64,
    /// Orders rejected, warm-up included; there are to be none.
    pub rejected: u64,
    /// Requests for lost packets, by the client and by the venue, warm-up
    /// included.
    pub gap_repairs: u64,
    /// Whether there are no [`doubts`](Self::doubts).
    pub valid: bool,
    /// Why the figures are not those of the load that was asked for.
    pub doubts: Vec<String>,
    /// When a result may leave.
    pub durability: String,
    /// From an order's due time to its first answer.
    pub end_to_end: Percentiles,
    /// From the receiver's stamp until a stage was done. The first two count
    /// commands, the publisher counts events.
    pub stages: BTreeMap<&'static str, Percentiles>,
    /// What it was made on.
    pub environment: Environment,
}

impl Summary {
    /// Sums up, and judges.
    #[must_use]
    pub fn new(
        offered_per_s: u64,
        tally: &Tally,
        (rejected, gap_repairs): (u64, u64),
        timings: &[Timing],
        environment: Environment,
    ) -> Self {
        let stage = |timing: &Timing| (timing.name, Percentiles::of(&timing.histogram));
        let mut summary = Self {
            offered_per_s,
            achieved_per_s: tally.achieved_per_s,
            sent: tally.sent,
            lost: tally.lost,
            late_fraction: tally.late as f64 / tally.sent.max(1) as f64,
            rejected,
            gap_repairs,
            valid: true,
            doubts: Vec::new(),
            durability: environment.durability.clone(),
            end_to_end: Percentiles::of(&tally.latency_ns),
            stages: timings.iter().map(stage).collect(),
            environment,
        };
        summary.doubts = summary.judge();
        summary.valid = summary.doubts.is_empty();
        summary
    }

    fn judge(&self) -> Vec<String> {
        let achieved = self.achieved_per_s / self.offered_per_s as f64;
        let late = self.late_fraction * 100.0;
        let doubts = [
            (self.sent == 0, "nothing was sent: rate times duration is less than one".into()),
            (self.lost > 0, format!("{} orders were not answered", self.lost)),
            (self.rejected > 0, format!("{} orders were rejected", self.rejected)),
            (
                self.late_fraction > MOST_LATE,
                format!("{late:.1} % of the orders were sent late; a lower rate may help"),
            ),
            (
                self.sent > 0 && achieved < LEAST_ACHIEVED,
                format!("only {:.1} % of the offered rate was achieved", achieved * 100.0),
            ),
        ];
        doubts.into_iter().filter_map(|(holds, text)| holds.then_some(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(tally: &Tally) -> Summary {
        let environment = Environment {
            cpu: String::new(),
            usable_cpus: 1,
            is_virtual: None,
            kernel: String::new(),
            layout: String::new(),
            wait: String::new(),
            threads: Vec::new(),
            durability: "write".into(),
            build: "debug",
            version: "0",
        };
        Summary::new(1_000, tally, (0, 0), &[], environment)
    }

    fn tally() -> Tally {
        let mut latency_ns = Histogram::new(3).unwrap();
        latency_ns.record_n(20_000, 1_000).unwrap();
        Tally { sent: 1_000, lost: 0, late: 10, achieved_per_s: 995.0, latency_ns }
    }

    #[test]
    fn a_result_says_whether_it_can_be_believed() {
        assert!(summary(&tally()).valid);
        for (tally, doubt) in [
            (Tally { lost: 1, ..tally() }, "1 orders were not answered"),
            (Tally { late: 11, ..tally() }, "1.1 % of the orders were sent late"),
            (Tally { achieved_per_s: 980.0, ..tally() }, "only 98.0 % of the offered rate"),
            (Tally { sent: 0, ..tally() }, "nothing was sent"),
        ] {
            let summary = summary(&tally);
            assert!(!summary.valid);
            assert!(summary.doubts.iter().any(|said| said.contains(doubt)), "{doubt}");
        }
    }

    #[test]
    fn percentiles_with_few_samples_above_are_marked() {
        let columns = Percentiles::of(&tally().latency_ns).columns();
        let enough: Vec<bool> = columns.iter().map(|(_, _, enough)| *enough).collect();
        assert_eq!(enough, [true, true, true, false, false, true]);
    }
}
