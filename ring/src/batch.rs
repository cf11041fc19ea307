//! A batch: some of the events that a consumer may read now.
//!
//! It only looks. Nothing is released until it is committed, whole or its first
//! part, and then with one release store; a batch that is just dropped, also by
//! a panic or half-way through, leaves every event to be taken again. Committing
//! uses the batch up, and the events borrow from it: no reference to an event
//! outlives its release, which is what lets the producer reuse the slot.

use crate::{sequence::SequenceWriter, slots::Slots};

/// Events taken from a ring and not yet released, in order; possibly none.
#[must_use = "events that are not committed are seen again"]
pub struct Batch<'a, T> {
    slots: &'a Slots<T>,
    committed: &'a mut SequenceWriter,
    end: u64,
}

impl<'a, T> Batch<'a, T> {
    /// The events from where `committed` stands until before `end`, all of which
    /// are published and acquired by the consumer.
    pub(crate) fn new(slots: &'a Slots<T>, committed: &'a mut SequenceWriter, end: u64) -> Self {
        Self { slots, committed, end }
    }

    /// The events with their sequences.
    #[inline]
    pub fn iter(&self) -> Events<'_, T> {
        Events { slots: self.slots, next: self.committed.get(), end: self.end }
    }

    /// How many events there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        // At most the ring's capacity, which is a `usize`.
        (self.end - self.committed.get()) as usize
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end == self.committed.get()
    }

    /// The sequence of the first event (of the next one to come, if empty).
    #[inline]
    #[must_use]
    pub fn first_sequence(&self) -> u64 {
        self.committed.get()
    }

    /// Releases all of it.
    #[inline]
    pub fn commit(self) {
        if !self.is_empty() {
            self.committed.advance(self.end);
        }
    }

    /// Releases the first `count` events; the others will be taken again.
    ///
    /// # Panics
    ///
    /// If the batch has fewer than `count`.
    #[inline]
    pub fn commit_first(mut self, count: usize) {
        assert!(count <= self.len(), "a batch of {} events cannot commit {count}", self.len());
        self.end = self.committed.get() + count as u64;
        self.commit();
    }
}

impl<'b, T> IntoIterator for &'b Batch<'_, T> {
    type Item = (u64, &'b T);
    type IntoIter = Events<'b, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> std::fmt::Debug for Batch<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("first_sequence", &self.first_sequence())
            .field("len", &self.len())
            .finish()
    }
}

/// The events of a batch, each with its sequence. A clone can run ahead, to
/// prefetch what the coming events will need.
pub struct Events<'b, T> {
    slots: &'b Slots<T>,
    next: u64,
    end: u64,
}

impl<'b, T> Iterator for Events<'b, T> {
    type Item = (u64, &'b T);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.end {
            return None;
        }
        let sequence = self.next;
        self.next += 1;
        // SAFETY: `committed <= sequence < end <= available`: it was published
        // before `available` was acquired, and the producer does not reuse the
        // slot until it is committed, which needs the batch that `'b` borrows.
        Some((sequence, unsafe { self.slots.get(sequence) }))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.next) as usize;
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for Events<'_, T> {}

impl<T> Clone for Events<'_, T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}
