//! The latency tool: what it prints and writes. How fast anything is, is not
//! tested: this machine may be busy.

use crate::engine::{run, run_json};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;

const STAGES: [&str; 6] = [
    "client_to_receive",
    "matched_to_sent",
    "matching",
    "receive_to_journaled",
    "receive_to_matched",
    "receive_to_sent",
];

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
    assert_eq!(logged.len(), 1 + STAGES.len());
    assert_eq!(logged["end_to_end"].len(), count);
    assert_eq!(logged["end_to_end"].max(), summary["end_to_end"]["max_ns"].as_u64().unwrap());
    for stage in STAGES {
        let count = summary["stages"][stage]["count"].as_u64().unwrap();
        assert_eq!(logged[stage].len(), count);
        check_hgrm(&std::fs::read_to_string(out.join(format!("{stage}.hgrm"))).unwrap(), count);
    }
    check_timeline(&std::fs::read_to_string(out.join("timeline.csv")).unwrap(), &summary);
    check_with_python(&out.join("latency.hlog"), &logged);
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0, "the journal has gone");
}

fn check_summary(summary: &Value) {
    assert_eq!((&summary["offered_per_s"], &summary["sent"]), (&2000.into(), &2000.into()));
    assert_eq!((&summary["durability"], &summary["rejected"]), (&"write".into(), &0.into()));
    assert_eq!(summary["schema"], "ringmatch.latency/1");
    let workload = &summary["workload"];
    assert_eq!((&workload["loop"], &workload["arrivals"]), (&"open".into(), &"constant".into()));
    assert_eq!((&workload["sessions"], &workload["target"]), (&1.into(), &"own venue".into()));
    assert!(summary["noise"]["clock_ns"].as_f64().unwrap() > 0.0, "{summary}");
    assert_eq!(summary["noise"]["jitter"].as_array().unwrap().len(), 1, "{summary}");
    // Present, even where it is unknown.
    for key in ["governor", "turbo", "smt", "isolated", "mitigations", "clock_source", "commit"] {
        assert!(summary["environment"].as_object().unwrap().contains_key(key), "{key}");
    }
    for key in ["achieved_per_s", "lost", "late_fraction", "gap_repairs"] {
        assert!(summary[key].is_number(), "{key}: {summary}");
    }
    for key in ["cpu", "usable_cpus", "kernel", "layout", "wait", "threads", "build"] {
        assert!(!summary["environment"][key].is_null(), "{key}: {summary}");
    }
    let lost = summary["lost"].as_u64().unwrap();
    assert_eq!(summary["end_to_end"]["count"], 2000 - lost);
    let stages = STAGES.iter().map(|stage| &summary["stages"][stage]);
    for percentiles in stages.chain([&summary["end_to_end"], &summary["service_time"]]) {
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
        let histogram = Deserializer::new().deserialize(&mut &encoded[..]).unwrap();
        let total = histograms.entry(tag).or_insert_with(|| Histogram::new_from(&histogram));
        total.add(histogram).unwrap();
    }
    histograms
}

/// The orders of the bins are all that were answered, and the longest wait is
/// the maximum.
fn check_timeline(text: &str, summary: &Value) {
    let lines: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|field| field.parse().unwrap()).collect())
        .collect();
    let orders: f64 = lines.iter().map(|line| line[1]).sum();
    assert_eq!(orders, summary["end_to_end"]["count"].as_f64().unwrap());
    let max_us = lines.iter().map(|line| line[2]).fold(0.0, f64::max);
    let max_ns = summary["end_to_end"]["max_ns"].as_f64().unwrap();
    // The histogram keeps three digits.
    assert!((max_us * 1_000.0 / max_ns - 1.0).abs() < 0.002, "{max_us} {max_ns}");
}

/// Reads the log with the Python package `hdrhistogram`, which nobody here
/// wrote: tags, counts, median and maximum of each.
const READ_WITH_PYTHON: &str = "
import sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
total = HdrHistogram(1, 60_000_000_000, 3)
tags = {}
reader = HistogramLogReader(sys.argv[1], total)
while True:
    interval = reader.get_next_interval_histogram()
    if interval is None:
        break
    whole = tags.setdefault(interval.get_tag(), HdrHistogram(1, 60_000_000_000, 3))
    whole.add(interval)
for tag, whole in sorted(tags.items()):
    print(tag, whole.get_total_count(), whole.get_value_at_percentile(50), whole.get_max_value())
";

