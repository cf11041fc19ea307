//! Exactly once, and who is told what: input numbers, the clients' own
//! numbers for their orders, account queries, messages that cannot be decoded.

use crate::table::*;
use ringmatch_engine::RejectReason::{InvalidSide, Undecodable};
use ringmatch_engine::command::{AddInstrument, Command};
use ringmatch_engine::event::EventBody;

#[test]
fn a_message_is_applied_once() {
    let venue = check(
        &[
            buy(1, 100, 5).numbered(1),
            buy(1, 100, 5).numbered(1),
            // The same number again is a duplicate whatever it says.
            buy(2, 100, 5).numbered(1),
            buy(3, 100, 5).numbered(0),
            buy(4, 100, 5).numbered(2),
        ],
        &[rests(1), rests(4)],
    );
    assert_eq!(venue.lockstep.exchange.counters().duplicate_inputs, 3);
}

#[test]
fn a_number_that_was_passed_over_is_not_taken_later() {
    check(
        &[buy(1, 100, 5).numbered(10), buy(2, 100, 5).numbered(9), buy(3, 100, 5).numbered(11)],
        &[rests(1), rests(3)],
    );
}

#[test]
fn each_session_has_numbers_of_its_own() {
    check(
        &[
            buy(1, 100, 5).numbered(1),
            buy(1, 100, 5).by(2).numbered(1),
            cancel(1).by(2),
            query().by(3),
            query(),
        ],
        &[rests(1), rests(1), canceled(1, 5), next(1), next(2)],
    );
}

#[test]
fn a_session_that_does_not_exist_is_counted_and_not_answered() {
    let venue = check(&[buy(1, 100, 5).by(4).numbered(1), query().by(u16::MAX).numbered(1)], &[]);
    assert_eq!(venue.lockstep.exchange.counters().duplicate_inputs, 2);
}

#[test]
fn a_used_number_of_an_order_is_silent_also_after_the_order_is_gone() {
    let venue = check(
        &[
            buy(5, 100, 5),
            buy(5, 101, 5),
            buy(4, 100, 5),
            cancel(5),
            buy(5, 100, 5),
            buy(0, 100, 5),
        ],
        &[rests(5), canceled(5, 5)],
    );
    assert_eq!(venue.lockstep.exchange.counters().stale_user_refs, 4);
}

#[test]
fn the_last_number_of_all_can_be_used_and_then_none() {
    check(
        &[buy(u32::MAX, 100, 5), query(), buy(u32::MAX, 100, 5), cancel(u32::MAX)],
        &[rests(u32::MAX), next(1 << 32), canceled(u32::MAX, 5)],
    );
}

#[test]
fn a_message_that_cannot_be_decoded_is_answered_and_uses_its_number() {
    check(
        &[
            malformed(0, Undecodable),
            malformed(0, Undecodable),
            malformed(3, InvalidSide),
            malformed(3, InvalidSide),
            buy(3, 100, 5),
            query(),
        ],
        &[rejected(0, Undecodable), rejected(0, Undecodable), rejected(3, InvalidSide), next(4)],
    );
}

#[test]
fn nothing_uses_an_input_number_and_says_nothing() {
    let venue = check(&[ask(Command::Nothing), query().numbered(1), query()], &[next(1)]);
    assert_eq!(venue.lockstep.exchange.sessions()[0].next_input, 3);
}

#[test]
fn a_client_is_not_the_operator_nor_the_operator_a_client() {
    let venue = check(
        &[
            ask(Command::AddInstrument(AddInstrument::default())),
            halt().by(1),
            buy(1, 100, 5).by(0),
            cancel(1).by(0),
            query().by(0),
        ],
        &[],
    );
    assert_eq!(venue.lockstep.exchange.counters().refused_operations, 5);
}

#[test]
fn both_sides_of_a_trade_are_told_each_with_a_number_of_its_own() {
    let mut venue = Venue::open(LIMITS);
    venue.play(buy(1, 100, 5).by(2));
    let events = venue.play(sell(1, 100, 5).by(3));
    let EventBody::Executed(executed) = events[1].body else {
        panic!("{events:?} ends with an execution");
    };
    // The first response of a session says that it was admitted.
    let told = |party: ringmatch_engine::event::Party| (party.to.session().0, party.to.number().0);
    assert_eq!((told(executed.maker), told(executed.taker)), ((2, 3), (3, 3)));
    let next: Vec<u64> =
        venue.lockstep.exchange.sessions().iter().map(|session| session.next_response.0).collect();
    assert_eq!(next, [2, 4, 4]);
}
