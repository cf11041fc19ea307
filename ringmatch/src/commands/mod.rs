//! The command line.
//!
//! Data goes to standard output, talk to standard error. Exit code 0 is
//! success, 1 a failure that was said, 2 a misused command line. With `--json`
//! the last line of standard output is one object whose keys scripts can rely
//! on.

mod book;
mod demo;
mod describe;
mod doctor;
mod feed;
mod journal;
mod journal_dump;
mod journal_stat;
mod journal_table;
mod journal_tidy;
mod key;
mod latency;
mod message_text;
mod operate;
mod order_desk;
mod order_line;
mod replay;
mod replay_compare;
mod replayer;
mod send;
mod serve;
mod session;
mod shadow;
mod snapshot;
mod tap;
mod top;
mod top_books;
mod venue_args;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::process::ExitCode;

/// What a command comes to: whether it found everything as it should be.
type Outcome = Result<bool, Box<dyn Error>>;

#[derive(Parser)]
#[command(name = "ringmatch", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Send(send::Args),
    Session(session::Args),
    Operate(operate::Args),
    Feed(feed::Args),
    Tap(tap::Args),
    Book(book::Args),
    Replay(replay::Args),
    Shadow(shadow::Args),
    Journal(journal::Args),
    Key(key::Args),
    Snapshot(snapshot::Args),
    Latency(Box<latency::Args>),
    Doctor(doctor::Args),
    Top(top::Args),
}

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Send(args) => send::run(&args),
        Command::Session(args) => session::run(&args),
        Command::Operate(args) => operate::run(&args),
        Command::Feed(args) => feed::run(&args),
        Command::Tap(args) => tap::run(&args),
        Command::Book(args) => book::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Shadow(args) => shadow::run(&args),
        Command::Journal(args) => journal::run(&args),
        Command::Key(args) => key::run(&args),
        Command::Snapshot(args) => snapshot::run(&args),
        Command::Latency(args) => latency::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Top(args) => top::run(&args),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
