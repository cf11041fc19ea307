//! `ringmatch serve`: the engine.
//!
//! Start, crash and restart are this one command. It says what recovery did and
//! what is in effect, then takes orders until it is told to stop (SIGTERM or
//! ctrl-C), and ends in order: what was taken is matched, journaled and
//! answered. While it runs it says, at most once a second, what goes wrong on
//! the wire, and lets an operator in by the door in its data directory.

use super::Outcome;
use crate::board::{Board, BoardError};
use crate::config::Config;
use crate::door::Door;
use crate::keys::Keys;
use crate::operation::Operation;
use crate::pipeline::{Counter, Counters, Venue, Watch};
use crate::snapshotter::Snapshots;
use crate::soup_entry::SoupEntry;
use crate::threads::{Footprint, Layout, Locked, Pin};
use clap::Parser;
use ringmatch_gateway::bridge::VenueAddress;
use ringmatch_journal::{Directory, Durability, Room};
use ringmatch_ring::WaitStrategy;
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Pause between two looks at a venue that runs.
const GLANCE: Duration = Duration::from_millis(20);
/// How long an operator's command may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Run the engine on a data directory: start, crash and restart are this one command
#[derive(Parser)]
pub(super) struct Args {
    /// Config file; without one, the default venue on loopback
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the journal is; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// Override the config: fsync, interval:MS, write, or none, which keeps no journal
    #[arg(long, value_name = "POLICY")]
    durability: Option<Durability>,
    /// Override the config: dedicated, shared-network, shared, single or auto
    #[arg(long)]
    layout: Option<Layout>,
    /// Override the config: spin, yield or backoff
    #[arg(long, value_name = "STRATEGY")]
    wait: Option<WaitStrategy>,
    /// Override the config: CPU numbers for the threads, such as 0,1, or auto
    #[arg(long, value_name = "CPUS")]
    pin: Option<Pin>,
    /// Fail instead of warning when a CPU, a priority or memory is refused
    #[arg(long)]
    strict: bool,
    /// Print one JSON line when orders are taken
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let config = effective_config(args)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        // A second signal ends the process at once.
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let venue = Venue::start(&config, &args.data_dir)?;
    let door = open_door(&args.data_dir);
    let soup = match open_soup(&config, &venue) {
        Ok(soup) => soup,
        Err(error) => {
            venue.stop();
            let _ = venue.join();
            return Err(error);
        }
    };
    announce(&config, &args.data_dir, &venue, door.as_ref());
    if let Some(soup) = &soup {
        eprintln!("  soup         {} (TCP: orders and responses)", soup.address());
    }
    if args.strict && is_without_something(&venue) {
        venue.stop();
        let _ = venue.join();
        return Err("a CPU, a priority or memory was refused, and --strict was given".into());
    }
    if args.json {
        println!("{}", ready(&venue, soup.as_ref()));
    }
    let directory = Directory::open(&args.data_dir)?;
    let segment_bytes = config.journal.segment_bytes;
    let room = RoomWatch { directory, segment_bytes, told_segments: u64::MAX, told_unknown: false };
    let snapshots = match config.journal.durability {
        Durability::None => None,
        _ => match Snapshots::start(&config, &args.data_dir, venue.handover().clone()) {
            Ok(snapshots) => snapshots,
            Err(error) => {
                venue.stop();
                let _ = venue.join();
                return Err(error.into());
            }
        },
    };
    watch(&venue, &args.data_dir, room, door.as_ref(), snapshots, &stop);
    venue.stop();
    let report = venue.join();
    if soup.is_some_and(|soup| !soup.stop()) {
        eprintln!("warning: order entry by TCP panicked; this is a bug, and its message is above");
    }
    match report.failure() {
        Some(why) => Err(format!("the venue stopped: {why}").into()),
        None => {
            eprintln!("stopped in order");
            Ok(true)
        }
    }
}

fn effective_config(args: &Args) -> Result<Config, Box<dyn std::error::Error>> {
    let mut config = Config::load(args.config.as_deref())?;
    let Args { durability, layout, wait, pin, .. } = args;
    config.journal.durability = durability.unwrap_or(config.journal.durability);
    config.threads.layout = layout.unwrap_or(config.threads.layout);
    config.threads.wait = wait.unwrap_or(config.threads.wait);
    if let Some(pin) = pin {
        config.threads.pin.clone_from(pin);
    }
    Ok(config)
}

