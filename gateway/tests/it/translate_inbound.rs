//! From OUCH messages to commands: what each field means, and what is refused.
//!
//! Every row changes one thing of a plain order, and says what becomes of the
//! command. What numbers make sense is the exchange's business: they pass. What
//! a command's echo says is read back as the same order.

use proptest::prelude::*;
use ringmatch_engine::command::*;
use ringmatch_engine::{Alpha, InstrumentId, Price, Quantity, RejectReason, SessionId, UserRef};
use ringmatch_gateway::Directory;
use ringmatch_gateway::client::{NewOrder, Replacement};
use ringmatch_gateway::translate;
use ringmatch_gateway::wire::ouch::{
    self, AccountQuery, CancelOrder, DisableOrderEntry, EnableOrderEntry, EnterOrder, Inbound,
    ModifyOrder, OuchOption, ReplaceOrder,
};
use ringmatch_gateway::wire::{Letter, OuchPrice, SignedPrice};

const SESSION: SessionId = SessionId(3);

fn directory() -> Directory {
    let mut directory = Directory::default();
    directory.admit(SESSION, "FIRM".parse().unwrap());
    directory.list(InstrumentId(1), "MSFT".parse().unwrap());
    directory.list(InstrumentId(2), "AAPL".parse().unwrap());
    directory
}

fn order() -> EnterOrder {
    EnterOrder {
        user_ref_num: 77,
        side: Letter(b'B'),
        quantity: 500,
        symbol: "AAPL".parse().unwrap(),
        price: OuchPrice(1_234_500),
        time_in_force: Letter(b'0'),
        display: Letter(b'Y'),
        capacity: Letter(b'A'),
        intermarket_sweep_eligibility: Letter(b'N'),
        cross_type: Letter(b'N'),
        cl_ord_id: "MY-ORDER".parse().unwrap(),
    }
}

fn entered() -> Enter {
    Enter {
        user_ref: UserRef(77),
        instrument: InstrumentId(2),
        side: Side::Buy,
        quantity: Quantity(500),
        price: Price(1_234_500),
        order_type: OrderType::Limit,
        time_in_force: TimeInForce::Day,
        display: Display::Visible,
        attributes: Attributes {
            short_sale: ShortSale::No,
            capacity: Capacity::Agency,
            intermarket_sweep: false,
            cl_ord_id: "MY-ORDER".parse().unwrap(),
        },
    }
}

fn request() -> ReplaceOrder {
    ReplaceOrder {
        orig_user_ref_num: 77,
        user_ref_num: 78,
        quantity: 600,
        price: OuchPrice(1_300_000),
        time_in_force: Letter(b'0'),
        display: Letter(b'Y'),
        intermarket_sweep_eligibility: Letter(b'N'),
        cl_ord_id: "ANOTHER".parse().unwrap(),
    }
}

fn replaced() -> Replace {
    Replace {
        original: UserRef(77),
        user_ref: UserRef(78),
        quantity: Quantity(600),
        price: Price(1_300_000),
        order_type: OrderType::Limit,
        time_in_force: TimeInForce::Day,
        display: Display::Visible,
        intermarket_sweep: false,
        cl_ord_id: "ANOTHER".parse().unwrap(),
    }
}

fn bytes(message: impl Into<Inbound>, options: &[OuchOption]) -> Vec<u8> {
    let mut bytes = [0; Inbound::MAX_LEN];
    let len = message.into().encode(options.iter().copied(), &mut bytes);
    bytes[..len].to_vec()
}

fn command(message: impl Into<Inbound>, options: &[OuchOption]) -> Command {
    translate::command(&bytes(message, options), SESSION, &directory())
}

fn malformed(user_ref: u32, reason: RejectReason, cl_ord_id: &str) -> Command {
    let cl_ord_id = cl_ord_id.parse().unwrap();
    Command::Malformed(Malformed { user_ref: UserRef(user_ref), reason, cl_ord_id })
}

