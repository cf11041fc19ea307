//! `ringmatch feed` against a real engine: the flow it makes of a record, what
//! it sees of the venue, and what it refuses to compare.

use crate::day::Day;
use crate::engine::{BINARY, Engine, PATIENCE, Site, run_json};
use crate::record::{self, Added, Stamp};
use ringmatch_engine::Price;
use ringmatch_gateway::client::Start;
use ringmatch_gateway::wire::itch::ItchMessage;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// An engine, and where its files are.
struct Stage {
    directory: tempfile::TempDir,
    site: Site,
    config: PathBuf,
    engine: Engine,
}

impl Stage {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let site = Site::multicast(&["FEED"]);
        let config = site.write_config(directory.path());
        let engine = Engine::start(&config, &directory.path().join("data"));
        Self { directory, site, config, engine }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The command that plays a record here.
    fn feed(&self, record: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(["feed", "--json", "--config"]).arg(&self.config);
        command.arg("--itch").arg(record).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn write(&self, messages: &[ItchMessage]) -> PathBuf {
        let path = self.directory.path().join("record.itch");
        record::write(messages, &path);
        path
    }
}

/// The object on the last line, and whether the command was content.
fn report(output: &Output) -> (Value, bool) {
    let stdout = std::str::from_utf8(&output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let line = stdout.lines().last().unwrap_or_else(|| panic!("it printed nothing: {said}"));
    (serde_json::from_str(line).unwrap(), output.status.success())
}

/// What a report must say of a day.
fn check(report: &Value, day: &Day) {
    let tally = day.tally;
    for (key, expected) in [
        ("messages", day.messages.len() as u64),
        ("sent", tally.adds + tally.executions + tally.cuts + tally.replaces),
        ("skipped_unknown", tally.unknown),
        ("skipped", tally.others),
        ("accepted", tally.adds + tally.executions),
        ("replaced", tally.replaces),
        ("canceled", tally.cuts),
        ("rejected", 0),
        ("unanswered", 0),
        ("executions_recorded", tally.executions),
        ("executions", tally.executions),
        ("executions_same_order", tally.executions),
        ("lost", 0),
    ] {
        assert_eq!(report[key], expected, "{key}: {report}");
    }
    assert_eq!(report["book_equal"], true, "{report}");
    for (stock, symbol) in ["AAPL", "MSFT"].into_iter().enumerate() {
        let (bid_levels, ask_levels, bid, ask, orders) = day.shape(stock);
        let (bid, ask) = (Price(bid).to_string(), Price(ask).to_string());
        let expected = json!({
            "symbol": symbol, "equal": true, "orders": orders, "bid_levels": bid_levels,
            "ask_levels": ask_levels, "best_bid": bid, "best_ask": ask,
        });
        assert_eq!(report["books"][stock], expected);
    }
}

#[test]
fn a_day_is_played_to_the_same_executions_and_the_same_book() {
    let stage = Stage::new();
    let day = Day::new(71, 6_000);
    let record = stage.write(&day.messages);
    let (report, content) = report(&stage.feed(&record, &[]).output().unwrap());
    assert!(content, "{report}");
    check(&report, &day);
    let data = stage.data();
    let replayed = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(replayed["executions"], day.tally.executions);
    let resting = day.shape(0).4 + day.shape(1).4;
    assert_eq!(replayed["resting_orders"], resting);

    // The books are full now: another play could not be compared.
    let again = stage.feed(&record, &[]).output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success() && said.contains("AAPL is not empty"), "{said}");
    let after = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(after["events"], replayed["events"].as_u64().unwrap() + 1, "one account query");
}

#[test]
fn a_speed_keeps_the_recorded_time() {
    let stage = Stage::new();
    let day = Day::new(72, 300);
    let record = stage.write(&day.messages);
    let (report, content) = report(&stage.feed(&record, &["--speed", "2"]).output().unwrap());
    assert!(content, "{report}");
    check(&report, &day);
    // A millisecond between two messages, at twice the speed; the first two
    // and perhaps the last few of them send nothing.
    let seconds = report["seconds"].as_f64().unwrap();
    assert!(seconds > 0.13, "{seconds} s");
}

#[test]
fn the_recorded_flow_is_played_as_it_was() {
    let Some(record) = record::real() else { return };
    let stage = Stage::new();
    let (report, content) = report(&stage.feed(&record, &[]).output().unwrap());
    assert!(content, "{report}");
    for (key, expected) in [
        ("messages", 49_948),
        ("sent", 45_696),
        ("skipped_unknown", 540 + 3_351 + 67 + 12),
        ("skipped", 282),
        ("accepted", 22_122 + 1_626),
        ("replaced", 1_130 - 67),
        ("canceled", 98 - 12 + 24_150 - 3_351),
        ("executions", 1_626),
        ("executions_same_order", 1_626),
        ("lost", 0),
        ("unanswered", 0),
    ] {
        assert_eq!(report[key], expected, "{key}: {report}");
    }
    let expected = json!([{
        "symbol": "AAPL", "equal": true, "orders": 339, "bid_levels": 68, "ask_levels": 109,
        "best_bid": "286.67", "best_ask": "286.73",
    }]);
    assert_eq!((&report["books"], &report["book_equal"]), (&expected, &json!(true)));
    let replayed = run_json(&["replay", "--data-dir", stage.data().to_str().unwrap()]);
    assert_eq!(replayed["resting_orders"], 339);
    assert_eq!(replayed["executions"], 1_626);
}

#[test]
fn a_play_outlives_its_venue() {
    let mut stage = Stage::new();
    let day = Day::new(73, 30_000);
    let record = stage.write(&day.messages);
    let mut market = stage.site.feed(Start::Now);
    let mut feed = stage.feed(&record, &[]);
    let play = std::thread::spawn(move || feed.output().unwrap());
    let mut interrupted = 0;
    for _ in 0..3 {
        // The flow is under way: the venue tells the market of it.
        let killed_at = market.next() + 100;
        while market.next() < killed_at {
            assert!(market.receive(PATIENCE).unwrap().is_some(), "no market data");
        }
        let Stage { directory, site: _, config, engine } = stage;
        engine.kill();
        let engine = Engine::start(&config, &directory.path().join("data"));
        let recovered = engine.ready["recovered_commands"].as_u64().unwrap();
        interrupted += u64::from(recovered < day.messages.len() as u64 / 2);
        stage = Stage { directory, site: stage.site, config, engine };
    }
    let (report, content) = report(&play.join().unwrap());
    assert!(content, "{report}");
    check(&report, &day);
    assert!(interrupted > 0, "it was never killed in the middle");
}

#[test]
fn what_the_venue_does_not_list_is_named_before_anything_is_sent() {
    let stage = Stage::new();
    let record = stage.write(&[bid(1, 10, "ZZZZ")]);
    let output = stage.feed(&record, &[]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("trades ZZZZ"), "{said}");
    let replayed = run_json(&["replay", "--data-dir", stage.data().to_str().unwrap()]);
    assert_eq!(replayed["resting_orders"], 0);
}

#[test]
fn a_record_against_time_priority_is_found_out() {
    let stage = Stage::new();
    // The second in the queue is hit, and no venue of ours would do that.
    let record =
        stage.write(&[bid(1, 10, "AAPL"), bid(2, 20, "AAPL"), record::execute(STAMP, 2, 10, 1)]);
    let (report, content) = report(&stage.feed(&record, &[]).output().unwrap());
    assert!(!content);
    assert_eq!(report["executions"], 1);
    assert_eq!(report["executions_same_order"], 0);
    assert_eq!(report["book_equal"], false);
    assert_eq!((&report["lost"], &report["unanswered"]), (&json!(0), &json!(0)));
}

#[test]
fn a_speed_that_is_none_is_refused() {
    for speed in ["0", "-1", "fast", "NaN", "inf"] {
        let speed = format!("--speed={speed}");
        let output = Command::new(BINARY).args(["feed", "--itch", "x", &speed]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains("is no speed"), "{said}");
    }
}

const STAMP: Stamp = Stamp { locate: 1, time_ns: 0 };

fn bid(reference: u64, shares: u32, symbol: &'static str) -> ItchMessage {
    record::add(STAMP, Added { reference, symbol, side: b'B', shares, price: 2_866_700 })
}
