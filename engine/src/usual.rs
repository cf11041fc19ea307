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

use crate::book::{Book, Marks, NIL, Order, key, mirrored};
use crate::checks::Request;
use crate::command::{
    Attributes, Cancel, Display, Enter, Options, OrderType, Replace, SelfTrade, Side, TimeInForce,
};
use crate::event::{Accepted, Canceled, EventBody, EventSink, OrderDetails, Replaced};
use crate::exchange::Exchange;
use crate::matching::Incoming;
use crate::reason::CancelReason;
use crate::types::{InstrumentId, Price, Quantity, SessionId};

/// What an order finds in its book.
#[derive(Clone, Copy)]
struct Prospect {
    grain: u32,
    /// The lowest key of the other side that it may trade with.
    reach: u32,
    /// Whether all of it rests at once.
    rests: bool,
}

/// What a session's limits have to be weighed against.
struct Wanted {
    session: SessionId,
    instrument: InstrumentId,
    side: Side,
    quantity: Quantity,
    price: Price,
    is_immediate: bool,
    /// The order that it replaces, or NIL.
    index: u32,
}

impl Book {
    /// What a usual order would find; none if its price is not one, or if what
    /// is left of it may rest and there is no room for its level.
    #[inline(always)]
    fn prospect(&self, side: Side, price: Price, is_immediate: bool) -> Option<Prospect> {
        let grain = self.grid.tick(price)?;
        let key = key(side, grain);
        let reach = mirrored(key);
        let own = &self.sides[side as usize];
        if own.is_full() && !is_immediate && own.find(key) == NIL {
            return None;
        }
        let rests = !is_immediate & !self.sides[side.against()].reaches(reach);
        Some(Prospect { grain, reach, rests })
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
        let Enter { user_ref, instrument, side, quantity, price, .. } = *order;
        let is_immediate = order.time_in_force == TimeInForce::ImmediateOrCancel;
        let Some(prospect) = self.admit(session, order, is_immediate) else { return false };
        let is_guarded = self.known_session(session).is_guarded;
        let wanted =
            |index| Wanted { session, instrument, side, quantity, price, is_immediate, index };
        if is_guarded && !self.is_let_through(&wanted(NIL)) {
            return false;
        }
        let owner = self.known_session_mut(session);
        owner.next_user_ref = u64::from(user_ref.0) + 1;
        let to = owner.respond();
        let order_id = self.take_order_id();
        let accepted = Accepted {
            to,
            order: OrderDetails {
                order_id,
                price,
                quantity,
                user_ref,
                instrument,
                side,
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
            side,
            OrderType::Limit,
            order.time_in_force,
            order.display,
            order.attributes.short_sale,
            order.attributes.capacity,
        );
        let entering = Order::alone(order_id, quantity, Quantity(0), user_ref, session, marks);
        if prospect.rests {
            let index = self.books.orders.take();
            self.books.rest_usual(instrument, prospect.grain, index, entering);
            if is_guarded {
                self.count_rested(index, instrument);
            }
        } else {
            self.trade_usual(instrument, entering, prospect, sink);
        }
        self.follow_up(instrument, sink);
        true
    }

    /// What a new order will find, if it is a usual one that is taken.
    #[inline(always)]
    fn admit(&self, session: SessionId, order: &Enter, is_immediate: bool) -> Option<Prospect> {
        let owner = self.known_session(session);
        let book = self.books.books.get(usize::from(order.instrument.0).wrapping_sub(1))?;
        let is_taken = is_usual(order.order_type, order.time_in_force, order.display)
            && owner.is_usual
            && owner.is_fresh(order.user_ref)
            && book.gate.allows(order.quantity)
            && (is_immediate || !self.books.is_full());
        if !is_taken {
            return None;
        }
        book.prospect(order.side, order.price, is_immediate)
    }

    /// Replaces a usual order by another, if that can be done.
    #[inline(never)]
    pub(crate) fn replace_usual<S: EventSink>(
        &mut self,
        session: SessionId,
        order: &Replace,
        sink: &mut S,
    ) -> bool {
        let Replace { user_ref, price, time_in_force, display, .. } = *order;
        let is_immediate = time_in_force == TimeInForce::ImmediateOrCancel;
        let Some((place, index)) = self.books.find(session, order.original) else { return false };
        let original = self.books.orders[index];
        let instrument = self.books.instrument(&original);
        let quantity = Quantity(order.quantity.0.saturating_sub(original.executed.0));
        let owner = self.known_session(session);
        let book = &self.books.books[usize::from(instrument.0) - 1];
        let is_done = is_usual(order.order_type, time_in_force, display)
            && original.special == NIL
            && original.marks.is_displayed()
            && quantity.0 > 0
            && owner.is_usual
            && owner.is_fresh(user_ref)
            && book.gate.allows(order.quantity);
        if !is_done {
            return false;
        }
        let side = original.marks.side();
        let Some(prospect) = book.prospect(side, price, is_immediate) else { return false };
        let is_guarded = owner.is_guarded;
        let wanted =
            |index| Wanted { session, instrument, side, quantity, price, is_immediate, index };
        if is_guarded && !self.is_let_through(&wanted(index)) {
            return false;
        }
        let owner = self.known_session_mut(session);
        owner.next_user_ref = u64::from(user_ref.0) + 1;
        let to = owner.respond();
        let order_id = self.take_order_id();
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
                price,
                quantity,
                user_ref,
                instrument,
                side,
                order_type: OrderType::Limit,
                time_in_force,
                display,
                rests: prospect.rests,
                attributes,
                options: Options::NONE,
            },
        };
        self.voice.emit(sink, true, EventBody::Replaced(replaced));
        if is_guarded {
            self.uncount_usual(index, instrument);
        }
        let marks = original.marks.with_terms(time_in_force, display);
        let entering =
            Order::alone(order_id, quantity, original.executed, user_ref, session, marks);
        self.books.index.remove_at(place, &self.books.orders);
        self.books.detach(index);
        if prospect.rests {
            self.books.rest_usual(instrument, prospect.grain, index, entering);
            if is_guarded {
                self.count_rested(index, instrument);
            }
        } else {
            self.books.orders.remove(index);
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
        let order = &self.books.orders[index];
        if order.special != NIL || cancel.quantity > order.executed {
            return false;
        }
        let (open, is_displayed) = (order.open, order.marks.is_displayed());
        let instrument = self.books.instrument(order);
        let owner = &mut self.sessions[usize::from(session.0) - 1];
        let canceled = Canceled {
            to: owner.respond(),
            instrument,
            order_id: order.id,
            user_ref: cancel.user_ref,
            quantity: open,
            remaining: Quantity(0),
            displayed_quantity: if is_displayed { open } else { Quantity(0) },
            reason: CancelReason::User,
        };
        let is_guarded = owner.is_guarded;
        self.voice.emit(sink, is_displayed, EventBody::Canceled(canceled));
        if is_guarded {
            self.uncount_usual(index, instrument);
        }
        self.books.remove_usual(place, index);
        self.note_change(instrument);
        self.follow_up(instrument, sink);
        true
    }

