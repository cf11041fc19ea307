//! `orderbook-rs` 0.15.3: concurrent maps of levels, every order on the heap.
//!
//! An immediate order is its `match_order`, which matches and rests nothing. A
//! modify is a cancel and a new order, because its own update does not hand
//! back the trades; each new or modified order has an id of its own, the number
//! of its message. A reduction is its quantity update, which keeps priority.
//! Its clock is the stub that the crate offers, so that the operating system's
//! is not measured.

use super::{Commands, Engine, Peer};
use crate::flow::{Kind, Message, Outcome, Report, ReportBody, Reports, Room, Script};
use orderbook_rs::{DefaultOrderBook, Id, OrderBook, StubClock, TimeInForce};
use pricelevel::{MatchResult, OrderUpdate, Quantity};
use ringmatch_engine::command::Side;
use std::hint::black_box;
use std::sync::Arc;

/// `orderbook-rs`, with the books of a flow.
pub struct OrderBookRs {
    books: Vec<DefaultOrderBook>,
    /// By the engine's id: the flow's.
    order_ids: Vec<u64>,
}

/// A message, with the engine's id of its order.
#[derive(Clone, Copy, Debug)]
pub struct OrderBookRsCommand {
    message: Message,
    sequence: u64,
    /// The engine's id of the order as it stood before.
    old: u64,
    price_before: i64,
}

/// What the engine says of a message.
struct Answer {
    /// Whether the order that it names was there.
    is_found: bool,
    trades: Option<MatchResult>,
}

impl Engine for OrderBookRs {
    const NAME: &'static str = "orderbook-rs";
    type Command = OrderBookRsCommand;

    fn commands(script: &Script) -> Commands<OrderBookRsCommand> {
        let mut ids: Vec<u64> = Vec::new();
        let both = script.messages.iter().zip(&script.outcomes).enumerate();
        let say = |(number, (message, outcome)): (usize, (&Message, &Outcome))| {
            let place = message.order_id as usize;
            if ids.len() <= place {
                ids.resize(place + 1, u64::MAX);
            }
            let (sequence, old) = (number as u64, ids[place]);
            if message.kind == Kind::New || (message.kind == Kind::Modify && outcome.is_found) {
                ids[place] = sequence;
            }
            let price_before = outcome.before.price;
            OrderBookRsCommand { message: *message, sequence, old, price_before }
        };
        Commands { all: both.map(say).collect(), opening: script.opening }
    }

    fn open(room: &Room) -> Self {
        let clock = Arc::new(StubClock::new());
        let book = |_| OrderBook::with_clock("BOOK", clock.clone());
        Self { books: (0..room.books).map(book).collect(), order_ids: Vec::new() }
    }

    #[inline]
    fn apply(&mut self, command: &OrderBookRsCommand) {
        black_box(self.play(command));
    }

    fn reports(script: &Script) -> Vec<Report> {
        Self::all_reports(script)
    }
}

impl Peer for OrderBookRs {
    fn apply_and_report(&mut self, command: &OrderBookRsCommand, reports: &mut impl Reports) {
        let &OrderBookRsCommand { message, sequence, price_before, .. } = command;
        let Message { order_id, price, side, quantity, .. } = message;
        self.order_ids.push(order_id);
        let Answer { is_found, trades } = self.play(command);
        let mut say = |body| reports.report(|| Report { sequence, body });
        say(message.answer(is_found, price_before));
        let mut traded = 0;
        for trade in trades.iter().flat_map(|trades| trades.trades().as_vec()) {
            traded += trade.quantity().as_u64() as u32;
            let Id::Sequential(maker) = trade.maker_order_id() else { continue };
            say(ReportBody::Trade {
                price: trade.price().as_u128() as i64,
                quantity: trade.quantity().as_u64() as u32,
                maker: self.order_ids[maker as usize],
                taker: order_id,
            });
        }
        if message.immediate_or_cancel && traded < quantity {
            say(ReportBody::CancelAck { side, order_id, price });
        }
    }
}

impl OrderBookRs {
    /// Makes the calls for a message.
    #[inline]
    fn play(&mut self, command: &OrderBookRsCommand) -> Answer {
        let Message { book, kind, quantity, .. } = command.message;
        let book = &self.books[usize::from(book)];
        let old = Id::Sequential(command.old);
        match kind {
            Kind::New => Answer { is_found: true, trades: enter(book, command) },
            Kind::Cancel => Answer { is_found: cancel(book, old), trades: None },
            Kind::Modify => {
                let is_found = cancel(book, old);
                let trades = if is_found { enter(book, command) } else { None };
                Answer { is_found, trades }
            }
            Kind::Reduce => {
                let new_quantity = Quantity::new(u64::from(quantity));
                let update = OrderUpdate::UpdateQuantity { order_id: old, new_quantity };
                let is_found = matches!(book.update_order(update), Ok(Some(_)));
                Answer { is_found, trades: None }
            }
        }
    }
}

fn cancel(book: &DefaultOrderBook, id: Id) -> bool {
    matches!(book.cancel_order(id), Ok(Some(_)))
}

fn enter(book: &DefaultOrderBook, command: &OrderBookRsCommand) -> Option<MatchResult> {
    let Message { quantity, price, side, immediate_or_cancel, .. } = command.message;
    let id = Id::Sequential(command.sequence);
    let side = match side {
        Side::Buy => orderbook_rs::Side::Buy,
        Side::Sell => orderbook_rs::Side::Sell,
    };
    let (price, quantity) = (price as u128, u64::from(quantity));
    if immediate_or_cancel {
        return book.match_order(id, side, quantity, Some(price)).ok();
    }
    let lives = TimeInForce::Gtc;
    match book.add_limit_order_with_result(id, price, quantity, side, lives, None) {
        Ok((_, trades)) => trades.map(|trades| trades.match_result),
        Err(_) => None,
    }
}
