//! The book that a reader of market data rebuilds is the exchange's own.
//!
//! Any flow of orders of all kinds, replacements, modifies and cancels of one or
//! many, over auctions, halts, collars and the operator's interventions: after
//! every command the displayed levels of each instrument, with every order in
//! its place in time, are those of `Exchange::book`. Messages go over the wire's
//! bytes, as a reader gets them.

use crate::floor::Floor;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ringmatch_engine::command::*;
use ringmatch_engine::event::{Event, EventBody, RestateReason};
use ringmatch_engine::{
    Alpha, Exchange, InstrumentId, MatchNumber, Price, Quantity, SessionId, UserRef,
};
use ringmatch_gateway::market::{Applied, DisplayedLevel, MarketBook};
use ringmatch_gateway::wire::itch::{self, ItchMessage};
use ringmatch_gateway::wire::{ItchPrice, Letter, Nanos48};
use ringmatch_gateway::{Directory, translate};

/// Reads events as market data, over the bytes of the wire.
#[derive(Default)]
struct Reader {
    directory: Directory,
    standing: translate::Standing,
    book: MarketBook,
    /// The book of one who joined late, by what was told then.
    late: MarketBook,
    /// Orders that late joiners were told of with their firms.
    attributed: u64,
    next: u64,
    traded: u64,
    broken: u64,
}

impl Reader {
    fn read(&mut self, event: &Event) {
        self.directory.learn(event);
        self.standing.learn(event);
        let Some(message) = translate::market_message(event, &self.directory) else {
            assert_eq!(event.market.0, 0, "an event with a number has a message: {event:?}");
            return;
        };
        self.next += 1;
        assert_eq!(event.market.0, self.next, "market data is numbered without holes");
        let mut bytes = [0; ItchMessage::MAX_LEN];
        let len = message.encode(&mut bytes);
        let message = ItchMessage::decode(&bytes[..len]).unwrap();
        self.late.apply(&message);
        match self.book.apply(&message) {
            Applied::Trade { shares, printable: true, .. } => self.traded += u64::from(shares),
            Applied::Cross { shares, .. } => self.traded += shares,
            Applied::Broken { .. } => self.broken += 1,
            Applied::Trade { .. } | Applied::Done | Applied::UnknownOrder => {}
        }
    }
}

impl Reader {
    /// Somebody joins now, and hears what follows from then on.
    fn join_late(&mut self, exchange: &Exchange) {
        self.late = MarketBook::default();
        let late = &mut self.late;
        let attributed = &mut self.attributed;
        self.standing.tell(exchange, &mut |bytes| {
            let message = ItchMessage::decode(bytes).unwrap();
            *attributed += u64::from(matches!(message, ItchMessage::AddOrderAttributed(_)));
            late.apply(&message);
        });
        compare(
            &told(&self.standing, exchange),
            &told(&translate::Standing::of(exchange), exchange),
        );
    }
}

/// What late joiners are told, but for when it was said.
fn told(standing: &translate::Standing, exchange: &Exchange) -> Vec<Vec<u8>> {
    let mut told = Vec::new();
    standing.tell(exchange, &mut |bytes| {
        let mut message = bytes.to_vec();
        message[5..11].fill(0);
        told.push(message);
    });
    told
}

/// Whoever reads the state tells what those tell who have heard it come about.
fn compare(heard: &[Vec<u8>], of_state: &[Vec<u8>]) {
    let of_kind = |told: &[Vec<u8>], kinds: &[u8]| -> Vec<Vec<u8>> {
        told.iter().filter(|message| kinds.contains(&message[0])).cloned().collect()
    };
    for kinds in [&b"S"[..], b"R", b"AF"] {
        assert_eq!(of_kind(heard, kinds), of_kind(of_state, kinds));
    }
    // A phase by its instrument and state: why it began is in no state.
    let phase = |message: &Vec<u8>| [&message[..3], &message[19..20]].concat();
    let phases: Vec<_> = of_kind(of_state, b"H").iter().map(phase).collect();
    assert!(of_kind(heard, b"H").iter().all(|message| phases.contains(&phase(message))));
    assert_eq!(of_kind(of_state, b"J"), Vec::<Vec<u8>>::new());
    // If the book has changed, new figures are due.
    let figures: Vec<_> = of_kind(heard, b"I").iter().map(|it| it[1..3].to_vec()).collect();
    assert!(of_kind(of_state, b"I").iter().all(|it| figures.contains(&it[1..3].to_vec())));
}

