//! `ringmatch latency`: how long answers take, measured as a client sees it.
//!
//! It starts a venue of its own, loads it at a constant rate over real sockets,
//! and prints percentiles from the intended send time to the answer. Exit code
//! 0 says that the figures are those of the load that was asked for.

use super::Outcome;
use crate::config::Config;
use crate::latency::{Environment, Generator, Percentiles, Site, Summary, Tally, write_files};
use crate::pipeline::{Counter, Timing};
use crate::threads::{self, Layout, Pinned};
use clap::Parser;
use ringmatch_journal::Durability;
use ringmatch_ring::WaitStrategy;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Measure how long answers to orders take, on a venue of its own
#[derive(Parser)]
pub(super) struct Args {
    /// Orders a second, at constant intervals
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rate: u64,
    /// Seconds to measure
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    duration: f64,
    /// Seconds of the same load before that, which do not count
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    warmup: f64,
    /// When a result may leave: fsync, write or interval:MS
    #[arg(long, value_name = "POLICY", default_value = "fsync")]
    durability: Durability,
    /// Which stages share a thread: dedicated, shared-network, shared or auto
    #[arg(long, default_value = "auto")]
    layout: Layout,
    /// How the venue's idle threads wait: spin, yield or backoff
    #[arg(long, value_name = "STRATEGY", default_value = "yield")]
    wait: WaitStrategy,
    /// CPU numbers for the venue's threads, such as 0,1
    #[arg(long, value_name = "CPUS", value_delimiter = ',')]
    pin: Vec<usize>,
    /// CPU number for the client's thread
    #[arg(long, value_name = "CPU")]
    pin_client: Option<usize>,
    /// The journal is in a new directory in here, gone afterwards; choose a disk
    #[arg(long, value_name = "DIR", default_value = ".")]
    data_dir: PathBuf,
    /// Write latency.json, end_to_end.hgrm (µs) and latency.hlog (ns) there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON line as the last one
    #[arg(long)]
    json: bool,
}

/// A number of seconds that a measurement can take.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is no number of seconds"))?;
    let a_day = 86_400.0;
    if (0.0..=a_day).contains(&seconds) { Ok(seconds) } else { Err("use 0 to 86400".into()) }
}

/// All that a measurement gave.
struct Measured {
    summary: Summary,
    tally: Tally,
    timings: Vec<Timing>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        // A second signal ends the process at once.
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let measured = measure(args, &stop)?;
    let Measured { summary, tally, timings } = &measured;
    print!("{}", table(summary));
    if let Some(directory) = &args.out {
        let duration = Duration::from_secs_f64(args.duration);
        write_files(directory, summary, &tally.latency_ns, timings, duration)?;
        println!("files        {}", directory.display());
    }
    if args.json {
        println!("{}", serde_json::to_string(summary)?);
    }
    Ok(summary.valid)
}

fn measure(args: &Args, stop: &AtomicBool) -> Result<Measured, Box<dyn Error>> {
    let mut config = Config::load(None)?;
    config.journal.durability = args.durability;
    config.threads.layout = args.layout;
    config.threads.wait = args.wait;
    config.threads.pin.clone_from(&args.pin);
    let site = Site::start(config.clone(), &args.data_dir)?;
    let pinned = args.pin_client.map_or(Pinned::No, threads::pin);
    let environment = Environment::of(site.venue(), &config, pinned);
    eprintln!("{environment}");
    eprintln!("journal in {} for as long as this takes", site.directory().display());
    if environment.build == "debug" {
        eprintln!("warning: this is a debug build; its figures mean nothing");
    }
    let (warm_up, duration) =
        (Duration::from_secs_f64(args.warmup), Duration::from_secs_f64(args.duration));
    let mut generator = Generator::new(site.connect()?, site.flow()?, stop);
    let recorder =
        generator.run(args.rate, warm_up, duration, args.wait, || site.venue().restart_timing());
    let counters = site.venue().counters().clone();
    let timings = site.stop()?.timings;
    let tally = recorder?.finish();
    let repairs = generator.repairs() + counters.get(Counter::GapRequests);
    let notes = (generator.rejected(), repairs);
    let summary = Summary::new(args.rate, &tally, notes, &timings, environment);
    Ok(Measured { summary, tally, timings })
}

/// The result as a person reads it, in microseconds.
fn table(summary: &Summary) -> String {
    let Summary { offered_per_s, achieved_per_s, sent, lost, gap_repairs, .. } = summary;
    let late = summary.late_fraction * 100.0;
    let mut text = format!(
        "orders       {sent} sent at {offered_per_s}/s, answered at {achieved_per_s:.0}/s, \
         {lost} lost, {late:.2} % late, {gap_repairs} gap repairs\n\n{:<22}",
        "µs"
    );
    for (name, ..) in summary.end_to_end.columns() {
        text += &format!("{name:>11}");
    }
    text += "\n";
    text += &row("end to end", &summary.end_to_end);
    for (name, percentiles) in &summary.stages {
        text += &row(name, percentiles);
    }
    text += "\nEnd to end runs from the intended send time to the answer, stages from the \
             receiver's\nstamp: percentiles of stages do not add up.\n";
    if text.contains('*') {
        text += "* fewer than 10 samples lie above: mere chance. Measure longer.\n";
    }
    match summary.doubts.join("; ") {
        doubts if doubts.is_empty() => {}
        doubts => text += &format!("NOT VALID: {doubts}\n"),
    }
    text
}

fn row(name: &str, percentiles: &Percentiles) -> String {
    let mut row = format!("{name:<22}");
    for (_, value_ns, enough) in percentiles.columns() {
        let mark = if enough { "" } else { "*" };
        row += &format!("{:>11}", format!("{:.1}{mark}", value_ns as f64 / 1_000.0));
    }
    row + "\n"
}
