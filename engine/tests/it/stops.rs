//! Stop orders wait beside the book until the last price reaches theirs.

use crate::table::*;
use ringmatch_engine::RejectReason::{BookFull, InvalidStop};
use ringmatch_engine::command::{Phase, Side};
use ringmatch_engine::{CancelReason, Limits};

/// A trade of one at a price, by the numbers after `first`.
fn trade(first: u32, price: i64) -> [Ask; 2] {
    [sell(first, price, 1).by(3), buy(first + 1, price, 1).by(3)]
}

fn traded(first: u32, price: i64) -> [Fact; 3] {
    [rests(first), accepted(first + 1), executed(first, first + 1, 1, price)]
}

#[test]
fn it_waits_until_the_last_price_reaches_it() {
    check(
        &[&[buy(1, 105, 5).stop(102)][..], &trade(2, 101), &[sell(4, 105, 5)], &trade(5, 102)]
            .concat(),
        &[
            &[accepted(1)][..],
            &traded(2, 101),
            &[rests(4)],
            &traded(5, 102),
            &[triggered(1, 105), executed(4, 1, 5, 105)],
        ]
        .concat(),
    );
}

#[test]
fn one_whose_price_is_reached_already_acts_at_once() {
    check(
        &[&trade(1, 100)[..], &[sell(3, 100, 5).stop(100)]].concat(),
        &[&traded(1, 100)[..], &[accepted(3), triggered(3, 100), added(3, 5)]].concat(),
    );
}

#[test]
fn a_market_stop_trades_at_any_price_and_does_not_rest() {
    check(
        &[&[buy(1, 90, 3), sell(2, 0, 5).market().stop(99)][..], &trade(3, 99)].concat(),
        &[
            &[rests(1), accepted(2)][..],
            &traded(3, 99),
            &[triggered(2, 0), executed(1, 2, 3, 90), expired(2, 2)],
        ]
        .concat(),
    );
}

#[test]
fn one_triggers_the_next_and_buys_come_first() {
    check(
        &[
            &[
                buy(1, 103, 1).stop(102),
                buy(2, 110, 1).stop(103),
                sell(3, 95, 1).stop(103),
                sell(4, 103, 1).by(2),
                sell(5, 104, 2).by(2),
            ][..],
            &trade(6, 102),
        ]
        .concat(),
        &[
            &[accepted(1), accepted(2), accepted(3), rests(4), rests(5)][..],
            &traded(6, 102),
            &[triggered(1, 103), executed(4, 1, 1, 103), triggered(2, 110), executed(5, 2, 1, 104)],
        ]
        .concat(),
    );
}

#[test]
fn a_trailing_stop_follows_and_never_goes_back() {
    check(
        &[
            &trade(1, 100)[..],
            &[sell(3, 90, 5).trailing(3)],
            &trade(4, 104),
            &trade(6, 102),
            &trade(8, 101),
        ]
        .concat(),
        &[
            &traded(1, 100)[..],
            &[accepted(3)],
            &traded(4, 104),
            &traded(6, 102),
            &traded(8, 101),
            &[triggered(3, 90), added(3, 5)],
        ]
        .concat(),
    );
}

#[test]
fn unsound_stops() {
    for order in [
        buy(1, 100, 5).stop(0),
        buy(1, 100, 5).stop(-5),
        buy(1, 100, 5).market_to_limit().stop(102),
        buy(1, 100, 5).stop(102).iceberg(2),
        buy(1, 100, 5).stop(102).post_only(),
        buy(1, 100, 5).stop(102).minimum(2),
        buy(1, 100, 10).on(2).stop(102),
        // Nothing has traded, so there is nothing to trail.
        buy(1, 100, 5).trailing(2),
    ] {
        check(&[order], &[rejected(1, InvalidStop)]);
    }
    check(
        &[&trade(1, 3)[..], &[sell(3, 1, 5).trailing(3)]].concat(),
        &[&traded(1, 3)[..], &[rejected(3, InvalidStop)]].concat(),
    );
}

#[test]
fn stops_have_levels_of_their_own_and_must_find_one_in_the_book_when_they_rest() {
    let mut venue = Venue::open(Limits { levels_per_side: 1, ..LIMITS });
    venue.check(
        &[buy(1, 90, 5), buy(2, 95, 5).stop(99), buy(3, 95, 5).stop(98), buy(4, 90, 5).stop(99)],
        &[rests(1), accepted(2), rejected(3, BookFull), accepted(4)],
    );
    venue.check(
        &[sell(5, 90, 1), modify(Side::Buy, 1, 9), enters(Phase::Halted)],
        &[
            accepted(5),
            executed(1, 5, 1, 90),
            modified(1, 8).unseen(),
            last_in_line(1, 8),
            action(1, Phase::Halted),
        ],
    );
    venue.check(
        &[resume(), cancel(4), sell(6, 99, 1).by(2), buy(7, 99, 1).by(2).ioc()],
        &[
            action(1, Phase::Continuous),
            canceled(4, 5).unseen(),
            rests(6),
            accepted(7),
            executed(6, 7, 1, 99),
            triggered(2, 95),
            gone(2, 5, CancelReason::BookFull).unseen(),
        ],
    );
}

#[test]
fn it_can_be_reduced_replaced_and_canceled_while_it_waits() {
    check(
        &[
            buy(1, 100, 9).stop(105),
            reduce(1, 6),
            replace(1, 2, 101, 6),
            replace(2, 3, 101, 6).stop(107),
            cancel(3),
        ],
        &[
            accepted(1),
            reduced(1, 3, 6).unseen(),
            replaced_and(1, 2, 6).unseen(),
            replaced_and(2, 3, 6).unseen(),
            canceled(3, 6).unseen(),
        ],
    );
}