/// What a book displays, in the terms of market data.
fn displayed(exchange: &Exchange, instrument: InstrumentId, side: Side) -> Vec<DisplayedLevel> {
    let levels = exchange.book(instrument).unwrap().levels(side);
    let levels = levels.map(|level| DisplayedLevel {
        price: level.price(),
        shares: level.orders().filter(|o| o.displayed).map(|o| o.displayed_quantity.0).collect(),
    });
    levels.filter(|level| !level.shares.is_empty()).collect()
}

fn check(exchange: &Exchange, book: &MarketBook) {
    let mut orders = 0;
    for instrument in exchange.instruments() {
        for side in [Side::Buy, Side::Sell] {
            let expected = displayed(exchange, instrument.id, side);
            orders += expected.iter().map(|level| level.shares.len()).sum::<usize>();
            assert_eq!(book.levels(instrument.id.0, side), expected, "{}", instrument.symbol);
        }
        assert_eq!(book.number(instrument.symbol), Some(instrument.id.0));
    }
    assert_eq!((book.len(), book.unknown_orders()), (orders, 0));
}

/// What an order is like but for its numbers.
#[derive(Clone, Copy, Debug)]
struct Terms {
    order_type: OrderType,
    time_in_force: TimeInForce,
    display: Display,
    options: Options,
}

/// A command of a session, the operator's or the time's; which order it means
/// is counted back from the session's last.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enter(Side, u32, i64, Terms, bool),
    Replace(u32, u32, i64, Terms),
    Cancel(u32, u32),
    Modify(u32, Side, u32),
    MassCancel(Option<Side>, Option<u16>, bool),
    OrderEntry(bool),
    Phase(bool, Phase),
    Rules(bool, Breach, u16, bool),
    CancelOrders(Option<Side>),
    Disable(bool),
    Bust(u64),
    /// Milliseconds pass, and a tick comes if it is due.
    Wait(u64),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn quantity() -> impl Strategy<Value = u32> {
    (1u32..9).prop_map(|lots| lots * 10)
}

fn price() -> impl Strategy<Value = i64> {
    (1i64..9).prop_map(|ticks| ticks * 100)
}

/// Some combinations make no sense; the exchange refuses them.
fn terms() -> impl Strategy<Value = Terms> {
    let time_in_force = prop_oneof![
        8 => Just(TimeInForce::Day),
        1 => Just(TimeInForce::ImmediateOrCancel),
        1 => Just(TimeInForce::FillOrKill),
        1 => Just(TimeInForce::GoodTillCancel),
        1 => Just(TimeInForce::AtOpen),
        1 => Just(TimeInForce::AtClose),
    ];
    let display = prop_oneof![
        3 => Just(Display::Visible),
        1 => Just(Display::Attributable),
        2 => Just(Display::Hidden),
    ];
    let order_type = prop_oneof![
        9 => Just(OrderType::Limit),
        1 => Just(OrderType::Market),
        1 => Just(OrderType::MarketToLimit),
    ];
    let plain =
        (order_type, time_in_force, display).prop_map(|(order_type, time_in_force, display)| {
            Terms { order_type, time_in_force, display, options: Options::NONE }
        });
    let limit = |display, options| Terms {
        order_type: OrderType::Limit,
        time_in_force: TimeInForce::Day,
        display,
        options,
    };
    let options = prop_oneof![
        3 => quantity().prop_map(|floor| Options { max_floor: Quantity(floor), ..Options::NONE }),
        1 => quantity().prop_map(|least| Options { min_quantity: Quantity(least), ..Options::NONE }),
        1 => Just(Options { post_only: true, ..Options::NONE }),
        1 => (0u16..3).prop_map(|group| Options { group, ..Options::NONE }),
        1 => price().prop_map(|price| Options {
            pricing: Pricing::Stop,
            offset: i32::try_from(price).unwrap(),
            ..Options::NONE
        }),
        1 => Just(Options { pricing: Pricing::TrailingStop, offset: 100, ..Options::NONE }),
        2 => self_trade().prop_map(|self_trade| Options { self_trade, ..Options::NONE }),
        1 => (self_trade(), quantity()).prop_map(|(self_trade, floor)| Options {
            self_trade,
            max_floor: Quantity(floor),
            ..Options::NONE
        }),
    ];
    let special = options.prop_map(move |options| limit(Display::Visible, options));
    let peg = prop_oneof![Just(Pricing::MidpointPeg), Just(Pricing::NearPeg)]
        .prop_map(move |pricing| limit(Display::Hidden, Options { pricing, ..Options::NONE }));
    let timed = (1u32..4).prop_map(move |s| Terms {
        time_in_force: TimeInForce::GoodTillTime,
        ..limit(Display::Visible, Options { expire_after_s: s, ..Options::NONE })
    });
    prop_oneof![6 => plain, 6 => special, 1 => peg, 1 => timed]
}

