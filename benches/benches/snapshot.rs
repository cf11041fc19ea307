//! Snapshots beside the bare file system: saved and loaded, in one run.
//!
//! A state of so many resting orders over 256 books and 8 sessions is made as a
//! day makes it: orders come, and while there are more than half of them others
//! go, so that those of a queue are as far from each other in memory as they will
//! be. Then, round by round in turn, into the same directory:
//!
//! - `bare write`: as many bytes as the snapshot has, a mebibyte at a time, and
//!   one `fdatasync`
//! - `save`: as `ringmatch snapshot` saves, from the state in memory to the name
//!   that is durable
//! - `bare read`: those bytes, a mebibyte at a time, from the page cache
//! - `new`: the memory of an exchange and of windows with these bounds, empty,
//!   which a start takes whether it has a snapshot or not
//! - `load`: as a start loads, from the name to exchange and windows; `new` is in it
//!
//! Each load must have the state hash of what was saved. Figures are medians.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench snapshot -- --orders 4500000
//! cargo bench -p ringmatch-benches --bench snapshot -- --orders 30000000 --rounds 3
//! ```
#![allow(missing_docs)]

use clap::Parser;
use fastrand::Rng;
use ringmatch::replica::ReplicaConfig;
use ringmatch::snapshot;
use ringmatch_engine::command::*;
use ringmatch_engine::event::Event;
use ringmatch_engine::{
    Exchange, InstrumentId, Limits, Nanos, Price, Quantity, Sequence, SessionId, UserRef,
};
use ringmatch_gateway::{Outlet, OutletConfig};
use ringmatch_journal::{Directory, Identity, Position, SaveRate, SnapshotInfo, SnapshotStore};
use std::fs::File;
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const SEED: u64 = 0x5eed;
const MIB: usize = 1 << 20;
const INSTRUMENTS: u16 = 256;
const SESSIONS: u16 = 8;

/// Save and load a snapshot, beside a bare write and a bare read of its bytes
#[derive(Parser)]
struct Args {
    /// How many orders rest
    #[arg(long, default_value = "1000000")]
    orders: u32,
    /// How often each thing is timed
    #[arg(long, default_value = "5")]
    rounds: usize,
    /// Where the files are written; a temporary directory otherwise
    #[arg(long)]
    dir: Option<PathBuf>,
    /// What cargo passes to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
    /// What cargo passes when benchmarks are tested
    #[arg(long, hide = true)]
    test: bool,
}

fn main() {
    let args = Args::parse();
    if args.test {
        return;
    }
    let folder = match &args.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a temporary directory");
    let state = State::new(args.orders);
    let place = Place::new(folder.path(), &state);
    let times: Vec<Times> = (0..args.rounds.max(1)).map(|_| place.round(&state)).collect();
    report(&state, place.file_bytes(), &times);
}

/// What is saved.
struct State {
    config: ReplicaConfig,
    exchange: Box<Exchange>,
    outlet: Outlet,
}

impl State {
    fn new(orders: u32) -> Self {
        let limits = Limits {
            orders: orders + orders / 8 + 1,
            levels_per_side: 4_096,
            instruments: INSTRUMENTS,
            sessions: SESSIONS,
            ..Limits::DEFAULT
        };
        let outlet = OutletConfig::new("BENCH".parse().expect("a short name"));
        let config = ReplicaConfig { limits, outlet };
        let exchange = Box::new(Exchange::new(limits).expect("limits in range"));
        let mut day = Day {
            exchange,
            outlet: Outlet::new(outlet),
            events: Vec::new(),
            rng: Rng::with_seed(SEED),
            numbers: vec![0; SESSIONS.into()],
            refs: vec![0; SESSIONS.into()],
            live: Vec::with_capacity(orders as usize),
        };
        day.open();
        day.trade(orders as usize);
        let Day { exchange, outlet, .. } = day;
        Self { config, exchange, outlet }
    }
}

