//! How long single operations take.
//!
//! Each command is timed by itself, the clock's own cost included; that cost is
//! shown beside it, and so is what an idle loop on the same core sees: gaps that
//! no engine makes.

use crate::throughput::Contest;
use crate::workload::Workload;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long the idle loop looks.
const IDLE: Duration = Duration::from_secs(1);

/// Times every operation of a flow once with each engine, and prints it.
pub(crate) fn print(workload: Workload, contest: &Contest) {
    println!("\n{workload}: ns of one operation, clock included");
    println!("{:<28}{:>8}{:>8}{:>8}{:>10}", "", "p50", "p99", "p99.9", "max");
    let mut histograms: BTreeMap<&str, Histogram<u64>> = BTreeMap::new();
    contest.time_each(|name, took| note(histograms.entry(name).or_insert_with(empty), took));
    for (name, histogram) in &histograms {
        line(name, histogram);
    }
    line("the clock, in an idle loop", &idle());
}

/// Three digits, as high as needed.
fn empty() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are allowed")
}

fn note(histogram: &mut Histogram<u64>, took: Duration) {
    histogram.record(took.as_nanos() as u64).expect("the histogram grows");
}

fn idle() -> Histogram<u64> {
    let mut histogram = empty();
    let start = Instant::now();
    while start.elapsed() < IDLE {
        let before = Instant::now();
        note(&mut histogram, before.elapsed());
    }
    histogram
}

fn line(name: &str, histogram: &Histogram<u64>) {
    let at = |quantile| histogram.value_at_quantile(quantile);
    let (p50, p99, p999) = (at(0.5), at(0.99), at(0.999));
    println!("{name:<28}{p50:>8}{p99:>8}{p999:>8}{:>10}", histogram.max());
}
