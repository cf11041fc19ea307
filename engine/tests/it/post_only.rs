//! Post-only: an order that adds to the book and never takes from it.

use crate::table::*;
use ringmatch_engine::Price;
use ringmatch_engine::RejectReason::{InvalidPostOnly, PostOnlyWouldTrade};
use ringmatch_engine::command::{Phase, SetRules, Side};

fn slides() -> Ask {
    rules(SetRules { post_only_slides: true, ..SetRules::default() })
}

#[test]
fn it_rests_when_nothing_is_in_its_way_and_is_rejected_when_something_is() {
    check(
        &[
            sell(1, 101, 5),
            buy(2, 100, 5).post_only(),
            buy(3, 101, 5).post_only(),
            buy(4, 105, 5).post_only(),
        ],
        &[rests(1), rests(2), rejected(3, PostOnlyWouldTrade), rejected(4, PostOnlyWouldTrade)],
    );
}

#[test]
fn a_hidden_order_is_in_its_way_too() {
    check(
        &[sell(1, 101, 5).hidden(), buy(2, 101, 5).post_only()],
        &[rests(1).unseen(), rejected(2, PostOnlyWouldTrade)],
    );
}

#[test]
fn where_the_rules_say_so_it_slides_behind_the_best_price() {
    let venue = check(
        &[slides(), sell(1, 101, 5), buy(2, 105, 5).post_only(), sell(3, 90, 5).post_only()],
        &[rests(1), rests(2), rests(3)],
    );
    assert_eq!(venue.book().best(Side::Buy), Some(Price(100)));
    assert_eq!(venue.book().depth_at(Side::Sell, Price(101)), 10);
}

#[test]
fn it_cannot_slide_below_the_lowest_price() {
    check(
        &[slides(), sell(1, 1, 5), buy(2, 5, 5).post_only()],
        &[rests(1), rejected(2, PostOnlyWouldTrade)],
    );
}

#[test]
fn while_orders_gather_it_stands_where_it_was_sent() {
    check(
        &[enters(Phase::OpeningAuction), sell(1, 100, 5), buy(2, 102, 5).post_only()],
        &[action(1, Phase::OpeningAuction), rests(1), rests(2)],
    );
}

#[test]
fn it_goes_with_limit_orders_that_may_rest_only() {
    for order in [
        buy(1, 100, 5).ioc(),
        buy(1, 100, 5).fok(),
        buy(1, 100, 5).market(),
        buy(1, 100, 5).market_to_limit(),
        buy(1, 100, 5).minimum(2),
    ] {
        check(&[order.post_only()], &[rejected(1, InvalidPostOnly)]);
    }
}

#[test]
fn a_replacement_inherits_it() {
    check(
        &[sell(1, 102, 5), buy(2, 100, 5).post_only(), replace(2, 3, 102, 5), cancel(2)],
        &[rests(1), rests(2), rejected(3, PostOnlyWouldTrade), canceled(2, 5)],
    );
}
