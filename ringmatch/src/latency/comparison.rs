//! Two sides of a comparison: the same workload, measured before and after.
//!
//! Each side is one measurement or several of the same. Of each percentile the
//! medians are compared, and the ranges over the runs say whether a difference
//! is more than what runs differ among themselves. Different workloads are not
//! compared at all; different machines or builds are, with a warning.

use super::{Percentiles, SUMMARY, Summary, read_summary};
use serde::Serialize;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Measurements of one side.
#[derive(Clone, Debug)]
pub struct Side(Vec<Summary>);

impl Side {
    /// Reads a `latency.json`, a directory with one, or a directory of such
    /// directories, as `run --repeat` writes them.
    ///
    /// # Errors
    /// When there is none, or they are not of one workload.
    pub fn read(path: &Path) -> Result<Self, String> {
        let runs = if path.is_file() {
            vec![read_summary(path)?]
        } else if path.join(SUMMARY).is_file() {
            vec![read_summary(&path.join(SUMMARY))?]
        } else {
            read_several(path)?
        };
        Self::new(runs).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Measurements of one workload.
    ///
    /// # Errors
    /// When there is none, or their workloads differ.
    pub fn new(runs: Vec<Summary>) -> Result<Self, String> {
        let Some(first) = runs.first() else {
            return Err(format!("there is no {SUMMARY} here, nor in a directory in here"));
        };
        match runs.iter().find(|run| run.workload != first.workload) {
            None => Ok(Self(runs)),
            Some(other) => Err(format!(
                "these are of two workloads:\n  {}\n  {}",
                first.workload, other.workload
            )),
        }
    }

    fn first(&self) -> &Summary {
        &self.0[0]
    }

    /// How often it was measured.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.0.len()
    }

    /// Values of one percentile over the runs, sorted, and whether all have
    /// enough samples.
    fn values(&self, column: usize) -> (Vec<u64>, bool) {
        let of = |summary: &Summary| Percentiles::columns(summary.main().1)[column];
        let columns: Vec<_> = self.0.iter().map(of).collect();
        let mut values: Vec<u64> = columns.iter().map(|column| column.value_ns).collect();
        values.sort_unstable();
        (values, columns.iter().all(|column| column.is_sound))
    }

    fn invalid(&self) -> usize {
        self.0.iter().filter(|run| !run.valid).count()
    }
}

fn read_several(path: &Path) -> Result<Vec<Summary>, String> {
    let failed = |error| format!("{} cannot be read: {error}", path.display());
    let mut inner = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path().join(SUMMARY);
        if file.is_file() {
            inner.push(file);
        }
    }
    inner.sort();
    inner.iter().map(|file| read_summary(file)).collect()
}

/// Median and range over the runs of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// The middle one; of an even number the higher of the two.
    pub median_ns: u64,
    /// The lowest.
    pub min_ns: u64,
    /// The highest.
    pub max_ns: u64,
}

/// One percentile on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// `p50` to `p99.99`, or `max`.
    pub name: &'static str,
    /// Before.
    pub a: Spread,
    /// After.
    pub b: Spread,
    /// From the median before to the median after.
    pub change_percent: f64,
    /// Whether no run of one side lies in the range of the other. With few
    /// runs a side that is easily chance.
    pub is_apart: bool,
    /// Whether there are enough samples above it in every run.
    pub is_sound: bool,
}

/// Two sides, compared.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The workload of both.
    pub workload: super::WorkloadRecord,
    /// What is compared: `end to end`, or `service time` of a closed loop.
    pub of: &'static str,
    /// How often each side was measured.
    pub runs: (usize, usize),
    /// Each percentile.
    pub differences: Vec<Difference>,
    /// What keeps the comparison from meaning what it seems to.
    pub warnings: Vec<String>,
    /// Runs on either side that are not valid.
    pub invalid: usize,
}

