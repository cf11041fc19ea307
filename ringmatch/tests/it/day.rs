//! A made-up day of recorded market data, the same for the same seed.
//!
//! It keeps books of its own, so what it says is what strict price-time
//! priority would do: executions hit the front of the best level, and nothing
//! crosses. Some of its messages name orders that it never added, as in a
//! record that starts in mid-day. It counts what it made, and so is a witness
//! against which the translation can be held.

use crate::record::{self, Added, Stamp};
use fastrand::Rng;
use ringmatch_gateway::wire::itch::ItchMessage;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// What the day trades: symbol, its number in the record, which is not the
/// venue's, and a price in 1/10,000.
const STOCKS: [(&str, u16, i64); 2] = [("AAPL", 13, 2_866_700), ("MSFT", 5041, 1_575_900)];
/// Letters of the sides.
const SIDES: [u8; 2] = *b"BS";
/// A cent.
const TICK: i64 = 100;
/// When the day starts, and the pause between two messages.
const START_NS: u64 = 34_500_000_000_000;
const PAUSE_NS: u64 = 1_000_000;
/// References from here on are never added.
const UNKNOWN: u64 = 1 << 40;

/// Resting orders by price: reference and open shares, first come first.
type Queue = BTreeMap<i64, VecDeque<(u64, u32)>>;

/// How many of what a day has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub adds: u64,
    pub executions: u64,
    /// Reductions and deletions.
    pub cuts: u64,
    pub replaces: u64,
    pub unknown: u64,
    /// Messages that change no displayed book.
    pub others: u64,
}

/// See the [module](self).
pub struct Day {
    pub messages: Vec<ItchMessage>,
    pub tally: Tally,
    rng: Rng,
    /// Bids and asks of each stock.
    books: [[Queue; 2]; 2],
    /// Where each live order is: stock, side, price.
    places: HashMap<u64, (usize, usize, i64)>,
    /// Live references, and some that have died.
    live: Vec<u64>,
    next_reference: u64,
}

impl Day {
    /// A day of this many messages.
    pub fn new(seed: u64, messages: usize) -> Self {
        let mut day = Self {
            messages: Vec::new(),
            tally: Tally::default(),
            rng: Rng::with_seed(seed),
            books: Default::default(),
            places: HashMap::new(),
            live: Vec::new(),
            next_reference: 1,
        };
        println!("day of {messages} messages, seed {seed}");
        while day.messages.len() < messages {
            day.step();
        }
        day
    }

    /// Bid and ask levels, best bid and ask, and orders, by the day's own books.
    pub fn shape(&self, stock: usize) -> (usize, usize, i64, i64, usize) {
        let [bids, asks] = &self.books[stock];
        let orders = bids.values().chain(asks.values()).map(VecDeque::len).sum();
        let (bid, ask) = (bids.last_key_value().unwrap().0, asks.first_key_value().unwrap().0);
        (bids.len(), asks.len(), *bid, *ask, orders)
    }

    /// The next thing that happens; nothing, if there is no order for it.
    fn step(&mut self) {
        let (stock, side) = (self.rng.usize(0..2), self.rng.usize(0..2));
        let message = match self.rng.u32(0..100) {
            0..40 => Some(self.add(stock, side)),
            40..56 => self.execute(stock, side),
            56..64 => self.reduce(),
            64..82 => self.delete(),
            82..94 => self.replace(),
            94..97 => Some(self.trade(stock)),
            _ => Some(self.name_unknown(stock)),
        };
        self.messages.extend(message);
    }

    fn add(&mut self, stock: usize, side: usize) -> ItchMessage {
        self.tally.adds += 1;
        let (symbol, price) = (STOCKS[stock].0, self.price(stock, side));
        let (reference, shares) = self.rest(stock, side, price);
        let added = Added { reference, symbol, side: SIDES[side], shares, price };
        match self.rng.u32(0..20) {
            0 => record::add_attributed(self.stamp(stock), added),
            _ => record::add(self.stamp(stock), added),
        }
    }

    /// Somebody hits the front of the best level.
    fn execute(&mut self, stock: usize, side: usize) -> Option<ItchMessage> {
        let queue = &self.books[stock][side];
        let best = if side == 0 { queue.last_key_value() } else { queue.first_key_value() };
        let (&price, level) = best?;
        let (reference, open) = level[0];
        let shares = if self.rng.bool() { open } else { self.rng.u32(1..=open) };
        self.cut(reference, shares);
        self.tally.executions += 1;
        let (stamp, number) = (self.stamp(stock), self.tally.executions);
        Some(match self.rng.u32(0..8) {
            0 => record::execute_at(stamp, reference, shares, number, price + TICK / 2),
            _ => record::execute(stamp, reference, shares, number),
        })
    }

