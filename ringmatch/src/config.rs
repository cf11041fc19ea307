//! The config file: what a venue is, where it listens, how it runs.
//!
//! A file says everything a venue needs (no key of those has a default that is
//! not written in `default.toml`, which is what runs when no file is given);
//! what protects an instrument, bounds a session or costs a fee may be left
//! out, and then there is none. A key that is not known is refused. Every error
//! names file, line and key, and says what would be right.

use crate::names;
use crate::soup_entry::SoupEntryConfig;
use crate::threads::{Cpus, Layout, Pin, Priority};
use ringmatch_engine::command::{
    AddInstrument, AddSession, AddTickBand, Breach, Phase, SelfTrade, SetFees, SetRules,
    SetSessionLimits,
};
use ringmatch_engine::{
    Alpha, Firm, InstrumentId, Limits, Price, Quantity, SessionId, SessionName, Symbol, TickTables,
};
use ringmatch_gateway::wire::mold::DEFAULT_MAX_PAYLOAD;
use ringmatch_journal::Durability;
use ringmatch_ring::WaitStrategy;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
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
    /// Bytes of the longest packet, header included; 256 to 65,000.
    #[serde(default = "default_packet_bytes")]
    pub max_packet_bytes: usize,
    /// Whether runs of packets leave by one system call each, which a capture on
    /// this host shows as one long datagram.
    #[serde(default)]
    pub segmentation_offload: bool,
}

const fn default_packet_bytes() -> usize {
    DEFAULT_MAX_PAYLOAD
}

/// `[order_entry]`; see [`Keys`](crate::keys::Keys).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderEntryConfig {
    /// The file with the keys of the sessions; from where the config file is.
    #[serde(default)]
    pub keys: Option<PathBuf>,
    /// Whether sessions without keys may trade from other hosts.
    #[serde(default)]
    pub accept_unsealed_orders_from_the_network: bool,
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

/// `[snapshots]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotsConfig {
    /// One is made when the journal has so many more bytes than at the last;
    /// zero for never.
    pub every_bytes: u64,
    /// One is made when the journal has grown and the last one is so old; zero
    /// for never.
    pub every_s: u64,
    /// How many are kept.
    pub keep: NonZeroUsize,
    /// What becomes of full segments of the journal.
    pub closed_segments: ClosedSegments,
}

impl SnapshotsConfig {
    /// Whether any are made while the venue runs.
    #[must_use]
    pub fn are_made(&self) -> bool {
        self.every_bytes > 0 || self.every_s > 0
    }
}

impl Default for SnapshotsConfig {
    /// As it is written in the default config.
    fn default() -> Self {
        Self {
            every_bytes: 128 << 20,
            every_s: 300,
            keep: NonZeroUsize::MIN.saturating_add(1),
            closed_segments: ClosedSegments::Keep,
        }
    }
}

/// What becomes of a segment of the journal once it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosedSegments {
    /// It stays as it is.
    Keep,
    /// It is compressed.
    Compress,
    /// It is dropped once it lies before the oldest snapshot.
    Drop,
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
    /// CPU numbers for the threads, or `auto`.
    pub pin: Pin,
    /// How urgent the system shall take them to be.
    #[serde(default)]
    pub priority: Priority,
    /// Whether memory is touched and locked at start.
    #[serde(default)]
    pub lock_memory: bool,
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
    /// Orders with options over all instruments.
    pub special_orders: u32,
    /// Executions that can still be declared void; a power of two.
    pub recent_trades: u32,
}

/// `[repair]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RepairConfig {
    /// Bytes of market data that are in memory to be asked for again.
    pub market_window_bytes: usize,
    /// Bytes of responses, for each session.
    pub response_window_bytes: usize,
    /// Packets a second that one source may have of what is older, from disk;
    /// zero keeps nothing there.
    pub old_packets_per_s: u32,
}

impl Default for RepairConfig {
    fn default() -> Self {
        Self { market_window_bytes: 64 << 20, response_window_bytes: 8 << 20, old_packets_per_s: 0 }
    }
}

