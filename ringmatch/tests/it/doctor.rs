//! `doctor` as a start-up script runs it. What it finds is the machine's own;
//! that it finds each thing, and what the exit code says, is tested.

use crate::engine::run;
use serde_json::Value;

fn examine(args: &[&str]) -> (Value, Option<i32>) {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().to_str().unwrap();
    let (stdout, code) = run(&[&["doctor", "--json", "--data-dir", data_dir], args].concat());
    (serde_json::from_str(stdout.lines().last().unwrap()).unwrap(), code)
}

#[test]
fn every_check_is_made_and_what_is_bad_has_a_price_and_a_remedy() {
    let (report, code) = examine(&[]);
    assert_eq!(code, Some(0), "{report}");
    let findings = report["findings"].as_array().unwrap();
    for check in [
        "multicast",
        "receive buffer",
        "send buffer",
        "busy polling",
        "pinning",
        "threads",
        "clock",
        "jitter",
        "governor",
        "isolation",
        "disk",
        "memory lock",
        "io_uring",
    ] {
        let found = findings.iter().filter(|finding| finding["check"] == check).count();
        assert_eq!(found, 1, "{check}: {report}");
    }
    for finding in findings {
        let is_ok = finding["level"] == "ok";
        assert_eq!(finding["costs"].is_null(), is_ok, "{finding}");
        assert_eq!(finding["fix"].is_null(), is_ok, "{finding}");
    }
}

#[test]
fn warnings_fail_only_the_strict_and_failures_everybody() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("venue.toml");
    let text = ringmatch::config::DEFAULT.replace("pin = []", "pin = [0, 1000]");
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let (report, code) = examine(&["--config", config]);
    assert!(report["warnings"].as_u64().unwrap() >= 1, "CPU 1000 is refused: {report}");
    assert_eq!(code, Some(0));
    assert_eq!(examine(&["--config", config, "--strict"]).1, Some(1));

    let (report, code) = examine(&["--interface", "192.0.2.1"]);
    assert_eq!((&report["failures"], code), (&1.into(), Some(1)), "{report}");
}
