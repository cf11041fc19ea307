//! A venue that starts from a snapshot is the venue that was there before.
//!
//! What was traded before the snapshot can be asked for again, to the byte, the
//! state is what a replay of the whole journal comes to, and a snapshot that does
//! not hold is passed over by name.

use crate::engine::{Engine, PATIENCE, Site, run_json};
use ringmatch_engine::Price;
use ringmatch_engine::command::Side;
use ringmatch_gateway::client::{Client, NewOrder, Response, Start};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::ouch::Outbound;
use ringmatch_journal::{Directory, Reader, SnapshotInfo};
use serde_json::Value;
use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

/// None are made but by the command.
const NEVER: &str =
    "[snapshots]\nevery_bytes = 0\nevery_s = 0\nkeep = 2\nclosed_segments = \"keep\"";
/// With segments of a mebibyte, one of each.
const OFTEN: &str =
    "[snapshots]\nevery_bytes = 1000000\nevery_s = 0\nkeep = 2\nclosed_segments = \"drop\"";

/// How much of the past is asked for.
const LATE: u64 = 2_000;

struct Place {
    site: Site,
    config: PathBuf,
    data: PathBuf,
    _directory: tempfile::TempDir,
}

impl Place {
    fn new(snapshots: &'static str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let site = Site { durability: "write", snapshots, ..Site::multicast(&["ALPHA", "BRAVO"]) };
        let (config, data) = (site.write_config(directory.path()), directory.path().join("data"));
        Self { site, config, data, _directory: directory }
    }

    fn start(&self) -> Engine {
        Engine::start(&self.config, &self.data)
    }

    fn command(&self, args: &[&str]) -> Value {
        run_json(&[args, &["--data-dir", self.data.to_str().unwrap()]].concat())
    }

    /// The snapshots that are there, oldest first.
    fn snapshots(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.data).unwrap().map(|entry| entry.unwrap().path());
        let mut snapshots: Vec<_> =
            files.filter(|path| path.extension().is_some_and(|it| it == "snap")).collect();
        snapshots.sort();
        snapshots
    }

    /// What a client of a session and a reader of market data are told who come
    /// late: the last so many of its responses up to `heard`, and of all market
    /// data up to `market`.
    fn told(&self, heard: u64, market: u64) -> (Vec<Response>, Vec<(u64, ItchMessage)>) {
        let from = |end: u64| end.saturating_sub(LATE).max(1);
        let mut client = self.site.connect("ALPHA", Start::At(from(heard)));
        let mut next = || client.receive(PATIENCE).unwrap().expect("a response of the past");
        let responses = (from(heard)..=heard).map(|_| next()).collect();
        let mut feed = self.site.feed(Start::At(from(market)));
        let mut next = || feed.receive(PATIENCE).unwrap().expect("market data of the past");
        (responses, (from(market)..=market).map(|_| next()).collect())
    }

    /// The number of the last market-data message.
    fn market(&self) -> u64 {
        self.site.feed(Start::Now).next() - 1
    }
}

/// Sends orders that trade and orders that rest, and takes all answers; the number
/// of the last.
fn trade(client: &mut Client, orders: u32) -> u64 {
    for n in 0..orders {
        let (side, price) = if n % 3 == 0 { (Side::Sell, 990_000) } else { (Side::Buy, 1_000_000) };
        let quantity = 5 + n % 7;
        let order = NewOrder::limit("AAPL".parse().unwrap(), side, quantity, Price(price));
        client.enter(&order).unwrap();
        if n % 500 == 499 {
            client.flush().unwrap();
        }
    }
    client.query().unwrap();
    let last = client.peek_user_ref().0;
    loop {
        let response = client.receive(PATIENCE).unwrap().expect("an answer");
        match response.message {
            Outbound::AccountQueryResponse(answer) if answer.next_user_ref_num >= last => {
                return response.number;
            }
            _ => {}
        }
    }
}

