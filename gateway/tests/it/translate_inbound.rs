//! From OUCH messages to commands: what each field means, and what is refused.
//!
//! Every row changes one thing of a plain order, and says what becomes of the
//! command. What numbers make sense is the exchange's business: they pass.

use proptest::prelude::*;
use ringmatch_engine::command::*;
use ringmatch_engine::{Alpha, InstrumentId, Price, Quantity, RejectReason, UserRef};
use ringmatch_gateway::Directory;
use ringmatch_gateway::translate;
use ringmatch_gateway::wire::ouch::{
    AccountQuery, CancelOrder, DisableOrderEntry, EnableOrderEntry, EnterOrder, Inbound,
    MassCancel, ModifyOrder, OuchOption, ReplaceOrder,
};
use ringmatch_gateway::wire::{Letter, OuchPrice, SignedPrice};

fn directory() -> Directory {
    let mut directory = Directory::default();
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
    translate::command(&bytes(message, options), &directory())
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
        (|o| o.time_in_force = Letter(b'6'), RejectReason::UnsupportedTimeInForce),
        (|o| o.time_in_force = Letter(b'E'), RejectReason::UnsupportedTimeInForce),
        (|o| o.capacity = Letter(b'x'), RejectReason::InvalidCapacity),
        (|o| o.cross_type = Letter(b'O'), RejectReason::UnsupportedCross),
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

/// A minimum that is the whole quantity of an immediate order is fill-or-kill;
/// any other minimum is not offered.
#[test]
fn options_are_taken_when_they_ask_for_nothing() {
    use OuchOption::*;
    let refused = |reason| malformed(77, reason, "MY-ORDER");
    let with = |time_in_force| Command::Enter(Enter { time_in_force, ..entered() });
    let day = with(TimeInForce::Day);
    let immediate = with(TimeInForce::ImmediateOrCancel);
    let unsupported = refused(RejectReason::UnsupportedOption);
    let minimum = refused(RejectReason::InvalidMinimumQuantity);
    let rows = [
        (b'3', MinQty(500), with(TimeInForce::FillOrKill)),
        (b'3', MinQty(0), immediate),
        (b'0', MinQty(0), day),
        (b'3', MinQty(499), minimum),
        (b'0', MinQty(500), minimum),
        (b'0', MaxFloor(0), day),
        (b'0', MaxFloor(100), unsupported),
        (b'0', RandomReserves(1), unsupported),
        (b'0', PriceType(Letter(b'L')), day),
        (b'0', PriceType(Letter(b'M')), unsupported),
        (b'0', PegOffset(SignedPrice(0)), day),
        (b'0', PegOffset(SignedPrice(-1)), unsupported),
        (b'0', DiscretionPrice(OuchPrice(1)), unsupported),
        (b'0', DiscretionPriceType(Letter(b'P')), unsupported),
        (b'0', DiscretionPegOffset(SignedPrice(1)), unsupported),
        (b'0', PostOnly(Letter(b'N')), day),
        (b'0', PostOnly(Letter(b'P')), unsupported),
        (b'0', TradeNow(Letter(b'Y')), unsupported),
        (b'0', ExpireTime(10), unsupported),
        (b'0', AiqStrategy(Letter(b'O')), unsupported),
        (b'0', UserRefIdx(1), unsupported),
        (b'0', Firm("FIRM".parse().unwrap()), day),
        (b'0', CustomerType(Letter(b'R')), day),
        (b'0', GroupId(7), day),
    ];
    for (time_in_force, option, expected) in rows {
        let order = EnterOrder { time_in_force: Letter(time_in_force), ..order() };
        assert_eq!(command(order, &[option]), expected, "{option:?}");
    }
}

#[test]
fn messages_that_are_not_offered_use_up_the_number_that_they_carry() {
    let (firm, symbol) = (Alpha::BLANK, Alpha::BLANK);
    let rows: [(Inbound, u32); 4] = [
        (MassCancel { user_ref_num: 5, firm, symbol }.into(), 5),
        (DisableOrderEntry { user_ref_num: 6, firm }.into(), 6),
        (EnableOrderEntry { user_ref_num: 7, firm }.into(), 7),
        // The number in a modify is that of the order to modify.
        (ModifyOrder { user_ref_num: 8, side: Letter(b'S'), quantity: 1 }.into(), 0),
    ];
    for (message, user_ref) in rows {
        let expected = malformed(user_ref, RejectReason::UnsupportedMessage, "");
        assert_eq!(command(message, &[]), expected, "{message:?}");
    }
}

#[test]
fn what_cannot_be_decoded_keeps_the_number_that_can() {
    let undecodable = |user_ref, text: &str| malformed(user_ref, RejectReason::Undecodable, text);
    let whole = bytes(order(), &[OuchOption::MinQty(0)]);
    let fixed = whole.len() - 8;
    for cut in 0..whole.len() {
        let expected = if cut < fixed { undecodable(0, "") } else { undecodable(77, "MY-ORDER") };
        assert_eq!(translate::command(&whole[..cut], &directory()), expected, "{cut} bytes");
    }
    let longer = [&whole[..], b"?"].concat();
    assert_eq!(translate::command(&longer, &directory()), undecodable(77, "MY-ORDER"));
    let torn_replace = bytes(request(), &[]);
    let torn_replace = &torn_replace[..torn_replace.len() - 1];
    assert_eq!(translate::command(torn_replace, &directory()), undecodable(78, "ANOTHER"));
    let torn_cancel =
        [&bytes(CancelOrder { user_ref_num: 9, quantity: 0 }, &[])[..], &[0]].concat();
    assert_eq!(translate::command(&torn_cancel, &directory()), undecodable(0, ""));
    assert_eq!(translate::command(b"Z", &directory()), undecodable(0, ""));
}

proptest! {
    #[test]
    fn any_bytes_are_a_command(bytes: Vec<u8>) {
        let _ = translate::command(&bytes, &directory());
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
        let user_ref = match translate::command(&bytes, &directory()) {
            Command::Enter(enter) => enter.user_ref,
            Command::Malformed(malformed) => malformed.user_ref,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(user_ref, UserRef(77));
    }
}
