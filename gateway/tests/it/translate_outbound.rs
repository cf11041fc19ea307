//! From events to messages: every kind of event, field by field.

use ringmatch_engine::command::*;
use ringmatch_engine::event::*;
use ringmatch_engine::{
    Alpha, CancelReason, InstrumentId, MatchNumber, Nanos, OrderId, Price, Quantity, RejectReason,
    Sequence, SessionId, StreamNumber, UserRef,
};
use ringmatch_gateway::wire::itch::{self, ItchMessage};
use ringmatch_gateway::wire::ouch::{self, OuchOption, Outbound};
use ringmatch_gateway::wire::{ItchPrice, Letter, Nanos48, Nanos64, OuchPrice};
use ringmatch_gateway::{Directory, translate};

/// Nanoseconds since midnight of every event here.
const TIME: u64 = 34_200_000_000_123;
const STOCK: InstrumentId = InstrumentId(3);

fn directory() -> Directory {
    let mut directory = Directory::default();
    directory.list(STOCK, "AAPL".parse().unwrap());
    directory
}

fn to(session: u16, number: u64) -> Recipient {
    Recipient { session: SessionId(session), number: StreamNumber(number) }
}

fn event(market: u64, body: EventBody) -> Event {
    let time = Nanos(20_000 * Nanos::DAY + TIME);
    Event { cause: Sequence(9), time, market: StreamNumber(market), body }
}

type Said = (Recipient, Outbound, Vec<OuchOption>);

/// What an event says: to whom it concerns, and to the market.
fn said(event: &Event) -> (Vec<Said>, Option<ItchMessage>) {
    let mut responses = Vec::new();
    translate::responses(event, &directory(), |to, bytes| {
        let (message, options) = Outbound::decode(bytes).unwrap();
        responses.push((to, message, options.options().collect()));
    });
    (responses, translate::market_message(event, &directory()))
}

fn check(event: Event, responses: &[(Recipient, Outbound)], market: Option<ItchMessage>) {
    let expected: Vec<Said> = responses.iter().map(|(to, said)| (*to, *said, vec![])).collect();
    assert_eq!(said(&event), (expected, market), "{event:?}");
}

fn details() -> OrderDetails {
    OrderDetails {
        instrument: STOCK,
        order_id: OrderId(1001),
        user_ref: UserRef(7),
        side: Side::Sell,
        quantity: Quantity(300),
        price: Price(1_500_100),
        order_type: OrderType::Limit,
        time_in_force: TimeInForce::Day,
        display: Display::Visible,
        attributes: Attributes {
            short_sale: ShortSale::Short,
            capacity: Capacity::Principal,
            intermarket_sweep: true,
            cl_ord_id: "TEXT".parse().unwrap(),
        },
    }
}

fn order_accepted() -> ouch::OrderAccepted {
    ouch::OrderAccepted {
        timestamp: Nanos64(TIME),
        user_ref_num: 7,
        side: Letter(b'T'),
        quantity: 300,
        symbol: "AAPL".parse().unwrap(),
        price: OuchPrice(1_500_100),
        time_in_force: Letter(b'0'),
        display: Letter(b'Y'),
        order_reference_number: 1001,
        capacity: Letter(b'P'),
        intermarket_sweep_eligibility: Letter(b'Y'),
        cross_type: Letter(b'N'),
        order_state: Letter(b'L'),
        cl_ord_id: "TEXT".parse().unwrap(),
    }
}

fn add_order() -> itch::AddOrder {
    itch::AddOrder {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        order_reference_number: 1001,
        side: Letter(b'S'),
        shares: 300,
        stock: "AAPL".parse().unwrap(),
        price: ItchPrice(1_500_100),
    }
}

#[test]
fn an_order_taken() {
    let accepted = Accepted { to: to(1, 5), order: details(), rests: true };
    let response = (to(1, 5), order_accepted().into());
    check(event(8, EventBody::Accepted(accepted)), &[response], Some(add_order().into()));
    check(event(0, EventBody::Accepted(accepted)), &[response], None);
}

