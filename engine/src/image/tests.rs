//! Each rule of a restoration, broken once in an image that is sound otherwise.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use super::*;
use crate::command::{Command, Enter, EnterSpecial, Pricing, SequencedCommand, Side, SystemEvent};
use crate::event::Event;
use crate::types::{InstrumentId, Quantity, SessionId, UserRef};
use rkyv::rancor::Error as ArchiveError;

const LIMITS: Limits = Limits {
    orders: 8,
    levels_per_side: 4,
    instruments: 2,
    sessions: 2,
    special_orders: 4,
    recent_trades: 4,
};

/// Two instruments and two sessions; in the first instrument two bids, an ask,
/// a stop and an iceberg, and an execution.
fn exchange() -> Exchange {
    let mut commands = vec![Command::SystemEvent(SystemEvent::StartOfMessages)];
    for (number, symbol) in [(1, "ONE"), (2, "TWO")] {
        let instrument = InstrumentId(number);
        commands.push(Command::AddInstrument(AddInstrument {
            instrument,
            symbol: symbol.parse().unwrap(),
            tick_size: Price(100),
            lot_size: Quantity(1),
            max_quantity: Quantity(1_000),
        }));
        let phase = Phase::Continuous;
        commands.push(Command::SetPhase(crate::command::SetPhase { instrument, phase }));
    }
    for (number, name) in [(1, "ALPHA"), (2, "BRAVO")] {
        commands.push(Command::AddSession(AddSession {
            session: SessionId(number),
            name: name.parse().unwrap(),
            firm: name[..4].parse().unwrap(),
        }));
    }
    let operator = commands.into_iter().map(|command| (0, 0, command));
    let order = |user_ref, side, price, quantity| Enter {
        user_ref: UserRef(user_ref),
        instrument: InstrumentId(1),
        side,
        quantity: Quantity(quantity),
        price: Price(price),
        ..Enter::default()
    };
    let special = |order, pricing, offset, max_floor| {
        let max_floor = Quantity(max_floor);
        let options = Options { pricing, offset, max_floor, ..Options::NONE };
        Command::EnterSpecial(EnterSpecial { order, options })
    };
    let clients = [
        Command::Enter(order(1, Side::Buy, 1_000, 10)),
        Command::Enter(order(2, Side::Buy, 900, 10)),
        Command::Enter(order(3, Side::Sell, 2_000, 10)),
        special(order(4, Side::Sell, 2_500, 10), Pricing::Plain, 0, 3),
        Command::Enter(order(5, Side::Sell, 1_000, 4)),
        special(order(6, Side::Buy, 5_000, 10), Pricing::Stop, 4_000, 0),
    ];
    let clients = clients.into_iter().zip(1..).map(|(command, number)| (1, number, command));
    let mut exchange = Exchange::new(LIMITS).unwrap();
    for ((session, number, command), sequence) in operator.chain(clients).zip(1..) {
        let input = SequencedCommand {
            sequence: Sequence(sequence),
            time: Nanos(sequence),
            session: SessionId(session),
            number,
            command,
        };
        exchange.apply(&input, &mut Vec::<Event>::new());
    }
    exchange
}

fn pieces(exchange: &Exchange) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut keep = |piece: &Piece| {
        pieces.push(piece.clone());
        Ok::<_, ()>(())
    };
    exchange.image(&mut keep).unwrap();
    pieces
}

fn restored(pieces: &[Piece]) -> Result<Box<Exchange>, ImageError> {
    let mut restoring = Restoring::new(LIMITS);
    for piece in pieces {
        let bytes = rkyv::to_bytes::<ArchiveError>(piece).unwrap();
        restoring.take(rkyv::access::<ArchivedPiece, ArchiveError>(&bytes).unwrap())?;
    }
    restoring.finish()
}

/// The entries of one kind, to be changed.
macro_rules! entries {
    ($pieces:expr, $kind:ident) => {
        $pieces
            .iter_mut()
            .find_map(|piece| match piece {
                Piece::$kind(entries) => Some(entries),
                _ => None,
            })
            .unwrap()
    };
}

