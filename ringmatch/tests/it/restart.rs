//! How long a restart takes after a kill, with a long log and with a large state.
//!
//! The log is written as the journaler writes it, and a snapshot is made where the
//! default policy would have made the last one, so the tail is the longest that it
//! leaves. Then the engine is started, killed (SIGKILL) and started again. What is
//! checked is that the state is that of a replay of everything; the times are
//! printed, for `--release` and a machine that does nothing else:
//!
//! ```text
//! cargo test --release -p ringmatch --test it restart -- --ignored --nocapture
//! ```
//!
//! `RINGMATCH_COMMANDS=n` makes another log than one of ten million commands, and
//! the large state one of half as many orders.

use crate::engine::{Engine, Site, run_json};
use fastrand::Rng;
use ringmatch::config::{Config, SnapshotsConfig};
use ringmatch::log::{CHECKPOINT, CHECKPOINT_INTERVAL, COMMANDS, Checkpoint, Encoder};
use ringmatch::operations;
use ringmatch::pipeline::open_journal;
use ringmatch_engine::command::*;
use ringmatch_engine::event::Discard;
use ringmatch_engine::{Exchange, InstrumentId, Nanos, Price, Quantity, SessionId, UserRef};
use ringmatch_journal::{Directory, Writer};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

/// Commands in a frame: a group commit under load.
const FRAME: u64 = 64;
/// A command in a frame, in bytes, about.
const COMMAND_BYTES: u64 = 112;

fn commands() -> u64 {
    let wanted = std::env::var("RINGMATCH_COMMANDS").ok();
    wanted.map_or(10_000_000, |text| text.parse().expect("a number of commands"))
}

/// A venue's day that nobody has traded yet: one order in ten crosses, and others
/// rest until so many more have come.
struct Day {
    exchange: Box<Exchange>,
    opening: std::vec::IntoIter<Command>,
    rng: Rng,
    live: u32,
    number: u64,
    entered: u32,
    cancels: bool,
}

impl Day {
    fn new(config: &Config, live: u32) -> Self {
        let exchange = Box::new(Exchange::new(config.limits()).unwrap());
        let opening = operations::outstanding(config, &exchange).unwrap().into_iter();
        let rng = Rng::with_seed(15);
        Self { exchange, opening, rng, live, number: 0, entered: 0, cancels: false }
    }

    fn next(&mut self) -> SequencedCommand {
        let sequence = self.exchange.sequence().next();
        let (session, number, command) = match self.opening.next() {
            Some(operation) => (0, 0, operation),
            None => {
                self.number += 1;
                (1, self.number, self.order())
            }
        };
        let (time, session) = (Nanos(sequence.0 * 1_000), SessionId(session));
        let command = SequencedCommand { sequence, time, session, number, command };
        self.exchange.apply(&command, &mut Discard::default());
        command
    }

    fn order(&mut self) -> Command {
        if self.entered > self.live && std::mem::replace(&mut self.cancels, false) {
            let user_ref = UserRef(self.entered - self.live);
            return Command::Cancel(Cancel { user_ref, quantity: Quantity(0) });
        }
        self.entered += 1;
        self.cancels = true;
        let side = if self.rng.bool() { Side::Buy } else { Side::Sell };
        let away = if self.rng.u8(..) < 26 { -100 } else { self.rng.i64(100..50_000) / 100 * 100 };
        let price = if side == Side::Buy { 1_000_000 - away } else { 1_000_000 + away };
        Command::Enter(Enter {
            user_ref: UserRef(self.entered),
            instrument: InstrumentId(self.rng.u16(1..=3)),
            side,
            quantity: Quantity(self.rng.u32(1..=100)),
            price: Price(price),
            ..Enter::default()
        })
    }

    /// Appends the next commands to the journal in `data`.
    fn write(&mut self, config: &Config, data: &Path, count: u64) {
        let mut recovery = open_journal(config, Directory::create(data).unwrap()).unwrap();
        let store = recovery.snapshots(NonZeroUsize::MIN);
        recovery.start_from(&store).unwrap();
        let (mut writer, _): (Writer, _) = recovery.into_writer().unwrap();
        let mut encoder = Encoder::default();
        for _ in 0..count / FRAME {
            encoder.clear();
            let first = self.exchange.sequence().next().0;
            (0..FRAME).for_each(|_| encoder.push(self.next()));
            let (sequence, time) = (self.exchange.sequence(), self.exchange.time().0);
            writer.append(COMMANDS, first, FRAME as u32, time, encoder.encode()).unwrap();
            if sequence.0.is_multiple_of(CHECKPOINT_INTERVAL) {
                let checkpoint = Checkpoint { sequence, digest: self.exchange.digest() };
                let next = sequence.next().0;
                writer.append(CHECKPOINT, next, 0, time, &checkpoint.to_bytes()).unwrap();
            }
            writer.commit(time).unwrap();
        }
        writer.sync().unwrap();
    }
}