#[test]
fn an_order_taken_is_echoed_as_it_came() {
    type Row = (fn(&mut OrderDetails), fn(&mut ouch::OrderAccepted));
    let rows: &[Row] = &[
        (|d| d.side = Side::Buy, |a| a.side = Letter(b'B')),
        (|d| d.attributes.short_sale = ShortSale::No, |a| a.side = Letter(b'S')),
        (|d| d.attributes.short_sale = ShortSale::Exempt, |a| a.side = Letter(b'E')),
        (|d| d.order_type = OrderType::Market, |a| a.price = OuchPrice(0x7FFF_FFFF)),
        (|d| d.display = Display::Attributable, |a| a.display = Letter(b'A')),
        (|d| d.display = Display::Hidden, |a| a.display = Letter(b'N')),
        (|d| d.attributes.capacity = Capacity::Agency, |a| a.capacity = Letter(b'A')),
        (|d| d.attributes.capacity = Capacity::Riskless, |a| a.capacity = Letter(b'R')),
        (|d| d.attributes.capacity = Capacity::Other, |a| a.capacity = Letter(b'O')),
        (
            |d| d.attributes.intermarket_sweep = false,
            |a| a.intermarket_sweep_eligibility = Letter(b'N'),
        ),
        (|d| d.time_in_force = TimeInForce::ImmediateOrCancel, |a| a.time_in_force = Letter(b'3')),
    ];
    for (change, expect) in rows {
        let (mut order, mut response) = (details(), order_accepted());
        change(&mut order);
        expect(&mut response);
        let accepted = Accepted { to: to(1, 5), order, rests: false };
        check(event(0, EventBody::Accepted(accepted)), &[(to(1, 5), response.into())], None);
    }
}

#[test]
fn fill_or_kill_comes_back_with_its_minimum() {
    let order = OrderDetails { time_in_force: TimeInForce::FillOrKill, ..details() };
    let accepted = Accepted { to: to(1, 5), order, rests: false };
    let response = ouch::OrderAccepted { time_in_force: Letter(b'3'), ..order_accepted() };
    let expected = vec![(to(1, 5), response.into(), vec![OuchOption::MinQty(300)])];
    assert_eq!(said(&event(0, EventBody::Accepted(accepted))), (expected, None));
}

/// What the displayed book sees: one order for another, one more, one less.
#[test]
fn an_order_replaced_in_its_three_market_forms() {
    let accepted = order_accepted();
    let response = ouch::OrderReplaced {
        timestamp: accepted.timestamp,
        orig_user_ref_num: 6,
        user_ref_num: 7,
        side: accepted.side,
        quantity: 300,
        symbol: accepted.symbol,
        price: accepted.price,
        time_in_force: accepted.time_in_force,
        display: accepted.display,
        order_reference_number: 1001,
        capacity: accepted.capacity,
        intermarket_sweep_eligibility: accepted.intermarket_sweep_eligibility,
        cross_type: accepted.cross_type,
        order_state: accepted.order_state,
        cl_ord_id: accepted.cl_ord_id,
    };
    let replace = itch::OrderReplace {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        original_order_reference_number: 900,
        new_order_reference_number: 1001,
        shares: 300,
        price: ItchPrice(1_500_100),
    };
    let delete = delete(900);
    for (original_displayed, rests, display, market) in [
        (true, true, Display::Visible, replace.into()),
        (false, true, Display::Visible, add_order().into()),
        (true, false, Display::Visible, delete),
        (true, true, Display::Hidden, delete),
    ] {
        let replaced = Replaced {
            to: to(1, 5),
            original_order_id: OrderId(900),
            original_user_ref: UserRef(6),
            order: OrderDetails { display, ..details() },
            rests,
            original_displayed,
        };
        let letter = Letter(if display == Display::Hidden { b'N' } else { b'Y' });
        let response = ouch::OrderReplaced { display: letter, ..response };
        let responses = [(to(1, 5), response.into())];
        check(event(8, EventBody::Replaced(replaced)), &responses, Some(market));
        check(event(0, EventBody::Replaced(replaced)), &responses, None);
    }
}

