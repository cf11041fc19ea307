//! The venue that is measured: the default one, on addresses of its own.
//!
//! Orders go to a multicast group on loopback whose number comes from this
//! process's, ports are whatever the system has free, and the journal is in a
//! new directory that goes when the venue does. That directory is made under a
//! directory of the caller's choice and not where temporary files usually are:
//! those may be in memory, and a journal shall be on a disk.

use crate::config::Config;
use crate::pipeline::{Report, Venue};
use ringmatch_engine::{Price, SessionName};
use ringmatch_gateway::client::{Client, ClientConfig, Start};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// How long the venue has to answer its client for the first time.
const PATIENCE: Duration = Duration::from_secs(10);
/// The middle of the book: 100.00.
const MIDDLE: Price = Price(1_000_000);

/// The venue that is measured.
pub struct Site {
    venue: Venue,
    config: Config,
    // Last, so that it goes when nothing writes there any more.
    directory: TempDir,
}

impl Site {
    /// Starts a venue with this config's durability and threads, and a journal
    /// in a new directory under `parent`.
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
        let venue = Venue::start(&config, directory.path())?;
        config.network.orders = v4(venue.addresses().orders)?;
        config.network.requests = v4(venue.addresses().requests)?;
        if config.network.orders.port() == config.network.requests.port() {
            return Err("the system gave one port twice; start again".into());
        }
        Ok(Self { venue, config, directory })
    }

    /// A client in the last of the config's sessions.
    ///
    /// # Errors
    /// When there is none, or the venue does not answer it.
    pub fn connect(&self) -> Result<Client, Box<dyn Error>> {
        let session: SessionName =
            self.config.sessions.last().ok_or("the config has no session")?.name;
        let network = &self.config.network;
        let config = ClientConfig {
            session,
            orders: network.orders,
            requests: network.requests,
            interface: network.interface,
            start: Start::Now,
        };
        Ok(Client::connect(config, PATIENCE)?)
    }

    /// The orders to measure with, in the config's first instrument.
    ///
    /// # Errors
    /// When the config has no instrument.
    pub fn flow(&self) -> Result<super::Flow, Box<dyn Error>> {
        let listed = self.config.instruments.first().ok_or("the config has no instrument")?;
        Ok(super::Flow::new(listed.symbol, MIDDLE, listed.tick_size))
    }

    /// The venue.
    #[must_use]
    pub fn venue(&self) -> &Venue {
        &self.venue
    }

    /// Where the journal is, for as long as the venue is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends the venue in order and removes its directory.
    ///
    /// # Errors
    /// When the venue had failed; the text says why.
    pub fn stop(self) -> Result<Report, Box<dyn Error>> {
        self.venue.stop();
        let report = self.venue.join();
        match report.failure() {
            Some(why) => Err(format!("the venue stopped: {why}").into()),
            None => Ok(report),
        }
    }
}

fn v4(address: SocketAddr) -> Result<SocketAddrV4, String> {
    match address {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(address) => Err(format!("{address} is no IPv4 address")),
    }
}
