//! Minimum quantities: so much trades at once, or nothing does.

use crate::table::*;
use ringmatch_engine::CancelReason::MinimumQuantity;
use ringmatch_engine::RejectReason::InvalidMinimumQuantity;
use ringmatch_engine::command::TimeInForce::AtClose;

#[test]
fn with_enough_it_trades_and_the_rest_rests() {
    check(
        &[sell(1, 100, 5), buy(2, 100, 8).minimum(5)],
        &[rests(1), accepted(2), executed(1, 2, 5, 100), added(2, 3)],
    );
}

#[test]
fn with_too_little_it_goes_even_if_it_might_rest() {
    let short = gone(2, 8, MinimumQuantity).unseen();
    check(&[sell(1, 100, 4), buy(2, 100, 8).minimum(5)], &[rests(1), accepted(2), short]);
    check(&[sell(1, 100, 4), buy(2, 100, 8).ioc().minimum(5)], &[rests(1), accepted(2), short]);
    check(&[buy(2, 100, 8).minimum(1)], &[accepted(2), short]);
}

#[test]
fn hidden_orders_and_reserves_count() {
    check(
        &[sell(1, 100, 3).hidden(), sell(2, 100, 6).iceberg(2), buy(3, 100, 9).minimum(9)],
        &[
            rests(1).unseen(),
            rests(2),
            accepted(3),
            executed(2, 3, 2, 100),
            refreshed(2, 2),
            executed(2, 3, 2, 100),
            refreshed(2, 2),
            executed(2, 3, 2, 100),
            executed(1, 3, 3, 100),
        ],
    );
}

#[test]
fn it_is_of_the_arrival_and_not_inherited() {
    check(
        &[sell(1, 100, 5), buy(2, 100, 8).minimum(5), replace(2, 3, 99, 8), sell(4, 99, 1)],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 5, 100),
            added(2, 3),
            replaced(2, 3, 3),
            accepted(4),
            executed(3, 4, 1, 99),
        ],
    );
}

#[test]
fn unsound_minimums() {
    for order in [buy(1, 100, 8).minimum(9), buy(1, 100, 8).living(AtClose).minimum(1)] {
        check(&[order], &[rejected(1, InvalidMinimumQuantity)]);
    }
}
