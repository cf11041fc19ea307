//! Trading: what becomes of an order that has been taken.
//!
//! An order meets the other side best price first, and earliest first within a
//! price, at the resting order's price, as long as the seller's price is not
//! above the buyer's. What is left rests, or is canceled if it may not. What
//! becomes of an order is known before it is answered ([`Arrival`]), so the
//! usual order, which comes to rest untouched, is one event.

use crate::book::Order;
use crate::command::{Display, OrderType, Side, TimeInForce};
use crate::event::{Added, Canceled, EventBody, EventSink, Executed, OrderDetails, Party};
use crate::exchange::Exchange;
use crate::reason::CancelReason;
use crate::types::{Price, Quantity, SessionId};

/// An order on its way into the book.
pub(crate) struct Incoming {
    pub(crate) session: SessionId,
    pub(crate) details: OrderDetails,
    /// What may be traded against; no limit for a market order.
    pub(crate) limit: Price,
    pub(crate) open: Quantity,
    /// What the chain of replacements executed so far.
    pub(crate) executed: Quantity,
}

/// What becomes of an order on arrival, known before it is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It rests as it is.
    Rests,
    /// It trades; what is left rests or is canceled.
    Trades,
    /// It cannot trade as it must, and may not rest.
    Dies,
}

impl Exchange {
    /// What will become of an order.
    pub(crate) fn arrival(&self, incoming: &Incoming) -> Arrival {
        let OrderDetails { instrument, side, time_in_force, order_type, .. } = incoming.details;
        let against = side.opposite();
        if time_in_force == TimeInForce::FillOrKill
            && !self.books.can_fill(instrument, against, incoming.limit, incoming.open)
        {
            return Arrival::Dies;
        }
        let crosses = self.books.best(instrument, against).is_some_and(|best| match side {
            Side::Buy => best <= incoming.limit,
            Side::Sell => best >= incoming.limit,
        });
        match (crosses, may_rest(order_type, time_in_force)) {
            (true, _) => Arrival::Trades,
            (false, true) => Arrival::Rests,
            (false, false) => Arrival::Dies,
        }
    }

    /// Trades an order that has been answered, then lets the rest of it rest,
    /// or cancels it.
    pub(crate) fn settle<S: EventSink>(
        &mut self,
        incoming: &mut Incoming,
        arrival: Arrival,
        sink: &mut S,
    ) {
        if arrival == Arrival::Trades {
            self.trade(incoming, sink);
        }
        if incoming.open.0 == 0 {
            return;
        }
        let OrderDetails { time_in_force, order_type, .. } = incoming.details;
        if !may_rest(order_type, time_in_force) {
            self.say_immediate_canceled(incoming, sink);
            return;
        }
        if arrival == Arrival::Trades {
            self.say_added(incoming, sink);
        }
        self.rest(incoming);
    }

    fn trade<S: EventSink>(&mut self, incoming: &mut Incoming, sink: &mut S) {
        let OrderDetails { instrument, side, order_id, user_ref, .. } = incoming.details;
        let maker_side = side.opposite();
        while incoming.open.0 > 0 {
            let fill = self.books.fill(instrument, maker_side, incoming.limit, incoming.open);
            let Some(fill) = fill else { return };
            incoming.open.0 -= fill.quantity.0;
            incoming.executed.0 += fill.quantity.0;
            let match_number = self.next_match;
            self.next_match = match_number.next();
            let executed = Executed {
                instrument,
                match_number,
                price: fill.price,
                quantity: fill.quantity,
                maker: Party {
                    to: self.respond(fill.maker.session),
                    order_id: fill.maker.id,
                    user_ref: fill.maker.user_ref,
                },
                taker: Party { to: self.respond(incoming.session), order_id, user_ref },
                maker_side,
                maker_displayed: fill.maker.displayed,
            };
            self.counters.executions += 1;
            self.emit(sink, true, EventBody::Executed(executed));
        }
    }

    fn rest(&mut self, incoming: &Incoming) {
        let details = &incoming.details;
        let order = Order {
            id: details.order_id,
            open: incoming.open,
            executed: incoming.executed,
            user_ref: details.user_ref,
            session: incoming.session,
            instrument: details.instrument,
            side: details.side,
            displayed: is_displayed(details),
            short_sale: details.attributes.short_sale,
            capacity: details.attributes.capacity,
            ..Order::UNLINKED
        };
        self.books.rest(details.price, order);
    }

    /// The rest of an order that may not rest was never in the book.
    fn say_immediate_canceled<S: EventSink>(&mut self, incoming: &Incoming, sink: &mut S) {
        let canceled = Canceled {
            to: self.respond(incoming.session),
            instrument: incoming.details.instrument,
            order_id: incoming.details.order_id,
            user_ref: incoming.details.user_ref,
            quantity: incoming.open,
            remaining: Quantity(0),
            reason: CancelReason::Immediate,
        };
        self.emit(sink, false, EventBody::Canceled(canceled));
    }

    /// The client knows its remainder from its executions; the market learns
    /// of it here, unless it is hidden.
    fn say_added<S: EventSink>(&mut self, incoming: &Incoming, sink: &mut S) {
        if is_displayed(&incoming.details) {
            let OrderDetails { instrument, order_id, side, price, .. } = incoming.details;
            let added = Added { instrument, order_id, side, quantity: incoming.open, price };
            self.emit(sink, true, EventBody::Added(added));
        }
    }
}

pub(crate) fn may_rest(order_type: OrderType, time_in_force: TimeInForce) -> bool {
    order_type == OrderType::Limit && time_in_force == TimeInForce::Day
}

pub(crate) fn is_displayed(order: &OrderDetails) -> bool {
    order.display != Display::Hidden
}

/// The worst price an order may trade at.
pub(crate) fn limit(order: &OrderDetails) -> Price {
    match (order.order_type, order.side) {
        (OrderType::Limit, _) => order.price,
        (OrderType::Market, Side::Buy) => Price(i64::MAX),
        (OrderType::Market, Side::Sell) => Price(i64::MIN),
    }
}
