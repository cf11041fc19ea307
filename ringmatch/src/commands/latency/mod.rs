//! `ringmatch latency`: how long answers take, measured as a client sees it.
//!
//! One file a subcommand; without one it is `run`. Exit code 0 of `run`
//! says that the figures are those of the load that was asked for, of `sweep`
//! that those of some rate are, of `table` that those of all are, and of `diff` that no condition failed.

mod diff;
mod plot;
mod run;
mod sweep;
mod table;

use super::Outcome;
use clap::{Parser, Subcommand};
use diff::DiffArgs;
use plot::PlotArgs;
use run::RunArgs;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use sweep::SweepArgs;
use table::TableArgs;

/// Measure how long answers to orders take; compare and draw what was measured
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Without a subcommand: `run`
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Subcommand)]
enum Command {
    Run(RunArgs),
    Sweep(SweepArgs),
    Diff(DiffArgs),
    Plot(PlotArgs),
    Table(TableArgs),
}

pub(super) fn run(args: &Args) -> Outcome {
    match &args.command {
        None => run::run(&args.run),
        Some(Command::Run(args)) => run::run(args),
        Some(Command::Sweep(args)) => sweep::run(args),
        Some(Command::Diff(args)) => diff::run(args),
        Some(Command::Plot(args)) => plot::run(args),
        Some(Command::Table(args)) => table::run(args),
    }
}

/// What ends a measurement early: a first signal asks, a second one does not.
fn stopped_by_signals() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}
