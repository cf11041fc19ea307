//! The order books of all instruments.
//!
//! One arena of orders, one of price levels, one index of the clients' own
//! numbers, and two ladders for each instrument. What always holds: an order is
//! in the arena, in the index and in exactly one queue, or in none of them; a
//! level is in a ladder exactly while it has an order; a queue's quantity is
//! the sum of its orders' open quantities.

mod index;
mod ladder;
mod level;
mod order;

use crate::command::Side;
use crate::limits::Limits;
use crate::types::{InstrumentId, Price, Quantity, SessionId, UserRef};
use index::UserRefIndex;
use ladder::Ladder;
pub(crate) use level::Level;
use level::Levels;
pub(crate) use order::Order;
use order::{NIL, Orders};

/// The two sides of an instrument's book.
#[derive(Debug)]
struct Sides {
    bids: Ladder,
    asks: Ladder,
}

impl Sides {
    fn side(&self, side: Side) -> &Ladder {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Books {
    orders: Orders,
    levels: Levels,
    index: UserRefIndex,
    sides: Vec<Sides>,
    levels_per_side: u32,
}

/// A fill against the first order of the best level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    /// The resting order as it is after the fill.
    pub(crate) maker: Order,
    pub(crate) price: Price,
    pub(crate) quantity: Quantity,
}

impl Books {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            orders: Orders::new(limits.orders),
            levels: Levels::new(limits.orders),
            index: UserRefIndex::new(limits.orders),
            sides: Vec::with_capacity(limits.instruments.into()),
            levels_per_side: limits.levels_per_side,
        }
    }

    /// Opens the book of the next instrument.
    pub(crate) fn add_instrument(&mut self) {
        let capacity = self.levels_per_side;
        self.sides.push(Sides {
            bids: Ladder::new(Side::Buy, capacity),
            asks: Ladder::new(Side::Sell, capacity),
        });
    }

    fn ladder(&self, instrument: InstrumentId, side: Side) -> &Ladder {
        self.sides[usize::from(instrument.0) - 1].side(side)
    }

    fn ladder_mut(&mut self, instrument: InstrumentId, side: Side) -> &mut Ladder {
        self.sides[usize::from(instrument.0) - 1].side_mut(side)
    }

    /// How many orders rest in all books.
    pub(crate) fn len(&self) -> u32 {
        self.orders.len()
    }

    /// Whether an order can come to rest at `price`.
    pub(crate) fn has_room(&self, instrument: InstrumentId, side: Side, price: Price) -> bool {
        !self.orders.is_full() && self.has_level(instrument, side, price)
    }

    /// Whether there is a level at `price`, or room for one.
    pub(crate) fn has_level(&self, instrument: InstrumentId, side: Side, price: Price) -> bool {
        let ladder = self.ladder(instrument, side);
        !ladder.is_full() || ladder.find(price).is_some()
    }

    /// The best price of a side.
    #[inline]
    pub(crate) fn best(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        self.ladder(instrument, side).best().map(|level| self.levels[level].price)
    }

    /// The live order with a session's number.
    pub(crate) fn get(&self, session: SessionId, user_ref: UserRef) -> Option<(u32, &Order)> {
        let index = self.index.get(session, user_ref)?;
        Some((index, &self.orders[index]))
    }

    /// Lets an order rest, last in its queue; there must be room.
    pub(crate) fn rest(&mut self, price: Price, order: Order) {
        let level = match self.ladder(order.instrument, order.side).find(price) {
            Some(level) => level,
            None => self.add_level(order.instrument, order.side, price),
        };
        let index = self.orders.insert(Order { level, ..order });
        self.levels[level].push(&mut self.orders, index);
        self.index.insert(order.session, order.user_ref, index);
    }

    fn add_level(&mut self, instrument: InstrumentId, side: Side, price: Price) -> u32 {
        let level = self.levels.insert(price);
        self.ladder_mut(instrument, side).insert(price, level);
        level
    }

    /// Takes an order out of its book.
    pub(crate) fn remove(&mut self, index: u32) {
        let order = self.orders[index];
        if self.levels[order.level].unlink(&mut self.orders, index) {
            let price = self.levels[order.level].price;
            self.ladder_mut(order.instrument, order.side).remove(price);
            self.levels.remove(order.level);
        }
        self.index.remove(order.session, order.user_ref);
        self.orders.remove(index);
    }

    /// Makes an order smaller; it keeps its place. `by` is less than what is open.
    pub(crate) fn reduce(&mut self, index: u32, by: Quantity) {
        let order = &mut self.orders[index];
        debug_assert!(by < order.open, "what would be left is nothing");
        order.open.0 -= by.0;
        self.levels[order.level].reduce(order.displayed, by.0);
    }

    /// Fills the order that is first in line on a side, if its price is within
    /// `limit`, for at most `quantity`.
    #[inline]
    pub(crate) fn fill(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        limit: Price,
        quantity: Quantity,
    ) -> Option<Fill> {
        let level = self.ladder(instrument, side).best()?;
        let price = self.levels[level].price;
        if !within(side, price, limit) {
            return None;
        }
        let index = self.levels[level].front();
        let maker = &mut self.orders[index];
        let quantity = quantity.min(maker.open);
        maker.executed.0 += quantity.0;
        if quantity < maker.open {
            let maker = *maker;
            self.reduce(index, quantity);
            let open = Quantity(maker.open.0 - quantity.0);
            return Some(Fill { maker: Order { open, ..maker }, price, quantity });
        }
        let maker = Order { open: Quantity(0), ..*maker };
        self.remove(index);
        Some(Fill { maker, price, quantity })
    }

    /// Whether a side has at least `quantity` within `limit`.
    pub(crate) fn can_fill(
        &self,
        instrument: InstrumentId,
        side: Side,
        limit: Price,
        quantity: Quantity,
    ) -> bool {
        let mut wanted = u64::from(quantity.0);
        for level in self.ladder(instrument, side).best_first() {
            let level = &self.levels[level];
            if !within(side, level.price, limit) {
                return false;
            }
            wanted = wanted.saturating_sub(level.quantity());
            if wanted == 0 {
                return true;
            }
        }
        false
    }

    /// The levels of a side, best price first.
    pub(crate) fn levels(
        &self,
        instrument: InstrumentId,
        side: Side,
    ) -> impl DoubleEndedIterator<Item = &Level> + ExactSizeIterator {
        self.ladder(instrument, side).best_first().map(|level| &self.levels[level])
    }

    /// The level at a price.
    pub(crate) fn level_at(
        &self,
        instrument: InstrumentId,
        side: Side,
        price: Price,
    ) -> Option<&Level> {
        self.ladder(instrument, side).find(price).map(|level| &self.levels[level])
    }

    /// The orders of a level in the order in which they trade.
    pub(crate) fn orders<'a>(&'a self, level: &'a Level) -> impl Iterator<Item = &'a Order> {
        let queue = |head: u32| {
            let first = (head != NIL).then(|| &self.orders[head]);
            std::iter::successors(first, |order| {
                (order.next != NIL).then(|| &self.orders[order.next])
            })
        };
        queue(level.displayed.head).chain(queue(level.hidden.head))
    }
}

/// Whether a resting price on `side` is good enough for an incoming `limit`:
/// the seller's price is not above the buyer's.
#[inline]
fn within(side: Side, resting: Price, limit: Price) -> bool {
    match side {
        Side::Buy => limit <= resting,
        Side::Sell => resting <= limit,
    }
}
