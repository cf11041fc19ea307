//! What clients ask of the model: entering, replacing and canceling orders.
//!
//! Each rule is one `if` of one function, in the order in which the rules are
//! checked; what trades next is found by looking at every order there is.

use super::{Model, Order};
use ringmatch_engine::command::{
    Attributes, Cancel, Enter, OrderType, Replace, TimeInForce, TradingState,
};
use ringmatch_engine::event::{
    Accepted, Added, Canceled, EventBody, Executed, OrderDetails, Party, Replaced,
};
use ringmatch_engine::{
    CancelReason, ClOrdId, MatchNumber, OrderId, Price, Quantity, RejectReason, SessionId, UserRef,
};

impl Model {
    pub(super) fn enter(&mut self, session: SessionId, enter: &Enter) {
        if !self.use_up(session, enter.user_ref) {
            return;
        }
        let mut order = Order {
            details: OrderDetails {
                instrument: enter.instrument,
                order_id: OrderId(0),
                user_ref: enter.user_ref,
                side: enter.side,
                quantity: enter.quantity,
                price: enter.price,
                order_type: enter.order_type,
                time_in_force: enter.time_in_force,
                display: enter.display,
                attributes: enter.attributes,
            },
            session,
            open: enter.quantity.0,
            executed: 0,
        };
        if let Some(reason) = self.refusal(&order) {
            self.reject(session, enter.user_ref, reason, enter.attributes.cl_ord_id);
            return;
        }
        order.details.order_id = self.order_id();
        let rests = self.rests_untouched(&order);
        let to = self.to(session);
        let accepted = Accepted { to, order: order.details, rests };
        self.say(rests && order.is_displayed(), EventBody::Accepted(accepted));
        self.trade_and_rest(order, rests);
    }

    fn refusal(&self, order: &Order) -> Option<RejectReason> {
        let number = usize::from(order.details.instrument.0);
        if number == 0 || number > self.instruments.len() {
            return Some(RejectReason::UnknownSymbol);
        }
        if let Some(reason) = self.invalidity(order, order.details.quantity) {
            return Some(reason);
        }
        if self.instruments[number - 1].state == TradingState::Halted {
            return Some(RejectReason::Halted);
        }
        let is_full = self.resting.len() == self.limits.orders as usize;
        (order.may_rest() && (is_full || !self.has_level(order))).then_some(RejectReason::BookFull)
    }

    fn invalidity(&self, order: &Order, total: Quantity) -> Option<RejectReason> {
        let listing = &self.instruments[usize::from(order.details.instrument.0) - 1].listing;
        if total.0 == 0
            || total > listing.max_quantity
            || !total.0.is_multiple_of(listing.lot_size.0)
        {
            return Some(RejectReason::InvalidQuantity);
        }
        let price = order.details.price;
        let is_price =
            price > Price(0) && price <= Price::MAX_LIMIT && price.0 % listing.tick_size.0 == 0;
        (order.details.order_type == OrderType::Limit && !is_price)
            .then_some(RejectReason::InvalidPrice)
    }

    /// Whether there is a level at its price, or room for one.
    fn has_level(&self, order: &Order) -> bool {
        let levels = self.book(order.details.instrument, order.details.side);
        levels.len() < self.limits.levels_per_side as usize
            || levels.iter().any(|(price, _)| *price == order.details.price)
    }

    pub(super) fn replace(&mut self, session: SessionId, replace: &Replace) {
        let Some(place) = self.find(session, replace.original) else {
            self.counters.unknown_orders += 1;
            return;
        };
        if u64::from(replace.user_ref.0) < self.session(session).next_user_ref {
            self.counters.stale_user_refs += 1;
            return;
        }
        let original = self.resting[place];
        let mut order = Order {
            details: OrderDetails {
                user_ref: replace.user_ref,
                price: replace.price,
                order_type: replace.order_type,
                time_in_force: replace.time_in_force,
                display: replace.display,
                attributes: Attributes {
                    intermarket_sweep: replace.intermarket_sweep,
                    cl_ord_id: replace.cl_ord_id,
                    ..original.details.attributes
                },
                ..original.details
            },
            ..original
        };
        let number = usize::from(original.details.instrument.0);
        if self.instruments[number - 1].state == TradingState::Halted {
            self.postpone(session, replace, RejectReason::Halted);
        } else if self.invalidity(&order, replace.quantity).is_some() {
            self.take_out(place, CancelReason::InvalidReplacement);
        } else if replace.quantity.0 <= original.executed {
            self.take_out(place, CancelReason::User);
        } else if order.may_rest() && !self.has_level(&order) {
            self.postpone(session, replace, RejectReason::BookFull);
        } else {
            self.use_up(session, replace.user_ref);
            self.resting.remove(place);
            order.open = replace.quantity.0 - original.executed;
            order.details.quantity = Quantity(order.open);
            order.details.order_id = self.order_id();
            self.enter_replacement(order, &original);
        }
    }

