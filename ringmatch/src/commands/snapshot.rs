//! `ringmatch snapshot`: a snapshot now, of a stopped or of a running venue.
//!
//! It follows the journal from the newest snapshot to the end and saves what that
//! comes to beside it. It takes no lock that the engine has, and is of use before
//! a planned restart, or where none are made automatically.

use super::Outcome;
use crate::replica::{Replica, ReplicaConfig, Resumed};
use clap::Parser;
use ringmatch_journal::{Directory, Reader, SaveRate};
use serde_json::json;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

/// Save a snapshot now, so that the next start replays only what comes after it
#[derive(Parser)]
pub(super) struct Args {
    /// Where the journal is
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// How many snapshots are kept, this one included
    #[arg(long, value_name = "COUNT", default_value = "2")]
    keep: NonZeroUsize,
    /// Print one JSON line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let start = Instant::now();
    let mut reader = Reader::open(Directory::open(&args.data_dir)?)?;
    let mut store = reader.snapshots(args.keep);
    let bounds = ReplicaConfig::named_in(reader.identity())?;
    let Resumed { mut replica, snapshot, passed_over } =
        Replica::resume(&bounds, &mut reader, &mut store)?;
    for passed_over in passed_over {
        eprintln!("warning: passed over: {passed_over}");
    }
    while let Some(frame) = reader.next_frame()? {
        replica.follow(&frame)?;
    }
    reader.sync()?;
    let followed = start.elapsed().as_secs_f64();
    let bytes = replica.save(&store, reader.position(), SaveRate::Full)?;
    let saved = start.elapsed().as_secs_f64() - followed;

    let exchange = replica.exchange();
    let commands = exchange.sequence().0;
    if args.json {
        let line = json!({
            "commands": commands,
            "replayed": commands - snapshot,
            "bytes": bytes,
            "replay_seconds": followed,
            "save_seconds": saved,
            "digest": exchange.digest().to_string(),
            "state_hash": exchange.state_hash().to_string(),
        });
        println!("{line}");
    } else {
        println!("commands     {commands}, {} of them replayed", commands - snapshot);
        println!("digest       {}", exchange.digest());
        println!("state hash   {}", exchange.state_hash());
        println!("snapshot     {bytes} bytes, replayed in {followed:.3} s, saved in {saved:.3} s");
    }
    Ok(true)
}