#[test]
fn every_field_of_an_order_arrives() {
    type Row = (fn(&mut EnterOrder), fn(&mut Enter));
    let rows: &[Row] = &[
        (|_| {}, |_| {}),
        (|o| o.side = Letter(b'S'), |e| e.side = Side::Sell),
        (
            |o| o.side = Letter(b'T'),
            |e| (e.side, e.attributes.short_sale) = (Side::Sell, ShortSale::Short),
        ),
        (
            |o| o.side = Letter(b'E'),
            |e| (e.side, e.attributes.short_sale) = (Side::Sell, ShortSale::Exempt),
        ),
        (|o| o.quantity = 0, |e| e.quantity = Quantity(0)),
        (|o| o.quantity = u32::MAX, |e| e.quantity = Quantity(u32::MAX)),
        (|o| o.symbol = "MSFT".parse().unwrap(), |e| e.instrument = InstrumentId(1)),
        (|o| o.symbol = "NOPE".parse().unwrap(), |e| e.instrument = InstrumentId(0)),
        (|o| o.symbol = Alpha::from_bytes([0xFF; 8]), |e| e.instrument = InstrumentId(0)),
        (|o| o.price = OuchPrice(0), |e| e.price = Price(0)),
        (|o| o.price = OuchPrice(1 << 63), |e| e.price = Price(i64::MAX)),
        (|o| o.price = OuchPrice(0x7FFF_FFFE), |e| e.price = Price(0x7FFF_FFFE)),
        (|o| o.price = OuchPrice(0x7FFF_FFFF), |e| market(e)),
        (|o| o.price = OuchPrice(2_000_000_000), |e| market(e)),
        (|o| o.price = OuchPrice(i64::MAX as u64), |e| market(e)),
        (|o| o.price = OuchPrice(u64::MAX), |e| market(e)),
        (|o| o.time_in_force = Letter(b'3'), |e| e.time_in_force = TimeInForce::ImmediateOrCancel),
        (|o| o.display = Letter(b'A'), |e| e.display = Display::Attributable),
        (|o| o.display = Letter(b'N'), |e| e.display = Display::Hidden),
        (|o| o.capacity = Letter(b'P'), |e| e.attributes.capacity = Capacity::Principal),
        (|o| o.capacity = Letter(b'R'), |e| e.attributes.capacity = Capacity::Riskless),
        (|o| o.capacity = Letter(b'O'), |e| e.attributes.capacity = Capacity::Other),
        (
            |o| o.intermarket_sweep_eligibility = Letter(b'Y'),
            |e| e.attributes.intermarket_sweep = true,
        ),
        (
            |o| o.cl_ord_id = Alpha::from_bytes([0; 14]),
            |e| e.attributes.cl_ord_id = Alpha::from_bytes([0; 14]),
        ),
        (|o| o.user_ref_num = 0, |e| e.user_ref = UserRef(0)),
    ];
    for (at, (change, expect)) in rows.iter().enumerate() {
        let (mut order, mut entered) = (order(), entered());
        change(&mut order);
        expect(&mut entered);
        assert_eq!(command(order, &[]), Command::Enter(entered), "row {at}: {order:?}");
    }
}

fn market(enter: &mut Enter) {
    (enter.order_type, enter.price) = (OrderType::Market, Price(0));
}

#[test]
fn every_field_of_a_replacement_arrives() {
    type Row = (fn(&mut ReplaceOrder), fn(&mut Replace));
    let rows: &[Row] = &[
        (|_| {}, |_| {}),
        (|r| r.quantity = 0, |e| e.quantity = Quantity(0)),
        (
            |r| r.price = OuchPrice(0x7FFF_FFFF),
            |e| (e.order_type, e.price) = (OrderType::Market, Price(0)),
        ),
        (|r| r.time_in_force = Letter(b'3'), |e| e.time_in_force = TimeInForce::ImmediateOrCancel),
        (|r| r.display = Letter(b'N'), |e| e.display = Display::Hidden),
        (|r| r.intermarket_sweep_eligibility = Letter(b'Y'), |e| e.intermarket_sweep = true),
    ];
    for (at, (change, expect)) in rows.iter().enumerate() {
        let (mut request, mut replaced) = (request(), replaced());
        change(&mut request);
        expect(&mut replaced);
        assert_eq!(command(request, &[]), Command::Replace(replaced), "row {at}: {request:?}");
    }
}

#[test]
fn a_cancel_and_a_query_arrive_with_or_without_an_appendage() {
    let cancel = CancelOrder { user_ref_num: 9, quantity: 40 };
    let expected = Cancel { user_ref: UserRef(9), quantity: Quantity(40) };
    for options in [&[][..], &[OuchOption::UserRefIdx(0)]] {
        assert_eq!(command(cancel, options), Command::Cancel(expected));
        assert_eq!(command(AccountQuery {}, options), Command::AccountQuery);
    }
}

