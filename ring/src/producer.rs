//! The producing end: claim slots, write them in place, publish.
//!
//! A claim hands out the next slot and is nobody else's business; a publish
//! makes all claimed slots visible with one release store, so the batch costs
//! what one event costs. The producer keeps a cached `limit` up to which it may
//! claim and looks at the consumers only when that is used up. Always
//! `published <= claimed <= limit <= slowest gating consumer + capacity`.
//! Claimed slots that are never published are never seen by anybody.
//!
//! A slot still holds what it held a lap ago: whoever claims it overwrites it.

use crate::{
    barrier::SequenceBarrier, error::ClaimError, idle::IdleStrategy, sequence::SequenceWriter,
    slots::Slots, sync::Arc,
};

/// The one producer of a ring.
///
/// Dropping it closes the ring, or poisons it if the thread is panicking:
/// consumers then drain what was published and see that end.
#[repr(align(128))] // two ends allocated side by side must not share a cache line
pub struct Producer<T> {
    slots: Arc<Slots<T>>,
    /// What is published.
    cursor: SequenceWriter,
    /// The next sequence to claim.
    claimed: u64,
    /// The first sequence that may not be claimed, as far as is known.
    limit: u64,
    barrier: SequenceBarrier,
}

impl<T> Producer<T> {
    pub(crate) fn new(
        slots: Arc<Slots<T>>,
        cursor: SequenceWriter,
        barrier: SequenceBarrier,
    ) -> Self {
        let limit = slots.capacity() as u64;
        Self { slots, cursor, claimed: 0, limit, barrier }
    }

    /// Claims the next slot, or none if the ring is full.
    ///
    /// It becomes visible with the next [`publish`](Self::publish), together
    /// with every other slot claimed before that.
    ///
    /// # Errors
    ///
    /// Only when it would otherwise have to wait: the ring was closed, the slot
    /// waits for a consumer that left, or all slots of the ring are claimed and
    /// unpublished.
    #[inline]
    pub fn try_claim(&mut self) -> Result<Option<&mut T>, ClaimError> {
        if self.claimed == self.limit && !self.make_room(1)? {
            return Ok(None);
        }
        let sequence = self.claimed;
        self.claimed += 1;
        // SAFETY: `published <= sequence < limit`. It is unpublished, so no
        // consumer reads it; every consumer has committed the sequence a lap
        // before (`limit`, seen with acquire), so none still reads that; and the
        // reference borrows the only producer.
        Ok(Some(unsafe { self.slots.get_mut(sequence) }))
    }

    /// Claims the next slot, idling while the ring is full.
    ///
    /// # Errors
    ///
    /// As [`try_claim`](Self::try_claim): it never waits for what cannot come.
    #[inline]
    pub fn claim(&mut self, idle: &mut (impl IdleStrategy + ?Sized)) -> Result<&mut T, ClaimError> {
        while !self.has_room(1)? {
            idle.idle();
        }
        idle.reset();
        let sequence = self.claimed;
        self.claimed += 1;
        // SAFETY: as in `try_claim`; `has_room` found `sequence < limit`.
        Ok(unsafe { self.slots.get_mut(sequence) })
    }

