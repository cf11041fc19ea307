//! What a session may do: how often, how many orders, how much at risk.

use crate::table::*;
use ringmatch_engine::RejectReason::{
    ExposureLimit, MessageRate, PositionLimit, TooManyOpenOrders, ValueTooLarge,
};
use ringmatch_engine::command::{SetRules, SetSessionLimits};

fn one(change: impl FnOnce(&mut SetSessionLimits)) -> Ask {
    let mut limits = SetSessionLimits::default();
    change(&mut limits);
    may(1, limits)
}

#[test]
fn open_orders_count_and_what_cannot_rest_does_not() {
    check(
        &[
            one(|limits| limits.max_open_orders = 2),
            buy(1, 100, 5),
            buy(2, 90, 5).stop(110),
            buy(3, 100, 5),
            buy(4, 100, 5).ioc(),
            replace(1, 5, 101, 5),
            cancel(2),
            buy(6, 100, 5),
            buy(7, 100, 5).by(2),
        ],
        &[
            rests(1),
            accepted(2),
            rejected(3, TooManyOpenOrders),
            accepted(4),
            expired(4, 5),
            replaced(1, 5, 5),
            canceled(2, 5).unseen(),
            rests(6),
            rests(7),
        ],
    );
}

#[test]
fn a_position_counts_with_all_that_could_still_trade() {
    check(
        &[
            sell(1, 100, 10).by(2),
            one(|limits| limits.max_position = 10),
            buy(2, 100, 6),
            buy(3, 90, 3),
            buy(4, 90, 2),
            // A sale is measured from the position it makes smaller.
            sell(5, 110, 16),
            sell(6, 110, 1),
            buy(7, 90, 10).on(2),
        ],
        &[
            rests(1),
            accepted(2),
            executed(1, 2, 6, 100),
            rests(3),
            rejected(4, PositionLimit),
            rests(5),
            rejected(6, PositionLimit),
            rests(7),
        ],
    );
}

#[test]
fn exposure_is_the_value_of_open_orders() {
    check(
        &[
            one(|limits| limits.max_exposure = 1_000),
            buy(1, 100, 6),
            buy(2, 100, 5),
            replace(1, 3, 50, 10),
            buy(4, 100, 5),
            sell(5, 100, 1),
        ],
        &[
            rests(1),
            rejected(2, ExposureLimit),
            replaced(1, 3, 10),
            rests(4),
            rejected(5, ExposureLimit),
        ],
    );
}

#[test]
fn messages_of_a_second_count_and_cancels_are_free() {
    check(
        &[
            one(|limits| limits.max_messages_per_s = 2).later_s(1),
            buy(1, 100, 5),
            replace(1, 2, 101, 5),
            buy(3, 100, 5),
            replace(2, 4, 101, 5),
            cancel(2),
            buy(5, 100, 5).later_s(1),
        ],
        &[
            rests(1),
            replaced(1, 2, 5),
            rejected(3, MessageRate),
            rejected(4, MessageRate),
            canceled(2, 5),
            rests(5),
        ],
    );
}

#[test]
fn a_value_is_judged_by_the_best_guess_of_its_price() {
    let value = rules(SetRules { max_value: 1_000, ..SetRules::default() });
    check(
        &[
            value,
            buy(1, 100, 11),
            // Without a price to judge by it is worth nothing.
            buy(2, 0, 900).market(),
            sell(3, 100, 10),
            buy(4, 0, 11).market(),
            buy(5, 0, 10).market(),
            sell(6, 0, 11).market(),
        ],
        &[
            rejected(1, ValueTooLarge),
            accepted(2),
            expired(2, 900),
            rests(3),
            rejected(4, ValueTooLarge),
            accepted(5),
            executed(3, 5, 10, 100),
            rejected(6, ValueTooLarge),
        ],
    );
}
