//! `ringmatch tap`: market data, decoded.

use super::Outcome;
use super::message_text::Described;
use super::venue_args::{VenueArgs, feed_config};
use clap::Parser;
use ringmatch_gateway::client::Start;
use ringmatch_gateway::market::MarketFeed;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Join the market-data group and print decoded ITCH 5.0, one message a line
#[derive(Parser)]
pub(super) struct Args {
    #[command(flatten)]
    venue: VenueArgs,
    /// Begin with this message instead of the next one; 1 is the first of all
    #[arg(long, value_name = "NUMBER")]
    from: Option<u64>,
    /// Stop after this many messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let config = args.venue.load()?;
    let start = args.from.map_or(Start::Now, Start::At);
    let mut feed = MarketFeed::join(feed_config(&config, start), Duration::from_secs(5))?;
    eprintln!("{} from message {}", config.network.market_data, feed.next());
    let mut left = args.count.unwrap_or(u64::MAX);
    let mut out = std::io::stdout().lock();
    while left > 0 && !stop.load(Ordering::Acquire) {
        let Some((number, message)) = feed.receive(Duration::from_millis(200))? else { continue };
        left -= 1;
        let Some(described) = Described::itch(number, &message) else { continue };
        let line = if args.json { described.json().to_string() } else { described.text() };
        match writeln!(out, "{line}") {
            // Whoever reads us has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(true),
            other => other?,
        }
    }
    Ok(true)
}