fn self_trade() -> impl Strategy<Value = SelfTrade> {
    prop::sample::select(vec![
        SelfTrade::CancelNewest,
        SelfTrade::CancelOldest,
        SelfTrade::CancelBoth,
        SelfTrade::DecrementBoth,
    ])
}

fn phase() -> impl Strategy<Value = Phase> {
    prop_oneof![
        6 => Just(Phase::Continuous),
        1 => Just(Phase::Halted),
        1 => Just(Phase::PreOpen),
        2 => Just(Phase::OpeningAuction),
        2 => Just(Phase::VolatilityAuction),
        2 => Just(Phase::ClosingAuction),
        1 => Just(Phase::Closed),
    ]
}

fn step() -> impl Strategy<Value = (u16, Step)> {
    let breach =
        prop_oneof![Just(Breach::Cancel), Just(Breach::VolatilityAuction), Just(Breach::Halt)];
    let back = || 0u32..8;
    let step = prop_oneof![
        40 => (side(), quantity(), price(), terms(), any::<bool>())
            .prop_map(|(side, quantity, price, terms, other)| {
                Step::Enter(side, quantity, price, terms, other)
            }),
        12 => (back(), quantity(), price(), terms())
            .prop_map(|(back, quantity, price, terms)| Step::Replace(back, quantity, price, terms)),
        10 => (back(), prop_oneof![Just(0), quantity()])
            .prop_map(|(back, quantity)| Step::Cancel(back, quantity)),
        10 => (back(), side(), quantity())
            .prop_map(|(back, side, quantity)| Step::Modify(back, side, quantity)),
        1 => (prop::option::of(side()), prop::option::of(0u16..3), any::<bool>())
            .prop_map(|(side, group, firm)| Step::MassCancel(side, group, firm)),
        1 => prop_oneof![3 => Just(true), 1 => Just(false)].prop_map(Step::OrderEntry),
        8 => (any::<bool>(), phase()).prop_map(|(other, phase)| Step::Phase(other, phase)),
        2 => (any::<bool>(), breach, prop_oneof![Just(0u16), Just(1), Just(2)], any::<bool>())
            .prop_map(|(other, breach, s, slides)| Step::Rules(other, breach, s, slides)),
        1 => prop::option::of(side()).prop_map(Step::CancelOrders),
        1 => prop_oneof![3 => Just(true), 1 => Just(false)].prop_map(Step::Disable),
        1 => (1u64..20).prop_map(Step::Bust),
        6 => (1u64..1_500).prop_map(Step::Wait),
    ];
    (1u16..3, step)
}

fn instrument(other: bool) -> InstrumentId {
    InstrumentId(1 + u16::from(other))
}