impl Comparison {
    /// Compares.
    ///
    /// # Errors
    /// When the workloads differ.
    pub fn of(a: &Side, b: &Side) -> Result<Self, String> {
        let (before, after) = (a.first(), b.first());
        if before.workload != after.workload {
            return Err(format!(
                "the workloads differ, so there is nothing to compare:\n  A: {}\n  B: {}",
                before.workload, after.workload
            ));
        }
        let (of, percentiles) = before.main();
        let names = percentiles.columns().map(|column| column.name);
        let differences = names.into_iter().enumerate();
        Ok(Self {
            workload: before.workload.clone(),
            of,
            runs: (a.runs(), b.runs()),
            differences: differences.map(|(column, name)| difference(name, column, a, b)).collect(),
            warnings: warnings(a, b),
            invalid: a.invalid() + b.invalid(),
        })
    }
}

fn difference(name: &'static str, column: usize, a: &Side, b: &Side) -> Difference {
    let ((a, a_is_sound), (b, b_is_sound)) = (a.values(column), b.values(column));
    let spread = |values: &[u64]| Spread {
        median_ns: values[values.len() / 2],
        min_ns: values[0],
        max_ns: values[values.len() - 1],
    };
    let (a, b) = (spread(&a), spread(&b));
    let change = b.median_ns as f64 / a.median_ns.max(1) as f64 - 1.0;
    let is_apart = a.max_ns < b.min_ns || b.max_ns < a.min_ns;
    let is_sound = a_is_sound && b_is_sound;
    Difference { name, a, b, change_percent: change * 100.0, is_apart, is_sound }
}

fn warnings(a: &Side, b: &Side) -> Vec<String> {
    let all = || a.0.iter().chain(&b.0).map(|run| &run.environment);
    let first = &a.first().environment;
    let mut warnings = Vec::new();
    let mut warn = |holds: bool, text: String| {
        if holds {
            warnings.push(text);
        }
    };
    let differs = |what: &str| format!("not all runs are of one {what}; see `environment` in each");
    warn(all().any(|other| other.machine != first.machine), differs("machine"));
    warn(all().any(|other| other.built != first.built), differs("build"));
    let runs_alike = all().all(|other| {
        (&other.layout, &other.wait, &other.threads) == (&first.layout, &first.wait, &first.threads)
    });
    warn(!runs_alike, differs("layout of threads"));
    let few = a.runs().min(b.runs());
    warn(
        few < 3,
        format!(
            "{few} run on a side has no spread to tell a change from chance: measure each side several times"
        ),
    );
    warn(
        all().any(|other| other.built.build == "debug"),
        "debug builds: figures mean nothing".into(),
    );
    for (name, side) in [("A", a), ("B", b)] {
        let (invalid, runs) = (side.invalid(), side.runs());
        warn(invalid > 0, format!("{invalid} of {runs} runs of {name} are NOT VALID"));
    }
    warnings
}

/// What a change must not be, such as `p99>+10%`.
#[derive(Clone, Debug, PartialEq)]
pub struct FailIf {
    name: String,
    is_above: bool,
    percent: f64,
}

impl FromStr for FailIf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no condition: use a percentile, > or <, and a change, as in \
                 'p99>+10%'; percentiles are p50, p90, p99, p99.9, p99.99 and max"
            )
        };
        let at = text.find(['<', '>']).ok_or_else(wrong)?;
        let (name, rest) = text.split_at(at);
        let percent = rest[1..].strip_suffix('%').ok_or_else(wrong)?;
        let percent: f64 = percent.parse().map_err(|_| wrong())?;
        let known = ["p50", "p90", "p99", "p99.9", "p99.99", "max"].contains(&name);
        if !known || !percent.is_finite() {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), is_above: rest.starts_with('>'), percent })
    }
}

impl fmt::Display for FailIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, is_above, percent } = self;
        write!(f, "{name}{}{percent:+}%", if *is_above { '>' } else { '<' })
    }
}

