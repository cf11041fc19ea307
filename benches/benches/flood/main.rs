//! What a client that behaves notices while others do not.
//!
//! The venue that ships runs in this process, on real sockets, with a CPU of
//! its own. One thread on another CPU is both the honest client, which sends an
//! order whenever one is due and times its acceptance from then, and the
//! mischief, which sends its datagrams at a rate from another address of this
//! host. So the two do not take a CPU from each other; what the sending itself
//! costs the client is a row of its own, in which the same datagrams go past the
//! venue. A row is one kind of mischief on a venue of its own, in turn with the
//! same venue left in quiet.
//!
//! The run fails if one answer to an honest order is missing, doubled or out of
//! place; if a datagram of mischief was neither counted by the venue nor by the
//! kernel; if the venue sequenced a message that no client of it sent; if
//! something was told to a sender to whom nothing is to be said; or if a
//! session that did nothing stands elsewhere than before.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench flood
//! cargo bench -p ringmatch-benches --bench flood -- --rate 200000 --seconds 10
//! cargo bench -p ringmatch-benches --bench flood -- --brief
//! ```
#![allow(missing_docs, unreachable_pub)]

mod honest;
mod kernel;
mod mischief;
mod recorded;
mod scene;
mod source;

use clap::Parser;
use hdrhistogram::Histogram;
use mischief::{KINDS, Kind};
use ringmatch::threads;
use ringmatch_journal::Durability;
use scene::{Found, Scene};
use std::error::Error;
use std::time::Duration;

/// Turns of mischief and of quiet in a row.
const TURNS: u32 = 4;

/// What to measure.
#[derive(Parser)]
struct Options {
    /// Datagrams of mischief a second.
    #[arg(long, default_value_t = 50_000)]
    rate: u64,
    /// Orders of the honest client a second.
    #[arg(long, default_value_t = 5_000)]
    orders: u64,
    /// Seconds of mischief in each row; as many of quiet come in between.
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Half a second of each, to see that it holds; the figures say little.
    #[arg(long)]
    brief: bool,
    /// When results may leave: fsync, write or interval:MS.
    #[arg(long, default_value = "write")]
    durability: Durability,
    /// Only rows whose names have this in them.
    #[arg(long, default_value = "")]
    only: String,
    /// CPU of the clients; the venue gets another.
    #[arg(long, default_value_t = 0)]
    client_cpu: usize,
    /// Given by `cargo bench`; means nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn turn(&self) -> Duration {
        let seconds = if self.brief { 0.5 } else { self.seconds };
        Duration::from_secs_f64(seconds) / TURNS
    }

    fn venue_cpu(&self) -> usize {
        1 - self.client_cpu.min(1)
    }
}

/// What a row measured.
struct Row {
    quiet: Histogram<u64>,
    beside: Histogram<u64>,
    found: Found,
}

fn measure(kind: &'static Kind, options: &Options) -> Result<Row, Box<dyn Error>> {
    let mut scene = Scene::set(kind, options)?;
    let histogram = || Histogram::new_with_max(60_000_000_000, 3);
    let (mut quiet, mut beside) = (histogram()?, histogram()?);
    for _ in 0..TURNS {
        scene.quiet_turn(options.turn(), &mut quiet)?;
        scene.turn(options.turn(), options.rate, &mut beside)?;
    }
    let found = scene.end()?;
    Ok(Row { quiet, beside, found })
}

fn print(kind: &Kind, row: &Row, options: &Options) {
    let Row { quiet, beside, found } = row;
    let rate = found.sent as f64 / (options.turn() * TURNS).as_secs_f64();
    print!("{:<30} {rate:>9.0}", kind.name);
    for times in [quiet, beside] {
        let us = |ns: u64| ns as f64 / 1e3;
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|at| us(times.value_at_quantile(at)));
        print!(" | {p50:>7.1} {p99:>8.1} {p999:>8.0} {:>8.0}", us(times.max()));
    }
    println!(" | {}", found.text());
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    println!("clients on CPU {}: {}", options.client_cpu, threads::pin(options.client_cpu));
    println!(
        "venue on CPU {}, durability {}, {} orders/s\n",
        options.venue_cpu(),
        options.durability,
        options.orders
    );
    println!("{:40} | {:34} | {:34} |", "", "quiet, µs", "beside it, µs");
    println!(
        "{:<30} {:>9} | {:>7} {:>8} {:>8} {:>8} | {:>7} {:>8} {:>8} {:>8} | where it went",
        "mischief", "sent/s", "p50", "p99", "p99.9", "max", "p50", "p99", "p99.9", "max"
    );
    for kind in KINDS.iter().filter(|kind| kind.name.contains(&options.only)) {
        let row = measure(kind, &options).map_err(|error| format!("{}: {error}", kind.name))?;
        print(kind, &row, &options);
    }
    println!("\neach order was answered exactly once, and nobody was moved by others");
    Ok(())
}
