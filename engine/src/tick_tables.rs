//! Tick sizes that depend on the price.
//!
//! A table is a list of bands, each with the price from which it holds and its
//! tick size. Instruments name a table; the tick size of every band is a whole
//! number of the instrument's own, so that all prices stay on its grid.

use crate::command::AddTickBand;
use crate::types::Price;

/// A band of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Band {
    from: Price,
    tick_size: Price,
}

/// Tick sizes that depend on the price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickTables {
    tables: [[Band; Self::BANDS]; Self::TABLES],
    lengths: [u8; Self::TABLES],
}

impl Default for TickTables {
    fn default() -> Self {
        Self { tables: [[Band::default(); Self::BANDS]; Self::TABLES], lengths: [0; Self::TABLES] }
    }
}

impl TickTables {
    /// How many tables there can be, numbered from 1.
    pub const TABLES: usize = 16;
    /// How many bands a table can have.
    pub const BANDS: usize = 24;

    /// A table's bands, lowest price first: from where, and which tick size.
    pub fn bands(&self, table: u8) -> impl Iterator<Item = (Price, Price)> {
        self.table(table).iter().map(|band| (band.from, band.tick_size))
    }

    fn table(&self, table: u8) -> &[Band] {
        match usize::from(table).checked_sub(1) {
            Some(at) if at < Self::TABLES => &self.tables[at][..self.lengths[at].into()],
            _ => &[],
        }
    }

    /// Adds the next band of a table; false if it cannot be that.
    pub(crate) fn add(&mut self, band: &AddTickBand) -> bool {
        let Some(at) = usize::from(band.table).checked_sub(1).filter(|&at| at < Self::TABLES)
        else {
            return false;
        };
        let follows = match self.table(band.table).last() {
            None => band.from == Price(0),
            Some(last) => band.from > last.from,
        };
        let length = usize::from(self.lengths[at]);
        let is_sound = follows && length < Self::BANDS && band.from <= Price::MAX_LIMIT;
        if !is_sound || band.tick_size <= Price(0) || band.tick_size > Price::MAX_LIMIT {
            return false;
        }
        self.tables[at][length] = Band { from: band.from, tick_size: band.tick_size };
        self.lengths[at] += 1;
        true
    }

    /// Whether an instrument with this tick size can use a table.
    pub(crate) fn suits(&self, table: u8, tick_size: Price) -> bool {
        let bands = self.table(table);
        !bands.is_empty() && bands.iter().all(|band| band.tick_size.0 % tick_size.0 == 0)
    }

    /// The tick size at a price.
    fn tick_size(&self, table: u8, price: Price) -> Option<Price> {
        let band = self.table(table).iter().rev().find(|band| band.from <= price);
        band.map(|band| band.tick_size)
    }

    /// Whether a price is a whole number of ticks; any is where there is no
    /// table.
    pub(crate) fn allows(&self, table: u8, price: Price) -> bool {
        self.tick_size(table, price).is_none_or(|tick| price.0 % tick.0 == 0)
    }

    /// The highest allowed price below `bound`, or none above zero. `step` is
    /// the instrument's tick size.
    pub(crate) fn below(&self, table: u8, bound: Price, step: Price) -> Option<Price> {
        let mut price = Price((bound.0 - 1).div_euclid(step.0) * step.0);
        for band in self.table(table).iter().rev() {
            if band.from > price {
                continue;
            }
            let whole = Price(price.0.div_euclid(band.tick_size.0) * band.tick_size.0);
            if whole >= band.from {
                price = whole;
                break;
            }
            // The next band down ends below this one's beginning.
            price = Price((band.from.0 - 1).div_euclid(step.0) * step.0);
        }
        (price > Price(0)).then_some(price)
    }

    /// The lowest allowed price above `bound`, or none up to the highest.
    pub(crate) fn above(&self, table: u8, bound: Price, step: Price) -> Option<Price> {
        let up =
            |price: Price, tick: Price| Price((price.0 + tick.0 - 1).div_euclid(tick.0) * tick.0);
        let mut price = up(Price(bound.0 + 1), step);
        while let Some(tick) = self.tick_size(table, price) {
            let whole = up(price, tick);
            let next = self.table(table).iter().find(|band| band.from > price);
            match next {
                // Rounding up led into the next band, which has its own ticks.
                Some(band) if whole >= band.from && whole > price => price = up(band.from, step),
                _ => {
                    price = whole;
                    break;
                }
            }
        }
        (price <= Price::MAX_LIMIT).then_some(price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_price_is_what_trying_all_prices_finds() {
        let mut tables = TickTables::default();
        for (from, tick) in [(0, 2), (21, 6), (50, 10), (105, 4)] {
            let band = AddTickBand { table: 3, from: Price(from), tick_size: Price(tick) };
            assert!(tables.add(&band));
        }
        assert!(
            tables.suits(3, Price(2)) && !tables.suits(3, Price(4)) && !tables.suits(1, Price(1))
        );
        for table in [0, 3] {
            let is_price = |price: i64| price % 2 == 0 && tables.allows(table, Price(price));
            for bound in 1..200 {
                let below = (1..bound).rev().find(|&price| is_price(price));
                assert_eq!(
                    tables.below(table, Price(bound), Price(2)).map(|p| p.0),
                    below,
                    "{bound}"
                );
                let above = (bound + 1..400).find(|&price| is_price(price));
                assert_eq!(
                    tables.above(table, Price(bound), Price(2)).map(|p| p.0),
                    above,
                    "{bound}"
                );
            }
        }
    }

    #[test]
    fn bands_come_in_order_from_zero() {
        let mut tables = TickTables::default();
        let band =
            |table, from, tick| AddTickBand { table, from: Price(from), tick_size: Price(tick) };
        for (unsound, why) in [
            (band(0, 0, 1), "table zero"),
            (band(17, 0, 1), "a table too many"),
            (band(1, 5, 1), "a first band not from zero"),
            (band(1, 0, 0), "no tick size"),
        ] {
            assert!(!tables.add(&unsound), "{why}");
        }
        assert!(tables.add(&band(1, 0, 1)));
        assert!(!tables.add(&band(1, 0, 1)), "not above the last");
        for from in 1..TickTables::BANDS as i64 {
            assert!(tables.add(&band(1, from * 100, 1)));
        }
        assert!(!tables.add(&band(1, 100_000, 1)), "a band too many");
    }
}
