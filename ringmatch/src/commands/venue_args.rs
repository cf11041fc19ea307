//! Where a venue is, for the commands that talk to a running one.
//!
//! The same config file that the engine runs on tells its clients where to
//! find it; without one, it is the default venue. Addresses can be given one by
//! one, for an engine whose config is elsewhere.

use crate::config::Config;
use crate::keys::{Keys, KeysError};
use clap::Args;
use ringmatch_engine::SessionName;
use ringmatch_gateway::client::{ClientConfig, Start};
use ringmatch_gateway::market::FeedConfig;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;

/// Where the venue is.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct VenueArgs {
    /// The engine's config file; without one, the default venue on loopback
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Override the config: where the venue takes orders
    #[arg(long, value_name = "ADDRESS")]
    orders: Option<SocketAddrV4>,
    /// Override the config: where the venue takes requests
    #[arg(long, value_name = "ADDRESS")]
    requests: Option<SocketAddrV4>,
    /// Override the config: where the venue sends market data
    #[arg(long, value_name = "ADDRESS")]
    market_data: Option<SocketAddrV4>,
    /// Override the config: this host's address towards the venue
    #[arg(long, value_name = "ADDRESS")]
    interface: Option<Ipv4Addr>,
    /// Override the config: the file with the session's key
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

impl VenueArgs {
    /// Whether addresses were given that only a running engine can have.
    pub(super) fn names_addresses(&self) -> bool {
        let Self { orders, requests, market_data, interface, .. } = self;
        orders.is_some() || requests.is_some() || market_data.is_some() || interface.is_some()
    }

    /// The venue's config, with what was given in its place.
    pub(super) fn load(&self) -> Result<Config, crate::config::ConfigError> {
        let mut config = Config::load(self.config.as_deref())?;
        let network = &mut config.network;
        network.orders = self.orders.unwrap_or(network.orders);
        network.requests = self.requests.unwrap_or(network.requests);
        network.market_data = self.market_data.unwrap_or(network.market_data);
        network.interface = self.interface.unwrap_or(network.interface);
        if self.keys.is_some() {
            config.order_entry.keys.clone_from(&self.keys);
        }
        Ok(config)
    }
}

/// How a client of this venue connects.
///
/// # Errors
/// When its key cannot be read.
pub(super) fn client_config(
    config: &Config,
    session: SessionName,
    start: Start,
) -> Result<ClientConfig, KeysError> {
    let network = &config.network;
    let key = Keys::of_client(config, session)?;
    Ok(ClientConfig {
        session,
        orders: network.orders,
        requests: network.requests,
        interface: network.interface,
        max_packet_bytes: network.max_packet_bytes,
        start,
        key,
    })
}

/// How a reader of this venue's market data joins.
pub(super) fn feed_config(config: &Config, start: Start) -> FeedConfig {
    let network = &config.network;
    FeedConfig {
        venue: config.venue.name,
        market_data: network.market_data,
        requests: network.requests,
        interface: network.interface,
        start,
    }
}
