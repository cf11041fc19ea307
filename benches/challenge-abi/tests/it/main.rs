//! The C interface, used as the public harness uses it: the library is loaded,
//! messages are delivered from this thread, reports are drained by another.
//!
//! What must hold: every small flow's reports hash to the published value,
//! delivered one by one and in runs, over the engine's own queue and over one
//! that is often full; and queries say after every message what a plain book
//! says. Where the flows are absent, that is said aloud, and only loading the
//! library is checked.

mod harness;

use harness::{Delivery, Harness, Queue};
use ringmatch_benches::flow::{
    Reference, SCENARIOS, Scenario, Script, Silent, Size, hash, read_recording,
};
use ringmatch_engine::command::Side;
use std::io::Write;
use std::path::Path;

const FLOWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/challenge");

/// The small flow of a scenario; none, said aloud, if it is absent.
fn small(scenario: &Scenario) -> Option<Script> {
    let flow = scenario.file(Path::new(FLOWS), Size::Small);
    if !flow.exists() {
        // Said aloud, past the capture of test output.
        let _ = writeln!(std::io::stderr(), "NOT PLAYED: the flow {} is absent", flow.display());
        return None;
    }
    Some(read_recording(&flow).expect("a flow that is there can be read"))
}

fn check(scenario: &Scenario, delivery: Delivery, queue: Queue) {
    let harness = Harness::load();
    let Some(script) = small(scenario) else { return };
    let mut reports = harness.play(&script, delivery, queue);
    let published = scenario.hash(Size::Small);
    assert_eq!(hash(&mut reports), published, "{} {delivery:?} {queue:?}", scenario.name);
}

#[test]
fn every_flow_delivered_one_by_one_makes_the_published_reports() {
    for scenario in &SCENARIOS {
        check(scenario, Delivery::OneByOne, Queue::Own);
    }
}

#[test]
fn every_flow_delivered_in_runs_makes_the_published_reports() {
    for scenario in &SCENARIOS {
        check(scenario, Delivery::Runs(100), Queue::Own);
    }
}

#[test]
fn a_foreign_queue_that_is_often_full_loses_nothing() {
    check(&SCENARIOS[0], Delivery::OneByOne, Queue::Foreign);
    check(&SCENARIOS[4], Delivery::Runs(7), Queue::Foreign);
}

#[test]
fn queries_say_what_a_plain_book_says() {
    let harness = Harness::load();
    let Some(script) = small(&SCENARIOS[0]) else { return };
    let mut reference = Reference::new(1);
    let mut probes = 0;
    harness.play_and_look(&script, |number, message, books| {
        reference.apply(number as u64, message, &mut Silent);
        assert_eq!(books.best_bid(), reference.best(0, Side::Buy).unwrap_or(i64::MIN));
        assert_eq!(books.best_ask(), reference.best(0, Side::Sell).unwrap_or(i64::MAX));
        for side in [Side::Buy, Side::Sell] {
            let depth = books.depth_at(message.price, side as u8);
            assert_eq!(depth, reference.depth_at(0, side, message.price), "message {number}");
            probes += usize::from(depth > 0);
        }
    });
    assert!(probes > script.messages.len() / 4, "most prices must have orders");
}
