//! Icebergs show a part of what they have; the next part stands last in line.

use crate::table::*;
use ringmatch_engine::CancelReason::User;
use ringmatch_engine::RejectReason::InvalidMaxFloor;
use ringmatch_engine::command::Side;

#[test]
fn the_next_part_goes_to_the_end_of_the_queue() {
    check(
        &[buy(1, 100, 10).iceberg(4), buy(2, 100, 4), sell(3, 100, 10)],
        &[
            rests(1),
            rests(2),
            accepted(3),
            executed(1, 3, 4, 100),
            refreshed(1, 4),
            executed(2, 3, 4, 100),
            executed(1, 3, 2, 100),
        ],
    );
}

#[test]
fn all_of_it_can_trade_part_by_part_in_one_order() {
    check(
        &[sell(1, 100, 9).iceberg(4), buy(2, 100, 9)],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 4, 100),
            refreshed(1, 4),
            executed(1, 2, 4, 100),
            refreshed(1, 1),
            executed(1, 2, 1, 100),
        ],
    );
}

#[test]
fn what_is_left_of_an_incoming_iceberg_shows_its_part_only() {
    check(
        &[sell(1, 100, 5), buy(2, 100, 20).iceberg(6), sell(3, 100, 7).fok()],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 5, 100),
            added(2, 6),
            accepted(3),
            executed(2, 3, 6, 100),
            refreshed(2, 6),
            executed(2, 3, 1, 100),
        ],
    );
}

#[test]
fn a_reduction_takes_from_the_reserve_first() {
    check(
        &[buy(1, 100, 10).iceberg(4), reduce(1, 6), reduce(1, 3), cancel(1)],
        &[
            rests(1),
            // The market saw four before and sees four now.
            reduced(1, 4, 6).unseen(),
            reduced(1, 3, 3),
            canceled(1, 3),
        ],
    );
}

#[test]
fn it_goes_with_what_is_displayed_and_rests_only() {
    for order in [
        buy(1, 100, 20).hidden(),
        buy(1, 100, 20).ioc(),
        buy(1, 100, 20).fok(),
        buy(1, 0, 20).market(),
        buy(1, 0, 20).market_to_limit(),
        buy(1, 100, 20).on(2).with(|options| options.group = 1),
    ] {
        check(&[order.iceberg(7)], &[rejected(1, InvalidMaxFloor)]);
    }
}

#[test]
fn one_that_grows_shows_a_whole_part_last_in_line() {
    check(
        &[
            buy(1, 100, 6).iceberg(4),
            sell(2, 100, 5),
            buy(3, 100, 1),
            modify(Side::Buy, 1, 12),
            sell(4, 100, 2),
        ],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 4, 100),
            refreshed(1, 2),
            executed(1, 2, 1, 100),
            rests(3),
            modified(1, 7).unseen(),
            last_in_line(1, 4),
            accepted(4),
            executed(3, 4, 1, 100),
            executed(1, 4, 1, 100),
        ],
    );
}

#[test]
fn a_cancel_takes_reserve_and_all() {
    check(&[buy(1, 100, 10).iceberg(4), cancel(1)], &[rests(1), gone(1, 10, User)]);
}
