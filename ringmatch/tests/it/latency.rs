//! The latency tool: what it prints and writes. How fast anything is, is not
//! tested: this machine may be busy.

use crate::engine::run;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const STAGES: [&str; 3] = ["receive_to_journaled", "receive_to_matched", "receive_to_sent"];

#[test]
fn a_short_measurement_prints_and_writes_what_it_saw() {
    let directory = tempfile::tempdir().unwrap();
    let (data, out) = (directory.path().join("data"), directory.path().join("out"));
    std::fs::create_dir(&data).unwrap();
    let (data_dir, out_dir) = (data.to_str().unwrap(), out.to_str().unwrap());
    let (stdout, code) = run(&[
        "latency",
        "--json",
        "--rate",
        "2000",
        "--duration",
        "1",
        "--warmup",
        "0.1",
        "--durability",
        "write",
        "--data-dir",
        data_dir,
        "--out",
        out_dir,
    ]);
    let summary: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    check_summary(&summary);
    let valid = summary["valid"].as_bool().unwrap();
    assert_eq!(code, Some(i32::from(!valid)), "{stdout}");
    assert_eq!(stdout.contains("NOT VALID"), !valid, "{stdout}");

    let written = std::fs::read_to_string(out.join("latency.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), summary);
    let count = summary["end_to_end"]["count"].as_u64().unwrap();
    check_hgrm(&std::fs::read_to_string(out.join("end_to_end.hgrm")).unwrap(), count);
    let logged = read_interval_log(&out.join("latency.hlog"));
    assert_eq!(logged["end_to_end"].len(), count);
    assert_eq!(logged["end_to_end"].max(), summary["end_to_end"]["max_ns"].as_u64().unwrap());
    for stage in STAGES {
        assert_eq!(logged[stage].len(), summary["stages"][stage]["count"].as_u64().unwrap());
    }
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0, "the journal has gone");
}

fn check_summary(summary: &Value) {
    assert_eq!((&summary["offered_per_s"], &summary["sent"]), (&2000.into(), &2000.into()));
    assert_eq!((&summary["durability"], &summary["rejected"]), (&"write".into(), &0.into()));
    for key in ["achieved_per_s", "lost", "late_fraction", "gap_repairs"] {
        assert!(summary[key].is_number(), "{key}: {summary}");
    }
    for key in ["cpu", "usable_cpus", "kernel", "layout", "wait", "threads", "build"] {
        assert!(!summary["environment"][key].is_null(), "{key}: {summary}");
    }
    let lost = summary["lost"].as_u64().unwrap();
    assert_eq!(summary["end_to_end"]["count"], 2000 - lost);
    let stages = STAGES.iter().map(|stage| &summary["stages"][stage]);
    for percentiles in stages.chain([&summary["end_to_end"]]) {
        // Every order has passed every stage, and the warm-up is left out.
        assert!((2000 - lost..12_000).contains(&percentiles["count"].as_u64().unwrap()));
        let at = |key: &str| percentiles[key].as_u64().unwrap();
        assert!(at("p50_ns") <= at("p99_ns") && at("p99_ns") <= at("p999_ns"));
        assert!(at("p999_ns") <= at("p9999_ns") && at("p9999_ns") <= at("max_ns"));
    }
}

/// The last line of figures has all samples below it.
fn check_hgrm(text: &str, count: u64) {
    let figures = text.lines().skip(2).filter(|line| !line.starts_with('#'));
    let last: Vec<&str> = figures.last().unwrap().split_whitespace().collect();
    assert_eq!(&last[1..], ["1.000000000000", &count.to_string()], "{text}");
    let total = text.lines().find(|line| line.contains("Total count")).unwrap();
    assert!(total.ends_with(&format!("{count}]")), "{total}");
}

fn read_interval_log(path: &Path) -> BTreeMap<String, Histogram<u64>> {
    let bytes = std::fs::read(path).unwrap();
    let mut histograms = BTreeMap::new();
    for entry in IntervalLogIterator::new(&bytes) {
        let LogEntry::Interval(interval) = entry.unwrap() else { continue };
        let tag = interval.tag().unwrap().as_str().to_owned();
        let encoded = BASE64_STANDARD.decode(interval.encoded_histogram()).unwrap();
        histograms.insert(tag, Deserializer::new().deserialize(&mut &encoded[..]).unwrap());
    }
    histograms
}

#[test]
fn what_makes_no_sense_is_refused() {
    for args in [["--rate", "0"], ["--duration", "-1"], ["--durability", "maybe"]] {
        let (_, code) = run(&["latency", args[0], args[1]]);
        assert_eq!(code, Some(2), "{args:?}");
    }
    let (_, code) = run(&["latency", "--data-dir", "/nowhere/at/all"]);
    assert_eq!(code, Some(1));
}
