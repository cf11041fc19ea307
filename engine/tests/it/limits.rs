//! What happens at every bound: a clear reject or a refusal that is counted,
//! and all goes on when there is room again.

use crate::table::*;
use ringmatch_engine::RejectReason::BookFull;
use ringmatch_engine::command::{
    AddInstrument, AddSession, Command, Phase, SequencedCommand, Side,
};
use ringmatch_engine::{Exchange, Limits, Price, Quantity, Sequence, SessionId};

/// One order too many is rejected until one has gone.
#[test]
fn as_many_orders_as_the_venue_was_made_for() {
    let mut venue = Venue::open(Limits { orders: 2, ..LIMITS });
    venue.check(
        &[
            buy(1, 100, 5),
            buy(2, 100, 10).on(2),
            buy(3, 100, 5),
            buy(3, 100, 5).by(2),
            // What cannot rest needs no room.
            sell(4, 200, 5).ioc(),
            sell(5, 200, 500).market().fok(),
            // A replacement takes the place of its original.
            replace(1, 6, 101, 5),
            cancel(6),
            buy(7, 100, 5),
        ],
        &[
            rests(1),
            rests(2),
            rejected(3, BookFull),
            rejected(3, BookFull),
            accepted(4),
            expired(4, 5),
            accepted(5),
            expired(5, 500),
            replaced(1, 6, 5),
            canceled(6, 5),
            rests(7),
        ],
    );
}

/// Room is asked for before it is known how much an order trades.
#[test]
fn an_order_that_could_rest_needs_room_even_if_it_would_trade() {
    let mut venue = Venue::open(Limits { orders: 1, ..LIMITS });
    venue.check(
        &[buy(1, 100, 5), sell(2, 100, 5), sell(3, 100, 5).ioc(), sell(4, 100, 5)],
        &[rests(1), rejected(2, BookFull), accepted(3), executed(1, 3, 5, 100), rests(4)],
    );
}

#[test]
fn as_many_levels_as_a_side_was_made_for() {
    let mut venue = Venue::open(Limits { levels_per_side: 2, ..LIMITS });
    venue.check(
        &[
            buy(1, 100, 5),
            buy(2, 101, 5),
            buy(3, 102, 5),
            buy(4, 101, 5),
            sell(5, 103, 5),
            buy(6, 105, 10).on(2),
            cancel(1),
            buy(7, 102, 5),
        ],
        &[
            rests(1),
            rests(2),
            rejected(3, BookFull),
            rests(4),
            rests(5),
            rests(6),
            canceled(1, 5),
            rests(7),
        ],
    );
}

/// A replacement that never rests was refused a level that it did not need.
#[test]
fn a_replacement_that_cannot_rest_needs_no_level() {
    let limits = Limits { levels_per_side: 1, ..LIMITS };
    for (replacement, outcome) in [
        (replace(1, 9, 90, 5).ioc(), expired(9, 5)),
        (replace(1, 9, 90, 5).fok(), expired(9, 5)),
        (replace(1, 9, 90, 5).market(), expired(9, 5)),
    ] {
        Venue::open(limits).check(
            &[buy(1, 80, 5), buy(2, 80, 5), replacement],
            &[rests(1), rests(2), replaced_and(1, 9, 5), outcome],
        );
    }
}

/// An invalid replacement at a full side was told "book full", with its
/// original left in the book, and a price of no sense was looked up: the
/// lowest number of all has no negative, which ended the process.
#[test]
fn an_invalid_replacement_is_invalid_also_when_there_is_no_level_for_it() {
    let limits = Limits { levels_per_side: 1, ..LIMITS };
    for (price, quantity) in [(i64::MIN, 5), (i64::MAX, 5), (0, 5), (90, 0), (90, 1_001)] {
        Venue::open(limits).check(
            &[sell(1, 80, 5), replace(1, 2, price, quantity), query()],
            &[rests(1), canceled_invalid(1, 5), next(2)],
        );
    }
    Venue::open(limits).check(
        &[sell(1, 80, 5), buy(2, 80, 3), replace(1, 3, 90, 3)],
        &[rests(1), accepted(2), executed(1, 2, 3, 80), canceled(1, 2)],
    );
}

