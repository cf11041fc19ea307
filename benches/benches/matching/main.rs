//! The matcher alone, beside its peers: one thread, direct calls, commands made
//! before.
//!
//! Four workloads: `a` one book with 10,000 resting orders, `b` one book that is
//! mostly replaced in, `c` 10,000 books with a million resting orders, `r` a
//! recorded flow in 200 books at once. Every engine plays the same flow from the
//! same books, in turn, several times over; a figure is the median of its turns.
//! Before, each flow's proportions are counted, and each engine's fills compared
//! with those of a plain reference book.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench matching
//! cargo bench -p ringmatch-benches --bench matching -- --workload a --repetitions 9
//! ```

mod agreement;
mod latency;
mod proportions;
mod throughput;
mod workload;

use clap::Parser;
use proportions::Proportions;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use throughput::Contest;
use workload::Workload;

/// Compares matching engines on one thread.
#[derive(Parser)]
#[command(name = "matching", max_term_width = 100)]
struct Args {
    /// Plays only these workloads.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["a", "b", "c", "r"])]
    workload: Vec<Workload>,
    /// Lets only these engines play.
    #[arg(long, value_delimiter = ',', default_values = throughput::NAMES, value_parser = throughput::NAMES)]
    engine: Vec<String>,
    /// How often each engine plays each workload.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: u32,
    /// The record that workload r plays.
    #[arg(long, default_value = workload::RECORD)]
    record: PathBuf,
    /// Measures single operations of each workload as well.
    #[arg(long)]
    latency: bool,
    /// What cargo adds; without effect.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match compare(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(args: &Args) -> Result<(), Box<dyn Error>> {
    pin();
    let mut table = Vec::new();
    for &workload in &args.workload {
        let Some(script) = workload.script(&args.record)? else {
            println!("{workload}: NOT PLAYED, there is no record {}", args.record.display());
            continue;
        };
        println!("{workload}: {}", Proportions::of(&script));
        let contest = Contest::new(&script, &args.engine);
        for (name, verdict) in contest.agreements() {
            println!("{workload}: {name}: {verdict}");
        }
        let figures = contest.play(args.repetitions);
        table.push((workload, figures));
        if args.latency {
            latency::print(workload, &contest);
        }
    }
    throughput::print(&table);
    Ok(())
}

/// Stays on one core, if the system lets it.
fn pin() {
    let last = core_affinity::get_core_ids().and_then(|cores| cores.last().copied());
    if !last.is_some_and(core_affinity::set_for_current) {
        println!("not pinned to a core: the figures will scatter");
    }
}