/// A day on the way to its state.
struct Day {
    exchange: Box<Exchange>,
    outlet: Outlet,
    events: Vec<Event>,
    rng: Rng,
    /// The last input number and the last number of an order, by session.
    numbers: Vec<u64>,
    refs: Vec<u32>,
    live: Vec<(SessionId, UserRef)>,
}

impl Day {
    fn apply(&mut self, session: SessionId, command: Command) {
        let sequence = Sequence(self.exchange.sequence().0 + 1);
        let number = match usize::from(session.0) {
            0 => 0,
            of => {
                self.numbers[of - 1] += 1;
                self.numbers[of - 1]
            }
        };
        let time = Nanos(sequence.0 * 1_000);
        let input = SequencedCommand { sequence, time, session, number, command };
        self.events.clear();
        self.exchange.apply(&input, &mut self.events);
        self.events.iter().for_each(|event| self.outlet.remember(event));
    }

    fn open(&mut self) {
        let operator = SessionId(0);
        self.apply(operator, Command::SystemEvent(SystemEvent::StartOfMessages));
        for instrument in (1..=INSTRUMENTS).map(InstrumentId) {
            self.apply(
                operator,
                Command::AddInstrument(AddInstrument {
                    instrument,
                    symbol: format!("I{}", instrument.0).parse().expect("a short symbol"),
                    tick_size: Price(100),
                    lot_size: Quantity(1),
                    max_quantity: Quantity(1_000_000),
                }),
            );
            let phase = Phase::Continuous;
            self.apply(operator, Command::SetPhase(SetPhase { instrument, phase }));
        }
        for session in (1..=SESSIONS).map(SessionId) {
            self.apply(
                operator,
                Command::AddSession(AddSession {
                    session,
                    name: format!("S{}", session.0).parse().expect("a short name"),
                    firm: "FIRM".parse().expect("a short name"),
                }),
            );
        }
    }

    /// Two orders come for each that goes, once there are half of them.
    fn trade(&mut self, orders: usize) {
        let mut comes = 0_u64;
        while self.live.len() < orders {
            comes += 1;
            if self.live.len() > orders / 2 && comes.is_multiple_of(3) {
                let at = self.rng.usize(..self.live.len());
                let (session, user_ref) = self.live.swap_remove(at);
                self.apply(session, Command::Cancel(Cancel { user_ref, quantity: Quantity(0) }));
            } else {
                self.enter();
            }
        }
        assert_eq!(self.exchange.resting_orders() as usize, orders, "none of them trades");
    }

    fn enter(&mut self) {
        let session = self.rng.u16(1..=SESSIONS);
        let user_ref = &mut self.refs[usize::from(session) - 1];
        *user_ref += 1;
        let user_ref = UserRef(*user_ref);
        let side = if self.rng.bool() { Side::Buy } else { Side::Sell };
        // Most are near the touch.
        let ticks = 1 + self.rng.i64(0..1_000) * self.rng.i64(0..1_000) / 1_000;
        let away = if side == Side::Buy { -ticks } else { ticks };
        let order = Enter {
            user_ref,
            instrument: InstrumentId(self.rng.u16(1..=INSTRUMENTS)),
            side,
            quantity: Quantity(self.rng.u32(1..=1_000)),
            price: Price(1_000_000 + away * 100),
            ..Enter::default()
        };
        self.apply(SessionId(session), Command::Enter(order));
        self.live.push((SessionId(session), user_ref));
    }
}

/// How long each thing took in one round.
#[derive(Clone, Copy)]
struct Times {
    bare_write: Duration,
    save: Duration,
    bare_read: Duration,
    new: Duration,
    load: Duration,
}

/// A directory and the store in it.
struct Place {
    bare: PathBuf,
    snapshot: PathBuf,
    store: SnapshotStore<Directory>,
    info: SnapshotInfo,
}

