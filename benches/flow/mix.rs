//! Seeded flows of a stated mix.
//!
//! A generator plays its flow to a [`Reference`] of its own, so that what it
//! cancels and replaces is live. Prices lie around a middle that stays: half of
//! the orders within ten levels of it, half anywhere in the book. An order that
//! shall trade is priced beyond the middle, so it takes what is best on the
//! other side and leaves nothing behind that would lie crossed for long.

use super::{Kind, Message, Reference, Room, Script};
use fastrand::Rng;
use ringmatch_engine::command::Side;

const SEED: u64 = 0x5eed;
/// Halfway between the best bid and the best offer, in ticks.
const MIDDLE: i64 = 100_000;
/// Levels near the middle, where half of the orders go.
const NEAR: i64 = 10;
/// How far beyond the middle an order is priced that shall trade.
const BEYOND: i64 = 50;

/// Parts of a hundred operations.
#[derive(Clone, Copy, Debug)]
struct Parts {
    /// Limit orders that rest.
    rest: u32,
    /// Limit orders that trade.
    cross: u32,
    cancel: u32,
    replace: u32,
    /// Immediate orders, up to what quantity: so much that as many orders go as
    /// come.
    immediate: u32,
    immediate_quantity: u32,
}

const ADD_AND_CANCEL: Parts =
    Parts { rest: 50, cross: 3, cancel: 40, replace: 0, immediate: 7, immediate_quantity: 100 };
const REPLACE: Parts =
    Parts { rest: 10, cross: 0, cancel: 6, replace: 82, immediate: 2, immediate_quantity: 580 };

const fn sum(parts: &Parts) -> u32 {
    parts.rest + parts.cross + parts.cancel + parts.replace + parts.immediate
}

const _: () = assert!(sum(&ADD_AND_CANCEL) == 100 && sum(&REPLACE) == 100);

/// A flow that can be made anew at any time.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    parts: Parts,
    books: u16,
    resting: usize,
    /// Levels on a side of a book.
    levels: i64,
    operations: usize,
}

impl Mix {
    /// One book, about 1,000 levels and 10,000 resting orders; 53% limit
    /// orders, 40% cancels, 7% immediate-or-cancel; about 10% trade.
    pub const A: Self = Self {
        parts: ADD_AND_CANCEL,
        books: 1,
        resting: 10_000,
        levels: 500,
        operations: 1_000_000,
    };

    /// One book, about 1,000 resting; 82% replaces, 10% limit orders, 6%
    /// cancels, 2% immediate-or-cancel.
    pub const B: Self =
        Self { parts: REPLACE, books: 1, resting: 1_000, levels: 100, operations: 1_000_000 };

    /// The parts of `A` over 10,000 books with 1,000,000 resting orders.
    pub const C: Self = Self {
        parts: ADD_AND_CANCEL,
        books: 10_000,
        resting: 1_000_000,
        levels: 40,
        operations: 1_000_000,
    };

    /// The same mix over a hundredth of the books, orders and operations.
    #[must_use]
    pub const fn hundredth(self) -> Self {
        let books = if self.books < 100 { self.books } else { self.books / 100 };
        let resting = if self.books < 100 { self.resting } else { self.resting / 100 };
        Self { books, resting, operations: self.operations / 100, ..self }
    }

    /// Makes the flow.
    #[must_use]
    pub fn script(self) -> Script {
        let mut generator = Generator::new(self);
        for _ in 0..self.resting {
            generator.rest();
        }
        let opening = generator.messages.len();
        for _ in 0..self.operations {
            generator.step();
        }
        let room = Room {
            books: self.books,
            // The number of resting orders hardly moves.
            orders: (self.resting * 2).next_power_of_two().max(1 << 12) as u32,
            levels_per_side: (self.levels + BEYOND) as u32,
        };
        Script::new(room, generator.messages, opening)
    }
}

