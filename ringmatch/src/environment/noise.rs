//! The noise floor: what no measurement on this machine can be quieter than.
//!
//! A loop that does nothing but read the clock finds out when the machine did
//! something else (interrupts, other threads, the host): every two readings
//! more than a microsecond apart are a gap. Beside that stands what the clock
//! itself and the noting of a time cost, because both are in every latency.

use crate::pipeline::{TimedFrom, Timing};
use crate::threads::{self, Pinned};
use hdrhistogram::Histogram;
use ringmatch_engine::Nanos;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Readings of the clock that are further apart have a gap between them.
const GAP_NS: u64 = 1_000;
/// The longest gap that is told apart: a minute.
const LONGEST_NS: u64 = 60_000_000_000;
/// How often a cost is measured; the cheapest round is the least disturbed.
const ROUNDS: u32 = 5;
const READINGS: u32 = 20_000;

/// What an idle loop lost on one CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jitter {
    /// The CPU; `None` where the thread was not pinned.
    pub cpu: Option<usize>,
    /// Gaps of more than a microsecond, in a second.
    pub gaps_per_s: f64,
    /// The part of the time that was in gaps.
    pub lost_fraction: f64,
    /// Half of the gaps are at most this.
    pub p50_ns: u64,
    /// 99 % of the gaps are.
    pub p99_ns: u64,
    /// The longest gap.
    pub max_ns: u64,
}

/// The noise floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// The machine's own jitter, on each CPU that was looked at.
    pub jitter: Vec<Jitter>,
    /// One reading of the clock.
    pub clock_ns: f64,
    /// Noting one time in a stage's timing.
    pub recording_ns: f64,
}

impl Noise {
    /// Measures on these CPUs, one after the other, for `duration` each; with
    /// none, wherever the system lets the thread run.
    #[must_use]
    pub fn measure(cpus: &[usize], duration: Duration) -> Self {
        let mut cpus: Vec<Option<usize>> = cpus.iter().copied().map(Some).collect();
        cpus.sort_unstable();
        cpus.dedup();
        if cpus.is_empty() {
            cpus.push(None);
        }
        Self {
            jitter: cpus.into_iter().map(|cpu| Jitter::measure(cpu, duration)).collect(),
            clock_ns: cheapest(|| {
                black_box(Instant::now());
            }),
            recording_ns: recording_ns(),
        }
    }
}

impl Jitter {
    /// Measures in a thread of its own, so that the caller stays unpinned.
    fn measure(cpu: Option<usize>, duration: Duration) -> Self {
        let idle = move || {
            let pinned = cpu.map_or(Pinned::No, threads::pin);
            let cpu = if let Pinned::To(cpu) = pinned { Some(cpu) } else { None };
            Self::idle(cpu, duration)
        };
        let thread = std::thread::spawn(idle);
        thread.join().expect("an idle loop does not panic")
    }

    fn idle(cpu: Option<usize>, duration: Duration) -> Self {
        let mut gaps = Histogram::<u64>::new_with_max(LONGEST_NS, 3).expect("the bounds are sound");
        let mut lost_ns = 0;
        let start = Instant::now();
        let mut last = start;
        while last - start < duration {
            let now = Instant::now();
            let gap_ns = u64::try_from((now - last).as_nanos()).unwrap_or(u64::MAX);
            if gap_ns > GAP_NS {
                gaps.saturating_record(gap_ns);
                lost_ns += gap_ns;
            }
            last = now;
        }
        let seconds = (last - start).as_secs_f64().max(1e-9);
        Self {
            cpu,
            gaps_per_s: gaps.len() as f64 / seconds,
            lost_fraction: lost_ns as f64 / 1e9 / seconds,
            p50_ns: gaps.value_at_quantile(0.5),
            p99_ns: gaps.value_at_quantile(0.99),
            max_ns: gaps.max(),
        }
    }
}

/// Nanoseconds of one call, in the cheapest of several rounds.
fn cheapest(mut call: impl FnMut()) -> f64 {
    let mut cheapest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        (0..READINGS).for_each(|_| call());
        cheapest = cheapest.min(start.elapsed().as_nanos() as f64 / f64::from(READINGS));
    }
    cheapest
}

fn recording_ns() -> f64 {
    let (mut timing, _times) = Timing::new("noise", TimedFrom::default());
    let mut time = 0;
    let cost = cheapest(|| {
        // Near one another, as the times of a steady load are.
        time = (time + 37) % 4_096;
        timing.record(Nanos(0), Nanos(8_000 + time));
    });
    black_box(timing);
    cost
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for jitter in &self.jitter {
            let Jitter { cpu, gaps_per_s, lost_fraction, p50_ns, p99_ns, max_ns } = jitter;
            let cpu = cpu.map_or("unpinned".to_owned(), |cpu| format!("CPU {cpu}"));
            let us = |ns: &u64| *ns as f64 / 1_000.0;
            writeln!(
                f,
                "noise floor, {cpu}: {gaps_per_s:.0} gaps over 1 µs a second, {:.2} % of the time; \
                 p50 {:.1} p99 {:.1} max {:.1} µs",
                lost_fraction * 100.0,
                us(p50_ns),
                us(p99_ns),
                us(max_ns),
            )?;
        }
        let Self { clock_ns, recording_ns, .. } = self;
        write!(f, "the clock costs {clock_ns:.1} ns a reading, noting a time {recording_ns:.1} ns")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_loop_finds_its_own_gaps_and_costs() {
        let last = *threads::Cpus::usable().allowed().last().unwrap();
        let noise = Noise::measure(&[last, last], Duration::from_millis(20));
        assert_eq!(noise.jitter.len(), 1, "each CPU once");
        assert_eq!(noise.jitter[0].cpu, Some(last));
        let Jitter { lost_fraction, gaps_per_s, p50_ns, max_ns, .. } = noise.jitter[0];
        assert!((0.0..=1.0).contains(&lost_fraction), "{noise}");
        assert!(gaps_per_s == 0.0 || (GAP_NS < p50_ns && p50_ns <= max_ns), "{noise}");
        assert!(noise.clock_ns > 0.0 && noise.clock_ns < 100_000.0, "{noise}");
        assert!(noise.recording_ns > 0.0 && noise.recording_ns < 100_000.0, "{noise}");
        assert_eq!(Noise::measure(&[], Duration::ZERO).jitter[0].cpu, None);
    }
}
