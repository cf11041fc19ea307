//! The venue: all stages, joined to rings and threads.
//!
//! Starting a venue is the same act whether its data directory is empty, was
//! left in order, or was left by a crash: take the lock, open the sockets, replay
//! the journal, and go on from there. Only then is anything listened to. What
//! the config says and the log does not know yet (instruments, sessions, the
//! start of the day) is sequenced as operator commands, so the log alone tells
//! how the venue came to be what it is.

use super::receiver::Desk;
use super::{Counters, Ending, Journaler, Matcher, Meters, Publisher, Receiver, Stage, Timing};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::follower::{FollowError, Follower};
use crate::log::{self, Checkpoint};
use crate::operations::{self, ChangedConfig};
use crate::threads::{self, Assignment, Layout, Pinned};
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_engine::{Digest, Exchange, LimitsError, Sequence};
use ringmatch_gateway::net::{EndpointConfig, EndpointError, UdpEndpoint};
use ringmatch_gateway::{Intake, Outlet, OutletConfig};
use ringmatch_journal::{
    Directory, Identity, JournalError, Options, Recovery, RecoveryReport, Writer,
};
use ringmatch_ring::{BuildError, Builder, SequenceWriter, WaitStrategy};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Slots of the command ring and of the event ring.
const RING: usize = 1 << 16;
/// Slots of the ring of checkpoints.
const CHECKPOINTS: usize = 64;

/// Why a venue did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal cannot be opened or recovered.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The data directory cannot be made.
    #[error("the data directory {path} cannot be made or opened: {source}")]
    Directory {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal is sound and what is in it is not, or it replays to
    /// something else than before.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// A socket cannot be opened.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A limit is out of its range.
    #[error(transparent)]
    Limits(#[from] LimitsError),
    /// The config contradicts the journal.
    #[error(transparent)]
    Changed(#[from] ChangedConfig),
    /// A ring cannot be built.
    #[error(transparent)]
    Ring(#[from] BuildError),
    /// There are not as many CPUs to pin to as threads.
    #[error(
        "the layout {layout} has {threads} threads, and `pin` names {cpus} CPUs: name one for each, or none"
    )]
    Pins {
        /// The layout.
        layout: Layout,
        /// Its threads.
        threads: usize,
        /// The CPUs named.
        cpus: usize,
    },
    /// No thread can be started.
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
}

/// What a start found in the journal.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Commands replayed.
    pub commands: u64,
    /// How long the replay took.
    pub time: Duration,
    /// The digest after them.
    pub digest: Digest,
    /// The state hash after them.
    pub state_hash: Digest,
    /// Checkpoints of the earlier runs that agreed with the replay.
    pub checkpoints: u64,
    /// What the journal itself found and did.
    pub journal: RecoveryReport,
}

/// Where a venue listens and sends.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Where orders are received.
    pub orders: SocketAddr,
    /// Where market data is sent.
    pub market_data: SocketAddr,
    /// Where requests are received, and responses sent from.
    pub requests: SocketAddr,
}

/// How a venue ended.
pub struct Report {
    /// How each thread ended; the first that failed is the cause.
    pub endings: Vec<(&'static str, Ending)>,
    /// How long commands took to get through each stage.
    pub timings: Vec<Timing>,
}

impl Report {
    /// The cause, if it failed.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let failures = self.endings.iter().filter_map(|(_, ending)| match ending {
            Ending::Finished => None,
            Ending::Failed { stage, why } => Some(format!("the {stage} failed: {why}")),
        });
        let failures: Vec<String> = failures.collect();
        (!failures.is_empty()).then(|| failures.join("; "))
    }
}

/// A running venue.
pub struct Venue {
    addresses: Addresses,
    recovered: Recovered,
    layout: Layout,
    threads: Vec<Running>,
    meters: Meters<SystemClock>,
    stop: Arc<AtomicBool>,
}

/// A running thread.
struct Running {
    name: &'static str,
    pinned: Pinned,
    handle: JoinHandle<threads::Ended>,
}

/// What the journal gave: everything that goes on from there.
struct Restored {
    exchange: Box<Exchange>,
    outlet: Outlet,
    writer: Writer<Directory>,
    recovered: Recovered,
}

