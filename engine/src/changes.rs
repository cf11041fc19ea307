//! Changes of orders that the exchange holds: canceling, modifying, and the
//! requests that concern many orders at once.
//!
//! Canceling works in every phase, for every session and on every order.

use crate::book::{Order, Place};
use crate::checks::Request;
use crate::command::{
    Cancel, InstrumentStatus, MassCancel, Modify, Options, OrderType, Phase, Scope, SetOrderEntry,
    ShortSale, Side,
};
use crate::event::{Canceled, EventBody, EventSink, Modified, PriorityChanged};
use crate::exchange::Exchange;
use crate::reason::{CancelReason, RejectReason};
use crate::types::{ClOrdId, Firm, InstrumentId, Price, Quantity, SessionId};

impl Exchange {
    #[inline]
    pub(crate) fn cancel<S: EventSink>(
        &mut self,
        session: SessionId,
        cancel: &Cancel,
        sink: &mut S,
    ) {
        let Some((place, index)) = self.books.find(session, cancel.user_ref) else {
            self.counters.unknown_orders += 1;
            return;
        };
        let order = self.books.orders[index];
        let instrument = self.books.instrument(&order);
        let wanted = Quantity(cancel.quantity.0.saturating_sub(order.executed.0));
        if wanted.0 == 0 {
            self.take_out_here(index, &order, Some(place), CancelReason::User, sink);
        } else if wanted < order.open {
            let by = Quantity(order.open.0 - wanted.0);
            self.cut(index, instrument, by, sink);
        } else {
            self.counters.superfluous_cancels += 1;
            return;
        }
        self.follow_up(instrument, sink);
    }

    /// Takes an order out and says so.
    pub(crate) fn take_out<S: EventSink>(
        &mut self,
        index: u32,
        instrument: InstrumentId,
        reason: CancelReason,
        sink: &mut S,
    ) {
        let order = self.books.orders[index];
        debug_assert_eq!(self.books.instrument(&order), instrument);
        self.take_out_here(index, &order, None, reason, sink);
    }

    /// The same, inlined where it is done most.
    #[inline(always)]
    fn take_out_here<S: EventSink>(
        &mut self,
        index: u32,
        order: &Order,
        place: Option<usize>,
        reason: CancelReason,
        sink: &mut S,
    ) {
        let instrument = self.books.instrument(order);
        let displayed_quantity = self.books.displayed(order);
        self.release_here(index, order, place, instrument);
        let canceled = Canceled {
            to: self.respond(order.session),
            instrument,
            order_id: order.id,
            user_ref: order.user_ref,
            quantity: order.open,
            remaining: Quantity(0),
            displayed_quantity,
            reason,
        };
        self.emit(sink, displayed_quantity.0 > 0, EventBody::Canceled(canceled));
    }

    /// Cancels a part of an order, which keeps its place.
    fn cut<S: EventSink>(
        &mut self,
        index: u32,
        instrument: InstrumentId,
        by: Quantity,
        sink: &mut S,
    ) {
        let displayed_quantity = self.shrink_displayed(index, instrument, by);
        let order = self.books.orders[index];
        let canceled = Canceled {
            to: self.respond(order.session),
            instrument,
            order_id: order.id,
            user_ref: order.user_ref,
            quantity: by,
            remaining: order.open,
            displayed_quantity,
            reason: CancelReason::User,
        };
        self.emit(sink, displayed_quantity.0 > 0, EventBody::Canceled(canceled));
    }

    /// Makes an order smaller. Returns by how much what the market sees of it
    /// became less.
    fn shrink_displayed(&mut self, index: u32, instrument: InstrumentId, by: Quantity) -> Quantity {
        let is_displayed = self.books.displayed(&self.books.orders[index]).0 > 0;
        let less = self.shrink(index, instrument, by);
        if is_displayed { less } else { Quantity(0) }
    }

