//! `ringmatch feed`: a recorded day, sent to a venue, and held against it.

use super::Outcome;
use super::venue_args::{VenueArgs, client_config, feed_config};
use crate::feed::{BookComparison, Pace, Plan, Record, Report, Sides, play};
use clap::Parser;
use ringmatch_engine::SessionName;
use ringmatch_engine::command::Side;
use ringmatch_gateway::client::Start;
use ringmatch_gateway::market::DisplayedLevel;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Send recorded ITCH 5.0 market data to a venue as orders, and compare what it does
#[derive(Parser)]
pub(super) struct Args {
    #[command(flatten)]
    venue: VenueArgs,
    /// The record: length and message, plain or compressed with zstd
    #[arg(long, value_name = "FILE")]
    itch: PathBuf,
    /// How many times as fast as recorded, or max: as fast as the venue answers
    #[arg(long, value_name = "N", default_value_t = Pace::Max)]
    speed: Pace,
    /// The session to send as
    #[arg(long, value_name = "NAME", default_value = "FEED")]
    session: SessionName,
    /// Print one JSON line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let config = args.venue.load()?;
    let plan = Plan {
        record: Record::new(&args.itch),
        pace: args.speed,
        client: client_config(&config, args.session, Start::Now)?,
        market: feed_config(&config, Start::Now),
    };
    let report = play(&plan)?;
    if args.json {
        println!("{}", json(&report));
    } else {
        print(&report);
    }
    Ok(report.is_good())
}

fn json(report: &Report) -> Value {
    let Report { survey, counts, .. } = report;
    json!({
        "messages": survey.messages,
        "sent": report.sent,
        "skipped": report.skipped,
        "skipped_unknown": report.skipped_unknown,
        "accepted": counts.accepted,
        "replaced": counts.replaced,
        "canceled": counts.canceled,
        "rejected": counts.rejected,
        "unanswered": report.unanswered,
        "executions_recorded": survey.executions,
        "executions": report.executions,
        "executions_same_order": report.executions_same_order,
        "book_equal": report.book_equal(),
        "books": report.books.iter().map(book_json).collect::<Value>(),
        "lost": report.lost,
        "repaired": report.repaired,
        "seconds": report.time.as_secs_f64(),
    })
}

fn book_json(book: &BookComparison) -> Value {
    let best = |levels: &[DisplayedLevel]| levels.first().map(|level| level.price.to_string());
    let Sides { bids, asks } = &book.venue;
    json!({
        "symbol": book.symbol.to_string(),
        "equal": book.is_equal(),
        "orders": book.venue.orders(),
        "bid_levels": bids.len(),
        "ask_levels": asks.len(),
        "best_bid": best(bids),
        "best_ask": best(asks),
    })
}

fn print(report: &Report) {
    let Report { survey, counts, sent, executions, .. } = report;
    let seconds = report.time.as_secs_f64();
    println!(
        "record      {} messages; {} name unknown orders, {} change no displayed book",
        survey.messages, report.skipped_unknown, report.skipped,
    );
    println!("sent        {sent} in {seconds:.3} s, {:.0}/s", *sent as f64 / seconds.max(1e-9));
    println!(
        "answered    {} accepted, {} replaced, {} canceled, {} rejected; {} without an answer",
        counts.accepted, counts.replaced, counts.canceled, counts.rejected, report.unanswered,
    );
    println!(
        "executions  {executions}, of them on the recorded order {}; the record has {}",
        report.executions_same_order, survey.executions,
    );
    for book in &report.books {
        println!("book        {}", book_text(book));
    }
    println!("streams     {} lost, {} gaps repaired", report.lost, report.repaired);
}

fn book_text(book: &BookComparison) -> String {
    let Sides { bids, asks } = &book.venue;
    let best = |levels: &[DisplayedLevel]| {
        levels.first().map_or("none".to_owned(), |level| level.price.to_string())
    };
    let shape = format!(
        "{}: {} orders on {} bid and {} ask levels, best {}/{}",
        book.symbol,
        book.venue.orders(),
        bids.len(),
        asks.len(),
        best(bids),
        best(asks),
    );
    match book.difference() {
        None => format!("equal, {shape}"),
        Some((side, recorded, venue)) => {
            let side = if side == Side::Buy { "bid" } else { "ask" };
            let (recorded, venue) = (level_text(recorded), level_text(venue));
            format!("DIFFERENT, {shape}; first {side} level: recorded {recorded}, venue {venue}")
        }
    }
}

fn level_text(level: Option<&DisplayedLevel>) -> String {
    level.map_or("none".to_owned(), |level| format!("{} {:?}", level.price, level.shares))
}
