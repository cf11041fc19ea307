//! Collars: how far from the reference and from the last trade a trade may be.

use crate::table::*;
use ringmatch_engine::CancelReason;
use ringmatch_engine::Price;
use ringmatch_engine::command::Breach::{Cancel, Halt, VolatilityAuction};
use ringmatch_engine::command::{Phase, SetRules};
use ringmatch_engine::event::PhaseReason;

/// Five percent around 100.
fn fixed(on_breach: ringmatch_engine::command::Breach) -> Ask {
    rules(SetRules {
        reference_price: Price(100),
        static_collar_bp: 500,
        on_breach,
        ..SetRules::default()
    })
}

/// Two sales inside, and one outside.
const SALES: [(u32, i64); 3] = [(1, 104), (2, 105), (3, 106)];

fn with_sales(first: Ask, then: &[Ask]) -> Vec<Ask> {
    let sales = SALES.map(|(user_ref, price)| sell(user_ref, price, 5));
    [&[first][..], &sales, then].concat()
}

#[test]
fn the_bound_is_inside_and_what_is_left_is_canceled() {
    check(
        &with_sales(fixed(Cancel), &[buy(4, 110, 12), buy(5, 0, 3).market()]),
        &[
            rests(1),
            rests(2),
            rests(3),
            accepted(4),
            executed(1, 4, 5, 104),
            executed(2, 4, 5, 105),
            gone(4, 2, CancelReason::Collar).unseen(),
            accepted(5),
            gone(5, 3, CancelReason::Collar).unseen(),
        ],
    );
}

#[test]
fn a_halt() {
    check(
        &with_sales(fixed(Halt), &[buy(4, 110, 12)]),
        &[
            rests(1),
            rests(2),
            rests(3),
            accepted(4),
            executed(1, 4, 5, 104),
            executed(2, 4, 5, 105),
            became(Phase::Halted, PhaseReason::Collar),
            gone(4, 2, CancelReason::Collar).unseen(),
        ],
    );
}

#[test]
fn a_volatility_auction_takes_in_what_may_rest() {
    let begins = [became(Phase::VolatilityAuction, PhaseReason::Collar), collar(95, 105)];
    let sales = [rests(1), rests(2), rests(3)];
    let trades = [accepted(4), executed(1, 4, 5, 104), executed(2, 4, 5, 105)];
    check(
        &with_sales(fixed(VolatilityAuction), &[buy(4, 110, 12)]),
        &[&sales[..], &trades, &begins, &[added(4, 2)]].concat(),
    );
    check(
        &with_sales(fixed(VolatilityAuction), &[buy(4, 110, 12).ioc()]),
        &[&sales[..], &trades, &begins, &[gone(4, 2, CancelReason::Collar).unseen()]].concat(),
    );
}

#[test]
fn what_dies_untraded_breaches_nothing() {
    check(
        &with_sales(fixed(Halt), &[buy(4, 110, 11).fok(), buy(5, 110, 20).minimum(11)]),
        &[
            rests(1),
            rests(2),
            rests(3),
            accepted(4),
            expired(4, 11),
            accepted(5),
            gone(5, 20, CancelReason::MinimumQuantity).unseen(),
        ],
    );
}

/// The last price that counts is the one from before the order came.
#[test]
fn a_dynamic_collar_moves_with_the_last_price() {
    let moving = rules(SetRules {
        reference_price: Price(100),
        dynamic_collar_bp: 400,
        ..SetRules::default()
    });
    check(
        &with_sales(moving, &[buy(4, 110, 7), buy(5, 110, 9)]),
        &[
            rests(1),
            rests(2),
            rests(3),
            accepted(4),
            executed(1, 4, 5, 104),
            gone(4, 2, CancelReason::Collar).unseen(),
            accepted(5),
            executed(2, 5, 5, 105),
            executed(3, 5, 4, 106),
        ],
    );
}

#[test]
fn of_two_collars_the_tighter_bound_holds() {
    let both = rules(SetRules {
        reference_price: Price(100),
        static_collar_bp: 500,
        dynamic_collar_bp: 100,
        on_breach: VolatilityAuction,
        ..SetRules::default()
    });
    check(
        &[both, sell(1, 100, 1), sell(2, 102, 1), buy(3, 101, 1), buy(4, 102, 1)],
        &[
            rests(1),
            rests(2),
            accepted(3),
            executed(1, 3, 1, 100),
            accepted(4),
            became(Phase::VolatilityAuction, PhaseReason::Collar),
            collar(99, 101),
            added(4, 1),
        ],
    );
}

#[test]
fn a_trade_below_the_lower_bound_is_outside_for_a_buyer_too() {
    check(
        &[fixed(Cancel), sell(1, 90, 5), buy(2, 100, 3), buy(3, 100, 3).fok()],
        &[
            rests(1),
            accepted(2),
            gone(2, 3, CancelReason::Collar).unseen(),
            accepted(3),
            expired(3, 3),
        ],
    );
}

#[test]
fn of_two_collars_that_do_not_overlap_nothing_is_inside() {
    let apart = rules(SetRules {
        reference_price: Price(100),
        static_collar_bp: 100,
        dynamic_collar_bp: 100,
        ..SetRules::default()
    });
    check(
        &[sell(1, 110, 1), buy(2, 110, 1), apart, sell(3, 105, 1), buy(4, 105, 1)],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 1, 110),
            rests(3),
            accepted(4),
            gone(4, 1, CancelReason::Collar).unseen(),
        ],
    );
}