    /// The original stays as it is, and the new number is used up.
    fn postpone(&mut self, session: SessionId, replace: &Replace, reason: RejectReason) {
        self.use_up(session, replace.user_ref);
        self.reject(session, replace.user_ref, reason, replace.cl_ord_id);
    }

    fn enter_replacement(&mut self, order: Order, original: &Order) {
        let rests = self.rests_untouched(&order);
        let replaced = Replaced {
            to: self.to(order.session),
            original_order_id: original.details.order_id,
            original_user_ref: original.details.user_ref,
            order: order.details,
            rests,
            original_displayed: original.is_displayed(),
        };
        // The market sees a displayed order go, a displayed one come, or both.
        let seen = original.is_displayed() || (rests && order.is_displayed());
        self.say(seen, EventBody::Replaced(replaced));
        self.trade_and_rest(order, rests);
    }

    pub(super) fn cancel(&mut self, session: SessionId, cancel: &Cancel) {
        let Some(place) = self.find(session, cancel.user_ref) else {
            self.counters.unknown_orders += 1;
            return;
        };
        let order = &mut self.resting[place];
        // The number is the most that may be executed in total.
        let left = cancel.quantity.0.saturating_sub(order.executed);
        if left >= order.open {
            self.counters.superfluous_cancels += 1;
        } else if left == 0 {
            self.take_out(place, CancelReason::User);
        } else {
            let by = order.open - left;
            order.open = left;
            let order = *order;
            self.say_canceled(&order, by, CancelReason::User, order.is_displayed());
        }
    }

    /// The order that trades next with an incoming one.
    fn next_maker(&self, incoming: &Order) -> Option<usize> {
        let all = self.resting.iter().enumerate();
        let candidates = all.filter(|(_, order)| incoming.trades_with(order));
        // Of several with the same rank, this is the first.
        candidates.min_by_key(|(_, order)| order.rank()).map(|(place, _)| place)
    }

    /// Whether all of an order comes to rest at once.
    fn rests_untouched(&self, order: &Order) -> bool {
        order.may_rest() && self.next_maker(order).is_none()
    }

    fn trade_and_rest(&mut self, mut order: Order, rests_untouched: bool) {
        let makers = self.resting.iter().filter(|maker| order.trades_with(maker));
        let available: u64 = makers.map(|maker| u64::from(maker.open)).sum();
        let all_or_none = order.details.time_in_force == TimeInForce::FillOrKill;
        if !all_or_none || available >= u64::from(order.open) {
            self.trade(&mut order);
        }
        if order.open == 0 {
            return;
        }
        if !order.may_rest() {
            let by = std::mem::take(&mut order.open);
            self.say_canceled(&order, by, CancelReason::Immediate, false);
            return;
        }
        self.resting.push(order);
        if order.is_displayed() && !rests_untouched {
            let OrderDetails { instrument, order_id, side, price, .. } = order.details;
            let quantity = Quantity(order.open);
            let added = Added { instrument, order_id, side, quantity, price };
            self.say(true, EventBody::Added(added));
        }
    }

    fn trade(&mut self, taker: &mut Order) {
        while taker.open > 0 {
            let Some(place) = self.next_maker(taker) else { return };
            let maker = &mut self.resting[place];
            let quantity = maker.open.min(taker.open);
            for party in [&mut *maker, &mut *taker] {
                party.open -= quantity;
                party.executed += quantity;
            }
            let maker = *maker;
            if maker.open == 0 {
                self.resting.remove(place);
            }
            self.matches += 1;
            self.counters.executions += 1;
            let executed = Executed {
                instrument: maker.details.instrument,
                match_number: MatchNumber(self.matches),
                price: maker.details.price,
                quantity: Quantity(quantity),
                maker: self.party(&maker),
                taker: self.party(taker),
                maker_side: maker.details.side,
                maker_displayed: maker.is_displayed(),
            };
            self.say(true, EventBody::Executed(executed));
        }
    }

    fn party(&mut self, order: &Order) -> Party {
        let to = self.to(order.session);
        Party { to, order_id: order.details.order_id, user_ref: order.details.user_ref }
    }

    fn take_out(&mut self, place: usize, reason: CancelReason) {
        let mut order = self.resting.remove(place);
        let by = std::mem::take(&mut order.open);
        self.say_canceled(&order, by, reason, order.is_displayed());
    }

    fn say_canceled(&mut self, order: &Order, by: u32, reason: CancelReason, seen: bool) {
        let canceled = Canceled {
            to: self.to(order.session),
            instrument: order.details.instrument,
            order_id: order.details.order_id,
            user_ref: order.details.user_ref,
            quantity: Quantity(by),
            remaining: Quantity(order.open),
            reason,
        };
        self.say(seen, EventBody::Canceled(canceled));
    }

    pub(super) fn reject(
        &mut self,
        session: SessionId,
        user_ref: UserRef,
        reason: RejectReason,
        cl_ord_id: ClOrdId,
    ) {
        let to = self.to(session);
        self.say(false, EventBody::Rejected { to, user_ref, reason, cl_ord_id });
    }
}
