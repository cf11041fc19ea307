//! From a session's own number of an order to the order.
//!
//! Open addressing with linear probing over a power of two of at least twice
//! the orders the exchange can hold, so it is never more than half full and
//! never grows. Removal shifts the entries behind back, so there are no
//! tombstones and the cost of a look-up does not decay over a day.

use super::order::NIL;
use crate::types::{SessionId, UserRef};

#[derive(Clone, Copy, Debug)]
struct Entry {
    user_ref: u32,
    session: u16,
    order: u32,
}

const EMPTY: Entry = Entry { user_ref: 0, session: 0, order: NIL };

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct UserRefIndex {
    entries: Box<[Entry]>,
    shift: u32,
}

impl UserRefIndex {
    pub(crate) fn new(orders: u32) -> Self {
        let len = (u64::from(orders) * 2).next_power_of_two().max(2);
        Self {
            entries: vec![EMPTY; usize::try_from(len).expect("at most 2^29")].into_boxed_slice(),
            shift: 64 - len.trailing_zeros(),
        }
    }

    /// Where the search for a number begins: the high bits of a product with
    /// 2^64 over the golden ratio, which spreads consecutive numbers evenly.
    fn home(&self, session: u16, user_ref: u32) -> usize {
        let key = u64::from(session) << 32 | u64::from(user_ref);
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    fn following(&self, at: usize) -> usize {
        (at + 1) & (self.entries.len() - 1)
    }

    /// The place of a number, or the free place at which its search ends.
    fn search(&self, session: SessionId, user_ref: UserRef) -> usize {
        let mut at = self.home(session.0, user_ref.0);
        loop {
            let entry = &self.entries[at];
            let found = entry.user_ref == user_ref.0 && entry.session == session.0;
            if found || entry.order == NIL {
                return at;
            }
            at = self.following(at);
        }
    }

    /// The live order with this number.
    pub(crate) fn get(&self, session: SessionId, user_ref: UserRef) -> Option<u32> {
        let order = self.entries[self.search(session, user_ref)].order;
        (order != NIL).then_some(order)
    }

    /// Enters a number that is not in.
    pub(crate) fn insert(&mut self, session: SessionId, user_ref: UserRef, order: u32) {
        let at = self.search(session, user_ref);
        self.entries[at] = Entry { user_ref: user_ref.0, session: session.0, order };
    }

    /// Takes a number out.
    pub(crate) fn remove(&mut self, session: SessionId, user_ref: UserRef) {
        let mut hole = self.search(session, user_ref);
        let mut at = hole;
        loop {
            at = self.following(at);
            let entry = self.entries[at];
            if entry.order == NIL {
                break;
            }
            // An entry may move back to the hole only if its search passes it.
            let mask = self.entries.len() - 1;
            let home = self.home(entry.session, entry.user_ref);
            let from_home = at.wrapping_sub(home) & mask;
            let from_hole = at.wrapping_sub(hole) & mask;
            if from_home >= from_hole {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole] = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn agrees_with_a_map_while_it_is_filled_and_emptied() {
        let mut index = UserRefIndex::new(64);
        let mut model = BTreeMap::new();
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        for step in 0..20_000u32 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let session = SessionId((random % 3) as u16 + 1);
            let user_ref = UserRef((random >> 8) as u32 % 97);
            let key = (session, user_ref);
            if model.contains_key(&key) {
                index.remove(session, user_ref);
                model.remove(&key);
            } else if model.len() < 64 {
                index.insert(session, user_ref, step);
                model.insert(key, step);
            }
            for session in 1..=3 {
                for user_ref in 0..97 {
                    let key = (SessionId(session), UserRef(user_ref));
                    assert_eq!(index.get(key.0, key.1), model.get(&key).copied(), "{key:?}");
                }
            }
        }
    }
}
