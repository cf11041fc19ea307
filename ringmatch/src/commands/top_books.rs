//! The books of a running engine, as `ringmatch top` shows them.
//!
//! For each of the first instruments the best prices with all that is open
//! there, the last price, and how many orders it has. Which command that was
//! after is said with it, because the matcher tells its books only when it is
//! asked, five times a second: an engine that is stuck shows the last it told.

use crate::pipeline::{Quote, QuotePage};
use ringmatch_engine::Price;
use serde_json::{Value, json};
use std::fmt::Write;

/// What a book without an order or an execution has in place of a price.
const NOTHING: &str = "-";

pub(super) fn json(page: &QuotePage) -> Value {
    let best = |best: Option<(Price, u64)>| {
        best.map(|(price, open)| json!({ "price": price.to_string(), "open": open }))
    };
    let instrument = |quote: &Quote| {
        let Quote { symbol, bid, ask, last, orders } = *quote;
        json!({
            "symbol": symbol.to_string(),
            "bid": best(bid),
            "ask": best(ask),
            "last_price": last.map(|price| price.to_string()),
            "orders": orders,
        })
    };
    json!({
        "after_command": page.told.0,
        "orders_counted_after_command": page.counted.0,
        "instruments_listed": page.listed,
        "instruments": page.quotes.iter().map(instrument).collect::<Vec<_>>(),
    })
}

pub(super) fn text(page: &QuotePage) -> String {
    let heading = format!("after command {}", page.told.0);
    let mut text = format!(
        "\n{heading:<22}{:>10}{:>12}{:>12}{:>10}{:>12}{:>10}\n",
        "open", "bid", "ask", "open", "last", "orders"
    );
    for quote in &page.quotes {
        let [bid, ask] = [quote.bid, quote.ask].map(|best| match best {
            Some((price, open)) => (price.to_string(), open.to_string()),
            None => (NOTHING.into(), String::new()),
        });
        let last = quote.last.map_or(NOTHING.into(), |price| price.to_string());
        let _ = writeln!(
            text,
            "{:<22}{:>10}{:>12}{:>12}{:>10}{last:>12}{:>10}",
            quote.symbol, bid.1, bid.0, ask.0, ask.1, quote.orders
        );
    }
    let hidden = page.listed.saturating_sub(page.quotes.len() as u64);
    if hidden > 0 {
        let _ = writeln!(text, "and {hidden} instruments that are not shown");
    }
    text
}
