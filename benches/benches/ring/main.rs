//! The ring beside its peers and beside bare cache lines, between two pinned threads.
//!
//! How near two cores of a virtual machine are to each other changes from one
//! second to the next, and with it every figure by a factor. So all players play
//! in turn, a few hundredths of a second each, round by round; a ratio is that of
//! two turns of one round, and the medians of all rounds are shown. Figures of
//! different runs do not compare; how far the cores were stands below them.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench ring
//! cargo bench -p ringmatch-benches --bench ring -- --rounds 3     # that it runs
//! ```

mod hand_off;
mod hop;
mod players;

use clap::Parser;
use core_affinity::CoreId;
use std::process::ExitCode;

/// Measures the hand-off between two cores.
#[derive(Parser)]
#[command(name = "ring", max_term_width = 100)]
struct Args {
    /// How often each player plays.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Changes nothing; `cargo bench` says it.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The two cores of a turn: of who sends first, and of the other.
#[derive(Clone, Copy)]
struct Cores([CoreId; 2]);

impl Cores {
    fn find() -> Option<Self> {
        Some(Self(*core_affinity::get_core_ids()?.first_chunk()?))
    }

    fn pin(self, thread: usize) {
        let core = self.0[thread];
        assert!(core_affinity::set_for_current(core), "CPU {} can be pinned to", core.id);
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> ExitCode {
    let args = Args::parse();
    let Some(cores) = Cores::find() else {
        eprintln!("error: a hand-off needs two CPUs, and this process may use only one");
        return ExitCode::from(2);
    };
    hop::measure(cores, args.rounds);
    println!();
    hand_off::measure(cores, args.rounds);
    ExitCode::SUCCESS
}
