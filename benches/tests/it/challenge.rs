//! The challenge's small flows, played by the runner as anybody would run it.
//!
//! What must hold: every scenario's reports hash to the published value, the
//! last line says so, and flows that are absent are said to be absent. The
//! flows are not part of the project: where they are not beside it, the test
//! says so and checks nothing but that answer.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

const FLOWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/challenge");

fn challenge(flows: &str, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_challenge"))
        .args(["--flows", flows])
        .args(options)
        .output()
        .expect("the runner starts")
}

/// Said aloud, past the capture of test output.
fn say_absent() {
    let _ = writeln!(std::io::stderr(), "NOT PLAYED: the challenge's flows are not at {FLOWS}");
}

#[test]
fn every_small_flow_makes_the_published_reports() {
    if !Path::new(FLOWS).is_dir() {
        say_absent();
        return;
    }
    let output = challenge(FLOWS, &["--small", "--runs", "1", "--json", "--peer", "matchcore"]);
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{errors}");
    let summary: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(summary["hashes_ok"], 5, "{summary}");
    assert_eq!(summary["peer"], "matchcore");
    for name in ["normal", "static", "swing-25", "swing-40", "flash-crash"] {
        let scenario = &summary["scenarios"][name];
        assert_eq!(scenario["hash_ok"], true, "{name}: {summary}");
        assert_eq!(scenario["peer"]["hash_ok"], true, "{name}: {summary}");
    }
}

#[test]
fn another_flow_makes_a_wrong_hash() {
    let folder = tempfile::tempdir().unwrap();
    let disguised = folder.path().join("normal.small.flow.zst");
    if std::fs::copy(Path::new(FLOWS).join("static.small.flow.zst"), disguised).is_err() {
        say_absent();
        return;
    }
    let flows = folder.path().to_str().unwrap();
    let output = challenge(flows, &["--small", "--runs", "1", "--scenario", "normal"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.trim_end().ends_with("(normal), hashes 0/1"), "{said}");
}

#[test]
fn absent_flows_are_said_to_be_absent() {
    let folder = tempfile::tempdir().unwrap();
    for (flows, what) in [
        (folder.path().join("none"), "there is no folder"),
        (folder.path().to_owned(), "cannot read the flow"),
    ] {
        let output = challenge(flows.to_str().unwrap(), &["--small"]);
        assert_eq!(output.status.code(), Some(2));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.starts_with("error: ") && errors.contains(what), "{errors}");
    }
}