/// The command of a step, and who gives it: zero is the operator.
fn command(floor: &Floor, session: u16, step: Step) -> (u16, Command) {
    let next = floor.exchange.sessions()[usize::from(session) - 1].next_user_ref;
    let user_ref = UserRef(u32::try_from(next).unwrap());
    let before = |back: u32| UserRef((user_ref.0 - 1).saturating_sub(back));
    let command = match step {
        Step::Enter(side, quantity, price, terms, other) => {
            let Terms { order_type, time_in_force, display, options } = terms;
            let order = Enter {
                user_ref,
                instrument: instrument(other),
                side,
                quantity: Quantity(quantity),
                price: Price(price),
                order_type,
                time_in_force,
                display,
                attributes: Attributes::default(),
            };
            match options == Options::NONE {
                true => Command::Enter(order),
                false => Command::EnterSpecial(EnterSpecial { order, options }),
            }
        }
        Step::Replace(back, quantity, price, terms) => {
            let Terms { order_type, time_in_force, display, options } = terms;
            let order = Replace {
                original: before(back),
                user_ref,
                quantity: Quantity(quantity),
                price: Price(price),
                order_type,
                time_in_force,
                display,
                ..Replace::default()
            };
            match options == Options::NONE {
                true => Command::Replace(order),
                false => Command::ReplaceSpecial(ReplaceSpecial { order, options }),
            }
        }
        Step::Cancel(back, quantity) => {
            Command::Cancel(Cancel { user_ref: before(back), quantity: Quantity(quantity) })
        }
        Step::Modify(back, side, quantity) => Command::Modify(Modify {
            user_ref: before(back),
            side,
            short_sale: ShortSale::No,
            quantity: Quantity(quantity),
        }),
        Step::MassCancel(side, group, of_firm) => Command::MassCancel(MassCancel {
            user_ref,
            firm: if of_firm { "FIRM".parse().unwrap() } else { Alpha::BLANK },
            instrument: InstrumentId(0),
            side,
            group,
        }),
        Step::OrderEntry(enabled) => {
            Command::SetOrderEntry(SetOrderEntry { user_ref, firm: Alpha::BLANK, enabled })
        }
        Step::Phase(other, phase) => {
            return (0, Command::SetPhase(SetPhase { instrument: instrument(other), phase }));
        }
        Step::Rules(other, on_breach, volatility_auction_s, post_only_slides) => {
            let rules = SetRules {
                instrument: instrument(other),
                reference_price: Price(400),
                static_collar_bp: 7_000,
                dynamic_collar_bp: 5_000,
                on_breach,
                volatility_auction_s,
                post_only_slides,
                ..SetRules::default()
            };
            return (0, Command::SetRules(rules));
        }
        Step::CancelOrders(side) => {
            return (0, Command::CancelOrders(Scope { side, ..Scope::default() }));
        }
        Step::Disable(enabled) => {
            let session = SessionId(session);
            return (0, Command::SetSessionStatus(SetSessionStatus { session, enabled }));
        }
        Step::Bust(number) => {
            let (match_number, reason) = (MatchNumber(number), BustReason::Supervisory);
            return (0, Command::BustTrade(BustTrade { match_number, reason }));
        }
        Step::Wait(_) => return (0, Command::Tick),
    };
    (session, command)
}

/// Shares that events say have traded: once for both sides.
fn shares_traded(events: &[Event]) -> u64 {
    let shares = events.iter().map(|event| match &event.body {
        EventBody::Executed(executed) => u64::from(executed.quantity.0),
        EventBody::CrossExecuted(executed) if executed.side == Side::Buy => {
            u64::from(executed.quantity.0)
        }
        _ => 0,
    });
    shares.sum()
}

/// What a flow came to, to see that flows come to something.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    cross_trades: u64,
    refreshed: u64,
    triggered: u64,
    prevented: u64,
    priority_changed: u64,
    collars: u64,
    figures: u64,
    attributed: u64,
    /// Attributable orders that late joiners were told of.
    told_late: u64,
    broken: u64,
}

impl Seen {
    fn note(&mut self, event: &Event) {
        match &event.body {
            EventBody::CrossTrade { .. } => self.cross_trades += 1,
            EventBody::Restated(restated) => match restated.reason {
                RestateReason::Refreshed => self.refreshed += 1,
                RestateReason::Repriced => {}
                RestateReason::Triggered => self.triggered += 1,
            },
            EventBody::SelfTradePrevented(_) => self.prevented += 1,
            EventBody::PriorityChanged(_) => self.priority_changed += 1,
            EventBody::CollarBroken { .. } => self.collars += 1,
            EventBody::AuctionFigures(_) => self.figures += 1,
            EventBody::Accepted(accepted) => {
                let attributable = accepted.order.display == Display::Attributable;
                self.attributed += u64::from(attributable && event.market.0 > 0);
            }
            EventBody::TradeBroken(_) => self.broken += 1,
            _ => {}
        }
    }
}

fn play(steps: &[(u16, Step)], seen: &mut Seen) {
    let (mut floor, opening) = Floor::open(2);
    let mut reader = Reader::default();
    opening.iter().for_each(|event| reader.read(event));
    let (mut traded, mut broken) = (0, 0);
    for (turn, &(session, step)) in steps.iter().enumerate() {
        if turn % 7 == 0 {
            reader.join_late(&floor.exchange);
        }
        if let Step::Wait(ms) = step {
            floor.pass(ms * 1_000_000);
        }
        let (session, command) = command(&floor, session, step);
        let events = floor.apply(session, command);
        traded += shares_traded(&events);
        for event in &events {
            broken += u64::from(matches!(event.body, EventBody::TradeBroken(_)));
            seen.note(event);
            reader.read(event);
        }
        check(&floor.exchange, &reader.book);
        check(&floor.exchange, &reader.late);
        assert_eq!(reader.traded, traded, "every trade is told once, hidden ones too: {step:?}");
    }
    assert_eq!(reader.broken, broken);
    seen.told_late += reader.attributed;
}

