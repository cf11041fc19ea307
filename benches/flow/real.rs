//! Recorded order flow of one symbol, played in many books at once.
//!
//! An ITCH 5.0 record is read backwards into what somebody sent, as
//! `ringmatch feed` does: an execution is an immediate order of the other side
//! at the resting order's price. Each book plays the same flow; which book goes
//! next is drawn by lot, so that they are at different places in it. What names
//! an order from before the record is left out.

use super::{Kind, Message, Room, Script};
use fastrand::Rng;
use ringmatch::feed::{Record, RecordError};
use ringmatch_engine::command::Side;
use ringmatch_gateway::wire::ItchPrice;
use ringmatch_gateway::wire::itch::ItchMessage;
use std::collections::HashMap;
use std::path::Path;
use thiserror::Error;

const SEED: u64 = 0x5eed;
/// Units of the record's prices in a tick of one cent.
const UNITS_PER_TICK: u32 = 100;

/// Why a record gives no flow.
#[derive(Debug, Error)]
pub enum RealFlowError {
    /// It cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It has fewer messages than were asked for.
    #[error("the record has only {0} messages of orders that it added itself")]
    TooShort(usize),
}

/// The first `messages` messages of a record, in each of so many books.
///
/// # Errors
/// When the record cannot be read, or is too short.
pub fn read_real_flow(path: &Path, books: u16, messages: usize) -> Result<Script, RealFlowError> {
    let mut reader = Reader::default();
    for recorded in Record::new(path).messages()? {
        reader.take(&recorded?.message);
    }
    let flow = reader.messages.get(..messages);
    let flow = flow.ok_or(RealFlowError::TooShort(reader.messages.len()))?;
    let room = Room {
        books,
        // A few hundred rest at a time in each book.
        orders: u32::from(books) << 12,
        levels_per_side: 1 << 11,
    };
    Ok(Script::new(room, interleave(flow, books), 0))
}

fn interleave(flow: &[Message], books: u16) -> Vec<Message> {
    let mut rng = Rng::with_seed(SEED);
    let mut waiting: Vec<(u16, usize)> = (0..books).map(|book| (book, 0)).collect();
    let mut all = Vec::with_capacity(flow.len() * usize::from(books));
    while !waiting.is_empty() {
        let turn = rng.usize(0..waiting.len());
        let (book, place) = &mut waiting[turn];
        let message = flow[*place];
        let order_id = message.order_id * u64::from(books) + u64::from(*book);
        all.push(Message { order_id, book: *book, ..message });
        *place += 1;
        if *place == flow.len() {
            waiting.swap_remove(turn);
        }
    }
    all
}

#[derive(Clone, Copy)]
struct Resting {
    order_id: u64,
    side: Side,
    price: i64,
    open: u32,
}

#[derive(Default)]
struct Reader {
    messages: Vec<Message>,
    /// By the record's reference.
    resting: HashMap<u64, Resting>,
    next_order_id: u64,
}

impl Reader {
    fn take(&mut self, message: &ItchMessage) {
        match message {
            ItchMessage::AddOrder(add) => {
                self.add(add.order_reference_number, add.side.0, add.shares, add.price);
            }
            ItchMessage::AddOrderAttributed(add) => {
                self.add(add.order_reference_number, add.side.0, add.shares, add.price);
            }
            ItchMessage::OrderExecuted(hit) => {
                self.hit(hit.order_reference_number, hit.executed_shares);
            }
            ItchMessage::OrderExecutedWithPrice(hit) => {
                self.hit(hit.order_reference_number, hit.executed_shares);
            }
            ItchMessage::OrderCancel(cancel) => {
                self.reduce(cancel.order_reference_number, cancel.cancelled_shares);
            }
            ItchMessage::OrderDelete(delete) => self.cancel(delete.order_reference_number),
            ItchMessage::OrderReplace(replace) => {
                let Some(old) = self.resting.remove(&replace.original_order_reference_number)
                else {
                    return;
                };
                let new = Resting { open: replace.shares, price: ticks(replace.price), ..old };
                self.resting.insert(replace.new_order_reference_number, new);
                self.send(Kind::Modify, new);
            }
            _ => {}
        }
    }

    fn add(&mut self, reference: u64, side: u8, open: u32, price: ItchPrice) {
        let side = if side == b'B' { Side::Buy } else { Side::Sell };
        let order = Resting { order_id: self.next_id(), side, price: ticks(price), open };
        self.resting.insert(reference, order);
        self.send(Kind::New, order);
    }

    /// Somebody hits a resting order.
    fn hit(&mut self, reference: u64, quantity: u32) {
        let Some(maker) = self.take_shares(reference, quantity) else { return };
        let taker = Message {
            order_id: self.next_id(),
            price: maker.price,
            quantity,
            side: maker.side.opposite(),
            immediate_or_cancel: true,
            ..Message::default()
        };
        self.messages.push(taker);
    }

    fn reduce(&mut self, reference: u64, by: u32) {
        match self.take_shares(reference, by) {
            Some(order) if order.open == 0 => self.send(Kind::Cancel, order),
            Some(order) => self.send(Kind::Reduce, order),
            None => {}
        }
    }

    fn cancel(&mut self, reference: u64) {
        if let Some(order) = self.resting.remove(&reference) {
            self.send(Kind::Cancel, order);
        }
    }

    /// Takes shares off an order; the order as it stands then.
    fn take_shares(&mut self, reference: u64, quantity: u32) -> Option<Resting> {
        let order = self.resting.get_mut(&reference)?;
        order.open = order.open.saturating_sub(quantity);
        let order = *order;
        if order.open == 0 {
            self.resting.remove(&reference);
        }
        Some(order)
    }

    fn send(&mut self, kind: Kind, order: Resting) {
        let Resting { order_id, side, price, open: quantity } = order;
        let message = Message { order_id, side, price, quantity, kind, ..Message::default() };
        self.messages.push(message);
    }

    fn next_id(&mut self) -> u64 {
        self.next_order_id += 1;
        self.next_order_id - 1
    }
}

fn ticks(price: ItchPrice) -> i64 {
    i64::from(price.0 / UNITS_PER_TICK)
}