fn delete(reference: u64) -> ItchMessage {
    itch::OrderDelete {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        order_reference_number: reference,
    }
    .into()
}

/// Both sides hear of it with one match number; the market by the resting
/// order's reference, or, if that was hidden, as a trade without one.
#[test]
fn an_execution_of_a_displayed_and_of_a_hidden_order() {
    let executed = Executed {
        instrument: STOCK,
        match_number: MatchNumber(44),
        price: Price(1_500_000),
        quantity: Quantity(120),
        maker: Party { to: to(2, 30), order_id: OrderId(990), user_ref: UserRef(3) },
        taker: Party { to: to(1, 6), order_id: OrderId(1001), user_ref: UserRef(7) },
        maker_side: Side::Buy,
        maker_displayed: true,
    };
    let response = |user_ref_num, flag| -> Outbound {
        ouch::OrderExecuted {
            timestamp: Nanos64(TIME),
            user_ref_num,
            quantity: 120,
            price: OuchPrice(1_500_000),
            liquidity_flag: Letter(flag),
            match_number: 44,
        }
        .into()
    };
    let displayed = itch::OrderExecuted {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        order_reference_number: 990,
        executed_shares: 120,
        match_number: 44,
    };
    let hidden = itch::Trade {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        order_reference_number: 0,
        side: Letter(b'B'),
        shares: 120,
        stock: "AAPL".parse().unwrap(),
        price: ItchPrice(1_500_000),
        match_number: 44,
    };
    for (maker_displayed, flag, market) in
        [(true, b'A', displayed.into()), (false, b'J', hidden.into())]
    {
        let executed = Executed { maker_displayed, ..executed };
        let responses = [(to(2, 30), response(3, flag)), (to(1, 6), response(7, b'R'))];
        check(event(8, EventBody::Executed(executed)), &responses, Some(market));
    }
}

#[test]
fn a_remainder_that_comes_to_rest_is_news_for_the_market_only() {
    let added = Added {
        instrument: STOCK,
        order_id: OrderId(1001),
        side: Side::Sell,
        quantity: Quantity(300),
        price: Price(1_500_100),
    };
    check(event(8, EventBody::Added(added)), &[], Some(add_order().into()));
}

#[test]
fn an_order_reduced_and_an_order_gone() {
    let letters = [
        (CancelReason::User, b'U'),
        (CancelReason::Immediate, b'I'),
        (CancelReason::InvalidReplacement, b'Z'),
    ];
    let reduce = itch::OrderCancel {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        order_reference_number: 1001,
        cancelled_shares: 50,
    };
    for (reason, letter) in letters {
        for (remaining, market) in [(250, reduce.into()), (0, delete(1001))] {
            let canceled = Canceled {
                to: to(1, 5),
                instrument: STOCK,
                order_id: OrderId(1001),
                user_ref: UserRef(7),
                quantity: Quantity(50),
                remaining: Quantity(remaining),
                reason,
            };
            let response = ouch::OrderCanceled {
                timestamp: Nanos64(TIME),
                user_ref_num: 7,
                quantity: 50,
                reason: Letter(letter),
            };
            let responses = [(to(1, 5), response.into())];
            check(event(8, EventBody::Canceled(canceled)), &responses, Some(market));
            check(event(0, EventBody::Canceled(canceled)), &responses, None);
        }
    }
}

#[test]
fn a_session_admitted_and_its_query_answered() {
    let (name, firm) = ("ALPHA".parse().unwrap(), "FIRM".parse().unwrap());
    let admitted = EventBody::SessionAdded { to: to(4, 1), name, firm };
    let hello = ouch::SystemEvent { timestamp: Nanos64(TIME), event_code: Letter(b'S') };
    check(event(0, admitted), &[(to(4, 1), hello.into())], None);
    for (next, told) in [(8, 8), (u64::from(u32::MAX) + 1, u32::MAX)] {
        let status = EventBody::AccountStatus { to: to(1, 5), next_user_ref: next };
        let answer =
            ouch::AccountQueryResponse { timestamp: Nanos64(TIME), next_user_ref_num: told };
        check(event(0, status), &[(to(1, 5), answer.into())], None);
    }
}

