//! Canceling and reducing. The quantity is the most that may be executed in
//! total, what has been executed included; zero cancels what is open.

use crate::table::*;

#[test]
fn a_canceled_order_is_gone() {
    check(
        &[buy(1, 100, 10), cancel(1), sell(2, 100, 5), cancel(1)],
        &[rests(1), canceled(1, 10), rests(2)],
    );
}

#[test]
fn a_reduced_order_keeps_its_place() {
    check(
        &[buy(1, 100, 10), buy(2, 100, 10), reduce(1, 3), sell(3, 100, 5)],
        &[
            rests(1),
            rests(2),
            reduced(1, 7, 3),
            accepted(3),
            executed(1, 3, 3, 100),
            executed(2, 3, 2, 100),
        ],
    );
}

#[test]
fn what_was_executed_counts() {
    let row = |asked, answer: &[Fact]| {
        let facts = [&[rests(1), accepted(2), executed(1, 2, 4, 100)], answer].concat();
        check(&[buy(1, 100, 10), sell(2, 100, 4), reduce(1, asked)], &facts);
    };
    row(11, &[]);
    row(10, &[]);
    row(9, &[reduced(1, 1, 5)]);
    row(5, &[reduced(1, 5, 1)]);
    row(4, &[canceled(1, 6)]);
    row(1, &[canceled(1, 6)]);
    row(0, &[canceled(1, 6)]);
}

#[test]
fn what_an_order_traded_on_arrival_counts_too() {
    check(
        &[sell(1, 100, 4), buy(2, 100, 10), reduce(2, 5), sell(3, 100, 9)],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 4, 100),
            added(2, 6),
            reduced(2, 5, 1),
            accepted(3),
            executed(2, 3, 1, 100),
            added(3, 8),
        ],
    );
}

#[test]
fn reductions_add_up() {
    check(
        &[buy(1, 100, 10), reduce(1, 8), reduce(1, 9), reduce(1, 2), sell(2, 100, 9)],
        &[
            rests(1),
            reduced(1, 2, 8),
            reduced(1, 6, 2),
            accepted(2),
            executed(1, 2, 2, 100),
            added(2, 7),
        ],
    );
}

#[test]
fn the_superfluous_and_the_unknown_are_silent_and_counted() {
    let venue = check(
        &[
            cancel(1),
            buy(1, 100, 10),
            reduce(1, 10),
            reduce(1, 4_000_000_000),
            cancel(1).by(2),
            cancel(0),
            cancel(7),
            reduce(7, 5),
        ],
        &[rests(1)],
    );
    let counters = venue.lockstep.exchange.counters();
    assert_eq!((counters.superfluous_cancels, counters.unknown_orders), (2, 5));
}

#[test]
fn each_place_in_a_queue_can_be_canceled() {
    for (gone, left) in [(1, [2, 3]), (2, [1, 3]), (3, [1, 2])] {
        check(
            &[sell(1, 100, 5), sell(2, 100, 5), sell(3, 100, 5), cancel(gone), buy(4, 100, 10)],
            &[
                rests(1),
                rests(2),
                rests(3),
                canceled(gone, 5),
                accepted(4),
                executed(left[0], 4, 5, 100),
                executed(left[1], 4, 5, 100),
            ],
        );
    }
}
