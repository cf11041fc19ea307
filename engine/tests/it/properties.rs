//! The exchange against its model, on any flow of commands.
//!
//! Events are compared one by one and all else that can be read after each
//! command; the audit watches over streams, shares and prices. Many flows of
//! middling length reach every bound and shrink well; a few long ones build
//! books that are deep and places that have been used many times.

use crate::flow::{CROWDED, FLOWS, Flow, GROWING, PLAIN, Seeded, VARIED};
use crate::history::{Played, from_bytes, play};
use ringmatch_engine::event::EventBody;
use std::collections::BTreeMap;

/// Plays flows of seeds of their own.
fn play_all(flow: Flow, seeds: std::ops::Range<u64>, steps: usize) {
    for seed in seeds {
        let name = format!("the flow {flow:?} of seed {seed}");
        play(flow, &Seeded(seed).steps(steps), 1, &name);
    }
}

#[test]
fn crowded_flows() {
    play_all(CROWDED, 0..60, 1_500);
}

#[test]
fn varied_flows() {
    play_all(VARIED, 1_000..1_030, 1_500);
}

#[test]
fn plain_flows() {
    play_all(PLAIN, 2_000..2_020, 1_500);
}

#[test]
fn a_growing_flow_builds_deep_books() {
    let Played { lockstep, most_open, .. } =
        play(GROWING, &Seeded(3_000).steps(20_000), 20, "the growing flow of seed 3000");
    assert!(lockstep.exchange.counters().executions > 1_000);
    assert!(most_open > 150, "at most {most_open} orders were open");
}

/// What happens in many flows, and how often: events, and what they give as
/// their reasons.
fn census(flow: Flow, seeds: std::ops::Range<u64>, steps: usize) -> BTreeMap<String, u32> {
    let mut census = BTreeMap::new();
    for seed in seeds {
        let name = format!("the flow {flow:?} of seed {seed}");
        for event in play(flow, &Seeded(seed).steps(steps), steps, &name).events {
            for word in words(&event.body) {
                *census.entry(word).or_default() += 1;
            }
        }
    }
    census
}

fn words(body: &EventBody) -> Vec<String> {
    let text = format!("{body:?}");
    let kind = text.split(['(', ' ']).next().expect("a name").to_owned();
    let reason = match body {
        EventBody::Rejected { reason, .. } => Some(format!("{reason:?}")),
        EventBody::Canceled(canceled) => Some(format!("{:?}", canceled.reason)),
        EventBody::SelfTradePrevented(lost) => Some(format!("{:?}", lost.action)),
        EventBody::Restated(restated) => Some(format!("{:?}", restated.reason)),
        EventBody::TradingAction { reason, .. } => Some(format!("{reason:?}")),
        EventBody::CrossTrade { cross, .. } => Some(format!("{cross:?}")),
        EventBody::Accepted(accepted) => Some(format!("{:?}", accepted.order.options.pricing)),
        _ => None,
    };
    let reason = reason.map(|reason| format!("{kind} {reason}"));
    [Some(kind), reason].into_iter().flatten().collect()
}

/// What the flows are for: every kind of event, and every reason that the
/// exchange itself can have for one.
#[test]
fn everything_happens() {
    let census = census(CROWDED, 0..60, 1_500);
    let expected = [
        "Accepted Plain Stop TrailingStop MidpointPeg NearPeg",
        "AccountStatus",
        "Added",
        "AuctionFigures",
        "Canceled User Immediate InvalidReplacement MassCancel Expired EndOfDay Supervisory \
         SessionDisabled InstrumentRemoved MinimumQuantity Collar AuctionOver BookFull",
        "CollarBroken",
        "CrossExecuted",
        "CrossTrade Opening Closing Halt",
        "Executed",
        "InstrumentAdded",
        "MassCanceled",
        "Modified",
        "OrderEntrySet",
        "PriorityChanged",
        "Rejected Undecodable InvalidSide UnsupportedTimeInForce InvalidMinimumQuantity \
         UnknownSymbol InvalidQuantity InvalidPrice Halted BookFull Closed InstrumentDisabled \
         SessionDisabled OrderEntryDisabled NotAuthorized NotInAuction TooLateForAuction \
         InvalidStop InvalidMaxFloor InvalidPeg NoPegReference InvalidPostOnly \
         PostOnlyWouldTrade InvalidExpireTime ValueTooLarge TooManyOpenOrders PositionLimit \
         ExposureLimit MessageRate",
        "Replaced",
        "Restated Refreshed Triggered",
        "SelfTradePrevented CancelNewest CancelOldest CancelBoth DecrementBoth",
        "SessionAdded",
        "System",
        "TradeBroken",
        "TradingAction Operator Collar AuctionOver Status",
    ];
    for kind_and_reasons in expected {
        let mut names = kind_and_reasons.split_whitespace();
        let kind = names.next().expect("each row names a kind");
        assert!(census.contains_key(kind), "no flow says {kind}");
        for reason in names {
            let word = format!("{kind} {reason}");
            assert!(census.contains_key(&word), "no flow says {word}; they say {census:#?}");
        }
    }
}

/// Histories that a fuzzer found worth keeping, and those that once failed.
#[test]
fn what_the_fuzzer_found_before() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/lockstep");
    let files = std::fs::read_dir(corpus).expect("the fuzzer's corpus is part of the project");
    let mut played = 0;
    for file in files {
        let path = file.expect("the corpus can be read").path();
        let bytes = std::fs::read(&path).expect("a file of the corpus can be read");
        let (flow, steps) = from_bytes(&bytes);
        play(flow, &steps, 1, &path.display().to_string());
        played += 1;
    }
    assert!(played > 0, "{corpus} is empty");
}

/// Plays as many flows of seeds of its own as `RINGMATCH_SOAK_FLOWS` says.
#[test]
#[ignore = "a long soak, run by name: see engine/fuzz/README.md"]
fn soak() {
    let count = std::env::var("RINGMATCH_SOAK_FLOWS").ok().and_then(|count| count.parse().ok());
    let count: u64 = count.expect("RINGMATCH_SOAK_FLOWS says how many flows to play");
    for seed in 1_000_000..1_000_000 + count {
        let flow = FLOWS[seed as usize % FLOWS.len()];
        let name = format!("the flow {flow:?} of seed {seed}");
        play(flow, &Seeded(seed).steps(3_000), 1, &name);
    }
}
