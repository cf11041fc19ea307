//! `ringmatch key`: new keys, as lines of a keys file.

use super::Outcome;
use clap::Parser;
use ringmatch_engine::SessionName;
use ringmatch_gateway::seal::Key;

/// Print new keys for sessions, as lines of the file that `keys` in [order_entry] names
#[derive(Parser)]
pub(super) struct Args {
    /// The sessions
    #[arg(required = true)]
    sessions: Vec<SessionName>,
}

pub(super) fn run(args: &Args) -> Outcome {
    for session in &args.sessions {
        let key = Key::random()?;
        println!("{session} {}  # by TCP: password {}", key.to_hex(), key.password());
    }
    Ok(true)
}
