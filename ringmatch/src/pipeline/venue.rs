//! The venue: its stages on threads.
//!
//! Starting a venue is the same act whether its data directory is empty, was
//! left in order, or was left by a crash: take the lock, open the sockets, replay
//! the journal, and go on from there. Only then is anything listened to. What
//! the config says and the log does not know yet (instruments, sessions, the
//! start of the day) is sequenced as operator commands, so the log alone tells
//! how the venue came to be what it is.

use super::open_journal;
use super::{
    Control, Counters, Ending, Meters, Quotes, Recovered, Restored, Sockets, Stages, Times, control,
};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, RepairConfig, ThreadsConfig};
use crate::follower::FollowError;
use crate::keys::{Keys, KeysError};
use crate::operations::ChangedConfig;
use crate::replica::ReplicaError;
use crate::service::{Handover, Opening, ServiceThread, StreamLogError};
use crate::threads::{
    self, Cpus, Layout, Locked, Oversubscribed, Standing, Started, Watchdog, WrongPins,
};
use ringmatch_engine::LimitsError;
use ringmatch_gateway::net::{EndpointConfig, EndpointError, UdpEndpoint};
use ringmatch_gateway::{Logins, OutletConfig};
use ringmatch_journal::{Directory, Durability, JournalError, Nowhere, Storage, Writer};
use ringmatch_ring::BuildError;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

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
    /// There is no state to go on from.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// A socket cannot be opened.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A limit is out of its range.
    #[error(transparent)]
    Limits(#[from] LimitsError),
    /// The output log cannot be opened.
    #[error(transparent)]
    Streams(#[from] StreamLogError),
    /// The config contradicts the journal.
    #[error(transparent)]
    Changed(#[from] ChangedConfig),
    /// A ring cannot be built.
    #[error(transparent)]
    Ring(#[from] BuildError),
    /// It is not known who may trade.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The system has no random numbers.
    #[error("no numbers for logins can be drawn: {0}")]
    Random(#[from] getrandom::Error),
    /// There are not as many CPUs to pin to as threads.
    #[error(transparent)]
    Pins(#[from] WrongPins),
    /// More threads would spin than there are CPUs.
    #[error(transparent)]
    Oversubscribed(#[from] Oversubscribed),
    /// No thread can be started.
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
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
    /// Where late joiners get the book, if they do.
    pub glimpse: Option<SocketAddr>,
}

/// How a venue ended.
pub struct Report {
    /// How each thread ended; the first that failed is the cause.
    pub endings: Vec<(&'static str, Ending)>,
    /// How long commands took to get through each stage.
    pub times: Vec<Times>,
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
    locked: Locked,
    threads: Vec<Started>,
    service: Option<ServiceThread>,
    handover: Handover,
    meters: Meters<SystemClock>,
    control: Control,
    stop: Arc<AtomicBool>,
}

impl Venue {
    /// Starts a venue on a data directory, which is made if it is not there.
    ///
    /// # Errors
    /// When the journal, a socket, the config or a thread stands in the way;
    /// nothing has been changed then but what recovery did.
    pub fn start(config: &Config, data_dir: &Path) -> Result<Self, StartError> {
        let directory = || {
            let failed = |source| StartError::Directory { path: data_dir.to_owned(), source };
            Directory::create(data_dir).map_err(failed)
        };
        match config.journal.durability {
            Durability::None => {
                Self::start_on(config, data_dir, || Ok((Nowhere::instead_of(directory()?)?, None)))
            }
            _ => Self::start_on(config, data_dir, || {
                let journal = directory()?;
                Ok((journal.clone(), Some(journal)))
            }),
        }
    }

    /// Starts on a journal; one in a directory can be followed there.
    fn start_on<S: Storage>(
        config: &Config,
        data_dir: &Path,
        storage: impl FnOnce() -> Result<(S, Option<Directory>), StartError>,
    ) -> Result<Self, StartError>
    where
        Writer<S>: Send,
    {
        let logins = Logins::new(Keys::of_venue(config)?.iter(), getrandom::u64()?);
        let ThreadsConfig { wait, priority, lock_memory, .. } = config.threads;
        let usable = Cpus::usable();
        let layout = config.threads.layout.resolve(usable.count(), config.journal.durability);
        layout.check(wait, 0, &usable)?;
        let cpus = config.threads.pin.assign(layout, &usable)?;
        let (storage, followed) = storage()?;
        let recovery = open_journal(config, storage)?;
        let orders = open_endpoint(config, "orders", config.network.orders)?;
        let requests = open_endpoint(config, "requests", config.network.requests)?;
        let opening = match &followed {
            Some(_) => Opening::new(config, data_dir, &requests, &logins)?,
            None => Opening::default(),
        };
        let addresses = Addresses {
            orders: orders.local_address(),
            market_data: config.network.market_data.into(),
            requests: requests.local_address(),
            glimpse: opening.glimpse_address(),
        };
        let windows = outlet_config(config);
        let restored = Restored::replay(config, recovery, windows)?.with_logins(logins);
        let recovered = restored.recovered.clone();
        let (meters, stop) = (Meters::new(SystemClock::start()), Arc::default());
        let (control, queue) = control();
        let (market_data, old_requests) = (addresses.market_data, opening.old_requests());
        let sockets = Sockets { orders, requests, market_data, old_requests };
        let stages = Stages::join(config, restored, sockets, Stages::RING, queue, &meters, &stop)?;
        let durable = stages.durable();
        // Rings, books, windows and buffers are all there by now.
        let locked = if lock_memory { Locked::now() } else { Locked::Unasked };
        let handover = Handover::default();
        let service = match followed {
            Some(journal) => opening.start(config, journal, durable, &meters, handover.clone())?,
            None => None,
        };
        let threads = Vec::new();
        let mut venue = Self {
            addresses,
            recovered,
            layout,
            locked,
            threads,
            service,
            handover,
            meters,
            control,
            stop,
        };
        for assignment in stages.assign(layout, &cpus, priority) {
            venue.threads.push(threads::start(assignment, wait).map_err(StartError::Thread)?);
        }
        Ok(venue)
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

    /// The threads, and where and how each runs.
    pub fn threads(&self) -> impl Iterator<Item = (&'static str, &Standing)> {
        self.threads.iter().map(|thread| (thread.name, &thread.standing))
    }

    /// A watchdog over its stages.
    #[must_use]
    pub fn watchdog(&self) -> Watchdog {
        let heartbeats = self.threads.iter().map(|thread| thread.heartbeat.clone());
        Watchdog::new(heartbeats.collect(), self.meters.counters.clone(), Instant::now())
    }

    /// What came of locking its memory.
    #[must_use]
    pub fn locked(&self) -> &Locked {
        &self.locked
    }

    /// What its stages count.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.meters.counters
    }

    /// Where one asks for the best prices of its books; there is one asker.
    #[must_use]
    pub fn quotes(&self) -> &Quotes {
        &self.meters.quotes
    }

    /// Where its operator asks for something.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Forgets how long commands took so far: the [`Report`] tells of those
    /// received from now on.
    pub fn restart_timing(&self) {
        self.meters.timed_from.set(self.meters.clock.now());
    }

    /// How long commands take to get through the stages.
    #[must_use]
    pub fn times(&self) -> Vec<Times> {
        self.meters.times()
    }

    /// The clock that its commands are stamped by.
    #[must_use]
    pub fn clock(&self) -> SystemClock {
        self.meters.clock
    }

    /// Whether no thread has ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.threads.iter().all(|thread| !thread.handle.is_finished())
    }

    /// Why old messages and late joiners are not served any more, if so.
    #[must_use]
    pub fn service_fault(&self) -> Option<&str> {
        self.service.as_ref()?.fault()
    }

    /// What the service has to say since it was last asked.
    #[must_use]
    pub fn service_news(&self) -> Vec<String> {
        self.service.as_ref().map(ServiceThread::news).unwrap_or_default()
    }

    /// What the service still needs of the journal.
    #[must_use]
    pub fn handover(&self) -> &Handover {
        &self.handover
    }

    /// Lets it take no more orders, finish those it has, and end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Waits until all threads have ended.
    #[must_use]
    pub fn join(self) -> Report {
        let mut report = Report { endings: Vec::new(), times: self.meters.times() };
        for Started { name, handle, .. } in self.threads {
            let Ok(ending) = handle.join() else {
                let why = "it panicked; this is a bug, and its message is above".into();
                report.endings.push((name, Ending::Failed { stage: name, why }));
                continue;
            };
            report.endings.push((name, ending));
        }
        if let Some(service) = self.service {
            service.stop();
        }
        report
    }
}

/// The windows as the config has them, in bytes; a message of market data has
/// 32 of them, a response 64, about.
fn outlet_config(config: &Config) -> OutletConfig {
    let RepairConfig { market_window_bytes, response_window_bytes, .. } = config.repair;
    OutletConfig {
        max_packet_bytes: config.network.max_packet_bytes,
        market_bytes: market_window_bytes,
        market_messages: market_window_bytes / 32,
        response_bytes: response_window_bytes,
        response_messages: response_window_bytes / 64,
        ..OutletConfig::new(config.venue.name)
    }
}

fn open_endpoint(
    config: &Config,
    purpose: &'static str,
    address: std::net::SocketAddrV4,
) -> Result<UdpEndpoint, EndpointError> {
    let segmentation = config.network.segmentation_offload;
    let plain = EndpointConfig::new(purpose, address, config.network.interface);
    UdpEndpoint::open(&EndpointConfig { segmentation, ..plain })
}
