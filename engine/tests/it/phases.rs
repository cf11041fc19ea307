//! The phases: a new instrument is halted, a halt stops orders and not cancels,
//! the book stands still in it; closed is like halted; and an instrument can be
//! taken out of trading altogether.

use crate::table::*;
use ringmatch_engine::command::{
    Command, InstrumentStatus, Phase, SetInstrumentStatus, SystemEvent, TimeInForce,
};
use ringmatch_engine::event::{Cross, PhaseReason};
use ringmatch_engine::{CancelReason, InstrumentId, Limits, RejectReason};

#[test]
fn an_instrument_is_halted_until_it_is_let_trade() {
    let mut venue = Venue::open(Limits { instruments: 3, ..LIMITS });
    venue.check(
        &[
            operator(Command::AddInstrument(listing(3, "NEW"))),
            buy(1, 100, 5).on(3),
            phase(3, Phase::Continuous),
            buy(2, 100, 5).on(3),
        ],
        &[listed(3), rejected(1, RejectReason::Halted), action(3, Phase::Continuous), rests(2)],
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
            action(1, Phase::Halted),
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
            action(1, Phase::Halted),
            action(1, Phase::Continuous),
            accepted(3),
            executed(1, 3, 5, 100),
            executed(2, 3, 2, 100),
        ],
    );
}

#[test]
fn a_halt_is_of_one_instrument() {
    check(&[halt(), buy(1, 100, 10).on(2)], &[action(1, Phase::Halted), rests(1)]);
}

#[test]
fn the_state_that_it_has_is_not_announced_again() {
    let venue = check(&[resume(), halt(), halt()], &[action(1, Phase::Halted)]);
    assert_eq!(venue.lockstep.exchange.counters().refused_operations, 0);
}

#[test]
fn points_of_the_day_are_announced() {
    use SystemEvent::{StartOfMarketHours, StartOfMessages, StartOfSystemHours};
    let events = [StartOfMessages, StartOfSystemHours, StartOfMarketHours];
    let asks = events.map(|event| operator(Command::SystemEvent(event)));
    check(&asks, &events.map(system));
}

fn status(status: InstrumentStatus) -> Ask {
    let instrument = InstrumentId(1);
    operator(Command::SetInstrumentStatus(SetInstrumentStatus { instrument, status }))
}

#[test]
fn closed_stops_orders_and_no_cancel() {
    check(
        &[
            buy(1, 100, 5).living(TimeInForce::GoodTillCancel),
            enters(Phase::Closed),
            buy(2, 100, 5),
            replace(1, 3, 100, 5),
            reduce(1, 3),
            enters(Phase::PreOpen),
            buy(4, 100, 5),
        ],
        &[
            rests(1),
            action(1, Phase::Closed),
            rejected(2, RejectReason::Closed),
            rejected(3, RejectReason::Closed),
            reduced(1, 2, 3),
            action(1, Phase::PreOpen),
            rests(4),
        ],
    );
}

#[test]
fn a_book_that_is_crossed_is_uncrossed_on_the_way_into_trading_whatever_lies_between() {
    check(
        &[enters(Phase::PreOpen), buy(1, 101, 5), sell(2, 100, 3), halt(), resume()],
        &[
            action(1, Phase::PreOpen),
            rests(1),
            rests(2),
            action(1, Phase::Halted),
            crossed(1, 3, 100),
            crossed(2, 3, 100),
            cross_trade(Cross::Halt, 3, 100),
            action(1, Phase::Continuous),
        ],
    );
}

#[test]
fn a_disabled_instrument_keeps_its_orders_and_takes_none() {
    check(
        &[
            buy(1, 100, 5),
            status(InstrumentStatus::Disabled),
            resume(),
            buy(2, 100, 5),
            replace(1, 3, 100, 5),
            reduce(1, 2),
            status(InstrumentStatus::Enabled),
            buy(4, 100, 5),
            resume(),
            buy(5, 100, 5),
        ],
        &[
            rests(1),
            became(Phase::Halted, PhaseReason::Status),
            rejected(2, RejectReason::InstrumentDisabled),
            rejected(3, RejectReason::InstrumentDisabled),
            reduced(1, 3, 2),
            rejected(4, RejectReason::Halted),
            action(1, Phase::Continuous),
            rests(5),
        ],
    );
}

#[test]
fn a_removed_instrument_is_gone_for_good() {
    let venue = check(
        &[
            buy(1, 100, 5),
            buy(2, 90, 5).stop(110),
            status(InstrumentStatus::Removed),
            status(InstrumentStatus::Enabled),
            resume(),
            buy(3, 100, 5),
        ],
        &[
            rests(1),
            accepted(2),
            became(Phase::Halted, PhaseReason::Status),
            gone(1, 5, CancelReason::InstrumentRemoved),
            gone(2, 5, CancelReason::InstrumentRemoved).unseen(),
            rejected(3, RejectReason::InstrumentDisabled),
        ],
    );
    assert_eq!(venue.lockstep.exchange.counters().refused_operations, 2);
}
