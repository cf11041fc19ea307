//! Trades over a bad network, and then holds what everybody heard against the
//! journal.
//!
//! Each session of the config is a client that sends made-up orders, cancels and
//! replaces, and beside it a reader of all market data. Whatever the network
//! between them and the engine loses, doubles or reorders, in the end four
//! things must hold, and the first that does not is said and ends the check:
//! the journal has every message of every session once and in order; every
//! client heard every response once and in order, byte by byte; every reader
//! heard every message of market data so; and the book that each reader built is
//! the engine's. What should have been heard comes from a replay of the journal,
//! what was sent from the seed. `.ci/netem` runs it with the engine in another
//! network namespace.

#![allow(unreachable_pub)]

mod client;
mod verdict;

use clap::Parser;
use client::{Reader, Trader};
use ringmatch::config::Config;
use serde_json::json;
use std::error::Error;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::Instant;
use verdict::Truth;

/// Trade over a bad network, and check that it made no difference
#[derive(Parser)]
struct Options {
    /// The engine's config
    #[arg(long)]
    config: PathBuf,
    /// The engine's journal, read when everybody has heard all
    #[arg(long)]
    data_dir: PathBuf,
    /// This host's address towards the engine
    #[arg(long)]
    interface: Ipv4Addr,
    /// Messages, all sessions together
    #[arg(long, default_value_t = 20_000)]
    messages: u64,
    /// Seed of what is sent
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What goes wrong, in words; a thread can hand it over.
type Fault = Box<dyn Error + Send + Sync>;

fn check(options: &Options) -> Result<serde_json::Value, Fault> {
    let config = Config::load(Some(&options.config))?;
    let start = Instant::now();
    let sessions = config.sessions.len();
    let each = options.messages / sessions as u64;
    // Until the journal is read, nobody knows where market data ends.
    let market_end = Arc::new(AtomicU64::new(u64::MAX));
    let all_have_sent = Arc::new(Barrier::new(sessions));
    let (mut traders, mut readers) = (Vec::new(), Vec::new());
    for (index, session) in config.sessions.iter().enumerate() {
        let end = Arc::clone(&market_end);
        let reader = Reader::join(&config, options.interface)?;
        readers.push(std::thread::spawn(move || reader.hear_until(&end)));
        let trader = Trader::connect(&config, session.name, options.interface)?;
        let (seed, barrier) = (options.seed + index as u64, Arc::clone(&all_have_sent));
        traders.push(std::thread::spawn(move || trader.trade(seed, each, &barrier)));
    }
    let heard = join(traders)?;
    let traded_s = start.elapsed().as_secs_f64();

    let truth = Truth::of(&options.data_dir, options.seed, each)?;
    market_end.store(truth.next_market(), Ordering::Release);
    let read = join(readers)?;
    truth.judge(&heard, &read)?;
    let (sum, all) = (heard.iter().map(|h| h.seen).chain(read.iter().map(|r| r.seen)), sessions);
    let [mut gaps, mut duplicates, mut requests] = [0; 3];
    for seen in sum {
        gaps += seen.gaps;
        duplicates += seen.duplicates;
        requests += seen.requests;
    }
    if gaps == 0 || duplicates == 0 {
        return Err("the network lost or doubled nothing, so nothing was shown".into());
    }
    Ok(json!({
        "sessions": all,
        "messages": each * sessions as u64,
        "responses": heard.iter().map(|heard| heard.stream.count).sum::<u64>(),
        "market_data": truth.next_market() - 1,
        "gaps": gaps,
        "duplicates": duplicates,
        "requests": requests,
        "traded_s": traded_s,
        "seconds": start.elapsed().as_secs_f64(),
    }))
}

fn join<T>(threads: Vec<JoinHandle<Result<T, Fault>>>) -> Result<Vec<T>, Fault> {
    let ended = |thread: JoinHandle<Result<T, Fault>>| {
        thread.join().map_err(|_| "a thread panicked; what it said is above")?
    };
    threads.into_iter().map(ended).collect()
}

fn main() -> ExitCode {
    let options = Options::parse();
    println!("seed {}", options.seed);
    match check(&options) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}