#[test]
fn a_start_from_a_snapshot_is_a_start_from_everything() {
    let place = Place::new(NEVER);
    let engine = place.start();
    assert_eq!(engine.ready["snapshot_commands"], 0);
    let mut alpha = place.site.connect("ALPHA", Start::At(1));
    trade(&mut alpha, 900);
    // Of a running venue; and what comes after it is replayed.
    let saved = place.command(&["snapshot"]);
    let commands = saved["commands"].as_u64().unwrap();
    assert!(commands > 900 && saved["replayed"] == commands, "{saved}");
    let (heard, market) = (trade(&mut alpha, 300), place.market());
    let told = place.told(heard, market);
    engine.kill();

    let replayed = place.command(&["replay"]);
    let engine = place.start();
    assert_eq!(engine.ready["snapshot_commands"], saved["commands"]);
    assert_eq!(engine.ready["recovered_commands"], replayed["commands"]);
    assert_eq!(engine.ready["digest"], replayed["digest"]);
    assert_eq!(engine.ready["state_hash"], replayed["state_hash"]);
    assert!(place.told(heard, market) == told, "the past is what it was");

    // It goes on where it was, and the next snapshot from the last. Whoever was
    // told of the past spoke for the session last.
    let mut alpha = place.site.connect("ALPHA", Start::Now);
    trade(&mut alpha, 300);
    assert_eq!(engine.stop(), Some(0));
    let second = place.command(&["snapshot"]);
    let third = place.command(&["snapshot"]);
    assert!(second["replayed"].as_u64().unwrap() < second["commands"].as_u64().unwrap() - 900);
    assert_eq!((&third["replayed"], &third["digest"]), (&0.into(), &second["digest"]));
    assert_eq!(place.snapshots().len(), 2, "two are kept, of the same command only one");
    let engine = place.start();
    assert_eq!(engine.ready["snapshot_commands"], engine.ready["recovered_commands"]);
    assert!(place.told(heard, market) == told, "the past is what it was");
}

#[test]
fn a_damaged_snapshot_is_passed_over_by_name() {
    let place = Place::new(NEVER);
    let engine = place.start();
    let mut alpha = place.site.connect("ALPHA", Start::At(1));
    trade(&mut alpha, 50);
    let first = place.command(&["snapshot"]);
    trade(&mut alpha, 50);
    place.command(&["snapshot"]);
    trade(&mut alpha, 50);
    engine.kill();
    let [older, newer] = &place.snapshots()[..] else { panic!("two snapshots") };
    for (damaged, expected) in [(newer, &first["commands"]), (older, &Value::from(0))] {
        let mut bytes = fs::read(damaged).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(damaged, bytes).unwrap();
        let replayed = place.command(&["replay"]);
        let engine = place.start();
        assert_eq!(&engine.ready["snapshot_commands"], expected);
        assert_eq!(engine.ready["state_hash"], replayed["state_hash"]);
        let said = engine.ready["snapshots_passed_over"].to_string();
        assert!(said.contains(damaged.to_str().unwrap()), "{said}");
    }
}

#[test]
fn a_snapshot_of_another_build_is_passed_over_by_name() {
    let place = Place::new(NEVER);
    drop(place.start());
    let directory = Directory::open(&place.data).unwrap();
    let mut reader = Reader::open(directory).unwrap();
    while reader.next_frame().unwrap().is_some() {}
    let store = reader.snapshots(NonZeroUsize::MIN);
    let position = reader.position();
    let rows = [
        (1, "its body has version 1; this build reads version 2"),
        (99, "its body has version 99; this build reads version 2"),
        (2, "longer than any can be"),
    ];
    for (body_version, why) in rows {
        let info = SnapshotInfo { position, digest: 7, body_version, time_ns: 1 };
        store.save(info, b"no state at all, but long enough to have a head").unwrap();
        let engine = place.start();
        assert_eq!(engine.ready["snapshot_commands"], 0);
        let said = engine.ready["snapshots_passed_over"].to_string();
        assert!(said.contains(why), "{said}");
        fs::remove_file(&place.snapshots()[0]).unwrap();
    }
}

#[test]
fn a_running_venue_makes_snapshots_and_drops_what_they_cover() {
    let place = Place::new(OFTEN);
    let engine = place.start();
    let mut alpha = place.site.connect("ALPHA", Start::At(1));
    let mut heard = 0;
    let saves = |engine: &Engine| engine.said().matches("snapshot of").count();
    let end = Instant::now() + 3 * PATIENCE;
    let dropped = |engine: &Engine| engine.said().contains(" dropped");
    while saves(&engine) < 3 || !dropped(&engine) {
        assert!(Instant::now() < end, "{}", engine.said());
        heard = trade(&mut alpha, 2_000);
    }
    let market = place.market();
    let told = place.told(heard, market);
    engine.kill();

    assert!(!place.data.join("00000001.seg").exists());
    // A third, if it was killed before the oldest could go.
    assert!((2..=3).contains(&place.snapshots().len()));
    let replayed = place.command(&["replay"]);
    let engine = place.start();
    assert_eq!(replayed["digest"], engine.ready["digest"], "from the oldest snapshot");
    assert!(engine.ready["snapshot_commands"].as_u64() > Some(0));
    assert!(place.told(heard, market) == told, "the past is what it was");
}
