//! The exchange as an image: all of its state, as plain values.
//!
//! An image is logical. It says which queues there are, and of each order in which
//! queue it stands and behind which other, and nothing of how books keep that in
//! memory, so an exchange whose books are built otherwise reads it all the same.
//! Orders come in no order that means anything: as they lie, so that they are copied
//! one after the other, and what they name is looked up for many of them at a time
//! and not by walking from one to the next. An image comes in pieces of
//! bounded size, in a fixed order, so that a state of any size passes through
//! memory of a fixed one. What follows from other things (sums, counts, indices)
//! is not in it. [`Exchange::image`] gives the pieces, [`Restoring`] takes them:
//! it trusts nothing, and its last act is to compare a hash of all of it.

mod closing;
mod restoring;
mod taking;
#[cfg(test)]
mod tests;

use crate::command::{
    AddInstrument, AddSession, AddTickBand, InstrumentStatus, Options, Phase, SetFees, SetRules,
    SetSessionLimits, SystemEvent,
};
use crate::digest::Digest;
use crate::exchange::Exchange;
use crate::limits::{Limits, LimitsError};
use crate::types::{MatchNumber, Nanos, OrderId, Price, Sequence, StreamNumber};
pub use restoring::Restoring;
use rkyv::{Archive, Deserialize, Serialize};
use std::fmt;

/// A piece of an image.
#[derive(Clone, Debug, Archive, Serialize, Deserialize)]
pub enum Piece {
    /// What there is one of; comes first.
    Head(Head),
    /// Instruments, by number.
    Instruments(Vec<InstrumentImage>),
    /// Sessions, by number.
    Sessions(Vec<SessionImage>),
    /// What sessions have bought and sold, by session and instrument.
    Positions(Vec<PositionImage>),
    /// Executions that can still be declared void, in the order of their places.
    Trades(Vec<TradeImage>),
    /// Queues, by instrument; buys before sells, for each the book before the stops,
    /// the first to act first; those that wait come last. Hidden orders of a price
    /// are a queue of their own, right after that of the others.
    Queues(Vec<QueueImage>),
    /// Orders; the first has number 1, over all pieces.
    Orders(Vec<OrderImage>),
    /// What is special about some of them; those that follow the market in the
    /// order in which they do.
    Specials(Vec<SpecialImage>),
    /// A hash over all of it; comes last.
    End(u64),
}

/// What an exchange has one of.
#[derive(Clone, Debug, Archive, Serialize, Deserialize)]
pub struct Head {
    limits: Limits,
    sequence: Sequence,
    time: Nanos,
    next_order_id: OrderId,
    next_match: MatchNumber,
    next_market: StreamNumber,
    system_event: Option<SystemEvent>,
    fees: SetFees,
    fees_collected: i128,
    timer: Option<Nanos>,
    counters: [u64; 8],
    digest: u64,
    tick_bands: Vec<AddTickBand>,
}

/// An instrument.
#[derive(Clone, Debug, Archive, Serialize, Deserialize)]
pub struct InstrumentImage {
    listing: AddInstrument,
    phase: Phase,
    status: InstrumentStatus,
    rules: SetRules,
    last_price: Price,
    auction_ends: Nanos,
    figures_due: Nanos,
    followed_price: Price,
    followed_best: [u32; 2],
}

/// A session.
#[derive(Clone, Debug, Archive, Serialize, Deserialize)]
pub struct SessionImage {
    admission: AddSession,
    next_input: u64,
    next_user_ref: u64,
    next_response: StreamNumber,
    enabled: bool,
    order_entry_enabled: bool,
    limits: SetSessionLimits,
    fees: i128,
    rate_second: u64,
    rate_count: u32,
}

/// What a session has bought and sold of an instrument.
#[derive(Clone, Copy, Debug, Archive, Serialize, Deserialize)]
pub struct PositionImage {
    bought_value: u128,
    sold_value: u128,
    bought: u64,
    sold: u64,
    session: u16,
    instrument: u16,
}

/// An execution.
#[derive(Clone, Copy, Debug, Archive, Serialize, Deserialize)]
pub struct TradeImage {
    match_number: u64,
    price: i64,
    buyer_fee: i64,
    seller_fee: i64,
    quantity: u32,
    buyer_ref: u32,
    seller_ref: u32,
    buyer: u16,
    seller: u16,
    instrument: u16,
}

/// A queue; the first has number 0, over all pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct QueueImage {
    /// Its price on the instrument's grid.
    grain: u32,
    /// The number of the order that stands last; 0 if there are only hidden ones.
    last: u32,
    instrument: u16,
    /// 0 displayed in the book, 1 a stop price, 2 waiting for the closing auction,
    /// 3 hidden in the book.
    place: u8,
    /// 0 to buy, 1 to sell.
    side: u8,
}

/// An order.
#[derive(Clone, Copy, Debug, Archive, Serialize, Deserialize)]
pub struct OrderImage {
    id: u64,
    open: u32,
    executed: u32,
    user_ref: u32,
    /// The number of its queue.
    queue: u32,
    /// The number of the order that it stands behind; 0 for the first of a queue.
    before: u32,
    session: u16,
    marks: u16,
}

// A quarter more than the bare order takes says where it stands.
const _: () = assert!(size_of::<ArchivedOrderImage>() == 32);
const _: () = assert!(size_of::<ArchivedQueueImage>() == 12);

/// What is special about an order.
#[derive(Clone, Copy, Debug, Archive, Serialize, Deserialize)]
pub struct SpecialImage {
    options: Options,
    limit: Price,
    entered_as: OrderId,
    expires: Nanos,
    shown: u32,
    user_ref: u32,
    session: u16,
}

/// Why pieces are no image of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// No exchange can have its limits.
    Limits(LimitsError),
    /// A piece comes where it cannot come, or is missing at the end.
    Order,
    /// Something in it cannot be so.
    Unsound {
        /// What it is.
        what: &'static str,
        /// Its number.
        number: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The state that comes of it is another than the one it was made of.
    Seal {
        /// The seal of what came of it.
        restored: Digest,
        /// The seal that it names.
        recorded: Digest,
    },
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limits(error) => error.fmt(f),
            Self::Order => f.write_str("its pieces are not those of one exchange, in their order"),
            Self::Unsound { what, number, why } => write!(f, "its {what} {number} {why}"),
            Self::Seal { restored, recorded } => write!(
                f,
                "it comes to the state {restored}, and the exchange it was made of had {recorded}"
            ),
        }
    }
}

impl std::error::Error for ImageError {}

impl Exchange {
    /// Gives its image piece by piece to `sink`, and stops at its first error.
    ///
    /// # Errors
    /// What `sink` says.
    pub fn image<E>(&self, sink: impl FnMut(&Piece) -> Result<(), E>) -> Result<(), E> {
        taking::take(self, sink)
    }

    /// A state hash, and with it what it leaves out because nothing that is
    /// said next depends on it, or because it is kept in two ways: the digest,
    /// the timer, what was counted, and who follows the market in which order.
    fn seal(&self, state: Digest) -> Digest {
        let mut seal = state;
        seal.word(self.digest().0);
        seal.word(self.timer.map_or(0, |timer| timer.0 + 1));
        taking::counters(self.counters()).into_iter().for_each(|count| seal.word(count));
        for place in taking::followers(self) {
            let order = &self.books.orders[self.books.specials[place].order];
            seal.fold(order.session.0.into(), order.user_ref.0.into());
        }
        seal
    }
}