/// `[glimpse]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlimpseConfig {
    /// Where late joiners connect to by TCP.
    pub address: SocketAddrV4,
    /// Connections at a time; half of them from one address.
    pub connections: u16,
}

/// `[fees]`, in basis points of an execution's value, with up to two decimals;
/// negative is a rebate.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeesConfig {
    /// For the resting order, and for both sides in an auction.
    #[serde(default)]
    pub maker_bp: BasisPoints,
    /// For the incoming order.
    #[serde(default)]
    pub taker_bp: BasisPoints,
}

/// Hundredths of a basis point; as text, basis points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasisPoints(pub i32);

impl FromStr for BasisPoints {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hundredths = text.parse::<Price>().ok().filter(|units| units.0 % 100 == 0);
        let hundredths = hundredths.and_then(|units| i32::try_from(units.0 / 100).ok());
        hundredths.map(Self).ok_or_else(|| {
            format!("{text:?} is no number of basis points with at most two decimals, such as 0.25")
        })
    }
}

impl fmt::Display for BasisPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Price(i64::from(self.0) * 100).fmt(f)
    }
}

impl<'de> Deserialize<'de> for BasisPoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

/// `[[tick_table]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TickTableConfig {
    /// What instruments call it.
    pub name: String,
    /// From which price which tick size holds; the first from zero.
    pub bands: Vec<TickBandConfig>,
}

/// A band of a `[[tick_table]]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TickBandConfig {
    /// The lowest price of the band.
    #[serde(deserialize_with = "parsed")]
    pub from: Price,
    /// Prices in it are multiples of this.
    #[serde(deserialize_with = "parsed")]
    pub tick_size: Price,
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
    /// The phase that the day begins with.
    #[serde(default = "continuous", deserialize_with = "names::deserialize")]
    pub opening_phase: Phase,
    /// The name of its tick table, whose tick sizes hold instead of its own.
    #[serde(default)]
    pub tick_table: Option<String>,
    /// The largest value of an order: price times quantity; zero for no bound.
    #[serde(default, deserialize_with = "parsed")]
    pub max_value: Price,
    /// The reference price that it is listed with; zero for none.
    #[serde(default, deserialize_with = "parsed")]
    pub reference_price: Price,
    /// How far from the reference price it may trade; zero for no collar.
    #[serde(default)]
    pub static_collar_bp: u16,
    /// How far from the last price it may trade; zero for no collar.
    #[serde(default)]
    pub dynamic_collar_bp: u16,
    /// What a trade outside a collar leads to.
    #[serde(default, deserialize_with = "names::deserialize")]
    pub on_breach: Breach,
    /// How long a volatility auction gathers; zero leaves its end to the
    /// operator.
    #[serde(default)]
    pub volatility_auction_s: u16,
    /// What becomes of a post-only order that would trade.
    #[serde(default)]
    pub post_only: PostOnly,
}

/// What becomes of a post-only order that would trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostOnly {
    /// It is rejected.
    #[default]
    Reject,
    /// It rests one tick behind the other side's best price.
    Slide,
}

const fn continuous() -> Phase {
    Phase::Continuous
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
    /// Open orders at a time; zero for no bound, as everywhere here.
    #[serde(default)]
    pub max_open_orders: u32,
    /// Shares long or short in one instrument, open orders included.
    #[serde(default)]
    pub max_position: u64,
    /// Value of all open orders.
    #[serde(default, deserialize_with = "parsed")]
    pub max_exposure: Price,
    /// Orders and replaces in a second.
    #[serde(default)]
    pub max_messages_per_s: u32,
    /// What its orders do when they meet one of its own firm; without this they
    /// trade.
    #[serde(default, deserialize_with = "names::deserialize")]
    pub self_trade: SelfTrade,
    /// After how long a silence of its client all its orders are canceled.
    #[serde(default)]
    pub cancel_after_silence_ms: u64,
}

