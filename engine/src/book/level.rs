//! A queue of orders at one price, and the arena of all queues.
//!
//! Orders are linked in the order in which they came, so taking one out of the
//! middle, which is what most cancels do, touches its two neighbours and
//! nothing else. Displayed orders of a price stand in the level itself; hidden
//! ones, which trade after them, in a second queue that the level points to and
//! that exists only while there are any. Orders that wait outside the book
//! stand in levels too.

use super::ladder::{Ladder, key};
use super::order::{NIL, Order, Orders};
use crate::command::Side;
use crate::types::{InstrumentId, Quantity};

/// What a level belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Place {
    /// A price of the book.
    Book,
    /// A stop price.
    Stop,
    /// The orders that wait for the closing auction.
    Waiting,
}

/// A queue of orders at one price.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// Sum of what is open in this queue.
    pub(crate) quantity: u64,
    pub(crate) head: u32,
    pub(crate) tail: u32,
    /// In a level: its hidden queue, if it has one. In a hidden queue: its level.
    pub(crate) other: u32,
    /// Its price on the instrument's grid; in a free place the next one.
    pub(crate) grain: u32,
    pub(crate) instrument: InstrumentId,
    pub(crate) place: Place,
    pub(crate) is_hidden: bool,
}

// Bytes of state for one price level of one side.
const _: () = assert!(size_of::<Level>() == 32);

impl Level {
    const FREE: Self = Self {
        quantity: 0,
        head: NIL,
        tail: NIL,
        other: NIL,
        grain: NIL,
        instrument: InstrumentId(0),
        place: Place::Book,
        is_hidden: false,
    };

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.head == NIL
    }

    /// Whether it is all that there is at a price of the book.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.place == Place::Book && !self.is_hidden && self.other == NIL
    }
}

/// The arena of queues.
#[derive(Debug)]
pub(crate) struct Levels {
    places: Box<[Level]>,
    first_free: u32,
}

impl Levels {
    /// Room for as many queues as this many orders can need.
    pub(crate) fn new(orders: u32) -> Self {
        // Each order can be alone in a hidden queue, whose level is empty then.
        let capacity = orders * 2;
        let mut places = vec![Level::FREE; capacity as usize].into_boxed_slice();
        for (next, place) in (1..capacity).zip(places.iter_mut()) {
            place.grain = next;
        }
        Self { places, first_free: 0 }
    }

    /// How many queues there can be.
    pub(crate) fn places(&self) -> usize {
        self.places.len()
    }

    /// Reads a queue, if there is such a place; something of it.
    #[inline(always)]
    pub(crate) fn look_at(&self, index: u32) -> u64 {
        self.places.get(index as usize).map_or(0, |level| level.quantity)
    }

    /// An empty queue; there is always room.
    #[inline(always)]
    pub(crate) fn insert(&mut self, instrument: InstrumentId, place: Place, grain: u32) -> u32 {
        self.take(Level { instrument, place, grain, ..Level::FREE })
    }

    #[inline(always)]
    fn take(&mut self, level: Level) -> u32 {
        let index = self.first_free;
        debug_assert_ne!(index, NIL, "there are two queues for each order");
        let place = &mut self.places[index as usize];
        self.first_free = place.grain;
        *place = level;
        index
    }

    /// A level of the book with one order.
    #[inline(always)]
    pub(crate) fn found(
        &mut self,
        instrument: InstrumentId,
        grain: u32,
        index: u32,
        open: Quantity,
    ) -> u32 {
        let quantity = u64::from(open.0);
        let alone = Level { quantity, head: index, tail: index, ..Level::FREE };
        self.take(Level { instrument, grain, ..alone })
    }

    /// An empty level at a price of the book that has none.
    #[inline(always)]
    pub(crate) fn open(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        grain: u32,
        ladder: &mut Ladder,
    ) -> u32 {
        let level = self.insert(instrument, Place::Book, grain);
        ladder.insert(key(side, grain), level);
        level
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, index: u32) {
        self.places[index as usize].grain = self.first_free;
        self.first_free = index;
    }

    /// The queue of a level's hidden orders, made if need be.
    pub(crate) fn hidden_queue(&mut self, level: u32) -> u32 {
        let Level { other, instrument, place, grain, .. } = self[level];
        if other != NIL {
            return other;
        }
        let queue = self.insert(instrument, place, grain);
        self[queue].is_hidden = true;
        self[queue].other = level;
        self[level].other = queue;
        queue
    }

    /// The order of a level that trades first, or none.
    #[inline]
    pub(crate) fn front(&self, level: u32) -> u32 {
        let level = &self[level];
        match level.head {
            NIL if level.other != NIL => self[level.other].head,
            head => head,
        }
    }

    /// What is open at a price, hidden orders included.
    #[inline]
    pub(crate) fn quantity(&self, level: u32) -> u64 {
        let level = &self[level];
        match level.other {
            NIL => level.quantity,
            hidden => level.quantity + self[hidden].quantity,
        }
    }

    /// Makes an order the last of a queue; the one before it, or NIL.
    #[inline(always)]
    pub(crate) fn append(&mut self, queue: u32, index: u32, open: Quantity) -> u32 {
        let level = &mut self[queue];
        let tail = level.tail;
        level.quantity += u64::from(open.0);
        level.tail = index;
        if tail == NIL {
            level.head = index;
        }
        tail
    }

    /// Puts an order last in a queue.
    #[inline(always)]
    pub(crate) fn push(&mut self, queue: u32, index: u32, orders: &mut Orders) {
        let tail = self.append(queue, index, orders[index].open);
        let order = &mut orders[index];
        order.level = queue;
        order.previous = tail;
        order.next = NIL;
        if tail != NIL {
            orders[tail].next = index;
        }
    }

    /// Takes an order out of its queue; true if that is empty now.
    #[inline(always)]
    pub(crate) fn unlink(&mut self, index: u32, order: &Order, orders: &mut Orders) -> bool {
        debug_assert_eq!(orders[index].id, order.id, "it is the order as it stands");
        let level = &mut self[order.level];
        level.quantity -= u64::from(order.open.0);
        match order.previous {
            NIL => level.head = order.next,
            previous => orders[previous].next = order.next,
        }
        match order.next {
            NIL => level.tail = order.previous,
            next => orders[next].previous = order.previous,
        }
        level.head == NIL
    }
}

impl std::ops::Index<u32> for Levels {
    type Output = Level;

    #[inline]
    fn index(&self, index: u32) -> &Level {
        &self.places[index as usize]
    }
}

impl std::ops::IndexMut<u32> for Levels {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Level {
        &mut self.places[index as usize]
    }
}