    /// Lets an order trade that does not rest at once.
    #[inline(always)]
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

    /// Whether a session's limits let an order through, which then counts
    /// against its rate: nothing else may refuse it after this.
    #[cold]
    fn is_let_through(&mut self, wanted: &Wanted) -> bool {
        let Wanted { session, instrument, side, quantity, price, is_immediate, index } = *wanted;
        let request = Request {
            session,
            instrument,
            side,
            quantity,
            price,
            order_type: OrderType::Limit,
            time_in_force: TimeInForce::Day,
            display: Display::Visible,
            options: &Options::NONE,
            has_options: false,
            replaces: index,
            inherits_expiry: false,
        };
        if self.known_session(session).is_counted
            && self.check_limits(&request, !is_immediate).is_err()
        {
            return false;
        }
        let time = self.voice.time;
        let owner = self.known_session_mut(session);
        !owner.is_checked || owner.take_rate(time)
    }

    /// Counts an order that has come to rest.
    #[cold]
    fn count_rested(&mut self, index: u32, instrument: InstrumentId) {
        if self.known_session(self.books.orders[index].session).is_counted {
            self.count(index, instrument);
        }
    }

    /// Counts an order no more that is about to go.
    #[cold]
    fn uncount_usual(&mut self, index: u32, instrument: InstrumentId) {
        let Order { session, open, .. } = self.books.orders[index];
        if self.known_session(session).is_counted {
            self.uncount(index, instrument, open, true);
        }
    }
}
