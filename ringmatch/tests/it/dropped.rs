//! The past of a venue whose journal does not begin with its first command any
//! more: old messages from the output log, and the book for late joiners, from the
//! oldest snapshot on; and a shadow, which begins there too.

use crate::engine::{BINARY, Engine, PATIENCE, Site, run_json};
use crate::gap_repair::{Flow, book, glimpse, levels, read, rewind, shown, site, streams, trade};
use ringmatch::replica::{FromOldest, Replica, ReplicaConfig};
use ringmatch_engine::Exchange;
use ringmatch_engine::command::Side;
use ringmatch_gateway::client::{Response, Start};
use ringmatch_gateway::market::{DisplayedLevel, MarketFeed, Snapshot};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_journal::{Directory, Reader};
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// With segments of a mebibyte.
const DROPS: &str =
    "[snapshots]\nevery_bytes = 200000\nevery_s = 0\nkeep = 2\nclosed_segments = \"drop\"";
/// Orders that make another snapshot due, whenever the last was.
const ORDERS: usize = 4_000;

/// A venue that drops, and everything it has said so far.
struct Past {
    site: Site,
    config: PathBuf,
    data: PathBuf,
    flow: Flow,
    responses: Vec<Response>,
    market: Vec<ItchMessage>,
    _directory: tempfile::TempDir,
}

impl Past {
    fn new(seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let site = Site { snapshots: DROPS, ..site(1_000_000) };
        let (config, data) = (site.write_config(directory.path()), directory.path().join("data"));
        let (responses, market) = (Vec::new(), Vec::new());
        Self { site, config, data, flow: Flow::new(seed), responses, market, _directory: directory }
    }

    fn start(&self) -> Engine {
        Engine::start(&self.config, &self.data)
    }

    /// Orders flow until another segment has been dropped; no faster than
    /// snapshots are made of them, so on a slow machine there are no more of them.
    fn trade_until_dropped(&mut self, engine: &Engine, feed: &mut MarketFeed) {
        let next = self.responses.len() as u64 + 1;
        let mut alpha = self.site.connect("ALPHA", Start::At(next));
        let said = |what| engine.said().matches(what).count();
        let drops = said(" dropped");
        while said(" dropped") == drops {
            let snapshots = said(" saved");
            self.responses.extend(trade(&mut alpha, &mut self.flow, ORDERS));
            wait(engine, 3 * PATIENCE, || said(" saved") > snapshots);
        }
        self.listen(feed);
    }

    /// Hears all market data that there is.
    fn listen(&mut self, feed: &mut MarketFeed) {
        let last = self.site.feed(Start::Now).next() - 1;
        let missing = last - self.market.len() as u64;
        self.market.extend(read(feed, missing));
    }

    /// Whoever asks from the first message on gets each of them once.
    fn check_told(&self) {
        assert_eq!(rewind(&self.site, "ALPHA", self.responses.len()), self.responses);
        let told = read(&mut self.site.feed(Start::At(1)), self.market.len() as u64);
        assert!(told == self.market, "market data is what it was");
    }

    /// A late joiner has the book that the journal leads to.
    fn check_late(&self, engine: &Engine) {
        let exchange = restored(&self.data);
        let (end, next) = (Instant::now() + PATIENCE, exchange.next_market().0);
        let venue = "TESTVENUE".parse().unwrap();
        // The follower comes a moment after the venue.
        let snapshot = loop {
            let snapshot = Snapshot::fetch(venue, glimpse(engine), PATIENCE).unwrap();
            if snapshot.next == next {
                break snapshot;
            }
            assert!(snapshot.next < next && Instant::now() < end, "{} {next}", snapshot.next);
        };
        assert_eq!(shown(&book(&snapshot.messages)), displayed(&exchange));
        assert_eq!(shown(&book(&self.market)), displayed(&exchange));
    }
}

