//! What came of the runs, and how it is said.
//!
//! A scenario's figure is the median of its runs; the challenge's is that of
//! the worst scenario. A wrong hash in any run makes a scenario's verdict wrong.

use serde::{Serialize, Serializer};
use std::time::Duration;

/// One engine in one scenario.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Rates {
    /// Millions of messages a second: the median of the runs, the worst and the
    /// best.
    pub(crate) m_per_s: f64,
    pub(crate) min_m_per_s: f64,
    pub(crate) max_m_per_s: f64,
    /// Whether all runs made the right reports.
    pub(crate) hash_ok: bool,
}

impl Rates {
    /// Of at least one run.
    pub(crate) fn new(messages: usize, hash_ok: bool, runs: &[Duration]) -> Self {
        let mut rates: Vec<f64> =
            runs.iter().map(|run| messages as f64 / run.as_secs_f64() / 1e6).collect();
        rates.sort_by(f64::total_cmp);
        Self {
            m_per_s: median(&rates),
            min_m_per_s: rates.first().copied().unwrap_or(f64::NAN),
            max_m_per_s: rates.last().copied().unwrap_or(f64::NAN),
            hash_ok,
        }
    }

    fn text(&self) -> String {
        let Self { m_per_s, min_m_per_s, max_m_per_s, hash_ok } = self;
        let verdict = if *hash_ok { "hash ok" } else { "HASH WRONG" };
        format!("{m_per_s:6.2} M messages/s ({min_m_per_s:.2} to {max_m_per_s:.2}) {verdict}")
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

/// What came of a scenario.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    #[serde(skip)]
    pub(crate) scenario: &'static str,
    pub(crate) messages: usize,
    pub(crate) reports: usize,
    /// This house's engine.
    #[serde(flatten)]
    pub(crate) house: Rates,
    pub(crate) peer: Option<Rates>,
}

impl Figures {
    /// One line for a reader.
    pub(crate) fn line(&self) -> String {
        let Self { scenario, messages, reports, house, .. } = self;
        let peer = self.peer.map_or(String::new(), |peer| {
            format!("; peer {}; ratio {:.2}", peer.text(), house.m_per_s / peer.m_per_s)
        });
        format!("{scenario:<12} {}{peer}; {messages} messages, {reports} reports", house.text())
    }
}

/// What came of all scenarios.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    worst_m_per_s: f64,
    worst_scenario: &'static str,
    /// How many scenarios hash to what they must.
    hashes_ok: usize,
    #[serde(serialize_with = "by_name")]
    scenarios: Vec<Figures>,
    peer: Option<String>,
    peer_worst_m_per_s: Option<f64>,
    /// Worst figure to worst figure.
    ratio_to_peer: Option<f64>,
}

impl Summary {
    /// The summary of at least one scenario; none of none.
    pub(crate) fn new(scenarios: Vec<Figures>, peer: Option<String>) -> Option<Self> {
        let by_rate =
            |one: &&Figures, two: &&Figures| one.house.m_per_s.total_cmp(&two.house.m_per_s);
        let worst = scenarios.iter().min_by(by_rate)?;
        let (worst_m_per_s, worst_scenario) = (worst.house.m_per_s, worst.scenario);
        let peer_rates = scenarios.iter().filter_map(|figures| figures.peer);
        let peer_worst_m_per_s = peer_rates.map(|rates| rates.m_per_s).min_by(f64::total_cmp);
        Some(Self {
            worst_m_per_s,
            worst_scenario,
            hashes_ok: scenarios.iter().filter(|figures| figures.house.hash_ok).count(),
            scenarios,
            peer,
            peer_worst_m_per_s,
            ratio_to_peer: peer_worst_m_per_s.map(|peer| worst_m_per_s / peer),
        })
    }

    /// Whether every report of every run of this house was right.
    pub(crate) fn are_all_right(&self) -> bool {
        self.hashes_ok == self.scenarios.len()
    }

    /// The last line for a reader.
    pub(crate) fn line(&self) -> String {
        let peer = match (&self.peer, self.peer_worst_m_per_s, self.ratio_to_peer) {
            (Some(name), Some(worst), Some(ratio)) => {
                format!(", {name} {worst:.2}, ratio {ratio:.2}")
            }
            _ => String::new(),
        };
        format!(
            "worst {:.2} M messages/s ({}), hashes {}/{}{peer}",
            self.worst_m_per_s,
            self.worst_scenario,
            self.hashes_ok,
            self.scenarios.len()
        )
    }
}

/// An object with the scenarios' names as its keys.
fn by_name<S: Serializer>(scenarios: &[Figures], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(scenarios.iter().map(|figures| (figures.scenario, figures)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(scenario: &'static str, hash_ok: bool, seconds: &[u64], peer: u64) -> Figures {
        let runs = |seconds: &[u64]| -> Vec<Duration> {
            seconds.iter().copied().map(Duration::from_secs).collect()
        };
        Figures {
            scenario,
            messages: 4_000_000,
            reports: 5,
            house: Rates::new(4_000_000, hash_ok, &runs(seconds)),
            peer: Some(Rates::new(4_000_000, true, &runs(&[peer]))),
        }
    }

    #[test]
    fn the_worst_median_counts_and_one_wrong_hash_is_wrong() {
        let fast = figures("fast", true, &[1, 4, 2], 8);
        let slow = figures("slow", false, &[4, 4], 4);
        let Rates { m_per_s, min_m_per_s, max_m_per_s, .. } = fast.house;
        assert_eq!((min_m_per_s, m_per_s, max_m_per_s), (1.0, 2.0, 4.0));
        let summary = Summary::new(vec![fast, slow], Some("other".into())).unwrap();
        assert!(!summary.are_all_right());
        let line = "worst 1.00 M messages/s (slow), hashes 1/2, other 0.50, ratio 2.00";
        assert_eq!(summary.line(), line);
        assert!(Summary::new(Vec::new(), None).is_none());
    }

    #[test]
    fn the_object_has_scenarios_by_name_and_null_where_there_is_no_peer() {
        let mut alone = figures("alone", true, &[1], 1);
        alone.peer = None;
        let summary = Summary::new(vec![alone], None).unwrap();
        let object = serde_json::to_value(&summary).unwrap();
        assert_eq!(object["hashes_ok"], 1);
        assert_eq!(object["scenarios"]["alone"]["m_per_s"], 4.0);
        assert_eq!(object["scenarios"]["alone"]["hash_ok"], true);
        for key in ["peer", "peer_worst_m_per_s", "ratio_to_peer"] {
            assert!(object[key].is_null(), "{key}");
        }
    }
}