#[test]
fn what_the_venue_does_not_do_is_refused_by_name() {
    type Row = (fn(&mut EnterOrder), RejectReason);
    let rows: &[Row] = &[
        (|o| o.side = Letter(b'X'), RejectReason::InvalidSide),
        (|o| o.display = Letter(b'Z'), RejectReason::InvalidDisplay),
        (|o| o.time_in_force = Letter(b'5'), RejectReason::UnsupportedTimeInForce),
        (
            |o| (o.time_in_force, o.cross_type) = (Letter(b'6'), Letter(b'O')),
            RejectReason::UnsupportedTimeInForce,
        ),
        (|o| o.time_in_force = Letter(b'E'), RejectReason::UnsupportedTimeInForce),
        (|o| o.capacity = Letter(b'x'), RejectReason::InvalidCapacity),
        (|o| o.cross_type = Letter(b'H'), RejectReason::UnsupportedCross),
        (|o| o.intermarket_sweep_eligibility = Letter(0), RejectReason::Undecodable),
    ];
    for (change, reason) in rows {
        let mut order = order();
        change(&mut order);
        assert_eq!(command(order, &[]), malformed(77, *reason, "MY-ORDER"), "{order:?}");
    }
    let request = ReplaceOrder { display: Letter(b'?'), ..request() };
    let expected = malformed(78, RejectReason::InvalidDisplay, "ANOTHER");
    assert_eq!(command(request, &[]), expected);
}

/// What an option makes of an order: the plain command, the special one, or a
/// refusal.
#[derive(Debug)]
enum Becomes {
    Plain(TimeInForce),
    Special(TimeInForce, Options),
    Refused(RejectReason),
}

impl Becomes {
    fn of_an_order(&self) -> Command {
        match *self {
            Self::Plain(time_in_force) => Command::Enter(Enter { time_in_force, ..entered() }),
            Self::Special(time_in_force, options) => {
                let order = Enter { time_in_force, ..entered() };
                Command::EnterSpecial(EnterSpecial { order, options })
            }
            Self::Refused(reason) => malformed(77, reason, "MY-ORDER"),
        }
    }

    fn of_a_replacement(&self) -> Command {
        let replaced = Replace { quantity: Quantity(500), ..replaced() };
        match *self {
            Self::Plain(time_in_force) => Command::Replace(Replace { time_in_force, ..replaced }),
            Self::Special(time_in_force, options) => {
                let order = Replace { time_in_force, ..replaced };
                Command::ReplaceSpecial(ReplaceSpecial { order, options })
            }
            Self::Refused(reason) => malformed(78, reason, "ANOTHER"),
        }
    }
}

