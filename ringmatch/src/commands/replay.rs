//! `ringmatch replay`: the state, from the journal alone.
//!
//! It reads a data directory without changing it, whether an engine is running
//! on it or not, applies the commands in it to an exchange of its own, and says
//! where that comes to; or holds it against another journal.

use super::Outcome;
use super::replay_compare;
use super::replayer::Replayer;
use crate::follower::Until;
use clap::Parser;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Rebuild the state from a journal and print where it comes to
#[derive(Parser)]
pub(super) struct Args {
    /// Where the journal is
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// Stop after this command, or after the last one taken by this time
    #[arg(long, value_name = "SEQ|TIME")]
    until: Option<Until>,
    /// Hold it against the journal in this directory, and show the first command that differs
    #[arg(long, value_name = "DIR")]
    compare: Option<PathBuf>,
    /// Print one JSON line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let until = args.until.unwrap_or_default();
    if let Some(other) = &args.compare {
        return replay_compare::run(&args.data_dir, other, until, args.json);
    }
    let start = Instant::now();
    let mut replayer = Replayer::open(&args.data_dir)?;
    replayer.run(until, &mut |_, _| {})?;
    let seconds = start.elapsed().as_secs_f64();
    let follower = replayer.follower();
    let exchange = follower.exchange();
    let commands = exchange.sequence().0;
    if args.json {
        let line = json!({
            "sequence": commands,
            "commands": commands,
            "events": exchange.counters().events,
            "executions": exchange.counters().executions,
            "resting_orders": exchange.resting_orders(),
            "digest": exchange.digest().to_string(),
            "state_hash": exchange.state_hash().to_string(),
            "checkpoints": follower.verified(),
            "seconds": seconds,
        });
        println!("{line}");
        return Ok(true);
    }
    println!("venue        {}", replayer.reader().identity().venue_name());
    println!("commands     {commands}");
    println!("events       {}", exchange.counters().events);
    println!("executions   {}", exchange.counters().executions);
    println!("resting      {} orders", exchange.resting_orders());
    println!("digest       {}", exchange.digest());
    println!("state hash   {}", exchange.state_hash());
    println!("checkpoints  {} agree", follower.verified());
    let rate = commands as f64 / seconds.max(1e-9) / 1e6;
    println!("time         {seconds:.3} s, {rate:.2} M commands/s");
    Ok(true)
}
