//! The price levels of one side of one book.
//!
//! Prices are kept as keys that grow towards the better price, so both sides
//! are one code. Levels within a range of keys stand in a window of slots, one
//! for each key, with a [`Bitmap`] of those that are there: finding a level is
//! an array look-up, and the next best is found in a few steps however far it
//! is. Levels outside stand in one sorted array ([`SortedLevels`]). The window
//! is used in a circle and follows the market: once more levels have come and
//! gone outside it than there are levels, it is put round the best price, so
//! moving it costs each of them little.

use super::bitmap::Bitmap;
use super::order::NIL;
use crate::command::Side;

/// Slots of a window: as many as the side may have levels, within bounds.
const WINDOW: std::ops::RangeInclusive<u32> = 64..=1 << 16;
/// Levels outside the window that come or go before it may move.
const STRAYS: u32 = 64;

/// Keys of an ask and of a bid at the same grain add up to this.
const MIRROR: u32 = 1 << 31;

/// A grain as a key that grows towards the better price of a side: itself for
/// a bid, and [`MIRROR`] less it for an ask. Nobody can foresee which side comes
/// next, so nothing branches on it.
#[inline(always)]
pub(crate) fn key(side: Side, grain: u32) -> u32 {
    let ask = (side as u32).wrapping_neg();
    (grain ^ ask).wrapping_add(ask & (MIRROR + 1))
}

/// The key of the other side at the same grain.
#[inline(always)]
pub(crate) fn mirrored(key: u32) -> u32 {
    MIRROR.wrapping_sub(key)
}

/// The grain of a key; the same both ways.
#[inline(always)]
pub(crate) fn grain(side: Side, key: u32) -> u32 {
    self::key(side, key)
}

/// A level at a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rung {
    pub(crate) key: u32,
    pub(crate) level: u32,
}

/// Levels in one sorted array, the best last.
#[derive(Debug)]
pub(crate) struct SortedLevels {
    rungs: Vec<Rung>,
}

impl SortedLevels {
    pub(crate) fn new(capacity: u32) -> Self {
        Self { rungs: Vec::with_capacity(capacity as usize) }
    }

    pub(crate) fn len(&self) -> usize {
        self.rungs.len()
    }

    pub(crate) fn find(&self, key: u32) -> Option<u32> {
        let at = self.rungs.binary_search_by_key(&key, |rung| rung.key).ok()?;
        Some(self.rungs[at].level)
    }

    /// Adds a level at a key that has none.
    pub(crate) fn insert(&mut self, key: u32, level: u32) {
        let at = self.rungs.partition_point(|rung| rung.key < key);
        self.rungs.insert(at, Rung { key, level });
    }

    pub(crate) fn remove(&mut self, key: u32) {
        if let Ok(at) = self.rungs.binary_search_by_key(&key, |rung| rung.key) {
            self.rungs.remove(at);
        }
    }

    #[inline]
    pub(crate) fn best(&self) -> Option<Rung> {
        self.rungs.last().copied()
    }

    /// Levels from the best on.
    pub(crate) fn best_first(&self) -> impl Iterator<Item = u32> {
        self.rungs.iter().rev().map(|rung| rung.level)
    }
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Ladder {
    /// Key of the window's first slot.
    base: u32,
    /// Slots of the window less one: a power of two less one.
    mask: u32,
    /// Key of the best level; zero while there is none, which no level has.
    best: u32,
    /// Levels that there is still room for.
    room: u32,
    capacity: u32,
    /// Levels that have come and gone outside since the window was moved.
    strays: u32,
    /// The level at each key that has one.
    slots: Box<[u32]>,
    occupied: Bitmap,
    outside: SortedLevels,
}

impl Ladder {
    pub(crate) fn new(capacity: u32) -> Self {
        let window = capacity.clamp(*WINDOW.start(), *WINDOW.end()).next_power_of_two();
        Self {
            base: 0,
            mask: window - 1,
            best: 0,
            room: capacity,
            capacity,
            strays: 0,
            slots: vec![NIL; window as usize].into_boxed_slice(),
            occupied: Bitmap::new(window),
            outside: SortedLevels::new(capacity),
        }
    }

    /// Levels of this side.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        (self.capacity - self.room) as usize
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.room == 0
    }

    /// The best level.
    #[inline]
    pub(crate) fn best(&self) -> Option<Rung> {
        self.best_within(1)
    }

    /// Whether there is a level whose key is at least `reach`.
    #[inline(always)]
    pub(crate) fn reaches(&self, reach: u32) -> bool {
        self.best >= reach && self.best > 0
    }

