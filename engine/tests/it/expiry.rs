//! Orders whose time runs out, and those that outlive the day.

use crate::table::*;
use ringmatch_engine::CancelReason::{EndOfDay, Expired};
use ringmatch_engine::Nanos;
use ringmatch_engine::RejectReason::InvalidExpireTime;
use ringmatch_engine::command::TimeInForce::{GoodTillCancel, GoodTillTime};
use ringmatch_engine::command::{Command, Phase, SystemEvent};

#[test]
fn it_is_canceled_by_the_first_tick_at_or_after_its_time() {
    let mut venue = Venue::open(LIMITS);
    venue.check(&[buy(1, 100, 5).for_s(2)], &[rests(1)]);
    let due = venue.lockstep.exchange.next_timer();
    assert!(due.is_some_and(|due| due > Nanos(2_000_000_000)));
    venue.check(&[tick().later_s(1), tick().later_s(1), tick()], &[gone(1, 5, Expired)]);
    assert_eq!(venue.lockstep.exchange.next_timer(), None);
}

#[test]
fn without_a_tick_it_lives_on() {
    check(
        &[buy(1, 100, 5).for_s(1), sell(2, 100, 2).later_s(9), tick()],
        &[rests(1), accepted(2), executed(1, 2, 2, 100), gone(1, 3, Expired)],
    );
}

#[test]
fn several_go_by_time_then_by_age() {
    check(
        &[
            buy(1, 100, 5).for_s(3),
            buy(2, 101, 5).for_s(1),
            buy(3, 102, 5).for_s(2),
            tick().later_s(9),
        ],
        &[
            rests(1),
            rests(2),
            rests(3),
            gone(2, 5, Expired),
            gone(3, 5, Expired),
            gone(1, 5, Expired),
        ],
    );
}

#[test]
fn a_replacement_ends_when_it_says_or_when_its_original_would_have() {
    check(
        &[
            buy(1, 100, 5).for_s(4),
            replace(1, 2, 101, 5).living(GoodTillTime).later_s(2),
            tick().later_s(1),
            tick().later_s(1),
            buy(3, 100, 5).for_s(4),
            replace(3, 4, 101, 5).for_s(9).later_s(2),
            tick().later_s(8),
            tick().later_s(1),
        ],
        &[
            rests(1),
            replaced(1, 2, 5),
            gone(2, 5, Expired),
            rests(3),
            replaced(3, 4, 5),
            gone(4, 5, Expired),
        ],
    );
}

#[test]
fn seconds_go_with_good_till_time_and_with_nothing_else() {
    for order in [
        buy(1, 100, 5).living(GoodTillTime),
        buy(1, 100, 5).for_s(86_400),
        buy(1, 100, 5).with(|options| options.expire_after_s = 1),
        buy(1, 100, 5).ioc().with(|options| options.expire_after_s = 1),
    ] {
        check(&[order], &[rejected(1, InvalidExpireTime)]);
    }
}

#[test]
fn the_end_of_the_day_takes_orders_for_the_day_only() {
    let end = operator(Command::SystemEvent(SystemEvent::EndOfMarketHours));
    check(
        &[
            buy(1, 100, 5),
            buy(2, 99, 5).living(GoodTillCancel),
            buy(3, 98, 5).for_s(5),
            buy(4, 90, 5).stop(110),
            end,
            cancel(2),
        ],
        &[
            rests(1),
            rests(2),
            rests(3),
            accepted(4),
            system(SystemEvent::EndOfMarketHours),
            action(1, Phase::Closed),
            gone(1, 5, EndOfDay),
            gone(4, 5, EndOfDay).unseen(),
            action(2, Phase::Closed),
            canceled(2, 5),
        ],
    );
}