/// An option that asks for nothing leaves the order plain; one that the engine
/// has a meaning for arrives with it; any other is refused by name. Quantities
/// are 500, and the same holds for orders and replacements.
#[test]
fn every_option_has_its_meaning_or_is_refused() {
    use Becomes::*;
    use OuchOption::*;
    use TimeInForce::*;
    let day = |options: Options| Special(Day, options);
    let priced = |pricing, offset| day(Options { pricing, offset, ..Options::NONE });
    let self_trade = |self_trade| day(Options { self_trade, ..Options::NONE });
    let minimum = |shares| Options { min_quantity: Quantity(shares), ..Options::NONE };
    let unsupported = || Refused(RejectReason::UnsupportedOption);
    let unknown_time = || Refused(RejectReason::UnsupportedTimeInForce);
    let [own_firm, other_firm] = [*b"FIRM", *b"ELSE"].map(|firm| [Firm(Alpha::from_bytes(firm))]);
    let rows: Vec<(u8, &[OuchOption], Becomes)> = vec![
        (b'0', &[], Plain(Day)),
        (b'3', &[], Plain(ImmediateOrCancel)),
        // Good till time without its seconds is for the exchange to refuse, or
        // to inherit.
        (b'6', &[], Plain(GoodTillTime)),
        (b'3', &[MinQty(500)], Plain(FillOrKill)),
        (b'3', &[MinQty(0)], Plain(ImmediateOrCancel)),
        (b'3', &[MinQty(499)], Special(ImmediateOrCancel, minimum(499))),
        (b'3', &[MinQty(501)], Special(ImmediateOrCancel, minimum(501))),
        (b'0', &[MinQty(500)], day(minimum(500))),
        (b'0', &[MaxFloor(0)], Plain(Day)),
        (b'0', &[MaxFloor(100)], day(Options { max_floor: Quantity(100), ..Options::NONE })),
        (b'0', &[RandomReserves(0)], Plain(Day)),
        (b'0', &[RandomReserves(1)], unsupported()),
        (b'0', &[PriceType(Letter(b'L'))], Plain(Day)),
        (b'0', &[PriceType(Letter(b'M'))], priced(Pricing::MidpointPeg, 0)),
        (b'0', &[PriceType(Letter(b'R'))], priced(Pricing::NearPeg, 0)),
        (b'0', &[PriceType(Letter(b'P'))], Refused(RejectReason::InvalidPeg)),
        (b'0', &[PriceType(Letter(b'Q'))], Refused(RejectReason::InvalidPeg)),
        (b'0', &[PriceType(Letter(b'm'))], Refused(RejectReason::InvalidPeg)),
        (
            b'0',
            &[PegOffset(SignedPrice(-7)), PriceType(Letter(b'R'))],
            priced(Pricing::NearPeg, -7),
        ),
        (b'0', &[PegOffset(SignedPrice(0))], Plain(Day)),
        (b'0', &[PegOffset(SignedPrice(-1))], Refused(RejectReason::InvalidPeg)),
        (b'0', &[DiscretionPrice(OuchPrice(1))], unsupported()),
        (b'0', &[DiscretionPriceType(Letter(b'P'))], unsupported()),
        (b'0', &[DiscretionPegOffset(SignedPrice(1))], unsupported()),
        (b'0', &[PostOnly(Letter(b'N'))], Plain(Day)),
        (b'0', &[PostOnly(Letter(b'P'))], day(Options { post_only: true, ..Options::NONE })),
        (b'0', &[PostOnly(Letter(b'Y'))], unsupported()),
        (b'0', &[TradeNow(Letter(b'Y'))], unsupported()),
        (
            b'6',
            &[ExpireTime(10)],
            Special(GoodTillTime, Options { expire_after_s: 10, ..Options::NONE }),
        ),
        (b'0', &[ExpireTime(10)], day(Options { expire_after_s: 10, ..Options::NONE })),
        (b'0', &[GroupId(0)], Plain(Day)),
        (b'0', &[GroupId(7)], day(Options { group: 7, ..Options::NONE })),
        (b'0', &[AiqStrategy(Letter(b'O'))], self_trade(SelfTrade::CancelOldest)),
        (b'0', &[AiqStrategy(Letter(b'o'))], self_trade(SelfTrade::CancelOldest)),
        (b'0', &[AiqStrategy(Letter(b'W'))], self_trade(SelfTrade::CancelNewest)),
        (b'0', &[AiqStrategy(Letter(b'D'))], self_trade(SelfTrade::DecrementBoth)),
        (b'0', &[AiqStrategy(Letter(b'y'))], self_trade(SelfTrade::DecrementBoth)),
        (b'0', &[AiqStrategy(Letter(b'B'))], self_trade(SelfTrade::CancelBoth)),
        (b'0', &[AiqStrategy(Letter(b'A'))], self_trade(SelfTrade::Allow)),
        (b'0', &[AiqStrategy(Letter(b'X'))], unsupported()),
        (b'0', &[StopPrice(OuchPrice(1_500))], priced(Pricing::Stop, 1_500)),
        (b'0', &[StopPrice(OuchPrice(0))], priced(Pricing::Stop, 0)),
        (b'0', &[StopPrice(OuchPrice(u64::MAX))], priced(Pricing::Stop, i32::MAX)),
        (b'0', &[TrailingDistance(OuchPrice(20))], priced(Pricing::TrailingStop, 20)),
        (
            b'0',
            &[StopPrice(OuchPrice(1)), TrailingDistance(OuchPrice(1))],
            Refused(RejectReason::InvalidStop),
        ),
        (
            b'0',
            &[PriceType(Letter(b'M')), StopPrice(OuchPrice(1))],
            Refused(RejectReason::InvalidStop),
        ),
        (b'0', &[Lifetime(Letter(b'1'))], Plain(GoodTillCancel)),
        (b'0', &[Lifetime(Letter(b'2'))], Plain(AtOpen)),
        (b'0', &[Lifetime(Letter(b'7'))], Plain(AtClose)),
        (b'0', &[Lifetime(Letter(b'3'))], unknown_time()),
        (b'3', &[Lifetime(Letter(b'1'))], unknown_time()),
        (b'0', &[OrderType(Letter(b'2'))], unsupported()),
        (b'0', &[UserRefIdx(0)], Plain(Day)),
        (b'0', &[UserRefIdx(1)], unsupported()),
        (b'0', &[Firm(Alpha::BLANK), CustomerType(Letter(b'R'))], Plain(Day)),
        (b'0', &own_firm, Plain(Day)),
        (b'0', &other_firm, Refused(RejectReason::NotAuthorized)),
    ];
    for (letter, options, becomes) in rows {
        let time_in_force = Letter(letter);
        let row = format!("{} {options:?}", char::from(letter));
        let order = EnterOrder { time_in_force, ..order() };
        assert_eq!(command(order, options), becomes.of_an_order(), "{row}");
        let request = ReplaceOrder { time_in_force, quantity: 500, ..request() };
        assert_eq!(command(request, options), becomes.of_a_replacement(), "{row}");
    }
}