    /// The best level, if its key is at least `reach`.
    #[inline(always)]
    pub(crate) fn best_within(&self, reach: u32) -> Option<Rung> {
        let key = self.best;
        if key < reach || key == 0 {
            return None;
        }
        if self.is_near(key) {
            return Some(Rung { key, level: self.slots[self.slot(key)] });
        }
        self.outside.best()
    }

    /// The level at a key, or NIL. Most new orders find none, and the bitmap,
    /// which is small and near, says so without a look at the slots.
    #[inline(always)]
    pub(crate) fn find(&self, key: u32) -> u32 {
        if self.is_near(key) {
            let at = self.slot(key);
            return if self.occupied.contains(at) { self.slots[at] } else { NIL };
        }
        self.find_outside(key)
    }

    #[cold]
    fn find_outside(&self, key: u32) -> u32 {
        self.outside.find(key).unwrap_or(NIL)
    }

    /// Reads what adding or removing a level at a key will need.
    #[inline(always)]
    pub(crate) fn look_at(&self, key: u32) -> u32 {
        let at = self.slot(key);
        self.slots[at] ^ self.occupied.look_at(at)
    }

    /// Adds a level at a key that has none; there must be room.
    #[inline(always)]
    pub(crate) fn insert(&mut self, key: u32, level: u32) {
        if self.is_near(key) {
            self.place(key, level);
        } else {
            self.insert_far(key, level);
        }
        self.room -= 1;
        self.best = self.best.max(key);
    }

    /// Takes the level at a key away.
    #[inline(always)]
    pub(crate) fn remove(&mut self, key: u32) {
        if !self.is_near(key) {
            self.remove_far(key);
            return;
        }
        let at = self.slot(key);
        self.occupied.remove(at);
        self.room += 1;
        if key == self.best {
            // All others are worse, so going down from it and round the end
            // meets the best of them first.
            let next = self.occupied.below(at).or_else(|| self.occupied.last());
            self.best = self.better_of(next);
        }
    }

    /// Levels from the best on.
    pub(crate) fn best_first(&self) -> impl Iterator<Item = u32> {
        let outside = &self.outside.rungs;
        let (worse, better) = outside.split_at(self.outside_below());
        let better = better.iter().rev().map(|rung| rung.level);
        let worse = worse.iter().rev().map(|rung| rung.level);
        better.chain(self.window_best_first()).chain(worse)
    }

    /// Levels up to the best.
    pub(crate) fn worst_first(&self) -> impl Iterator<Item = u32> {
        let (worse, better) = self.outside.rungs.split_at(self.outside_below());
        let slots = (0..=self.mask).map(|at| self.slot(self.base + at));
        let window = slots.filter(|&at| self.occupied.contains(at)).map(|at| self.slots[at]);
        let worse = worse.iter().map(|rung| rung.level);
        worse.chain(window).chain(better.iter().map(|rung| rung.level))
    }

    fn window_best_first(&self) -> impl Iterator<Item = u32> {
        let mut at = self.highest();
        std::iter::from_fn(move || {
            let here = at?;
            at = self.below(here);
            Some(self.slots[here])
        })
    }

    /// How many levels outside the window are worse than all in it.
    fn outside_below(&self) -> usize {
        self.outside.rungs.partition_point(|rung| rung.key < self.base)
    }

    #[inline]
    fn is_near(&self, key: u32) -> bool {
        key.wrapping_sub(self.base) <= self.mask
    }

    #[inline]
    fn slot(&self, key: u32) -> usize {
        (key & self.mask) as usize
    }

    /// The key of a slot.
    #[inline]
    fn key_at(&self, at: usize) -> u32 {
        self.base + ((at as u32).wrapping_sub(self.base) & self.mask)
    }

    #[inline]
    fn place(&mut self, key: u32, level: u32) {
        let at = self.slot(key);
        self.slots[at] = level;
        self.occupied.insert(at);
    }

    /// The slot of the best level in the window. Going round from the slot of
    /// the window's first key, the slots before it are the better half.
    #[inline(always)]
    fn highest(&self) -> Option<usize> {
        self.occupied.below(self.slot(self.base)).or_else(|| self.occupied.last())
    }

    /// The slot of the next worse level in the window.
    #[inline(always)]
    fn below(&self, at: usize) -> Option<usize> {
        let first = self.slot(self.base);
        if at >= first {
            return self.occupied.below(at).filter(|&found| found >= first);
        }
        let found = self.occupied.below(at).or_else(|| self.occupied.last());
        found.filter(|&found| found < at || found >= first)
    }

