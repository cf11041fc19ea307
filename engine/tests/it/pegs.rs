//! Pegs follow the best displayed prices, hidden and without a word.

use crate::table::*;
use ringmatch_engine::Price;
use ringmatch_engine::RejectReason::{InvalidPeg, NoPegReference};
use ringmatch_engine::command::{Phase, Side};

#[test]
fn a_near_peg_follows_the_best_price_of_its_side() {
    let mut venue = check(
        &[buy(1, 100, 5), buy(2, 110, 3).near(0), buy(3, 102, 5)],
        &[rests(1), rests(2).unseen(), rests(3)],
    );
    assert_eq!(venue.book().depth_at(Side::Buy, Price(102)), 8);
    venue.check(&[cancel(3)], &[canceled(3, 5)]);
    assert_eq!(venue.book().depth_at(Side::Buy, Price(100)), 8);
}

#[test]
fn its_own_price_caps_it_and_it_stays_where_there_is_nothing_to_follow() {
    let mut venue = check(
        &[buy(1, 100, 5), buy(2, 101, 3).near(0), buy(3, 105, 5), cancel(3), cancel(1)],
        &[rests(1), rests(2).unseen(), rests(3), canceled(3, 5), canceled(1, 5)],
    );
    assert_eq!(venue.book().best(Side::Buy), Some(Price(100)));
    venue.check(&[buy(4, 105, 5)], &[rests(4)]);
    assert_eq!(venue.book().depth_at(Side::Buy, Price(101)), 3);
}

#[test]
fn a_midpoint_peg_needs_both_sides() {
    let venue = check(
        &[
            buy(1, 100, 5),
            buy(2, 110, 3).midpoint(),
            sell(3, 104, 5),
            buy(4, 110, 3).midpoint(),
            sell(5, 90, 2).midpoint(),
        ],
        &[
            rests(1),
            rejected(2, NoPegReference),
            rests(3),
            rests(4).unseen(),
            accepted(5),
            executed(4, 5, 2, 102),
        ],
    );
    assert_eq!(venue.book().depth_at(Side::Buy, Price(102)), 1);
}

#[test]
fn the_middle_is_rounded_to_the_grain_away_from_the_other_side() {
    // Ticks of five have a grain of five: the middle of 100 and 105 is neither.
    let mut venue = check(
        &[
            buy(1, 100, 10).on(2),
            sell(2, 105, 10).on(2),
            buy(3, 200, 10).on(2).midpoint(),
            sell(4, 5, 10).on(2).midpoint(),
        ],
        &[rests(1), rests(2), rests(3).unseen(), rests(4).unseen()],
    );
    let depth = |venue: &Venue, side, price| {
        let book = venue.lockstep.exchange.book(ringmatch_engine::InstrumentId(2));
        book.expect("it is listed").depth_at(side, Price(price))
    };
    assert_eq!(depth(&venue, Side::Buy, 100), 20);
    assert_eq!(depth(&venue, Side::Sell, 105), 20);
    // At 105 the middle is a price, and there the two pegs meet.
    venue.check(
        &[cancel(2), sell(5, 110, 10).on(2)],
        &[canceled(2, 10), rests(5), executed(4, 3, 10, 105)],
    );
}

#[test]
fn two_pegs_that_meet_on_the_move_trade() {
    check(
        &[
            buy(1, 100, 5),
            sell(2, 110, 5),
            buy(3, 104, 4).midpoint(),
            sell(4, 105, 4).midpoint(),
            cancel(2),
            sell(5, 112, 5),
            replace(1, 6, 98, 5),
        ],
        &[
            rests(1),
            rests(2),
            rests(3).unseen(),
            rests(4).unseen(),
            canceled(2, 5),
            rests(5),
            replaced(1, 6, 5),
        ],
    );
    // With caps that cross, the second finds the first at the middle.
    check(
        &[buy(1, 100, 5), sell(2, 110, 5), buy(3, 106, 4).midpoint(), sell(4, 104, 3).midpoint()],
        &[rests(1), rests(2), rests(3).unseen(), accepted(4), executed(3, 4, 3, 105)],
    );
}

#[test]
fn it_stays_a_tick_away_from_the_other_side() {
    let venue = check(
        &[buy(1, 100, 5), sell(2, 102, 5), buy(3, 110, 3).near(5)],
        &[rests(1), rests(2), rests(3).unseen()],
    );
    assert_eq!(venue.book().depth_at(Side::Buy, Price(101)), 3);
}

#[test]
fn a_replacement_does_not_peg_to_its_original() {
    check(
        &[buy(1, 100, 5), replace(1, 2, 100, 5).near(0), cancel(1)],
        &[rests(1), rejected(2, NoPegReference), canceled(1, 5)],
    );
}

#[test]
fn unsound_pegs() {
    for order in [
        buy(1, 100, 5).near(0).with(|options| options.max_floor.0 = 2),
        buy(1, 100, 5).near(0).post_only(),
        buy(1, 100, 5).near(0).minimum(1),
        buy(1, 100, 5).near(0).ioc(),
        buy(1, 100, 5).near(0).market(),
        buy(1, 100, 10).on(2).near(3),
    ] {
        check(&[order], &[rejected(1, InvalidPeg)]);
    }
    check(
        &[enters(Phase::PreOpen), buy(1, 100, 5).near(0)],
        &[action(1, Phase::PreOpen), rejected(1, NoPegReference)],
    );
}
