//! Trade busts: an execution is declared void, and all that it did to
//! positions and fees is taken back.

use crate::table::*;
use ringmatch_engine::command::{BustReason, BustTrade, Command, SetFees};
use ringmatch_engine::{InstrumentId, Limits, MatchNumber};

fn bust(match_number: u64) -> Ask {
    let match_number = MatchNumber(match_number);
    operator(Command::BustTrade(BustTrade { match_number, reason: BustReason::Consent }))
}

fn refused(venue: &Venue) -> u64 {
    venue.lockstep.exchange.counters().refused_operations
}

#[test]
fn positions_and_fees_go_back() {
    let venue = check(
        &[
            operator(Command::SetFees(SetFees { maker: -7, taker: 12_345 })),
            sell(1, 100, 10),
            buy(2, 100, 4).by(2),
            buy(3, 100, 3).by(2),
            bust(1),
        ],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 4, 100),
            accepted(3),
            executed(1, 3, 3, 100),
            broken(2, 1),
        ],
    );
    let sessions = venue.lockstep.exchange.sessions();
    let net = |at: usize| sessions[at].position(InstrumentId(1)).net();
    assert_eq!((net(0), net(1)), (-3, 3));
    assert_eq!((sessions[0].fees, sessions[1].fees), (-1, 3));
}

#[test]
fn only_once_and_only_what_was_executed() {
    let venue = check(
        &[sell(1, 100, 10), buy(2, 100, 4), bust(1), bust(1), bust(2), bust(0)],
        &[rests(1), accepted(2), executed(1, 2, 4, 100), broken(2, 1)],
    );
    assert_eq!(refused(&venue), 3);
}

#[test]
fn only_the_last_ones_are_remembered() {
    let mut venue = Venue::open(Limits { recent_trades: 2, ..LIMITS });
    let buys: Vec<Ask> = (2..=4).map(|user_ref| buy(user_ref, 100, 1)).collect();
    venue.check(&[sell(1, 100, 10)], &[rests(1)]);
    for ask in buys {
        venue.play(ask);
    }
    venue.check(&[bust(1), bust(2), bust(3)], &[broken(3, 1), broken(4, 1)]);
    assert_eq!(refused(&venue), 1);
}

#[test]
fn the_orders_do_not_come_back() {
    check(
        &[sell(1, 100, 4), buy(2, 100, 4), bust(1), buy(3, 100, 4), cancel(1)],
        &[rests(1), accepted(2), executed(1, 2, 4, 100), broken(2, 1), rests(3)],
    );
}
