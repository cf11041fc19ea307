//! The state as seen from outside: books to read, and a hash of all of it.
//!
//! The digest says that two exchanges have *said* the same; the state hash
//! says that they *are* the same. It takes in everything that could ever make a
//! difference to what is said next, and leaves out what could not (free places,
//! indices, where things lie in memory). Orders, which are many and far from each
//! other, are hashed each for itself, with its queue and the order that it stands
//! behind, and the hashes are added up: so it does not matter in which order they
//! are visited, and whoever walks them for another reason has the sum on the way.

use crate::book::{Level, NIL, Order, Special};
use crate::command::{Display, Options, SetRules, SetSessionLimits, Side};
use crate::digest::Digest;
use crate::exchange::Exchange;
use crate::instrument::Instrument;
use crate::position::Position;
use crate::session::Session;
use crate::tick_tables::TickTables;
use crate::types::{InstrumentId, OrderId, Price, Quantity, SessionId, UserRef};
use std::hint::black_box;

/// One instrument's order book.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    exchange: &'a Exchange,
    instrument: InstrumentId,
}

/// A queue of orders and where it is.
#[derive(Clone, Copy)]
pub(crate) struct QueuePlace {
    pub(crate) level: u32,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
}

/// All orders of one side at one price.
#[derive(Clone, Copy, Debug)]
pub struct PriceLevel<'a> {
    exchange: &'a Exchange,
    level: u32,
}

/// An order that the exchange holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestingOrder {
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// Whose it is.
    pub session: SessionId,
    /// The client's number for it.
    pub user_ref: UserRef,
    /// What is open, reserves included.
    pub quantity: Quantity,
    /// Who may see it.
    pub display: Display,
    /// What the market sees of it.
    pub displayed_quantity: Quantity,
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

    fn seen(&self, index: u32) -> RestingOrder {
        let order = &self.books.orders[index];
        let displayed_quantity = self.books.displayed(order);
        RestingOrder {
            order_id: order.id,
            session: order.session,
            user_ref: order.user_ref,
            quantity: order.open,
            display: order.marks.display(),
            displayed_quantity,
            displayed: displayed_quantity.0 > 0,
        }
    }

    /// A hash of the whole state.
    #[must_use]
    pub fn state_hash(&self) -> Digest {
        let mut hashes = 0_u64;
        for places in self.books.orders.used_places().chunks(Self::AHEAD) {
            self.look_beside(places);
            for order in places.iter().filter(|order| order.level != NIL) {
                hashes = hashes.wrapping_add(self.hash_resting(order));
            }
        }
        self.state_hash_with(hashes)
    }

    /// Reads what hashing these orders will need, which is far from each other: the
    /// waits for memory are one instead of one after another.
    #[inline(always)]
    pub(crate) fn look_beside(&self, places: &[Order]) {
        let look = |order: &Order| self.books.look_beside(order);
        black_box(places.iter().map(look).fold(0, |seen, read| seen ^ read));
    }

    /// Every queue in a fixed order: by instrument, then buys before sells, for
    /// each the book before the stops, the first to act first; those that wait
    /// come last.
    pub(crate) fn queues(&self) -> impl Iterator<Item = QueuePlace> {
        let books = &self.books;
        self.instruments.iter().flat_map(move |listed| {
            let instrument = listed.id;
            let place = move |side| move |level| QueuePlace { level, instrument, side };
            let side = move |side| {
                let stops = books.stop_levels(instrument, side);
                books.levels(instrument, side).chain(stops).map(place(side))
            };
            let waiting = books.waiting(instrument).map(place(Side::Buy));
            side(Side::Buy).chain(side(Side::Sell)).chain(waiting)
        })
    }

    /// The state hash, once the hashes of all orders were added up.
    pub(crate) fn state_hash_with(&self, orders: u64) -> Digest {
        let mut hash = Digest::default();
        hash.word(orders);
        hash.fold(self.voice.sequence.0, self.voice.time.0);
        hash.fold(self.next_order_id.0, self.next_match.0);
        hash.fold(self.voice.next_market.0, u64::from(self.limits.orders));
        hash.fold(
            u64::from(self.limits.levels_per_side),
            u64::from(self.limits.instruments) << 16 | u64::from(self.limits.sessions),
        );
        hash.fold(self.limits.special_orders.into(), self.limits.recent_trades.into());
        hash.word(self.system_event.map_or(0, |event| event as u64 + 1));
        hash.fold(self.fees.maker as u64, self.fees.taker as u64);
        fold_wide(&mut hash, self.fees_collected as u128);
        hash_tick_tables(&mut hash, &self.tick_tables);
        for trade in self.trade_log.iter() {
            hash.fold(trade.match_number.0, trade.price.0 as u64);
        }
        for session in &self.sessions {
            hash_session(&mut hash, session);
        }
        for instrument in &self.instruments {
            self.hash_instrument(&mut hash, instrument);
        }
        hash
    }

    fn hash_instrument(&self, hash: &mut Digest, instrument: &Instrument) {
        hash.text(&instrument.symbol);
        hash.fold(instrument.tick_size.0 as u64, instrument.phase as u64);
        hash.fold(instrument.lot_size.0.into(), instrument.max_quantity.0.into());
        hash.fold(instrument.status as u64, instrument.last_price.0 as u64);
        hash.fold(instrument.auction_ends.0, instrument.figures_due.0);
        let [bid, ask] = instrument.followed_best;
        hash.fold(instrument.followed_price.0 as u64, u64::from(bid) << 32 | u64::from(ask));
        hash_rules(hash, &instrument.rules);
        for side in [Side::Buy, Side::Sell] {
            hash.word(self.books.level_count(instrument.id, side) as u64);
        }
    }

    /// The hash of an order that rests: what it is, where, and behind which other.
    #[inline]
    pub(crate) fn hash_resting(&self, order: &Order) -> u64 {
        let mut hash = Digest::default();
        let before = match order.previous {
            NIL => 0,
            previous => self.books.orders[previous].id.0,
        };
        hash_order(&mut hash, order);
        hash.fold(queue_word(&self.books.levels[order.level]), before);
        if let Some(special) = self.books.special(order) {
            hash_special(&mut hash, special);
        }
        hash.0
    }
}

