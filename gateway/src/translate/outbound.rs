//! From an event to the messages that tell of it.

use crate::directory::Directory;
use crate::translate::{cancel_letter, reject_code};
use crate::wire::itch::{
    self, AddOrder, ItchMessage, OrderCancel, OrderDelete, OrderReplace, StockDirectory,
    StockTradingAction, Trade,
};
use crate::wire::ouch::{
    self, AccountQueryResponse, OrderAccepted, OrderCanceled, OrderRejected, OrderReplaced,
    OuchOption, Outbound,
};
use crate::wire::{ItchPrice, Letter, Nanos48, Nanos64, OuchPrice};
use ringmatch_engine::command::{
    Capacity, Display, OrderType, ShortSale, Side, SystemEvent, TimeInForce, TradingState,
};
use ringmatch_engine::event::{
    Accepted, Event, EventBody, Executed, OrderDetails, Party, Recipient, Replaced,
};
use ringmatch_engine::{Alpha, InstrumentId, OrderId, Price, Symbol};

/// What OUCH 5.0 writes for the price of a market order.
const MARKET_PRICE: u64 = 0x7FFF_FFFF;

/// Gives each response that an event causes to `deliver`, encoded, with whom
/// it is for: none, one, or one for each side of an execution.
pub fn responses(event: &Event, directory: &Directory, mut deliver: impl FnMut(Recipient, &[u8])) {
    let timestamp = Nanos64(event.time.since_midnight());
    let mut bytes = [0; Outbound::MAX_LEN];
    let mut send = |to, message: Outbound, option: Option<OuchOption>| {
        let len = message.encode(option, &mut bytes);
        deliver(to, &bytes[..len]);
    };
    match &event.body {
        EventBody::SessionAdded { to, .. } => {
            let message = ouch::SystemEvent { timestamp, event_code: Letter(b'S') };
            send(*to, message.into(), None);
        }
        EventBody::Accepted(accepted) => {
            let symbol = directory.symbol(accepted.order.instrument);
            let message = order_accepted(accepted, timestamp, symbol);
            send(accepted.to, message.into(), fill_or_kill(&accepted.order));
        }
        EventBody::Replaced(replaced) => {
            let symbol = directory.symbol(replaced.order.instrument);
            let message = order_replaced(replaced, timestamp, symbol);
            send(replaced.to, message.into(), fill_or_kill(&replaced.order));
        }
        EventBody::Executed(executed) => {
            let added = if executed.maker_displayed { b'A' } else { b'J' };
            let maker = order_executed(executed, &executed.maker, added, timestamp);
            send(executed.maker.to, maker.into(), None);
            let taker = order_executed(executed, &executed.taker, b'R', timestamp);
            send(executed.taker.to, taker.into(), None);
        }
        EventBody::Canceled(canceled) => {
            let message = OrderCanceled {
                timestamp,
                user_ref_num: canceled.user_ref.0,
                quantity: canceled.quantity.0,
                reason: Letter(cancel_letter(canceled.reason)),
            };
            send(canceled.to, message.into(), None);
        }
        EventBody::Rejected { to, user_ref, reason, cl_ord_id } => {
            let message = OrderRejected {
                timestamp,
                user_ref_num: user_ref.0,
                reason: reject_code(*reason),
                cl_ord_id: *cl_ord_id,
            };
            send(*to, message.into(), None);
        }
        EventBody::AccountStatus { to, next_user_ref } => {
            let next_user_ref_num = u32::try_from(*next_user_ref).unwrap_or(u32::MAX);
            send(*to, AccountQueryResponse { timestamp, next_user_ref_num }.into(), None);
        }
        EventBody::Nothing
        | EventBody::System(_)
        | EventBody::InstrumentAdded { .. }
        | EventBody::TradingAction { .. }
        | EventBody::Added(_) => {}
    }
}

