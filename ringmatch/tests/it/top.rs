//! `top` watches an engine from outside, also one that no longer does anything.

use crate::engine::{Engine, Site, run};
use ringmatch_engine::Price;
use ringmatch_engine::command::Side;
use ringmatch_gateway::client::{NewOrder, Start};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Looks; nothing, if there is no board yet.
fn look(data_dir: &Path) -> Option<Value> {
    let data_dir = data_dir.to_str().unwrap();
    let top = ["top", "--json", "--data-dir", data_dir, "--times", "1", "--interval", "0.5"];
    let (said, code) = run(&top);
    (code == Some(0)).then(|| serde_json::from_str(&said).unwrap())
}

/// The line of a text that begins with a word.
fn line_of<'a>(text: &'a str, word: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("{word}: {text}"))
}

/// Looks until something is so.
pub fn look_until(data_dir: &Path, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut last = None;
    for _ in 0..40 {
        last = look(data_dir);
        if let Some(seen) = last.take_if(|seen| is_so(seen)) {
            return seen;
        }
    }
    panic!("it never came: {last:?}")
}

/// What it shows of the first book.
fn first_book(seen: &Value) -> &Value {
    &seen["books"]["instruments"][0]
}

/// Whether what it shows of the books is after all that was matched.
fn shows_all(seen: &Value) -> bool {
    let matched = &seen["totals"]["commands_matched"];
    let books = &seen["books"];
    *matched != 0
        && [&books["after_command"], &books["orders_counted_after_command"]] == [matched, matched]
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

#[test]
fn an_engine_is_watched_while_it_runs_is_stuck_and_has_gone() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site { durability: "write", ..Site::multicast(&["ALPHA", "BRAVO"]) };
    let config = site.write_config(directory.path());
    let data_dir = directory.path().join("data");
    let nothing = ["top", "--data-dir", data_dir.to_str().unwrap(), "--times", "1"];
    assert_eq!(run(&nothing), (String::new(), Some(1)), "no engine has run there");

    let engine = Engine::start(&config, &data_dir);
    let mut client = site.connect("ALPHA", Start::Now);
    for (side, price) in [(Side::Buy, 100), (Side::Buy, 99), (Side::Sell, 100)] {
        let price = Price(price * 10_000);
        client.enter(&NewOrder::limit("AAPL".parse().unwrap(), side, 10, price)).unwrap();
    }
    client.flush().unwrap();
    let is_done = |seen: &Value| seen["totals"]["executions"] == 1;
    let seen = look_until(&data_dir, is_done);
    assert_eq!((&seen["state"], &seen["process"]), (&"running".into(), &engine.pid().into()));
    assert_eq!(seen["totals"]["orders_resting"], 1, "{seen}");
    assert_eq!(seen["totals"]["sessions"], 2, "{seen}");
    // All is quiet, so nothing waits anywhere.
    let seen = look_until(&data_dir, |seen| seen["journal_lag"] == 0 && shows_all(seen));
    let book = json!({
        "symbol": "AAPL",
        "bid": { "price": "99.00", "open": 10 },
        "ask": null,
        "last_price": "100.00",
        "orders": 1,
    });
    assert_eq!(first_book(&seen), &book, "{seen}");
    let listed = seen["books"]["instruments"].as_array().unwrap().len();
    assert_eq!(seen["books"]["instruments_listed"], listed);
    assert_eq!((&seen["command_ring_fill"], &seen["event_ring_fill"]), (&0.into(), &0.into()));
    assert_eq!(seen["totals"]["commands_sequenced"], seen["totals"]["commands_matched"]);
    let stages = seen["stages"].as_object().unwrap();
    let names: Vec<&str> = stages.keys().map(String::as_str).collect();
    let expected = [
        "matched_to_sent",
        "matching",
        "receive_to_journaled",
        "receive_to_matched",
        "receive_to_sent",
    ];
    assert_eq!(names, expected);
    let (text, _) = run(&[&nothing[..], &["--interval", "0.2"]].concat());
    let row: Vec<&str> = line_of(&text, "AAPL").split_whitespace().collect();
    assert_eq!(row, ["AAPL", "10", "99.00", "-", "100.00", "1"], "{text}");
    assert!(text.contains("journal lag           0 commands not durable"), "{text}");
    let room = seen["totals"]["journal_segments_fit_on_the_disk"].as_u64().unwrap();
    assert!(room > 0 && text.contains("more segments fit"), "{text}");

    signal("-STOP", engine.pid());
    let seen = look_until(&data_dir, |seen| seen["state"] == "stuck");
    assert_eq!(seen["totals"]["executions"], 1, "what it did last can still be read: {seen}");
    assert_eq!(first_book(&seen), &book, "{seen}");
    signal("-CONT", engine.pid());
    look_until(&data_dir, |seen| seen["state"] == "running");
    engine.kill();
    let seen = look_until(&data_dir, |seen| seen["state"] == "gone");
    assert_eq!((&seen["totals"]["executions"], &seen["commands_per_s"]), (&1.into(), &0.0.into()));

    // The board stands in no start's way.
    let engine = Engine::start(&config, &data_dir);
    let seen = look_until(&data_dir, |seen| seen["state"] == "running");
    assert_eq!(seen["totals"]["orders_resting"], 1, "the replay's: {seen}");
    let seen = look_until(&data_dir, shows_all);
    assert_eq!(first_book(&seen), &book, "the replay's: {seen}");
    assert_eq!(engine.stop(), Some(0));
}

#[test]
fn what_is_no_board_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("counters"), "not a board").unwrap();
    let data_dir = directory.path().to_str().unwrap();
    assert_eq!(run(&["top", "--data-dir", data_dir]), (String::new(), Some(1)));
    assert_eq!(run(&["top", "--interval", "0"]).1, Some(2));
}
