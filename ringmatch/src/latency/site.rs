//! What is measured: a venue of this process, or an engine that runs already.
//!
//! A venue of its own is the default one, on addresses of its own: orders go to
//! a multicast group on loopback whose number comes from this process's, ports
//! are whatever the system has free, and the journal is in a new directory that
//! goes when the venue does. That directory is made under a directory of the
//! caller's choice and not where temporary files usually are: those may be in
//! memory, and a journal shall be on a disk. A running engine is found by its
//! config, and only its answers are seen.

use super::{Flow, Mix, Place, TimeBase};
use crate::clock::SystemClock;
use crate::config::{Config, SessionConfig};
use crate::keys::Keys;
use crate::pipeline::{Counter, Times, Venue};
use ringmatch_engine::{Price, SessionName, Symbol};
use ringmatch_gateway::client::{Client, ClientConfig, Start};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// How long the venue has to answer its client for the first time.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is measured.
pub struct Site {
    config: Config,
    own: Option<Own>,
}

/// A venue of this process.
struct Own {
    venue: Venue,
    // Last, so that it goes when nothing writes there any more.
    directory: TempDir,
}

/// What a venue of this process says of itself at its end.
pub struct Account {
    /// How long commands took to get through its stages.
    pub times: Vec<Times>,
    /// Requests to clients for lost orders.
    pub gap_requests: u64,
}

impl Site {
    /// Starts a venue with this config's durability, threads and sessions, and a
    /// journal in a new directory under `parent`.
    ///
    /// # Errors
    /// When the directory cannot be made or the venue does not start.
    pub fn start(mut config: Config, parent: &Path) -> Result<Self, Box<dyn Error>> {
        let directory =
            tempfile::Builder::new().prefix("ringmatch-latency-").tempdir_in(parent).map_err(
                |error| format!("no directory can be made in {}: {error}", parent.display()),
            )?;
        let [low, high, ..] = std::process::id().to_le_bytes();
        let group =
            |kind: u8, port| SocketAddrV4::new(Ipv4Addr::new(239, 193 + kind, high, low), port);
        config.network.interface = Ipv4Addr::LOCALHOST;
        config.network.orders = group(0, 0);
        config.network.market_data = group(1, config.network.market_data.port());
        config.network.requests = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        // Nobody joins it late.
        config.glimpse = None;
        let venue = Venue::start(&config, directory.path())?;
        config.network.orders = v4(venue.addresses().orders)?;
        config.network.requests = v4(venue.addresses().requests)?;
        if config.network.orders.port() == config.network.requests.port() {
            return Err("the system gave one port twice; start again".into());
        }
        Ok(Self { config, own: Some(Own { venue, directory }) })
    }

    /// An engine that runs already, where its config says.
    #[must_use]
    pub fn running(config: Config) -> Self {
        Self { config, own: None }
    }

    /// A client in the last of the config's sessions.
    ///
    /// # Errors
    /// When there is none, or the venue does not answer it.
    pub fn connect(&self) -> Result<Client, Box<dyn Error>> {
        let session = self.config.sessions.last().ok_or("the config has no session")?;
        self.connect_as(session.name)
    }

    fn connect_as(&self, session: SessionName) -> Result<Client, Box<dyn Error>> {
        let network = &self.config.network;
        let config = ClientConfig {
            session,
            orders: network.orders,
            requests: network.requests,
            interface: network.interface,
            max_packet_bytes: network.max_packet_bytes,
            start: Start::Now,
            key: Keys::of_client(&self.config, session)?,
        };
        Ok(Client::connect(config, PATIENCE)?)
    }

    /// A client and its orders for each of the last `sessions` sessions of the
    /// config.
    ///
    /// # Errors
    /// When there are fewer, the venue does not answer, or it does not list the
    /// symbol.
    pub fn parties(
        &self,
        sessions: u16,
        place: Place,
        mix: Mix,
    ) -> Result<Vec<(Client, Flow)>, Box<dyn Error>> {
        let known = self.config.sessions.len();
        let first = known.checked_sub(sessions.into()).ok_or_else(|| {
            format!("--sessions {sessions} was asked for, and the config has {known}: add some")
        })?;
        let party =
            |session: &SessionConfig| Ok((self.connect_as(session.name)?, Flow::new(place, mix)));
        self.config.sessions[first..].iter().map(party).collect()
    }

    /// Where orders about `middle` are placed; without a symbol, in the config's
    /// first instrument.
    ///
    /// # Errors
    /// When the config does not list the symbol, or the price is between ticks.
    pub fn place(&self, symbol: Option<Symbol>, middle: Price) -> Result<Place, Box<dyn Error>> {
        let mut instruments = self.config.instruments.iter();
        let listed = match symbol {
            None => instruments.next().ok_or("the config has no instrument")?,
            Some(symbol) => instruments
                .find(|listed| listed.symbol == symbol)
                .ok_or_else(|| format!("the config lists no {symbol}"))?,
        };
        let place = Place { symbol: listed.symbol, middle, tick: listed.tick_size };
        if middle.0 % place.tick.0 != 0 {
            return Err(
                format!("--price {middle} is no multiple of the tick {}", place.tick).into()
            );
        }
        Ok(place)
    }

    /// The venue, if it is one of this process.
    #[must_use]
    pub fn venue(&self) -> Option<&Venue> {
        self.own.as_ref().map(|own| &own.venue)
    }

    /// The config it runs on, as far as that is known.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where the journal of a venue of this process is, for as long as it is.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        self.own.as_ref().map(|own| own.directory.path())
    }

    /// Whose clock to read.
    #[must_use]
    pub fn time_base(&self) -> TimeBase {
        match &self.own {
            Some(own) => TimeBase::Shared(own.venue.clock()),
            None => TimeBase::Own(SystemClock::start()),
        }
    }

    /// Ends a venue of this process in order and removes its directory; leaves
    /// a running engine alone.
    ///
    /// # Errors
    /// When the venue had failed; the text says why.
    pub fn stop(self) -> Result<Account, Box<dyn Error>> {
        let Some(Own { venue, directory }) = self.own else {
            return Ok(Account { times: Vec::new(), gap_requests: 0 });
        };
        let counters = venue.counters().clone();
        venue.stop();
        let report = venue.join();
        drop(directory);
        match report.failure() {
            Some(why) => Err(format!("the venue stopped: {why}").into()),
            None => {
                let gap_requests = counters.get(Counter::GapRequests);
                Ok(Account { times: report.times, gap_requests })
            }
        }
    }
}

fn v4(address: SocketAddr) -> Result<SocketAddrV4, String> {
    match address {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(address) => Err(format!("{address} is no IPv4 address")),
    }
}