struct Generator {
    mix: Mix,
    rng: Rng,
    reference: Reference,
    messages: Vec<Message>,
    next_order_id: u64,
    /// Orders that rest, and some that do not any more.
    live: Vec<u64>,
    /// Nobody looks at the reports.
    silent: super::Silent,
}

impl Generator {
    fn new(mix: Mix) -> Self {
        Self {
            mix,
            rng: Rng::with_seed(SEED),
            reference: Reference::new(mix.books),
            messages: Vec::with_capacity(mix.resting + mix.operations),
            next_order_id: 0,
            live: Vec::new(),
            silent: super::Silent,
        }
    }

    fn step(&mut self) {
        let Parts { rest, cross, cancel, replace, .. } = self.mix.parts;
        let dice = self.rng.u32(0..100);
        if dice < rest {
            self.rest();
        } else if dice < rest + cross {
            self.cross(false);
        } else if dice < rest + cross + cancel {
            self.cancel();
        } else if dice < rest + cross + cancel + replace {
            self.replace();
        } else {
            self.cross(true);
        }
    }

    fn send(&mut self, message: Message) {
        let number = self.messages.len() as u64;
        self.reference.apply(number, &message, &mut self.silent);
        self.messages.push(message);
    }

    fn new_order(&mut self, away: i64, quantity: u32, immediate_or_cancel: bool) {
        let side = if self.rng.bool() { Side::Buy } else { Side::Sell };
        let (order_id, book) = (self.next_order_id, self.rng.u16(0..self.mix.books));
        self.next_order_id += 1;
        let price = price(side, away);
        let kind = Kind::New;
        self.send(Message { order_id, price, quantity, book, kind, side, immediate_or_cancel });
        if !immediate_or_cancel {
            self.live.push(order_id);
        }
    }

    fn rest(&mut self) {
        let (away, quantity) = (self.away(), self.rng.u32(1..=100));
        self.new_order(away, quantity, false);
    }

    fn cross(&mut self, immediate_or_cancel: bool) {
        let largest = if immediate_or_cancel { self.mix.parts.immediate_quantity } else { 100 };
        let quantity = self.rng.u32(1..=largest);
        self.new_order(-BEYOND, quantity, immediate_or_cancel);
    }

    /// Half of the orders are near the middle, half anywhere.
    fn away(&mut self) -> i64 {
        let levels = self.mix.levels;
        let depth = if self.rng.bool() { levels.min(NEAR) } else { levels };
        self.rng.i64(0..depth)
    }

    /// Any order that rests; takes it out of the list if it is to go.
    fn any_live(&mut self, goes: bool) -> u64 {
        loop {
            let place = self.rng.usize(0..self.live.len());
            let order_id = self.live[place];
            let rests = self.reference.resting(order_id).is_some();
            if goes || !rests {
                self.live.swap_remove(place);
            }
            if rests {
                return order_id;
            }
        }
    }

    fn cancel(&mut self) {
        let order_id = self.any_live(true);
        let order = self.reference.resting(order_id).copied().unwrap_or_default();
        let (book, side, price) = (order.book, order.side, order.price);
        let kind = Kind::Cancel;
        self.send(Message { order_id, book, side, price, kind, ..Message::default() });
    }

    fn replace(&mut self) {
        let order_id = self.any_live(false);
        let order = self.reference.resting(order_id).copied().unwrap_or_default();
        let (book, side, kind) = (order.book, order.side, Kind::Modify);
        let (price, quantity) = (price(side, self.away()), self.rng.u32(100..=200));
        let message = Message { order_id, book, side, price, quantity, kind, ..Message::default() };
        self.send(message);
    }
}

/// A price so many ticks from the middle; below zero is on the other side.
fn price(side: Side, away: i64) -> i64 {
    match side {
        Side::Buy => MIDDLE - 1 - away,
        Side::Sell => MIDDLE + 1 + away,
    }
}
