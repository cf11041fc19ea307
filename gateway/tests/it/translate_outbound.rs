//! From events to messages: every kind of event, field by field.

use ringmatch_engine::command::*;
use ringmatch_engine::event::*;
use ringmatch_engine::{
    Alpha, InstrumentId, MatchNumber, Nanos, OrderId, Price, Quantity, Sequence, SessionId,
    StreamNumber, UserRef,
};
use ringmatch_gateway::translate::{CANCELS, REJECTS, Reason};
use ringmatch_gateway::wire::itch::{self, ItchMessage};
use ringmatch_gateway::wire::ouch::{self, OuchOption, Outbound};
use ringmatch_gateway::wire::{ItchPrice, Letter, Nanos48, Nanos64, OuchPrice, SignedPrice};
use ringmatch_gateway::{Directory, translate};

/// Nanoseconds since midnight of every event here.
const TIME: u64 = 34_200_000_000_123;
const STOCK: InstrumentId = InstrumentId(3);

fn directory() -> Directory {
    let mut directory = Directory::default();
    directory.list(STOCK, "AAPL".parse().unwrap());
    directory.admit(SessionId(1), "FIRM".parse().unwrap());
    directory
}

fn to(session: u16, number: u64) -> Recipient {
    Recipient::new(SessionId(session), StreamNumber(number))
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
        rests: true,
        options: Options::NONE,
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

/// The same under its firm's name.
fn attributed() -> ItchMessage {
    let add = add_order();
    itch::AddOrderAttributed {
        stock_locate: add.stock_locate,
        tracking_number: 0,
        timestamp: add.timestamp,
        order_reference_number: add.order_reference_number,
        side: add.side,
        shares: add.shares,
        stock: add.stock,
        price: add.price,
        attribution: "FIRM".parse().unwrap(),
    }
    .into()
}

#[test]
fn an_order_taken() {
    let accepted = Accepted { to: to(1, 5), order: details() };
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
        let accepted = Accepted { to: to(1, 5), order };
        check(event(0, EventBody::Accepted(accepted)), &[(to(1, 5), response.into())], None);
    }
}

#[test]
fn fill_or_kill_comes_back_with_its_minimum() {
    let order = OrderDetails { time_in_force: TimeInForce::FillOrKill, ..details() };
    let accepted = Accepted { to: to(1, 5), order };
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
            order: OrderDetails { display, rests, ..details() },
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
        session: SessionId(1),
        instrument: STOCK,
        order_id: OrderId(1001),
        side: Side::Sell,
        display: Display::Visible,
        quantity: Quantity(300),
        price: Price(1_500_100),
    };
    check(event(8, EventBody::Added(added)), &[], Some(add_order().into()));
    let attributable = Added { display: Display::Attributable, ..added };
    check(event(8, EventBody::Added(attributable)), &[], Some(attributed()));
}

