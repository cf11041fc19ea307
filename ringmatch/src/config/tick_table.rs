//! `[[tick_table]]`: tick sizes that depend on the price.
//!
//! A table is a list of bands, each from a price on, and instruments name the one
//! they go by. The exchange has room for so many tables and so many bands, and
//! knows tables by number: they are numbered in the order of the file, from 1.

use super::Config;
use super::key::Key;
use super::text::parsed;
use ringmatch_engine::command::AddTickBand;
use ringmatch_engine::{Price, TickTables};
use serde::Deserialize;

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

impl Config {
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

    pub(super) fn tick_table_fault(&self) -> Option<(Key, String)> {
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
}
