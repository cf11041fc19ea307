//! The result of a measurement, and whether it can be believed.
//!
//! It is what `--json` prints and `latency.json` holds; scripts rely on its
//! keys, and [`SCHEMA`] changes when one of them does. Percentiles of the
//! stages nearly all run from the receiver's stamp, so neither they nor their
//! differences add up to those end to end.

use super::{Environment, Tally, WorkloadRecord};
use crate::environment::Noise;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What the keys mean.
pub const SCHEMA: &str = "ringmatch.latency/1";
/// Late sends beyond this make the generator the thing that was measured.
const MOST_LATE: f64 = 0.01;
/// Less than this of the offered rate is not the load that was asked for.
const LEAST_ACHIEVED: f64 = 0.99;
/// A percentile with fewer samples above it is mere chance.
const SAMPLES_ABOVE: f64 = 10.0;

/// Percentiles, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// One percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// `p50` to `p99.99`, or `max`.
    pub name: &'static str,
    /// Nanoseconds.
    pub value_ns: u64,
    /// Whether there are enough samples above the value for it to mean
    /// something. The maximum is always what it is.
    pub is_sound: bool,
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

    /// All of them by name.
    #[must_use]
    pub fn columns(&self) -> [Column; 6] {
        let column = |name, value_ns, above: f64| {
            let is_sound = self.count as f64 * above >= SAMPLES_ABOVE - 1e-6;
            Column { name, value_ns, is_sound }
        };
        [
            column("p50", self.p50_ns, 0.5),
            column("p90", self.p90_ns, 0.1),
            column("p99", self.p99_ns, 0.01),
            column("p99.9", self.p999_ns, 0.001),
            column("p99.99", self.p9999_ns, 0.0001),
            Column { name: "max", value_ns: self.max_ns, is_sound: true },
        ]
    }
}

/// The result of a measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: String,
    /// What was asked of the venue.
    pub workload: WorkloadRecord,
    /// When the first order that counts was due, in nanoseconds since 1970: what
    /// else happened on the machine can be laid beside it.
    pub measured_from_unix_ns: u64,
    /// Orders a second, as the schedule has them; not of a closed loop.
    pub offered_per_s: Option<u64>,
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
    /// Requests for lost packets, by the client and by a venue of this process,
    /// warm-up included.
    pub gap_repairs: u64,
    /// Whether there are no [`doubts`](Self::doubts).
    pub valid: bool,
    /// Why the figures are not those of the load that was asked for.
    pub doubts: Vec<String>,
    /// When a result may leave.
    pub durability: String,
    /// From an order's due time to its first answer; not of a closed loop.
    pub end_to_end: Option<Percentiles>,
    /// From an order's actual sending to its first answer. It leaves out what
    /// waited for a generator that was late: never call it a latency.
    pub service_time: Percentiles,
    /// On the way. `client_to_receive` runs from the client's sending to the
    /// receiver's stamp, `matched_to_sent` from the matcher to the publisher,
    /// `matching` is the matcher's own work on one command, all others run from
    /// the receiver's stamp; the publisher counts events, the others commands.
    /// Empty of a running engine, which keeps them to itself.
    pub stages: BTreeMap<String, Percentiles>,
    /// What disturbs any measurement here.
    pub noise: Noise,
    /// What it was made on.
    pub environment: Environment,
}

/// What besides latencies was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notes {
    /// Orders rejected.
    pub rejected: u64,
    /// Requests for lost packets.
    pub gap_repairs: u64,
}

/// A histogram of nanoseconds, and what it is of.
pub type Named = (String, Histogram<u64>);

impl Summary {
    /// Sums up, and judges.
    #[must_use]
    pub fn new(
        workload: WorkloadRecord,
        tally: &Tally,
        notes: Notes,
        stages: &[Named],
        (noise, environment): (Noise, Environment),
    ) -> Self {
        let stage = |(name, histogram): &Named| (name.clone(), Percentiles::of(histogram));
        let is_open = workload.rate_per_s.is_some();
        let mut summary = Self {
            schema: SCHEMA.to_owned(),
            measured_from_unix_ns: tally.first_ns,
            offered_per_s: workload.rate_per_s,
            achieved_per_s: tally.achieved_per_s,
            sent: tally.sent,
            lost: tally.lost,
            late_fraction: tally.late as f64 / tally.sent.max(1) as f64,
            rejected: notes.rejected,
            gap_repairs: notes.gap_repairs,
            valid: true,
            doubts: Vec::new(),
            durability: workload.durability.clone(),
            end_to_end: is_open.then(|| Percentiles::of(&tally.series.total())),
            service_time: Percentiles::of(&tally.service_ns),
            stages: stages.iter().map(stage).collect(),
            noise,
            environment,
            workload,
        };
        summary.doubts = summary.judge();
        summary.valid = summary.doubts.is_empty();
        summary
    }

    /// What the loop measured: latency of an open one, service time of a closed
    /// one.
    #[must_use]
    pub fn main(&self) -> (&'static str, &Percentiles) {
        match &self.end_to_end {
            Some(end_to_end) => ("end to end", end_to_end),
            None => ("service time", &self.service_time),
        }
    }

    fn judge(&self) -> Vec<String> {
        let offered = self.offered_per_s.map_or(self.achieved_per_s, |rate| rate as f64);
        let achieved = self.achieved_per_s / offered;
        let late = self.late_fraction * 100.0;
        let (_, main) = self.main();
        let scarce = main.columns().into_iter().find(|column| !column.is_sound);
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
            (
                scarce.is_some_and(|column| ["p50", "p90", "p99"].contains(&column.name)),
                format!("{} samples are too few for a p99; measure longer", main.count),
            ),
        ];
        doubts.into_iter().filter_map(|(holds, text)| holds.then_some(text)).collect()
    }
}

