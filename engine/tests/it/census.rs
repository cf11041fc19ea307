//! A census counts every order of an instrument once, whatever the pieces.

use crate::flow::{Clerk, FLOWS, Seeded};
use ringmatch_engine::command::Side;
use ringmatch_engine::event::Event;
use ringmatch_engine::{Census, Exchange, Instrument};

/// The orders of an instrument, found through its book.
fn counted_by_hand(exchange: &Exchange, instrument: &Instrument) -> usize {
    let book = exchange.book(instrument.id).expect("it is listed");
    let sides = [Side::Buy, Side::Sell];
    let levels = sides.into_iter().flat_map(|side| book.levels(side).chain(book.stops(side)));
    levels.map(|level| level.orders().count()).sum::<usize>() + book.waiting().count()
}

#[test]
fn each_order_is_counted_once() {
    let mut most = 0;
    for (seed, flow) in (0..).zip(FLOWS) {
        let mut clerk = Clerk::new(flow);
        let mut exchange = Exchange::new(flow.limits).expect("limits in range");
        for command in clerk.opening() {
            exchange.apply(&command, &mut Vec::<Event>::new());
        }
        for (at, step) in Seeded(seed).steps(1_500).iter().enumerate() {
            let command = clerk.prepare(step);
            clerk.follow(&command);
            exchange.apply(&command, &mut Vec::<Event>::new());
            if !at.is_multiple_of(50) {
                continue;
            }
            let by_hand: Vec<usize> =
                exchange.instruments().iter().map(|one| counted_by_hand(&exchange, one)).collect();
            assert_eq!(by_hand.iter().sum::<usize>(), exchange.resting_orders() as usize);
            most = most.max(by_hand.iter().copied().max().unwrap_or(0));
            for (places, instruments) in [(1, by_hand.len()), (7, 1), (u32::MAX, by_hand.len())] {
                let mut census = Census::of_first(instruments);
                assert!(!census.is_under_way());
                census.begin(&exchange);
                while !census.count_on(&exchange, places) {
                    assert!(census.is_under_way());
                }
                let counts: Vec<usize> = census.counts().iter().map(|&one| one as usize).collect();
                assert_eq!(counts, by_hand[..instruments], "seed {seed}, step {at}, {places}");
                assert_eq!(census.begun(), exchange.sequence());
            }
        }
    }
    assert!(most > 5, "the flows let orders rest: {most}");
}
