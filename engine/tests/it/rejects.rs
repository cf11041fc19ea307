//! Each reason for which the exchange itself rejects an order, and which of
//! them is named when several hold.

use crate::table::*;
use ringmatch_engine::RejectReason::{
    BookFull, Halted, InvalidPrice, InvalidQuantity, UnknownSymbol,
};
use ringmatch_engine::command::Phase;

#[test]
fn an_unknown_instrument() {
    for instrument in [0, 3, u16::MAX] {
        check(&[buy(1, 100, 5).on(instrument)], &[rejected(1, UnknownSymbol)]);
    }
}

#[test]
fn a_quantity_that_is_none() {
    for quantity in [0, 1_001, u32::MAX] {
        check(&[buy(1, 100, quantity)], &[rejected(1, InvalidQuantity)]);
    }
    for quantity in [1, 9, 11, 1_001] {
        check(&[buy(1, 100, quantity).on(2)], &[rejected(1, InvalidQuantity)]);
    }
    check(&[buy(1, 100, 1_000), buy(2, 100, 1_000).on(2)], &[rests(1), rests(2)]);
}

#[test]
fn a_price_that_is_none() {
    for price in [0, -1, 1_999_999_901, i64::MIN, i64::MAX] {
        check(&[buy(1, price, 5)], &[rejected(1, InvalidPrice)]);
        check(&[sell(1, price, 5).ioc()], &[rejected(1, InvalidPrice)]);
    }
    for price in [99, 101, -5] {
        check(&[buy(1, price, 10).on(2)], &[rejected(1, InvalidPrice)]);
    }
    check(&[buy(1, 1, 5), sell(2, 1_999_999_900, 5)], &[rests(1), rests(2)]);
}

#[test]
fn a_rejected_number_is_used() {
    check(
        &[buy(1, 0, 5), buy(1, 100, 5), query(), buy(2, 100, 5)],
        &[rejected(1, InvalidPrice), next(2), rests(2)],
    );
}

#[test]
fn reasons_have_an_order() {
    // Each row cures the first of the reasons before it.
    let mut venue = Venue::open(LIMITS);
    let levels: Vec<Ask> = (1..=8).map(|n| buy(n, 100 + i64::from(n), 5)).collect();
    venue.check(&levels, &(1..=8).map(rests).collect::<Vec<_>>());
    venue.check(
        &[
            halt(),
            buy(11, 0, 0).on(9),
            buy(12, 0, 0),
            buy(13, 0, 5),
            buy(14, 50, 5),
            resume(),
            buy(15, 50, 5),
            buy(16, 101, 5),
        ],
        &[
            action(1, Phase::Halted),
            rejected(11, UnknownSymbol),
            rejected(12, InvalidQuantity),
            rejected(13, InvalidPrice),
            rejected(14, Halted),
            action(1, Phase::Continuous),
            rejected(15, BookFull),
            rests(16),
        ],
    );
}
