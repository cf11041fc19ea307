//! The order books of all instruments.
//!
//! One arena of orders, one of price levels, one of what is special about few
//! orders, one index of the clients' own numbers, and for each instrument two
//! ladders of levels, its stop orders and its waiting orders. What always
//! holds: an order is in the arena, in the index and in exactly one queue, or
//! in none of them; a level is in a ladder exactly while it has an order; a
//! queue's quantity is the sum of its orders' open quantities; an order's
//! special place is used exactly while the order is.

mod bitmap;
mod grid;
mod index;
mod ladder;
mod level;
mod order;
mod refill;
mod special;

use crate::command::{Pricing, Side};
use crate::limits::Limits;
use crate::types::{InstrumentId, Nanos, Price, Quantity, SessionId, UserRef};
pub(crate) use grid::Grid;
use index::UserRefIndex;
use ladder::{Ladder, SortedLevels};
pub(crate) use ladder::{Rung, grain, key, mirrored};
use level::Levels;
pub(crate) use level::{Level, Place};
use order::Orders;
pub(crate) use order::{Marks, NIL, Order};
pub(crate) use refill::{Loose, Ranks};
pub(crate) use special::Special;
use special::{Followers, Specials};

/// What an instrument asks of the usual order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    pub(crate) lot_size: Quantity,
    /// Zero while it does not trade, or has a rule that an order must be held
    /// against.
    pub(crate) max_quantity: Quantity,
}

impl Gate {
    pub(crate) const SHUT: Self = Self { lot_size: Quantity(1), max_quantity: Quantity(0) };

    /// Whether this many can be ordered.
    #[inline(always)]
    pub(crate) fn allows(&self, quantity: Quantity) -> bool {
        let is_within = quantity.0.wrapping_sub(1) < self.max_quantity.0;
        is_within && (self.lot_size.0 <= 1 || quantity.0.is_multiple_of(self.lot_size.0))
    }
}

/// One instrument's orders.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) gate: Gate,
    pub(crate) grid: Grid,
    /// Bids and asks.
    pub(crate) sides: [Ladder; 2],
    /// Stop orders to buy and to sell, by stop price, the next to act last.
    stops: [SortedLevels; 2],
    /// The queue of orders that wait for the closing auction.
    waiting: u32,
    pegs: Followers,
    trailing: Followers,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) orders: Orders,
    pub(crate) levels: Levels,
    pub(crate) specials: Specials,
    pub(crate) index: UserRefIndex,
    pub(crate) books: Vec<Book>,
    levels_per_side: u32,
    special_orders: u32,
}

