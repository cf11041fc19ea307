//! Prices as small whole numbers.
//!
//! A book counts prices in grains: half the tick size where that is a whole
//! number, so that the middle of the best prices has a place, and else the tick
//! size. Going from a price to its grain is a division, which a multiplication
//! by a rounded-up reciprocal does exactly: prices and divisors are below 2^31,
//! so the rounding never reaches a whole grain.

use crate::types::Price;

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    grain: u32,
    /// Grains in a tick: 1 or 2.
    tick_grains: u32,
    /// 2^64 over the grain, rounded up; zero where the grain is 1.
    reciprocal: u64,
}

impl Grid {
    /// The grid of a tick size from 1 to [`Price::MAX_LIMIT`].
    pub(crate) fn new(tick_size: Price) -> Self {
        let tick = u32::try_from(tick_size.0).expect("a tick size is at most the highest price");
        let tick_grains = if tick.is_multiple_of(2) { 2 } else { 1 };
        let grain = tick / tick_grains;
        let reciprocal = if grain == 1 { 0 } else { u64::MAX / u64::from(grain) + 1 };
        Self { grain, tick_grains, reciprocal }
    }

    /// The grain of a price that is a whole number of ticks, from one to
    /// [`Price::MAX_LIMIT`].
    #[inline(always)]
    pub(crate) fn tick(&self, price: Price) -> Option<u32> {
        if price.0 <= 0 || price > Price::MAX_LIMIT {
            return None;
        }
        let price = price.0 as u32;
        let grain = self.floor_u32(price);
        let whole = grain * self.grain == price && grain & (self.tick_grains - 1) == 0;
        whole.then_some(grain)
    }

    #[inline]
    fn floor_u32(&self, price: u32) -> u32 {
        if self.reciprocal == 0 {
            return price;
        }
        ((u128::from(price) * u128::from(self.reciprocal)) >> 64) as u32
    }

    /// The grain at or below a price; prices below zero and above the highest
    /// are taken for these.
    pub(crate) fn floor(&self, price: Price) -> u32 {
        self.floor_u32(price.0.clamp(0, Price::MAX_LIMIT.0) as u32)
    }

    /// The grain at or above a price, likewise.
    pub(crate) fn ceiling(&self, price: Price) -> u32 {
        let floor = self.floor(price);
        floor + u32::from(self.price(floor).0 < price.0.clamp(0, Price::MAX_LIMIT.0))
    }

    /// The highest whole number of ticks that is a price.
    pub(crate) fn highest_tick(&self) -> u32 {
        let grain = self.floor(Price::MAX_LIMIT);
        grain - grain % self.tick_grains
    }

    /// One tick.
    pub(crate) fn lowest_tick(&self) -> u32 {
        self.tick_grains
    }

    /// The price of a grain.
    #[inline]
    pub(crate) fn price(&self, grain: u32) -> Price {
        Price(i64::from(grain) * i64::from(self.grain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_has_the_grain_that_division_gives() {
        let max = Price::MAX_LIMIT.0;
        for tick in [1, 2, 3, 5, 7, 10, 50, 100, 125, 9_999, 10_000, 1_000_003, max - 1, max] {
            let grid = Grid::new(Price(tick));
            let grain = if tick % 2 == 0 { tick / 2 } else { tick };
            let near =
                |price: i64| (price - 3..=price + 3).filter(|price| (1..=max).contains(price));
            let prices = [1, tick, tick * 2, tick * 1_000 % max, max / 2, max / tick * tick, max];
            for price in prices.into_iter().flat_map(near) {
                let floor = i64::from(grid.floor(Price(price)));
                assert_eq!(floor, price / grain, "{price} of {tick}");
                let ceiling = i64::from(grid.ceiling(Price(price)));
                assert_eq!(ceiling, (price + grain - 1) / grain, "{price} of {tick}");
                let whole = (price % tick == 0).then(|| u32::try_from(price / grain).unwrap());
                assert_eq!(grid.tick(Price(price)), whole, "{price} of {tick}");
            }
            assert_eq!(grid.price(grid.highest_tick()).0, max / tick * tick);
            assert_eq!(grid.price(grid.lowest_tick()).0, tick);
        }
        assert_eq!(Grid::new(Price(1)).tick(Price(0)), None);
        assert_eq!(Grid::new(Price(1)).tick(Price(max + 1)), None);
        assert_eq!(Grid::new(Price(1)).tick(Price(i64::MIN)), None);
    }
}