/// What tells a queue from all others but the side, which its orders have.
#[inline]
fn queue_word(level: &Level) -> u64 {
    let place = (level.place as u64) << 1 | u64::from(level.is_hidden);
    place << 48 | u64::from(level.instrument.0) << 32 | u64::from(level.grain)
}

fn fold_wide(hash: &mut Digest, wide: u128) {
    hash.fold(wide as u64, (wide >> 64) as u64);
}

fn hash_tick_tables(hash: &mut Digest, tables: &TickTables) {
    for table in 1..=TickTables::TABLES as u8 {
        for (from, tick_size) in tables.bands(table) {
            hash.fold(u64::from(table) << 32 | from.0 as u64, tick_size.0 as u64);
        }
    }
}

fn hash_session(hash: &mut Digest, session: &Session) {
    let SetSessionLimits {
        session: _,
        max_open_orders,
        max_position,
        max_exposure,
        max_messages_per_s,
        self_trade,
    } = session.limits;
    hash.text(&session.name);
    hash.text(&session.firm);
    hash.fold(session.next_input, session.next_user_ref);
    let switches = u64::from(session.enabled) | u64::from(session.order_entry_enabled) << 1;
    hash.fold(session.next_response.0, switches | (self_trade as u64) << 2);
    hash.fold(max_position, max_exposure);
    hash.fold(max_open_orders.into(), max_messages_per_s.into());
    hash.fold(session.rate_second, session.rate_count.into());
    fold_wide(hash, session.fees as u128);
    for (at, position) in session.positions.iter().enumerate() {
        if *position != Position::default() {
            hash.fold(position.bought, position.sold);
            fold_wide(hash, position.bought_value);
            fold_wide(hash, position.sold_value);
            hash.word(at as u64);
        }
    }
}

