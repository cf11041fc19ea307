//! Changing the size or the marking of an order in its place.

use crate::table::*;
use ringmatch_engine::command::{
    Command, Modify, Phase, SetRules, SetSessionLimits, ShortSale, Side,
};
use ringmatch_engine::{Quantity, UserRef};

fn mark(user_ref: u32, quantity: u32, short_sale: ShortSale) -> Ask {
    ask(Command::Modify(Modify {
        user_ref: UserRef(user_ref),
        side: Side::Sell,
        short_sale,
        quantity: Quantity(quantity),
    }))
}

#[test]
fn one_that_shrinks_keeps_its_place() {
    check(
        &[buy(1, 100, 10), buy(2, 100, 5), modify(Side::Buy, 1, 4), sell(3, 100, 6)],
        &[
            rests(1),
            rests(2),
            modified(1, 4),
            accepted(3),
            executed(1, 3, 4, 100),
            executed(2, 3, 2, 100),
        ],
    );
}

#[test]
fn one_that_grows_goes_to_the_end_of_its_queue() {
    check(
        &[buy(1, 100, 5), buy(2, 100, 5), modify(Side::Buy, 1, 8), sell(3, 100, 7), cancel(1)],
        &[
            rests(1),
            rests(2),
            modified(1, 8).unseen(),
            last_in_line(1, 8),
            accepted(3),
            executed(2, 3, 5, 100),
            executed(1, 3, 2, 100),
            canceled(1, 6),
        ],
    );
}

#[test]
fn what_was_executed_counts_and_nothing_left_takes_it_out() {
    check(
        &[buy(1, 100, 10), sell(2, 100, 4), modify(Side::Buy, 1, 7), modify(Side::Buy, 1, 4)],
        &[rests(1), accepted(2), executed(1, 2, 4, 100), modified(1, 3), canceled(1, 3)],
    );
}

#[test]
fn a_marking_may_become_stricter_only() {
    use ShortSale::{Exempt, No, Short};
    let changes = [(Exempt, true), (No, false), (Short, true), (Exempt, false), (No, false)];
    let mut asks = vec![sell(1, 100, 10)];
    let mut facts = vec![rests(1)];
    for (marking, may) in changes {
        asks.push(mark(1, 10, marking));
        facts.extend(may.then(|| modified(1, 10).unseen()));
    }
    let venue = check(&asks, &facts);
    assert_eq!(venue.lockstep.exchange.counters().refused_modifies, 3);
}

#[test]
fn what_cannot_be_done_is_silent_and_counted() {
    let venue = check(
        &[
            buy(1, 100, 10),
            modify(Side::Buy, 1, 10),
            modify(Side::Sell, 1, 5),
            modify(Side::Buy, 1, 1_001),
            modify(Side::Buy, 9, 5),
            halt(),
            modify(Side::Buy, 1, 20),
            modify(Side::Buy, 1, 5),
        ],
        &[rests(1), action(1, Phase::Halted), modified(1, 5)],
    );
    let counters = venue.lockstep.exchange.counters();
    assert_eq!((counters.refused_modifies, counters.unknown_orders), (4, 1));
}

#[test]
fn growth_is_bound_by_the_limits_of_a_new_order() {
    let value = SetRules { max_value: 1_500, ..SetRules::default() };
    let limits = SetSessionLimits { max_position: 18, ..SetSessionLimits::default() };
    let venue = check(
        &[
            buy(1, 100, 10),
            rules(value),
            modify(Side::Buy, 1, 16),
            modify(Side::Buy, 1, 15),
            buy(2, 100, 4),
            may(1, limits),
            modify(Side::Buy, 2, 5),
        ],
        &[rests(1), modified(1, 15).unseen(), last_in_line(1, 15), rests(2)],
    );
    assert_eq!(venue.lockstep.exchange.counters().refused_modifies, 2);
}
