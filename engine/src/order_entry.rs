//! New orders, and orders in the place of others.
//!
//! An order is checked first (`checks`); one that passes is answered before
//! anything else is said of it, and then goes its way: it waits, rests, or
//! trades (`matching`). The rules of replacing are those of OUCH 5.0.

use crate::book::{Marks, NIL, Order, Place, Special};
use crate::checks::{Request, Terms};
use crate::command::{
    Attributes, Enter, InstrumentStatus, Malformed, Options, OrderType, Phase, Pricing, Replace,
    TimeInForce,
};
use crate::event::{Accepted, EventBody, EventSink, OrderDetails, Replaced};
use crate::exchange::Exchange;
use crate::matching::Incoming;
use crate::reason::{CancelReason, RejectReason};
use crate::types::{ClOrdId, Nanos, OrderId, Price, Quantity, SessionId, UserRef};

/// What an order that has been answered does next.
#[derive(Clone, Copy)]
enum Way {
    /// It has something special about it.
    Special { rests: bool },
    /// It rests as it is.
    Rests,
    /// It meets the other side.
    Trades,
}

impl Way {
    #[inline(always)]
    fn of(is_special: bool, rests: bool) -> Self {
        match (is_special, rests) {
            (true, rests) => Self::Special { rests },
            (false, true) => Self::Rests,
            (false, false) => Self::Trades,
        }
    }
}

impl Exchange {
    #[inline]
    pub(crate) fn enter<S: EventSink>(&mut self, session: SessionId, order: &Enter, sink: &mut S) {
        self.enter_with(session, order, None, sink);
    }

    pub(crate) fn enter_special<S: EventSink>(
        &mut self,
        session: SessionId,
        order: &Enter,
        options: &Options,
        sink: &mut S,
    ) {
        self.enter_with(session, order, Some(options), sink);
    }

    /// Enters an order.
    fn enter_with<S: EventSink>(
        &mut self,
        session: SessionId,
        order: &Enter,
        options: Option<&Options>,
        sink: &mut S,
    ) {
        if !self.consume(session, order.user_ref) {
            return;
        }
        let request = Request {
            session,
            instrument: order.instrument,
            side: order.side,
            quantity: order.quantity,
            price: order.price,
            order_type: order.order_type,
            time_in_force: order.time_in_force,
            display: order.display,
            options: options.unwrap_or(&Options::NONE),
            has_options: options.is_some(),
            replaces: NIL,
            inherits_expiry: false,
        };
        let is_special = request.is_special() && request.needs_place();
        let checked = self.check_session(session).and_then(|()| self.check(&request));
        let terms = match checked {
            Ok(terms) => terms,
            Err(reason) => {
                self.reject(session, order.user_ref, reason, order.attributes.cl_ord_id, sink);
                return;
            }
        };
        let attributes = &order.attributes;
        let marks = marks(&request, attributes);
        let incoming = self.incoming(&request, &terms, marks, order.user_ref);
        let rests = self.rests_at_once(&request, &terms);
        let to = self.respond(session);
        self.emit(
            sink,
            rests && marks.is_displayed(),
            EventBody::Accepted(Accepted {
                to,
                order: OrderDetails {
                    order_id: incoming.id,
                    price: self.told_price(&request, &terms),
                    quantity: order.quantity,
                    user_ref: order.user_ref,
                    instrument: order.instrument,
                    side: order.side,
                    order_type: order.order_type,
                    time_in_force: order.time_in_force,
                    display: order.display,
                    rests,
                    attributes: order.attributes,
                    options: *request.options,
                },
            }),
        );
        self.dispatch(&request, &terms, incoming, Way::of(is_special, rests), Nanos(0), sink);
    }

    #[inline(always)]
    fn incoming(
        &mut self,
        request: &Request<'_>,
        terms: &Terms,
        marks: Marks,
        user_ref: UserRef,
    ) -> Incoming {
        Incoming {
            id: self.take_order_id(),
            user_ref,
            session: request.session,
            instrument: request.instrument,
            marks,
            open: request.quantity,
            executed: Quantity(0),
            grain: terms.grain,
            reach: terms.reach,
            min_quantity: request.options.min_quantity,
            self_trade: request.options.self_trade,
            index: NIL,
        }
    }

    /// Whether an order comes to rest in the book untouched.
    #[inline(always)]
    fn rests_at_once(&self, request: &Request<'_>, terms: &Terms) -> bool {
        if !request.may_rest() || request.is_stop() || self.waits(request) {
            return false;
        }
        let trades = terms.trades_now && terms.crosses;
        let has_minimum = request.has_options && request.options.min_quantity.0 > 0;
        !trades && terms.grain > 0 && !(terms.trades_now && has_minimum)
    }