fn hash_rules(hash: &mut Digest, rules: &SetRules) {
    let marks = [
        u64::from(rules.static_collar_bp),
        u64::from(rules.dynamic_collar_bp),
        u64::from(rules.volatility_auction_s),
        u64::from_le_bytes([
            rules.on_breach as u8,
            rules.tick_table,
            u8::from(rules.post_only_slides),
            0,
            0,
            0,
            0,
            0,
        ]),
    ];
    hash.fold(rules.reference_price.0 as u64, rules.max_value);
    hash.fold(marks[0] << 16 | marks[1], marks[2] << 32 | marks[3]);
}

fn hash_order(hash: &mut Digest, order: &Order) {
    hash.fold(order.id.0, u64::from(order.user_ref.0) << 32 | u64::from(order.open.0));
    let marks = u64::from(order.marks.bits()) << 16;
    hash.word(u64::from(order.executed.0) << 32 | marks | u64::from(order.session.0));
}

fn hash_special(hash: &mut Digest, special: &Special) {
    let Options { offset, max_floor, group, pricing, post_only, self_trade, .. } = special.options;
    let letters =
        u64::from_le_bytes([pricing as u8, u8::from(post_only), self_trade as u8, 0, 0, 0, 0, 0]);
    hash.fold(special.limit.0 as u64, special.expires.0);
    hash.fold(u64::from(special.shown) << 32 | u64::from(max_floor.0), special.entered_as.0);
    hash.fold(u64::from(offset as u32), u64::from(group) << 32 | letters);
}

impl<'a> Book<'a> {
    /// The levels of a side, best price first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = PriceLevel<'a>> + use<'a> {
        let exchange = self.exchange;
        let levels = exchange.books.levels(self.instrument, side);
        levels.map(move |level| PriceLevel { exchange, level })
    }

    /// How many levels a side has.
    #[must_use]
    pub fn level_count(&self, side: Side) -> usize {
        self.exchange.books.level_count(self.instrument, side)
    }

    /// The best price of a side, hidden orders included.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Price> {
        self.exchange.books.best_price(self.instrument, side)
    }

    /// What is open at a price, hidden orders and reserves included.
    #[must_use]
    pub fn depth_at(&self, side: Side, price: Price) -> u64 {
        let books = &self.exchange.books;
        let grid = books.grid(self.instrument);
        let grain = grid.floor(price);
        let level = (grid.price(grain) == price)
            .then(|| books.level_at(self.instrument, side, grain))
            .flatten();
        level.map_or(0, |level| books.levels.quantity(level))
    }

    /// The stop orders of a side by stop price, the next to act first.
    pub fn stops(&self, side: Side) -> impl Iterator<Item = PriceLevel<'a>> + use<'a> {
        let exchange = self.exchange;
        let levels = exchange.books.stop_levels(self.instrument, side);
        levels.map(move |level| PriceLevel { exchange, level })
    }

    /// The orders that wait for the closing auction, first come first.
    pub fn waiting(&self) -> impl Iterator<Item = RestingOrder> + use<'a> {
        let exchange = self.exchange;
        let queue = exchange.books.waiting(self.instrument);
        let orders = queue.into_iter().flat_map(move |queue| exchange.books.queue(queue));
        orders.map(move |index| exchange.seen(index))
    }
}

impl<'a> PriceLevel<'a> {
    /// Its price; of stop orders the stop price.
    #[must_use]
    pub fn price(&self) -> Price {
        let level = &self.exchange.books.levels[self.level];
        self.exchange.books.grid(level.instrument).price(level.grain)
    }

    /// What the market sees of its orders.
    #[must_use]
    pub fn displayed_quantity(&self) -> u64 {
        self.orders().map(|order| u64::from(order.displayed_quantity.0)).sum()
    }

    /// What is open beside that: hidden orders and reserves.
    #[must_use]
    pub fn hidden_quantity(&self) -> u64 {
        self.exchange.books.levels.quantity(self.level) - self.displayed_quantity()
    }

    /// Its orders, in the order in which they trade.
    pub fn orders(&self) -> impl Iterator<Item = RestingOrder> + use<'a> {
        let exchange = self.exchange;
        exchange.books.queue(self.level).map(move |index| exchange.seen(index))
    }
}
