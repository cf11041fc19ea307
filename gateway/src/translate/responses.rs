//! From an event to the OUCH 5.0 messages that tell its clients of it.

use super::codes::{cancel_letter, reject_code};
use super::letters::{
    bust_letter, capacity_letter, cross_letter, cross_type_letter, display_letter, price_field,
    self_trade_letter, side_letter, time_in_force_letter, yes_or_no,
};
use super::terms::options_of;
use crate::directory::Directory;
use crate::wire::ouch::{
    self, AccountQueryResponse, AiqCanceled, BrokenTrade, DisableOrderEntryResponse,
    EnableOrderEntryResponse, MassCancelResponse, OrderAccepted, OrderCanceled, OrderModified,
    OrderPriorityUpdate, OrderRejected, OrderReplaced, OrderRestated, OuchOption, Outbound,
};
use crate::wire::{Letter, Nanos64, OuchPrice};
use ringmatch_engine::command::OrderType;
use ringmatch_engine::event::{
    Accepted, Canceled, CrossExecuted, Event, EventBody, Executed, Modified, OrderDetails, Party,
    PriorityChanged, Recipient, Replaced, RestateReason, Restated, SelfTradePrevented, TradeBroken,
};
use ringmatch_engine::{Alpha, MatchNumber, Price, Quantity, Symbol, UserRef};

/// Gives each response that an event causes to `deliver`, encoded, with whom
/// it is for: none, one, or one for each side of an execution.
pub fn responses(event: &Event, directory: &Directory, deliver: impl FnMut(Recipient, &[u8])) {
    let timestamp = Nanos64(event.time.since_midnight());
    let mut post = Post { bytes: [0; Outbound::MAX_LEN], deliver };
    match &event.body {
        EventBody::SessionAdded { to, .. } => {
            post.send(*to, ouch::SystemEvent { timestamp, event_code: Letter(b'S') });
        }
        EventBody::Accepted(accepted) => {
            let symbol = directory.symbol(accepted.order.instrument);
            let message = order_accepted(accepted, timestamp, symbol);
            post.send_with(accepted.to, message, echoed(&accepted.order));
        }
        EventBody::Replaced(replaced) => {
            let symbol = directory.symbol(replaced.order.instrument);
            let message = order_replaced(replaced, timestamp, symbol);
            post.send_with(replaced.to, message, echoed(&replaced.order));
        }
        EventBody::Executed(executed) => {
            let added = if executed.maker_displayed { b'A' } else { b'J' };
            let Executed { maker, taker, .. } = executed;
            post.send(maker.to, order_executed(executed, maker, added, timestamp));
            post.send(taker.to, order_executed(executed, taker, b'R', timestamp));
        }
        EventBody::CrossExecuted(executed) => {
            post.send(executed.to, cross_executed(executed, timestamp));
        }
        EventBody::Canceled(canceled) => {
            post.send(canceled.to, order_canceled(canceled, timestamp));
        }
        EventBody::SelfTradePrevented(prevented) => {
            post.send(prevented.to, aiq_canceled(prevented, timestamp));
        }
        EventBody::Rejected { to, user_ref, reason, cl_ord_id } => {
            let message = OrderRejected {
                timestamp,
                user_ref_num: user_ref.0,
                reason: reject_code(*reason),
                cl_ord_id: *cl_ord_id,
            };
            post.send(*to, message);
        }
        EventBody::AccountStatus { to, next_user_ref } => {
            let next_user_ref_num = u32::try_from(*next_user_ref).unwrap_or(u32::MAX);
            post.send(*to, AccountQueryResponse { timestamp, next_user_ref_num });
        }
        EventBody::Modified(modified) => {
            post.send(modified.to, order_modified(modified, timestamp));
        }
        EventBody::PriorityChanged(changed) => {
            post.send(changed.to, order_priority_update(changed, timestamp));
        }
        EventBody::Restated(restated) => {
            let message = order_restated(restated, timestamp);
            post.send_with(restated.to, message, restatement(restated));
        }
        EventBody::MassCanceled { to, user_ref, firm, instrument } => {
            let (firm, symbol) = (*firm, directory.symbol(*instrument));
            let user_ref_num = user_ref.0;
            post.send(*to, MassCancelResponse { timestamp, user_ref_num, firm, symbol });
        }
        EventBody::OrderEntrySet { to, user_ref, firm, enabled } => {
            let (firm, user_ref_num) = (*firm, user_ref.0);
            if *enabled {
                post.send(*to, EnableOrderEntryResponse { timestamp, user_ref_num, firm });
            } else {
                post.send(*to, DisableOrderEntryResponse { timestamp, user_ref_num, firm });
            }
        }
        EventBody::TradeBroken(broken) => {
            let TradeBroken { match_number, buyer, seller, .. } = broken;
            let reason = bust_letter(broken.reason);
            for party in [buyer, seller] {
                let message = broken_trade(party.user_ref, *match_number, reason, timestamp);
                post.send(party.to, message);
            }
        }
        EventBody::Nothing
        | EventBody::System(_)
        | EventBody::InstrumentAdded { .. }
        | EventBody::TradingAction { .. }
        | EventBody::Added(_)
        | EventBody::CrossTrade { .. }
        | EventBody::AuctionFigures(_)
        | EventBody::CollarBroken { .. } => {}
    }
}

