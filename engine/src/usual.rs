//! The usual order: the short way through the exchange.
//!
//! Nearly all that a venue is asked is the same few things: enter a displayed
//! limit order without options, for an instrument that trades and has no rules
//! besides its tick and lot; replace one by another; cancel one. What that
//! leads to is done here in one pass over the session, the book and the arenas,
//! each looked up once. Nothing here is a rule of its own: each function first
//! finds out, changing nothing, whether the request is of this kind and will be
//! carried out, and says false if not; then the whole procedure decides
//! (`order_entry`, `changes`). Both ways say the same, event for event, which
//! the tests hold against the model.

use crate::book::{Book, Gate, Marks, NIL, Order, key, key_of};
use crate::checks::Request;
use crate::command::{
    Attributes, Cancel, Display, Enter, Options, OrderType, Replace, SelfTrade, Side, TimeInForce,
};
use crate::event::{Accepted, Canceled, EventBody, EventSink, OrderDetails, Replaced};
use crate::exchange::Exchange;
use crate::matching::Incoming;
use crate::reason::{CancelReason, RejectReason};
use crate::types::{InstrumentId, Price, Quantity, SessionId};

/// What an order finds in its book.
#[derive(Clone, Copy)]
struct Prospect {
    grain: u32,
    /// The lowest key of the other side that it may trade with.
    reach: u32,
    /// Its level, or NIL if there is none yet.
    level: u32,
    /// Whether all of it rests at once.
    rests: bool,
    /// Whether there is a level for what is left of it, or room for one.
    has_level: bool,
}

/// What a session's limits have to be weighed against.
struct Wanted {
    session: SessionId,
    instrument: InstrumentId,
    side: Side,
    quantity: Quantity,
    price: Price,
    /// The order that it replaces, or NIL.
    index: u32,
}

impl Book {
    /// What a usual order would find; none if its price is not one.
    #[inline(always)]
    fn prospect(&self, side: Side, price: Price, is_immediate: bool) -> Option<Prospect> {
        let grain = self.grid.tick(price)?;
        let own = &self.sides[side as usize];
        let other = &self.sides[side.against()];
        let reach = key_of(side.against(), grain);
        let level = own.find(key(side, grain));
        Some(Prospect {
            grain,
            reach,
            level,
            rests: !is_immediate & !other.reaches(reach),
            has_level: level != NIL || !own.is_full(),
        })
    }
}

impl Gate {
    #[inline(always)]
    fn lets_pass(&self, quantity: Quantity) -> bool {
        self.is_open && self.allows(quantity)
    }
}

/// Whether an order is a displayed limit order that is not bound to a time.
#[inline(always)]
fn is_usual(order_type: OrderType, time_in_force: TimeInForce, display: Display) -> bool {
    order_type == OrderType::Limit
        && matches!(
            time_in_force,
            TimeInForce::Day | TimeInForce::ImmediateOrCancel | TimeInForce::GoodTillCancel
        )
        && display != Display::Hidden
}

impl Exchange {
    /// Enters an order, if it is a usual one that is taken.
    #[inline(never)]
    pub(crate) fn enter_usual<S: EventSink>(
        &mut self,
        session: SessionId,
        order: &Enter,
        sink: &mut S,
    ) -> bool {
        let Some(prospect) = self.admit(session, order) else { return false };
        let owner = &mut self.sessions[usize::from(session.0) - 1];
        owner.next_user_ref = u64::from(order.user_ref.0) + 1;
        if owner.is_checked && !owner.take_rate(self.voice.time) {
            let reason = RejectReason::MessageRate;
            self.reject(session, order.user_ref, reason, order.attributes.cl_ord_id, sink);
            return true;
        }
        let to = owner.respond();
        let order_id = self.next_order_id;
        self.next_order_id = order_id.next();
        let accepted = Accepted {
            to,
            order: OrderDetails {
                order_id,
                price: order.price,
                quantity: order.quantity,
                user_ref: order.user_ref,
                instrument: order.instrument,
                side: order.side,
                order_type: OrderType::Limit,
                time_in_force: order.time_in_force,
                display: order.display,
                rests: prospect.rests,
                attributes: order.attributes,
                options: Options::NONE,
            },
        };
        self.voice.emit(sink, prospect.rests, EventBody::Accepted(accepted));
        let marks = Marks::new(
            order.side,
            OrderType::Limit,
            order.time_in_force,
            order.display,
            order.attributes.short_sale,
            order.attributes.capacity,
        );
        let entering = Order {
            id: order_id,
            open: order.quantity,
            executed: Quantity(0),
            user_ref: order.user_ref,
            level: NIL,
            next: NIL,
            previous: NIL,
            special: NIL,
            session,
            marks,
        };
        if prospect.rests {
            let index = self.books.orders.take();
            let Prospect { level, grain, .. } = prospect;
            self.books.rest_usual(order.instrument, index, entering, level, grain);
            self.have_rested(index, order.instrument, session);
        } else {
            self.trade_usual(order.instrument, entering, prospect, sink);
        }
        self.follow_up(order.instrument, sink);
        true
    }

