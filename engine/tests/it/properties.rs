//! The exchange against its model, on any flow of commands.
//!
//! Events are compared one by one and books order by order after each command;
//! the audit watches over streams, shares and prices. Short flows at tiny
//! limits shrink well and reach every bound; long seeded ones build books that
//! are deep and places that have been used many times.

use crate::flow::{BALANCED, Clerk, GROWING, ROOMY, Step, TINY, step};
use crate::lockstep::Lockstep;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use ringmatch_engine::event::{Event, EventBody};
use ringmatch_engine::{Limits, RejectReason};

fn open(limits: Limits) -> (Clerk, Lockstep) {
    let mut clerk = Clerk::new(limits);
    let mut lockstep = Lockstep::new(limits);
    for command in clerk.opening() {
        lockstep.apply(&command);
    }
    (clerk, lockstep)
}

fn play(limits: Limits, steps: &[Step]) {
    let (mut clerk, mut lockstep) = open(limits);
    for step in steps {
        lockstep.apply(&clerk.sequence(*step));
        lockstep.compare();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn short_flows_at_tiny_limits(steps in prop::collection::vec(step(BALANCED), 1..120)) {
        play(TINY, &steps);
    }

    #[test]
    fn short_flows_with_room(steps in prop::collection::vec(step(GROWING), 1..120)) {
        play(ROOMY, &steps);
    }
}

/// How far a long flow went.
struct Played {
    lockstep: Lockstep,
    book_full: u64,
    deepest: u32,
}

/// A long flow from a seed, in pieces so that it need not be in memory at once.
fn play_long(
    limits: Limits,
    enters: u32,
    seed: u8,
    commands: usize,
    compare_every: usize,
) -> Played {
    const PIECE: usize = 50;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let pieces = prop::collection::vec(step(enters), PIECE);
    let (mut clerk, mut lockstep) = open(limits);
    let (mut book_full, mut deepest) = (0, 0);
    for _ in 0..commands / PIECE {
        let steps = pieces.new_tree(&mut runner).expect("steps are never refused").current();
        for (at, step) in steps.iter().enumerate() {
            let events = lockstep.apply(&clerk.sequence(*step));
            book_full += events.iter().filter(|event| is_book_full(event)).count() as u64;
            deepest = lockstep.exchange.resting_orders().max(deepest);
            if at % compare_every == 0 {
                lockstep.compare();
            }
        }
    }
    lockstep.compare();
    Played { lockstep, book_full, deepest }
}

fn is_book_full(event: &Event) -> bool {
    matches!(event.body, EventBody::Rejected { reason: RejectReason::BookFull, .. })
}

#[test]
fn a_long_flow_at_tiny_limits_reaches_every_bound_and_goes_on() {
    let Played { lockstep, book_full, deepest } = play_long(TINY, BALANCED, 1, 150_000, 1);
    let counters = lockstep.exchange.counters();
    for (what, count) in [
        ("rejects of a full book", book_full),
        ("executions", counters.executions),
        ("duplicate inputs", counters.duplicate_inputs),
        ("stale numbers", counters.stale_user_refs),
        ("unknown orders", counters.unknown_orders),
        ("superfluous cancels", counters.superfluous_cancels),
        ("refused operations", counters.refused_operations),
    ] {
        assert!(count > 500, "the flow has only {count} {what}");
    }
    assert_eq!(deepest, TINY.orders);
    assert_eq!(lockstep.exchange.instruments().len(), 3);
    assert_eq!(lockstep.exchange.sessions().len(), 4);
}

#[test]
fn a_long_flow_with_room_builds_deep_books() {
    let Played { lockstep, deepest, .. } = play_long(ROOMY, GROWING, 2, 150_000, 50);
    assert!(lockstep.exchange.counters().executions > 10_000);
    assert!(deepest > 150, "at most {deepest} orders rested");
}