/// The shortest silence that can mean that a client is gone: a client that has
/// nothing to say says so once a second.
const SHORTEST_SILENCE_MS: u64 = 2_000;

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
        let fault = |key, text: &str| Some((Key::of(key), text.to_owned()));
        if let Err(error) = self.limits().check() {
            return Some((Key::limit(error.name), error.to_string()));
        }
        if !(1 << 16..=1 << 34).contains(&self.journal.segment_bytes) {
            return fault("segment_bytes", "must be from 65536 to 17179869184");
        }
        if self.snapshots.closed_segments == ClosedSegments::Drop && !self.snapshots.are_made() {
            return fault(
                "closed_segments",
                "cannot be \"drop\" while no snapshots are made: set every_bytes or every_s",
            );
        }
        if !(256..=65_000).contains(&self.network.max_packet_bytes) {
            return fault("max_packet_bytes", "must be from 256 to 65000");
        }
        if self.network.requests.ip().is_multicast() {
            return fault("requests", "must be an address of this host, not a multicast group");
        }
        if self.network.requests.port() == self.network.orders.port() {
            return fault("requests", "must have another port than orders: clients tell by it");
        }
        let RepairConfig { market_window_bytes, response_window_bytes, .. } = self.repair;
        for (key, bytes) in [
            ("market_window_bytes", market_window_bytes),
            ("response_window_bytes", response_window_bytes),
        ] {
            if !(4 << 10..=1 << 34).contains(&bytes) {
                return fault(key, "must be from 4096 to 17179869184");
            }
        }
        if let Some(glimpse) = self.glimpse {
            if glimpse.address.ip().is_multicast() {
                let text = "must be an address of this host, not a multicast group";
                return Some((Key::glimpse("address"), text.into()));
            }
            if !(1..=1024).contains(&glimpse.connections) {
                return Some((Key::glimpse("connections"), "must be from 1 to 1024".into()));
            }
        }
        self.tick_table_fault()
            .or_else(|| self.instrument_fault())
            .or_else(|| self.session_fault())
            .or_else(|| self.soup_fault())
    }

    fn soup_fault(&self) -> Option<(Key, String)> {
        let (key, text) = self.soup?.fault()?;
        Some((Key::of(key), text.into()))
    }

    fn tick_table_fault(&self) -> Option<(Key, String)> {
        let (tables, bands) = (TickTables::TABLES, TickTables::BANDS);
        for (at, table) in self.tick_tables.iter().enumerate() {
            let key = |key| Key { table: Some(("[[tick_table]]", at)), key };
            if at >= tables {
                return Some((key("name"), format!("there are more than {tables} tick tables")));
            }
            if self.tick_tables[..at].iter().any(|other| other.name == table.name) {
                return Some((key("name"), format!("{:?} is given twice", table.name)));
            }
            if !(1..=bands).contains(&table.bands.len()) {
                return Some((key("bands"), format!("must be 1 to {bands} bands")));
            }
            let rises = table.bands.is_sorted_by(|band, next| band.from < next.from);
            if table.bands[0].from != Price(0) || !rises {
                return Some((key("bands"), "must begin from 0, and each above the last".into()));
            }
            if table.bands.iter().any(|band| band.tick_size <= Price(0)) {
                return Some((key("bands"), "each tick_size must be at least 0.0001".into()));
            }
        }
        None
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
            if let Some((name, fault)) = self.protection_fault(instrument) {
                return Some((key(name), fault));
            }
        }
        None
    }

    fn protection_fault(&self, instrument: &InstrumentConfig) -> Option<(&'static str, String)> {
        if let Some(name) = &instrument.tick_table {
            let Some(table) = self.tick_tables.iter().find(|table| table.name == *name) else {
                return Some(("tick_table", format!("there is no [[tick_table]] named {name:?}")));
            };
            let is_whole = |band: &TickBandConfig| band.tick_size.0 % instrument.tick_size.0 == 0;
            if !table.bands.iter().all(is_whole) {
                let text = format!(
                    "each tick size of {name:?} must be a multiple of the instrument's own, {}",
                    instrument.tick_size
                );
                return Some(("tick_table", text));
            }
        }
        let reference = instrument.reference_price;
        let is_price = (Price(0)..=Price::MAX_LIMIT).contains(&reference)
            && reference.0 % instrument.tick_size.0 == 0;
        if !is_price {
            let text = format!(
                "must be a multiple of the tick size up to {}, or 0 for none",
                Price::MAX_LIMIT
            );
            return Some(("reference_price", text));
        }
        if instrument.max_value < Price(0) {
            return Some(("max_value", "must not be negative".into()));
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
            if session.max_exposure < Price(0) {
                let key = Key { key: "max_exposure", ..key };
                return Some((key, "must not be negative".into()));
            }
            if (1..SHORTEST_SILENCE_MS).contains(&session.cancel_after_silence_ms) {
                let key = Key { key: "cancel_after_silence_ms", ..key };
                let text = format!(
                    "must be at least {SHORTEST_SILENCE_MS}, or 0 for never: a client that has \
                     nothing to say is heard once a second"
                );
                return Some((key, text));
            }
        }
        None
    }

    /// The limits of the exchange.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let LimitsConfig {
            orders,
            levels_per_side,
            instruments,
            sessions,
            special_orders,
            recent_trades,
        } = self.limits;
        Limits { orders, levels_per_side, instruments, sessions, special_orders, recent_trades }
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

    /// The bands of all tick tables as commands; tables are numbered from 1.
    pub fn tick_bands(&self) -> impl Iterator<Item = AddTickBand> {
        self.tick_tables.iter().zip(1..).flat_map(|(table, number)| {
            table.bands.iter().map(move |band| AddTickBand {
                table: number,
                from: band.from,
                tick_size: band.tick_size,
            })
        })
    }

    /// How an instrument is protected that has the number `instrument`.
    #[must_use]
    pub fn rules(&self, listed: &InstrumentConfig, instrument: InstrumentId) -> SetRules {
        let named = |table: &TickTableConfig| Some(&table.name) == listed.tick_table.as_ref();
        let table = self.tick_tables.iter().position(named).map_or(0, |at| at + 1);
        SetRules {
            instrument,
            reference_price: listed.reference_price,
            max_value: units(listed.max_value),
            static_collar_bp: listed.static_collar_bp,
            dynamic_collar_bp: listed.dynamic_collar_bp,
            on_breach: listed.on_breach,
            volatility_auction_s: listed.volatility_auction_s,
            tick_table: u8::try_from(table).unwrap_or(0),
            post_only_slides: listed.post_only == PostOnly::Slide,
        }
    }

    /// What executions cost, as a command.
    #[must_use]
    pub fn fees(&self) -> SetFees {
        SetFees { maker: self.fees.maker_bp.0, taker: self.fees.taker_bp.0 }
    }
}

