//! `SoupEntry`: the thread that takes orders by TCP.
//!
//! It runs an [`OrderBridge`] beside the venue, of which it is a client like any
//! other: no stage waits for it, and if it fails, UDP clients do not notice. It
//! sleeps when there is nothing to do, longer when nobody is connected. When the
//! venue stops, it passes on what the venue has said last, then ends all sessions.

use crate::keys::Keys;
use ringmatch_gateway::bridge::{OrderBridge, VenueAddress};
use ringmatch_gateway::net::EndpointError;
use ringmatch_gateway::soup::{HostConfig, HostCounters};
use serde::Deserialize;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long it sleeps while clients are connected and nothing happens.
const PAUSE: Duration = Duration::from_micros(100);
/// How long it sleeps when nothing has happened for a while.
const LONG_PAUSE: Duration = Duration::from_millis(1);
/// How long it sleeps while nobody is connected.
const EMPTY_PAUSE: Duration = Duration::from_millis(20);
/// Turns without work after which the pauses become long.
const PATIENT_TURNS: u32 = 200;
/// How long clients may take to read the last of it.
const FAREWELL: Duration = Duration::from_secs(1);

/// `[soup]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoupEntryConfig {
    /// Where clients connect.
    pub address: SocketAddrV4,
    /// Connections at a time.
    pub connections: u16,
}

impl SoupEntryConfig {
    /// What is wrong with it, by key.
    #[must_use]
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        if self.address.ip().is_multicast() {
            return Some(("address", "must be an address of this host, not a multicast group"));
        }
        if !(1..=1024).contains(&self.connections) {
            return Some(("connections", "must be from 1 to 1024"));
        }
        None
    }
}

/// Why order entry by TCP did not start.
#[derive(Debug, thiserror::Error)]
pub enum SoupEntryError {
    /// Nobody could log in.
    #[error(
        "[soup] takes orders by TCP from sessions that have keys, and none has: name a file with \
         their keys in [order_entry] (`ringmatch key SESSION` makes them), or remove [soup]"
    )]
    NoKeys,
    /// It cannot listen.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// No thread can be started.
    #[error("the thread of order entry by TCP cannot be started: {0}")]
    Thread(#[from] io::Error),
}

/// Running order entry by TCP.
pub struct SoupEntry {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    handle: JoinHandle<()>,
}

impl SoupEntry {
    /// Starts it beside a venue; `warn` hears, at most once a second, of clients
    /// that were turned away.
    ///
    /// # Errors
    /// When no session has a key, it cannot listen, or no thread can be started.
    pub fn start(
        config: &SoupEntryConfig,
        venue: VenueAddress,
        keys: &Keys,
        warn: impl Fn(&str) + Send + 'static,
    ) -> Result<Self, SoupEntryError> {
        if keys.iter().next().is_none() {
            return Err(SoupEntryError::NoKeys);
        }
        let connections = usize::from(config.connections);
        let host = HostConfig {
            connections,
            connections_per_address: connections,
            ..HostConfig::new("soup", config.address)
        };
        let bridge = OrderBridge::open(host, venue, keys.iter())?;
        let address = bridge.local_address();
        let stop = Arc::<AtomicBool>::default();
        let told = Arc::clone(&stop);
        let builder = std::thread::Builder::new().name("soup".into());
        let handle = builder.spawn(move || serve(bridge, &told, warn))?;
        Ok(Self { address, stop, handle })
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it after the venue has ended: clients hear the last of it. `false`
    /// if it had failed before.
    #[must_use]
    pub fn stop(self) -> bool {
        self.stop.store(true, Ordering::Release);
        self.handle.join().is_ok()
    }
}

fn serve(mut bridge: OrderBridge, stop: &AtomicBool, warn: impl Fn(&str)) {
    let epoch = Instant::now();
    let now = || u64::try_from(epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let (mut idle_turns, mut told, mut told_at) = (0, HostCounters::default(), epoch);
    while !stop.load(Ordering::Acquire) {
        if bridge.poll(now()) > 0 {
            idle_turns = 0;
            continue;
        }
        idle_turns = (idle_turns + 1).min(PATIENT_TURNS);
        std::thread::sleep(match (bridge.is_in_use(), idle_turns) {
            (false, _) => EMPTY_PAUSE,
            (true, PATIENT_TURNS) => LONG_PAUSE,
            (true, _) => PAUSE,
        });
        if told_at.elapsed() >= Duration::from_secs(1) {
            told_at = Instant::now();
            let counters = bridge.counters();
            if let Some(news) = news(&told, &counters) {
                warn(&news);
            }
            told = counters;
        }
    }
    // What the venue said last is in the sockets already.
    while bridge.poll(now()) > 0 {}
    bridge.end_sessions(now());
    let farewell = Instant::now();
    while bridge.is_leaving() && farewell.elapsed() < FAREWELL {
        bridge.poll(now());
        std::thread::sleep(LONG_PAUSE);
    }
}

/// What went wrong since it was last told.
fn news(told: &HostCounters, counters: &HostCounters) -> Option<String> {
    let kinds = [
        (counters.login_rejects - told.login_rejects, "logins refused"),
        (counters.turned_away - told.turned_away, "connections that were too many"),
        (counters.malformed - told.malformed, "connections that sent nonsense"),
        (counters.slow - told.slow, "clients that did not read"),
        (counters.silent - told.silent, "clients that fell silent"),
    ];
    let kinds: Vec<String> = kinds
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    (!kinds.is_empty()).then(|| format!("order entry by TCP: {}", kinds.join(", ")))
}