#[test]
fn an_order_reduced_and_an_order_gone() {
    let reduce = itch::OrderCancel {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        order_reference_number: 1001,
        cancelled_shares: 20,
    };
    for Reason { reason, code, .. } in CANCELS {
        for (remaining, market) in [(250, reduce.into()), (0, delete(1001))] {
            let canceled = Canceled {
                to: to(1, 5),
                instrument: STOCK,
                order_id: OrderId(1001),
                user_ref: UserRef(7),
                quantity: Quantity(50),
                remaining: Quantity(remaining),
                displayed_quantity: Quantity(20),
                reason: *reason,
            };
            let response = ouch::OrderCanceled {
                timestamp: Nanos64(TIME),
                user_ref_num: 7,
                quantity: 50,
                reason: Letter(*code),
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
        (SystemEvent::EndOfMarketHours, b'M'),
        (SystemEvent::EndOfSystemHours, b'E'),
        (SystemEvent::EndOfMessages, b'C'),
    ] {
        let message = itch::SystemEvent {
            stock_locate: 0,
            tracking_number: 0,
            timestamp,
            event_code: Letter(letter),
        };
        check(event(1, EventBody::System(point)), &[], Some(message.into()));
    }
    use Phase::*;
    for (phase, reason, letter, code) in [
        (Halted, PhaseReason::Operator, b'H', "    "),
        (Halted, PhaseReason::Collar, b'H', "COLL"),
        (Halted, PhaseReason::Status, b'H', "STAT"),
        (PreOpen, PhaseReason::Operator, b'Q', "PRE "),
        (OpeningAuction, PhaseReason::Operator, b'Q', "OPEN"),
        (Continuous, PhaseReason::Operator, b'T', "    "),
        (Continuous, PhaseReason::AuctionOver, b'T', "OVER"),
        (VolatilityAuction, PhaseReason::Operator, b'P', "    "),
        (VolatilityAuction, PhaseReason::Collar, b'P', "COLL"),
        (ClosingAuction, PhaseReason::Operator, b'Q', "CLOS"),
        (Closed, PhaseReason::Operator, b'H', "END "),
    ] {
        let message = itch::StockTradingAction {
            stock_locate: 3,
            tracking_number: 0,
            timestamp,
            stock: "AAPL".parse().unwrap(),
            trading_state: Letter(letter),
            reserved: Letter(b' '),
            reason: code.parse().unwrap(),
        };
        let action = EventBody::TradingAction { instrument: STOCK, phase, reason };
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

/// An attributable order is added with its firm's name; an iceberg with what
/// it shows.
#[test]
fn what_the_market_sees_of_an_order_taken() {
    let order = OrderDetails { display: Display::Attributable, ..details() };
    let accepted = EventBody::Accepted(Accepted { to: to(1, 5), order });
    assert_eq!(said(&event(8, accepted)).1, Some(attributed()));
    let options = Options { max_floor: Quantity(100), ..Options::NONE };
    let order = OrderDetails { options, ..details() };
    let iceberg = itch::AddOrder { shares: 100, ..add_order() };
    let accepted = EventBody::Accepted(Accepted { to: to(1, 5), order });
    assert_eq!(said(&event(8, accepted)).1, Some(iceberg.into()));
}

/// What an order asks for beyond its fixed fields is echoed as it would be
/// sent: with the same letters and options, in this order.
#[test]
fn options_are_echoed() {
    use OuchOption::*;
    type Row = (fn(&mut OrderDetails), fn(&mut ouch::OrderAccepted), Vec<OuchOption>);
    let rows: Vec<Row> = vec![
        (|d| d.options.max_floor = Quantity(100), |_| {}, vec![MaxFloor(100)]),
        (
            |d| {
                (d.time_in_force, d.options.min_quantity) =
                    (TimeInForce::ImmediateOrCancel, Quantity(50));
            },
            |a| a.time_in_force = Letter(b'3'),
            vec![MinQty(50)],
        ),
        (
            |d| (d.options.pricing, d.options.offset) = (Pricing::NearPeg, -5),
            |_| {},
            vec![PriceType(Letter(b'R')), PegOffset(SignedPrice(-5))],
        ),
        (|d| d.options.pricing = Pricing::MidpointPeg, |_| {}, vec![PriceType(Letter(b'M'))]),
        (|d| d.options.post_only = true, |_| {}, vec![PostOnly(Letter(b'P'))]),
        (
            |d| {
                (d.time_in_force, d.options.expire_after_s) = (TimeInForce::GoodTillTime, 60);
            },
            |a| a.time_in_force = Letter(b'6'),
            vec![ExpireTime(60)],
        ),
        (
            |d| (d.options.group, d.options.self_trade) = (7, SelfTrade::CancelBoth),
            |_| {},
            vec![GroupId(7), AiqStrategy(Letter(b'B'))],
        ),
        (
            |d| (d.options.pricing, d.options.offset) = (Pricing::Stop, 1_500),
            |_| {},
            vec![StopPrice(OuchPrice(1_500))],
        ),
        (
            |d| (d.options.pricing, d.options.offset) = (Pricing::TrailingStop, 20),
            |_| {},
            vec![TrailingDistance(OuchPrice(20))],
        ),
        (|d| d.time_in_force = TimeInForce::GoodTillCancel, |_| {}, vec![Lifetime(Letter(b'1'))]),
        (
            |d| d.order_type = ringmatch_engine::command::OrderType::MarketToLimit,
            |_| {},
            vec![OrderType(Letter(b'K'))],
        ),
        (|d| d.time_in_force = TimeInForce::AtOpen, |a| a.cross_type = Letter(b'O'), vec![]),
        (|d| d.time_in_force = TimeInForce::AtClose, |a| a.cross_type = Letter(b'C'), vec![]),
    ];
    for (change, expect, options) in rows {
        let (mut order, mut response) = (details(), order_accepted());
        change(&mut order);
        expect(&mut response);
        let accepted = EventBody::Accepted(Accepted { to: to(1, 5), order });
        let (responses, _) = said(&event(0, accepted));
        assert_eq!(responses, [(to(1, 5), response.into(), options.clone())], "{options:?}");
        let replaced = Replaced { to: to(1, 5), order, ..Replaced::default() };
        let (responses, _) = said(&event(0, EventBody::Replaced(replaced)));
        assert_eq!(responses[0].2, options);
    }
}

fn cancel(shares: u32) -> ItchMessage {
    itch::OrderCancel {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        order_reference_number: 1001,
        cancelled_shares: shares,
    }
    .into()
}

#[test]
fn an_order_that_lost_shares_instead_of_trading_with_its_own_firm() {
    for (action, letter) in [
        (SelfTrade::CancelNewest, b'W'),
        (SelfTrade::CancelOldest, b'O'),
        (SelfTrade::CancelBoth, b'B'),
        (SelfTrade::DecrementBoth, b'D'),
    ] {
        for (is_maker, flag) in [(true, b'A'), (false, b'R')] {
            for (remaining, market) in [(250, cancel(40)), (0, delete(1001))] {
                let prevented = SelfTradePrevented {
                    to: to(1, 5),
                    instrument: STOCK,
                    order_id: OrderId(1001),
                    user_ref: UserRef(7),
                    quantity: Quantity(50),
                    remaining: Quantity(remaining),
                    displayed_quantity: Quantity(40),
                    prevented: Quantity(30),
                    price: Price(1_500_000),
                    action,
                    is_maker,
                };
                let response = ouch::AiqCanceled {
                    timestamp: Nanos64(TIME),
                    user_ref_num: 7,
                    decrement_shares: 50,
                    reason: Letter(b'Q'),
                    quantity_prevented_from_trading: 30,
                    execution_price: OuchPrice(1_500_000),
                    liquidity_flag: Letter(flag),
                    aiq_strategy: Letter(letter),
                };
                let responses = [(to(1, 5), response.into())];
                let body = EventBody::SelfTradePrevented(prevented);
                check(event(8, body), &responses, Some(market));
                check(event(0, body), &responses, None);
            }
        }
    }
}

#[test]
fn an_order_modified_and_one_that_lost_its_place() {
    let modified = Modified {
        to: to(1, 5),
        instrument: STOCK,
        order_id: OrderId(1001),
        user_ref: UserRef(7),
        side: Side::Sell,
        short_sale: ShortSale::Exempt,
        quantity: Quantity(250),
        displayed_reduction: Quantity(50),
    };
    let response = ouch::OrderModified {
        timestamp: Nanos64(TIME),
        user_ref_num: 7,
        side: Letter(b'E'),
        quantity: 250,
    };
    let responses = [(to(1, 5), response.into())];
    check(event(8, EventBody::Modified(modified)), &responses, Some(cancel(50)));
    check(event(0, EventBody::Modified(modified)), &responses, None);

    let changed = PriorityChanged {
        to: to(1, 6),
        instrument: STOCK,
        original_order_id: OrderId(1001),
        order_id: OrderId(1002),
        user_ref: UserRef(7),
        price: Price(1_500_100),
        display: Display::Attributable,
        displayed_quantity: Quantity(400),
    };
    let response = ouch::OrderPriorityUpdate {
        timestamp: Nanos64(TIME),
        user_ref_num: 7,
        price: OuchPrice(1_500_100),
        display: Letter(b'A'),
        order_reference_number: 1002,
    };
    let replace = itch::OrderReplace {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        original_order_reference_number: 1001,
        new_order_reference_number: 1002,
        shares: 400,
        price: ItchPrice(1_500_100),
    };
    let responses = [(to(1, 6), response.into())];
    let body = EventBody::PriorityChanged(changed);
    check(event(8, body), &responses, Some(replace.into()));
    check(event(0, body), &responses, None);
}

#[test]
fn an_order_that_the_venue_changed_says_what_it_is_from_now_on() {
    for (reason, letter, price, told) in [
        (RestateReason::Refreshed, b'R', 1_500_100, 1_500_100),
        (RestateReason::Repriced, b'P', 1_500_100, 1_500_100),
        (RestateReason::Triggered, b'T', 0, 0x7FFF_FFFF),
    ] {
        let restated = Restated {
            to: to(1, 5),
            instrument: STOCK,
            order_id: OrderId(1001),
            user_ref: UserRef(7),
            side: Side::Sell,
            price: Price(price),
            quantity: Quantity(900),
            display: Display::Visible,
            displayed_quantity: Quantity(300),
            reason,
        };
        let response = ouch::OrderRestated {
            timestamp: Nanos64(TIME),
            user_ref_num: 7,
            reason: Letter(letter),
        };
        let options = vec![
            OuchOption::SecondaryOrdRefNum(1001),
            OuchOption::DisplayQuantity(300),
            OuchOption::DisplayPrice(OuchPrice(told)),
        ];
        let expected = vec![(to(1, 5), response.into(), options)];
        assert_eq!(said(&event(0, EventBody::Restated(restated))), (expected.clone(), None));
        if reason == RestateReason::Refreshed {
            for (display, market) in
                [(Display::Visible, add_order().into()), (Display::Attributable, attributed())]
            {
                let restated = Restated { display, ..restated };
                let told = said(&event(8, EventBody::Restated(restated)));
                assert_eq!(told, (expected.clone(), Some(market)));
            }
        }
    }
}

#[test]
fn mass_cancels_and_the_kill_switch_are_answered() {
    let (firm, user_ref_num) = ("FIRM".parse().unwrap(), 7);
    let (timestamp, user_ref) = (Nanos64(TIME), UserRef(7));
    for (instrument, symbol) in [(STOCK, "AAPL".parse().unwrap()), (InstrumentId(0), Alpha::BLANK)]
    {
        let answer = ouch::MassCancelResponse { timestamp, user_ref_num, firm, symbol };
        let done = EventBody::MassCanceled { to: to(1, 5), user_ref, firm, instrument };
        check(event(0, done), &[(to(1, 5), answer.into())], None);
    }
    let set = |enabled| EventBody::OrderEntrySet { to: to(1, 5), user_ref, firm, enabled };
    let answer = ouch::DisableOrderEntryResponse { timestamp, user_ref_num, firm };
    check(event(0, set(false)), &[(to(1, 5), answer.into())], None);
    let answer = ouch::EnableOrderEntryResponse { timestamp, user_ref_num, firm };
    check(event(0, set(true)), &[(to(1, 5), answer.into())], None);
}

/// Each side hears of its own execution; the market of displayed orders only,
/// and of the shares once, by the cross.
#[test]
fn an_auction_that_trades() {
    for (cross, letter) in [(Cross::Opening, b'O'), (Cross::Closing, b'C'), (Cross::Halt, b'H')] {
        let executed = CrossExecuted {
            to: to(1, 5),
            instrument: STOCK,
            order_id: OrderId(1001),
            user_ref: UserRef(7),
            side: Side::Sell,
            price: Price(1_499_900),
            quantity: Quantity(120),
            match_number: MatchNumber(44),
            displayed_quantity: Quantity(120),
            cross,
        };
        let response = ouch::OrderExecuted {
            timestamp: Nanos64(TIME),
            user_ref_num: 7,
            quantity: 120,
            price: OuchPrice(1_499_900),
            liquidity_flag: Letter(letter),
            match_number: 44,
        };
        let displayed = itch::OrderExecutedWithPrice {
            stock_locate: 3,
            tracking_number: 0,
            timestamp: Nanos48::new(TIME),
            order_reference_number: 1001,
            executed_shares: 120,
            match_number: 44,
            printable: Letter(b'N'),
            execution_price: ItchPrice(1_499_900),
        };
        let responses = [(to(1, 5), response.into())];
        check(event(8, EventBody::CrossExecuted(executed)), &responses, Some(displayed.into()));
        check(event(0, EventBody::CrossExecuted(executed)), &responses, None);
        let trade = EventBody::CrossTrade {
            instrument: STOCK,
            cross,
            price: Price(1_499_900),
            quantity: 5_000_000_000,
            match_number: MatchNumber(45),
        };
        let message = itch::CrossTrade {
            stock_locate: 3,
            tracking_number: 0,
            timestamp: Nanos48::new(TIME),
            shares: 5_000_000_000,
            stock: "AAPL".parse().unwrap(),
            cross_price: ItchPrice(1_499_900),
            match_number: 45,
            cross_type: Letter(letter),
        };
        check(event(8, trade), &[], Some(message.into()));
    }
}

#[test]
fn the_figures_of_an_auction_and_a_collar_that_was_broken() {
    // Price and reference, shares paired, the larger side; direction and
    // variation.
    for (price, reference, paired, side, direction, variation) in [
        (1_000, 1_000, 10, None, b'N', b'L'),
        (1_009, 1_000, 10, Some(Side::Buy), b'B', b'L'),
        (1_010, 1_000, 10, Some(Side::Sell), b'S', b'1'),
        (901, 1_000, 10, None, b'N', b'9'),
        (900, 1_000, 10, None, b'N', b'A'),
        (1_200, 1_000, 10, None, b'N', b'B'),
        (5_000, 1_000, 10, None, b'N', b'C'),
        (1_000, 0, 10, None, b'N', b' '),
        (0, 1_000, 0, None, b'O', b' '),
        (0, 1_000, 0, Some(Side::Buy), b'B', b' '),
    ] {
        let figures = AuctionFigures {
            instrument: STOCK,
            cross: Cross::Opening,
            price: Price(price),
            paired,
            imbalance: 3,
            side,
            reference: Price(reference),
        };
        let message = itch::NetOrderImbalance {
            stock_locate: 3,
            tracking_number: 0,
            timestamp: Nanos48::new(TIME),
            paired_shares: paired,
            imbalance_shares: 3,
            imbalance_direction: Letter(direction),
            stock: "AAPL".parse().unwrap(),
            far_price: ItchPrice(0),
            near_price: ItchPrice(u32::try_from(price).unwrap()),
            current_reference_price: ItchPrice(u32::try_from(reference).unwrap()),
            cross_type: Letter(b'O'),
            price_variation_indicator: Letter(variation),
        };
        check(event(8, EventBody::AuctionFigures(figures)), &[], Some(message.into()));
    }
    let broken = EventBody::CollarBroken {
        instrument: STOCK,
        reference: Price(1_000),
        upper: Price(1_100),
        lower: Price(0),
    };
    let message = itch::LuldAuctionCollar {
        stock_locate: 3,
        tracking_number: 0,
        timestamp: Nanos48::new(TIME),
        stock: "AAPL".parse().unwrap(),
        auction_collar_reference_price: ItchPrice(1_000),
        upper_auction_collar_price: ItchPrice(1_100),
        lower_auction_collar_price: ItchPrice(0),
        auction_collar_extension: 0,
    };
    check(event(8, broken), &[], Some(message.into()));
}

#[test]
fn an_execution_that_is_void_is_news_for_both_sides_and_the_market() {
    for (reason, letter) in [
        (BustReason::Erroneous, b'E'),
        (BustReason::Consent, b'C'),
        (BustReason::Supervisory, b'S'),
        (BustReason::External, b'X'),
    ] {
        let broken = TradeBroken {
            instrument: STOCK,
            match_number: MatchNumber(44),
            buyer: BrokenParty { to: to(2, 30), user_ref: UserRef(3) },
            seller: BrokenParty { to: to(1, 6), user_ref: UserRef(7) },
            reason,
        };
        let response = |user_ref_num| -> Outbound {
            let (timestamp, reason) = (Nanos64(TIME), Letter(letter));
            let cl_ord_id = Alpha::BLANK;
            ouch::BrokenTrade { timestamp, user_ref_num, match_number: 44, reason, cl_ord_id }
                .into()
        };
        let message = itch::BrokenTrade {
            stock_locate: 3,
            tracking_number: 0,
            timestamp: Nanos48::new(TIME),
            match_number: 44,
        };
        let responses = [(to(2, 30), response(3)), (to(1, 6), response(7))];
        check(event(8, EventBody::TradeBroken(broken)), &responses, Some(message.into()));
    }
}

#[test]
fn a_reject_has_the_code_of_its_reason() {
    for Reason { reason, code, .. } in REJECTS {
        let cl_ord_id = "TEXT".parse().unwrap();
        let (to, user_ref, reason) = (to(1, 5), UserRef(7), *reason);
        let rejected = EventBody::Rejected { to, user_ref, reason, cl_ord_id };
        let response = ouch::OrderRejected {
            timestamp: Nanos64(TIME),
            user_ref_num: 7,
            reason: *code,
            cl_ord_id,
        };
        check(event(0, rejected), &[(to, response.into())], None);
    }
}
