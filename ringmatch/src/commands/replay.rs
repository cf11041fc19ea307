//! `ringmatch replay`: the state, from the journal alone.
//!
//! It reads a data directory without changing it, whether an engine is running
//! on it or not, applies the commands in it to an exchange of its own, and says
//! where that comes to.

use super::Outcome;
use crate::follower::Follower;
use crate::log;
use clap::Parser;
use ringmatch_engine::Sequence;
use ringmatch_journal::{Directory, Reader};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Rebuild the state from a journal and print where it comes to
#[derive(Parser)]
pub(super) struct Args {
    /// Where the journal is
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// Stop after this command
    #[arg(long, value_name = "SEQ")]
    until: Option<u64>,
    /// Print one JSON line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let start = Instant::now();
    let mut reader = Reader::open(Directory::open(&args.data_dir)?)?;
    let mut follower = Follower::new(log::decode_limits(reader.identity().config())?)?;
    let until = Sequence(args.until.unwrap_or(u64::MAX));
    while follower.exchange().sequence() < until {
        let Some(frame) = reader.next_frame()? else { break };
        follower.follow(&frame, until, &mut |_, _| {})?;
    }
    let seconds = start.elapsed().as_secs_f64();
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
    println!("venue        {}", reader.identity().venue_name());
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
