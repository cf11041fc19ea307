//! Tick sizes that depend on the price.

use crate::table::*;
use ringmatch_engine::Price;
use ringmatch_engine::RejectReason::{InvalidPrice, InvalidStop};
use ringmatch_engine::command::{AddTickBand, Command, SetRules, Side};

fn band(table: u8, from: i64, tick_size: i64) -> Ask {
    let (from, tick_size) = (Price(from), Price(tick_size));
    operator(Command::AddTickBand(AddTickBand { table, from, tick_size }))
}

fn uses(tick_table: u8) -> Ask {
    rules(SetRules { tick_table, post_only_slides: true, ..SetRules::default() })
}

fn refused(venue: &Venue) -> u64 {
    venue.lockstep.exchange.counters().refused_operations
}

#[test]
fn a_price_is_of_the_ticks_of_its_band() {
    let venue = check(
        &[
            band(1, 0, 1),
            band(1, 100, 5),
            uses(1),
            buy(1, 99, 1),
            buy(2, 101, 1),
            buy(3, 105, 1),
            sell(4, 107, 1).stop(99),
            sell(5, 110, 1).stop(101),
        ],
        &[
            rests(1),
            rejected(2, InvalidPrice),
            rests(3),
            rejected(4, InvalidPrice),
            rejected(5, InvalidStop),
        ],
    );
    assert_eq!(refused(&venue), 0);
}

#[test]
fn a_post_only_order_slides_over_the_edge_of_a_band() {
    let venue = check(
        &[
            band(1, 0, 1),
            band(1, 100, 5),
            uses(1),
            sell(1, 105, 1),
            buy(2, 110, 1).post_only(),
            cancel(2),
            sell(3, 100, 1),
            buy(4, 110, 1).post_only(),
        ],
        &[rests(1), rests(2), canceled(2, 1), rests(3), rests(4)],
    );
    assert_eq!(venue.book().best(Side::Buy), Some(Price(99)));
}

#[test]
fn bands_that_cannot_be_added_are_counted() {
    let venue = check(
        &[
            band(0, 0, 1),
            band(17, 0, 1),
            band(1, 5, 1),
            band(1, 0, 0),
            band(1, 0, 2),
            band(1, 0, 2),
            uses(1),
            band(1, 100, 2),
        ],
        &[],
    );
    assert_eq!(refused(&venue), 6);
}

#[test]
fn a_table_must_have_bands_and_suit_the_instrument() {
    let coarse = |tick_table| {
        let instrument = ringmatch_engine::InstrumentId(2);
        operator(Command::SetRules(SetRules { instrument, tick_table, ..SetRules::default() }))
    };
    let venue = check(
        &[uses(3), uses(17), uses(255), band(2, 0, 7), coarse(2), band(3, 0, 10), coarse(3)],
        &[],
    );
    assert_eq!(refused(&venue), 4);
}