fn order_accepted(accepted: &Accepted, timestamp: Nanos64, symbol: Symbol) -> OrderAccepted {
    let order = &accepted.order;
    OrderAccepted {
        timestamp,
        user_ref_num: order.user_ref.0,
        side: Letter(side_letter(order)),
        quantity: order.quantity.0,
        symbol,
        price: ouch_price(order),
        time_in_force: Letter(time_in_force_letter(order.time_in_force)),
        display: Letter(display_letter(order.display)),
        order_reference_number: order.order_id.0,
        capacity: Letter(capacity_letter(order.attributes.capacity)),
        intermarket_sweep_eligibility: yes_or_no(order.attributes.intermarket_sweep),
        cross_type: Letter(b'N'),
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
        side: Letter(side_letter(order)),
        quantity: order.quantity.0,
        symbol,
        price: ouch_price(order),
        time_in_force: Letter(time_in_force_letter(order.time_in_force)),
        display: Letter(display_letter(order.display)),
        order_reference_number: order.order_id.0,
        capacity: Letter(capacity_letter(order.attributes.capacity)),
        intermarket_sweep_eligibility: yes_or_no(order.attributes.intermarket_sweep),
        cross_type: Letter(b'N'),
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
        price: OuchPrice(units(executed.price)),
        liquidity_flag: Letter(liquidity),
        match_number: executed.match_number.0,
    }
}

/// A fill-or-kill order is echoed as it came: with its whole quantity as its
/// minimum.
fn fill_or_kill(order: &OrderDetails) -> Option<OuchOption> {
    let is_so = order.time_in_force == TimeInForce::FillOrKill;
    is_so.then_some(OuchOption::MinQty(order.quantity.0))
}

/// The market-data message of an event, if it has one.
#[must_use]
pub fn market_message(event: &Event, directory: &Directory) -> Option<ItchMessage> {
    if event.market.0 == 0 {
        return None;
    }
    let timestamp = Nanos48::new(event.time.since_midnight());
    let tracking_number = 0;
    let message = match &event.body {
        EventBody::System(code) => itch::SystemEvent {
            stock_locate: 0,
            tracking_number,
            timestamp,
            event_code: Letter(system_letter(*code)),
        }
        .into(),
        EventBody::InstrumentAdded { instrument, symbol, lot_size } => {
            stock_directory(*instrument, *symbol, lot_size.0, timestamp).into()
        }
        EventBody::TradingAction { instrument, state } => StockTradingAction {
            stock_locate: instrument.0,
            tracking_number,
            timestamp,
            stock: directory.symbol(*instrument),
            trading_state: Letter(match state {
                TradingState::Halted => b'H',
                TradingState::Trading => b'T',
            }),
            reserved: Letter(b' '),
            reason: Alpha::BLANK,
        }
        .into(),
        EventBody::Accepted(accepted) => add_order(&accepted.order, timestamp, directory).into(),
        EventBody::Replaced(replaced) => replacement(replaced, timestamp, directory),
        EventBody::Added(added) => AddOrder {
            stock_locate: added.instrument.0,
            tracking_number,
            timestamp,
            order_reference_number: added.order_id.0,
            side: Letter(book_side_letter(added.side)),
            shares: added.quantity.0,
            stock: directory.symbol(added.instrument),
            price: itch_price(added.price),
        }
        .into(),
        EventBody::Executed(executed) => execution(executed, timestamp, directory),
        EventBody::Canceled(canceled) if canceled.remaining.0 > 0 => OrderCancel {
            stock_locate: canceled.instrument.0,
            tracking_number,
            timestamp,
            order_reference_number: canceled.order_id.0,
            cancelled_shares: canceled.quantity.0,
        }
        .into(),
        EventBody::Canceled(canceled) => {
            order_delete(canceled.instrument, canceled.order_id, timestamp).into()
        }
        EventBody::Nothing
        | EventBody::SessionAdded { .. }
        | EventBody::Rejected { .. }
        | EventBody::AccountStatus { .. } => return None,
    };
    Some(message)
}

fn stock_directory(
    instrument: InstrumentId,
    symbol: Symbol,
    round_lot_size: u32,
    timestamp: Nanos48,
) -> StockDirectory {
    StockDirectory {
        stock_locate: instrument.0,
        tracking_number: 0,
        timestamp,
        stock: symbol,
        market_category: Letter(b' '),
        financial_status_indicator: Letter(b' '),
        round_lot_size,
        round_lots_only: Letter(b'N'),
        issue_classification: Letter(b'C'),
        issue_sub_type: Alpha::from_bytes(*b"Z "),
        authenticity: Letter(b'P'),
        short_sale_threshold_indicator: Letter(b' '),
        ipo_flag: Letter(b' '),
        luld_reference_price_tier: Letter(b' '),
        etp_flag: Letter(b' '),
        etp_leverage_factor: 0,
        inverse_indicator: Letter(b'N'),
    }
}