    /// Takes shares off an order; now and then the last ones.
    fn reduce(&mut self) -> Option<ItchMessage> {
        let (reference, stock) = self.any()?;
        let shares = self.rng.u32(1..=self.open(reference));
        self.cut(reference, shares);
        self.tally.cuts += 1;
        Some(record::cancel(self.stamp(stock), reference, shares))
    }

    fn delete(&mut self) -> Option<ItchMessage> {
        let (reference, stock) = self.any()?;
        self.cut(reference, self.open(reference));
        self.tally.cuts += 1;
        Some(record::delete(self.stamp(stock), reference))
    }

    fn replace(&mut self) -> Option<ItchMessage> {
        let (old, stock) = self.any()?;
        let side = self.places[&old].1;
        self.cut(old, self.open(old));
        let price = self.price(stock, side);
        let (new, shares) = self.rest(stock, side, price);
        self.tally.replaces += 1;
        Some(record::replace(self.stamp(stock), old, new, shares, price))
    }

    fn trade(&mut self, stock: usize) -> ItchMessage {
        self.tally.others += 1;
        let (symbol, _, price) = STOCKS[stock];
        record::trade(self.stamp(stock), symbol, self.rng.u32(1..500), price)
    }

    /// Something happens to an order from before the record.
    fn name_unknown(&mut self, stock: usize) -> ItchMessage {
        self.tally.unknown += 1;
        let (stamp, reference) = (self.stamp(stock), UNKNOWN + self.rng.u64(0..1000));
        match self.rng.u32(0..4) {
            0 => record::delete(stamp, reference),
            1 => record::cancel(stamp, reference, 1),
            2 => record::execute(stamp, reference, 1, UNKNOWN),
            _ => record::replace(stamp, reference, reference + 1, 10, STOCKS[stock].2),
        }
    }

    /// A price near the stock's that does not cross.
    fn price(&mut self, stock: usize, side: usize) -> i64 {
        let wanted = STOCKS[stock].2 + self.rng.i64(-20..=20) * TICK;
        let [bids, asks] = &self.books[stock];
        if side == 0 {
            asks.first_key_value().map_or(wanted, |(best, _)| wanted.min(best - TICK))
        } else {
            bids.last_key_value().map_or(wanted, |(best, _)| wanted.max(best + TICK))
        }
    }

    /// Lets a new order rest; its reference and shares.
    fn rest(&mut self, stock: usize, side: usize, price: i64) -> (u64, u32) {
        let order = (self.next_reference, self.rng.u32(1..500));
        self.next_reference += 1;
        self.books[stock][side].entry(price).or_default().push_back(order);
        self.places.insert(order.0, (stock, side, price));
        self.live.push(order.0);
        order
    }

    /// Any live order, and what it is in.
    fn any(&mut self) -> Option<(u64, usize)> {
        while !self.live.is_empty() {
            let at = self.rng.usize(0..self.live.len());
            if let Some((stock, ..)) = self.places.get(&self.live[at]) {
                return Some((self.live[at], *stock));
            }
            self.live.swap_remove(at);
        }
        None
    }

    fn open(&self, reference: u64) -> u32 {
        let (stock, side, price) = self.places[&reference];
        let mut level = self.books[stock][side][&price].iter();
        level.find(|order| order.0 == reference).unwrap().1
    }

    fn cut(&mut self, reference: u64, shares: u32) {
        let (stock, side, price) = self.places[&reference];
        let level = self.books[stock][side].get_mut(&price).unwrap();
        let order = level.iter_mut().find(|order| order.0 == reference).unwrap();
        order.1 -= shares;
        if order.1 == 0 {
            self.places.remove(&reference);
            level.retain(|order| order.0 != reference);
        }
        if level.is_empty() {
            self.books[stock][side].remove(&price);
        }
    }

    fn stamp(&self, stock: usize) -> Stamp {
        let time_ns = START_NS + self.messages.len() as u64 * PAUSE_NS;
        Stamp { locate: STOCKS[stock].1, time_ns }
    }
}
