//! `ringmatch demo`: the whole promise in half a minute.
//!
//! A venue in a process of its own, participants that are real UDP clients, an
//! order book and a trade tape rebuilt from the venue's market data. In the
//! middle of the flow the venue is killed as a crash would kill it, its journal
//! is replayed, and it is started again on the same directory while the
//! participants hold on. At the end everything that was promised is checked
//! from the outside, and the exit code says whether it held.

mod checks;
mod participant;
mod screen;
mod venue;

use super::Outcome;
use checks::Checks;
use clap::Parser;
use participant::{Participant, Testimony};
use screen::Screen;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use venue::Site;

/// The simulated participants, by session.
const PARTICIPANTS: [&str; 4] = ["ALPHA", "BRAVO", "CHARLIE", "DELTA"];
/// Orders a second at which latency is measured at the end.
const LATENCY_RATE: &str = "2000";

/// See a market trade, kill it, start it again, and see the same book come back
#[derive(Parser)]
pub(super) struct Args {
    /// Seconds of trading, half before the crash and half after it; 2 to 600
    #[arg(long, value_name = "S", default_value_t = 8,
          value_parser = clap::value_parser!(u64).range(2..=600))]
    seconds: u64,
    /// Seed of the simulated participants
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where a directory for the journal is made, and removed at the end
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(args: &Args) -> Outcome {
    let half = Duration::from_secs(args.seconds) / 2;
    let site = Site::make(&args.dir)?;
    let mut screen = Screen::new();
    screen.say("starting a venue: orders in and market data out by UDP multicast on loopback");
    let engine = site.start()?;
    screen.say(&format!(
        "orders {}, market data {}, journal {} (durability fsync)",
        engine.text("orders"),
        engine.text("market_data"),
        site.data_dir().display(),
    ));
    let participants: Vec<Participant> = (args.seed..)
        .zip(PARTICIPANTS)
        .map(|(seed, name)| Participant::start(&site, name, seed))
        .collect::<Result<_, _>>()?;
    screen.follow(&site)?;

    screen.watch_until(Instant::now() + half)?;
    let killed = Instant::now();
    engine.kill()?;
    screen.say("killed the venue with SIGKILL, in the middle of the flow");
    let replayed = checks::replay(&site.data_dir())?;
    screen.say(&format!(
        "its journal replays to {} commands and digest {}",
        replayed.commands, replayed.digest
    ));
    let engine = site.start()?;
    let outage = killed.elapsed();
    screen.say(&format!(
        "started it again: {} commands recovered in {:.3} s, digest {}, {:.2} s after the kill",
        engine.number("recovered_commands"),
        engine.ready["recovery_seconds"].as_f64().unwrap_or_default(),
        engine.text("digest"),
        outage.as_secs_f64(),
    ));
    let mut checks = Checks::default();
    checks.recovery(&replayed, &engine);
    screen.watch_until(Instant::now() + half)?;

    screen.say("trading ends; the participants wait for their last answers");
    let testimonies: Vec<Testimony> = finish(participants, &mut screen)?;
    let book = screen.catch_up()?;
    checks.that("the venue stops in order", engine.stop()?);
    checks.journal(&site.data_dir(), &testimonies, &book)?;
    let held = checks.print(&mut screen);

    screen.say("");
    screen.say(&format!("latency at {LATENCY_RATE} orders/s, open loop, on a fresh venue:"));
    measure(&args.dir)?;
    Ok(held)
}

/// Runs the latency tool for a moment. Its figures are no promise, so what it
/// finds does not decide over the demo.
fn measure(dir: &Path) -> Result<(), Box<dyn Error>> {
    let mut tool = Command::new(std::env::current_exe()?);
    tool.args(["latency", "--rate", LATENCY_RATE, "--duration", "3", "--data-dir"]).arg(dir);
    tool.status()?;
    Ok(())
}

/// Ends the participants, and keeps the book moving while they finish.
fn finish(
    participants: Vec<Participant>,
    screen: &mut Screen,
) -> Result<Vec<Testimony>, Box<dyn Error>> {
    participants.iter().for_each(Participant::stop);
    while !participants.iter().all(Participant::is_finished) {
        screen.watch_until(Instant::now() + Duration::from_millis(50))?;
    }
    participants.into_iter().map(Participant::join).collect()
}
