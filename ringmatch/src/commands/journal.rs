//! `ringmatch journal`: what is in a journal, and whether it is sound.

use super::Outcome;
use super::journal_dump;
use super::journal_stat;
use super::journal_tidy;
use super::replayer::Replayer;
use crate::follower::Until;
use clap::{Parser, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Check, measure, print or tidy a journal
#[derive(Parser)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Read all of it, check every checksum, and replay it against its checkpoints
    Verify {
        /// Where the journal is
        #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
        data_dir: PathBuf,
        /// Print one JSON line
        #[arg(long)]
        json: bool,
    },
    /// Print its sizes, rates, batch sizes and times
    Stat {
        /// Where the journal is
        #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
        data_dir: PathBuf,
        /// Print one JSON line
        #[arg(long)]
        json: bool,
    },
    /// Print its commands, events or trades, one a line
    Dump(journal_dump::Args),
    /// Compress closed segments, or drop those that nobody needs any more
    Tidy(journal_tidy::Args),
}

pub(super) fn run(args: &Args) -> Outcome {
    match &args.action {
        Action::Verify { data_dir, json } => verify(data_dir, *json),
        Action::Stat { data_dir, json } => journal_stat::run(data_dir, *json),
        Action::Dump(args) => journal_dump::run(args),
        Action::Tidy(args) => journal_tidy::run(args),
    }
}

fn verify(data_dir: &Path, json: bool) -> Outcome {
    let mut replayer = Replayer::open(data_dir)?;
    replayer.run(Until::default(), &mut |_, _| {})?;
    let (frames, bytes) = (replayer.frames(), replayer.body_bytes());
    let follower = replayer.follower();
    let commands = follower.exchange().sequence().0;
    let digest = follower.exchange().digest();
    let checkpoints = follower.verified();
    if json {
        let line = json!({
            "sound": true, "frames": frames, "body_bytes": bytes, "commands": commands,
            "checkpoints": checkpoints, "digest": digest.to_string(),
        });
        println!("{line}");
    } else {
        println!(
            "sound: {frames} frames, {commands} commands, {bytes} bytes of them; \
             {checkpoints} checkpoints agree; digest {digest}"
        );
    }
    Ok(true)
}