    /// Claims the next `count` slots, or none at all if fewer are free.
    ///
    /// All of them are claimed even if the iterator is not run to its end. Where
    /// the number is known, this is faster than single claims, each of which
    /// stores how far it got (the hand-off benchmark shows both).
    ///
    /// # Errors
    ///
    /// As [`try_claim`](Self::try_claim); a batch larger than the ring is
    /// refused at once.
    #[inline]
    pub fn try_claim_batch(
        &mut self,
        count: usize,
    ) -> Result<Option<ClaimedSlots<'_, T>>, ClaimError> {
        if !self.has_room(count)? {
            return Ok(None);
        }
        let next = self.claimed;
        self.claimed += count as u64;
        Ok(Some(ClaimedSlots { slots: &self.slots, next, end: self.claimed }))
    }

    /// Makes every claimed slot visible to the consumers, at once.
    #[inline]
    pub fn publish(&mut self) {
        if self.claimed != self.cursor.get() {
            self.cursor.advance(self.claimed);
        }
    }

    /// Whether `count` slots can be claimed now. Looks at the consumers only if
    /// the cached answer is no.
    ///
    /// # Errors
    ///
    /// As [`try_claim_batch`](Self::try_claim_batch).
    #[inline]
    pub fn has_room(&mut self, count: usize) -> Result<bool, ClaimError> {
        if self.limit - self.claimed >= count as u64 {
            return Ok(true);
        }
        self.make_room(count)
    }

    /// How many slots can be claimed now; zero once the ring has ended. Always
    /// looks at the consumers, so it is for measuring, not for the hot path.
    pub fn free(&mut self) -> usize {
        self.refresh();
        // At most the capacity, which is a `usize`.
        (self.limit - self.claimed) as usize
    }

    /// The sequence that the next claimed slot gets.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.claimed
    }

    /// Slots in the ring.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.slots.capacity()
    }

    /// Whether some consumer has left before the end: the ring will stop when
    /// it is full. A claim tells only then; this tells at once.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.barrier.is_poisoned()
    }

    /// Ends the ring in order: consumers drain what was published and then see
    /// `Closed`. Slots claimed but not published are never seen.
    pub fn close(&mut self) {
        self.end(SequenceWriter::close);
    }

    /// Ends the ring because of a fault: consumers drain what was published and
    /// then see `Poisoned`. This is how a stage passes on a fault of its input.
    pub fn poison(&mut self) {
        self.end(SequenceWriter::poison);
    }

    fn end(&mut self, end: impl Fn(&mut SequenceWriter)) {
        end(&mut self.cursor);
        // Unpublished slots are given up, and no claim succeeds on the fast path
        // any more; the slow one tells why.
        self.claimed = self.cursor.get();
        self.limit = self.claimed;
    }

    /// Looks at the consumers: is there room for `count` slots, can there ever be?
    #[cold]
    fn make_room(&mut self, count: usize) -> Result<bool, ClaimError> {
        if let Some(ended) = self.cursor.ended() {
            return Err(ended.into());
        }
        self.refuse_more_than_the_ring(count)?;
        self.refresh();
        let wanted = self.claimed + count as u64;
        if wanted <= self.limit {
            return Ok(true);
        }
        let needed = wanted - self.slots.capacity() as u64;
        match self.barrier.ended_before(needed) {
            Some(ended) => Err(ended.into()),
            None => Ok(false),
        }
    }

    /// Slots claimed before are released by nobody until they are published.
    fn refuse_more_than_the_ring(&self, count: usize) -> Result<(), ClaimError> {
        let capacity = self.slots.capacity();
        let unpublished = (self.claimed - self.cursor.get()) as usize;
        let slots = unpublished.saturating_add(count);
        if slots > capacity {
            return Err(ClaimError::BatchLargerThanRing { slots, capacity });
        }
        Ok(())
    }

    fn refresh(&mut self) {
        if self.cursor.ended().is_some() {
            return;
        }
        let capacity = self.slots.capacity() as u64;
        self.limit = self.barrier.advance_from(self.limit - capacity) + capacity;
    }
}

impl<T> std::fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer")
            .field("cursor", &self.cursor)
            .field("claimed", &self.claimed)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// The slots of a claimed batch, in order. See [`Producer::try_claim_batch`].
pub struct ClaimedSlots<'a, T> {
    slots: &'a Slots<T>,
    next: u64,
    end: u64,
}

impl<'a, T> Iterator for ClaimedSlots<'a, T> {
    type Item = &'a mut T;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.end {
            return None;
        }
        let sequence = self.next;
        self.next += 1;
        // SAFETY: as in `Producer::try_claim`, whose producer is borrowed for
        // `'a`; each sequence is handed out once, and no two of a batch share a
        // slot because a batch is no larger than the ring.
        Some(unsafe { self.slots.get_mut(sequence) })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.next) as usize;
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for ClaimedSlots<'_, T> {}