#[test]
fn cross_types_are_orders_for_one_auction() {
    for (cross, time_in_force) in [(b'O', TimeInForce::AtOpen), (b'C', TimeInForce::AtClose)] {
        for letter in [b'0', b'3'] {
            let (cross_type, letter) = (Letter(cross), Letter(letter));
            let order = EnterOrder { cross_type, time_in_force: letter, ..order() };
            let expected = Enter { time_in_force, ..entered() };
            assert_eq!(command(order, &[]), Command::Enter(expected));
        }
    }
}

#[test]
fn a_market_to_limit_order_has_no_price_whatever_its_field_says() {
    let to_limit = [OuchOption::OrderType(Letter(b'K'))];
    let (order_type, price) = (OrderType::MarketToLimit, Price(0));
    let expected = Enter { order_type, price, ..entered() };
    assert_eq!(command(order(), &to_limit), Command::Enter(expected));
    let expected = Replace { order_type, price, ..replaced() };
    assert_eq!(command(request(), &to_limit), Command::Replace(expected));
}

#[test]
fn a_modify_arrives_with_its_marking() {
    let sale = |letter| ModifyOrder { user_ref_num: 9, side: Letter(letter), quantity: 40 };
    for (letter, side, short_sale) in [
        (b'B', Side::Buy, ShortSale::No),
        (b'S', Side::Sell, ShortSale::No),
        (b'T', Side::Sell, ShortSale::Short),
        (b'E', Side::Sell, ShortSale::Exempt),
    ] {
        let (user_ref, quantity) = (UserRef(9), Quantity(40));
        let expected = Modify { user_ref, side, short_sale, quantity };
        for options in [&[][..], &[OuchOption::UserRefIdx(0)]] {
            assert_eq!(command(sale(letter), options), Command::Modify(expected));
        }
    }
    // The number in a modify is that of the order to modify.
    assert_eq!(command(sale(b'?'), &[]), malformed(0, RejectReason::InvalidSide, ""));
}

#[test]
fn a_mass_cancel_arrives_with_its_filters() {
    use OuchOption::{GroupId, Side as OnlySide};
    let (firm, blank) = ("FIRM".parse().unwrap(), Alpha::BLANK);
    let all = MassCancel { user_ref: UserRef(5), firm, ..MassCancel::default() };
    let request = ouch::MassCancel { user_ref_num: 5, firm, symbol: blank };
    let side = Some(Side::Sell);
    for (options, expected) in [
        (&[][..], all),
        (&[OnlySide(Letter(b'B'))], MassCancel { side: Some(Side::Buy), ..all }),
        (&[OnlySide(Letter(b'S'))], MassCancel { side, ..all }),
        (&[OnlySide(Letter(b'T'))], MassCancel { side, ..all }),
        (&[GroupId(0)], MassCancel { group: Some(0), ..all }),
        (&[GroupId(7), OnlySide(Letter(b'E'))], MassCancel { group: Some(7), side, ..all }),
    ] {
        assert_eq!(command(request, options), Command::MassCancel(expected), "{options:?}");
    }
    let one = ouch::MassCancel { symbol: "AAPL".parse().unwrap(), ..request };
    let expected = MassCancel { instrument: InstrumentId(2), ..all };
    assert_eq!(command(one, &[]), Command::MassCancel(expected));
    let none = ouch::MassCancel { symbol: "NOPE".parse().unwrap(), ..request };
    assert_eq!(command(none, &[]), malformed(5, RejectReason::UnknownSymbol, ""));
    let wrong = [OnlySide(Letter(b'X'))];
    assert_eq!(command(request, &wrong), malformed(5, RejectReason::InvalidSide, ""));
}