impl Venue {
    /// Starts a venue on a data directory, which is made if it is not there.
    ///
    /// # Errors
    /// When the journal, a socket, the config or a thread stands in the way;
    /// nothing has been changed then but what recovery did.
    pub fn start(config: &Config, data_dir: &Path) -> Result<Self, StartError> {
        let recovery = open_journal(config, data_dir)?;
        let orders = open_endpoint(config, "orders", config.network.orders)?;
        let requests = open_endpoint(config, "requests", config.network.requests)?;
        let addresses = Addresses {
            orders: orders.local_address(),
            market_data: config.network.market_data.into(),
            requests: requests.local_address(),
        };
        let restored = restore(config, recovery)?;
        let recovered = restored.recovered.clone();
        let layout = config.threads.layout.resolve();
        let (meters, stop) = (Meters::new(SystemClock::start()), Arc::default());
        let stages = Stages::build(config, restored, orders, requests, &meters, &stop)?;
        let assignments = stages.assign(layout, &config.threads.pin)?;
        let threads = Vec::new();
        let mut venue = Self { addresses, recovered, layout, threads, meters, stop };
        for assignment in assignments {
            venue.run(assignment, config.threads.wait)?;
        }
        Ok(venue)
    }

    fn run(&mut self, assignment: Assignment, wait: WaitStrategy) -> Result<(), StartError> {
        let name = assignment.name;
        let (handle, pinned) = threads::start(assignment, wait).map_err(StartError::Thread)?;
        self.threads.push(Running { name, pinned, handle });
        Ok(())
    }

    /// Where it listens and sends.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What the start found in the journal.
    #[must_use]
    pub fn recovered(&self) -> &Recovered {
        &self.recovered
    }

    /// The layout in use.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The threads, and where each runs.
    pub fn threads(&self) -> impl Iterator<Item = (&'static str, &Pinned)> {
        self.threads.iter().map(|thread| (thread.name, &thread.pinned))
    }

    /// What its stages count.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.meters.counters
    }

    /// Forgets how long commands took so far: the [`Report`] tells of those
    /// received from now on.
    pub fn restart_timing(&self) {
        self.meters.timed_from.set(self.meters.clock.now());
    }

    /// Whether no thread has ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.threads.iter().all(|thread| !thread.handle.is_finished())
    }

    /// Lets it take no more orders, finish those it has, and end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Waits until all threads have ended.
    #[must_use]
    pub fn join(self) -> Report {
        let mut report = Report { endings: Vec::new(), timings: Vec::new() };
        for Running { name, handle, .. } in self.threads {
            let Ok(ended) = handle.join() else {
                let why = "it panicked; this is a bug, and its message is above".into();
                report.endings.push((name, Ending::Failed { stage: name, why }));
                continue;
            };
            report.endings.push((name, ended.ending));
            report.timings.extend(ended.stages.into_iter().filter_map(Stage::into_timing));
        }
        report
    }
}

fn open_journal(config: &Config, data_dir: &Path) -> Result<Recovery<Directory>, StartError> {
    let limits = config.limits();
    let venue = config.venue.name.to_string();
    let identity = Identity::new(&venue, &log::encode_limits(&limits))?;
    let options = Options {
        segment_bytes: config.journal.segment_bytes,
        durability: config.journal.durability,
    };
    let directory = Directory::create(data_dir)
        .map_err(|source| StartError::Directory { path: data_dir.to_owned(), source })?;
    Ok(Recovery::open(directory, identity, options)?)
}

fn open_endpoint(
    config: &Config,
    purpose: &'static str,
    address: std::net::SocketAddrV4,
) -> Result<UdpEndpoint, EndpointError> {
    UdpEndpoint::open(&EndpointConfig::new(purpose, address, config.network.interface))
}

/// Replays the journal: the exchange gets its state back, and the streams the
/// messages that clients may ask for again.
fn restore(config: &Config, mut recovery: Recovery<Directory>) -> Result<Restored, StartError> {
    let start = Instant::now();
    let mut follower = Follower::new(config.limits())?;
    let mut outlet = Outlet::new(OutletConfig::new(config.venue.name));
    while let Some(frame) = recovery.next_frame()? {
        follower.follow(&frame, Sequence(u64::MAX), &mut |_, events| {
            events.iter().for_each(|event| outlet.remember(event));
        })?;
    }
    let (writer, journal) = recovery.into_writer()?;
    let checkpoints = follower.verified();
    let exchange = follower.into_exchange();
    let recovered = Recovered {
        commands: exchange.sequence().0,
        time: start.elapsed(),
        digest: exchange.digest(),
        state_hash: exchange.state_hash(),
        checkpoints,
        journal,
    };
    let responses = exchange.sessions().iter().map(|session| session.next_response.0);
    assert!(
        outlet.stands_at(exchange.next_market().0, responses),
        "the streams count as the exchange does"
    );
    Ok(Restored { exchange, outlet, writer, recovered })
}

