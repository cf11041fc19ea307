//! A resting order, and the arena that holds all of them.
//!
//! The arena is allocated once. An order is named by its index, which fits in
//! four bytes, and is linked into the queue of its price level and, once it is
//! gone, into the list of free places, by the same two fields. Places are used
//! again last freed first, so the arena's behaviour is deterministic.

use crate::command::{Capacity, ShortSale, Side};
use crate::types::{InstrumentId, OrderId, Quantity, SessionId, UserRef};

/// An index that names nothing.
pub(crate) const NIL: u32 = u32::MAX;

/// A resting order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) open: Quantity,
    /// What the chain of replacements that led to this order has executed.
    pub(crate) executed: Quantity,
    pub(crate) user_ref: UserRef,
    /// Its price level.
    pub(crate) level: u32,
    pub(crate) next: u32,
    pub(crate) previous: u32,
    pub(crate) session: SessionId,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) displayed: bool,
    pub(crate) short_sale: ShortSale,
    pub(crate) capacity: Capacity,
}

// Bytes of state for one resting order, its level and index entry apart.
const _: () = assert!(size_of::<Order>() == 40);

impl Order {
    /// What an order looks like before it has a place.
    pub(crate) const UNLINKED: Self = Self {
        id: OrderId(0),
        open: Quantity(0),
        executed: Quantity(0),
        user_ref: UserRef(0),
        level: NIL,
        next: NIL,
        previous: NIL,
        session: SessionId(0),
        instrument: InstrumentId(0),
        side: Side::Buy,
        displayed: false,
        short_sale: ShortSale::No,
        capacity: Capacity::Agency,
    };
}

/// All resting orders.
#[derive(Debug)]
pub(crate) struct Orders {
    places: Box<[Order]>,
    first_free: u32,
    len: u32,
}

impl Orders {
    pub(crate) fn new(capacity: u32) -> Self {
        let mut places = vec![Order::UNLINKED; capacity as usize].into_boxed_slice();
        for (next, place) in (1..capacity).zip(places.iter_mut()) {
            place.next = next;
        }
        Self { places, first_free: 0, len: 0 }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.first_free == NIL
    }

    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Puts an order in; there must be room.
    pub(crate) fn insert(&mut self, order: Order) -> u32 {
        let index = self.first_free;
        assert_ne!(index, NIL, "the caller checks that there is room");
        self.first_free = self.places[index as usize].next;
        self.places[index as usize] = order;
        self.len += 1;
        index
    }

    /// Frees an order's place.
    pub(crate) fn remove(&mut self, index: u32) {
        self.places[index as usize].next = self.first_free;
        self.first_free = index;
        self.len -= 1;
    }
}

impl std::ops::Index<u32> for Orders {
    type Output = Order;

    fn index(&self, index: u32) -> &Order {
        &self.places[index as usize]
    }
}

impl std::ops::IndexMut<u32> for Orders {
    fn index_mut(&mut self, index: u32) -> &mut Order {
        &mut self.places[index as usize]
    }
}
