//! Hidden orders: they trade like others of a better price, behind displayed
//! ones of the same price, and the market learns of their trades only.

use crate::table::*;
use ringmatch_engine::Price;
use ringmatch_engine::command::Side;

#[test]
fn it_waits_behind_displayed_orders_of_its_price() {
    check(
        &[buy(1, 100, 5).hidden(), buy(2, 100, 5), buy(3, 100, 5).hidden(), sell(4, 100, 15)],
        &[
            rests(1).unseen(),
            rests(2),
            rests(3).unseen(),
            accepted(4),
            executed(2, 4, 5, 100),
            executed(1, 4, 5, 100),
            executed(3, 4, 5, 100),
        ],
    );
}

#[test]
fn its_better_price_still_comes_first() {
    check(
        &[buy(1, 100, 5), buy(2, 101, 5).hidden(), sell(3, 100, 8)],
        &[rests(1), rests(2).unseen(), accepted(3), executed(2, 3, 5, 101), executed(1, 3, 3, 100)],
    );
}

#[test]
fn nobody_sees_it_come_shrink_or_go() {
    check(
        &[buy(1, 100, 9).hidden(), reduce(1, 6), cancel(1)],
        &[rests(1).unseen(), reduced(1, 3, 6).unseen(), canceled(1, 6).unseen()],
    );
}

#[test]
fn its_remainder_rests_without_a_word() {
    check(
        &[sell(1, 100, 4), buy(2, 100, 10).hidden(), sell(3, 100, 9)],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 4, 100),
            accepted(3),
            executed(2, 3, 6, 100),
            added(3, 3),
        ],
    );
}

#[test]
fn the_market_sees_a_replacement_that_hides_or_shows() {
    check(
        &[
            buy(1, 100, 5),
            replace(1, 2, 100, 5).hidden(),
            replace(2, 3, 100, 5).hidden(),
            replace(3, 4, 100, 5),
            replace(4, 5, 101, 5),
        ],
        &[
            rests(1),
            replaced(1, 2, 5),
            replaced(2, 3, 5).unseen(),
            replaced(3, 4, 5),
            replaced(4, 5, 5),
        ],
    );
}

#[test]
fn a_hidden_order_that_leaves_to_trade_is_seen_by_its_trade_only() {
    check(
        &[sell(1, 101, 5), buy(2, 100, 8).hidden(), replace(2, 3, 101, 8)],
        &[
            rests(1),
            rests(2).unseen(),
            replaced_and(2, 3, 8).unseen(),
            executed(1, 3, 5, 101),
            added(3, 3),
        ],
    );
}

#[test]
fn the_book_tells_the_two_kinds_apart() {
    let venue = check(
        &[buy(1, 100, 5).hidden(), buy(2, 100, 7), buy(3, 99, 2).hidden()],
        &[rests(1).unseen(), rests(2), rests(3).unseen()],
    );
    let book = venue.book();
    let levels: Vec<_> = book
        .levels(Side::Buy)
        .map(|level| (level.price(), level.displayed_quantity(), level.hidden_quantity()))
        .collect();
    assert_eq!(levels, [(Price(100), 7, 5), (Price(99), 0, 2)]);
}
