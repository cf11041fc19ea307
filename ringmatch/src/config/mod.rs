//! The config file: what a venue is, where it listens, how it runs.
//!
//! A file says everything a venue needs (no key of those has a default that is
//! not written in `default.toml`, which is what runs when no file is given);
//! what protects an instrument, bounds a session or costs a fee may be left
//! out, and then there is none. A key that is not known is refused. Every error
//! names file, line and key, and says what would be right.
//!
//! One file a section, each with what is wrong that is not wrong with one value
//! by itself, and with what it is in the words of the rest of the program.

mod fees;
mod glimpse;
mod instrument;
mod journal;
mod key;
mod limits;
mod network;
mod order_entry;
mod repair;
mod session;
mod snapshots;
mod text;
mod threads;
mod tick_table;
mod venue;

pub use fees::{BasisPoints, FeesConfig};
pub use glimpse::GlimpseConfig;
pub use instrument::{InstrumentConfig, PostOnly};
pub use journal::JournalConfig;
pub use limits::LimitsConfig;
pub use network::NetworkConfig;
pub use order_entry::OrderEntryConfig;
pub use repair::RepairConfig;
pub use session::SessionConfig;
pub use snapshots::{ClosedSegments, SnapshotsConfig};
pub use threads::ThreadsConfig;
pub use tick_table::{TickBandConfig, TickTableConfig};
pub use venue::VenueConfig;

use crate::soup_entry::SoupEntryConfig;
use key::{Key, line_of};
use ringmatch_engine::{Limits, Price};
use serde::Deserialize;
use std::fmt;
use std::path::Path;

/// The config of the default venue, as text.
pub const DEFAULT: &str = include_str!("../default.toml");

/// A venue's config.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the venue is called.
    pub venue: VenueConfig,
    /// Where it listens and sends.
    pub network: NetworkConfig,
    /// From whom it takes orders.
    #[serde(default)]
    pub order_entry: OrderEntryConfig,
    /// Where it takes orders by TCP, too; without this it does not.
    pub soup: Option<SoupEntryConfig>,
    /// How it keeps what it was told.
    pub journal: JournalConfig,
    /// How much of that a start has to replay, and what becomes of the rest.
    #[serde(default)]
    pub snapshots: SnapshotsConfig,
    /// How it runs.
    pub threads: ThreadsConfig,
    /// How large it may become.
    pub limits: LimitsConfig,
    /// How what clients missed is repaired.
    #[serde(default)]
    pub repair: RepairConfig,
    /// How late joiners get the book; without it they do not.
    pub glimpse: Option<GlimpseConfig>,
    /// What executions cost.
    #[serde(default)]
    pub fees: FeesConfig,
    /// Tick sizes that depend on the price.
    #[serde(rename = "tick_table", default)]
    pub tick_tables: Vec<TickTableConfig>,
    /// What is traded.
    #[serde(rename = "instrument", default)]
    pub instruments: Vec<InstrumentConfig>,
    /// Who may trade.
    #[serde(rename = "session", default)]
    pub sessions: Vec<SessionConfig>,
}

/// A config that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// The config in a file, or the default one.
    ///
    /// # Errors
    /// When the file cannot be read or used; the text says where and why.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else { return Self::parse(DEFAULT, "the default config") };
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError(format!("config {name} cannot be read: {error}")))?;
        let mut config = Self::parse(&text, &name)?;
        if let (Some(keys), Some(directory)) = (&mut config.order_entry.keys, path.parent()) {
            *keys = directory.join(&keys);
        }
        Ok(config)
    }

    /// The config in a text, which errors call `name`.
    ///
    /// # Errors
    /// When it cannot be used; the text says where and why.
    pub fn parse(text: &str, name: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)
            .map_err(|error| ConfigError(format!("config {name}: {}", error.to_string().trim())))?;
        match config.fault() {
            None => Ok(config),
            Some((key, fault)) => Err(ConfigError(match line_of(text, &key) {
                Some(line) => format!("config {name}, line {line}: {}: {fault}", key.key),
                None => format!("config {name}: {}: {fault}", key.key),
            })),
        }
    }

    /// What is wrong that is not wrong with one value by itself.
    fn fault(&self) -> Option<(Key, String)> {
        self.limits
            .fault()
            .or_else(|| self.journal.fault())
            .or_else(|| self.snapshots.fault())
            .or_else(|| self.network.fault())
            .or_else(|| self.repair.fault())
            .or_else(|| self.glimpse?.fault())
            .or_else(|| self.tick_table_fault())
            .or_else(|| self.instrument_fault())
            .or_else(|| self.session_fault())
            .or_else(|| self.soup_fault())
    }

    fn soup_fault(&self) -> Option<(Key, String)> {
        let (key, text) = self.soup?.fault()?;
        Some((Key::of(key), text.into()))
    }

    /// The limits of the exchange.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits.limits()
    }
}