#[test]
fn the_days_events_and_the_instruments() {
    let timestamp = Nanos48::new(TIME);
    for (point, letter) in [
        (SystemEvent::StartOfMessages, b'O'),
        (SystemEvent::StartOfSystemHours, b'S'),
        (SystemEvent::StartOfMarketHours, b'Q'),
    ] {
        let message = itch::SystemEvent {
            stock_locate: 0,
            tracking_number: 0,
            timestamp,
            event_code: Letter(letter),
        };
        check(event(1, EventBody::System(point)), &[], Some(message.into()));
    }
    for (state, letter) in [(TradingState::Halted, b'H'), (TradingState::Trading, b'T')] {
        let message = itch::StockTradingAction {
            stock_locate: 3,
            tracking_number: 0,
            timestamp,
            stock: "AAPL".parse().unwrap(),
            trading_state: Letter(letter),
            reserved: Letter(b' '),
            reason: Alpha::BLANK,
        };
        let action = EventBody::TradingAction { instrument: STOCK, state };
        check(event(1, action), &[], Some(message.into()));
    }
    let listed = EventBody::InstrumentAdded {
        instrument: STOCK,
        symbol: "AAPL".parse().unwrap(),
        lot_size: Quantity(100),
    };
    let (responses, market) = said(&event(1, listed));
    let Some(ItchMessage::StockDirectory(directory)) = market else { panic!("{market:?}") };
    assert_eq!(responses, []);
    assert_eq!((directory.stock_locate, directory.round_lot_size), (3, 100));
    assert_eq!(directory.stock, "AAPL".parse().unwrap());
    check(event(1, EventBody::Nothing), &[], None);
}

/// The codes of OUCH 5.0 for every reason there is; one that is added to the
/// engine stops this from compiling until it has its row.
#[test]
fn every_reject_has_its_code() {
    use RejectReason::*;
    let place = |reason| match reason {
        Undecodable => 0,
        UnsupportedMessage => 1,
        InvalidSide => 2,
        InvalidDisplay => 3,
        UnsupportedTimeInForce => 4,
        InvalidCapacity => 5,
        UnsupportedCross => 6,
        InvalidMinimumQuantity => 7,
        UnsupportedOption => 8,
        UnknownSymbol => 9,
        InvalidQuantity => 10,
        InvalidPrice => 11,
        Halted => 12,
        BookFull => 13,
    };
    let rows = [
        (Undecodable, 0x0A),
        (UnsupportedMessage, 0x0A),
        (InvalidSide, 0x09),
        (InvalidDisplay, 0x03),
        (UnsupportedTimeInForce, 0x0F),
        (InvalidCapacity, 0x0F),
        (UnsupportedCross, 0x14),
        (InvalidMinimumQuantity, 0x0D),
        (UnsupportedOption, 0x0F),
        (UnknownSymbol, 0x17),
        (InvalidQuantity, 0x13),
        (InvalidPrice, 0x1D),
        (Halted, 0x07),
        (BookFull, 0x0F),
    ];
    for (at, (reason, code)) in rows.into_iter().enumerate() {
        assert_eq!(place(reason), at, "one row for each reason, in their order");
        let cl_ord_id = "TEXT".parse().unwrap();
        let rejected =
            EventBody::Rejected { to: to(1, 5), user_ref: UserRef(7), reason, cl_ord_id };
        let response = ouch::OrderRejected {
            timestamp: Nanos64(TIME),
            user_ref_num: 7,
            reason: code,
            cl_ord_id,
        };
        check(event(0, rejected), &[(to(1, 5), response.into())], None);
    }
}
