//! That a stall cannot hide from the latency tool.
//!
//! A process is stopped for 200 ms in the middle of a measurement and goes on,
//! as if the machine had taken its CPU away. Whichever it is, the engine or the
//! tool itself, the orders that were due meanwhile have waited, and the
//! percentiles must say so. A closed loop waits along and hides it.

use crate::engine::{BINARY, Engine, Site};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const STALL: Duration = Duration::from_millis(200);
/// From the end of the warm-up to the stall.
const INTO_IT: Duration = Duration::from_millis(500);
const MS: u64 = 1_000_000;
/// `--duration 2`.
const MEASURED_NS: u64 = 2_000 * MS;

fn signal(name: &str, pid: u32) {
    let killed = Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
    assert!(killed.success());
}

/// Takes the CPU from a process for a while.
fn stall(pid: u32) {
    signal("-STOP", pid);
    std::thread::sleep(STALL);
    signal("-CONT", pid);
}

/// How often this machine may be too busy to stall anybody in time.
const TRIES: usize = 10;

/// Measures a running engine for two seconds, and stalls one of the two. A
/// stall that was not wholly within the two seconds says nothing: it is measured
/// again.
fn measure(load: &[&str], whom: impl Fn(&Engine, &Child) -> u32) -> Value {
    let measured = (0..TRIES).find_map(|_| try_measure(load, &whom));
    measured.expect("this machine is too busy to stop a process for 200 ms of two seconds")
}

fn try_measure(load: &[&str], whom: impl Fn(&Engine, &Child) -> u32) -> Option<Value> {
    let directory = tempfile::tempdir().unwrap();
    let site = Site { durability: "write", ..Site::multicast(&["ALPHA", "BRAVO"]) };
    let config = site.write_config(directory.path());
    let engine = Engine::start(&config, &directory.path().join("data"));
    let mut tool = Command::new(BINARY)
        .args(["latency", "run", "--connect", "--json", "--duration", "2", "--warmup", "0.2"])
        .args(load)
        .arg("--config")
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(tool.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("measuring") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the tool ended before it measured");
    }
    // What was under way when the warm-up ended does not count; what follows it does.
    std::thread::sleep(INTO_IT);
    let from_ns = unix_ns();
    stall(whom(&engine, &tool));
    let to_ns = unix_ns();
    let mut stdout = String::new();
    tool.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    tool.wait().unwrap();
    let summary: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    let began_ns = summary["measured_from_unix_ns"].as_u64().unwrap();
    (began_ns <= from_ns && to_ns <= began_ns + MEASURED_NS).then_some(summary)
}

fn unix_ns() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since_1970.as_nanos().try_into().unwrap()
}

fn at(summary: &Value, what: &str, key: &str) -> u64 {
    summary[what][key].as_u64().unwrap_or_else(|| panic!("no {what} {key} in {summary}"))
}

/// Of 2,000 orders 200 fell into the stall and waited from nothing to 200 ms:
/// so a twentieth of all waited 100 ms or more, and a hundredth 180 ms.
fn check_that_it_shows(summary: &Value) {
    assert_eq!((&summary["sent"], &summary["lost"]), (&2_000.into(), &0.into()), "{summary}");
    assert_eq!(summary["workload"]["target"], "running engine");
    assert!(at(summary, "end_to_end", "p99_ns") >= 170 * MS, "{summary}");
    assert!(at(summary, "end_to_end", "max_ns") >= 198 * MS, "{summary}");
}

#[test]
fn a_stall_of_the_engine_shows_in_an_open_loop() {
    let summary = measure(&["--rate", "1000"], |engine, _| engine.pid());
    check_that_it_shows(&summary);
    // The generator went on sending, so the service time saw it as well.
    assert!(at(&summary, "service_time", "p99_ns") >= 170 * MS, "{summary}");
}

#[test]
fn a_stall_of_the_tool_itself_shows_too_and_makes_the_result_not_valid() {
    let summary = measure(&["--rate", "1000"], |_, tool| tool.id());
    check_that_it_shows(&summary);
    assert!(summary["late_fraction"].as_f64().unwrap() >= 0.09, "{summary}");
    assert_eq!(summary["valid"], false, "{summary}");
    assert!(summary["doubts"].to_string().contains("sent late"), "{summary}");
}

/// Why a closed loop has no latency: one order saw the stall, and those that
/// would have come meanwhile were never sent.
#[test]
fn a_closed_loop_hides_a_stall() {
    let summary = measure(&["--closed", "1"], |engine, _| engine.pid());
    assert!(summary["end_to_end"].is_null(), "{summary}");
    assert!(at(&summary, "service_time", "max_ns") >= 190 * MS, "{summary}");
    // However few there were: it was one of them.
    assert!(at(&summary, "service_time", "count") > 20, "{summary}");
    assert!(at(&summary, "service_time", "p90_ns") < 150 * MS, "{summary}");
}
