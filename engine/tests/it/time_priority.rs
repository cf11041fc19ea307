//! Who trades first, and at what price: the better price, then the earlier
//! order, always at the price of the one that was there.

use crate::table::*;

#[test]
fn the_earlier_of_two_equal_prices_trades_first() {
    check(
        &[buy(1, 100, 10), buy(2, 100, 5), sell(3, 100, 12)],
        &[rests(1), rests(2), accepted(3), executed(1, 3, 10, 100), executed(2, 3, 2, 100)],
    );
}

#[test]
fn a_better_price_trades_before_an_earlier_order() {
    for (makers, taker, price) in [
        ([buy(1, 99, 5), buy(2, 101, 5), buy(3, 100, 5)], sell(4, 99, 12), [101, 100, 99]),
        ([sell(1, 101, 5), sell(2, 99, 5), sell(3, 100, 5)], buy(4, 101, 12), [99, 100, 101]),
    ] {
        let [first, second, third] = makers;
        check(
            &[first, second, third, taker],
            &[
                rests(1),
                rests(2),
                rests(3),
                accepted(4),
                executed(2, 4, 5, price[0]),
                executed(3, 4, 5, price[1]),
                executed(1, 4, 2, price[2]),
            ],
        );
    }
}

#[test]
fn equal_prices_trade_and_prices_apart_do_not() {
    check(&[buy(1, 100, 5), sell(2, 101, 5)], &[rests(1), rests(2)]);
    check(&[buy(1, 100, 5), sell(2, 100, 5)], &[rests(1), accepted(2), executed(1, 2, 5, 100)]);
}

#[test]
fn what_is_left_of_an_incoming_order_rests_and_is_added() {
    check(
        &[sell(1, 100, 5), buy(2, 102, 8), sell(3, 101, 4)],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 5, 100),
            added(2, 3),
            accepted(3),
            executed(2, 3, 3, 102),
            added(3, 1),
        ],
    );
}

#[test]
fn a_partly_executed_order_stays_first_in_line() {
    check(
        &[sell(1, 100, 10), sell(2, 100, 10), buy(3, 100, 4), buy(4, 100, 8)],
        &[
            rests(1),
            rests(2),
            accepted(3),
            executed(1, 3, 4, 100),
            accepted(4),
            executed(1, 4, 6, 100),
            executed(2, 4, 2, 100),
        ],
    );
}

#[test]
fn instruments_do_not_meet() {
    check(&[buy(1, 100, 10), sell(2, 100, 10).on(2)], &[rests(1), rests(2)]);
}

#[test]
fn sessions_share_one_queue() {
    check(
        &[buy(1, 100, 1).by(2), buy(2, 100, 1).by(1), buy(3, 100, 1).by(3), sell(4, 100, 3).by(1)],
        &[
            rests(1),
            rests(2),
            rests(3),
            accepted(4),
            executed(1, 4, 1, 100),
            executed(2, 4, 1, 100),
            executed(3, 4, 1, 100),
        ],
    );
}