impl Place {
    fn new(folder: &Path, state: &State) -> Self {
        let next_sequence = state.exchange.sequence().0 + 1;
        let info = SnapshotInfo {
            position: Position { next_sequence, chain: 0 },
            digest: state.exchange.digest().0,
            body_version: snapshot::BODY_VERSION,
            time_ns: 0,
        };
        let identity = Identity::new("BENCH", b"").expect("a short name");
        let directory = Directory::open(folder).expect("it was made");
        let store = SnapshotStore::new(directory, identity, NonZeroUsize::MIN);
        let snapshot = folder.join(format!("{next_sequence:020}.snap"));
        let place = Self { bare: folder.join("bare"), snapshot, store, info };
        place.save(state);
        place
    }

    fn file_bytes(&self) -> usize {
        let metadata = std::fs::metadata(&self.snapshot).expect("it was saved");
        usize::try_from(metadata.len()).expect("it fits memory")
    }

    fn round(&self, state: &State) -> Times {
        let bytes = self.file_bytes();
        let bare_write = time(|| write_bare(&self.bare, bytes));
        std::fs::remove_file(&self.bare).expect("it was written");
        std::fs::remove_file(&self.snapshot).expect("it was saved");
        let save = time(|| self.save(state));
        let bare_read = time(|| read_bare(&self.snapshot));
        let new = time(|| {
            let exchange = Exchange::new(state.config.limits).expect("limits in range");
            (exchange, Outlet::new(state.config.outlet))
        });
        let start = Instant::now();
        let (exchange, outlet) = self.load(state);
        let load = start.elapsed();
        assert_eq!(exchange.state_hash(), state.exchange.state_hash(), "it is what was saved");
        drop(outlet);
        Times { bare_write, save, bare_read, new, load }
    }

    fn save(&self, state: &State) {
        let mut writer = self.store.begin(self.info, SaveRate::Full).expect("room on the disk");
        let written = snapshot::write(&state.exchange, &state.outlet, |bytes| writer.append(bytes));
        written.expect("room on the disk");
        writer.finish().expect("room on the disk");
    }

    fn load(&self, state: &State) -> (Box<Exchange>, Outlet) {
        let found = self.store.newest().expect("it is there");
        let mut snapshot = found.snapshot.expect("it is sound");
        snapshot::read(&state.config, &mut snapshot).expect("it is sound")
    }
}

fn time<T>(act: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let done = act();
    let elapsed = start.elapsed();
    drop(done);
    elapsed
}

fn write_bare(path: &Path, bytes: usize) {
    let file = File::create(path).expect("a new file");
    let piece = vec![0x5a; MIB];
    for at in (0..bytes).step_by(MIB) {
        let piece = &piece[..MIB.min(bytes - at)];
        file.write_all_at(piece, at as u64).expect("room on the disk");
    }
    file.sync_data().expect("a disk that works");
}

fn read_bare(path: &Path) {
    let file = File::open(path).expect("it was saved");
    let bytes = usize::try_from(file.metadata().expect("it is there").len()).expect("it fits");
    let mut piece = vec![0; MIB];
    for at in (0..bytes).step_by(MIB) {
        let piece = &mut piece[..MIB.min(bytes - at)];
        file.read_exact_at(piece, at as u64).expect("it is as long as it was");
    }
}

fn report(state: &State, bytes: usize, times: &[Times]) {
    let orders = state.exchange.resting_orders();
    let megabytes = bytes as f64 / 1e6;
    println!("{orders} resting orders, a snapshot of {megabytes:.1} MB, {} rounds", times.len());
    println!("  {:<12} {:>8} {:>8} {:>12}", "median of", "s", "GB/s", "M orders/s");
    let row = |name, of: fn(&Times) -> Duration| {
        let mut seconds: Vec<f64> = times.iter().map(|times| of(times).as_secs_f64()).collect();
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        let (rate, orders) = (bytes as f64 / median / 1e9, f64::from(orders) / median / 1e6);
        println!("  {name:<12} {median:>8.3} {rate:>8.2} {orders:>12.1}");
    };
    row("bare write", |times| times.bare_write);
    row("save", |times| times.save);
    row("bare read", |times| times.bare_read);
    row("new", |times| times.new);
    row("load", |times| times.load);
}
