//! What a session may do: how often, how many orders, how much at risk.

use super::{Model, Order};
use ringmatch_engine::RejectReason::{
    ExposureLimit, MessageRate, OrderEntryDisabled, PositionLimit, SessionDisabled,
    TooManyOpenOrders, ValueTooLarge,
};
use ringmatch_engine::command::{OrderType, Side};
use ringmatch_engine::{OrderId, Price, RejectReason, SessionId};

impl Model {
    /// Check 1. A message that gets past it counts.
    pub(super) fn check_session(&mut self, session: SessionId) -> Option<RejectReason> {
        if !self.session(session).enabled {
            return Some(SessionDisabled);
        }
        if self.stopped_firms.contains(&self.firm(session)) {
            return Some(OrderEntryDisabled);
        }
        let second = self.time.0 / 1_000_000_000;
        let session = self.session_mut(session);
        if session.rate.0 != second {
            session.rate = (second, 0);
        }
        let max = session.limits.max_messages_per_s;
        if max > 0 && session.rate.1 >= max {
            return Some(MessageRate);
        }
        session.rate.1 += 1;
        None
    }

    /// Price times quantity as a limit judges it before the order trades.
    pub(super) fn value(&self, order: &Order) -> u128 {
        let instrument = order.details.instrument;
        let price = if order.details.order_type == OrderType::Limit {
            order.own_limit()
        } else {
            let best = self.best(instrument, order.details.side.opposite());
            best.or(self.instrument(instrument).last).unwrap_or(Price(0))
        };
        worth(price, order.open)
    }

    /// Check 7.
    pub(super) fn check_value(&self, order: &Order) -> Option<RejectReason> {
        let max = self.instrument(order.details.instrument).rules.max_value;
        (max > 0 && self.value(order) > u128::from(max)).then_some(ValueTooLarge)
    }

    /// Check 10, as if the order `instead_of` were not there. `value` is the
    /// order's as in check 7, before it got its resting price.
    pub(super) fn check_risk(
        &self,
        order: &Order,
        value: u128,
        instead_of: Option<OrderId>,
    ) -> Option<RejectReason> {
        let limits = &self.session(order.session).limits;
        let others: Vec<&Order> = self
            .orders
            .iter()
            .filter(|other| other.session == order.session)
            .filter(|other| Some(other.details.order_id) != instead_of)
            .collect();
        let max_orders = limits.max_open_orders as usize;
        if max_orders > 0 && order.needs_place() && others.len() >= max_orders {
            return Some(TooManyOpenOrders);
        }
        let same =
            others.iter().filter(|other| other.is_of(order.details.instrument, order.details.side));
        let open: i128 = same.map(|other| i128::from(other.open)).sum();
        let net = self.net_position(order.session, order.details.instrument);
        let towards = if order.details.side == Side::Buy { net } else { -net };
        let position = towards + open + i128::from(order.open);
        if limits.max_position > 0 && position > i128::from(limits.max_position) {
            return Some(PositionLimit);
        }
        let exposure: u128 = others.iter().map(|other| worth_of_open(other)).sum();
        let exposure = exposure + value;
        let max = u128::from(limits.max_exposure);
        (max > 0 && exposure > max).then_some(ExposureLimit)
    }
}

/// What is open at its own limit; nothing for an order without one.
fn worth_of_open(order: &Order) -> u128 {
    match order.details.order_type {
        OrderType::Market => 0,
        OrderType::Limit | OrderType::MarketToLimit => worth(order.own_limit(), order.open),
    }
}

fn worth(price: Price, quantity: u32) -> u128 {
    u128::from(price.0.unsigned_abs()) * u128::from(quantity)
}