    /// What a new order will find, if it is a usual one that is taken.
    #[inline(always)]
    fn admit(&self, session: SessionId, order: &Enter) -> Option<Prospect> {
        let is_immediate = order.time_in_force == TimeInForce::ImmediateOrCancel;
        let owner = &self.sessions[usize::from(session.0) - 1];
        let at = usize::from(order.instrument.0).wrapping_sub(1);
        let book = self.books.books.get(at)?;
        let is_taken = is_usual(order.order_type, order.time_in_force, order.display)
            && owner.is_usual
            && owner.is_fresh(order.user_ref)
            && book.gate.lets_pass(order.quantity);
        if !is_taken {
            return None;
        }
        let prospect = book.prospect(order.side, order.price, is_immediate)?;
        let has_room = is_immediate || (prospect.has_level && !self.books.is_full());
        let Enter { instrument, side, quantity, price, .. } = *order;
        let wanted = Wanted { session, instrument, side, quantity, price, index: NIL };
        let is_within = !owner.is_counted || self.is_within_limits(&wanted, is_immediate);
        (has_room && is_within).then_some(prospect)
    }

    /// Replaces a usual order by another, if that can be done.
    #[inline(never)]
    pub(crate) fn replace_usual<S: EventSink>(
        &mut self,
        session: SessionId,
        order: &Replace,
        sink: &mut S,
    ) -> bool {
        let is_immediate = order.time_in_force == TimeInForce::ImmediateOrCancel;
        let owner = &self.sessions[usize::from(session.0) - 1];
        let Some((place, index)) = self.books.find(session, order.original) else { return false };
        let original = self.books.orders[index];
        let instrument = self.books.instrument(&original);
        let quantity = Quantity(order.quantity.0.saturating_sub(original.executed.0));
        let book = &self.books.books[usize::from(instrument.0) - 1];
        let is_done = is_usual(order.order_type, order.time_in_force, order.display)
            && original.special == NIL
            && original.marks.is_displayed()
            && quantity.0 > 0
            && owner.is_usual
            && owner.is_fresh(order.user_ref)
            && book.gate.lets_pass(order.quantity);
        if !is_done {
            return false;
        }
        let side = original.marks.side();
        let Some(prospect) = book.prospect(side, order.price, is_immediate) else { return false };
        let is_counted = owner.is_counted;
        let wanted = Wanted { session, instrument, side, quantity, price: order.price, index };
        let is_within = !is_counted || self.is_within_limits(&wanted, is_immediate);
        if !(is_within && (is_immediate || prospect.has_level)) {
            return false;
        }
        let owner = &mut self.sessions[usize::from(session.0) - 1];
        owner.next_user_ref = u64::from(order.user_ref.0) + 1;
        if owner.is_checked && !owner.take_rate(self.voice.time) {
            let reason = RejectReason::MessageRate;
            self.reject(session, order.user_ref, reason, order.cl_ord_id, sink);
            return true;
        }
        let to = owner.respond();
        let order_id = self.next_order_id;
        self.next_order_id = order_id.next();
        let attributes = Attributes {
            short_sale: original.marks.short_sale(),
            capacity: original.marks.capacity(),
            intermarket_sweep: order.intermarket_sweep,
            cl_ord_id: order.cl_ord_id,
        };
        let replaced = Replaced {
            to,
            original_order_id: original.id,
            original_user_ref: original.user_ref,
            original_displayed: true,
            order: OrderDetails {
                order_id,
                price: order.price,
                quantity,
                user_ref: order.user_ref,
                instrument,
                side,
                order_type: OrderType::Limit,
                time_in_force: order.time_in_force,
                display: order.display,
                rests: prospect.rests,
                attributes,
                options: Options::NONE,
            },
        };
        self.voice.emit(sink, true, EventBody::Replaced(replaced));
        if is_counted {
            self.uncount(index, instrument, original.open, true);
        }
        self.books.index.remove_at(place, &self.books.orders);
        self.books.leave(index, &original);
        let marks = Marks::new(
            side,
            OrderType::Limit,
            order.time_in_force,
            order.display,
            attributes.short_sale,
            attributes.capacity,
        );
        let entering = Order {
            id: order_id,
            open: quantity,
            executed: original.executed,
            user_ref: order.user_ref,
            level: NIL,
            next: NIL,
            previous: NIL,
            special: NIL,
            session,
            marks,
        };
        if prospect.rests {
            // The original may have been the last at its level.
            let ladder = &self.books.books[usize::from(instrument.0) - 1].sides[side as usize];
            let level = ladder.find(key(side, prospect.grain));
            self.books.rest_usual(instrument, index, entering, level, prospect.grain);
            self.have_rested(index, instrument, session);
        } else {
            self.books.orders.remove(index);
            self.note_change(instrument);
            self.trade_usual(instrument, entering, prospect, sink);
        }
        self.follow_up(instrument, sink);
        true
    }

