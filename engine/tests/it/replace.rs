//! Every outcome of OUCH 5.0's Replace Order Request.
//!
//! | the original | the new number | the details | answer | new number |
//! |---|---|---|---|---|
//! | not live | any | any | none | not used |
//! | live | used before | any | none | not used |
//! | live, cannot be changed now | new | any | rejected, original stays | used |
//! | live | new | invalid | canceled: the original goes | not used |
//! | live | new | total already executed | canceled: the original goes | not used |
//! | live | new | valid | replaced, with what is left open | used |

use crate::table::*;
use ringmatch_engine::RejectReason::{BookFull, Halted};
use ringmatch_engine::command::Phase;

#[test]
fn a_dead_original_is_silent_and_uses_no_number() {
    check(&[replace(1, 2, 100, 5), query()], &[next(1)]);
    check(
        &[buy(1, 100, 5), cancel(1), replace(1, 2, 100, 5), query()],
        &[rests(1), canceled(1, 5), next(2)],
    );
    check(
        &[buy(1, 100, 5), sell(2, 100, 5), replace(1, 3, 100, 9), query()],
        &[rests(1), accepted(2), executed(1, 2, 5, 100), next(3)],
    );
}

#[test]
fn the_order_of_another_session_is_not_there() {
    check(&[buy(1, 100, 5), replace(1, 2, 100, 9).by(2), query().by(2)], &[rests(1), next(1)]);
}

#[test]
fn a_used_number_is_silent_and_the_original_stays() {
    check(
        &[buy(5, 100, 5), replace(5, 5, 101, 9), replace(5, 4, 101, 9), query(), cancel(5)],
        &[rests(5), next(6), canceled(5, 5)],
    );
}

#[test]
fn a_replacement_loses_priority_even_if_nothing_else_changes() {
    check(
        &[buy(1, 100, 5), buy(2, 100, 5), replace(1, 3, 100, 5), sell(4, 100, 7)],
        &[
            rests(1),
            rests(2),
            replaced(1, 3, 5),
            accepted(4),
            executed(2, 4, 5, 100),
            executed(3, 4, 2, 100),
        ],
    );
}

#[test]
fn the_quantity_is_that_of_the_whole_chain() {
    check(
        &[
            sell(1, 100, 10),
            buy(2, 100, 4),
            replace(1, 3, 101, 12),
            buy(4, 101, 3),
            replace(3, 5, 102, 9),
            buy(6, 102, 9),
        ],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 4, 100),
            replaced(1, 3, 8),
            accepted(4),
            executed(3, 4, 3, 101),
            replaced(3, 5, 2),
            accepted(6),
            executed(5, 6, 2, 102),
            added(6, 7),
        ],
    );
}

#[test]
fn what_an_incoming_replacement_trades_counts_for_the_chain() {
    check(
        &[
            sell(1, 101, 4),
            buy(2, 100, 10),
            replace(2, 3, 101, 10),
            replace(3, 4, 101, 10),
            reduce(4, 7),
        ],
        &[
            rests(1),
            rests(2),
            replaced_and(2, 3, 10),
            executed(1, 3, 4, 101),
            added(3, 6),
            replaced(3, 4, 6),
            reduced(4, 3, 3),
        ],
    );
}

#[test]
fn wanting_no_more_than_was_executed_takes_the_original_out() {
    for total in [1, 4] {
        check(
            &[sell(1, 100, 10), buy(2, 100, 4), replace(1, 3, 100, total), query()],
            &[rests(1), accepted(2), executed(1, 2, 4, 100), canceled(1, 6), next(3)],
        );
    }
}

#[test]
fn invalid_details_take_the_original_out_and_use_no_number() {
    let above_all = 2_000_000_000;
    for (price, quantity) in [(100, 0), (100, 1_001), (0, 5), (-1, 5), (above_all, 5)] {
        check(
            &[buy(1, 100, 5), replace(1, 2, price, quantity), query()],
            &[rests(1), canceled_invalid(1, 5), next(2)],
        );
    }
    for (price, quantity) in [(101, 10), (100, 11)] {
        check(
            &[buy(1, 100, 20).on(2), replace(1, 2, price, quantity), query()],
            &[rests(1), canceled_invalid(1, 20), next(2)],
        );
    }
}

#[test]
fn in_a_halt_the_original_stays_and_the_number_is_used() {
    check(
        &[
            buy(1, 100, 5),
            halt(),
            replace(1, 2, 101, 5),
            replace(1, 3, 0, 0),
            query(),
            resume(),
            sell(4, 100, 5),
        ],
        &[
            rests(1),
            action(1, Phase::Halted),
            rejected(2, Halted),
            rejected(3, Halted),
            next(4),
            action(1, Phase::Continuous),
            accepted(4),
            executed(1, 4, 5, 100),
        ],
    );
}

#[test]
fn without_room_for_its_level_the_original_stays_and_the_number_is_used() {
    let fill: Vec<Ask> = (1..=8).map(|n| buy(n, 100 + i64::from(n), 5)).collect();
    let mut venue = Venue::open(LIMITS);
    venue.check(&fill, &(1..=8).map(rests).collect::<Vec<_>>());
    venue.check(
        &[replace(1, 9, 50, 5), query(), replace(1, 10, 102, 5), cancel(10)],
        &[rejected(9, BookFull), next(10), replaced(1, 10, 5), canceled(10, 5)],
    );
}

#[test]
fn a_replacement_may_trade_rest_or_expire_like_any_order() {
    check(
        &[sell(1, 105, 3), buy(2, 100, 5), replace(2, 3, 105, 5).ioc()],
        &[rests(1), rests(2), replaced_and(2, 3, 5), executed(1, 3, 3, 105), expired(3, 2)],
    );
    check(
        &[sell(1, 105, 3), buy(2, 100, 5), replace(2, 3, 105, 5).fok()],
        &[rests(1), rests(2), replaced_and(2, 3, 5), expired(3, 5)],
    );
    check(
        &[sell(1, 105, 5), buy(2, 100, 5), replace(2, 3, 0, 5).market()],
        &[rests(1), rests(2), replaced_and(2, 3, 5), executed(1, 3, 5, 105)],
    );
}
