//! The book that a reader of market data rebuilds is the exchange's own.
//!
//! Any flow of orders, replacements and cancels, displayed and hidden, of both
//! sides: after every command the displayed levels of each instrument, with
//! every order in its place in time, are those of `Exchange::book`. Messages
//! go over the wire's bytes, as a reader gets them.

use crate::floor::Floor;
use proptest::prelude::*;
use ringmatch_engine::command::*;
use ringmatch_engine::event::{Event, EventBody};
use ringmatch_engine::{Exchange, InstrumentId, Price, Quantity, UserRef};
use ringmatch_gateway::market::{Applied, DisplayedLevel, MarketBook};
use ringmatch_gateway::wire::itch::{self, ItchMessage};
use ringmatch_gateway::wire::{ItchPrice, Letter, Nanos48};
use ringmatch_gateway::{Directory, translate};

/// Reads events as market data, over the bytes of the wire.
#[derive(Default)]
struct Reader {
    directory: Directory,
    book: MarketBook,
    next: u64,
    traded: u64,
}

impl Reader {
    fn read(&mut self, event: &Event) {
        if let EventBody::InstrumentAdded { instrument, symbol, .. } = event.body {
            self.directory.list(instrument, symbol);
        }
        let Some(message) = translate::market_message(event, &self.directory) else { return };
        self.next += 1;
        assert_eq!(event.market.0, self.next, "market data is numbered without holes");
        let mut bytes = [0; ItchMessage::MAX_LEN];
        let len = message.encode(&mut bytes);
        let message = ItchMessage::decode(&bytes[..len]).unwrap();
        if let Applied::Trade { shares, .. } = self.book.apply(&message) {
            self.traded += u64::from(shares);
        }
    }
}

/// What a book displays, in the terms of market data.
fn displayed(exchange: &Exchange, instrument: InstrumentId, side: Side) -> Vec<DisplayedLevel> {
    let levels = exchange.book(instrument).unwrap().levels(side);
    let levels = levels.map(|level| DisplayedLevel {
        price: level.price(),
        shares: level.orders().filter(|o| o.displayed).map(|o| o.quantity.0).collect(),
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

/// A command of a session; which order it means is counted back from the
/// session's last.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enter(Side, u32, i64, TimeInForce, Display, OrderType, bool),
    Replace(u32, u32, i64, TimeInForce, Display),
    Cancel(u32, u32),
}

fn step() -> impl Strategy<Value = (u16, Step)> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let time_in_force = prop_oneof![
        8 => Just(TimeInForce::Day),
        1 => Just(TimeInForce::ImmediateOrCancel),
        1 => Just(TimeInForce::FillOrKill),
    ];
    let display = prop_oneof![
        3 => Just(Display::Visible),
        1 => Just(Display::Attributable),
        2 => Just(Display::Hidden),
    ];
    let order_type = prop_oneof![9 => Just(OrderType::Limit), 1 => Just(OrderType::Market)];
    let quantity = (1u32..9).prop_map(|lots| lots * 10);
    let price = (1i64..9).prop_map(|ticks| ticks * 100);
    let terms = (time_in_force, display);
    let step = prop_oneof![
        4 => (side, quantity.clone(), price.clone(), terms.clone(), order_type, any::<bool>())
            .prop_map(|(side, quantity, price, (tif, display), kind, other)| {
                Step::Enter(side, quantity, price, tif, display, kind, other)
            }),
        2 => (0u32..8, quantity.clone(), price, terms).prop_map(
            |(back, quantity, price, (tif, display))| {
                Step::Replace(back, quantity, price, tif, display)
            }
        ),
        2 => (0u32..8, prop_oneof![Just(0), quantity])
            .prop_map(|(back, quantity)| Step::Cancel(back, quantity)),
    ];
    (1u16..3, step)
}

fn command(floor: &Floor, session: u16, step: Step) -> Command {
    let next = floor.exchange.sessions()[usize::from(session) - 1].next_user_ref;
    let user_ref = UserRef(u32::try_from(next).unwrap());
    let before = |back: u32| UserRef((user_ref.0 - 1).saturating_sub(back));
    match step {
        Step::Enter(side, quantity, price, time_in_force, display, order_type, other) => {
            let instrument = InstrumentId(1 + u16::from(other));
            let (quantity, price) = (Quantity(quantity), Price(price));
            let attributes = Attributes::default();
            Command::Enter(Enter {
                user_ref,
                instrument,
                side,
                quantity,
                price,
                order_type,
                time_in_force,
                display,
                attributes,
            })
        }
        Step::Replace(back, quantity, price, time_in_force, display) => Command::Replace(Replace {
            original: before(back),
            user_ref,
            quantity: Quantity(quantity),
            price: Price(price),
            time_in_force,
            display,
            ..Replace::default()
        }),
        Step::Cancel(back, quantity) => {
            Command::Cancel(Cancel { user_ref: before(back), quantity: Quantity(quantity) })
        }
    }
}

proptest! {
    #[test]
    fn market_data_tells_the_same_as_the_books(steps in prop::collection::vec(step(), 0..120)) {
        let (mut floor, opening) = Floor::open(2);
        let mut reader = Reader::default();
        opening.iter().for_each(|event| reader.read(event));
        let mut traded = 0;
        for (session, step) in steps {
            let events = floor.apply(session, command(&floor, session, step));
            for event in &events {
                if let EventBody::Executed(executed) = &event.body {
                    traded += u64::from(executed.quantity.0);
                }
                reader.read(event);
            }
            check(&floor.exchange, &reader.book);
        }
        prop_assert_eq!(reader.traded, traded, "every trade is told, hidden ones too");
    }
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
/// is an A with a name; the venue sends neither, other feeds do.
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
    let trade = Applied::Trade { stock_locate: 1, price: Price(650), shares: 40, order: Some(3) };
    assert_eq!(book.apply(&execution.into()), trade);
    assert_eq!(book.order(3).map(|order| (order.price, order.shares)), Some((Price(700), 60)));
}
