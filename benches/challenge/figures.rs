//! What came of the runs, and how it is said.
//!
//! A scenario's figure is the median of its runs; the challenge's is that of
//! the worst scenario. A wrong hash in any run makes a scenario's verdict wrong.

use serde::Serialize;
use std::time::Duration;

/// What came of a scenario.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) scenario: &'static str,
    pub(crate) messages: usize,
    pub(crate) reports: usize,
    /// Whether all runs made the right reports.
    pub(crate) hash_ok: bool,
    /// Millions of messages a second: the median of the runs, the worst and the
    /// best.
    pub(crate) median_m_per_s: f64,
    pub(crate) min_m_per_s: f64,
    pub(crate) max_m_per_s: f64,
}

impl Figures {
    /// The figures of at least one run.
    pub(crate) fn new(
        scenario: &'static str,
        messages: usize,
        reports: usize,
        hash_ok: bool,
        runs: &[Duration],
    ) -> Self {
        let mut rates: Vec<f64> =
            runs.iter().map(|run| messages as f64 / run.as_secs_f64() / 1e6).collect();
        rates.sort_by(f64::total_cmp);
        Self {
            scenario,
            messages,
            reports,
            hash_ok,
            median_m_per_s: median(&rates),
            min_m_per_s: rates.first().copied().unwrap_or(f64::NAN),
            max_m_per_s: rates.last().copied().unwrap_or(f64::NAN),
        }
    }

    /// One line for a reader.
    pub(crate) fn line(&self) -> String {
        let Self { scenario, median_m_per_s, min_m_per_s, max_m_per_s, .. } = self;
        let verdict = if self.hash_ok { "hash ok" } else { "HASH WRONG" };
        format!(
            "{scenario:<12} {verdict}  {median_m_per_s:6.2} M messages/s \
             ({min_m_per_s:.2} to {max_m_per_s:.2}), {} messages, {} reports",
            self.messages, self.reports
        )
    }
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// What came of all scenarios.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    worst_m_per_s: f64,
    worst_scenario: &'static str,
    hashes_ok: bool,
    scenarios: Vec<Figures>,
}

impl Summary {
    /// The summary of at least one scenario; none of none.
    pub(crate) fn new(scenarios: Vec<Figures>) -> Option<Self> {
        let worst = scenarios
            .iter()
            .min_by(|one, two| one.median_m_per_s.total_cmp(&two.median_m_per_s))?;
        Some(Self {
            worst_m_per_s: worst.median_m_per_s,
            worst_scenario: worst.scenario,
            hashes_ok: scenarios.iter().all(|figures| figures.hash_ok),
            scenarios,
        })
    }

    /// Whether every report of every run was right.
    pub(crate) fn hashes_ok(&self) -> bool {
        self.hashes_ok
    }

    /// The last line for a reader.
    pub(crate) fn line(&self) -> String {
        let right = self.scenarios.iter().filter(|figures| figures.hash_ok).count();
        format!(
            "worst {:.2} M messages/s ({}), hashes {right}/{}",
            self.worst_m_per_s,
            self.worst_scenario,
            self.scenarios.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_median_counts_and_one_wrong_hash_is_wrong() {
        let seconds = |runs: [u64; 3]| runs.map(Duration::from_secs);
        let fast = Figures::new("fast", 4_000_000, 5, true, &seconds([1, 4, 2]));
        let slow = Figures::new("slow", 2_000_000, 5, false, &seconds([2, 2, 1])[..2]);
        assert_eq!((fast.min_m_per_s, fast.median_m_per_s, fast.max_m_per_s), (1.0, 2.0, 4.0));
        let summary = Summary::new(vec![fast, slow]).unwrap();
        assert!(!summary.hashes_ok());
        assert_eq!(summary.line(), "worst 1.00 M messages/s (slow), hashes 1/2");
        assert!(Summary::new(Vec::new()).is_none());
    }
}
