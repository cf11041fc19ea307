//! The five mistakes that a public challenge of matching engines found most
//! often in them. Each test is the shortest story in which the mistake shows.

use crate::table::*;
use ringmatch_engine::command::Side;
use ringmatch_engine::{Limits, Price};

/// A level whose last order was executed or canceled is still shown as the
/// best price, or an order that rests there later is not found.
#[test]
fn a_level_left_empty_is_not_seen_any_more() {
    for (emptied_by, said) in [
        (sell(3, 101, 5), &[accepted(3), executed(2, 3, 5, 101)][..]),
        (cancel(2), &[canceled(2, 5)]),
        (replace(2, 3, 99, 5), &[replaced(2, 3, 5)]),
    ] {
        let mut venue = Venue::open(LIMITS);
        venue.check(&[buy(1, 100, 5), buy(2, 101, 5)], &[rests(1), rests(2)]);
        venue.check(&[emptied_by], said);
        let book = venue.book();
        assert_eq!(book.best(Side::Buy), Some(Price(100)));
        assert_eq!(book.depth_at(Side::Buy, Price(101)), 0);
        venue.check(
            &[sell(4, 101, 5), buy(5, 101, 5), buy(6, 101, 5)],
            &[rests(4), accepted(5), executed(4, 5, 5, 101), rests(6)],
        );
    }
}

/// The place of a dead order is used again, and the dead order's number now
/// reaches the living one.
#[test]
fn the_number_of_a_dead_order_never_reaches_the_order_in_its_place() {
    let mut venue = Venue::open(Limits { orders: 1, ..LIMITS });
    venue.check(
        &[
            buy(1, 100, 5),
            cancel(1),
            buy(1, 100, 7).by(2),
            cancel(1),
            replace(1, 2, 100, 9),
            buy(1, 100, 5),
            cancel(1).by(2),
            buy(3, 100, 5),
            cancel(1),
            cancel(1).by(2),
            cancel(3),
        ],
        &[rests(1), canceled(1, 5), rests(1), canceled(1, 7), rests(3), canceled(3, 5)],
    );
}

/// A trade is at the price of the order that came, not of the one that stood.
#[test]
fn a_fill_is_at_the_price_of_the_resting_order() {
    check(
        &[sell(1, 100, 5), buy(2, 110, 5), buy(3, 100, 5), sell(4, 90, 5)],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 5, 100),
            rests(3),
            accepted(4),
            executed(3, 4, 5, 100),
        ],
    );
}

/// Taking an order out of the middle of a queue loses those behind it, or
/// taking the last one out loses those that come later.
#[test]
fn no_sibling_is_lost_when_an_order_leaves_the_queue() {
    for gone in 1..=4 {
        let mut venue = Venue::open(LIMITS);
        let all: Vec<Ask> = (1..=4).map(|n| buy(n, 100, n)).collect();
        venue.check(&all, &[rests(1), rests(2), rests(3), rests(4)]);
        venue.check(&[cancel(gone), buy(5, 100, 5)], &[canceled(gone, gone), rests(5)]);
        let left: Vec<u32> = (1..=5).filter(|&n| n != gone).collect();
        let mut said = vec![accepted(6)];
        said.extend(left.iter().map(|&n| executed(n, 6, n, 100)));
        said.push(added(6, 100 - left.iter().sum::<u32>()));
        venue.check(&[sell(6, 100, 100)], &said);
    }
}

/// What is left of an order comes to rest at its limit although the other side
/// still has orders within it: the book is crossed.
#[test]
fn what_is_left_rests_only_when_nothing_within_its_limit_is_left() {
    let venue = check(
        &[
            sell(1, 100, 2),
            sell(2, 101, 2).hidden(),
            sell(3, 102, 2),
            sell(4, 103, 2),
            buy(5, 102, 9),
        ],
        &[
            rests(1),
            rests(2).unseen(),
            rests(3),
            rests(4),
            accepted(5),
            executed(1, 5, 2, 100),
            executed(2, 5, 2, 101),
            executed(3, 5, 2, 102),
            added(5, 3),
        ],
    );
    let book = venue.book();
    assert_eq!(book.best(Side::Buy), Some(Price(102)));
    assert_eq!(book.best(Side::Sell), Some(Price(103)));
}