    /// Cancels a usual order, if all of it is to go.
    #[inline(never)]
    pub(crate) fn cancel_usual<S: EventSink>(
        &mut self,
        session: SessionId,
        cancel: &Cancel,
        sink: &mut S,
    ) -> bool {
        let Some((place, index)) = self.books.find(session, cancel.user_ref) else { return false };
        let order = self.books.orders[index];
        if order.special != NIL || cancel.quantity > order.executed {
            return false;
        }
        let instrument = self.books.instrument(&order);
        if self.known_session(session).is_counted {
            self.uncount(index, instrument, order.open, true);
        }
        self.books.index.remove_at(place, &self.books.orders);
        self.books.leave(index, &order);
        self.books.orders.remove(index);
        self.note_change(instrument);
        let is_displayed = order.marks.is_displayed();
        let canceled = Canceled {
            to: self.respond(session),
            instrument,
            order_id: order.id,
            user_ref: order.user_ref,
            quantity: order.open,
            remaining: Quantity(0),
            displayed_quantity: if is_displayed { order.open } else { Quantity(0) },
            reason: CancelReason::User,
        };
        self.voice.emit(sink, is_displayed, EventBody::Canceled(canceled));
        self.follow_up(instrument, sink);
        true
    }

    #[inline(always)]
    fn have_rested(&mut self, index: u32, instrument: InstrumentId, session: SessionId) {
        if self.known_session(session).is_counted {
            self.count(index, instrument);
        }
        self.note_change(instrument);
    }

    /// Lets an order trade that does not rest at once.
    #[inline(never)]
    fn trade_usual<S: EventSink>(
        &mut self,
        instrument: InstrumentId,
        order: Order,
        prospect: Prospect,
        sink: &mut S,
    ) {
        let mut incoming = Incoming {
            id: order.id,
            user_ref: order.user_ref,
            session: order.session,
            instrument,
            marks: order.marks,
            open: order.open,
            executed: order.executed,
            grain: prospect.grain,
            reach: prospect.reach,
            min_quantity: Quantity(0),
            self_trade: SelfTrade::SessionDefault,
            index: NIL,
        };
        self.settle(&mut incoming, None, sink);
    }

    /// Check 10 of a usual order.
    #[cold]
    fn is_within_limits(&self, wanted: &Wanted, is_immediate: bool) -> bool {
        let request = Request {
            session: wanted.session,
            instrument: wanted.instrument,
            side: wanted.side,
            quantity: wanted.quantity,
            price: wanted.price,
            order_type: OrderType::Limit,
            time_in_force: TimeInForce::Day,
            display: Display::Visible,
            options: &Options::NONE,
            has_options: false,
            replaces: wanted.index,
            inherits_expiry: false,
        };
        self.check_limits(&request, !is_immediate).is_ok()
    }
}