    /// The price that the client is told: its own, or what became of it.
    #[inline(always)]
    fn told_price(&self, request: &Request<'_>, terms: &Terms) -> Price {
        let keeps_own = !request.has_options || request.is_stop();
        if keeps_own && request.order_type == OrderType::Limit {
            return request.price;
        }
        self.books.grid(request.instrument).price(terms.grain)
    }

    /// Sends an order that has been answered on its way. `expires` is when
    /// the order that it replaces would have ended.
    #[inline(always)]
    fn dispatch<S: EventSink>(
        &mut self,
        request: &Request<'_>,
        terms: &Terms,
        mut incoming: Incoming,
        way: Way,
        expires: Nanos,
        sink: &mut S,
    ) {
        match way {
            Way::Special { rests } => {
                let special = self.special(request, terms, incoming.id, expires);
                self.dispatch_special(request, incoming, rests, &special, sink);
            }
            Way::Rests => {
                let Incoming { instrument, grain, .. } = incoming;
                self.hold(instrument, Place::Book, grain, incoming.order(), None);
            }
            Way::Trades => self.settle(&mut incoming, None, sink),
        }
        self.follow_up(request.instrument, sink);
    }

    #[cold]
    fn dispatch_special<S: EventSink>(
        &mut self,
        request: &Request<'_>,
        mut incoming: Incoming,
        rests: bool,
        special: &Special,
        sink: &mut S,
    ) {
        let instrument = request.instrument;
        if request.is_stop() {
            let listed = self.listed(instrument);
            let grain = self.first_stop_grain(listed, request).unwrap_or(0);
            self.hold(instrument, Place::Stop, grain, incoming.order(), Some(special));
        } else if self.waits(request) {
            self.hold(instrument, Place::Waiting, 0, incoming.order(), Some(special));
        } else if rests {
            let grain = incoming.grain;
            self.hold(instrument, Place::Book, grain, incoming.order(), Some(special));
        } else {
            self.settle(&mut incoming, Some(special), sink);
        }
    }

    fn special(
        &self,
        request: &Request<'_>,
        terms: &Terms,
        id: OrderId,
        inherited: Nanos,
    ) -> Special {
        let options = *request.options;
        let expires = match (request.time_in_force, options.expire_after_s) {
            (TimeInForce::GoodTillTime, 0) => inherited,
            (TimeInForce::GoodTillTime, seconds) => {
                let after_ns = u64::from(seconds) * 1_000_000_000;
                Nanos(self.voice.time.0.saturating_add(after_ns))
            }
            _ => Nanos(0),
        };
        let keeps_own = request.is_stop() || request.is_peg();
        let limit = match request.order_type {
            OrderType::Market => Price(0),
            _ if keeps_own => request.price,
            _ => self.books.grid(request.instrument).price(terms.grain),
        };
        Special {
            options,
            limit,
            shown: options.max_floor.0.min(request.quantity.0),
            entered_as: id,
            expires,
            ..Special::FREE
        }
    }

    #[inline]
    pub(crate) fn replace<S: EventSink>(
        &mut self,
        session: SessionId,
        order: &Replace,
        sink: &mut S,
    ) {
        self.replace_with(session, order, None, sink);
    }

    pub(crate) fn replace_special<S: EventSink>(
        &mut self,
        session: SessionId,
        order: &Replace,
        changed: &Options,
        sink: &mut S,
    ) {
        self.replace_with(session, order, Some(changed), sink);
    }

