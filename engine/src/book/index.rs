//! From a session's own number of an order to the order.
//!
//! A client's numbers grow, so numbers that are near each other are asked for
//! near each other in time. The table is open addressing with linear probing in
//! which eight neighbouring numbers share a cache line: a number's home is
//! scrambled from its upper bits and its session, and the low three bits say
//! where in the line. It has twice the places that orders have, so it is never
//! more than half full and never grows. Whoever is farther from home goes first
//! (Robin Hood hashing), so a search ends at an entry that is nearer to its home
//! than the searcher. Removal moves what follows back, up to an entry that is at
//! home, so there are no tombstones and a look-up does not slow down over a day.
//!
//! An entry is eight bytes: the number, the order's index plus one, and how far
//! it is from its home, which is all that moving it back needs. The session is
//! not in it; whoever finds an entry compares the order's.

use super::order::{NIL, Orders};
use crate::types::{SessionId, UserRef};

/// Bits of the distance from home; the last value says "this far or farther".
const DISTANCE_BITS: u32 = 4;
const FAR: u64 = (1 << DISTANCE_BITS) - 1;

#[derive(Clone, Copy, Debug)]
struct Entry(u64);

impl Entry {
    const FREE: Self = Self(0);

    #[inline]
    fn new(user_ref: u32, order: u32, distance: u64) -> Self {
        let order = u64::from(order + 1) << DISTANCE_BITS;
        Self(u64::from(user_ref) << 32 | order | distance.min(FAR))
    }

