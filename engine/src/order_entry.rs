//! What clients ask for: entering, replacing and canceling orders.
//!
//! The rules are those of OUCH 5.0. A message is checked first; an order that
//! passes is answered before anything else is said of it, and then goes on to
//! trade (`matching`). What the protocol meets with silence is counted.

use crate::book::Order;
use crate::command::{Attributes, Cancel, Enter, Malformed, Replace, TradingState};
use crate::event::{Accepted, Canceled, EventBody, EventSink, OrderDetails, Replaced};
use crate::exchange::Exchange;
use crate::instrument::Instrument;
use crate::matching::{Arrival, Incoming, is_displayed, limit, may_rest};
use crate::reason::{CancelReason, RejectReason};
use crate::types::{ClOrdId, Quantity, SessionId, UserRef};

impl Exchange {
    pub(crate) fn enter<S: EventSink>(&mut self, session: SessionId, order: &Enter, sink: &mut S) {
        if !self.consume(session, order.user_ref) {
            return;
        }
        if let Err(reason) = self.check_entry(order) {
            self.reject(session, order.user_ref, reason, order.attributes.cl_ord_id, sink);
            return;
        }
        let mut incoming = self.incoming(session, order);
        let arrival = self.arrival(&incoming);
        let accepted = Accepted {
            to: self.respond(session),
            order: incoming.details,
            rests: arrival == Arrival::Rests,
        };
        let added = accepted.rests && is_displayed(&incoming.details);
        self.emit(sink, added, EventBody::Accepted(accepted));
        self.settle(&mut incoming, arrival, sink);
    }

    fn check_entry(&self, order: &Enter) -> Result<(), RejectReason> {
        let instrument = self.instrument(order.instrument).ok_or(RejectReason::UnknownSymbol)?;
        instrument.check(order.quantity, order.price, order.order_type)?;
        if instrument.state == TradingState::Halted {
            return Err(RejectReason::Halted);
        }
        if may_rest(order.order_type, order.time_in_force)
            && !self.books.has_room(order.instrument, order.side, order.price)
        {
            return Err(RejectReason::BookFull);
        }
        Ok(())
    }

    fn incoming(&mut self, session: SessionId, order: &Enter) -> Incoming {
        let order_id = self.next_order_id;
        self.next_order_id = order_id.next();
        let details = OrderDetails {
            instrument: order.instrument,
            order_id,
            user_ref: order.user_ref,
            side: order.side,
            quantity: order.quantity,
            price: order.price,
            order_type: order.order_type,
            time_in_force: order.time_in_force,
            display: order.display,
            attributes: order.attributes,
        };
        Incoming {
            session,
            details,
            limit: limit(&details),
            open: details.quantity,
            executed: Quantity(0),
        }
    }

    /// Replaces a live order. What is silent, what costs the original and what
    /// uses the new number up is OUCH 5.0's "Replace Order Request".
    pub(crate) fn replace<S: EventSink>(
        &mut self,
        session: SessionId,
        replacement: &Replace,
        sink: &mut S,
    ) {
        let Some((index, &original)) = self.books.get(session, replacement.original) else {
            self.counters.unknown_orders += 1;
            return;
        };
        if !self.is_fresh(session, replacement.user_ref) {
            self.counters.stale_user_refs += 1;
            return;
        }
        let instrument = self.instruments[usize::from(original.instrument.0) - 1];
        if instrument.state == TradingState::Halted {
            self.postpone(session, replacement, RejectReason::Halted, sink);
            return;
        }
        if let Some(reason) = refuse_replacement(&instrument, &original, replacement) {
            self.take_out(index, &original, reason, sink);
            return;
        }
        let Replace { price, order_type, time_in_force, .. } = *replacement;
        if may_rest(order_type, time_in_force)
            && !self.books.has_level(original.instrument, original.side, price)
        {
            self.postpone(session, replacement, RejectReason::BookFull, sink);
            return;
        }
        self.consume(session, replacement.user_ref);
        self.books.remove(index);
        self.enter_replacement(session, &original, replacement, sink);
    }

    /// The order cannot be changed now: the original stays as it is.
    fn postpone<S: EventSink>(
        &mut self,
        session: SessionId,
        replacement: &Replace,
        reason: RejectReason,
        sink: &mut S,
    ) {
        self.consume(session, replacement.user_ref);
        self.reject(session, replacement.user_ref, reason, replacement.cl_ord_id, sink);
    }