/// Where the venue is, and its config with room for so many orders.
fn place(directory: &Path, orders: u64) -> (std::path::PathBuf, Config) {
    let site = Site { durability: "write", ..Site::multicast(&["ALPHA"]) };
    let text = site.config().replace("orders = 65536", &format!("orders = {orders}"));
    let text = text.replace("levels_per_side = 4096", "levels_per_side = 16384");
    let text = text.replace("segment_bytes = 1048576", "segment_bytes = 67108864");
    let config = Config::parse(&text, "restart").unwrap();
    let path = directory.join("venue.toml");
    std::fs::write(&path, text).unwrap();
    (path, config)
}

/// Kills an engine and starts it again; milliseconds until it takes orders.
fn restart(engine: Engine, config: &Path, data: &Path) -> (Engine, f64) {
    let start = Instant::now();
    engine.kill();
    let engine = Engine::start(config, data);
    (engine, start.elapsed().as_secs_f64() * 1e3)
}

#[test]
#[ignore = "writes a gigabyte; see the head of this file"]
fn after_a_long_log() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (path, config) = place(directory.path(), 65_536);
    let data = directory.path().join("data");
    let tail = (SnapshotsConfig::default().every_bytes / COMMAND_BYTES).min(commands() / 2);
    let mut day = Day::new(&config, 4_096);
    day.write(&config, &data, commands() - tail);
    let snapshot = run_json(&["snapshot", "--data-dir", data.to_str().unwrap()]);
    day.write(&config, &data, tail);

    let replay = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    let rate = replay["commands"].as_f64().unwrap() / replay["seconds"].as_f64().unwrap() / 1e6;
    println!("a replay of all {} commands: {rate:.2} M commands/s", replay["commands"]);
    println!("a snapshot: {snapshot}");
    let mut engine = Engine::start(&path, &data);
    for _ in 0..5 {
        let (again, ms) = restart(engine, &path, &data);
        let ready = &again.ready;
        println!(
            "killed and back in {ms:.0} ms: {} commands, {} of them from a snapshot, recovered in \
             {:.3} s",
            ready["recovered_commands"],
            ready["snapshot_commands"],
            ready["recovery_seconds"].as_f64().unwrap(),
        );
        assert!(ready["snapshot_commands"].as_u64().unwrap() > 0);
        assert_eq!(
            (&ready["digest"], &ready["state_hash"]),
            (&replay["digest"], &replay["state_hash"])
        );
        engine = again;
    }
}

#[test]
#[ignore = "writes a gigabyte; see the head of this file"]
fn with_a_large_state() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let orders = commands() / 2;
    let (path, config) = place(directory.path(), orders + 1_024);
    let data = directory.path().join("data");
    Day::new(&config, u32::MAX / 2).write(&config, &data, orders);
    let snapshot = run_json(&["snapshot", "--data-dir", data.to_str().unwrap()]);
    let replay = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    let resting = replay["resting_orders"].as_f64().unwrap();
    let megabytes = snapshot["bytes"].as_f64().unwrap() / 1e6;
    let save_s = snapshot["save_seconds"].as_f64().unwrap();
    println!("{resting} orders, a snapshot of {megabytes:.0} MB, saved in {save_s:.3} s");
    let mut engine = Engine::start(&path, &data);
    for _ in 0..3 {
        let (again, ms) = restart(engine, &path, &data);
        let load_s = again.ready["recovery_seconds"].as_f64().unwrap();
        println!(
            "killed and back in {ms:.0} ms: loaded in {load_s:.3} s, {:.0} MB/s, {:.1} M orders/s",
            megabytes / load_s,
            resting / load_s / 1e6,
        );
        assert_eq!(again.ready["state_hash"], replay["state_hash"]);
        engine = again;
    }
}