#[test]
fn the_kill_switch_arrives() {
    let firm = "FIRM".parse().unwrap();
    let expected =
        |enabled| Command::SetOrderEntry(SetOrderEntry { user_ref: UserRef(6), firm, enabled });
    assert_eq!(command(DisableOrderEntry { user_ref_num: 6, firm }, &[]), expected(false));
    assert_eq!(command(EnableOrderEntry { user_ref_num: 6, firm }, &[]), expected(true));
}

/// A session has one channel; numbers of another are not taken for its own.
#[test]
fn other_channels_are_refused() {
    let (firm, symbol) = (Alpha::BLANK, Alpha::BLANK);
    let rows: [(Inbound, u32); 6] = [
        (ouch::MassCancel { user_ref_num: 5, firm, symbol }.into(), 5),
        (DisableOrderEntry { user_ref_num: 6, firm }.into(), 6),
        (EnableOrderEntry { user_ref_num: 7, firm }.into(), 7),
        (ModifyOrder { user_ref_num: 8, side: Letter(b'S'), quantity: 1 }.into(), 0),
        (CancelOrder { user_ref_num: 8, quantity: 1 }.into(), 0),
        (AccountQuery {}.into(), 0),
    ];
    for (message, user_ref) in rows {
        let expected = malformed(user_ref, RejectReason::UnsupportedOption, "");
        assert_eq!(command(message, &[OuchOption::UserRefIdx(1)]), expected, "{message:?}");
    }
}

#[test]
fn what_cannot_be_decoded_keeps_the_number_that_can() {
    let undecodable = |user_ref, text: &str| malformed(user_ref, RejectReason::Undecodable, text);
    let whole = bytes(order(), &[OuchOption::MinQty(0)]);
    let fixed = whole.len() - 8;
    for cut in 0..whole.len() {
        let expected = if cut < fixed { undecodable(0, "") } else { undecodable(77, "MY-ORDER") };
        assert_eq!(
            translate::command(&whole[..cut], SESSION, &directory()),
            expected,
            "{cut} bytes"
        );
    }
    let longer = [&whole[..], b"?"].concat();
    assert_eq!(translate::command(&longer, SESSION, &directory()), undecodable(77, "MY-ORDER"));
    let torn_replace = bytes(request(), &[]);
    let torn_replace = &torn_replace[..torn_replace.len() - 1];
    assert_eq!(translate::command(torn_replace, SESSION, &directory()), undecodable(78, "ANOTHER"));
    let torn_cancel =
        [&bytes(CancelOrder { user_ref_num: 9, quantity: 0 }, &[])[..], &[0]].concat();
    assert_eq!(translate::command(&torn_cancel, SESSION, &directory()), undecodable(0, ""));
    assert_eq!(translate::command(b"Z", SESSION, &directory()), undecodable(0, ""));
}

fn options() -> impl Strategy<Value = Options> {
    let quantity = || prop_oneof![Just(Quantity(0)), (1u32..1_000).prop_map(Quantity)];
    let pricing = prop_oneof![
        Just((Pricing::Plain, 0)),
        (1..i32::MAX).prop_map(|offset| (Pricing::Stop, offset)),
        (1..i32::MAX).prop_map(|offset| (Pricing::TrailingStop, offset)),
        any::<i32>().prop_map(|offset| (Pricing::MidpointPeg, offset)),
        any::<i32>().prop_map(|offset| (Pricing::NearPeg, offset)),
    ];
    let self_trade = prop::sample::select(vec![
        SelfTrade::SessionDefault,
        SelfTrade::Allow,
        SelfTrade::CancelNewest,
        SelfTrade::CancelOldest,
        SelfTrade::CancelBoth,
        SelfTrade::DecrementBoth,
    ]);
    let rest = (any::<u16>(), any::<bool>(), self_trade, 0u32..100_000);
    (quantity(), quantity(), pricing, rest).prop_map(
        |(max_floor, min_quantity, (pricing, offset), (group, post_only, self_trade, s))| Options {
            offset,
            max_floor,
            min_quantity,
            expire_after_s: s,
            group,
            pricing,
            post_only,
            self_trade,
        },
    )
}