/// A reader may ask for any price; the lowest of all has no negative.
#[test]
fn any_price_can_be_looked_up() {
    let venue = check(&[sell(1, 80, 5)], &[rests(1)]);
    let book = venue.book();
    for (price, depth) in [(i64::MIN, 0), (-80, 0), (80, 5), (i64::MAX, 0)] {
        assert_eq!(book.depth_at(Side::Sell, Price(price)), depth);
        assert_eq!(book.depth_at(Side::Buy, Price(price)), 0);
    }
}

/// The number after the last input number is that number, so a message with
/// it could be applied again and again.
#[test]
fn the_last_input_number_of_all_is_never_taken() {
    check(
        &[
            buy(1, 100, 5).numbered(u64::MAX - 1),
            buy(2, 100, 5).numbered(u64::MAX),
            buy(3, 100, 5).numbered(u64::MAX),
        ],
        &[rests(1)],
    );
}

#[test]
fn operator_commands_that_cannot_be_carried_out_are_counted() {
    let sound = listing(3, "THIRD");
    let instruments = [
        AddInstrument { instrument: listing(4, "").instrument, ..sound },
        AddInstrument { instrument: listing(2, "").instrument, ..sound },
        AddInstrument { symbol: "FINE".parse().unwrap(), ..sound },
        AddInstrument { tick_size: Price(0), ..sound },
        AddInstrument { tick_size: Price(-5), ..sound },
        AddInstrument { lot_size: Quantity(0), ..sound },
        AddInstrument { max_quantity: Quantity(0), ..sound },
    ];
    let sessions = [
        AddSession { session: SessionId(5), ..admission(4, "FOURTH") },
        AddSession { session: SessionId(0), ..admission(4, "FOURTH") },
        admission(4, "SESSION1"),
    ];
    let mut asks: Vec<Ask> = Vec::new();
    asks.extend(instruments.map(|listing| operator(Command::AddInstrument(listing))));
    asks.extend(sessions.map(|admission| operator(Command::AddSession(admission))));
    asks.extend([0, 3, u16::MAX].map(|instrument| phase(instrument, Phase::Continuous)));
    let mut venue = Venue::open(Limits { instruments: 3, sessions: 4, ..LIMITS });
    venue.check(&asks, &[]);
    let refused = venue.lockstep.exchange.counters().refused_operations;
    assert_eq!(refused as usize, asks.len());
    // With nothing wrong they are carried out, up to the bounds.
    venue.check(
        &[
            operator(Command::AddInstrument(sound)),
            operator(Command::AddSession(admission(4, "FOURTH"))),
            operator(Command::AddInstrument(listing(4, "NO ROOM"))),
            operator(Command::AddSession(admission(5, "NO ROOM"))),
        ],
        &[listed(3), admitted(4)],
    );
    assert_eq!(venue.lockstep.exchange.counters().refused_operations, refused + 2);
}

#[test]
fn limits_out_of_range_are_named() {
    let most = Limits::MAX_ORDERS;
    for (limits, text) in [
        (Limits { orders: 0, ..LIMITS }, "the limit `orders` must be from 1 to 134217728"),
        (Limits { orders: most + 1, ..LIMITS }, "the limit `orders` must be from 1 to 134217728"),
        (
            Limits { levels_per_side: 0, ..LIMITS },
            "the limit `levels_per_side` must be from 1 to 134217728",
        ),
        (Limits { instruments: 0, ..LIMITS }, "the limit `instruments` must be from 1 to 65534"),
        (Limits { sessions: u16::MAX, ..LIMITS }, "the limit `sessions` must be from 1 to 65534"),
    ] {
        assert_eq!(Exchange::new(limits).unwrap_err().to_string(), text);
    }
}

#[test]
#[should_panic(expected = "commands are applied without a hole")]
fn a_hole_in_the_log_is_never_applied_over() {
    let mut exchange = Exchange::new(LIMITS).unwrap();
    let second = SequencedCommand { sequence: Sequence(2), ..SequencedCommand::default() };
    exchange.apply(&second, &mut Vec::new());
}
