//! `ringmatch doctor`: what of this machine stands in the way of the engine.
//!
//! Exit code 1 when an engine could not work, or, with `--strict`, when
//! anything is worth a warning: a start-up script can then stop before the
//! engine starts.

use super::Outcome;
use crate::config::Config;
use crate::environment::{Built, Finding, Level, Machine, check_up};
use clap::Parser;
use serde_json::json;
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Check this machine for an engine: network, disk, CPUs, clock, memory
#[derive(Parser)]
pub(super) struct Args {
    /// The engine's config file; without one, the default venue on loopback
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Override the config: the interface of multicast, by its address
    #[arg(long, value_name = "ADDRESS")]
    interface: Option<Ipv4Addr>,
    /// Where the journal is to be
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// Exit with 1 on a warning, not only on a failure
    #[arg(long)]
    strict: bool,
    /// Print one JSON line as the last one
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut config = Config::load(args.config.as_deref())?;
    config.network.interface = args.interface.unwrap_or(config.network.interface);
    let findings = check_up(&config, &args.data_dir);
    let (machine, built) = (Machine::here(), Built::this());
    eprintln!("{machine}\n{built}\n");
    findings.iter().for_each(print);
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (failures, warnings) = (count(Level::Failure), count(Level::Warning));
    let (notes, good) = (count(Level::Note), count(Level::Ok));
    println!("\n{good} ok, {notes} notes, {warnings} warnings, {failures} failures");
    if args.json {
        let line = json!({
            "findings": findings, "ok": good, "notes": notes, "warnings": warnings,
            "failures": failures, "machine": machine, "build": built,
        });
        println!("{line}");
    }
    Ok(failures == 0 && !(args.strict && warnings > 0))
}

fn print(finding: &Finding) {
    let Finding { check, level, found, costs, fix } = finding;
    println!("{:<9}{check:<17}{found}", level.name());
    for (name, text) in [("costs", costs), ("fix", fix)] {
        if let Some(text) = text {
            println!("{:<9}{:<17}{name}: {text}", "", "");
        }
    }
}
