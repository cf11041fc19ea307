//! `ringmatch latency diff`: two measurements, or two sets of them, compared.

use super::super::Outcome;
use crate::latency::{Comparison, Difference, FailIf, Side, Spread};
use clap::Parser;
use serde_json::json;
use std::path::PathBuf;

/// Compare measurements of the same workload, with their spread over repeated runs
#[derive(Parser)]
pub(super) struct DiffArgs {
    /// Before: what `run --out` wrote, once or with --repeat
    a: PathBuf,
    /// After
    b: PathBuf,
    /// Exit with 1 if this holds, such as 'p99>+10%'; can be given several times
    #[arg(long, value_name = "CONDITION")]
    fail_if: Vec<FailIf>,
    /// Print one JSON line as the last one
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DiffArgs) -> Outcome {
    let comparison = Comparison::of(&Side::read(&args.a)?, &Side::read(&args.b)?)?;
    let failures: Vec<String> =
        args.fail_if.iter().filter_map(|condition| condition.verdict(&comparison)).collect();
    println!("{}", comparison.workload);
    let (a, b) = comparison.runs;
    println!("{}, µs: median (lowest to highest); {a} runs of A, {b} of B\n", comparison.of);
    println!("{:<8}{:>30}{:>30}{:>10}", "", "A", "B", "change");
    for difference in &comparison.differences {
        println!("{}", line(difference));
    }
    println!();
    if comparison.differences.iter().any(|difference| !difference.is_sound) {
        println!("* fewer than 10 samples lie above in some run: mere chance.");
    }
    for warning in &comparison.warnings {
        println!("warning: {warning}");
    }
    for failure in &failures {
        println!("FAILED {failure}");
    }
    if args.json {
        println!("{}", json!({ "comparison": comparison, "failures": failures }));
    }
    Ok(failures.is_empty())
}

fn line(difference: &Difference) -> String {
    let Difference { name, a, b, change_percent, is_apart, is_sound } = difference;
    let us = |ns: u64| ns as f64 / 1_000.0;
    let side = |Spread { median_ns, min_ns, max_ns }: &Spread| {
        format!("{:.1} ({:.1} to {:.1})", us(*median_ns), us(*min_ns), us(*max_ns))
    };
    let name = format!("{name}{}", if *is_sound { "" } else { "*" });
    let apart = if *is_apart { "" } else { "  ranges overlap" };
    format!("{name:<8}{:>30}{:>30}{change_percent:>+8.1} %{apart}", side(a), side(b))
}
