//! The state as seen from outside: books to read, and a hash of all of it.
//!
//! The digest says that two exchanges have *said* the same; the state hash
//! says that they *are* the same. It walks everything that could ever make a
//! difference to what is said next, in an order that does not depend on where
//! things lie in memory, and leaves out what could not (free places, indices).

use crate::book::{Level, Order};
use crate::command::Side;
use crate::digest::Digest;
use crate::exchange::Exchange;
use crate::session::Session;
use crate::types::{InstrumentId, OrderId, Price, Quantity, SessionId, UserRef};

/// One instrument's order book.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    exchange: &'a Exchange,
    instrument: InstrumentId,
}

/// All orders of one side at one price.
#[derive(Clone, Copy, Debug)]
pub struct PriceLevel<'a> {
    exchange: &'a Exchange,
    level: &'a Level,
}

/// A resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestingOrder {
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// Whose it is.
    pub session: SessionId,
    /// The client's number for it.
    pub user_ref: UserRef,
    /// What is open.
    pub quantity: Quantity,
    /// Whether it is shown.
    pub displayed: bool,
}

impl Exchange {
    /// The book of an instrument, if it is listed.
    #[must_use]
    pub fn book(&self, instrument: InstrumentId) -> Option<Book<'_>> {
        self.instrument(instrument)?;
        Some(Book { exchange: self, instrument })
    }

    /// A hash of the whole state.
    #[must_use]
    pub fn state_hash(&self) -> Digest {
        let mut hash = Digest::default();
        hash.fold(self.sequence.0, self.time.0);
        hash.fold(self.next_order_id.0, self.next_match.0);
        hash.fold(self.next_market.0, u64::from(self.limits.orders));
        hash.fold(
            u64::from(self.limits.levels_per_side),
            u64::from(self.limits.instruments) << 16 | u64::from(self.limits.sessions),
        );
        hash.word(self.system_event.map_or(0, |event| event as u64 + 1));
        for session in &self.sessions {
            hash_session(&mut hash, session);
        }
        for instrument in &self.instruments {
            hash.text(&instrument.symbol);
            hash.fold(instrument.tick_size.0 as u64, instrument.state as u64);
            hash.fold(instrument.lot_size.0.into(), instrument.max_quantity.0.into());
            for side in [Side::Buy, Side::Sell] {
                self.hash_side(&mut hash, instrument.id, side);
            }
        }
        hash
    }

    fn hash_side(&self, hash: &mut Digest, instrument: InstrumentId, side: Side) {
        let levels = self.books.levels(instrument, side);
        hash.word(levels.len() as u64);
        for level in levels {
            hash.fold(level.price.0 as u64, level.quantity());
            for order in self.books.orders(level) {
                hash_order(hash, order);
            }
        }
    }
}

fn hash_session(hash: &mut Digest, session: &Session) {
    hash.text(&session.name);
    hash.text(&session.firm);
    hash.fold(session.next_input, session.next_user_ref);
    hash.word(session.next_response.0);
}

fn hash_order(hash: &mut Digest, order: &Order) {
    let marks = [order.displayed as u8, order.short_sale as u8, order.capacity as u8];
    hash.fold(order.id.0, u64::from(order.user_ref.0) << 32 | u64::from(order.open.0));
    hash.fold(
        u64::from(order.executed.0) << 32 | u64::from(order.session.0),
        u64::from(marks[0]) | u64::from(marks[1]) << 8 | u64::from(marks[2]) << 16,
    );
}

impl<'a> Book<'a> {
    /// The levels of a side, best price first.
    pub fn levels(
        &self,
        side: Side,
    ) -> impl DoubleEndedIterator<Item = PriceLevel<'a>> + ExactSizeIterator + use<'a> {
        let exchange = self.exchange;
        let levels = exchange.books.levels(self.instrument, side);
        levels.map(move |level| PriceLevel { exchange, level })
    }

    /// The best price of a side, hidden orders included.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Price> {
        self.exchange.books.best(self.instrument, side)
    }

    /// What is open at a price, hidden orders included.
    #[must_use]
    pub fn depth_at(&self, side: Side, price: Price) -> u64 {
        let level = self.exchange.books.level_at(self.instrument, side, price);
        level.map_or(0, Level::quantity)
    }
}

impl<'a> PriceLevel<'a> {
    /// Its price.
    #[must_use]
    pub fn price(&self) -> Price {
        self.level.price
    }

    /// What displayed orders have open.
    #[must_use]
    pub fn displayed_quantity(&self) -> u64 {
        self.level.displayed.quantity
    }

    /// What hidden orders have open.
    #[must_use]
    pub fn hidden_quantity(&self) -> u64 {
        self.level.hidden.quantity
    }

    /// Its orders, in the order in which they trade.
    pub fn orders(&self) -> impl Iterator<Item = RestingOrder> + use<'a> {
        self.exchange.books.orders(self.level).map(|order| RestingOrder {
            order_id: order.id,
            session: order.session,
            user_ref: order.user_ref,
            quantity: order.open,
            displayed: order.displayed,
        })
    }
}
