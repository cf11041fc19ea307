//! `send` and `tap` against a running engine, as a user would.

use crate::engine::{BINARY, Engine, Site, run};
use std::path::Path;
use std::process::Command;

/// Runs `send` on a file of lines; its output lines, and its exit code.
fn send(
    config: &Path,
    session: &str,
    name: &str,
    text: &str,
) -> (Vec<String>, Option<i32>, String) {
    let file = config.with_file_name(name);
    std::fs::write(&file, text).unwrap();
    let output = Command::new(BINARY)
        .args(["send", "--json", "--session", session, "--config"])
        .arg(config)
        .arg(&file)
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    (lines, output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn orders_from_csv_and_json_trade_with_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA", "BRAVO"]);
    let config = site.write_config(directory.path());
    let _engine = Engine::start(&config, &directory.path().join("data"));

    let csv = "action,symbol,side,quantity,price,time_in_force,display,id,order\n\
               enter,AAPL,buy,100,286.67,day,visible,first,\n\
               enter,AAPL,buy,50,286.66,,hidden,second,\n\
               replace,,,80,286.68,,,third,first\n\
               cancel,,,0,,,,,second\n\
               enter,NONE,buy,1,1,,,bad,\n";
    let (lines, code, _) = send(&config, "ALPHA", "orders.csv", csv);
    let messages: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split("\"message\":\"").nth(1)?.split('"').next())
        .collect();
    let expected =
        ["Order Accepted", "Order Accepted", "Order Replaced", "Order Canceled", "Rejected"];
    assert_eq!(messages, expected, "{lines:?}");
    let summary: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!((&summary["sent"], &summary["unanswered"]), (&5.into(), &0.into()));
    assert_eq!(code, Some(0));

    let json =
        "{\"symbol\":\"AAPL\",\"side\":\"sell\",\"quantity\":100,\"time_in_force\":\"ioc\"}\n";
    let (lines, code, _) = send(&config, "BRAVO", "orders.ndjson", json);
    let summary: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!((&summary["executed_shares"], code), (&80.into(), Some(0)), "{lines:?}");

    let (tape, code) =
        run(&["tap", "--config", config.to_str().unwrap(), "--from", "1", "--count", "12"]);
    assert_eq!(code, Some(0));
    let last = tape.lines().last().unwrap();
    assert!(last.contains("Order Executed") && last.contains("executed_shares=80"), "{tape}");
}

/// Orders with options, and what is asked of them later, as one writes them.
#[test]
fn every_action_of_a_line_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::unicast(&["ALPHA"]);
    let config = site.write_config(directory.path());
    let _engine = Engine::start(&config, &directory.path().join("data"));
    let lines = [
        r#"{"symbol":"AAPL","side":"sell","quantity":900,"price":2,"max_floor":100,"group":7,"id":"ice"}"#,
        r#"{"symbol":"AAPL","side":"sell","quantity":10,"price":3,"display":"attributable","id":"plain"}"#,
        r#"{"action":"modify","order":"plain","side":"sell-short","quantity":30}"#,
        r#"{"symbol":"AAPL","side":"buy","quantity":5,"price":2,"self_trade":"decrement-both","time_in_force":"ioc"}"#,
        r#"{"symbol":"AAPL","side":"buy","quantity":5,"price":1,"stop_price":4,"time_in_force":"gtc"}"#,
        r#"{"action":"mass-cancel","group":7}"#,
        r#"{"action":"disable"}"#,
        r#"{"symbol":"AAPL","side":"buy","quantity":5,"price":1}"#,
        r#"{"action":"enable"}"#,
    ];
    let (lines, code, stderr) = send(&config, "ALPHA", "all.ndjson", &(lines.join("\n") + "\n"));
    let said: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<&str> = said.iter().filter_map(|said| said["message"].as_str()).collect();
    let expected = [
        "Order Accepted",
        "Order Accepted",
        "Order Modified",
        "Order Priority Update",
        "Order Accepted",
        "AIQ Canceled",
        "AIQ Canceled",
        "Order Accepted",
        "Mass Cancel Response",
        "Order Canceled",
        "Disable Order Entry Response",
        "Rejected",
        "Enable Order Entry Response",
    ];
    assert_eq!((messages, code), (expected.to_vec(), Some(0)), "{lines:?} {stderr}");
    assert_eq!(said[0]["options"]["MaxFloor"], 100);
    assert_eq!(said[7]["options"]["StopPrice"], "4.00");
    assert_eq!(said[7]["options"]["Lifetime"], "1");
}

#[test]
fn a_line_that_makes_no_sense_is_said_and_what_came_before_it_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::unicast(&["ALPHA"]);
    let config = site.write_config(directory.path());
    let _engine = Engine::start(&config, &directory.path().join("data"));
    let lines = "{\"symbol\":\"AAPL\",\"side\":\"buy\",\"quantity\":1,\"price\":\"1\"}\n\
                 {\"symbol\":\"AAPL\",\"side\":\"both\"}\n";
    let (lines, code, stderr) = send(&config, "ALPHA", "bad.ndjson", lines);
    assert!(lines[0].contains("Order Accepted"), "{lines:?}");
    assert!(stderr.contains("bad.ndjson, line 2") && stderr.contains("none of buy"), "{stderr}");
    assert_eq!(code, Some(1));
}

#[test]
fn a_venue_that_is_not_there_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let config = Site::multicast(&["ALPHA"]).write_config(directory.path());
    let (lines, code, stderr) = send(&config, "ALPHA", "none.csv", "symbol\n");
    assert_eq!((lines.len(), code), (0, Some(1)));
    assert!(stderr.contains("got no answer from the venue"), "{stderr}");
}
