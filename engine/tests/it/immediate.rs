//! Orders that never rest: immediate-or-cancel, fill-or-kill and market; and
//! market-to-limit, which rests where it traded.

use crate::table::*;
use ringmatch_engine::Price;
use ringmatch_engine::command::Side;

#[test]
fn immediate_or_cancel_trades_what_it_can() {
    check(
        &[sell(1, 100, 5), buy(2, 100, 8).ioc(), sell(3, 100, 1)],
        &[rests(1), accepted(2), executed(1, 2, 5, 100), expired(2, 3), rests(3)],
    );
    check(&[buy(1, 100, 8).ioc()], &[accepted(1), expired(1, 8)]);
    check(&[sell(1, 101, 5), buy(2, 100, 8).ioc()], &[rests(1), accepted(2), expired(2, 8)]);
    check(
        &[sell(1, 100, 8), buy(2, 100, 8).ioc()],
        &[rests(1), accepted(2), executed(1, 2, 8, 100)],
    );
}

#[test]
fn fill_or_kill_trades_all_or_nothing() {
    let makers = [sell(1, 100, 5), sell(2, 101, 5), sell(3, 102, 5)];
    let row = |taker, answer: &[Fact]| {
        let facts = [&[rests(1), rests(2), rests(3)], answer].concat();
        check(&[&makers[..], &[taker]].concat(), &facts);
    };
    row(buy(4, 101, 10).fok(), &[accepted(4), executed(1, 4, 5, 100), executed(2, 4, 5, 101)]);
    row(buy(4, 101, 11).fok(), &[accepted(4), expired(4, 11)]);
    row(buy(4, 99, 1).fok(), &[accepted(4), expired(4, 1)]);
    row(buy(4, 200, 16).fok(), &[accepted(4), expired(4, 16)]);
    row(
        buy(4, 0, 11).market().fok(),
        &[accepted(4), executed(1, 4, 5, 100), executed(2, 4, 5, 101), executed(3, 4, 1, 102)],
    );
    row(buy(4, 0, 16).market().fok(), &[accepted(4), expired(4, 16)]);
}

#[test]
fn fill_or_kill_counts_hidden_orders_and_does_not_say_so() {
    check(
        &[buy(1, 100, 3), buy(2, 100, 3).hidden(), sell(3, 100, 7).fok(), sell(4, 100, 6).fok()],
        &[
            rests(1),
            rests(2).unseen(),
            accepted(3),
            expired(3, 7),
            accepted(4),
            executed(1, 4, 3, 100),
            executed(2, 4, 3, 100),
        ],
    );
}

#[test]
fn a_market_order_trades_at_any_price_and_never_rests() {
    for price in [i64::MIN, -1, 0, 1, i64::MAX] {
        check(
            &[buy(1, 1, 5), buy(2, 100, 5), sell(3, price, 12).market(), sell(4, 2, 1)],
            &[
                rests(1),
                rests(2),
                accepted(3),
                executed(2, 3, 5, 100),
                executed(1, 3, 5, 1),
                expired(3, 2),
                rests(4),
            ],
        );
    }
    check(
        &[sell(1, 1_999_999_900, 5), buy(2, 0, 5).market()],
        &[rests(1), accepted(2), executed(1, 2, 5, 1_999_999_900)],
    );
    check(&[sell(1, 0, 5).market()], &[accepted(1), expired(1, 5)]);
}

#[test]
fn a_market_to_limit_order_rests_at_the_price_that_it_found() {
    let venue = check(
        &[sell(1, 100, 5), sell(2, 101, 5), buy(3, 0, 8).market_to_limit()],
        &[rests(1), rests(2), accepted(3), executed(1, 3, 5, 100), added(3, 3)],
    );
    assert_eq!(venue.book().best(Side::Buy), Some(Price(100)));
    check(&[buy(1, 0, 8).market_to_limit()], &[accepted(1), expired(1, 8)]);
    check(
        &[sell(1, 100, 5), buy(2, 0, 8).market_to_limit().ioc()],
        &[rests(1), accepted(2), executed(1, 2, 5, 100), expired(2, 3)],
    );
}
