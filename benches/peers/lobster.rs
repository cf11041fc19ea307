//! `lobster` 0.7.0: maps of levels, each a vector of places in an arena.
//!
//! It knows limit and market orders and cancels. An immediate order is a limit
//! order followed by a cancel of its rest; a modify or a reduction is a cancel
//! and a new order, so a reduction loses priority here and nowhere else. It
//! says of every cancel that it was done, so whether the order was there is
//! taken from what a client knows. It never forgets the id of an order that was
//! filled, so each new or modified order has an id of its own: the number of
//! its message.

use super::{Commands, Engine, Peer};
use crate::flow::{Kind, Message, Report, ReportBody, Reports, Room, Script};
use lobster::{OrderBook, OrderEvent, OrderType};
use ringmatch_engine::command::Side;
use std::hint::black_box;

/// Orders of a level that a new level has room for: the crate's own default.
const QUEUE: usize = 10;

/// `lobster`, with the books of a flow.
#[derive(Debug)]
pub struct Lobster {
    books: Vec<OrderBook>,
    /// By the engine's id: the flow's.
    order_ids: Vec<u64>,
}

/// A message, with what a client knows.
#[derive(Clone, Copy, Debug)]
pub struct LobsterCommand {
    message: Message,
    sequence: u64,
    /// The engine's id of the order as it stood before.
    old: u64,
    is_found: bool,
    price_before: i64,
}

impl Engine for Lobster {
    const NAME: &'static str = "lobster";
    type Command = LobsterCommand;

    fn commands(script: &Script) -> Commands<LobsterCommand> {
        let mut ids: Vec<u64> = Vec::new();
        let both = script.messages.iter().zip(&script.outcomes).enumerate();
        let say = |(number, (message, outcome)): (usize, (&Message, &crate::flow::Outcome))| {
            let place = message.order_id as usize;
            if ids.len() <= place {
                ids.resize(place + 1, 0);
            }
            let (sequence, old) = (number as u64, ids[place]);
            if message.kind == Kind::New || (message.kind != Kind::Cancel && outcome.is_found) {
                ids[place] = sequence;
            }
            let (is_found, price_before) = (outcome.is_found, outcome.before.price);
            LobsterCommand { message: *message, sequence, old, is_found, price_before }
        };
        Commands { all: both.map(say).collect(), opening: script.opening }
    }

    fn open(room: &Room) -> Self {
        let orders = room.orders as usize / usize::from(room.books);
        let books = (0..room.books).map(|_| OrderBook::new(orders, QUEUE, false)).collect();
        Self { books, order_ids: Vec::new() }
    }

    #[inline]
    fn apply(&mut self, command: &LobsterCommand) {
        self.play(command, |fills| {
            black_box(fills);
        });
    }

    fn reports(script: &Script) -> Vec<Report> {
        Self::all_reports(script)
    }
}

impl Peer for Lobster {
    #[inline]
    fn apply_and_report(&mut self, command: &LobsterCommand, reports: &mut impl Reports) {
        let &LobsterCommand { message, sequence, is_found, price_before, .. } = command;
        let Message { order_id, price, side, quantity, .. } = message;
        let mut say = |body| reports.report(|| Report { sequence, body });
        say(message.answer(is_found, price_before));
        self.order_ids.push(order_id);
        let order_ids = std::mem::take(&mut self.order_ids);
        let mut traded = 0;
        self.play(command, |event| {
            let (OrderEvent::Filled { fills, filled_qty, .. }
            | OrderEvent::PartiallyFilled { fills, filled_qty, .. }) = event
            else {
                return;
            };
            traded = filled_qty as u32;
            for fill in fills {
                say(ReportBody::Trade {
                    price: fill.price as i64,
                    quantity: fill.qty as u32,
                    maker: order_ids[fill.order_2 as usize],
                    taker: order_id,
                });
            }
        });
        if message.immediate_or_cancel && traded < quantity {
            say(ReportBody::CancelAck { side, order_id, price });
        }
        self.order_ids = order_ids;
    }
}

impl Lobster {
    /// Makes the calls for a message; what came of its order goes to `take`.
    #[inline]
    fn play(&mut self, command: &LobsterCommand, take: impl FnOnce(OrderEvent)) {
        let book = &mut self.books[usize::from(command.message.book)];
        let kind = command.message.kind;
        if kind != Kind::New {
            black_box(book.execute(OrderType::Cancel { id: u128::from(command.old) }));
        }
        if kind == Kind::Cancel || (kind != Kind::New && !command.is_found) {
            return;
        }
        let Message { quantity, price, side, .. } = command.message;
        let id = u128::from(command.sequence);
        let side = match side {
            Side::Buy => lobster::Side::Bid,
            Side::Sell => lobster::Side::Ask,
        };
        let (qty, price) = (u64::from(quantity), price as u64);
        let event = book.execute(OrderType::Limit { id, side, qty, price });
        let rests = matches!(event, OrderEvent::Placed { .. } | OrderEvent::PartiallyFilled { .. });
        if command.message.immediate_or_cancel && rests {
            black_box(book.execute(OrderType::Cancel { id }));
        }
        take(event);
    }
}
