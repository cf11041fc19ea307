//! Halted and trading: a new instrument is halted, a halt stops orders and
//! not cancels, and the book stands still in it.

use crate::table::*;
use ringmatch_engine::Limits;
use ringmatch_engine::RejectReason;
use ringmatch_engine::command::{Command, SystemEvent, TradingState};

#[test]
fn an_instrument_is_halted_until_it_is_let_trade() {
    let mut venue = Venue::open(Limits { instruments: 3, ..LIMITS });
    venue.check(
        &[
            operator(Command::AddInstrument(listing(3, "NEW"))),
            buy(1, 100, 5).on(3),
            trading(3, TradingState::Trading),
            buy(2, 100, 5).on(3),
        ],
        &[listed(3), rejected(1, RejectReason::Halted), action(3, TradingState::Trading), rests(2)],
    );
}

#[test]
fn a_halt_stops_orders_of_every_kind_and_no_cancel() {
    check(
        &[
            buy(1, 100, 10),
            halt(),
            sell(2, 100, 5),
            sell(3, 100, 5).ioc(),
            sell(4, 0, 5).market(),
            reduce(1, 6),
            cancel(1),
        ],
        &[
            rests(1),
            action(1, TradingState::Halted),
            rejected(2, RejectReason::Halted),
            rejected(3, RejectReason::Halted),
            rejected(4, RejectReason::Halted),
            reduced(1, 4, 6),
            canceled(1, 6),
        ],
    );
}

#[test]
fn the_book_is_the_same_after_a_halt() {
    check(
        &[buy(1, 100, 5), buy(2, 100, 5), halt(), resume(), sell(3, 100, 7)],
        &[
            rests(1),
            rests(2),
            action(1, TradingState::Halted),
            action(1, TradingState::Trading),
            accepted(3),
            executed(1, 3, 5, 100),
            executed(2, 3, 2, 100),
        ],
    );
}

#[test]
fn a_halt_is_of_one_instrument() {
    check(&[halt(), buy(1, 100, 10).on(2)], &[action(1, TradingState::Halted), rests(1)]);
}

#[test]
fn the_state_that_it_has_is_not_announced_again() {
    let venue = check(&[resume(), halt(), halt()], &[action(1, TradingState::Halted)]);
    assert_eq!(venue.lockstep.exchange.counters().refused_operations, 0);
}

#[test]
fn points_of_the_day_are_announced() {
    use SystemEvent::{StartOfMarketHours, StartOfMessages, StartOfSystemHours};
    let events = [StartOfMessages, StartOfSystemHours, StartOfMarketHours];
    let asks = events.map(|event| operator(Command::SystemEvent(event)));
    check(&asks, &events.map(system));
}
