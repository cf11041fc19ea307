//! Every engine plays the same flows and trades alike.
//!
//! What must hold: on a hundredth of each mix, each engine makes the very
//! trades of the plain reference book, in the same order, and acknowledges the
//! same messages; and the reference itself makes the published reports of the
//! challenge. `lobster` loses priority when an order is only reduced, but the
//! mixes reduce none.

use ringmatch_benches::flow::{Mix, Report, Script, hash, read_recording};
use ringmatch_benches::peers::{Engine, Lobster, Matchcore, OrderBookRs, Ringmatch};
use std::io::Write;
use std::path::Path;

const FLOWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/challenge");

fn sorted(mut reports: Vec<Report>) -> Vec<Report> {
    hash(&mut reports);
    reports
}

fn check<E: Engine>(name: &str, script: &Script) {
    let (right, made) = (sorted(script.reports.clone()), sorted(E::reports(script)));
    let differs = right.iter().zip(&made).find(|(right, made)| right != made);
    assert!(differs.is_none(), "{} on mix {name}: (right, made) = {differs:?}", E::NAME);
    assert_eq!(right.len(), made.len(), "{} on mix {name}", E::NAME);
}

#[test]
fn all_engines_make_the_same_reports_of_every_mix() {
    for (name, mix) in [("a", Mix::A), ("b", Mix::B), ("c", Mix::C)] {
        let script = mix.hundredth().script();
        assert!(script.reports.len() > script.messages.len(), "mix {name} must trade");
        check::<Ringmatch>(name, &script);
        check::<Matchcore>(name, &script);
        check::<OrderBookRs>(name, &script);
        check::<Lobster>(name, &script);
    }
}

#[test]
fn the_reference_makes_the_published_reports() {
    let flow = Path::new(FLOWS).join("normal.small.flow.zst");
    if !flow.exists() {
        let _ = writeln!(std::io::stderr(), "NOT PLAYED: there is no flow at {FLOWS}");
        return;
    }
    let script = read_recording(&flow).unwrap();
    let mut reports = script.reports.clone();
    let published = "fb91d8c1ab5f656eb9a7eed8f7c109c455e57fe75e4f35684b1a0bf60c30a0a8";
    assert_eq!(hash(&mut reports), published);
    assert!(Matchcore::cuts(&script) > 0, "some order must need its limit");
}
