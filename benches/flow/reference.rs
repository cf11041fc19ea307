//! A plain book that says what must come of a flow.
//!
//! Price-time priority in maps and queues, with no thought for speed: it is
//! what adapters and engines are compared with. Its reports of the public
//! challenge's flows hash to the published values, which a test shows.

use super::{Kind, Message, Report, ReportBody, Reports};
use ringmatch_engine::command::Side;
use std::collections::{BTreeMap, VecDeque};

/// What must come of a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Whether the order that it cancels, modifies or reduces was resting.
    pub is_found: bool,
    /// That order as it stood before.
    pub before: Resting,
    /// What its new or modified order traded at once.
    pub traded: u32,
    /// Whether the other side still has orders after that.
    pub is_more_there: bool,
}

/// An order in a book, or, with nothing open, none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resting {
    /// Its limit.
    pub price: i64,
    /// What is open.
    pub open: u32,
    /// What it has traded since it was new, modifications included.
    pub traded: u32,
    /// Which book.
    pub book: u16,
    /// Buy or sell.
    pub side: Side,
}

type Levels = BTreeMap<i64, VecDeque<u64>>;

/// A plain book that says what must come of a flow.
#[derive(Debug)]
pub struct Reference {
    /// By order id.
    orders: Vec<Resting>,
    /// By book: bids and asks.
    books: Vec<[Levels; 2]>,
}

impl Reference {
    /// So many empty books.
    #[must_use]
    pub fn new(books: u16) -> Self {
        Self { orders: Vec::new(), books: vec![Default::default(); usize::from(books)] }
    }

    /// The order of this id, if it rests.
    #[must_use]
    pub fn resting(&self, order_id: u64) -> Option<&Resting> {
        self.orders.get(order_id as usize).filter(|order| order.open > 0)
    }

    /// Levels with orders, both sides of all books.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.books.iter().flatten().map(Levels::len).sum()
    }

    /// The best price of a side.
    #[must_use]
    pub fn best(&self, book: u16, side: Side) -> Option<i64> {
        best(&self.books[usize::from(book)][side as usize], side)
    }

    /// What rests at a price.
    #[must_use]
    pub fn depth_at(&self, book: u16, side: Side, price: i64) -> u64 {
        let level = self.books[usize::from(book)][side as usize].get(&price);
        let open = |&order_id: &u64| u64::from(self.orders[order_id as usize].open);
        level.map_or(0, |level| level.iter().map(open).sum())
    }

    /// Orders that rest, in all books.
    #[must_use]
    pub fn resting_orders(&self) -> usize {
        self.orders.iter().filter(|order| order.open > 0).count()
    }

    /// Applies a message and reports what came of it.
    pub fn apply(&mut self, number: u64, message: &Message, reports: &mut impl Reports) -> Outcome {
        let place = message.order_id as usize;
        if self.orders.len() <= place {
            self.orders.resize(place + 1, Resting::default());
        }
        let before = self.orders[place];
        let found = Outcome { is_found: before.open > 0, before, ..Outcome::default() };
        let is_found = found.is_found;
        let body = message.answer(is_found, before.price);
        reports.report(|| Report { sequence: number, body });
        match message.kind {
            Kind::New => self.enter(number, message, 0, reports),
            Kind::Modify if is_found => {
                self.remove(message.order_id);
                let outcome = self.enter(number, message, before.traded, reports);
                Outcome { traded: outcome.traded, is_more_there: outcome.is_more_there, ..found }
            }
            Kind::Cancel if is_found => {
                self.remove(message.order_id);
                found
            }
            Kind::Reduce if is_found => {
                self.orders[place].open = message.quantity.min(before.open);
                found
            }
            Kind::Cancel | Kind::Modify | Kind::Reduce => found,
        }
    }

    /// Trades an order, and lets what is left rest or end.
    fn enter(
        &mut self,
        number: u64,
        message: &Message,
        traded_before: u32,
        reports: &mut impl Reports,
    ) -> Outcome {
        let &Message { order_id, price, book, side, .. } = message;
        let traded = self.trade(number, message, reports);
        let open = message.quantity - traded;
        let rests = !message.immediate_or_cancel;
        if open > 0 && rests {
            let levels = &mut self.books[usize::from(book)][side as usize];
            levels.entry(price).or_default().push_back(order_id);
        } else if open > 0 {
            let body = ReportBody::CancelAck { side, order_id, price };
            reports.report(|| Report { sequence: number, body });
        }
        let (open, traded_by_all) = (if rests { open } else { 0 }, traded_before + traded);
        self.orders[order_id as usize] = Resting { price, open, traded: traded_by_all, book, side };
        let is_more_there = !self.books[usize::from(book)][side.opposite() as usize].is_empty();
        Outcome { traded, is_more_there, ..Outcome::default() }
    }

    /// Trades an order with those that it crosses; how much.
    fn trade(&mut self, number: u64, message: &Message, reports: &mut impl Reports) -> u32 {
        let maker_side = message.side.opposite();
        let levels = &mut self.books[usize::from(message.book)][maker_side as usize];
        let mut left = message.quantity;
        while left > 0
            && let Some(price) = best(levels, maker_side)
            && crosses(message, price)
        {
            let level = levels.get_mut(&price).expect("it is the best");
            let maker = *level.front().expect("no level is empty");
            let order = &mut self.orders[maker as usize];
            let quantity = left.min(order.open);
            left -= quantity;
            order.open -= quantity;
            order.traded += quantity;
            if order.open == 0 {
                level.pop_front();
                if level.is_empty() {
                    levels.remove(&price);
                }
            }
            let body = ReportBody::Trade { price, quantity, maker, taker: message.order_id };
            reports.report(|| Report { sequence: number, body });
        }
        message.quantity - left
    }

    fn remove(&mut self, order_id: u64) {
        let Resting { price, book, side, .. } = self.orders[order_id as usize];
        self.orders[order_id as usize].open = 0;
        let levels = &mut self.books[usize::from(book)][side as usize];
        let level = levels.get_mut(&price).expect("a resting order has a level");
        let place = level.iter().position(|&one| one == order_id);
        level.remove(place.expect("a resting order stands in its level"));
        if level.is_empty() {
            levels.remove(&price);
        }
    }
}

fn best(levels: &Levels, side: Side) -> Option<i64> {
    match side {
        Side::Buy => levels.keys().next_back().copied(),
        Side::Sell => levels.keys().next().copied(),
    }
}

fn crosses(message: &Message, maker_price: i64) -> bool {
    match message.side {
        Side::Buy => message.price >= maker_price,
        Side::Sell => message.price <= maker_price,
    }
}