/// The stages, wired and not yet on any thread.
struct Stages {
    receiver: Box<dyn Stage>,
    journaler: Box<dyn Stage>,
    matcher: Box<dyn Stage>,
    publisher: Box<dyn Stage>,
}

impl Stages {
    fn build(
        config: &Config,
        restored: Restored,
        orders: UdpEndpoint,
        requests: UdpEndpoint,
        meters: &Meters<SystemClock>,
        stop: &Arc<AtomicBool>,
    ) -> Result<Self, StartError> {
        let Restored { exchange, outlet, writer, .. } = restored;
        let last = exchange.sequence();
        let time = exchange.time().max(meters.clock.now());

        let mut commands = Builder::new(RING, SequencedCommand::default)?;
        let (to_journaler, to_matcher) = (commands.consumer(), commands.consumer());
        let (command_ring, [to_journaler, to_matcher]) =
            commands.build([to_journaler, to_matcher])?;
        let mut events = Builder::new(RING, Event::default)?;
        let to_publisher = events.consumer();
        let (event_ring, [to_publisher]) = events.build([to_publisher])?;
        let mut checkpoints = Builder::new(CHECKPOINTS, Checkpoint::default)?;
        let checkpoint_reader = checkpoints.consumer();
        let (checkpoint_ring, [checkpoint_reader]) = checkpoints.build([checkpoint_reader])?;
        let durable = SequenceWriter::new(last.0);

        let operations = operations::outstanding(config, &exchange)?;
        let receiver = Receiver::new(
            orders,
            intake(&exchange),
            Desk::new(command_ring, last, time),
            operations,
            durable.reader(),
            Arc::clone(stop),
            meters.clone(),
        );
        let publisher = Publisher::new(
            requests,
            config.network.market_data.into(),
            outlet,
            to_publisher,
            durable.reader(),
            meters.clone(),
        );
        let matcher =
            Matcher::new(exchange, to_matcher, event_ring, checkpoint_ring, meters.clone());
        let journaler =
            Journaler::new(writer, last, to_journaler, checkpoint_reader, durable, meters.clone());
        Ok(Self {
            receiver: Box::new(receiver),
            journaler: Box::new(journaler),
            matcher: Box::new(matcher),
            publisher: Box::new(publisher),
        })
    }

    /// Which thread runs which stages, and on which CPU.
    fn assign(self, layout: Layout, pin: &[usize]) -> Result<Vec<Assignment>, StartError> {
        let Self { receiver, journaler, matcher, publisher } = self;
        let threads: Vec<(&'static str, Vec<Box<dyn Stage>>)> = match layout {
            Layout::Dedicated => vec![
                ("receiver", vec![receiver]),
                ("journaler", vec![journaler]),
                ("matcher", vec![matcher]),
                ("publisher", vec![publisher]),
            ],
            Layout::SharedNetwork => vec![
                ("network", vec![receiver, publisher]),
                ("journaler", vec![journaler]),
                ("matcher", vec![matcher]),
            ],
            Layout::Shared | Layout::Auto => {
                vec![("engine", vec![receiver, matcher, publisher]), ("journaler", vec![journaler])]
            }
        };
        if !pin.is_empty() && pin.len() != threads.len() {
            return Err(StartError::Pins { layout, threads: threads.len(), cpus: pin.len() });
        }
        let cpus = pin.iter().copied().map(Some).chain(std::iter::repeat(None));
        let assign = |((name, stages), cpu)| Assignment { name, stages, cpu };
        Ok(threads.into_iter().zip(cpus).map(assign).collect())
    }
}

/// The venue's end of the order streams, as the recovered exchange knows them.
fn intake(exchange: &Exchange) -> Intake {
    let mut intake = Intake::default();
    for instrument in exchange.instruments() {
        intake.list(instrument.id, instrument.symbol);
    }
    for session in exchange.sessions() {
        intake.admit(session.id, session.name, session.next_input);
    }
    intake
}
