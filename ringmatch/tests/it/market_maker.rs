//! The example market maker, on a live engine: it quotes, is hit, follows the
//! market, and leaves no order behind.

use crate::engine::{Engine, PATIENCE, Site};
use maker::{Settings, make_market};
use ringmatch_engine::Price;
use ringmatch_engine::command::{Side, TimeInForce};
use ringmatch_gateway::client::{Client, NewOrder, Start};
use ringmatch_gateway::market::{MarketBook, MarketFeed};
use ringmatch_gateway::wire::ouch::Outbound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The example itself.
#[path = "../../../gateway/examples/market_maker.rs"]
// Its command line is not used here.
#[allow(dead_code)]
mod maker;

/// Somebody who looks on, and trades.
struct Other {
    client: Client,
    feed: MarketFeed,
    book: MarketBook,
}

impl Other {
    /// Looks until the best prices of AAPL are these.
    fn sees(&mut self, best: [Option<i64>; 2]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = [Side::Buy, Side::Sell].map(|side| {
                let number = self.book.number("AAPL".parse().unwrap())?;
                self.book.levels(number, side).first().map(|level| level.price.0)
            });
            if found == best {
                return;
            }
            assert!(Instant::now() < deadline, "{found:?} and not {best:?}");
            if let Some((_, message)) = self.feed.receive(Duration::from_millis(5)).unwrap() {
                self.book.apply(&message);
            }
        }
    }

    /// Takes shares at any price; the price.
    fn takes(&mut self, side: Side, quantity: u32) -> u64 {
        let order = NewOrder::limit("AAPL".parse().unwrap(), side, quantity, Price(0));
        let time_in_force = TimeInForce::ImmediateOrCancel;
        self.client.enter(&NewOrder { price: None, time_in_force, ..order }).unwrap();
        loop {
            let response = self.client.receive(PATIENCE).unwrap().expect("an execution");
            if let Outbound::OrderExecuted(executed) = response.message {
                assert_eq!(executed.quantity, quantity);
                return executed.price.0;
            }
        }
    }
}

/// Ends the market, also when the test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn the_example_makes_a_market_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA", "BRAVO"]);
    let engine = Engine::start(&site.write_config(directory.path()), &directory.path().join("d"));
    let settings = Settings {
        symbol: "AAPL".parse().unwrap(),
        mid: Price(1_000_000),
        half_spread: Price(500),
        skew: Price(100),
        tick_size: Price(100),
        quantity: 100,
    };
    let (client, feed) = (site.connect("ALPHA", Start::Now), site.feed(Start::At(1)));
    let is_over = AtomicBool::new(false);
    let mut other = Other {
        client: site.connect("BRAVO", Start::Now),
        feed: site.feed(Start::At(1)),
        book: MarketBook::default(),
    };
    let summary = std::thread::scope(|scope| {
        let at_the_end = Ends(&is_over);
        let making = scope
            .spawn(|| make_market(client, feed, &settings, || is_over.load(Ordering::Acquire)));
        other.sees([Some(999_500), Some(1_000_500)]);
        // Being hit for a part leaves the quote; for all of it, moves both.
        assert_eq!(other.takes(Side::Buy, 40), 1_000_500);
        assert_eq!(other.takes(Side::Buy, 60), 1_000_500);
        other.sees([Some(999_600), Some(1_000_600)]);
        assert_eq!(other.takes(Side::Sell, 100), 999_600);
        other.sees([Some(999_500), Some(1_000_500)]);
        // The market goes up; both quotes follow the others' mid.
        for (side, price) in [(Side::Buy, 999_900), (Side::Sell, 1_000_300)] {
            let order = NewOrder::limit("AAPL".parse().unwrap(), side, 10, Price(price));
            other.client.enter(&order).unwrap();
        }
        other.client.flush().unwrap();
        let deadline = Instant::now() + PATIENCE;
        let number = other.book.number("AAPL".parse().unwrap()).unwrap();
        while other.book.levels(number, Side::Sell).last().map(|level| level.price.0)
            != Some(1_000_600)
        {
            assert!(Instant::now() < deadline, "{:?}", other.book.levels(number, Side::Sell));
            if let Some((_, message)) = other.feed.receive(Duration::from_millis(5)).unwrap() {
                other.book.apply(&message);
            }
        }
        drop(at_the_end);
        making.join().unwrap().unwrap()
    });
    assert_eq!((summary.fills, summary.position), (3, 0));
    // Its quotes are gone, and nobody else's.
    other.sees([Some(999_900), Some(1_000_300)]);
    let number = other.book.number("AAPL".parse().unwrap()).unwrap();
    for side in [Side::Buy, Side::Sell] {
        let deadline = Instant::now() + PATIENCE;
        while other.book.levels(number, side).len() != 1 {
            assert!(Instant::now() < deadline, "{:?}", other.book.levels(number, side));
            if let Some((_, message)) = other.feed.receive(Duration::from_millis(5)).unwrap() {
                other.book.apply(&message);
            }
        }
    }
    assert_eq!(engine.stop(), Some(0));
}