impl Books {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            orders: Orders::new(limits.orders),
            levels: Levels::new(limits.orders),
            specials: Specials::new(limits.special_orders),
            index: UserRefIndex::new(limits.orders),
            books: Vec::with_capacity(limits.instruments.into()),
            levels_per_side: limits.levels_per_side,
            special_orders: limits.special_orders,
        }
    }

    /// Opens the book of the next instrument.
    pub(crate) fn add_instrument(&mut self, tick_size: Price) {
        let levels = self.levels_per_side;
        let stops = levels.min(self.special_orders);
        self.books.push(Book {
            gate: Gate::SHUT,
            grid: Grid::new(tick_size),
            sides: [Ladder::new(levels), Ladder::new(levels)],
            stops: [SortedLevels::new(stops), SortedLevels::new(stops)],
            waiting: NIL,
            pegs: Followers::EMPTY,
            trailing: Followers::EMPTY,
        });
    }

    /// Notes what an instrument asks of the usual order.
    pub(crate) fn set_gate(&mut self, instrument: InstrumentId, gate: Gate) {
        self.book_mut(instrument).gate = gate;
    }

    #[inline]
    fn book(&self, instrument: InstrumentId) -> &Book {
        &self.books[usize::from(instrument.0) - 1]
    }

    #[inline]
    fn book_mut(&mut self, instrument: InstrumentId) -> &mut Book {
        &mut self.books[usize::from(instrument.0) - 1]
    }

    #[inline]
    fn ladder(&self, instrument: InstrumentId, side: Side) -> &Ladder {
        &self.book(instrument).sides[side as usize]
    }

    /// How an instrument counts its prices.
    #[inline]
    pub(crate) fn grid(&self, instrument: InstrumentId) -> &Grid {
        &self.book(instrument).grid
    }

    /// How many orders the exchange holds.
    pub(crate) fn len(&self) -> u32 {
        self.orders.len()
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.orders.is_full()
    }

    /// Whether there is a level at a price of the book, or room for one.
    #[inline(always)]
    pub(crate) fn has_level(&self, instrument: InstrumentId, side: Side, grain: u32) -> bool {
        let ladder = self.ladder(instrument, side);
        !ladder.is_full() || ladder.find(key(side, grain)) != NIL
    }

    /// Whether there is a level at a stop price, or room for one.
    pub(crate) fn has_stop_level(&self, instrument: InstrumentId, side: Side, grain: u32) -> bool {
        let stops = &self.book(instrument).stops[side as usize];
        stops.len() < self.levels_per_side as usize || stops.find(stop_key(side, grain)).is_some()
    }

    /// The best level of a side.
    #[inline]
    pub(crate) fn best(&self, instrument: InstrumentId, side: Side) -> Option<Rung> {
        self.ladder(instrument, side).best()
    }

    /// The best level of a side whose key is at least `reach`.
    #[inline(always)]
    pub(crate) fn best_within(
        &self,
        instrument: InstrumentId,
        side: Side,
        reach: u32,
    ) -> Option<Rung> {
        self.ladder(instrument, side).best_within(reach)
    }

    /// The best price of a side.
    pub(crate) fn best_price(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        let rung = self.best(instrument, side)?;
        Some(self.grid(instrument).price(grain(side, rung.key)))
    }

    /// The grain of the best displayed order of a side.
    pub(crate) fn best_displayed(&self, instrument: InstrumentId, side: Side) -> Option<u32> {
        let mut levels = self.ladder(instrument, side).best_first();
        levels.find(|&level| !self.levels[level].is_empty()).map(|level| self.levels[level].grain)
    }

    /// The same, as if an order were not there.
    pub(crate) fn best_displayed_without(
        &self,
        instrument: InstrumentId,
        side: Side,
        without: u32,
    ) -> Option<u32> {
        let mut levels = self.ladder(instrument, side).best_first();
        levels
            .find(|&level| {
                let mut others = self.queue(level).filter(|&index| index != without);
                others.next().is_some_and(|index| self.orders[index].marks.is_displayed())
            })
            .map(|level| self.levels[level].grain)
    }

    /// The live order with a session's number, and where the index has it.
    #[inline(always)]
    pub(crate) fn find(&self, session: SessionId, user_ref: UserRef) -> Option<(usize, u32)> {
        self.index.find(session, user_ref, &self.orders)
    }

    /// The live order with a session's number.
    #[inline(always)]
    pub(crate) fn get(&self, session: SessionId, user_ref: UserRef) -> Option<u32> {
        self.index.get(session, user_ref, &self.orders)
    }

    /// The order that a look-up of this number will most likely find, or NIL.
    #[inline]
    pub(crate) fn peek(&self, session: SessionId, user_ref: UserRef) -> u32 {
        self.index.peek(session, user_ref)
    }

    /// Reads of a book what an order at a price will need; the level there, or
    /// NIL, and something of all that was read.
    #[inline]
    pub(crate) fn look_at_price(
        &self,
        instrument: InstrumentId,
        side: Side,
        price: Price,
    ) -> (u32, u32) {
        let Some(book) = self.books.get(usize::from(instrument.0).wrapping_sub(1)) else {
            return (NIL, 0);
        };
        let Some(grain) = book.grid.tick(price) else { return (NIL, 0) };
        let key = key(side, grain);
        let ladder = &book.sides[side as usize];
        let seen = ladder.look_at(key)
            ^ u32::from(book.sides[side.against()].reaches(key))
            ^ book.gate.max_quantity.0;
        (ladder.find(key), seen)
    }

    /// Reads of a book what a level's end will need.
    #[inline]
    pub(crate) fn look_at_level(&self, level: &Level, side: Side) -> u32 {
        let book = self.book(level.instrument);
        book.sides[side as usize].look_at(key(side, level.grain))
    }

    /// The order that trades first at a level.
    #[inline]
    pub(crate) fn front(&self, level: u32) -> u32 {
        self.levels.front(level)
    }

    /// What an order trades.
    #[inline(always)]
    pub(crate) fn instrument(&self, order: &Order) -> InstrumentId {
        self.levels[order.level].instrument
    }

    /// Where an order stands.
    pub(crate) fn place(&self, order: &Order) -> Place {
        self.levels[order.level].place
    }

    /// The price at which an order stands: in the book its limit, among the
    /// stops its stop price.
    pub(crate) fn price(&self, order: &Order) -> Price {
        let level = &self.levels[order.level];
        self.grid(level.instrument).price(level.grain)
    }

    /// What is special about an order.
    pub(crate) fn special(&self, order: &Order) -> Option<&Special> {
        (order.special != NIL).then(|| &self.specials[order.special])
    }

    /// What an order shows of what is open: what can be traded with it at once.
    #[inline]
    pub(crate) fn shown(&self, order: &Order) -> Quantity {
        if order.special == NIL {
            return order.open;
        }
        match &self.specials[order.special] {
            special if special.is_iceberg() => Quantity(special.shown),
            _ => order.open,
        }
    }

    /// What the market sees of an order while it rests in the book.
    #[inline(always)]
    pub(crate) fn displayed(&self, order: &Order) -> Quantity {
        if !order.marks.is_displayed() {
            return Quantity(0);
        }
        // Whatever stands elsewhere than in the book is special.
        if order.special == NIL {
            return order.open;
        }
        match self.levels[order.level].place {
            Place::Book => self.shown(order),
            _ => Quantity(0),
        }
    }

    /// Takes an order in and lets it rest, last in its queue; there must be
    /// room for it and for its level.
    #[inline(always)]
    pub(crate) fn rest(
        &mut self,
        instrument: InstrumentId,
        place: Place,
        grain: u32,
        order: Order,
    ) -> u32 {
        let index = self.orders.insert(order);
        self.index.insert(order.session, order.user_ref, index, &self.orders);
        self.stand(index, instrument, place, grain);
        index
    }

    /// Lets a displayed order rest in a place that is taken.
    #[inline(always)]
    pub(crate) fn rest_usual(
        &mut self,
        instrument: InstrumentId,
        grain: u32,
        index: u32,
        order: Order,
    ) {
        let side = order.marks.side();
        let key = key(side, grain);
        let ladder = &mut self.books[usize::from(instrument.0) - 1].sides[side as usize];
        let (mut level, mut previous) = (ladder.find(key), NIL);
        if level == NIL {
            level = self.levels.found(instrument, grain, index, order.open);
            ladder.insert(key, level);
        } else {
            previous = self.levels.append(level, index, order.open);
            if previous != NIL {
                self.orders[previous].next = index;
            }
        }
        self.orders[index] = Order { level, previous, ..order };
        self.index.insert(order.session, order.user_ref, index, &self.orders);
    }

    /// Lets an order go that has nothing special and whose number the index has
    /// at `place`.
    #[inline(always)]
    pub(crate) fn remove_usual(&mut self, place: usize, index: u32) {
        self.index.remove_at(place, &self.orders);
        self.detach(index);
        self.orders.remove(index);
    }

    /// What an order would find: its level or NIL, and whether it would trade.
    #[inline(always)]
    pub(crate) fn outlook(
        &self,
        instrument: InstrumentId,
        side: Side,
        grain: u32,
        reach: u32,
    ) -> (u32, bool) {
        let book = self.book(instrument);
        let level = book.sides[side as usize].find(key(side, grain));
        (level, book.sides[side.opposite() as usize].reaches(reach))
    }

    /// Notes what is special about an order that has just been taken in.
    pub(crate) fn make_special(&mut self, index: u32, special: Special) {
        let place = self.specials.insert(Special { order: index, ..special });
        self.orders[index].special = place;
        let instrument = self.instrument(&self.orders[index]);
        let book = &mut self.books[usize::from(instrument.0) - 1];
        if let Some(list) = book.followers(special.options.pricing) {
            self.specials.follow(list, place);
        }
    }

    /// Puts an order that is taken in last in the queue where it belongs.
    #[inline(always)]
    pub(crate) fn stand(&mut self, index: u32, instrument: InstrumentId, place: Place, grain: u32) {
        let marks = self.orders[index].marks;
        let level = self.level(instrument, place, marks.side(), grain);
        let queue = if marks.is_displayed() || place != Place::Book {
            level
        } else {
            self.levels.hidden_queue(level)
        };
        self.levels.push(queue, index, &mut self.orders);
    }

    /// The level at a price, made if need be.
    #[inline(always)]
    fn level(&mut self, instrument: InstrumentId, place: Place, side: Side, grain: u32) -> u32 {
        let book = &mut self.books[usize::from(instrument.0) - 1];
        match place {
            Place::Book => {
                let ladder = &mut book.sides[side as usize];
                match ladder.find(key(side, grain)) {
                    NIL => self.levels.open(instrument, side, grain, ladder),
                    level => level,
                }
            }
            Place::Stop => {
                let stops = &mut book.stops[side as usize];
                let key = stop_key(side, grain);
                stops.find(key).unwrap_or_else(|| {
                    let level = self.levels.insert(instrument, place, grain);
                    stops.insert(key, level);
                    level
                })
            }
            Place::Waiting => {
                if book.waiting == NIL {
                    book.waiting = self.levels.insert(instrument, place, 0);
                }
                book.waiting
            }
        }
    }

    /// Takes an order out of its queue; it stays taken in.
    #[inline(always)]
    pub(crate) fn detach(&mut self, index: u32) {
        let order = self.orders[index];
        self.leave(index, &order);
    }

    /// Takes an order out of its queue, as it stands.
    #[inline(always)]
    pub(crate) fn leave(&mut self, index: u32, order: &Order) {
        let (queue, side) = (order.level, order.marks.side());
        if self.levels.unlink(index, order, &mut self.orders) {
            self.vacate(queue, side);
        }
    }

    /// Frees a queue that has become empty, and its level if that has.
    #[inline(always)]
    fn vacate(&mut self, queue: u32, side: Side) {
        let level = &self.levels[queue];
        if level.is_plain() {
            let book = &mut self.books[usize::from(level.instrument.0) - 1];
            book.sides[side as usize].remove(key(side, level.grain));
            self.levels.remove(queue);
        } else {
            self.vacate_unusual(queue, side);
        }
    }

    #[cold]
    fn vacate_unusual(&mut self, queue: u32, side: Side) {
        let mut level = queue;
        if self.levels[queue].is_hidden {
            level = self.levels[queue].other;
            self.levels[level].other = NIL;
            self.levels.remove(queue);
        }
        let Level { instrument, place, grain, other, .. } = self.levels[level];
        if !self.levels[level].is_empty() || other != NIL {
            return;
        }
        let book = self.book_mut(instrument);
        match place {
            Place::Book => book.sides[side as usize].remove(key(side, grain)),
            Place::Stop => book.stops[side as usize].remove(stop_key(side, grain)),
            Place::Waiting => book.waiting = NIL,
        }
        self.levels.remove(level);
    }

    /// Lets an order go. `place` is where the index has its number, if that is
    /// known.
    #[inline(always)]
    pub(crate) fn remove(&mut self, index: u32, order: &Order, place: Option<usize>) {
        if order.special != NIL {
            self.forget_special(index, self.instrument(order));
        }
        match place {
            Some(place) => self.index.remove_at(place, &self.orders),
            None => self.index.remove(order.session, order.user_ref, &self.orders),
        }
        self.leave(index, order);
        self.orders.remove(index);
    }

    /// Lets an order go that is in no queue.
    pub(crate) fn remove_aside(&mut self, index: u32, instrument: InstrumentId) {
        let order = self.orders[index];
        if order.special != NIL {
            self.forget_special(index, instrument);
        }
        self.index.remove(order.session, order.user_ref, &self.orders);
        self.orders.remove(index);
    }

    #[cold]
    fn forget_special(&mut self, index: u32, instrument: InstrumentId) {
        self.unfollow(index, instrument);
        self.specials.remove(self.orders[index].special);
        self.orders[index].special = NIL;
    }

    /// Takes a special order out of the list of those that follow the market.
    fn unfollow(&mut self, index: u32, instrument: InstrumentId) {
        let place = self.orders[index].special;
        let pricing = self.specials[place].options.pricing;
        let book = &mut self.books[usize::from(instrument.0) - 1];
        if let Some(list) = book.followers(pricing) {
            self.specials.unfollow(list, place);
        }
    }

    /// A stop order is an order like others from now on.
    pub(crate) fn make_plain(&mut self, index: u32, instrument: InstrumentId) {
        self.unfollow(index, instrument);
        let place = self.orders[index].special;
        self.specials[place].options.pricing = Pricing::Plain;
        self.specials[place].options.offset = 0;
    }

    /// Makes an order smaller, from its reserve first; it keeps its place.
    /// `by` is less than what is open. Returns by how much what it shows
    /// became less.
    #[inline]
    pub(crate) fn reduce(&mut self, index: u32, by: Quantity) -> Quantity {
        let order = &mut self.orders[index];
        debug_assert!(by < order.open, "what would be left is nothing");
        order.open.0 -= by.0;
        self.levels[order.level].quantity -= u64::from(by.0);
        if order.special == NIL {
            return by;
        }
        let special = &mut self.specials[order.special];
        if !special.is_iceberg() {
            return by;
        }
        let shown = special.shown.min(order.open.0);
        let less = special.shown - shown;
        special.shown = shown;
        Quantity(less)
    }

    /// Makes an order larger; what an iceberg shows is filled up.
    pub(crate) fn grow(&mut self, index: u32, by: Quantity) {
        let order = &mut self.orders[index];
        order.open.0 += by.0;
        self.levels[order.level].quantity += u64::from(by.0);
        if order.special != NIL {
            let open = order.open.0;
            let special = &mut self.specials[order.special];
            special.shown = special.options.max_floor.0.min(open);
        }
    }

    /// Shows the next part of an iceberg.
    pub(crate) fn refresh(&mut self, index: u32) {
        let order = &self.orders[index];
        let special = &mut self.specials[order.special];
        special.shown = special.options.max_floor.0.min(order.open.0);
    }

    /// Takes what has traded off what an order shows, which is less than what
    /// is open. True for an iceberg that shows nothing any more.
    #[inline]
    pub(crate) fn fill_partly(&mut self, index: u32, by: Quantity) -> bool {
        let order = &mut self.orders[index];
        order.open.0 -= by.0;
        order.executed.0 += by.0;
        self.levels[order.level].quantity -= u64::from(by.0);
        if order.special == NIL {
            return false;
        }
        let special = &mut self.specials[order.special];
        if !special.is_iceberg() {
            return false;
        }
        special.shown -= by.0;
        special.shown == 0
    }

    /// Sends an order to the end of its queue.
    pub(crate) fn requeue(&mut self, index: u32) {
        let order = self.orders[index];
        let queue = order.level;
        self.levels.unlink(index, &order, &mut self.orders);
        self.levels.push(queue, index, &mut self.orders);
    }

    /// The levels of a side of the book, best price first.
    pub(crate) fn levels(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = u32> {
        self.ladder(instrument, side).best_first()
    }

    /// The levels of a side of the book, worst price first.
    pub(crate) fn levels_worst_first(
        &self,
        instrument: InstrumentId,
        side: Side,
    ) -> impl Iterator<Item = u32> {
        self.ladder(instrument, side).worst_first()
    }

    /// How many levels a side of the book has.
    pub(crate) fn level_count(&self, instrument: InstrumentId, side: Side) -> usize {
        self.ladder(instrument, side).len()
    }

    /// The level at a grain of the book.
    pub(crate) fn level_at(&self, instrument: InstrumentId, side: Side, grain: u32) -> Option<u32> {
        let level = self.ladder(instrument, side).find(key(side, grain));
        (level != NIL).then_some(level)
    }

    /// The stop orders of a side, by stop price, the next to act first.
    pub(crate) fn stop_levels(
        &self,
        instrument: InstrumentId,
        side: Side,
    ) -> impl Iterator<Item = u32> {
        self.book(instrument).stops[side as usize].best_first()
    }

    /// The queue of the orders that wait for the closing auction.
    pub(crate) fn waiting(&self, instrument: InstrumentId) -> Option<u32> {
        let waiting = self.book(instrument).waiting;
        (waiting != NIL).then_some(waiting)
    }

    /// The orders of a level in the order in which they trade.
    pub(crate) fn queue(&self, level: u32) -> impl Iterator<Item = u32> {
        let level = &self.levels[level];
        let hidden = if level.other == NIL { NIL } else { self.levels[level.other].head };
        self.line(level.head).chain(self.line(hidden))
    }

    /// An order and those behind it.
    fn line(&self, head: u32) -> impl Iterator<Item = u32> {
        let first = (head != NIL).then_some(head);
        std::iter::successors(first, |&index| {
            let next = self.orders[index].next;
            (next != NIL).then_some(next)
        })
    }

    /// Whether any order of an instrument follows the market.
    #[inline]
    pub(crate) fn has_followers(&self, instrument: InstrumentId) -> bool {
        let book = self.book(instrument);
        !book.pegs.is_empty() || book.stops.iter().any(|stops| stops.len() > 0)
    }

    /// The first of an instrument's pegs, or NIL.
    pub(crate) fn first_peg(&self, instrument: InstrumentId) -> u32 {
        self.book(instrument).pegs.head
    }

    /// The first of an instrument's trailing stops, or NIL.
    pub(crate) fn first_trailing(&self, instrument: InstrumentId) -> u32 {
        self.book(instrument).trailing.head
    }

    /// Puts a follower that got a new reference behind those entered before.
    pub(crate) fn refollow(&mut self, index: u32) {
        let place = self.orders[index].special;
        if place == NIL {
            return;
        }
        let pricing = self.specials[place].options.pricing;
        let instrument = self.instrument(&self.orders[index]);
        let book = &mut self.books[usize::from(instrument.0) - 1];
        if let Some(list) = book.followers(pricing) {
            self.specials.unfollow(list, place);
            self.specials.follow(list, place);
        }
    }

    /// The first order to end by its time, and when.
    pub(crate) fn first_to_expire(&self) -> Option<(Nanos, u32)> {
        self.specials.first_to_expire()
    }

    /// The stop order of a side that acts first.
    pub(crate) fn first_stop(&self, instrument: InstrumentId, side: Side) -> Option<u32> {
        let rung = self.book(instrument).stops[side as usize].best()?;
        Some(self.levels[rung.level].head)
    }
}

impl Book {
    /// The list that an order of this kind stands in beside its queue.
    fn followers(&mut self, pricing: Pricing) -> Option<&mut Followers> {
        match pricing {
            Pricing::Plain | Pricing::Stop => None,
            Pricing::TrailingStop => Some(&mut self.trailing),
            Pricing::MidpointPeg | Pricing::NearPeg => Some(&mut self.pegs),
        }
    }
}

/// A stop price as a key that grows towards what acts first: a buy stop acts
/// when the price rises, the lowest stop price first.
fn stop_key(side: Side, grain: u32) -> u32 {
    key(side.opposite(), grain)
}