/// Whether anything was refused that the config asks for.
fn is_without_something(venue: &Venue) -> bool {
    let is_refused = matches!(venue.locked(), Locked::Refused(_));
    is_refused || venue.threads().any(|(_, standing)| !standing.is_as_asked())
}

/// The operator's door; a venue trades without one, too.
fn open_door(data_dir: &Path) -> Option<Door> {
    Door::open(data_dir).map_err(|error| eprintln!("warning: {error}")).ok()
}

/// Order entry by TCP, if the config wants it.
fn open_soup(
    config: &Config,
    venue: &Venue,
) -> Result<Option<SoupEntry>, Box<dyn std::error::Error>> {
    let Some(soup) = &config.soup else { return Ok(None) };
    let addresses = venue.addresses();
    let address = VenueAddress {
        orders: addresses.orders,
        requests: addresses.requests,
        interface: config.network.interface,
    };
    let keys = Keys::of_venue(config)?;
    Ok(Some(SoupEntry::start(soup, address, &keys, |news| eprintln!("warning: {news}"))?))
}

/// Says what recovery did and what is in effect.
fn announce(config: &Config, data_dir: &Path, venue: &Venue, door: Option<&Door>) {
    let (addresses, recovered) = (venue.addresses(), venue.recovered());
    let threads: Vec<String> =
        venue.threads().map(|(name, standing)| format!("{name} ({standing})")).collect();
    eprintln!(
        "ringmatch {}: venue {}, {} instruments, {} sessions",
        env!("CARGO_PKG_VERSION"),
        config.venue.name,
        config.instruments.len(),
        config.sessions.len(),
    );
    eprintln!("  journal      {}, durability {}", data_dir.display(), config.journal.durability);
    if config.journal.durability == Durability::None {
        eprintln!("warning: there is NO JOURNAL: what is taken is gone when this process ends");
    } else {
        eprintln!("               {}", recovered.journal);
    }
    for passed_over in &recovered.passed_over {
        eprintln!("  warning: passed over: {passed_over}");
    }
    eprintln!(
        "  recovered    {} commands in {:.3} s, {} of them from a snapshot; {} checkpoints agree",
        recovered.commands,
        recovered.time.as_secs_f64(),
        recovered.snapshot,
        recovered.checkpoints,
    );
    eprintln!("  digest       {}, state {}", recovered.digest, recovered.state_hash);
    eprintln!("  orders       {}", addresses.orders);
    eprintln!("  requests     {} (responses come from here)", addresses.requests);
    eprintln!("  market data  {}", addresses.market_data);
    if let Some(glimpse) = addresses.glimpse {
        eprintln!("  glimpse      {glimpse} (TCP: the book, for late joiners)");
    }
    if let Some(door) = door {
        eprintln!("  operator     {}", door.path().display());
    }
    eprintln!(
        "  threads      {}: {}; wait {}",
        venue.layout(),
        threads.join(", "),
        config.threads.wait,
    );
    eprintln!("  memory       {}; {}", venue.locked(), Footprint::now());
    for concern in config.threads.concerns(venue.layout()) {
        eprintln!("warning: {concern}");
    }
    eprintln!("ready");
}

fn ready(venue: &Venue, soup: Option<&SoupEntry>) -> Value {
    let (addresses, recovered) = (venue.addresses(), venue.recovered());
    json!({
        "ready": true,
        "orders": addresses.orders,
        "responses": addresses.requests,
        "market_data": addresses.market_data,
        "requests": addresses.requests,
        "glimpse": addresses.glimpse,
        "soup": soup.map(SoupEntry::address),
        "recovered_commands": recovered.commands,
        "snapshot_commands": recovered.snapshot,
        "snapshots_passed_over": recovered.passed_over,
        "recovery_seconds": recovered.time.as_secs_f64(),
        "digest": recovered.digest.to_string(),
        "state_hash": recovered.state_hash.to_string(),
        "checkpoints": recovered.checkpoints,
    })
}

