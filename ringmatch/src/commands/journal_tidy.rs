//! `ringmatch journal tidy`: closed segments compressed, or dropped.
//!
//! It works beside a running engine, and changes nothing that a start or a reader
//! may still need: what is dropped lies before the oldest snapshot, and before the
//! command that is given.

use super::Outcome;
use clap::{ArgGroup, Parser};
use ringmatch_journal::{Directory, Reader, Retention, SnapshotStore, tidy};
use serde_json::json;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Parser)]
#[command(group = ArgGroup::new("what").required(true).args(["compress", "drop_before"]))]
pub(super) struct Args {
    /// Where the journal is
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// Compress closed segments; they are read as before
    #[arg(long)]
    compress: bool,
    /// Drop closed segments that hold only commands before this one and before the oldest snapshot
    #[arg(long, value_name = "SEQ")]
    drop_before: Option<u64>,
    /// Print one JSON line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let directory = Directory::open(&args.data_dir)?;
    let identity = Reader::open(directory.clone())?.identity().clone();
    // It saves none, so how many it would keep does not matter.
    let store = SnapshotStore::new(directory.clone(), identity, NonZeroUsize::MIN);
    let retention = match args.drop_before {
        Some(keep_from) => Retention::DropBefore { keep_from },
        None => Retention::Compress,
    };
    let tidied = tidy(&directory, &store, retention)?;
    let (compressed, dropped) = (tidied.compressed, tidied.dropped);
    if args.json {
        println!("{}", json!({ "compressed": compressed, "dropped": dropped }));
    } else {
        println!("{} segments compressed, {} dropped", compressed.len(), dropped.len());
    }
    Ok(true)
}