/// An amount of money in 1/10,000. A config with a negative one is refused.
fn units(amount: Price) -> u64 {
    u64::try_from(amount.0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_config_is_sound() {
        let config = Config::load(None).unwrap();
        assert_eq!(config.limits(), Limits::default());
        assert_eq!(config.snapshots, SnapshotsConfig::default());
        assert!(config.listings().count() >= 1);
    }

    #[test]
    fn errors_name_file_line_key_and_fix() {
        for (from, to, says) in [
            ("durability = \"fsync\"", "durability = \"sometimes\"", &["durability", "fsync"][..]),
            ("wait = \"backoff\"", "wait = \"doze\"", &["wait", "doze", "backoff"]),
            ("layout = \"auto\"", "layout = \"wide\"", &["layout", "wide", "shared-network"]),
            ("segment_bytes = 67108864", "segment_bytes = 1", &["segment_bytes", "65536"]),
            (
                "max_packet_bytes = 1400",
                "max_packet_bytes = 65001",
                &["max_packet_bytes", "from 256 to 65000"],
            ),
            ("segment_bytes = 67108864", "segment_size = 1", &["segment_size", "unknown field"]),
            (
                "response_window_bytes = 8388608",
                "response_window_bytes = 1000",
                &["response_window_bytes", "from 4096"],
            ),
            ("connections = 16", "connections = 0", &["connections", "1 to 1024"]),
            (
                "address = \"127.0.0.1:31005\"",
                "address = \"239.1.1.1:31005\"",
                &["address", "group"],
            ),
            ("keep = 2", "keep = 0", &["keep", "nonzero"]),
            ("keep = 2", "keeps = 2", &["keeps", "unknown field"]),
            ("closed_segments = \"keep\"", "closed_segments = \"burn\"", &["burn", "compress"]),
            ("tick_size = \"0.01\"", "tick_size = \"0\"", &["tick_size", "at least 0.0001"]),
            ("tick_size = \"0.01\"", "tick_size = \"0.00001\"", &["tick_size", "four decimals"]),
            ("name = \"ALPHA\"", "name = \"ALPHABETICAL\"", &["name", "10"]),
            ("name = \"BRAVO\"", "name = \"ALPHA\"", &["name", "twice"]),
            ("orders = 262144", "orders = 0", &["orders", "from 1"]),
            (
                "requests = \"127.0.0.1:31003\"",
                "requests = \"239.1.1.1:1\"",
                &["requests", "group"],
            ),
            ("requests = \"127.0.0.1:31003\"", "requests = \"nowhere\"", &["requests", "IPv4"]),
        ] {
            let text = DEFAULT.replacen(from, to, 1);
            assert_ne!(text, DEFAULT, "{from}");
            let line = 1 + DEFAULT.lines().position(|line| line == from).unwrap();
            let error = Config::parse(&text, "venue.toml").unwrap_err().to_string();
            assert!(error.contains("venue.toml"), "{error}");
            assert!(error.contains(&format!("line {line}")), "{line}: {error}");
            for part in says {
                assert!(error.contains(part), "{part}: {error}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_read(text: String) {
            let _ = Config::parse(&text, "fuzz");
        }
    }
}
