//! `ringmatch book`: the displayed books of a running venue.
//!
//! It joins late: a snapshot first, then the stream of market data from the
//! number that the snapshot names. It needs no journal and no access to the
//! engine, so it shows what any reader of market data can know.

use super::Outcome;
use super::venue_args::{VenueArgs, feed_config};
use clap::Parser;
use ringmatch_engine::Symbol;
use ringmatch_engine::command::Side;
use ringmatch_gateway::client::Start;
use ringmatch_gateway::market::{DisplayedLevel, MarketBook, MarketFeed};
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long the venue has to tell of itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// Join market data late, by a snapshot, and show the displayed books
#[derive(Parser)]
pub(super) struct Args {
    #[command(flatten)]
    venue: VenueArgs,
    /// Override the config: where the venue gives snapshots (GLIMPSE, by TCP)
    #[arg(long, value_name = "ADDRESS")]
    snapshot: Option<SocketAddrV4>,
    /// Show only this instrument; may be given again
    #[arg(long, value_name = "SYMBOL")]
    symbol: Vec<Symbol>,
    /// Price levels of each side
    #[arg(long, value_name = "N", default_value_t = 5)]
    levels: usize,
    /// Go on with the stream, and show the books again every so many seconds
    #[arg(long, value_name = "SECONDS")]
    every: Option<u16>,
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
    let address = args.snapshot.or(config.glimpse.map(|glimpse| glimpse.address));
    let address = address.ok_or("the config has no [glimpse]: say by --snapshot where it is")?;
    let (snapshot, mut feed) =
        MarketFeed::join_late(feed_config(&config, Start::Now), address, PATIENCE)?;
    let mut book = MarketBook::default();
    for message in &snapshot.messages {
        book.apply(message);
    }
    args.show(&book, snapshot.next);
    let Some(seconds) = args.every else { return Ok(true) };
    let pause = Duration::from_secs(seconds.max(1).into());
    let (mut next, mut shown) = (snapshot.next, Instant::now());
    while !stop.load(Ordering::Acquire) {
        if let Some((number, message)) = feed.receive(Duration::from_millis(100))? {
            book.apply(&message);
            next = number + 1;
        }
        if shown.elapsed() >= pause {
            shown = Instant::now();
            args.show(&book, next);
        }
    }
    Ok(true)
}

impl Args {
    fn show(&self, book: &MarketBook, next: u64) {
        let is_wanted = |symbol: &Symbol| self.symbol.is_empty() || self.symbol.contains(symbol);
        let wanted = book.instruments().filter(|(_, symbol)| is_wanted(symbol));
        let sides = |number| {
            [Side::Buy, Side::Sell].map(|side| {
                let mut levels = book.levels(number, side);
                levels.truncate(self.levels);
                levels
            })
        };
        if self.json {
            let books: Vec<Value> = wanted
                .map(|(number, symbol)| {
                    let [bids, asks] = sides(number).map(|side| json_of(&side));
                    json!({ "symbol": symbol.to_string(), "bids": bids, "asks": asks })
                })
                .collect();
            println!("{}", json!({ "next": next, "books": books }));
            return;
        }
        println!("before message {next}");
        for (number, symbol) in wanted {
            println!("{}", text_of(symbol, &sides(number)));
        }
    }
}

/// Levels as price, shares and number of orders.
fn json_of(levels: &[DisplayedLevel]) -> Vec<Value> {
    let level = |level: &DisplayedLevel| {
        json!([level.price.to_string(), level.total(), level.shares.len()])
    };
    levels.iter().map(level).collect()
}

fn text_of(symbol: Symbol, [bids, asks]: &[Vec<DisplayedLevel>; 2]) -> String {
    let mut text = format!(
        "\n{:<10}{:>10}{:>12} | {:<12}{:<10}\n",
        symbol.to_string(),
        "shares",
        "bid",
        "ask",
        "shares"
    );
    for at in 0..bids.len().max(asks.len()) {
        let [bid, ask] = [bids.get(at), asks.get(at)];
        let price = |level: Option<&DisplayedLevel>| {
            level.map(|level| level.price.to_string()).unwrap_or_default()
        };
        let total = |level: Option<&DisplayedLevel>| {
            level.map(|level| level.total().to_string()).unwrap_or_default()
        };
        text += &format!(
            "{:<10}{:>10}{:>12} | {:<12}{:<10}\n",
            "",
            total(bid),
            price(bid),
            price(ask),
            total(ask)
        );
    }
    text.truncate(text.trim_end().len());
    text
}