impl fmt::Display for Summary {
    /// As a person reads it, in microseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offered_per_s, achieved_per_s, sent, lost, gap_repairs, .. } = self;
        let late = self.late_fraction * 100.0;
        let offered = offered_per_s.map_or(String::new(), |rate| format!(" at {rate}/s"));
        writeln!(
            f,
            "orders       {sent} sent{offered}, answered at {achieved_per_s:.0}/s, {lost} lost, \
             {late:.2} % late, {gap_repairs} gap repairs\n"
        )?;
        write!(f, "{:<22}", "µs")?;
        let (main, percentiles) = self.main();
        percentiles.columns().iter().try_for_each(|column| write!(f, "{:>11}", column.name))?;
        writeln!(f)?;
        row(f, main, percentiles)?;
        if self.end_to_end.is_some() {
            row(f, "(service time)", &self.service_time)?;
        }
        for (name, percentiles) in &self.stages {
            row(f, name, percentiles)?;
        }
        match &self.end_to_end {
            Some(_) => writeln!(
                f,
                "\nEnd to end runs from the intended send time to the answer, service time from the \
                 actual\none, stages from the receiver's stamp: percentiles of stages do not add up."
            )?,
            None => writeln!(
                f,
                "\nA closed loop waits when the venue does and so leaves out what others would have \
                 waited:\nservice time is no latency. Stages run from the receiver's stamp; their \
                 percentiles do not\nadd up."
            )?,
        }
        let all = self.stages.values().chain([percentiles, &self.service_time]);
        if all.flat_map(Percentiles::columns).any(|column| !column.is_sound) {
            writeln!(f, "* fewer than 10 samples lie above: mere chance. Measure longer.")?;
        }
        match self.doubts.join("; ") {
            doubts if doubts.is_empty() => Ok(()),
            doubts => writeln!(f, "NOT VALID: {doubts}"),
        }
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, percentiles: &Percentiles) -> fmt::Result {
    write!(f, "{name:<22}")?;
    for Column { value_ns, is_sound, .. } in percentiles.columns() {
        let mark = if is_sound { "" } else { "*" };
        write!(f, "{:>11}", format!("{:.1}{mark}", value_ns as f64 / 1_000.0))?;
    }
    writeln!(f)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Arrivals, Load, Mix, Series, Workload};
    use super::*;
    use crate::environment::{Built, Machine};
    use std::time::Duration;

    pub(in super::super) fn summary(tally: &Tally) -> Summary {
        let environment = Environment {
            machine: Machine::here(),
            built: Built::this(),
            layout: None,
            wait: "yield".into(),
            threads: Vec::new(),
            durability: "write".into(),
        };
        let load = Load::Open { rate_per_s: 1_000, arrivals: Arrivals::Constant, seed: 1 };
        let (duration, warm_up) = (Duration::from_secs(1), Duration::ZERO);
        let workload = Workload { load, duration, warm_up, sessions: 1, mix: Mix::Turnover };
        let workload = WorkloadRecord::new(&workload, "write".into(), "own venue");
        let noise = Noise { jitter: Vec::new(), clock_ns: 20.0, recording_ns: 1.0 };
        Summary::new(workload, tally, Notes::default(), &[], (noise, environment))
    }

    pub(in super::super) fn tally(orders: u64, latency_ns: u64) -> Tally {
        let mut series = Series::new(Duration::from_secs(1));
        let mut service_ns = Histogram::new(3).unwrap();
        for _ in 0..orders {
            series.record(0, latency_ns);
            service_ns.record(latency_ns).unwrap();
        }
        Tally {
            first_ns: 0,
            sent: orders,
            lost: 0,
            late: 10,
            achieved_per_s: 995.0,
            series,
            client_to_receive_ns: service_ns.clone(),
            service_ns,
        }
    }

    #[test]
    fn a_result_says_whether_it_can_be_believed() {
        let (scarce, tally) = (tally(900, 1), || tally(1_000, 20_000));
        let said = summary(&tally()).to_string();
        assert!(summary(&tally()).valid && !said.contains("NOT VALID"), "{said}");
        for (tally, doubt) in [
            (Tally { lost: 1, ..tally() }, "1 orders were not answered"),
            (Tally { late: 11, ..tally() }, "1.1 % of the orders were sent late"),
            (Tally { achieved_per_s: 980.0, ..tally() }, "only 98.0 % of the offered rate"),
            (Tally { sent: 0, ..tally() }, "nothing was sent"),
            (Tally { late: 0, ..scarce }, "900 samples are too few"),
        ] {
            let summary = summary(&tally);
            assert!(!summary.valid);
            assert!(summary.doubts.iter().any(|said| said.contains(doubt)), "{doubt}");
            assert!(summary.to_string().contains("NOT VALID"), "{doubt}");
        }
    }

    #[test]
    fn percentiles_with_few_samples_above_are_marked() {
        let columns = Percentiles::of(&tally(1_000, 20_000).service_ns).columns();
        let sound: Vec<bool> = columns.iter().map(|column| column.is_sound).collect();
        assert_eq!(sound, [true, true, true, false, false, true]);
    }

    #[test]
    fn a_result_is_read_back_as_it_was_written() {
        let summary = summary(&tally(1_000, 20_000));
        let text = serde_json::to_string(&summary).unwrap();
        let read: Summary = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!((read.workload, read.noise), (summary.workload, summary.noise));
    }
}