    /// The key of the best level, of those outside and this one of the window.
    #[inline(always)]
    fn better_of(&self, near: Option<usize>) -> u32 {
        let near = near.map_or(0, |at| self.key_at(at));
        let outside = self.outside.best().map_or(0, |rung| rung.key);
        near.max(outside)
    }

    /// Adds a level whose key is not in the window, which nothing holds there
    /// while the side is empty.
    #[cold]
    fn insert_far(&mut self, key: u32, level: u32) {
        if self.best == 0 {
            self.base = self.base_for(key);
            self.place(key, level);
        } else {
            self.outside.insert(key, level);
            self.stray();
        }
    }

    #[cold]
    fn remove_far(&mut self, key: u32) {
        self.outside.remove(key);
        self.room += 1;
        if key == self.best {
            self.best = self.better_of(self.highest());
        }
        self.stray();
    }

    /// Counts a level that came or went outside, and lets the window follow
    /// the market once that is worth it.
    fn stray(&mut self) {
        self.strays += 1;
        let best = self.best;
        if self.strays as usize > self.len() + STRAYS as usize && best > 0 {
            self.strays = 0;
            if self.base != self.base_for(best) {
                self.move_to(self.base_for(best));
            }
        }
    }

    /// Where the window begins when this is the best key: most levels are
    /// behind the best price, and the market moves both ways.
    fn base_for(&self, best: u32) -> u32 {
        best.saturating_sub(self.mask / 4 * 3)
    }

    /// Puts the window elsewhere and sorts the levels into and out of it.
    fn move_to(&mut self, base: u32) {
        while let Some(at) = self.highest() {
            let rung = Rung { key: self.key_at(at), level: self.slots[at] };
            self.occupied.remove(at);
            self.outside.rungs.push(rung);
        }
        self.outside.rungs.sort_unstable_by_key(|rung| rung.key);
        self.base = base;
        let from = self.outside_below();
        let to =
            self.outside.rungs.partition_point(|rung| rung.key < base || self.is_near(rung.key));
        for at in from..to {
            let Rung { key, level } = self.outside.rungs[at];
            self.place(key, level);
        }
        self.outside.rungs.drain(from..to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn expect(ladder: &Ladder, known: &BTreeMap<u32, u32>) {
        let best = known.iter().next_back();
        assert_eq!(ladder.best(), best.map(|(&key, &level)| Rung { key, level }));
        assert_eq!(ladder.len(), known.len());
        let all: Vec<u32> = ladder.best_first().collect();
        let mut expected: Vec<u32> = known.values().rev().copied().collect();
        assert_eq!(all, expected);
        expected.reverse();
        assert_eq!(ladder.worst_first().collect::<Vec<u32>>(), expected);
    }

    /// Walks that stay near, jump far, and reach both ends of the keys,
    /// against a map; seeds are fixed.
    #[test]
    fn keeps_the_best_at_hand_wherever_the_market_goes() {
        for seed in 1..=60u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut random = move |below: u32| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                ((state >> 11) % u64::from(below)) as u32
            };
            let spread = [4, 100, 1_000, 1 << 20][seed as usize % 4];
            let mut centre = [0, 5_000, MIRROR - 10, 1 << 30][seed as usize / 4 % 4];
            let mut ladder = Ladder::new(1 << 12);
            let mut known = BTreeMap::new();
            for step in 0..3_000u32 {
                if random(200) == 0 {
                    centre = random(MIRROR);
                }
                let near = (centre + random(spread)).saturating_sub(spread / 2).min(MIRROR);
                let near = near.max(1);
                let pick = match random(4) {
                    0 => known.keys().next_back().copied().unwrap_or(near),
                    1 => known.keys().nth(random(4) as usize).copied().unwrap_or(near),
                    _ => near,
                };
                assert_eq!(
                    ladder.find(pick),
                    known.get(&pick).copied().unwrap_or(NIL),
                    "seed {seed}"
                );
                if known.remove(&pick).is_some() {
                    ladder.remove(pick);
                } else if !ladder.is_full() {
                    ladder.insert(pick, step);
                    known.insert(pick, step);
                }
                assert_eq!(ladder.best().map(|rung| rung.key), known.keys().next_back().copied());
                if step % 50 == 0 {
                    expect(&ladder, &known);
                }
            }
            expect(&ladder, &known);
        }
    }

    #[test]
    fn an_ask_is_the_better_the_lower() {
        assert!(key(Side::Sell, 10) > key(Side::Sell, 11));
        assert!(key(Side::Buy, 11) > key(Side::Buy, 10));
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(grain(side, key(side, 12_345)), 12_345);
        }
    }
}