    pub(crate) fn modify<S: EventSink>(
        &mut self,
        session: SessionId,
        change: &Modify,
        sink: &mut S,
    ) {
        let Some(index) = self.books.get(session, change.user_ref) else {
            self.counters.unknown_orders += 1;
            return;
        };
        let order = self.books.orders[index];
        let instrument = self.books.instrument(&order);
        let wanted = Quantity(change.quantity.0.saturating_sub(order.executed.0));
        let before = order.marks.short_sale();
        let is_change = wanted != order.open || before != change.short_sale;
        let is_sound =
            order.marks.side() == change.side && may_become(before, change.short_sale) && is_change;
        if !is_sound || (wanted > order.open && !self.may_become(index, change)) {
            self.counters.refused_modifies += 1;
            return;
        }
        if wanted.0 == 0 {
            self.take_out(index, instrument, CancelReason::User, sink);
        } else {
            self.books.orders[index].marks = order.marks.with_short_sale(change.short_sale);
            self.resize(index, instrument, wanted, sink);
        }
        self.follow_up(instrument, sink);
    }

    /// Whether an order may become larger, as asked.
    fn may_become(&self, index: u32, change: &Modify) -> bool {
        let order = self.books.orders[index];
        let session = self.known_session(order.session);
        let instrument = self.listed(self.books.instrument(&order));
        let rests = !matches!(instrument.phase, Phase::Halted | Phase::Closed);
        let is_enabled = instrument.status == InstrumentStatus::Enabled
            && session.enabled
            && session.order_entry_enabled;
        if !rests || !is_enabled || !instrument.allows(change.quantity) {
            return false;
        }
        let price = self.own_price(&order);
        let is_priced = price.0 > 0;
        self.may_grow(&Request {
            session: order.session,
            instrument: instrument.id,
            side: order.marks.side(),
            quantity: Quantity(change.quantity.0 - order.executed.0),
            price,
            order_type: if is_priced { OrderType::Limit } else { OrderType::Market },
            time_in_force: order.marks.time_in_force(),
            display: order.marks.display(),
            options: &Options::NONE,
            has_options: false,
            replaces: index,
            inherits_expiry: false,
        })
    }

    /// Gives an order its new open quantity; if it grows, it loses its place.
    fn resize<S: EventSink>(
        &mut self,
        index: u32,
        instrument: InstrumentId,
        wanted: Quantity,
        sink: &mut S,
    ) {
        let before = self.books.orders[index];
        let mut displayed_reduction = Quantity(0);
        if wanted < before.open {
            let by = Quantity(before.open.0 - wanted.0);
            displayed_reduction = self.shrink_displayed(index, instrument, by);
        }
        let order = self.books.orders[index];
        let modified = Modified {
            to: self.respond(order.session),
            instrument,
            order_id: order.id,
            user_ref: order.user_ref,
            side: order.marks.side(),
            short_sale: order.marks.short_sale(),
            quantity: wanted,
            displayed_reduction,
        };
        self.emit(sink, displayed_reduction.0 > 0, EventBody::Modified(modified));
        if wanted > order.open {
            self.grow(index, instrument, Quantity(wanted.0 - order.open.0));
            self.lose_place(index, instrument, sink);
        }
    }

    fn lose_place<S: EventSink>(&mut self, index: u32, instrument: InstrumentId, sink: &mut S) {
        let id = self.take_order_id();
        let order = &mut self.books.orders[index];
        let original_order_id = std::mem::replace(&mut order.id, id);
        self.books.requeue(index);
        self.books.refollow(index);
        let order = self.books.orders[index];
        let changed = PriorityChanged {
            to: self.respond(order.session),
            instrument,
            original_order_id,
            order_id: id,
            user_ref: order.user_ref,
            price: self.told_limit(&order, instrument),
            display: order.marks.display(),
            displayed_quantity: self.books.displayed(&order),
        };
        let to_market = changed.displayed_quantity.0 > 0;
        self.emit(sink, to_market, EventBody::PriorityChanged(changed));
    }

