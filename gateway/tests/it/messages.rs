//! `docs/messages.md` is the table of all messages and options, and it is true.
//!
//! Names, letters and lengths are the codec's own, and each has its row. What a
//! message or a field is refused with is not said but played: every refusal of
//! the document is a message that is sent to an exchange here, which must refuse
//! it so. When the document is not what is committed, this fails and says how to
//! write it anew: `RINGMATCH_WRITE_DOCS=1 cargo test -p ringmatch-gateway messages`.

use crate::floor::Floor;

use ringmatch_engine::event::EventBody;
use ringmatch_engine::{RejectReason, SessionId};
use ringmatch_gateway::Directory;
use ringmatch_gateway::translate::{command, reject_code};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::ouch::{
    AccountQuery, CancelOrder, DisableOrderEntry, EnableOrderEntry, EnterOrder, Inbound,
    MassCancel, ModifyOrder, OuchOption, Outbound, ReplaceOrder,
};
use ringmatch_gateway::wire::{Alpha, Layout, Letter, OuchPrice, SignedPrice};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// A message that the exchange refuses, and as what.
type Refusal = (Inbound, Vec<OuchOption>, RejectReason);

/// A message of the codec's table: its letter, what it does here, refusals.
type Row = (u8, &'static str, Vec<Refusal>);

fn enter() -> EnterOrder {
    EnterOrder {
        user_ref_num: 1,
        side: Letter(b'B'),
        quantity: 100,
        symbol: "AAPL".parse().unwrap(),
        price: OuchPrice(1_000_000),
        time_in_force: Letter(b'0'),
        display: Letter(b'Y'),
        capacity: Letter(b'A'),
        intermarket_sweep_eligibility: Letter(b'N'),
        cross_type: Letter(b'N'),
        cl_ord_id: Alpha::BLANK,
    }
}

fn replace() -> ReplaceOrder {
    ReplaceOrder {
        orig_user_ref_num: 1,
        user_ref_num: 2,
        quantity: 100,
        price: OuchPrice(1_000_000),
        time_in_force: Letter(b'0'),
        display: Letter(b'Y'),
        intermarket_sweep_eligibility: Letter(b'N'),
        cl_ord_id: Alpha::BLANK,
    }
}

/// An order that differs from a sound one in what `change` does.
fn order(reason: RejectReason, change: fn(&mut EnterOrder)) -> Refusal {
    let mut order = enter();
    change(&mut order);
    (order.into(), vec![], reason)
}

/// A sound order with these options.
fn with(reason: RejectReason, options: &[OuchOption]) -> Refusal {
    (enter().into(), options.to_vec(), reason)
}

fn stranger() -> Alpha<4> {
    "ELSE".parse().unwrap()
}

fn requests() -> Vec<Row> {
    use RejectReason::*;
    let (symbol, firm, other) = (Alpha::BLANK, stranger(), vec![OuchOption::UserRefIdx(1)]);
    let unknown = "NONE".parse().unwrap();
    let mass = |firm, symbol| Inbound::from(MassCancel { user_ref_num: 1, firm, symbol });
    let turned = vec![OuchOption::Side(Letter(b'Z'))];
    let cancel = CancelOrder { user_ref_num: 1, quantity: 0 };
    let modify = |side| ModifyOrder { user_ref_num: 1, side: Letter(side), quantity: 5 };
    let disable = |firm| DisableOrderEntry { user_ref_num: 1, firm };
    let enable = |firm| EnableOrderEntry { user_ref_num: 1, firm };
    vec![
        (b'O', "a new order; its fields and options below say what kind", vec![]),
        (
            b'U',
            "a new order in the place of a live one: new reference, priority lost; options left out \
             are the original's. A replacement that is not valid in itself cancels the original \
             (`C`); of an order that is not live it is passed over in silence",
            vec![(replace().into(), other.clone(), UnsupportedOption)],
        ),
        (
            b'X',
            "reduces an order to `Quantity` in total, executed shares included, in its place; zero \
             cancels it. Silence, if that changes nothing",
            vec![(cancel.into(), other.clone(), UnsupportedOption)],
        ),
        (
            b'M',
            "the same, and may grow (priority lost) or change a sale's marking (`S` to `T` or `E`, \
             `T` to `E`). Silence, if it cannot be done",
            vec![
                (modify(b'Z').into(), vec![], InvalidSide),
                (modify(b'B').into(), other.clone(), UnsupportedOption),
            ],
        ),
        (
            b'C',
            "cancels the session's orders, or with its `Firm` those of all the firm's sessions; \
             filters `Symbol`, `Side`, `Group ID` (0: those without)",
            vec![
                (mass(Alpha::BLANK, unknown), vec![], UnknownSymbol),
                (mass(Alpha::BLANK, symbol), turned, InvalidSide),
                (mass(firm, symbol), vec![], NotAuthorized),
                (mass(Alpha::BLANK, symbol), other.clone(), UnsupportedOption),
            ],
        ),
        (
            b'D',
            "refuses the firm's new orders and replaces from now on",
            vec![
                (disable(firm).into(), vec![], NotAuthorized),
                (disable(Alpha::BLANK).into(), other.clone(), UnsupportedOption),
            ],
        ),
        (
            b'E',
            "takes them again",
            vec![
                (enable(firm).into(), vec![], NotAuthorized),
                (enable(Alpha::BLANK).into(), other.clone(), UnsupportedOption),
            ],
        ),
        (
            b'Q',
            "is answered with the next usable `UserRefNum`, after all earlier answers",
            vec![(AccountQuery {}.into(), other, UnsupportedOption)],
        ),
    ]
}

/// The fields of an order, in the order of `EnterOrder`.
fn fields() -> Vec<(&'static str, &'static str, Vec<Refusal>)> {
    use RejectReason::*;
    vec![
        (
            "UserRefNum",
            "rises; a number at or below the session's last is a retransmission and passed over",
            vec![],
        ),
        (
            "Side",
            "`B`, `S`, `T` and `E` (sold short), which are echoed",
            vec![order(InvalidSide, |o| o.side = Letter(b'Z'))],
        ),
        (
            "Quantity",
            "shares: a multiple of the lot size, up to the instrument's maximum",
            vec![
                order(InvalidQuantity, |o| o.quantity = 0),
                order(InvalidQuantity, |o| o.quantity = 1_000_000),
            ],
        ),
        (
            "Symbol",
            "one that is listed",
            vec![order(UnknownSymbol, |o| o.symbol = "NONE".parse().unwrap())],
        ),
        (
            "Price",
            "the limit; 0x7FFFFFFF, 200,000.0000 and the largest integers mean \"market\"",
            vec![
                order(InvalidPrice, |o| o.price = OuchPrice(0)),
                order(InvalidPrice, |o| {
                    (o.symbol, o.price) = ("MSFT".parse().unwrap(), OuchPrice(1_000_001));
                }),
            ],
        ),
        (
            "Time In Force",
            "`0` day, `3` immediate or cancel, `6` good till time with `ExpireTime`",
            vec![
                order(UnsupportedTimeInForce, |o| o.time_in_force = Letter(b'5')),
                order(InvalidExpireTime, |o| o.time_in_force = Letter(b'6')),
            ],
        ),
        (
            "Display",
            "`Y`; `A`: market data names the firm; `N`",
            vec![order(InvalidDisplay, |o| o.display = Letter(b'Z'))],
        ),
        (
            "Capacity",
            "`A`, `P`, `R`, `O`, kept and echoed",
            vec![order(InvalidCapacity, |o| o.capacity = Letter(b'Z'))],
        ),
        (
            "InterMarket Sweep Eligibility",
            "`Y`, `N`, kept and echoed",
            vec![order(Undecodable, |o| o.intermarket_sweep_eligibility = Letter(b'Z'))],
        ),
        (
            "CrossType",
            "`N`; `O` at the open and `C` at the close, with time in force `0` or `3`",
            vec![
                order(UnsupportedCross, |o| o.cross_type = Letter(b'H')),
                order(UnsupportedTimeInForce, |o| {
                    (o.cross_type, o.time_in_force) = (Letter(b'O'), Letter(b'6'));
                }),
            ],
        ),
        ("ClOrdID", "kept and echoed", vec![]),
    ]
}

/// Every option: its tag, what it does here, what it is refused with.
fn options() -> Vec<(u8, &'static str, Vec<Refusal>)> {
    use OuchOption as O;
    use RejectReason::*;
    let informs = "taken, and without effect";
    let none = "not offered; what asks for nothing is taken";
    let letter = |letter| Letter(letter);
    vec![
        (1, "only of the venue: an order's reference from now on", vec![]),
        (2, "blank, or the session's own", vec![with(NotAuthorized, &[O::Firm(stranger())])]),
        (
            3,
            "shares that must trade at once; the whole quantity of an IOC order makes it fill or kill",
            vec![with(InvalidMinimumQuantity, &[O::MinQty(101)])],
        ),
        (4, informs, vec![]),
        (
            5,
            "the displayed part of an iceberg",
            vec![(
                EnterOrder { display: Letter(b'N'), ..enter() }.into(),
                vec![O::MaxFloor(10)],
                InvalidMaxFloor,
            )],
        ),
        (
            6,
            "`L`; `M` midpoint peg, `R` peg to its own side: hidden, and only while there is a price",
            vec![
                with(InvalidPeg, &[O::PriceType(letter(b'Q'))]),
                (
                    EnterOrder { display: Letter(b'N'), ..enter() }.into(),
                    vec![O::PriceType(letter(b'M'))],
                    NoPegReference,
                ),
            ],
        ),
        (
            7,
            "of a peg; positive is towards the other side",
            vec![with(InvalidPeg, &[O::PegOffset(SignedPrice(5))])],
        ),
        (9, none, vec![with(UnsupportedOption, &[O::DiscretionPrice(OuchPrice(1))])]),
        (10, none, vec![with(UnsupportedOption, &[O::DiscretionPriceType(letter(b'P'))])]),
        (11, none, vec![with(UnsupportedOption, &[O::DiscretionPegOffset(SignedPrice(1))])]),
        (
            12,
            "`P`: rejected if it would trade, or slid behind the other side's best price; `N`",
            vec![
                with(UnsupportedOption, &[O::PostOnly(letter(b'Z'))]),
                (
                    EnterOrder { time_in_force: Letter(b'3'), ..enter() }.into(),
                    vec![O::PostOnly(letter(b'P'))],
                    InvalidPostOnly,
                ),
            ],
        ),
        (13, none, vec![with(UnsupportedOption, &[O::RandomReserves(1)])]),
        (14, informs, vec![]),
        (
            15,
            "1 to 86,399 seconds, with time in force `6`",
            vec![with(InvalidExpireTime, &[O::ExpireTime(5)])],
        ),
        (16, none, vec![with(UnsupportedOption, &[O::TradeNow(letter(b'Y'))])]),
        (17, informs, vec![]),
        (18, informs, vec![]),
        (22, "only of the venue: what is displayed of a restated order", vec![]),
        (23, "only of the venue: the price of a restated order", vec![]),
        (24, "which mass cancels name", vec![]),
        (25, informs, vec![]),
        (26, informs, vec![]),
        (27, "filter of a mass cancel", vec![]),
        (28, "0; a session has one channel", vec![with(UnsupportedOption, &[O::UserRefIdx(1)])]),
        (
            29,
            "`O` cancel oldest, `W` newest, `D` and `Y` decrement both, in either case; private: `B` \
             cancel both, `A` allow",
            vec![with(UnsupportedOption, &[O::AiqStrategy(letter(b'Z'))])],
        ),
        (30, informs, vec![]),
        (
            240,
            "a stop order: it waits until the last price is there",
            vec![with(InvalidStop, &[O::StopPrice(OuchPrice(0))])],
        ),
        (
            241,
            "a stop order whose stop price follows the last price at this distance",
            vec![with(
                InvalidStop,
                &[O::TrailingDistance(OuchPrice(5)), O::StopPrice(OuchPrice(5))],
            )],
        ),
        (
            242,
            "letter of FIX 59, with time in force `0`: `1` good till cancel, `2` at the open, `7` at \
             the close",
            vec![with(UnsupportedTimeInForce, &[O::Lifetime(letter(b'9'))])],
        ),
        (
            243,
            "letter of FIX 40: `K` market to limit, whatever the price field says",
            vec![with(UnsupportedOption, &[O::OrderType(letter(b'2'))])],
        ),
    ]
}

/// What cannot be refused because the venue says it: letter, when, and whether
/// it is ever said.
type Told = (u8, &'static str, bool);

const RESPONSES: &[Told] = &[
    (
        b'S',
        "code `S`, first in each session's stream; code `E` never: no stream ends with a day, its numbers go on in the next one, and the points of the day are market data",
        true,
    ),
    (
        b'A',
        "an order was taken; with the options as they would be sent, and the price that the venue made of it",
        true,
    ),
    (b'U', "an order took another's place", true),
    (b'C', "an order was reduced or is gone: [why](reasons.md#cancels-ouch-50-c)", true),
    (b'D', "shares lost to self-trade prevention, and by which strategy", true),
    (
        b'E',
        "flag `A` added, `J` added hidden, `R` removed; `O` `C` `H` in an opening, closing or other auction",
        true,
    ),
    (
        b'B',
        "an execution is void: `E` erroneous, `C` consent, `S` supervisory, `X` external. `ClOrdID` is blank: the order may be long gone, and `UserRefNum` names it",
        true,
    ),
    (b'J', "a message was refused: [why](reasons.md#rejects-ouch-50-j)", true),
    (b'P', "no cancel waits for anything here", false),
    (b'I', "a cancel that cannot be done changes nothing, and is passed over in silence", false),
    (b'T', "an order that grew lost its place, and has a new reference", true),
    (b'M', "a modify was done", true),
    (
        b'R',
        "`R` the next part of an iceberg, private: `T` a stop triggered; with `SecondaryOrdRefNum`, `Display Quantity`, `Display Price`",
        true,
    ),
    (b'X', "answer to a mass cancel, before its cancels", true),
    (b'G', "answer to Disable Order Entry", true),
    (b'K', "answer to Enable Order Entry", true),
    (b'Q', "answer to Account Query", true),
];

const MARKET_DATA: &[Told] = &[
    (b'S', "a point of the day: `O S Q M E C`", true),
    (b'R', "an instrument is listed", true),
    (
        b'H',
        "its trading state: `H` halted (reason blank, `COLL` collar, `STAT` disabled or removed, `END` day over), `Q` orders gather (`PRE`, `OPEN`, `CLOS`), `P` volatility auction (`COLL` after a breach), `T` trading (`OVER` after a timed auction)",
        true,
    ),
    (b'Y', "", false),
    (b'L', "", false),
    (b'V', "", false),
    (b'W', "", false),
    (b'K', "", false),
    (b'J', "the collar whose breach began a volatility auction", true),
    (b'h', "", false),
    (b'A', "an order, what is left of one, or the next part of an iceberg comes to rest", true),
    (b'F', "the same of an attributable order, under its firm's name", true),
    (b'E', "a resting displayed order trades", true),
    (b'C', "it trades in an auction, at the auction's price; not printable, `Q` counts it", true),
    (b'X', "less of an order is displayed", true),
    (b'D', "nothing of it is displayed any more", true),
    (b'U', "another order is displayed in its place", true),
    (b'P', "a hidden order trades", true),
    (b'Q', "an auction traded", true),
    (b'B', "an execution is void", true),
    (
        b'I',
        "each second in which an auction's orders changed: near price is where it would trade, with paired and imbalance shares there",
        true,
    ),
    (b'N', "", false),
    (b'O', "", false),
];

const HEAD: &str = "# Every message, and what it does here

Rendered and checked by `gateway/tests/it/messages.rs`: names, letters and lengths are the codec's, and
each refusal listed here is a message that the test sends and that is refused so. More refusals come
from the state of the market and of the session; [reasons.md](reasons.md) has all of them by code, and
[order-semantics.md](order-semantics.md) what orders do. OUCH 5.0 and ITCH 5.0 travel in MoldUDP64, OUCH
also in SoupBinTCP.

## From clients (OUCH 5.0)

Every message uses up a number of its session's stream, so one that cannot be decoded is answered too,
with 0x0A.

| message | bytes | what it does | refused with |
|---|--:|---|---|
";

const FIELDS_HEAD: &str = "
### Fields of Enter Order

A Replace Order has the same ones, without side, symbol, capacity and cross type: those are the
original's.

| field | here | refused with |
|---|---|---|
";

const OPTIONS_HEAD: &str = "
### Options

Tags from 240 on are private to this venue; unknown tags are skipped, here and by others.

| option | tag | here | refused with |
|---|--:|---|---|
";

const RESPONSES_HEAD: &str = "
## To clients (OUCH 5.0)

| message | bytes | when |
|---|--:|---|
";

const MARKET_HEAD: &str = "
## Market data (ITCH 5.0)

What is displayed, and nothing that an order hides. A message that is never sent is one for which the
venue has no cause.

| message | bytes | when |
|---|--:|---|
";

const DAY: &str = "
## The day

`serve` begins a day, on an empty journal, with `S` code `O`; then one `R` for each instrument; `S` code
`S`; one `H` for each instrument, with the phase that the config opens it in; and `S` code `Q`. A crash in
the middle of it is gone on with at the next start, and a restart later in the day says none of it again.
An instrument that is added to the config is listed (`R`, `H`) at the next start. `S` code `Q` to `C` are also the
operator's, by `ringmatch operate day`: `end-of-market-hours` (`M`) closes each instrument, which takes its
day orders off (`D`) and says so (`H`, reason `END`); `end-of-system-hours` (`E`) and `end-of-messages` (`C`)
are announcements. After `C` the streams stay, for those who still ask for what they missed.
";

/// How codes and reasons of refusals read in the document.
fn causes(refusals: &[Refusal]) -> String {
    let mut seen = Vec::new();
    for (_, _, reason) in refusals {
        let text = format!("`{reason:?}` 0x{:02X}", reject_code(*reason));
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen.join(", ")
}

fn told(text: &mut String, layouts: &[Layout], rows: &[Told]) {
    for (letter, when, is_sent) in rows {
        let layout = layouts.iter().find(|layout| layout.letter == *letter).unwrap();
        let (letter, name, len) = (char::from(*letter), layout.name, layout.len);
        let when = match (*is_sent, *when) {
            (true, when) => when.to_owned(),
            (false, "") => "never".to_owned(),
            (false, why) => format!("never: {why}"),
        };
        writeln!(text, "| `{letter}` {name} | {len} | {when} |").unwrap();
    }
}

fn document() -> String {
    let mut text = HEAD.to_owned();
    for (letter, what, refusals) in requests() {
        let layout = Inbound::LAYOUTS.iter().find(|layout| layout.letter == letter).unwrap();
        let (letter, name, len) = (char::from(letter), layout.name, layout.len);
        writeln!(text, "| `{letter}` {name} | {len} | {what} | {} |", causes(&refusals)).unwrap();
    }
    text += FIELDS_HEAD;
    for (name, here, refusals) in fields() {
        writeln!(text, "| {name} | {here} | {} |", causes(&refusals)).unwrap();
    }
    text += OPTIONS_HEAD;
    for (tag, here, refusals) in options() {
        let layout = OuchOption::LAYOUTS.iter().find(|layout| layout.tag == tag).unwrap();
        writeln!(text, "| {} | {tag} | {here} | {} |", layout.name, causes(&refusals)).unwrap();
    }
    text += RESPONSES_HEAD;
    told(&mut text, Outbound::LAYOUTS, RESPONSES);
    text += MARKET_HEAD;
    told(&mut text, ItchMessage::LAYOUTS, MARKET_DATA);
    text + DAY
}

#[test]
fn the_document_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/messages.md");
    if std::env::var_os("RINGMATCH_WRITE_DOCS").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        committed == document(),
        "docs/messages.md is not what the tables say; write it with \
         RINGMATCH_WRITE_DOCS=1 cargo test -p ringmatch-gateway messages"
    );
}

/// Each message, field and option of the codec has one row, in its order.
#[test]
fn nothing_is_left_out() {
    let letters = |layouts: &[Layout]| layouts.iter().map(|row| row.letter).collect::<Vec<_>>();
    let rows: Vec<_> = requests().iter().map(|row| row.0).collect();
    assert_eq!(rows, letters(Inbound::LAYOUTS));
    for (layouts, rows) in [(Outbound::LAYOUTS, RESPONSES), (ItchMessage::LAYOUTS, MARKET_DATA)] {
        assert_eq!(rows.iter().map(|row| row.0).collect::<BTreeSet<_>>().len(), rows.len());
        let rows: BTreeSet<_> = rows.iter().map(|row| row.0).collect();
        assert_eq!(rows, letters(layouts).into_iter().collect());
    }
    let names: Vec<_> = fields().iter().map(|row| row.0).collect();
    let known: Vec<_> = EnterOrder::FIELDS.iter().skip(1).map(|field| field.label).collect();
    assert_eq!(names, known);
    let tags: Vec<_> = options().iter().map(|row| row.0).collect();
    assert_eq!(tags, OuchOption::LAYOUTS.iter().map(|row| row.tag).collect::<Vec<_>>());
}

/// What is said to be never sent is never made, and all else is.
#[test]
fn what_is_never_sent_is_never_made() {
    let responses = include_str!("../../src/translate/responses.rs");
    let market = include_str!("../../src/translate/market.rs");
    for (layouts, rows, source) in
        [(Outbound::LAYOUTS, RESPONSES, responses), (ItchMessage::LAYOUTS, MARKET_DATA, market)]
    {
        for (letter, _, is_sent) in rows {
            let layout = layouts.iter().find(|layout| layout.letter == *letter).unwrap();
            let made = source.contains(&format!("{} {{", layout.type_name));
            assert_eq!(made, *is_sent, "{}", layout.type_name);
        }
    }
}

/// Every refusal of the document, on an exchange that trades.
#[test]
fn every_refusal_is_played() {
    let mut refusals: Vec<Refusal> = requests().into_iter().flat_map(|row| row.2).collect();
    refusals.extend(fields().into_iter().flat_map(|row| row.2));
    refusals.extend(options().into_iter().flat_map(|row| row.2));
    assert!(refusals.len() > 40);
    for (message, options, reason) in refusals {
        let (mut floor, _) = Floor::open(1);
        let mut directory = Directory::default();
        for instrument in floor.exchange.instruments() {
            directory.list(instrument.id, instrument.symbol);
        }
        directory.admit(SessionId(1), "FIRM".parse().unwrap());
        let mut bytes = [0; Inbound::MAX_LEN];
        let len = message.encode(options.iter().copied(), &mut bytes);
        let events = floor.apply(1, command(&bytes[..len], SessionId(1), &directory));
        let said: Vec<_> = events.iter().map(|event| event.body).collect();
        let found = match said.as_slice() {
            [EventBody::Rejected { reason, .. }] => Some(*reason),
            _ => None,
        };
        assert_eq!(found, Some(reason), "{message:?} {options:?}: {said:?}");
    }
}
