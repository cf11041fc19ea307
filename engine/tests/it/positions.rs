//! Positions and fees: what was bought was sold, what was paid was got.

use crate::table::*;
use ringmatch_engine::command::{Command, Phase, SetFees};
use ringmatch_engine::event::Cross;
use ringmatch_engine::{InstrumentId, SessionId};

fn fees(maker: i32, taker: i32) -> Ask {
    operator(Command::SetFees(SetFees { maker, taker }))
}

/// Net position, what was paid for purchases and got for sales, and fees.
fn of(venue: &Venue, session: u16) -> (i128, u128, u128, i128) {
    let sessions = venue.lockstep.exchange.sessions();
    let session = sessions.iter().find(|known| known.id == SessionId(session)).expect("admitted");
    let position = session.position(InstrumentId(1));
    (position.net(), position.bought_value, position.sold_value, session.fees)
}

#[test]
fn both_sides_have_the_trade_each_at_its_own_rate() {
    // A rebate of one percent for the maker, two percent for the taker.
    let venue = check(
        &[fees(-10_000, 20_000), sell(1, 100, 10), buy(2, 100, 4).by(2)],
        &[rests(1), accepted(2), executed(1, 2, 4, 100)],
    );
    assert_eq!(of(&venue, 1), (-4, 0, 400, -4));
    assert_eq!(of(&venue, 2), (4, 400, 0, 8));
    assert_eq!(venue.lockstep.exchange.fees_collected(), 4);
}

#[test]
fn fees_are_rounded_down_a_rebate_too() {
    let venue = check(
        &[fees(-1, 1), sell(1, 100, 10), buy(2, 100, 1).by(2), buy(3, 100, 1).by(2)],
        &[rests(1), accepted(2), executed(1, 2, 1, 100), accepted(3), executed(1, 3, 1, 100)],
    );
    assert_eq!((of(&venue, 1).3, of(&venue, 2).3), (-2, 0));
}

#[test]
fn new_fees_change_nothing_that_has_happened() {
    let venue = check(
        &[
            fees(10_000, 10_000),
            sell(1, 100, 10),
            buy(2, 100, 1).by(2),
            fees(0, 0),
            buy(3, 100, 1).by(2),
        ],
        &[rests(1), accepted(2), executed(1, 2, 1, 100), accepted(3), executed(1, 3, 1, 100)],
    );
    assert_eq!((of(&venue, 1).3, of(&venue, 2).3), (1, 1));
}

#[test]
fn in_an_auction_both_pay_as_makers() {
    let venue = check(
        &[
            fees(10_000, 90_000),
            enters(Phase::PreOpen),
            sell(1, 100, 10),
            buy(2, 100, 10).by(2),
            resume(),
        ],
        &[
            action(1, Phase::PreOpen),
            rests(1),
            rests(2),
            crossed(2, 10, 100),
            crossed(1, 10, 100),
            cross_trade(Cross::Opening, 10, 100),
            action(1, Phase::Continuous),
        ],
    );
    assert_eq!(of(&venue, 1), (-10, 0, 1_000, 10));
    assert_eq!(of(&venue, 2), (10, 1_000, 0, 10));
}

#[test]
fn who_trades_with_itself_has_bought_and_sold() {
    let venue = check(
        &[fees(0, 10_000), sell(1, 100, 5), buy(2, 100, 5)],
        &[rests(1), accepted(2), executed(1, 2, 5, 100)],
    );
    assert_eq!(of(&venue, 1), (0, 500, 500, 5));
}