/// Encodes responses and hands them over.
struct Post<F> {
    bytes: [u8; Outbound::MAX_LEN],
    deliver: F,
}

impl<F: FnMut(Recipient, &[u8])> Post<F> {
    fn send(&mut self, to: Recipient, message: impl Into<Outbound>) {
        self.send_with(to, message, None);
    }

    fn send_with(
        &mut self,
        to: Recipient,
        message: impl Into<Outbound>,
        options: impl IntoIterator<Item = OuchOption>,
    ) {
        let len = message.into().encode(options, &mut self.bytes);
        (self.deliver)(to, &self.bytes[..len]);
    }
}

/// The options of an order that was taken, as they would be sent for it.
fn echoed(order: &OrderDetails) -> impl Iterator<Item = OuchOption> + use<> {
    options_of(order.order_type, order.time_in_force, order.quantity, &order.options)
}

fn order_accepted(accepted: &Accepted, timestamp: Nanos64, symbol: Symbol) -> OrderAccepted {
    let order = &accepted.order;
    OrderAccepted {
        timestamp,
        user_ref_num: order.user_ref.0,
        side: side_letter(order.side, order.attributes.short_sale),
        quantity: order.quantity.0,
        symbol,
        price: price_field(order.order_type, order.price),
        time_in_force: time_in_force_letter(order.time_in_force),
        display: display_letter(order.display),
        order_reference_number: order.order_id.0,
        capacity: capacity_letter(order.attributes.capacity),
        intermarket_sweep_eligibility: yes_or_no(order.attributes.intermarket_sweep),
        cross_type: cross_type_letter(order.time_in_force),
        order_state: Letter(b'L'),
        cl_ord_id: order.attributes.cl_ord_id,
    }
}

fn order_replaced(replaced: &Replaced, timestamp: Nanos64, symbol: Symbol) -> OrderReplaced {
    let order = &replaced.order;
    OrderReplaced {
        timestamp,
        orig_user_ref_num: replaced.original_user_ref.0,
        user_ref_num: order.user_ref.0,
        side: side_letter(order.side, order.attributes.short_sale),
        quantity: order.quantity.0,
        symbol,
        price: price_field(order.order_type, order.price),
        time_in_force: time_in_force_letter(order.time_in_force),
        display: display_letter(order.display),
        order_reference_number: order.order_id.0,
        capacity: capacity_letter(order.attributes.capacity),
        intermarket_sweep_eligibility: yes_or_no(order.attributes.intermarket_sweep),
        cross_type: cross_type_letter(order.time_in_force),
        order_state: Letter(b'L'),
        cl_ord_id: order.attributes.cl_ord_id,
    }
}