    #[inline]
    fn user_ref(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    fn order(self) -> u32 {
        (self.0 as u32 >> DISTANCE_BITS) - 1
    }

    #[inline(always)]
    fn is_of(self, user_ref: UserRef) -> bool {
        self.user_ref() == user_ref.0 && !self.is_free()
    }

    #[inline]
    fn is_free(self) -> bool {
        self.0 == 0
    }

    #[inline]
    fn is_home(self) -> bool {
        self.0 & FAR == 0
    }

    fn at_distance(self, distance: u64) -> Self {
        Self(self.0 & !FAR | distance.min(FAR))
    }
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct UserRefIndex {
    entries: Box<[Entry]>,
    /// A bit for each place that is taken. A new number is most often entered
    /// where nobody was for long: the bits, which are near, say that the place is
    /// free, and nobody waits for the place itself.
    taken: Box<[u64]>,
    /// Number of lines of eight, which scales a hash down to a line.
    lines: u64,
}

impl UserRefIndex {
    pub(crate) fn new(orders: u32) -> Self {
        let lines = (u64::from(orders) * 2).div_ceil(8);
        let len = usize::try_from(lines * 8).expect("at most 2^28");
        let entries = vec![Entry::FREE; len].into_boxed_slice();
        Self { entries, taken: vec![0; len.div_ceil(64)].into_boxed_slice(), lines }
    }

    /// Where the search for a number begins. The line comes from a product
    /// with 2^64 over the golden ratio, which spreads neighbours evenly.
    #[inline]
    fn home(&self, session: u16, user_ref: u32) -> usize {
        let key = u64::from(session) << 32 | u64::from(user_ref >> 3);
        let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let line = (u128::from(hash) * u128::from(self.lines)) >> 64;
        (line as usize * 8) | (user_ref as usize & 7)
    }

    #[inline]
    fn following(&self, at: usize) -> usize {
        if at + 1 == self.entries.len() { 0 } else { at + 1 }
    }

    /// The live order with this number.
    #[inline(always)]
    pub(crate) fn get(
        &self,
        session: SessionId,
        user_ref: UserRef,
        orders: &Orders,
    ) -> Option<u32> {
        self.find(session, user_ref, orders).map(|(_, order)| order)
    }

    /// The order of the entry at a number's home, which most likely is it.
    #[inline]
    pub(crate) fn peek(&self, session: SessionId, user_ref: UserRef) -> u32 {
        let entry = self.entries[self.home(session.0, user_ref.0)];
        if entry.is_of(user_ref) { entry.order() } else { NIL }
    }

    /// Reads what entering a number will need; something of it.
    #[inline(always)]
    pub(crate) fn look_at(&self, session: SessionId, user_ref: UserRef) -> u64 {
        let home = self.home(session.0, user_ref.0);
        self.entries[home].0 ^ self.taken[home / 64]
    }

    /// Where a number stands and which order it is, if it is in. Nearly all
    /// are at home.
    #[inline(always)]
    pub(crate) fn find(
        &self,
        session: SessionId,
        user_ref: UserRef,
        orders: &Orders,
    ) -> Option<(usize, u32)> {
        let home = self.home(session.0, user_ref.0);
        let entry = self.entries[home];
        if entry.is_of(user_ref) && orders[entry.order()].session == session {
            return Some((home, entry.order()));
        }
        self.find_behind(home, session, user_ref, orders)
    }

    #[cold]
    fn find_behind(
        &self,
        home: usize,
        session: SessionId,
        user_ref: UserRef,
        orders: &Orders,
    ) -> Option<(usize, u32)> {
        let (mut at, mut distance) = (home, 0);
        loop {
            let entry = self.entries[at];
            if entry.is_of(user_ref) && orders[entry.order()].session == session {
                return Some((at, entry.order()));
            }
            if entry.is_free() || (entry.0 & FAR) < distance {
                return None;
            }
            at = self.following(at);
            // What is this far or farther is not told apart, and searched.
            distance = (distance + 1).min(FAR);
        }
    }

    /// Enters a number that is not in; its order must be in the arena.
    #[inline(always)]
    pub(crate) fn insert(
        &mut self,
        session: SessionId,
        user_ref: UserRef,
        order: u32,
        orders: &Orders,
    ) {
        let at = self.home(session.0, user_ref.0);
        let entry = Entry::new(user_ref.0, order, 0);
        let (word, bit) = (&mut self.taken[at / 64], 1 << (at % 64));
        if *word & bit == 0 {
            *word |= bit;
            self.entries[at] = entry;
        } else {
            self.insert_behind(at, entry, orders);
        }
    }

    /// Enters what finds its home taken.
    #[inline(never)]
    fn insert_behind(&mut self, home: usize, entry: Entry, orders: &Orders) {
        let (mut at, mut entry, mut distance) = (home, entry, 0);
        loop {
            let there = self.entries[at];
            if there.is_free() {
                self.entries[at] = entry.at_distance(distance);
                self.taken[at / 64] |= 1 << (at % 64);
                return;
            }
            let its_distance = self.distance(at, there, orders);
            if its_distance < distance {
                self.entries[at] = entry.at_distance(distance);
                (entry, distance) = (there, its_distance);
            }
            at = self.following(at);
            distance += 1;
        }
    }

    /// Takes a number out that is in; its order must still be in the arena.
    #[inline(always)]
    pub(crate) fn remove(&mut self, session: SessionId, user_ref: UserRef, orders: &Orders) {
        let found = self.find(session, user_ref, orders);
        debug_assert!(found.is_some(), "every order is in the index");
        if let Some((place, _)) = found {
            self.remove_at(place, orders);
        }
    }

    /// Takes the number at a place out, as [`find`](Self::find) found it.
    #[inline(always)]
    pub(crate) fn remove_at(&mut self, place: usize, orders: &Orders) {
        // A free place looks as if its entry were at home.
        if self.entries[self.following(place)].is_home() {
            self.free(place);
        } else {
            self.move_back(place, orders);
        }
    }

    /// Takes the number at a place out, and moves those behind it nearer to
    /// their homes.
    #[cold]
    fn move_back(&mut self, place: usize, orders: &Orders) {
        let mut hole = place;
        loop {
            let at = self.following(hole);
            let entry = self.entries[at];
            if entry.is_free() || entry.is_home() {
                break;
            }
            let distance = self.distance(at, entry, orders);
            self.entries[hole] = entry.at_distance(distance - 1);
            hole = at;
        }
        self.free(hole);
    }

    #[inline(always)]
    fn free(&mut self, at: usize) {
        self.entries[at] = Entry::FREE;
        self.taken[at / 64] &= !(1 << (at % 64));
    }

    /// How far an entry is from its home.
    #[inline]
    fn distance(&self, at: usize, entry: Entry, orders: &Orders) -> u64 {
        let distance = entry.0 & FAR;
        if distance < FAR {
            return distance;
        }
        let home = self.home(orders[entry.order()].session.0, entry.user_ref());
        let len = self.entries.len();
        ((at + len - home) % len) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::{Marks, Order};
    use super::*;
    use crate::command::{Capacity, Display, OrderType, ShortSale, Side, TimeInForce};
    use crate::types::{OrderId, Quantity};
    use std::collections::HashMap;

    fn order(session: u16, user_ref: u32) -> Order {
        let marks = Marks::new(
            Side::Buy,
            OrderType::Limit,
            TimeInForce::Day,
            Display::Visible,
            ShortSale::No,
            Capacity::Agency,
        );
        Order {
            id: OrderId(1),
            open: Quantity(1),
            executed: Quantity(0),
            user_ref: UserRef(user_ref),
            level: 0,
            next: NIL,
            previous: NIL,
            special: NIL,
            session: SessionId(session),
            marks,
        }
    }

    /// A small table, so that homes collide and runs wrap round its end,
    /// against a map; seeds are fixed.
    #[test]
    fn finds_what_is_in_and_nothing_else() {
        for seed in 0..200u64 {
            let mut random = fastrand_like(seed);
            let mut orders = Orders::new(64);
            let mut index = UserRefIndex::new(64);
            let mut known: HashMap<(u16, u32), u32> = HashMap::new();
            for _ in 0..2_000 {
                let session = 1 + (random() % 3) as u16;
                let user_ref = (random() % 200) as u32;
                let key = (session, user_ref);
                let found = index.get(SessionId(session), UserRef(user_ref), &orders);
                assert_eq!(found, known.get(&key).copied(), "seed {seed}");
                match found {
                    Some(at) => {
                        index.remove(SessionId(session), UserRef(user_ref), &orders);
                        orders.remove(at);
                        known.remove(&key);
                    }
                    None if orders.is_full() => {}
                    None => {
                        let at = orders.insert(order(session, user_ref));
                        index.insert(SessionId(session), UserRef(user_ref), at, &orders);
                        known.insert(key, at);
                    }
                }
            }
            for (&(session, user_ref), &at) in &known {
                let found = index.get(SessionId(session), UserRef(user_ref), &orders);
                assert_eq!(found, Some(at), "seed {seed}");
            }
        }
    }

    /// A xorshift generator: this crate has no random numbers of its own.
    fn fastrand_like(seed: u64) -> impl FnMut() -> u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state >> 11
        }
    }
}
