//! A price level: two queues of orders in time order.
//!
//! Displayed orders trade before hidden ones of the same price. A level lives
//! as long as either queue has an order in it. Levels stand in an arena of
//! their own, as large as that of the orders, so there is always one to be had
//! for an order that has a place.

use super::order::{NIL, Orders};
use crate::types::Price;

/// Orders in time order, linked through the arena.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    pub(crate) head: u32,
    tail: u32,
    /// Sum of what is open.
    pub(crate) quantity: u64,
}

impl Queue {
    const EMPTY: Self = Self { head: NIL, tail: NIL, quantity: 0 };

    fn push(&mut self, orders: &mut Orders, index: u32) {
        let order = &mut orders[index];
        order.next = NIL;
        order.previous = self.tail;
        self.quantity += u64::from(order.open.0);
        match self.tail {
            NIL => self.head = index,
            tail => orders[tail].next = index,
        }
        self.tail = index;
    }

    fn unlink(&mut self, orders: &mut Orders, index: u32) {
        let order = orders[index];
        self.quantity -= u64::from(order.open.0);
        match order.previous {
            NIL => self.head = order.next,
            previous => orders[previous].next = order.next,
        }
        match order.next {
            NIL => self.tail = order.previous,
            next => orders[next].previous = order.previous,
        }
    }
}

/// All orders of one side at one price.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    pub(crate) price: Price,
    pub(crate) displayed: Queue,
    pub(crate) hidden: Queue,
    next_free: u32,
}

impl Level {
    const FREE: Self =
        Self { price: Price(0), displayed: Queue::EMPTY, hidden: Queue::EMPTY, next_free: NIL };

    /// The order that trades first, or none.
    pub(crate) fn front(&self) -> u32 {
        if self.displayed.head == NIL { self.hidden.head } else { self.displayed.head }
    }

    /// Sum of what is open, hidden orders included.
    pub(crate) fn quantity(&self) -> u64 {
        self.displayed.quantity + self.hidden.quantity
    }

    fn queue(&mut self, displayed: bool) -> &mut Queue {
        if displayed { &mut self.displayed } else { &mut self.hidden }
    }

    /// Puts an order last in its queue.
    pub(crate) fn push(&mut self, orders: &mut Orders, index: u32) {
        self.queue(orders[index].displayed).push(orders, index);
    }

    /// Takes an order out and says whether the level is now empty.
    pub(crate) fn unlink(&mut self, orders: &mut Orders, index: u32) -> bool {
        self.queue(orders[index].displayed).unlink(orders, index);
        self.front() == NIL
    }

    /// Notes that an order in it has become smaller.
    pub(crate) fn reduce(&mut self, displayed: bool, by: u32) {
        self.queue(displayed).quantity -= u64::from(by);
    }
}

/// The arena of levels.
#[derive(Debug)]
pub(crate) struct Levels {
    places: Box<[Level]>,
    first_free: u32,
}

impl Levels {
    pub(crate) fn new(capacity: u32) -> Self {
        let mut places = vec![Level::FREE; capacity as usize].into_boxed_slice();
        for (next, place) in (1..capacity).zip(places.iter_mut()) {
            place.next_free = next;
        }
        Self { places, first_free: 0 }
    }

    /// An empty level at `price`; there must be room.
    pub(crate) fn insert(&mut self, price: Price) -> u32 {
        let index = self.first_free;
        assert_ne!(index, NIL, "there are as many levels as orders");
        self.first_free = self.places[index as usize].next_free;
        self.places[index as usize] = Level { price, ..Level::FREE };
        index
    }

    pub(crate) fn remove(&mut self, index: u32) {
        self.places[index as usize].next_free = self.first_free;
        self.first_free = index;
    }
}

impl std::ops::Index<u32> for Levels {
    type Output = Level;

    fn index(&self, index: u32) -> &Level {
        &self.places[index as usize]
    }
}

impl std::ops::IndexMut<u32> for Levels {
    fn index_mut(&mut self, index: u32) -> &mut Level {
        &mut self.places[index as usize]
    }
}