    fn enter_replacement<S: EventSink>(
        &mut self,
        session: SessionId,
        original: &Order,
        replacement: &Replace,
        sink: &mut S,
    ) {
        let order = Enter {
            user_ref: replacement.user_ref,
            instrument: original.instrument,
            side: original.side,
            quantity: Quantity(replacement.quantity.0 - original.executed.0),
            price: replacement.price,
            order_type: replacement.order_type,
            time_in_force: replacement.time_in_force,
            display: replacement.display,
            attributes: Attributes {
                short_sale: original.short_sale,
                capacity: original.capacity,
                intermarket_sweep: replacement.intermarket_sweep,
                cl_ord_id: replacement.cl_ord_id,
            },
        };
        let mut incoming = self.incoming(session, &order);
        incoming.executed = original.executed;
        let arrival = self.arrival(&incoming);
        let replaced = Replaced {
            to: self.respond(session),
            original_order_id: original.id,
            original_user_ref: original.user_ref,
            order: incoming.details,
            rests: arrival == Arrival::Rests,
            original_displayed: original.displayed,
        };
        let shown = replaced.rests && is_displayed(&incoming.details);
        let to_market = replaced.original_displayed || shown;
        self.emit(sink, to_market, EventBody::Replaced(replaced));
        self.settle(&mut incoming, arrival, sink);
    }

    pub(crate) fn cancel<S: EventSink>(
        &mut self,
        session: SessionId,
        cancel: &Cancel,
        sink: &mut S,
    ) {
        let Some((index, &order)) = self.books.get(session, cancel.user_ref) else {
            self.counters.unknown_orders += 1;
            return;
        };
        let wanted = Quantity(cancel.quantity.0.saturating_sub(order.executed.0));
        if wanted >= order.open {
            self.counters.superfluous_cancels += 1;
        } else if wanted.0 == 0 {
            self.take_out(index, &order, CancelReason::User, sink);
        } else {
            let by = Quantity(order.open.0 - wanted.0);
            self.books.reduce(index, by);
            self.say_canceled(&Order { open: wanted, ..order }, by, CancelReason::User, sink);
        }
    }

    pub(crate) fn account_query<S: EventSink>(&mut self, session: SessionId, sink: &mut S) {
        let to = self.respond(session);
        let next_user_ref = self.sessions[usize::from(session.0) - 1].next_user_ref;
        self.emit(sink, false, EventBody::AccountStatus { to, next_user_ref });
    }

    /// Answers what could not be decoded. A number in it that is used already
    /// marks a retransmission, which is not answered again.
    pub(crate) fn malformed<S: EventSink>(
        &mut self,
        session: SessionId,
        malformed: &Malformed,
        sink: &mut S,
    ) {
        let Malformed { user_ref, reason, cl_ord_id } = *malformed;
        if user_ref == UserRef(0) || self.consume(session, user_ref) {
            self.reject(session, user_ref, reason, cl_ord_id, sink);
        }
    }

    fn take_out<S: EventSink>(
        &mut self,
        index: u32,
        order: &Order,
        reason: CancelReason,
        sink: &mut S,
    ) {
        self.books.remove(index);
        self.say_canceled(&Order { open: Quantity(0), ..*order }, order.open, reason, sink);
    }

    fn say_canceled<S: EventSink>(
        &mut self,
        order: &Order,
        quantity: Quantity,
        reason: CancelReason,
        sink: &mut S,
    ) {
        let canceled = Canceled {
            to: self.respond(order.session),
            instrument: order.instrument,
            order_id: order.id,
            user_ref: order.user_ref,
            quantity,
            remaining: order.open,
            reason,
        };
        self.emit(sink, order.displayed, EventBody::Canceled(canceled));
    }

    fn reject<S: EventSink>(
        &mut self,
        session: SessionId,
        user_ref: UserRef,
        reason: RejectReason,
        cl_ord_id: ClOrdId,
        sink: &mut S,
    ) {
        let to = self.respond(session);
        self.emit(sink, false, EventBody::Rejected { to, user_ref, reason, cl_ord_id });
    }

    /// Uses a client's number up; a used one is counted and not answered.
    fn consume(&mut self, session: SessionId, user_ref: UserRef) -> bool {
        let fresh = self.sessions[usize::from(session.0) - 1].consume(user_ref);
        self.counters.stale_user_refs += u64::from(!fresh);
        fresh
    }

    fn is_fresh(&self, session: SessionId, user_ref: UserRef) -> bool {
        self.sessions[usize::from(session.0) - 1].is_fresh(user_ref)
    }
}

/// Why a replacement costs the original its life, if it does.
fn refuse_replacement(
    instrument: &Instrument,
    original: &Order,
    replacement: &Replace,
) -> Option<CancelReason> {
    let Replace { quantity, price, order_type, .. } = *replacement;
    if instrument.check(quantity, price, order_type).is_err() {
        return Some(CancelReason::InvalidReplacement);
    }
    // The client wants no more in total than it has got: nothing is left to do.
    (quantity <= original.executed).then_some(CancelReason::User)
}
