//! `ringmatch operate`: an operator's command to a running venue.
//!
//! It comes through the door in the venue's data directory, is sequenced into
//! the log like any other, and is answered when it is matched and durable.

use super::Outcome;
use crate::door;
use crate::operation::Operation;
use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

/// How long to wait for the venue.
const PATIENCE: Duration = Duration::from_secs(15);

/// Have a running venue carry out an operator's command: phases, cancels, limits, busts, fees
#[derive(Parser)]
pub(super) struct Args {
    /// Where the venue's journal is
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// Print the venue's answer as one JSON object
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    operation: Operation,
}

pub(super) fn run(args: &Args) -> Outcome {
    let answer = door::ask(&args.data_dir, &args.operation, PATIENCE)?;
    if args.json {
        println!("{answer}");
        return Ok(answer["done"] == true);
    }
    if let Some(error) = answer["error"].as_str() {
        return Err(error.into());
    }
    let sequence = &answer["sequence"];
    if answer["done"] != true {
        return Err(format!("the exchange refused it (command {sequence} of the log)").into());
    }
    println!(
        "done: command {sequence} of the log, {} events, {} executions",
        answer["events"], answer["executions"],
    );
    Ok(true)
}
