//! A set of small numbers that knows its neighbours.
//!
//! A bit for each number, in groups of 64 words; before the words of a group
//! stands a bit for each of them that is not empty, and before the groups one for
//! each group. The next lower member is nearly always in the same word or found
//! by looking at one more; in a market that jumps it is a few groups away.

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Bitmap {
    /// The groups that are not empty.
    filled: u32,
    groups: Box<[Group]>,
}

/// 4,096 numbers. Where in a group a number stands needs no check of bounds.
#[derive(Clone, Debug)]
#[repr(C)]
struct Group {
    /// The words that are not empty.
    filled: u64,
    words: [u64; 64],
}

/// The members of a word below a place.
#[inline]
fn lower(word: u64, place: usize) -> u64 {
    word & ((1 << (place % 64)) - 1)
}

/// The place of the highest bit of a word that has one.
#[inline]
fn highest(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

impl Group {
    const EMPTY: Self = Self { filled: 0, words: [0; 64] };

    /// The highest member of a word that has one.
    #[inline(always)]
    fn last_of(&self, word: usize) -> usize {
        word * 64 + highest(self.words[word % 64])
    }

    /// The highest member below `at`, if it is in this group.
    #[inline(always)]
    fn below(&self, at: usize) -> Option<usize> {
        let word = at / 64 % 64;
        let found = lower(self.words[word], at);
        if found != 0 {
            return Some(word * 64 + highest(found));
        }
        match lower(self.filled, word) {
            0 => None,
            found => Some(self.last_of(highest(found))),
        }
    }
}

impl Bitmap {
    /// The most numbers that a set can be for.
    pub(crate) const MAX: u32 = 1 << 16;

    /// An empty set of numbers below `bound`.
    pub(crate) fn new(bound: u32) -> Self {
        debug_assert!(bound <= Self::MAX, "a few groups");
        let groups = (bound as usize).div_ceil(4096);
        Self { filled: 0, groups: vec![Group::EMPTY; groups].into_boxed_slice() }
    }

    #[inline(always)]
    pub(crate) fn contains(&self, at: usize) -> bool {
        self.groups[at / 4096].words[at / 64 % 64] >> (at % 64) & 1 == 1
    }

    /// Reads what adding or removing a number will need.
    #[inline(always)]
    pub(crate) fn look_at(&self, at: usize) -> u32 {
        let group = &self.groups[at / 4096];
        (group.words[at / 64 % 64] ^ group.filled) as u32
    }

    /// Adds a number.
    #[inline(always)]
    pub(crate) fn insert(&mut self, at: usize) {
        let group = &mut self.groups[at / 4096];
        group.words[at / 64 % 64] |= 1 << (at % 64);
        group.filled |= 1 << (at / 64 % 64);
        self.filled |= 1 << (at / 4096);
    }

    /// Takes a number away. Whether it was the last of its word is as likely
    /// as not, so nothing branches on it.
    #[inline(always)]
    pub(crate) fn remove(&mut self, at: usize) {
        let group = &mut self.groups[at / 4096];
        let word = &mut group.words[at / 64 % 64];
        *word &= !(1 << (at % 64));
        let is_empty = u64::from(*word == 0);
        group.filled &= !(is_empty << (at / 64 % 64));
        let is_empty = u32::from(group.filled == 0);
        self.filled &= !(is_empty << (at / 4096));
    }

    /// The highest member below `at`.
    #[inline(always)]
    pub(crate) fn below(&self, at: usize) -> Option<usize> {
        match self.groups[at / 4096].below(at) {
            Some(found) => Some(at / 4096 * 4096 + found),
            None => self.last_of_groups(self.filled & ((1 << (at / 4096)) - 1)),
        }
    }

    /// The highest member.
    #[inline]
    pub(crate) fn last(&self) -> Option<usize> {
        self.last_of_groups(self.filled)
    }

    /// The highest member of these groups, none of which is empty.
    #[inline(always)]
    fn last_of_groups(&self, filled: u32) -> Option<usize> {
        let at = filled.checked_ilog2()? as usize;
        let group = &self.groups[at];
        Some(at * 4096 + group.last_of(highest(group.filled)))
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