impl ThreadsConfig {
    /// What an operator should know of threads that run like this.
    pub fn concerns(&self, layout: Layout) -> impl Iterator<Item = String> {
        let is_unpinned = self.pin == Pin::Auto
            && self.pin.assign(layout, &Cpus::usable()).is_ok_and(|cpus| cpus.is_empty());
        let unpinned = is_unpinned.then(|| {
            format!(
                "`pin` is \"auto\", and there is no CPU for each thread of {layout}: none is pinned"
            )
        });
        self.priority.concern(self.wait).into_iter().chain(unpinned)
    }
}

impl SessionConfig {
    /// A session of a firm, without limits.
    #[must_use]
    pub fn new(name: SessionName, firm: Firm) -> Self {
        Self {
            name,
            firm,
            max_open_orders: 0,
            max_position: 0,
            max_exposure: Price(0),
            max_messages_per_s: 0,
            self_trade: SelfTrade::default(),
            cancel_after_silence_ms: 0,
        }
    }

    /// What it may do, as a command for the session with the number `session`.
    #[must_use]
    pub fn limits(&self, session: SessionId) -> SetSessionLimits {
        SetSessionLimits {
            session,
            max_open_orders: self.max_open_orders,
            max_position: self.max_position,
            max_exposure: units(self.max_exposure),
            max_messages_per_s: self.max_messages_per_s,
            self_trade: self.self_trade,
        }
    }
}

/// An amount of money in 1/10,000. A config with a negative one is refused.
fn units(amount: Price) -> u64 {
    u64::try_from(amount.0).unwrap_or(0)
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

    fn glimpse(key: &'static str) -> Self {
        Self { table: Some(("[glimpse]", 0)), key }
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
