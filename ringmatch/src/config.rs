//! The config file: what a venue is, where it listens, how it runs.
//!
//! A file says everything (no key has a default that is not written in
//! `default.toml`, which is what runs when no file is given), and a key that
//! is not known is refused. Every error names file, line and key, and says
//! what would be right.

use crate::threads::Layout;
use ringmatch_engine::command::{AddInstrument, AddSession};
use ringmatch_engine::{
    Alpha, Firm, InstrumentId, Limits, Price, Quantity, SessionId, SessionName, Symbol,
};
use ringmatch_journal::Durability;
use ringmatch_ring::WaitStrategy;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::str::FromStr;

/// The config of the default venue, as text.
pub const DEFAULT: &str = include_str!("default.toml");

/// A venue's config.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the venue is called.
    pub venue: VenueConfig,
    /// Where it listens and sends.
    pub network: NetworkConfig,
    /// How it keeps what it was told.
    pub journal: JournalConfig,
    /// How it runs.
    pub threads: ThreadsConfig,
    /// How large it may become.
    pub limits: LimitsConfig,
    /// What is traded.
    #[serde(rename = "instrument", default)]
    pub instruments: Vec<InstrumentConfig>,
    /// Who may trade.
    #[serde(rename = "session", default)]
    pub sessions: Vec<SessionConfig>,
}

/// `[venue]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueConfig {
    /// Its name, and the session of its market-data stream.
    #[serde(deserialize_with = "named")]
    pub name: SessionName,
}

/// `[network]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// The interface of multicast, by its address.
    pub interface: Ipv4Addr,
    /// Where orders are received: a group, or an address of this host.
    pub orders: SocketAddrV4,
    /// Where market data is sent: a group, or one receiver.
    pub market_data: SocketAddrV4,
    /// Where requests are received, and responses sent from.
    pub requests: SocketAddrV4,
}

/// `[journal]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalConfig {
    /// When a result may leave: `fsync`, `write`, or `interval:` with the
    /// milliseconds between syncs.
    #[serde(deserialize_with = "parsed")]
    pub durability: Durability,
    /// Bytes in a segment file; 64 KiB to 16 GiB.
    pub segment_bytes: u64,
}

/// `[threads]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadsConfig {
    /// Which stages share a thread.
    #[serde(deserialize_with = "parsed")]
    pub layout: Layout,
    /// How an idle thread waits.
    #[serde(deserialize_with = "parsed")]
    pub wait: WaitStrategy,
    /// CPU numbers for the threads.
    pub pin: Vec<usize>,
}

/// `[limits]`; see [`Limits`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Resting orders over all instruments.
    pub orders: u32,
    /// Price levels on one side of one book.
    pub levels_per_side: u32,
    /// Instruments.
    pub instruments: u16,
    /// Sessions.
    pub sessions: u16,
}

/// `[[instrument]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentConfig {
    /// Up to eight characters.
    #[serde(deserialize_with = "named")]
    pub symbol: Symbol,
    /// Prices are multiples of this.
    #[serde(deserialize_with = "parsed")]
    pub tick_size: Price,
    /// Quantities are multiples of this.
    pub lot_size: u32,
    /// The largest order; up to 999,999, the most that OUCH 5.0 allows.
    pub max_quantity: u32,
}

