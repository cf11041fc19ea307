//! `[[instrument]]`: what is traded, and how it is protected.
//!
//! Steps and the largest order have to be given; whatever protects an instrument
//! may be left out, and then there is none of it. Instruments are numbered in the
//! order of the file, from 1, and a journal knows them by these numbers: new ones
//! are added at the end.

use super::key::Key;
use super::text::{named, parsed};
use super::{Config, TickBandConfig, TickTableConfig, units};
use crate::names;
use ringmatch_engine::command::{AddInstrument, Breach, Phase, SetRules};
use ringmatch_engine::{InstrumentId, Price, Quantity, Symbol};
use serde::Deserialize;

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

impl Config {
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

    pub(super) fn instrument_fault(&self) -> Option<(Key, String)> {
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
}