fn order_executed(
    executed: &Executed,
    party: &Party,
    liquidity: u8,
    timestamp: Nanos64,
) -> ouch::OrderExecuted {
    ouch::OrderExecuted {
        timestamp,
        user_ref_num: party.user_ref.0,
        quantity: executed.quantity.0,
        price: limit(executed.price),
        liquidity_flag: Letter(liquidity),
        match_number: executed.match_number.0,
    }
}

fn cross_executed(executed: &CrossExecuted, timestamp: Nanos64) -> ouch::OrderExecuted {
    ouch::OrderExecuted {
        timestamp,
        user_ref_num: executed.user_ref.0,
        quantity: executed.quantity.0,
        price: limit(executed.price),
        liquidity_flag: cross_letter(executed.cross),
        match_number: executed.match_number.0,
    }
}

fn order_canceled(canceled: &Canceled, timestamp: Nanos64) -> OrderCanceled {
    OrderCanceled {
        timestamp,
        user_ref_num: canceled.user_ref.0,
        quantity: canceled.quantity.0,
        reason: Letter(cancel_letter(canceled.reason)),
    }
}

fn aiq_canceled(prevented: &SelfTradePrevented, timestamp: Nanos64) -> AiqCanceled {
    AiqCanceled {
        timestamp,
        user_ref_num: prevented.user_ref.0,
        decrement_shares: prevented.quantity.0,
        reason: Letter(b'Q'),
        quantity_prevented_from_trading: prevented.prevented.0,
        execution_price: limit(prevented.price),
        liquidity_flag: Letter(if prevented.is_maker { b'A' } else { b'R' }),
        aiq_strategy: self_trade_letter(prevented.action),
    }
}

fn order_modified(modified: &Modified, timestamp: Nanos64) -> OrderModified {
    OrderModified {
        timestamp,
        user_ref_num: modified.user_ref.0,
        side: side_letter(modified.side, modified.short_sale),
        quantity: modified.quantity.0,
    }
}

fn order_priority_update(changed: &PriorityChanged, timestamp: Nanos64) -> OrderPriorityUpdate {
    OrderPriorityUpdate {
        timestamp,
        user_ref_num: changed.user_ref.0,
        price: limit(changed.price),
        display: display_letter(changed.display),
        order_reference_number: changed.order_id.0,
    }
}

fn order_restated(restated: &Restated, timestamp: Nanos64) -> OrderRestated {
    let reason = Letter(match restated.reason {
        RestateReason::Refreshed => b'R',
        RestateReason::Repriced => b'P',
        RestateReason::Triggered => b'T',
    });
    OrderRestated { timestamp, user_ref_num: restated.user_ref.0, reason }
}

/// What a restated order is like from now on: its reference, what is displayed
/// of it, and its price. A price of zero is a market order's.
fn restatement(restated: &Restated) -> [OuchOption; 3] {
    let Quantity(displayed) = restated.displayed_quantity;
    let order_type = if restated.price.0 > 0 { OrderType::Limit } else { OrderType::Market };
    [
        OuchOption::SecondaryOrdRefNum(restated.order_id.0),
        OuchOption::DisplayQuantity(displayed),
        OuchOption::DisplayPrice(price_field(order_type, restated.price)),
    ]
}

fn broken_trade(
    user_ref: UserRef,
    match_number: MatchNumber,
    reason: Letter,
    timestamp: Nanos64,
) -> BrokenTrade {
    let (user_ref_num, match_number, cl_ord_id) = (user_ref.0, match_number.0, Alpha::BLANK);
    BrokenTrade { timestamp, user_ref_num, match_number, reason, cl_ord_id }
}

/// The price of something that traded, rests, or would have traded.
fn limit(price: Price) -> OuchPrice {
    price_field(OrderType::Limit, price)
}
