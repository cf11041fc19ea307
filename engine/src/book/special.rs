//! What only few orders have: a reserve, a stop, a peg, an expiry, a group.
//!
//! Each special order has a place here beside its place among all orders.
//! Pegs and trailing stops of an instrument are linked in the order of their
//! entry, because they follow the market in that order; orders with an expiry
//! are in a heap, the first to end on top. Both are found from the special
//! place itself, so leaving them searches nothing.

use super::order::NIL;
use crate::command::Options;
use crate::types::{Nanos, OrderId, Price};

/// What is special about an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Special {
    /// The order, or the next free place.
    pub(crate) order: u32,
    pub(crate) options: Options,
    /// Its own limit: what caps a peg, and what a stop trades at once triggered.
    pub(crate) limit: Price,
    /// Of an iceberg: what is shown of what is open.
    pub(crate) shown: u32,
    /// The number it was entered with.
    pub(crate) entered_as: OrderId,
    /// When it ends; zero if it has no time.
    pub(crate) expires: Nanos,
    /// Neighbours among the instrument's followers.
    pub(crate) next: u32,
    pub(crate) previous: u32,
    /// Place in the heap of expiries.
    pub(crate) heap_at: u32,
}

// Bytes of state beside those of every order; its place in the heap takes 4 more.
const _: () = assert!(size_of::<Special>() == 72);

impl Special {
    pub(crate) const FREE: Self = Self {
        order: NIL,
        options: Options::NONE,
        limit: Price(0),
        shown: 0,
        entered_as: OrderId(0),
        expires: Nanos(0),
        next: NIL,
        previous: NIL,
        heap_at: NIL,
    };

    fn due(&self) -> (Nanos, OrderId) {
        (self.expires, self.entered_as)
    }

    /// Whether a part of it is held back.
    pub(crate) fn is_iceberg(&self) -> bool {
        self.options.max_floor.0 > 0
    }
}

/// The two ends of a list of special orders.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Followers {
    pub(crate) head: u32,
    tail: u32,
}

impl Followers {
    pub(crate) const EMPTY: Self = Self { head: NIL, tail: NIL };

    pub(crate) fn is_empty(&self) -> bool {
        self.head == NIL
    }
}

/// All special orders.
#[derive(Debug)]
pub(crate) struct Specials {
    places: Box<[Special]>,
    first_free: u32,
    /// Places of those with an expiry, the first to end first.
    heap: Vec<u32>,
}

impl Specials {
    pub(crate) fn new(capacity: u32) -> Self {
        let mut places = vec![Special::FREE; capacity as usize].into_boxed_slice();
        for (next, place) in (1..capacity).zip(places.iter_mut()) {
            place.order = next;
        }
        Self { places, first_free: 0, heap: Vec::with_capacity(capacity as usize) }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.first_free == NIL
    }

    /// Puts a special order in; there must be room.
    pub(crate) fn insert(&mut self, special: Special) -> u32 {
        let index = self.first_free;
        assert_ne!(index, NIL, "the caller checks that there is room");
        self.first_free = self[index].order;
        self[index] = Special { heap_at: NIL, next: NIL, previous: NIL, ..special };
        if special.expires > Nanos(0) {
            self[index].heap_at = self.heap.len() as u32;
            self.heap.push(index);
            self.sift_up(self.heap.len() - 1);
        }
        index
    }

    pub(crate) fn remove(&mut self, index: u32) {
        let at = self[index].heap_at;
        if at != NIL {
            self.heap.swap_remove(at as usize);
            if let Some(&moved) = self.heap.get(at as usize) {
                self[moved].heap_at = at;
                self.sift_up(at as usize);
                self.sift_down(self[moved].heap_at as usize);
            }
        }
        self[index] = Special { order: self.first_free, ..Special::FREE };
        self.first_free = index;
    }

    /// The order that ends first, and when.
    pub(crate) fn first_to_expire(&self) -> Option<(Nanos, u32)> {
        let &first = self.heap.first()?;
        Some((self[first].expires, self[first].order))
    }

    /// Puts a special order last in a list.
    pub(crate) fn follow(&mut self, list: &mut Followers, index: u32) {
        self[index].previous = list.tail;
        match list.tail {
            NIL => list.head = index,
            tail => self[tail].next = index,
        }
        list.tail = index;
    }

    /// Takes one out of a list that it is in.
    pub(crate) fn unfollow(&mut self, list: &mut Followers, index: u32) {
        let Special { next, previous, .. } = self[index];
        match previous {
            NIL => list.head = next,
            previous => self[previous].next = next,
        }
        match next {
            NIL => list.tail = previous,
            next => self[next].previous = previous,
        }
        self[index].next = NIL;
        self[index].previous = NIL;
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.heap.swap(one, other);
        for at in [one, other] {
            let index = self.heap[at];
            self[index].heap_at = at as u32;
        }
    }

    fn comes_before(&self, one: usize, other: usize) -> bool {
        self[self.heap[one]].due() < self[self.heap[other]].due()
    }

    fn sift_up(&mut self, mut at: usize) {
        while at > 0 && self.comes_before(at, (at - 1) / 2) {
            self.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let left = at * 2 + 1;
            let right = left + 1;
            if left >= self.heap.len() {
                return;
            }
            let right_is_first = right < self.heap.len() && self.comes_before(right, left);
            let first = if right_is_first { right } else { left };
            if !self.comes_before(first, at) {
                return;
            }
            self.swap(at, first);
            at = first;
        }
    }
}

impl std::ops::Index<u32> for Specials {
    type Output = Special;

    fn index(&self, index: u32) -> &Special {
        &self.places[index as usize]
    }
}

impl std::ops::IndexMut<u32> for Specials {
    fn index_mut(&mut self, index: u32) -> &mut Special {
        &mut self.places[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_first_to_end_is_always_on_top() {
        let mut state = 7u64;
        let mut random = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) % below
        };
        let mut specials = Specials::new(100);
        let mut known: BTreeMap<(u64, u64), u32> = BTreeMap::new();
        for id in 0..20_000u64 {
            if known.len() == 100 || random(3) == 0 {
                let nth = random(known.len().max(1) as u64) as usize;
                if let Some((&due, &index)) = known.iter().nth(nth) {
                    known.remove(&due);
                    specials.remove(index);
                }
            } else {
                let expires = 1 + random(50);
                let index = specials.insert(Special {
                    order: id as u32,
                    expires: Nanos(expires),
                    entered_as: OrderId(id),
                    ..Special::FREE
                });
                known.insert((expires, id), index);
            }
            let first = known.keys().next().map(|&(at, id)| (Nanos(at), id as u32));
            assert_eq!(specials.first_to_expire(), first);
            assert_eq!(specials.is_full(), known.len() == 100);
        }
    }
}