/// Waits until an engine has said something, and shows what it said if it does not.
fn wait(engine: &Engine, patience: Duration, has_said: impl Fn() -> bool) {
    let end = Instant::now() + patience;
    while !has_said() {
        assert!(Instant::now() < end, "{}", engine.said());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The exchange that the oldest snapshot and the journal behind it come to.
fn restored(data: &Path) -> Box<Exchange> {
    let mut reader = Reader::open(Directory::open(data).unwrap()).unwrap();
    let bounds = ReplicaConfig::named_in(reader.identity()).unwrap();
    let mut store = reader.snapshots(NonZeroUsize::MIN);
    let resumed = Replica::resume(&bounds, &mut FromOldest(&mut reader), &mut store).unwrap();
    let mut replica = resumed.replica;
    while let Some(frame) = reader.next_frame().unwrap() {
        replica.follow(&frame).unwrap();
    }
    replica.into_parts().0
}

fn displayed(exchange: &Exchange) -> Vec<Vec<DisplayedLevel>> {
    let sides = |id| [Side::Buy, Side::Sell].map(|side| levels(exchange, id, side));
    exchange.instruments().iter().flat_map(|listed| sides(listed.id)).collect()
}

#[test]
fn who_was_away_hears_what_the_journal_does_not_have_any_more() {
    let mut past = Past::new(11);
    let engine = past.start();
    let mut feed = past.site.feed(Start::At(1));
    past.trade_until_dropped(&engine, &mut feed);
    engine.kill();
    for _ in 0..2 {
        assert!(!past.data.join("00000001.seg").exists(), "the beginning was dropped");
        let engine = past.start();
        assert_eq!(engine.digest(), restored(&past.data).digest().to_string());
        past.check_told();
        past.check_late(&engine);
        // It says so when it looks after its threads the next time.
        let news = "the journal begins behind its first command";
        wait(&engine, PATIENCE, || engine.said().contains(news));
        assert!(!engine.said().contains("cannot be had any more"), "{}", engine.said());
        // It goes on, and drops more.
        past.trade_until_dropped(&engine, &mut feed);
        past.check_told();
        past.check_late(&engine);
        engine.kill();
    }
}

#[test]
fn a_log_that_is_lost_comes_back_as_far_as_the_snapshot_has_it() {
    let mut past = Past::new(12);
    let engine = past.start();
    let mut feed = past.site.feed(Start::At(1));
    past.trade_until_dropped(&engine, &mut feed);
    engine.kill();
    // The windows in the snapshot hold all of this short history.
    let sound = streams(&past.data);
    fs::remove_file(past.data.join("streams/market")).unwrap();
    let torn = &sound["session-00001"];
    fs::write(past.data.join("streams/session-00001"), &torn[..torn.len() / 2 + 99]).unwrap();
    let engine = past.start();
    past.check_told();
    past.check_late(&engine);
    assert!(!engine.said().contains("cannot be had any more"), "{}", engine.said());
}

#[test]
fn a_shadow_begins_with_the_oldest_snapshot() {
    let mut past = Past::new(13);
    let engine = past.start();
    let mut feed = past.site.feed(Start::At(1));
    past.trade_until_dropped(&engine, &mut feed);
    assert_eq!(engine.stop(), Some(0));
    let data = past.data.to_str().unwrap();
    let replayed = run_json(&["replay", "--data-dir", data]);
    let shadowed = run_json(&["shadow", "--once", "--data-dir", data]);
    assert_eq!(shadowed["same"], true);
    for what in ["commands", "digest", "state_hash"] {
        assert_eq!(shadowed[what], replayed[what], "{what}");
    }
    let begins = shadowed["snapshot_commands"].as_u64().unwrap();
    assert!(begins > 0 && shadowed["checkpoints"].as_u64() > Some(0), "{shadowed}");
    let until = (begins + 10).to_string();
    let shadowed = run_json(&["shadow", "--once", "--data-dir", data, "--until", &until]);
    assert_eq!(shadowed["commands"], begins + 10);

    // What it cannot do it says.
    let other = past.config.with_file_name("other.toml");
    let text = fs::read_to_string(&past.config).unwrap();
    fs::write(&other, text.replace("orders = 65536", "orders = 32768")).unwrap();
    for (more, why) in [
        (["--until", "5"], "cannot end before command"),
        (["--config", other.to_str().unwrap()], "other limits cannot be tried"),
    ] {
        let args = ["shadow", "--once", "--data-dir", data];
        let output = Command::new(BINARY).args(args).args(more).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(why), "{said}");
    }
}