/// Tells when the journal's disk runs short of room, and again with each segment
/// that no longer fits.
struct RoomWatch {
    directory: Directory,
    segment_bytes: u64,
    /// The room that was last told.
    told_segments: u64,
    /// Whether it was told that the room cannot be found out.
    told_unknown: bool,
}

impl RoomWatch {
    fn news(&mut self, counters: &Counters) -> Option<String> {
        let room = match Room::of(&self.directory, self.segment_bytes) {
            Ok(room) => room,
            Err(error) => {
                let is_news = !std::mem::replace(&mut self.told_unknown, true);
                return is_news
                    .then(|| format!("the disk's free room cannot be found out: {error}"));
            }
        };
        self.told_unknown = false;
        counters.set(Counter::RoomSegments, room.segments);
        let told = std::mem::replace(&mut self.told_segments, room.segments);
        (room.is_short() && room.segments < told).then(|| room.to_string())
    }
}

/// Has an operation carried out; what became of it.
fn operate(venue: &Venue, operation: Operation) -> Value {
    let asked = json!(operation);
    let answer = match venue.control().operate(operation, PATIENCE) {
        Ok(applied) => json!({
            "sequence": applied.sequence.0,
            "done": applied.done,
            "events": applied.events,
            "executions": applied.executions,
        }),
        Err(error) => json!({ "error": error }),
    };
    eprintln!("operator: {asked}: {answer}");
    answer
}

/// Waits for a signal or for the end of the venue, and lets the operator in. An
/// operator's command can take long, so others look after the venue; and a disk
/// that stands still stops whoever writes there, so the watchdog writes nothing.
fn watch(
    venue: &Venue,
    data_dir: &Path,
    room: RoomWatch,
    door: Option<&Door>,
    snapshots: Option<Snapshots>,
    stop: &AtomicBool,
) {
    let goes_on = || venue.is_running() && !stop.load(Ordering::Acquire);
    std::thread::scope(|scope| {
        scope.spawn(move || look_after(venue, data_dir, room, snapshots.as_ref(), goes_on));
        scope.spawn(move || stand_guard(venue, goes_on));
        while goes_on() {
            std::thread::sleep(GLANCE);
            if let Some(door) = door {
                door.serve(|operation| operate(venue, operation));
            }
        }
    });
}

/// Says which stage makes no progress.
fn stand_guard(venue: &Venue, goes_on: impl Fn() -> bool) {
    let mut watchdog = venue.watchdog();
    while goes_on() {
        std::thread::sleep(GLANCE);
        for news in watchdog.look(Instant::now()) {
            eprintln!("warning: {news}");
        }
    }
}

/// Shows how the venue does, and says what goes wrong.
fn look_after(
    venue: &Venue,
    data_dir: &Path,
    mut room: RoomWatch,
    snapshots: Option<&Snapshots>,
    goes_on: impl Fn() -> bool,
) {
    let mut watch = Watch::new(venue.counters().clone());
    let mut said = Instant::now();
    if let Some(news) = room.news(venue.counters()) {
        eprintln!("warning: {news}");
    }
    let mut service_fault = None;
    let mut board = Board::hang(data_dir, venue).inspect_err(no_board).ok();
    while goes_on() {
        std::thread::sleep(GLANCE);
        if let Some(hung) = &mut board
            && let Err(error) = hung.update(venue)
        {
            no_board(&error);
            board = None;
        }
        if said.elapsed() >= Duration::from_secs(1) {
            said = Instant::now();
            if service_fault.is_none() {
                service_fault = venue.service_fault();
                if let Some(why) = service_fault {
                    eprintln!("warning: old messages and late joiners are not served now: {why}");
                }
            }
            for news in venue.service_news() {
                eprintln!("{news}");
            }
            for news in snapshots.into_iter().flat_map(Snapshots::news) {
                eprintln!("{news}");
            }
            for news in watch.news().into_iter().chain(room.news(venue.counters())) {
                eprintln!("warning: {news}");
            }
        }
    }
}

/// An engine that cannot show how it does still does it.
fn no_board(error: &BoardError) {
    eprintln!("warning: {error}; `ringmatch top` shows nothing new from now on");
}