proptest! {
    #[test]
    fn market_data_tells_the_same_as_the_books(steps in prop::collection::vec(step(), 0..160)) {
        play(&steps, &mut Seen::default());
    }
}

/// The same over one long flow, which comes to everything that a message is
/// for; short ones rarely do.
#[test]
fn a_long_flow_comes_to_everything() {
    let mut runner = TestRunner::deterministic();
    let steps = prop::collection::vec(step(), 20_000..20_001);
    let steps = steps.new_tree(&mut runner).unwrap().current();
    let mut seen = Seen::default();
    for flow in steps.chunks(2_000) {
        play(flow, &mut seen);
    }
    let Seen { cross_trades, refreshed, triggered, prevented, .. } = seen;
    let Seen { priority_changed, collars, figures, attributed, told_late, broken, .. } = seen;
    let counts = [
        cross_trades,
        refreshed,
        triggered,
        prevented,
        priority_changed,
        collars,
        figures,
        attributed,
        told_late,
        broken,
    ];
    assert!(counts.iter().all(|&count| count >= 5), "{seen:?}");
}

fn add(reference: u64, side: u8, shares: u32, price: u32) -> ItchMessage {
    itch::AddOrder {
        stock_locate: 1,
        tracking_number: 0,
        timestamp: Nanos48::new(0),
        order_reference_number: reference,
        side: Letter(side),
        shares,
        stock: "AAPL".parse().unwrap(),
        price: ItchPrice(price),
    }
    .into()
}

/// A reader that comes late hears of orders that it does not know.
#[test]
fn messages_about_unknown_orders_are_counted_and_change_nothing() {
    let (stock_locate, tracking_number, timestamp) = (1, 0, Nanos48::new(0));
    let order_reference_number = 7;
    let strangers: [ItchMessage; 4] = [
        itch::OrderExecuted {
            stock_locate,
            tracking_number,
            timestamp,
            order_reference_number,
            executed_shares: 1,
            match_number: 1,
        }
        .into(),
        itch::OrderCancel {
            stock_locate,
            tracking_number,
            timestamp,
            order_reference_number,
            cancelled_shares: 1,
        }
        .into(),
        itch::OrderDelete { stock_locate, tracking_number, timestamp, order_reference_number }
            .into(),
        itch::OrderReplace {
            stock_locate,
            tracking_number,
            timestamp,
            original_order_reference_number: 7,
            new_order_reference_number: 8,
            shares: 1,
            price: ItchPrice(1),
        }
        .into(),
    ];
    let mut book = MarketBook::default();
    assert_eq!(book.apply(&add(1, b'B', 10, 500)), Applied::Done);
    for message in &strangers {
        assert_eq!(book.apply(message), Applied::UnknownOrder, "{message:?}");
    }
    assert_eq!((book.unknown_orders(), book.len()), (4, 1));
    let level = DisplayedLevel { price: Price(500), shares: vec![10] };
    assert_eq!(book.levels(1, Side::Buy), [level]);
}

/// C tells of an execution at another price than the displayed one, and an F
/// is an A with a name.
#[test]
fn attributed_orders_and_executions_at_another_price_are_understood() {
    let (stock_locate, tracking_number, timestamp) = (1, 0, Nanos48::new(0));
    let mut book = MarketBook::default();
    let attributed = itch::AddOrderAttributed {
        stock_locate,
        tracking_number,
        timestamp,
        order_reference_number: 3,
        side: Letter(b'S'),
        shares: 100,
        stock: "AAPL".parse().unwrap(),
        price: ItchPrice(700),
        attribution: "FIRM".parse().unwrap(),
    };
    assert_eq!(book.apply(&attributed.into()), Applied::Done);
    let execution = itch::OrderExecutedWithPrice {
        stock_locate,
        tracking_number,
        timestamp,
        order_reference_number: 3,
        executed_shares: 40,
        match_number: 1,
        printable: Letter(b'Y'),
        execution_price: ItchPrice(650),
    };
    let trade = Applied::Trade {
        stock_locate: 1,
        price: Price(650),
        shares: 40,
        order: Some(3),
        printable: true,
    };
    assert_eq!(book.apply(&execution.into()), trade);
    assert_eq!(book.order(3).map(|order| (order.price, order.shares)), Some((Price(700), 60)));
}
