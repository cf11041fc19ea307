//! Orders coming into a book, changing in it, and leaving it.
//!
//! Whatever changes what the exchange holds goes through here, so that what is
//! counted beside the books (a session's open orders, whether an auction's
//! figures are stale, whether anything follows the market) cannot be forgotten.
//! For the usual order of a session without limits that is three comparisons.

use crate::book::{NIL, Order, Place, Special};
use crate::command::{OrderType, Pricing};
use crate::exchange::Exchange;
use crate::matching::Incoming;
use crate::types::{InstrumentId, Nanos, Price, Quantity, SessionId};

/// How long after a change an auction's figures are said.
pub(crate) const FIGURES_AFTER_NS: u64 = 1_000_000_000;

impl Exchange {
    /// Takes an order in and lets it rest; there must be room.
    #[inline]
    pub(crate) fn hold(
        &mut self,
        instrument: InstrumentId,
        place: Place,
        grain: u32,
        order: Order,
        special: Option<&Special>,
    ) -> u32 {
        let index = self.books.rest(instrument, place, grain, order);
        if let Some(special) = special {
            self.hold_special(index, special);
        }
        if self.known_session(order.session).is_counted {
            self.count(index, instrument);
        }
        self.note_change(instrument);
        index
    }

    #[cold]
    fn hold_special(&mut self, index: u32, special: &Special) {
        self.books.make_special(index, *special);
        if special.expires > Nanos(0) {
            self.due_at(special.expires);
        }
        self.followers += u32::from(follows(special.options.pricing));
    }

    /// Lets an order go.
    pub(crate) fn release(&mut self, index: u32, instrument: InstrumentId) {
        let order = self.books.orders[index];
        self.release_here(index, &order, None, instrument);
    }

    /// The same, inlined where it is done most.
    #[inline(always)]
    pub(crate) fn release_here(
        &mut self,
        index: u32,
        order: &Order,
        place: Option<usize>,
        instrument: InstrumentId,
    ) {
        let (session, open) = (order.session, order.open);
        if order.special != NIL {
            let special = self.books.special(order);
            let follows = special.is_some_and(|special| follows(special.options.pricing));
            self.followers -= u32::from(follows);
        }
        if self.known_session(session).is_counted {
            self.uncount(index, instrument, open, true);
        }
        self.books.remove(index, order, place);
        self.note_change(instrument);
    }

    /// Makes an order smaller, which keeps its place. Returns by how much what
    /// it shows became less.
    pub(crate) fn shrink(
        &mut self,
        index: u32,
        instrument: InstrumentId,
        by: Quantity,
    ) -> Quantity {
        if self.known_session(self.books.orders[index].session).is_counted {
            self.uncount(index, instrument, by, false);
        }
        self.note_change(instrument);
        self.books.reduce(index, by)
    }

    /// Makes an order larger. Returns what it shows after.
    pub(crate) fn grow(&mut self, index: u32, instrument: InstrumentId, by: Quantity) {
        let session = self.books.orders[index].session;
        let counted = self.known_session(session).is_counted;
        if counted {
            let open = self.books.orders[index].open;
            self.uncount(index, instrument, open, true);
        }
        self.books.grow(index, by);
        if counted {
            self.count(index, instrument);
        }
        self.note_change(instrument);
    }

    /// Takes a part of what an order shows off it, because it traded. True for
    /// an iceberg that shows nothing any more and has a reserve.
    #[inline]
    pub(crate) fn fill_partly(
        &mut self,
        index: u32,
        instrument: InstrumentId,
        by: Quantity,
    ) -> bool {
        if self.known_session(self.books.orders[index].session).is_counted {
            self.uncount(index, instrument, by, false);
        }
        self.books.fill_partly(index, by)
    }

    /// Takes an order out of its queue, to act: it stays taken in, under its
    /// number, until [`stand_again`](Self::stand_again) or
    /// [`release_aside`](Self::release_aside).
    pub(crate) fn set_aside(&mut self, index: u32, instrument: InstrumentId) {
        let Order { session, open, .. } = self.books.orders[index];
        if self.known_session(session).is_counted {
            self.uncount(index, instrument, open, true);
        }
        self.books.detach(index);
        self.books.orders[index].level = NIL;
    }