    /// The price that a client knows an order by.
    fn told_limit(&self, order: &Order, instrument: InstrumentId) -> Price {
        let grid = self.books.grid(instrument);
        match (self.books.place(order), order.marks.order_type()) {
            (Place::Book, _) => self.books.price(order),
            (Place::Waiting, OrderType::Market) => match order.marks.side() {
                Side::Buy => grid.price(grid.highest_tick()),
                Side::Sell => grid.price(grid.lowest_tick()),
            },
            _ => self.own_price(order),
        }
    }

    pub(crate) fn mass_cancel<S: EventSink>(
        &mut self,
        session: SessionId,
        request: &MassCancel,
        sink: &mut S,
    ) {
        let MassCancel { user_ref, firm, instrument, side, group } = *request;
        if !self.consume(session, user_ref) {
            return;
        }
        if !self.is_own_firm(session, firm) {
            self.reject(session, user_ref, RejectReason::NotAuthorized, ClOrdId::BLANK, sink);
            return;
        }
        let to = self.respond(session);
        self.emit(sink, false, EventBody::MassCanceled { to, user_ref, firm, instrument });
        let session = if firm.is_blank() { session } else { SessionId(0) };
        let scope = Scope { session, firm, instrument, side, group };
        self.cancel_all(&scope, CancelReason::MassCancel, sink);
        self.follow_up_all(sink);
    }

    fn is_own_firm(&self, session: SessionId, firm: Firm) -> bool {
        firm.is_blank() || firm == self.known_session(session).firm
    }

    /// Takes out all orders that are meant, by reference.
    pub(crate) fn cancel_all<S: EventSink>(
        &mut self,
        scope: &Scope,
        reason: CancelReason,
        sink: &mut S,
    ) {
        self.cancel_where(|this, order| this.is_meant(order, scope), reason, sink);
    }

    /// Takes out all orders of a kind, by reference.
    pub(crate) fn cancel_where<S: EventSink>(
        &mut self,
        is_meant: impl Fn(&Self, &Order) -> bool,
        reason: CancelReason,
        sink: &mut S,
    ) {
        let mut meant = std::mem::take(&mut self.chosen);
        let orders = self.books.orders.iter().filter(|(_, order)| is_meant(self, order));
        meant.extend(orders.map(|(index, _)| index));
        meant.sort_unstable_by_key(|&index| self.books.orders[index].id);
        for &index in &meant {
            let instrument = self.books.instrument(&self.books.orders[index]);
            self.take_out(index, instrument, reason, sink);
        }
        meant.clear();
        self.chosen = meant;
    }

    fn is_meant(&self, order: &Order, scope: &Scope) -> bool {
        let Scope { session, firm, instrument, side, group } = *scope;
        let own_group = || self.books.special(order).map_or(0, |special| special.options.group);
        (session == SessionId(0) || order.session == session)
            && (firm.is_blank() || self.known_session(order.session).firm == firm)
            && (instrument == InstrumentId(0) || self.books.instrument(order) == instrument)
            && side.is_none_or(|side| order.marks.side() == side)
            && group.is_none_or(|group| own_group() == group)
    }

    /// The kill switch.
    pub(crate) fn set_order_entry<S: EventSink>(
        &mut self,
        session: SessionId,
        request: &SetOrderEntry,
        sink: &mut S,
    ) {
        let SetOrderEntry { user_ref, firm, enabled } = *request;
        if !self.consume(session, user_ref) {
            return;
        }
        if !self.is_own_firm(session, firm) {
            self.reject(session, user_ref, RejectReason::NotAuthorized, ClOrdId::BLANK, sink);
            return;
        }
        let firm = self.known_session(session).firm;
        for known in self.sessions.iter_mut().filter(|known| known.firm == firm) {
            known.order_entry_enabled = enabled;
            known.review();
        }
        let to = self.respond(session);
        self.emit(sink, false, EventBody::OrderEntrySet { to, user_ref, firm, enabled });
    }
}

/// Whether a sale marked one way may be marked another.
fn may_become(before: ShortSale, after: ShortSale) -> bool {
    before == after
        || (before == ShortSale::No && after != ShortSale::No)
        || (before == ShortSale::Exempt && after == ShortSale::Short)
}