fn time_in_force() -> impl Strategy<Value = TimeInForce> {
    prop::sample::select(vec![
        TimeInForce::Day,
        TimeInForce::ImmediateOrCancel,
        TimeInForce::FillOrKill,
        TimeInForce::GoodTillCancel,
        TimeInForce::GoodTillTime,
        TimeInForce::AtOpen,
        TimeInForce::AtClose,
    ])
}

fn order_type() -> impl Strategy<Value = (OrderType, Price)> {
    prop_oneof![
        (0i64..2_000_000_000).prop_map(|price| (OrderType::Limit, Price(price))),
        Just((OrderType::Market, Price(0))),
        Just((OrderType::MarketToLimit, Price(0))),
    ]
}

proptest! {
    /// Any order and any replacement that the engine has a meaning for goes
    /// over the wire as it is.
    #[test]
    fn whatever_the_engine_offers_can_be_sent(
        (order_type, price) in order_type(),
        time_in_force in time_in_force(),
        options in options(),
        quantity in 1u32..1_000,
    ) {
        let is_whole = options.min_quantity == Quantity(quantity);
        let is_fill_or_kill = time_in_force == TimeInForce::FillOrKill;
        prop_assume!(!(is_whole && time_in_force == TimeInForce::ImmediateOrCancel));
        let options = if is_fill_or_kill {
            Options { min_quantity: Quantity(0), ..options }
        } else {
            options
        };
        let is_limit = order_type == OrderType::Limit;
        let (side, short_sale) = (Side::Sell, ShortSale::Exempt);
        let limit = NewOrder::limit("AAPL".parse().unwrap(), side, quantity, price);
        let market_to_limit = order_type == OrderType::MarketToLimit;
        let (wire_price, cl_ord_id) = (is_limit.then_some(price), "TEXT".parse().unwrap());
        let display = Display::Attributable;
        let new = NewOrder {
            short_sale, price: wire_price, market_to_limit, time_in_force, display, options,
            cl_ord_id, ..limit
        };
        let (message, appendage) = new.message(UserRef(5));
        let order = Enter {
            user_ref: UserRef(5),
            instrument: InstrumentId(2),
            side,
            quantity: Quantity(quantity),
            price,
            order_type,
            time_in_force,
            display,
            attributes: Attributes { short_sale, cl_ord_id, ..Attributes::default() },
        };
        let expected = match options == Options::NONE {
            true => Command::Enter(order),
            false => Command::EnterSpecial(EnterSpecial { order, options }),
        };
        prop_assert_eq!(command(message, &appendage), expected);

        let replacement = Replacement {
            price: wire_price, market_to_limit, time_in_force, display, options, cl_ord_id,
            ..Replacement::limit(UserRef(4), quantity, price)
        };
        let (message, appendage) = replacement.message(UserRef(5));
        let order = Replace {
            original: UserRef(4),
            user_ref: UserRef(5),
            quantity: Quantity(quantity),
            price,
            order_type,
            time_in_force,
            display,
            intermarket_sweep: false,
            cl_ord_id,
        };
        let expected = match options == Options::NONE {
            true => Command::Replace(order),
            false => Command::ReplaceSpecial(ReplaceSpecial { order, options }),
        };
        prop_assert_eq!(command(message, &appendage), expected);
    }

    #[test]
    fn any_bytes_are_a_command(bytes: Vec<u8>) {
        let _ = translate::command(&bytes, SESSION, &directory());
    }

    /// An order with a few bytes changed is a command of a client, and keeps
    /// its number unless that is what was changed.
    #[test]
    fn a_damaged_order_is_entered_or_answered(
        changes in prop::collection::vec((5usize..47, any::<u8>()), 0..4),
    ) {
        let mut bytes = bytes(order(), &[]);
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        let user_ref = match translate::command(&bytes, SESSION, &directory()) {
            Command::Enter(enter) => enter.user_ref,
            Command::EnterSpecial(special) => special.order.user_ref,
            Command::Malformed(malformed) => malformed.user_ref,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(user_ref, UserRef(77));
    }
}