fn add_order(order: &OrderDetails, timestamp: Nanos48, directory: &Directory) -> AddOrder {
    AddOrder {
        stock_locate: order.instrument.0,
        tracking_number: 0,
        timestamp,
        order_reference_number: order.order_id.0,
        side: Letter(book_side_letter(order.side)),
        shares: order.quantity.0,
        stock: directory.symbol(order.instrument),
        price: itch_price(order.price),
    }
}

/// What readers of the displayed book see of a replacement: one order in the
/// place of another, one less, or one more.
fn replacement(replaced: &Replaced, timestamp: Nanos48, directory: &Directory) -> ItchMessage {
    let order = &replaced.order;
    let shown = replaced.rests && order.display != Display::Hidden;
    match (replaced.original_displayed, shown) {
        (true, true) => OrderReplace {
            stock_locate: order.instrument.0,
            tracking_number: 0,
            timestamp,
            original_order_reference_number: replaced.original_order_id.0,
            new_order_reference_number: order.order_id.0,
            shares: order.quantity.0,
            price: itch_price(order.price),
        }
        .into(),
        (false, true) => add_order(order, timestamp, directory).into(),
        (_, false) => order_delete(order.instrument, replaced.original_order_id, timestamp).into(),
    }
}

/// An execution of a displayed order changes the displayed book; one of a
/// hidden order is reported as a trade.
fn execution(executed: &Executed, timestamp: Nanos48, directory: &Directory) -> ItchMessage {
    let stock_locate = executed.instrument.0;
    let tracking_number = 0;
    if executed.maker_displayed {
        return itch::OrderExecuted {
            stock_locate,
            tracking_number,
            timestamp,
            order_reference_number: executed.maker.order_id.0,
            executed_shares: executed.quantity.0,
            match_number: executed.match_number.0,
        }
        .into();
    }
    Trade {
        stock_locate,
        tracking_number,
        timestamp,
        order_reference_number: 0,
        side: Letter(b'B'),
        shares: executed.quantity.0,
        stock: directory.symbol(executed.instrument),
        price: itch_price(executed.price),
        match_number: executed.match_number.0,
    }
    .into()
}

fn order_delete(instrument: InstrumentId, order_id: OrderId, timestamp: Nanos48) -> OrderDelete {
    OrderDelete {
        stock_locate: instrument.0,
        tracking_number: 0,
        timestamp,
        order_reference_number: order_id.0,
    }
}

/// Prices in the book are positive and below 200,000, so they fit.
fn units(price: Price) -> u64 {
    u64::try_from(price.0).unwrap_or(0)
}

fn itch_price(price: Price) -> ItchPrice {
    ItchPrice(u32::try_from(price.0).unwrap_or(0))
}

fn ouch_price(order: &OrderDetails) -> OuchPrice {
    OuchPrice(match order.order_type {
        OrderType::Limit => units(order.price),
        OrderType::Market => MARKET_PRICE,
    })
}

fn side_letter(order: &OrderDetails) -> u8 {
    match (order.side, order.attributes.short_sale) {
        (Side::Buy, _) => b'B',
        (Side::Sell, ShortSale::No) => b'S',
        (Side::Sell, ShortSale::Short) => b'T',
        (Side::Sell, ShortSale::Exempt) => b'E',
    }
}

fn book_side_letter(side: Side) -> u8 {
    match side {
        Side::Buy => b'B',
        Side::Sell => b'S',
    }
}

fn time_in_force_letter(time_in_force: TimeInForce) -> u8 {
    match time_in_force {
        TimeInForce::Day => b'0',
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => b'3',
    }
}

fn display_letter(display: Display) -> u8 {
    match display {
        Display::Visible => b'Y',
        Display::Attributable => b'A',
        Display::Hidden => b'N',
    }
}

fn capacity_letter(capacity: Capacity) -> u8 {
    match capacity {
        Capacity::Agency => b'A',
        Capacity::Principal => b'P',
        Capacity::Riskless => b'R',
        Capacity::Other => b'O',
    }
}

fn system_letter(event: SystemEvent) -> u8 {
    match event {
        SystemEvent::StartOfMessages => b'O',
        SystemEvent::StartOfSystemHours => b'S',
        SystemEvent::StartOfMarketHours => b'Q',
    }
}

fn yes_or_no(is_so: bool) -> Letter {
    Letter(if is_so { b'Y' } else { b'N' })
}