#[test]
fn what_was_not_changed_is_restored() {
    let exchange = exchange();
    assert_eq!(exchange.resting_orders(), 5);
    let restored = restored(&pieces(&exchange)).unwrap();
    assert_eq!(restored.seal(restored.state_hash()), exchange.seal(exchange.state_hash()));
}

#[test]
fn each_broken_rule_is_said() {
    type Change = fn(&mut Vec<Piece>);
    let rows: [(&str, Change); 58] = [
        ("limits 0 are not this venue's", |p| entries!(p, Head).limits.orders = 9),
        ("counts 0 begin below one", |p| entries!(p, Head).next_match = MatchNumber(0)),
        ("tick table 3 has a band", |p| {
            let (from, tick_size) = (Price(7), Price(1));
            entries!(p, Head).tick_bands.push(AddTickBand { table: 3, from, tick_size });
        }),
        ("comes to the state", |p| entries!(p, Head).fees.maker = 1),
        ("comes to the state", |p| entries!(p, Head).digest ^= 1),
        ("comes to the state", |p| entries!(p, Head).counters[7] += 1),
        ("comes to the state", |p| entries!(p, Head).timer = Some(Nanos(5))),
        ("instrument 2 is not the next", |p| {
            entries!(p, Instruments).swap(0, 1);
        }),
        ("instrument 3 is one too many", |p| {
            let mut third = entries!(p, Instruments)[1].clone();
            third.listing.instrument = InstrumentId(3);
            entries!(p, Instruments).push(third);
        }),
        ("instrument 2 is there twice", |p| {
            entries!(p, Instruments)[1].listing.symbol = "ONE".parse().unwrap();
        }),
        ("impossible tick size", |p| entries!(p, Instruments)[0].listing.tick_size = Price(0)),
        ("impossible lot size", |p| entries!(p, Instruments)[0].listing.lot_size = Quantity(0)),
        ("impossible price", |p| entries!(p, Instruments)[0].last_price = Price(-1)),
        ("impossible price", |p| entries!(p, Instruments)[0].rules.reference_price = Price(50)),
        ("impossible price", |p| entries!(p, Instruments)[0].followed_best[1] = u32::MAX),
        ("has rules of another", |p| entries!(p, Instruments)[0].rules.tick_table = 1),
        ("timer 0 is too late", |p| entries!(p, Instruments)[0].auction_ends = Nanos(7)),
        ("session 2 is not the next", |p| entries!(p, Sessions).swap(0, 1)),
        ("session 2 is there twice", |p| {
            entries!(p, Sessions)[1].admission.name = "ALPHA".parse().unwrap();
        }),
        ("counts from below one", |p| entries!(p, Sessions)[0].next_input = 0),
        ("numbers that cannot be", |p| entries!(p, Sessions)[0].next_user_ref = 1 << 33),
        ("limits of another", |p| entries!(p, Sessions)[0].limits.session = SessionId(2)),
        ("otherwise than its firm", |p| {
            let sessions = entries!(p, Sessions);
            sessions[1].admission.firm = sessions[0].admission.firm;
            sessions[1].order_entry_enabled = false;
        }),
        ("position of session 1 is there twice", |p| {
            let again = entries!(p, Positions)[0];
            entries!(p, Positions).push(again);
        }),
        ("instrument 3 is not listed", |p| entries!(p, Positions)[0].instrument = 3),
        ("session 3 was not admitted", |p| entries!(p, Positions)[0].session = 3),
        ("value without shares", |p| entries!(p, Positions)[0].bought = 0),
        ("execution 9 is still to come", |p| entries!(p, Trades)[0].match_number = 9),
        ("execution 1 has the place of another", |p| {
            let again = entries!(p, Trades)[0];
            entries!(p, Trades).push(again);
        }),
        ("execution 1 is of nothing", |p| entries!(p, Trades)[0].quantity = 0),
        ("in nobody's position", |p| entries!(p, Trades)[0].quantity = 99),
        ("queue at grain 99 is too late", |p| entries!(p, Queues)[1].grain = 99),
        ("queue at grain 20 is nowhere", |p| entries!(p, Queues)[0].place = 4),
        ("queue at grain 20 has no side", |p| entries!(p, Queues)[0].side = 2),
        ("is at no price", |p| entries!(p, Queues)[0].grain = u32::MAX),
        ("queue at grain 21 is one too many", |p| {
            let queues = entries!(p, Queues);
            let first = QueueImage { place: 0, side: 0, ..queues[0] };
            queues.splice(0..1, (16..26).rev().map(|grain| QueueImage { grain, ..first }));
        }),
        ("is hidden behind none", |p| entries!(p, Queues)[0].place = 3),
        ("is hidden behind none", |p| {
            let queues = entries!(p, Queues);
            queues.insert(1, QueueImage { place: 3, grain: 19, ..queues[0] });
        }),
        ("is hidden behind none", |p| {
            let queues = entries!(p, Queues);
            let hidden = QueueImage { place: 3, ..queues[0] };
            queues.splice(1..1, [hidden, hidden]);
        }),
        ("queue 0 has not the last order it says", |p| entries!(p, Queues)[0].last = 0),
        ("queue 0 has not the last order it says", |p| entries!(p, Queues)[0].last = 2),
        ("queue 0 has not the last order it says", |p| entries!(p, Queues)[0].last = 99),
        ("queue 0 has not the last order it says", |p| {
            // Empty, and nothing hidden there.
            let queues = entries!(p, Queues);
            queues.insert(0, QueueImage { grain: 22, last: 0, ..queues[0] });
            entries!(p, Orders).iter_mut().for_each(|order| order.queue += 1);
        }),
        ("order 1 is in no queue", |p| entries!(p, Orders)[0].queue = 99),
        ("order 1 stands where only others do", |p| {
            let asks = entries!(p, Orders)[2].queue;
            entries!(p, Orders)[0].queue = asks;
        }),
        ("order 1 stands where only others do", |p| {
            let queues = entries!(p, Queues);
            queues.insert(1, QueueImage { place: 3, ..queues[0] });
            entries!(p, Orders)[0].queue = 1;
        }),
        ("order 2 is first where another is", |p| {
            let first = entries!(p, Orders)[0].queue;
            entries!(p, Orders)[1].queue = first;
        }),
        ("order 2 stands where another does", |p| entries!(p, Orders)[1].before = 1),
        ("order 2 stands behind none that is there", |p| entries!(p, Orders)[1].before = 99),
        ("stand in a circle", |p| {
            // Two more at the price of the first, each behind the other.
            entries!(p, Sessions)[0].next_user_ref = 9;
            let orders = entries!(p, Orders);
            let (one, other) = (orders.len() as u32 + 1, orders.len() as u32 + 2);
            for (before, user_ref) in [(other, 7), (one, 8)] {
                orders.push(OrderImage { before, user_ref, ..orders[0] });
            }
        }),
        ("is of no known kind", |p| entries!(p, Orders)[0].marks = 0x7000),
        ("is nobody's", |p| entries!(p, Orders)[0].session = 3),
        ("is not given out", |p| entries!(p, Orders)[0].id = 99),
        ("impossible quantity", |p| entries!(p, Orders)[0].open = 0),
        ("has not used", |p| entries!(p, Orders)[0].user_ref = 7),
        ("has another's number", |p| entries!(p, Orders)[1].user_ref = 1),
        ("special orders 1 are missing", |p| {
            entries!(p, Specials).retain(|special| special.options.pricing == Pricing::Plain);
        }),
        ("shows what it has not", |p| {
            let specials = entries!(p, Specials);
            specials.iter_mut().find(|it| it.shown > 0).unwrap().shown = 4;
        }),
    ];
    for (expected, change) in rows {
        let mut pieces = pieces(&exchange());
        change(&mut pieces);
        let error = restored(&pieces).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}; expected: {expected}");
    }
}

#[test]
fn a_book_that_trades_is_not_crossed() {
    let mut crossed = pieces(&exchange());
    // The best bid was at 1,000 and the best ask at 2,000, of half ticks of 50.
    entries!(crossed, Queues)[0].grain = 40;
    let error = restored(&crossed).unwrap_err().to_string();
    assert_eq!(error, "its book of instrument 1 is crossed");
}