fn check_with_python(log: &Path, expected: &BTreeMap<String, Histogram<u64>>) {
    let Some(python) = std::env::var_os("RINGMATCH_PYTHON") else {
        // Said aloud, past the capture of test output.
        let said = "NOT READ BY PYTHON: RINGMATCH_PYTHON names no interpreter with hdrhistogram";
        let _ = writeln!(std::io::stderr(), "{said}");
        return;
    };
    let output = Command::new(python).args(["-c", READ_WITH_PYTHON]).arg(log).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = String::from_utf8(output.stdout).unwrap();
    let expected: Vec<String> = expected
        .iter()
        .map(|(tag, noted)| {
            let (count, p50, max) = (noted.len(), noted.value_at_quantile(0.5), noted.max());
            format!("{tag} {count} {p50} {max}")
        })
        .collect();
    assert_eq!(read.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn several_sessions_random_arrivals_and_a_closed_loop() {
    let directory = tempfile::tempdir().unwrap();
    let common = |duration| {
        let data_dir = directory.path().to_str().unwrap();
        ["--duration", duration, "--warmup", "0.1", "--durability", "write", "--data-dir", data_dir]
    };
    let open = ["latency", "run", "--rate", "2000", "--arrivals", "poisson", "--sessions", "3"];
    let open = run_json(&[&open[..], &["--mix", "rest"], &common("0.6")].concat());
    assert_eq!((&open["sent"], &open["lost"]), (&1_200.into(), &0.into()), "{open}");
    assert_eq!((&open["rejected"], &open["workload"]["seed"]), (&0.into(), &1.into()), "{open}");

    let closed = ["latency", "--closed", "4", "--sessions", "2", "--mix", "trade"];
    let closed = run_json(&[&closed[..], &common("0.3")].concat());
    assert!(closed["end_to_end"].is_null() && closed["offered_per_s"].is_null(), "{closed}");
    // More than those that may be under way at once.
    assert!(closed["service_time"]["count"].as_u64().unwrap() > 4, "{closed}");
    assert_eq!((&closed["rejected"], &closed["lost"]), (&0.into(), &0.into()), "{closed}");

    let bursts = ["latency", "--rate", "2000", "--arrivals", "burst:40"];
    let bursts = run_json(&[&bursts[..], &common("0.6")].concat());
    assert_eq!((&bursts["sent"], &bursts["lost"]), (&1_200.into(), &0.into()), "{bursts}");
    // Forty leave at once and are answered one after another.
    let at = |key: &str| bursts["end_to_end"][key].as_u64().unwrap();
    assert!(at("p99_ns") > at("p50_ns"), "{bursts}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for args in [
        &["--rate", "0"][..],
        &["--duration", "-1"],
        &["--durability", "maybe"],
        &["--arrivals", "burst:0"],
        &["--closed", "2", "--rate", "5"],
        &["--connect", "--durability", "write"],
        &["--mix", "everything"],
    ] {
        let (_, code) = run(&[&["latency"], args].concat());
        assert_eq!(code, Some(2), "{args:?}");
    }
    for args in [
        &["--data-dir", "/nowhere/at/all"][..],
        &["--orders", "127.0.0.1:1"],
        &["--rate", "10000000", "--duration", "86400"],
        &["--price", "100.001"],
        &["--symbol", "NONE"],
        &["--connect", "--sessions", "200"],
    ] {
        let (stdout, code) = run(&[&["latency"], args].concat());
        assert_eq!((stdout.as_str(), code), ("", Some(1)), "{args:?}");
    }
}

/// The command that is printed beside the README's table.
#[test]
fn a_table_has_a_row_for_each_durability_and_rate_beside_an_echo() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().to_str().unwrap();
    let small = ["--rates", "500,2000", "--duration", "0.6", "--warmup", "0.1", "--repeat", "1"];
    let common = ["latency", "table", "--durabilities", "write,fsync", "--data-dir", data_dir];
    let (stdout, code) = run(&[&common[..], &small].concat());
    let rows: Vec<Vec<&str>> = stdout
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let first = |row: &Vec<&str>| (row[0].trim_end_matches(" (!)").to_owned(), row[2].to_owned());
    let named: Vec<(String, String)> = rows.iter().map(first).collect();
    let expected =
        [("`write`", "500"), ("`write`", "2000"), ("`fsync`", "500"), ("`fsync`", "2000")];
    assert_eq!(named, expected.map(|(name, rate)| (name.to_owned(), rate.to_owned())), "{stdout}");
    for row in &rows {
        assert_eq!(row.len(), 3 + 2 * 4, "{stdout}");
        let us: Vec<f64> =
            row[3..].iter().map(|cell| cell.trim_end_matches('*').parse().unwrap()).collect();
        for of in us.chunks(4) {
            assert!(of[0] > 0.0 && of.is_sorted(), "{stdout}");
        }
    }
    // 300 samples are too few for a p99, so not every row can be valid.
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("(!) `write` at 500/s: 1 of 1 runs NOT VALID"), "{stdout}");
    assert!(stdout.contains("the echo beside `fsync` writes and syncs 4 KiB"), "{stdout}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "all journals have gone");
}