    /// Lets what is left of an order that was set aside rest in the book;
    /// false if there is no room for its level.
    pub(crate) fn stand_again(&mut self, incoming: &Incoming) -> bool {
        let Incoming { index, instrument, grain, .. } = *incoming;
        if !self.books.has_level(instrument, incoming.marks.side(), grain) {
            return false;
        }
        let order = &mut self.books.orders[index];
        order.open = incoming.open;
        order.executed = incoming.executed;
        self.books.stand(index, instrument, Place::Book, grain);
        if self.known_session(incoming.session).is_counted {
            self.count(index, instrument);
        }
        true
    }

    /// Lets an order that was set aside go.
    pub(crate) fn release_aside(&mut self, incoming: &Incoming) {
        let Incoming { index, instrument, .. } = *incoming;
        let special = self.books.special(&self.books.orders[index]);
        let follows = special.is_some_and(|special| follows(special.options.pricing));
        self.followers -= u32::from(follows);
        self.books.remove_aside(index, instrument);
    }

    /// Counts all that is open of an order that has just come in.
    #[cold]
    pub(crate) fn count(&mut self, index: u32, instrument: InstrumentId) {
        let order = self.books.orders[index];
        let value = self.own_price(&order).0 as u128 * u128::from(order.open.0);
        let session = self.known_session_mut(order.session);
        session.open_orders += 1;
        session.exposure += value;
        *session.position_mut(instrument).open(order.marks.side()) += u64::from(order.open.0);
    }

    #[cold]
    pub(crate) fn uncount(
        &mut self,
        index: u32,
        instrument: InstrumentId,
        by: Quantity,
        is_gone: bool,
    ) {
        let order = self.books.orders[index];
        let value = self.own_price(&order).0 as u128 * u128::from(by.0);
        let session = self.known_session_mut(order.session);
        session.open_orders -= u32::from(is_gone);
        session.exposure -= value;
        *session.position_mut(instrument).open(order.marks.side()) -= u64::from(by.0);
    }

    /// The price that an order's exposure is counted at: its own limit; zero
    /// for one without.
    pub(crate) fn own_price(&self, order: &Order) -> Price {
        match self.books.special(order) {
            Some(special) => special.limit,
            None if order.marks.order_type() == OrderType::Market => Price(0),
            None => self.books.price(order),
        }
    }

    /// Counts the open orders of a session again, after its limits have changed.
    pub(crate) fn recount(&mut self, session: SessionId) {
        let state = self.known_session_mut(session);
        state.open_orders = 0;
        state.exposure = 0;
        for position in &mut state.positions {
            position.open_buy = 0;
            position.open_sell = 0;
        }
        if !self.known_session(session).is_counted {
            return;
        }
        let mut own = std::mem::take(&mut self.chosen);
        let orders = self.books.orders.iter();
        own.extend(orders.filter(|(_, order)| order.session == session).map(|(index, _)| index));
        for &index in &own {
            let instrument = self.books.instrument(&self.books.orders[index]);
            self.count(index, instrument);
        }
        own.clear();
        self.chosen = own;
    }

    /// Notes that a book has changed, for the figures of an auction.
    #[inline]
    pub(crate) fn note_change(&mut self, instrument: InstrumentId) {
        if self.auctions > 0 {
            self.make_figures_due(instrument);
        }
    }

    #[cold]
    fn make_figures_due(&mut self, instrument: InstrumentId) {
        let due = Nanos(self.voice.time.0.saturating_add(FIGURES_AFTER_NS));
        let listed = self.listed_mut(instrument);
        if listed.says_figures() && listed.figures_due == Nanos(0) {
            listed.figures_due = due;
            self.due_at(due);
        }
    }

    /// Notes that something is due.
    pub(crate) fn due_at(&mut self, due: Nanos) {
        self.timer = Some(self.timer.map_or(due, |timer| timer.min(due)));
    }
}

/// Whether an order has to be looked at when the market moves.
pub(crate) fn follows(pricing: Pricing) -> bool {
    pricing != Pricing::Plain
}