/// `[[session]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionConfig {
    /// Up to ten characters; also the MoldUDP64 session of its streams.
    #[serde(deserialize_with = "named")]
    pub name: SessionName,
    /// Up to four characters.
    #[serde(deserialize_with = "named")]
    pub firm: Firm,
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
        Self::parse(&text, &name)
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
        let fault = |key, text: &str| Some((Key::of(key), text.to_owned()));
        if let Err(error) = self.limits().check() {
            return Some((Key::limit(error.name), error.to_string()));
        }
        if !(1 << 16..=1 << 34).contains(&self.journal.segment_bytes) {
            return fault("segment_bytes", "must be from 65536 to 17179869184");
        }
        if self.network.requests.ip().is_multicast() {
            return fault("requests", "must be an address of this host, not a multicast group");
        }
        if self.network.requests.port() == self.network.orders.port() {
            return fault("requests", "must have another port than orders: clients tell by it");
        }
        self.instrument_fault().or_else(|| self.session_fault())
    }

    fn instrument_fault(&self) -> Option<(Key, String)> {
        if self.instruments.len() > usize::from(self.limits.instruments) {
            let text =
                format!("there are {} instruments; raise this limit", self.instruments.len());
            return Some((Key::limit("instruments"), text));
        }
        for (at, instrument) in self.instruments.iter().enumerate() {
            let key = |key| Key { table: Some(("[[instrument]]", at)), key };
            let known = &self.instruments[..at];
            if known.iter().any(|other| other.symbol == instrument.symbol) {
                return Some((key("symbol"), format!("{} is listed twice", instrument.symbol)));
            }
            if instrument.tick_size <= Price(0) {
                return Some((key("tick_size"), "must be at least 0.0001".into()));
            }
            if instrument.lot_size == 0 {
                return Some((key("lot_size"), "must be at least 1".into()));
            }
            if !(instrument.lot_size..=999_999).contains(&instrument.max_quantity) {
                let text = "must be from the lot size to 999999, the most that OUCH 5.0 allows";
                return Some((key("max_quantity"), text.into()));
            }
        }
        None
    }

    fn session_fault(&self) -> Option<(Key, String)> {
        if self.sessions.len() > usize::from(self.limits.sessions) {
            let text = format!("there are {} sessions; raise this limit", self.sessions.len());
            return Some((Key::limit("sessions"), text));
        }
        for (at, session) in self.sessions.iter().enumerate() {
            let key = Key { table: Some(("[[session]]", at)), key: "name" };
            if session.name == self.venue.name {
                let text = format!("{} is the venue's name, its market data's", session.name);
                return Some((key, text));
            }
            if self.sessions[..at].iter().any(|other| other.name == session.name) {
                return Some((key, format!("{} is admitted twice", session.name)));
            }
        }
        None
    }

    /// The limits of the exchange.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let LimitsConfig { orders, levels_per_side, instruments, sessions } = self.limits;
        Limits { orders, levels_per_side, instruments, sessions }
    }

    /// The instruments as commands, numbered from 1.
    pub fn listings(&self) -> impl Iterator<Item = AddInstrument> {
        self.instruments.iter().zip(1..).map(|(listed, number)| AddInstrument {
            instrument: InstrumentId(number),
            symbol: listed.symbol,
            tick_size: listed.tick_size,
            lot_size: Quantity(listed.lot_size),
            max_quantity: Quantity(listed.max_quantity),
        })
    }

    /// The sessions as commands, numbered from 1.
    pub fn admissions(&self) -> impl Iterator<Item = AddSession> {
        self.sessions.iter().zip(1..).map(|(admitted, number)| AddSession {
            session: SessionId(number),
            name: admitted.name,
            firm: admitted.firm,
        })
    }
}

/// Reads a name: what fits the field, and is not blank.
fn named<'de, D, const N: usize>(deserializer: D) -> Result<Alpha<N>, D::Error>
where
    D: Deserializer<'de>,
{
    let name: Alpha<N> = parsed(deserializer)?;
    if name.is_blank() { Err(serde::de::Error::custom("must not be blank")) } else { Ok(name) }
}

/// Reads a value that has a text form of its own.
fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

/// A key, and which of several like tables it is in.
struct Key {
    table: Option<(&'static str, usize)>,
    key: &'static str,
}

impl Key {
    fn of(key: &'static str) -> Self {
        Self { table: None, key }
    }

    fn limit(key: &'static str) -> Self {
        Self { table: Some(("[limits]", 0)), key }
    }
}

/// The line that sets a key, from 1.
fn line_of(text: &str, key: &Key) -> Option<usize> {
    let mut lines = (1..).zip(text.lines().map(str::trim_start));
    if let Some((table, at)) = key.table {
        lines.by_ref().filter(|(_, line)| line.starts_with(table)).nth(at)?;
    }
    let sets = |line: &str| {
        let rest = line.strip_prefix(key.key).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with('='))
    };
    lines.find(|(_, line)| sets(line)).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_config_is_sound() {
        let config = Config::load(None).unwrap();
        assert_eq!(config.limits(), Limits::default());
        assert!(config.listings().count() >= 1);
    }

    #[test]
    fn errors_name_file_line_key_and_fix() {
        for (from, to, says) in [
            ("durability = \"fsync\"", "durability = \"sometimes\"", &["durability", "fsync"][..]),
            ("wait = \"backoff\"", "wait = \"doze\"", &["wait", "doze", "backoff"]),
            ("layout = \"auto\"", "layout = \"wide\"", &["layout", "wide", "shared-network"]),
            ("segment_bytes = 67108864", "segment_bytes = 1", &["segment_bytes", "65536"]),
            ("segment_bytes = 67108864", "segment_size = 1", &["segment_size", "unknown field"]),
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