impl FailIf {
    /// Why a comparison does not pass, if it does not. What cannot be believed
    /// does not pass either.
    #[must_use]
    pub fn verdict(&self, comparison: &Comparison) -> Option<String> {
        let mut differences = comparison.differences.iter();
        let Some(found) = differences.find(|one| one.name == self.name) else {
            return Some(format!("{self}: {} was not measured", self.name));
        };
        let change = found.change_percent;
        if comparison.invalid > 0 {
            return Some(format!("{self}: {} runs are NOT VALID", comparison.invalid));
        }
        if !found.is_sound {
            return Some(format!("{self}: too few samples lie above {}", self.name));
        }
        let fails = if self.is_above { change > self.percent } else { change < self.percent };
        fails.then(|| format!("{self}: the change is {change:+.1} %"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::{summary, tally};
    use super::*;

    fn side(values_us: &[u64]) -> Side {
        let run = |us: &u64| summary(&tally(10_000, us * 1_000));
        Side::new(values_us.iter().map(run).collect()).unwrap()
    }

    #[test]
    fn medians_and_ranges_over_the_runs_are_compared() {
        let comparison = Comparison::of(&side(&[90, 100, 130]), &side(&[140, 150, 160])).unwrap();
        let p99 = comparison.differences[2];
        assert_eq!((p99.name, p99.is_apart, p99.is_sound), ("p99", true, true));
        // Three digits: a microsecond is not exact at a hundred of them.
        assert!((p99.change_percent - 50.0).abs() < 0.1, "{p99:?}");
        assert_eq!((p99.a.min_ns / 1_000, p99.a.max_ns / 1_000), (90, 130));
        let overlapping = Comparison::of(&side(&[90, 150]), &side(&[140, 160])).unwrap();
        assert!(!overlapping.differences[2].is_apart);
        assert!(overlapping.warnings.iter().any(|said| said.contains("no spread")));
    }

    #[test]
    fn different_workloads_are_refused_and_different_machines_are_warned_of() {
        let mut other = summary(&tally(10_000, 1_000));
        other.workload.rate_per_s = Some(7);
        let refused = Comparison::of(&side(&[1]), &Side::new(vec![other.clone()]).unwrap());
        assert!(refused.unwrap_err().contains("7 orders/s"));
        assert!(Side::new(vec![other, summary(&tally(1, 1))]).is_err());
        let mut moved = summary(&tally(10_000, 1_000));
        moved.environment.machine.cpu = "another".into();
        moved.environment.built.commit = Some("another".into());
        let comparison = Comparison::of(&side(&[1]), &Side::new(vec![moved]).unwrap()).unwrap();
        for what in ["one machine", "one build"] {
            assert!(comparison.warnings.iter().any(|said| said.contains(what)), "{what}");
        }
    }

    #[test]
    fn conditions_fail_what_is_worse_and_what_cannot_be_believed() {
        let compare = |a: &[u64], b: &[u64]| Comparison::of(&side(a), &side(b)).unwrap();
        let fails = |text: &str, comparison: &Comparison| {
            text.parse::<FailIf>().unwrap().verdict(comparison).is_some()
        };
        let worse = compare(&[100], &[112]);
        assert!(fails("p99>+10%", &worse) && fails("p50>10%", &worse) && fails("max>0%", &worse));
        assert!(!fails("p99>+15%", &worse) && !fails("p99<-5%", &worse));
        assert!(fails("p99<-5%", &compare(&[100], &[90])));
        assert!(fails("p99.99>+900%", &worse), "10,000 samples have one above p99.99");
        let mut doubtful = compare(&[100], &[100]);
        assert!(!fails("p99>+10%", &doubtful));
        doubtful.invalid = 1;
        assert!(fails("p99>+10%", &doubtful));
        for wrong in ["", "p99", "p99>10", "p98>+1%", "p99>+x%", "p99=1%", "p99>inf%"] {
            assert!(wrong.parse::<FailIf>().is_err(), "{wrong}");
        }
    }
}
