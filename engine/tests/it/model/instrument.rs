//! What is listed, and which prices are valid for it.

use super::Model;
use ringmatch_engine::command::{AddInstrument, InstrumentStatus, Phase, SetRules};
use ringmatch_engine::{InstrumentId, Nanos, Price};

/// An instrument.
pub(super) struct Instrument {
    pub(super) listing: AddInstrument,
    pub(super) status: InstrumentStatus,
    pub(super) phase: Phase,
    pub(super) rules: SetRules,
    pub(super) reference: Option<Price>,
    pub(super) last: Option<Price>,
    /// When its volatility auction ends.
    pub(super) auction_ends: Option<Nanos>,
    /// When its auction's figures are due.
    pub(super) figures_due: Option<Nanos>,
    /// The last price that trailing stops followed.
    pub(super) trailed: Option<Price>,
    /// The best displayed bid and ask that pegs followed.
    pub(super) pegged_to: (Option<Price>, Option<Price>),
}

impl Instrument {
    pub(super) fn new(listing: AddInstrument) -> Self {
        Self {
            listing,
            status: InstrumentStatus::Enabled,
            phase: Phase::Halted,
            rules: SetRules { instrument: listing.instrument, ..SetRules::default() },
            reference: None,
            last: None,
            auction_ends: None,
            figures_due: None,
            trailed: None,
            pegged_to: (None, None),
        }
    }

    pub(super) fn tick(&self) -> i64 {
        self.listing.tick_size.0
    }

    /// Half the tick size if that is a whole number, else the tick size.
    pub(super) fn grain(&self) -> i64 {
        if self.tick() % 2 == 0 { self.tick() / 2 } else { self.tick() }
    }
}

impl Model {
    /// Where the valid prices are: from, up to, and their distance.
    fn bands(&self, instrument: InstrumentId) -> Vec<(i64, i64, i64)> {
        let listed = self.instrument(instrument);
        let starts = match listed.rules.tick_table {
            0 => vec![(0, listed.tick())],
            table => self.tick_tables[usize::from(table) - 1].clone(),
        };
        let ends = starts.iter().skip(1).map(|(next, _)| next - 1);
        let ends: Vec<i64> = ends.chain([Price::MAX_LIMIT.0]).collect();
        let bands = starts.iter().zip(ends);
        bands.map(|(&(from, tick), to)| (from.max(1), to.min(Price::MAX_LIMIT.0), tick)).collect()
    }

    pub(super) fn is_valid_price(&self, instrument: InstrumentId, price: Price) -> bool {
        let mut bands = self.bands(instrument).into_iter();
        bands.any(|(from, to, tick)| (from..=to).contains(&price.0) && price.0 % tick == 0)
    }

    pub(super) fn highest_valid_up_to(
        &self,
        instrument: InstrumentId,
        bound: i64,
    ) -> Option<Price> {
        let bands = self.bands(instrument).into_iter();
        let highest = bands.filter_map(|(from, to, tick)| {
            let top = to.min(bound);
            let price = top - top.rem_euclid(tick);
            (price >= from).then_some(Price(price))
        });
        highest.max()
    }

    pub(super) fn lowest_valid_from(&self, instrument: InstrumentId, bound: i64) -> Option<Price> {
        let bands = self.bands(instrument).into_iter();
        let lowest = bands.filter_map(|(from, to, tick)| {
            let bottom = from.max(bound);
            let price = bottom + (tick - bottom % tick) % tick;
            (price <= to).then_some(Price(price))
        });
        lowest.min()
    }
}
