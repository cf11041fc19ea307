//! A set of small numbers that knows its neighbours.
//!
//! A bit for each number, and a bit for each word of these that is not empty: up
//! to 2^16 numbers. The next lower member is nearly always in the same word or
//! found by looking at one more; else the few words of the upper kind are gone
//! through.

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Bitmap {
    /// The numbers' bits, and behind them those of their words.
    bits: Box<[u64]>,
    /// Where these begin.
    words: usize,
}

/// The members of a word below a place.
#[inline]
fn lower(word: u64, place: usize) -> u64 {
    word & ((1 << place) - 1)
}

/// The place of the highest bit of a word that has one.
#[inline]
fn highest(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

impl Bitmap {
    /// The most numbers that a set can be for.
    pub(crate) const MAX: u32 = 1 << 16;

    /// An empty set of numbers below `bound`.
    pub(crate) fn new(bound: u32) -> Self {
        debug_assert!(bound <= Self::MAX, "a few words of the upper kind");
        let words = (bound as usize).div_ceil(64);
        let all = words + words.div_ceil(64);
        Self { bits: vec![0; all].into_boxed_slice(), words }
    }

    #[inline(always)]
    pub(crate) fn contains(&self, at: usize) -> bool {
        self.bits[at / 64] >> (at % 64) & 1 == 1
    }

    /// Reads what adding or removing a number will need.
    #[inline(always)]
    pub(crate) fn look_at(&self, at: usize) -> u32 {
        (self.bits[at / 64] ^ self.bits[self.words + at / 4096]) as u32
    }

    /// Adds a number.
    #[inline(always)]
    pub(crate) fn insert(&mut self, at: usize) {
        self.bits[at / 64] |= 1 << (at % 64);
        self.bits[self.words + at / 4096] |= 1 << (at / 64 % 64);
    }

    /// Takes a number away. Whether it was the last of its word is as likely
    /// as not, so nothing branches on it.
    #[inline(always)]
    pub(crate) fn remove(&mut self, at: usize) {
        let word = &mut self.bits[at / 64];
        *word &= !(1 << (at % 64));
        let is_empty = u64::from(*word == 0);
        self.bits[self.words + at / 4096] &= !(is_empty << (at / 64 % 64));
    }

    /// The highest member below `at`.
    #[inline(always)]
    pub(crate) fn below(&self, at: usize) -> Option<usize> {
        let found = lower(self.bits[at / 64], at % 64);
        if found != 0 {
            return Some(at / 64 * 64 + highest(found));
        }
        let found = lower(self.bits[self.words + at / 4096], at / 64 % 64);
        if found != 0 {
            return Some(self.last_of_word(at / 4096 * 64 + highest(found)));
        }
        self.last_of_groups(at / 4096)
    }

    /// The highest member.
    #[inline]
    pub(crate) fn last(&self) -> Option<usize> {
        self.last_of_groups(self.bits.len() - self.words)
    }

    /// The highest member in the first `groups` groups of 64 words.
    fn last_of_groups(&self, groups: usize) -> Option<usize> {
        let words = &self.bits[self.words..self.words + groups];
        let group = words.iter().rposition(|&word| word != 0)?;
        Some(self.last_of_word(group * 64 + highest(words[group])))
    }

    #[inline]
    fn last_of_word(&self, word: usize) -> usize {
        word * 64 + highest(self.bits[word])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_next_lower_member_is_what_looking_at_all_finds() {
        for (bound, members) in [(64u32, 5), (4_096, 40), (60_000, 30), (1 << 16, 2_000)] {
            let mut bitmap = Bitmap::new(bound);
            let mut known = BTreeSet::new();
            let mut state = u64::from(bound) + 1;
            for _ in 0..20_000 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = ((state >> 11) % u64::from(bound)) as usize;
                assert_eq!(bitmap.below(at), known.range(..at).next_back().copied());
                assert_eq!(bitmap.last(), known.last().copied());
                assert_eq!(bitmap.contains(at), known.contains(&at));
                if known.len() == members || known.contains(&at) {
                    let gone = known.range(..=at).next_back().or(known.first()).copied().unwrap();
                    known.remove(&gone);
                    bitmap.remove(gone);
                } else {
                    known.insert(at);
                    bitmap.insert(at);
                }
            }
        }
    }
}
