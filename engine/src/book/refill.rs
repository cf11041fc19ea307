//! Books that are filled from an image: orders and queues side by side, and what
//! joins them afterwards.
//!
//! An order of an image has a number, names its queue and the order that it stands
//! behind, and no more. So the arena is filled from its beginning to its end, and
//! what lies elsewhere (the index, the queue, the order before) is asked for by
//! many orders at a time that do not wait for each other. When all are there each
//! is tied to the one before it. Nothing is trusted: two orders behind one, two
//! first ones, and orders in a circle are found. References grow along a queue,
//! but for orders that were sent back to its end under their old one; where they
//! do not, the queue is walked.

use super::{Books, Order, Place, stop_key};
use crate::book::ladder::key;
use crate::book::order::{NIL, Orders};
use crate::command::Side;
use crate::types::InstrumentId;

/// Why an order is not tied to others as it says.
pub(crate) type Loose = (u64, &'static str);

impl Books {
    /// Whether an image may have one more queue.
    pub(crate) fn has_queues_left(&self, queues: usize) -> bool {
        queues < self.levels.places()
    }

    /// Opens the next queue of an image, whose last order will be `last`. The queue
    /// of the hidden orders of a price comes right after that of the others, which
    /// is then `before`.
    pub(crate) fn open_queue(
        &mut self,
        instrument: InstrumentId,
        (place, side, grain): (Place, Side, u32),
        before: Option<u32>,
        last: u32,
    ) -> u32 {
        let level = match before {
            Some(before) => self.levels.hidden_queue(before),
            None => self.levels.insert(instrument, place, grain),
        };
        let book = &mut self.books[usize::from(instrument.0) - 1];
        match place {
            _ if before.is_some() => {}
            Place::Book => book.sides[side as usize].insert(key(side, grain), level),
            Place::Stop => book.stops[side as usize].insert(stop_key(side, grain), level),
            Place::Waiting => book.waiting = level,
        }
        self.levels[level].tail = last;
        level
    }

    /// Puts the next order of an image into its place; the order says in which queue
    /// it will stand, and behind which other.
    #[inline(always)]
    pub(crate) fn refill(&mut self, order: Order) {
        let index = self.orders.insert(order);
        self.index.insert(order.session, order.user_ref, index, &self.orders);
    }

    /// Reads what tying or hashing an order will need; something of it.
    #[inline(always)]
    pub(crate) fn look_beside(&self, order: &Order) -> u64 {
        let places = self.orders.used_places();
        let before = places.get(order.previous as usize).map_or(0, |before| before.id.0);
        before ^ self.levels.look_at(order.level)
    }

    /// Ties an order of an image to the one that it stands behind. True if it is not
    /// sure from this alone that they do not stand in a circle.
    #[inline(always)]
    pub(crate) fn tie(&mut self, index: u32) -> Result<bool, Loose> {
        let Order { id, open, level: queue, previous, .. } = self.orders[index];
        let level = &mut self.levels[queue];
        level.quantity += u64::from(open.0);
        if previous == NIL {
            if level.head != NIL {
                return Err((id.0, "is first where another is"));
            }
            level.head = index;
            return Ok(false);
        }
        if previous >= self.orders.used() {
            return Err((id.0, "stands behind none that is there"));
        }
        let before = &mut self.orders[previous];
        if before.level != queue || before.next != NIL {
            return Err((id.0, "stands where another does"));
        }
        before.next = index;
        Ok(before.id >= id)
    }

    /// Whether a queue has a first and a last order; if not, it may be the displayed
    /// orders of a price that has only hidden ones.
    pub(crate) fn is_closed(&self, queue: u32) -> bool {
        let level = &self.levels[queue];
        if level.head == NIL {
            return level.tail == NIL && !level.is_hidden && level.other != NIL;
        }
        level.tail < self.orders.used() && {
            let last = &self.orders[level.tail];
            last.level == queue && last.next == NIL
        }
    }

    /// Whether all orders of these queues can be reached from their first ones: each
    /// stands behind one other at most, so those that cannot stand in a circle.
    pub(crate) fn are_lines(&self, queues: &mut Vec<u32>) -> bool {
        queues.sort_unstable();
        queues.dedup();
        let held = self.orders.iter().filter(|(_, it)| queues.binary_search(&it.level).is_ok());
        let reached = queues.iter().map(|&queue| self.line(self.levels[queue].head).count());
        held.count() == reached.sum::<usize>()
    }
}

/// Which of the orders that are held each one is, by its place.
pub(crate) struct Ranks {
    /// For each 64 places: which are taken, and how many are before them.
    words: Vec<(u64, u32)>,
}

impl Ranks {
    pub(crate) fn new(orders: &Orders) -> Self {
        let mut before = 0;
        let words = orders.used_places().chunks(64).map(|places| {
            let taken = places
                .iter()
                .rev()
                .fold(0, |taken: u64, order| taken << 1 | u64::from(order.level != NIL));
            let word = (taken, before);
            before += taken.count_ones();
            word
        });
        Self { words: words.collect() }
    }

    /// The number of the order at a place, from 1; none has number 0.
    #[inline(always)]
    pub(crate) fn number(&self, place: u32) -> u32 {
        if place == NIL {
            return 0;
        }
        let (taken, before) = self.words[place as usize / 64];
        before + (taken & ((1 << (place % 64)) - 1)).count_ones() + 1
    }
}