    /// Replaces a live order. What is silent, what costs the original and what
    /// uses the new number up is OUCH 5.0's "Replace Order Request".
    #[inline(always)]
    fn replace_with<S: EventSink>(
        &mut self,
        session: SessionId,
        order: &Replace,
        changed: Option<&Options>,
        sink: &mut S,
    ) {
        let Some(index) = self.books.get(session, order.original) else {
            self.counters.unknown_orders += 1;
            return;
        };
        if !self.known_session(session).is_fresh(order.user_ref) {
            self.counters.stale_user_refs += 1;
            return;
        }
        let original = self.books.orders[index];
        let instrument = self.books.instrument(&original);
        if let Err(reason) = self.check_replaceable(session, instrument) {
            self.postpone(session, order, reason, sink);
            return;
        }
        let (options, expires) = self.inherited(&original, order, changed);
        let quantity = Quantity(order.quantity.0.saturating_sub(original.executed.0));
        let request = Request {
            session,
            instrument,
            side: original.marks.side(),
            quantity,
            price: order.price,
            order_type: order.order_type,
            time_in_force: order.time_in_force,
            display: order.display,
            options: &options,
            has_options: changed.is_some() || original.special != NIL,
            replaces: index,
            inherits_expiry: expires > Nanos(0),
        };
        let is_special = request.is_special() && request.needs_place();
        let listed = self.listed(instrument);
        if self.check_sound(listed, &request, order.quantity).is_err() {
            self.take_out(index, instrument, CancelReason::InvalidReplacement, sink);
            self.follow_up(instrument, sink);
            return;
        }
        if quantity.0 == 0 {
            // The client wants no more in total than it has got.
            self.take_out(index, instrument, CancelReason::User, sink);
            self.follow_up(instrument, sink);
            return;
        }
        let terms = match self.check_now(listed, &request) {
            Ok(terms) => terms,
            Err(reason) => {
                self.postpone(session, order, reason, sink);
                return;
            }
        };
        self.known_session_mut(session).consume(order.user_ref);
        let original_displayed = self.books.displayed(&original).0 > 0;
        self.release(index, instrument);
        let attributes = Attributes {
            short_sale: original.marks.short_sale(),
            capacity: original.marks.capacity(),
            intermarket_sweep: order.intermarket_sweep,
            cl_ord_id: order.cl_ord_id,
        };
        let marks = marks(&request, &attributes);
        let mut incoming = self.incoming(&request, &terms, marks, order.user_ref);
        incoming.executed = original.executed;
        let rests = self.rests_at_once(&request, &terms);
        let to = self.respond(session);
        self.emit(
            sink,
            original_displayed || (rests && marks.is_displayed()),
            EventBody::Replaced(Replaced {
                to,
                original_order_id: original.id,
                original_user_ref: original.user_ref,
                original_displayed,
                order: OrderDetails {
                    order_id: incoming.id,
                    price: self.told_price(&request, &terms),
                    quantity,
                    user_ref: order.user_ref,
                    instrument,
                    side: request.side,
                    order_type: order.order_type,
                    time_in_force: order.time_in_force,
                    display: order.display,
                    rests,
                    attributes,
                    options,
                },
            }),
        );
        self.dispatch(&request, &terms, incoming, Way::of(is_special, rests), expires, sink);
    }

    /// What keeps an order from being replaced just now, whatever by.
    #[inline]
    fn check_replaceable(
        &mut self,
        session: SessionId,
        instrument: crate::types::InstrumentId,
    ) -> Result<(), RejectReason> {
        self.check_session(session)?;
        let listed = self.listed(instrument);
        if listed.status != InstrumentStatus::Enabled {
            return Err(RejectReason::InstrumentDisabled);
        }
        match listed.phase {
            Phase::Closed => Err(RejectReason::Closed),
            Phase::Halted => Err(RejectReason::Halted),
            _ => Ok(()),
        }
    }

    /// The options of a replacement, what it does not give being the
    /// original's; and when it ends, if that is inherited too.
    #[inline]
    fn inherited(
        &self,
        original: &Order,
        order: &Replace,
        changed: Option<&Options>,
    ) -> (Options, Nanos) {
        let changed = changed.unwrap_or(&Options::NONE);
        match self.books.special(original) {
            None => (*changed, Nanos(0)),
            Some(special) => inherit(special, order, changed),
        }
    }

    /// The order cannot be changed now: the original stays as it is.
    fn postpone<S: EventSink>(
        &mut self,
        session: SessionId,
        order: &Replace,
        reason: RejectReason,
        sink: &mut S,
    ) {
        self.known_session_mut(session).consume(order.user_ref);
        self.reject(session, order.user_ref, reason, order.cl_ord_id, sink);
    }

    pub(crate) fn account_query<S: EventSink>(&mut self, session: SessionId, sink: &mut S) {
        let to = self.respond(session);
        let next_user_ref = self.known_session(session).next_user_ref;
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

    pub(crate) fn reject<S: EventSink>(
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
    #[inline]
    pub(crate) fn consume(&mut self, session: SessionId, user_ref: UserRef) -> bool {
        let fresh = self.known_session_mut(session).consume(user_ref);
        self.counters.stale_user_refs += u64::from(!fresh);
        fresh
    }
}

#[inline]
fn marks(request: &Request<'_>, attributes: &Attributes) -> Marks {
    Marks::new(
        request.side,
        request.order_type,
        request.time_in_force,
        request.display,
        attributes.short_sale,
        attributes.capacity,
    )
}

#[cold]
fn inherit(special: &Special, order: &Replace, changed: &Options) -> (Options, Nanos) {
    let before = &special.options;
    let (pricing, offset) = match changed.pricing {
        Pricing::Plain => (before.pricing, before.offset),
        pricing => (pricing, changed.offset),
    };
    let none = Options::NONE;
    let max_floor =
        if changed.max_floor == none.max_floor { before.max_floor } else { changed.max_floor };
    let self_trade =
        if changed.self_trade == none.self_trade { before.self_trade } else { changed.self_trade };
    let options = Options {
        offset,
        max_floor,
        min_quantity: changed.min_quantity,
        expire_after_s: changed.expire_after_s,
        group: if changed.group == 0 { before.group } else { changed.group },
        pricing,
        post_only: changed.post_only || before.post_only,
        self_trade,
    };
    let keeps_end = order.time_in_force == TimeInForce::GoodTillTime && changed.expire_after_s == 0;
    (options, if keeps_end { special.expires } else { Nanos(0) })
}
