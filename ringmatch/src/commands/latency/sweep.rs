//! `ringmatch latency sweep`: the same workload at rising rates.

use super::super::Outcome;
use super::run::Asked;
use crate::latency::plot::{svg, terminal};
use crate::latency::{Sweep, measure, write_file};
use clap::Parser;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Measure at rising rates: where latency starts to climb, and by how much
#[derive(Parser)]
pub(super) struct SweepArgs {
    /// Orders a second, rising, such as 1000,2000,5000
    #[arg(long, value_name = "RATES", value_delimiter = ',', required = true,
          value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rates: Vec<u64>,
    #[command(flatten)]
    asked: Asked,
    /// Write sweep.csv, sweep.svg, and each rate's files there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON line as the last one
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &SweepArgs) -> Outcome {
    if !args.rates.is_sorted_by(|one, next| one < next) {
        return Err("--rates must rise: the knee is where latency starts to climb".into());
    }
    let stop = super::stopped_by_signals()?;
    let mut sweep = Sweep::default();
    println!(
        "{:>12}{:>14}{:>11}{:>11}{:>11}{:>11}  µs",
        "offered/s", "achieved/s", "p50", "p99", "p99.9", "max"
    );
    for &rate in &args.rates {
        let plan = args.asked.plan(args.asked.open(rate))?;
        let measured = measure(&plan, &stop, |said| eprintln!("{said}"))?;
        if let Some(out) = &args.out {
            measured.write(&out.join(format!("rate-{rate}")))?;
        }
        sweep.push(rate, &measured.summary);
        if let Some(point) = sweep.points.last() {
            let [p50, p99, p999, max] = point.latencies_ns.map(|ns| ns as f64 / 1_000.0);
            let achieved = point.achieved_per_s;
            print!("{rate:>12}{achieved:>14.0}{p50:>11.1}{p99:>11.1}{p999:>11.1}{max:>11.1}");
            let doubts = point.doubts.join("; ");
            println!(
                "{}",
                if point.valid { String::new() } else { format!("  NOT VALID: {doubts}") }
            );
        }
    }
    let chart = sweep.chart();
    println!("\n{}", terminal(&chart));
    match sweep.knee() {
        Some(knee) => println!("knee         {}/s", knee.rate_per_s),
        None => println!("knee         not among these rates"),
    }
    if let Some(out) = &args.out {
        write_file(&out.join("sweep.csv"), |file| sweep.write_csv(file))?;
        write_file(&out.join("sweep.svg"), |file| file.write_all(svg(&chart).as_bytes()))?;
        println!("files        {}", out.display());
    }
    if args.json {
        let knee = sweep.knee().map(|knee| knee.rate_per_s);
        println!("{}", json!({ "points": sweep.points, "knee_per_s": knee }));
    }
    Ok(sweep.points.iter().any(|point| point.valid))
}
