//! The price levels of one side of one book, best last.
//!
//! Prices are kept as keys that grow towards the better price (a bid's price,
//! an ask's with all its bits turned, which every price has, while the lowest
//! has no negative), sorted in one array with the best at the end.
//! Nearly all traffic is near the best price, so a search looks at the last
//! few rungs before it halves the rest, and a level that appears or vanishes
//! there moves little.

use crate::command::Side;
use crate::types::Price;

/// How many rungs from the best are looked at one by one.
const NEAR: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Rung {
    key: i64,
    level: u32,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Ladder {
    side: Side,
    rungs: Vec<Rung>,
    capacity: usize,
}

impl Ladder {
    pub(crate) fn new(side: Side, capacity: u32) -> Self {
        let capacity = capacity as usize;
        Self { side, rungs: Vec::with_capacity(capacity), capacity }
    }

    fn key(&self, price: Price) -> i64 {
        match self.side {
            Side::Buy => price.0,
            Side::Sell => !price.0,
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rungs.len() == self.capacity
    }

    /// The level with the best price.
    #[inline]
    pub(crate) fn best(&self) -> Option<u32> {
        self.rungs.last().map(|rung| rung.level)
    }

    /// The level at `price`.
    #[inline]
    pub(crate) fn find(&self, price: Price) -> Option<u32> {
        let at = self.search(self.key(price)).ok()?;
        Some(self.rungs[at].level)
    }

    /// Adds a level at a price that has none; there must be room.
    pub(crate) fn insert(&mut self, price: Price, level: u32) {
        debug_assert!(!self.is_full(), "the caller checks that there is room");
        let key = self.key(price);
        if let Err(at) = self.search(key) {
            self.rungs.insert(at, Rung { key, level });
        }
    }

    /// Takes the level at `price` away.
    pub(crate) fn remove(&mut self, price: Price) {
        if let Ok(at) = self.search(self.key(price)) {
            self.rungs.remove(at);
        }
    }

    /// Levels from the best price on.
    pub(crate) fn best_first(&self) -> impl DoubleEndedIterator<Item = u32> + ExactSizeIterator {
        self.rungs.iter().rev().map(|rung| rung.level)
    }

    #[inline]
    fn search(&self, key: i64) -> Result<usize, usize> {
        let far = self.rungs.len().saturating_sub(NEAR);
        for (at, rung) in self.rungs.iter().enumerate().skip(far).rev() {
            if rung.key == key {
                return Ok(at);
            }
            if rung.key < key {
                return Err(at + 1);
            }
        }
        self.rungs[..far].binary_search_by_key(&key, |rung| rung.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_best_price_at_hand_on_both_sides() {
        for (side, best) in [(Side::Buy, 40), (Side::Sell, 1)] {
            let mut ladder = Ladder::new(side, 40);
            // 7 generates the numbers 1 to 40 modulo 41 in a scrambled order.
            let prices = || (1..=40).map(|i| Price(i * 7 % 41));
            for price in prices() {
                assert_eq!(ladder.find(price), None);
                ladder.insert(price, u32::try_from(price.0).unwrap());
            }
            assert!(ladder.is_full());
            assert_eq!(ladder.best(), Some(best));
            for price in prices() {
                assert_eq!(ladder.find(price), Some(u32::try_from(price.0).unwrap()));
            }
            let order: Vec<u32> = ladder.best_first().collect();
            let mut expected: Vec<u32> = (1..=40).collect();
            if side == Side::Buy {
                expected.reverse();
            }
            assert_eq!(order, expected);
            for price in prices() {
                ladder.remove(price);
                assert_eq!(ladder.find(price), None);
            }
            assert_eq!(ladder.best(), None);
        }
    }
}
