//! A census: how many orders each of the first instruments has, counted piece
//! by piece.
//!
//! The books keep no count of their orders, because every order would have to
//! pay for it twice. Whoever wants to know walks the arena of orders instead, a
//! bounded piece at a time, whenever there is nothing better to do. What comes
//! or goes between two pieces is counted or not, as it happens to lie; if
//! nothing does, the counts are exact.

use crate::exchange::Exchange;
use crate::types::Sequence;

/// A count of orders by instrument, under way or done.
#[derive(Clone, Debug)]
pub struct Census {
    /// By the number of the instrument.
    counts: Box<[u32]>,
    /// The place in the arena that is looked at next; nothing when done.
    next: Option<u32>,
    /// The last command before the first piece.
    begun: Sequence,
}

impl Census {
    /// A census of the first `instruments` of an exchange, not begun.
    #[must_use]
    pub fn of_first(instruments: usize) -> Self {
        let counts = vec![0; instruments].into_boxed_slice();
        Self { counts, next: None, begun: Sequence(0) }
    }

    /// Counts anew from here on.
    pub fn begin(&mut self, exchange: &Exchange) {
        self.counts.fill(0);
        self.next = Some(0);
        self.begun = exchange.sequence();
    }

    /// Looks at the next `places` of the arena, of which the orders that were
    /// held at the same time fill the first. True when that was the last piece.
    pub fn count_on(&mut self, exchange: &Exchange, places: u32) -> bool {
        let Some(from) = self.next else { return true };
        let upto = from.saturating_add(places);
        let books = &exchange.books;
        for order in books.orders.among(from, upto) {
            let number = usize::from(books.instrument(order).0);
            if let Some(count) = self.counts.get_mut(number.wrapping_sub(1)) {
                *count += 1;
            }
        }
        self.next = (upto < books.orders.used()).then_some(upto);
        self.next.is_none()
    }

    /// Whether it has begun and is not done.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.next.is_some()
    }

    /// The last command before it began.
    #[must_use]
    pub fn begun(&self) -> Sequence {
        self.begun
    }

    /// What was counted so far, by instrument: resting orders, stops, and orders
    /// that wait for the closing auction.
    #[must_use]
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }
}
