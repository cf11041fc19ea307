//! The consuming end: take a batch, look at it, commit what is done.
//!
//! Each consumer sees every event, in order. Taking releases nothing: a slot
//! goes back to the producer, and on to the consumers after this one, only when
//! it is committed, so a batch dropped half-way is simply seen again. The
//! consumer keeps a cached `available` and looks at the others only when that is
//! used up. Always `committed <= available <= slowest of those it comes after`.
//!
//! A consumer that goes away before the end, by a panic or by a plain drop,
//! poisons its sequence: nobody waits for it for ever.

use crate::{
    barrier::SequenceBarrier, batch::Batch, error::Ended, idle::IdleStrategy,
    sequence::SequenceWriter, slots::Slots, sync::Arc,
};

/// One consumer of a ring.
#[repr(align(128))] // two ends allocated side by side must not share a cache line
pub struct Consumer<T> {
    slots: Arc<Slots<T>>,
    /// What is released.
    committed: SequenceWriter,
    /// The first sequence that may not be read, as far as is known.
    available: u64,
    barrier: SequenceBarrier,
}

impl<T> Consumer<T> {
    pub(crate) fn new(
        slots: Arc<Slots<T>>,
        committed: SequenceWriter,
        barrier: SequenceBarrier,
    ) -> Self {
        Self { slots, committed, available: 0, barrier }
    }

    /// The next events, at most `limit` of them; an empty batch if there are
    /// none now.
    ///
    /// # Errors
    ///
    /// How the ring ended, once all that came before the end is committed:
    /// `Closed` by its producer, or `Poisoned` by somebody upstream.
    #[inline]
    pub fn take(&mut self, limit: usize) -> Result<Batch<'_, T>, Ended> {
        if self.available == self.committed.get() {
            self.look_for_more()?;
        }
        Ok(self.batch(limit))
    }

    /// The next events, at most `limit` of them, idling while there are none.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    #[inline]
    pub fn take_or_wait(
        &mut self,
        limit: usize,
        idle: &mut (impl IdleStrategy + ?Sized),
    ) -> Result<Batch<'_, T>, Ended> {
        while self.available == self.committed.get() && !self.look_for_more()? {
            idle.idle();
        }
        idle.reset();
        Ok(self.batch(limit))
    }

    /// The sequence of the next event; all before it are committed.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.committed.get()
    }

    #[inline]
    fn batch(&mut self, limit: usize) -> Batch<'_, T> {
        let first = self.committed.get();
        let end = self.available.min(first.saturating_add(limit as u64));
        Batch::new(&self.slots, &mut self.committed, end)
    }

    /// Looks at the others: is there more, can there ever be?
    #[inline]
    fn look_for_more(&mut self) -> Result<bool, Ended> {
        let committed = self.committed.get();
        self.available = self.barrier.advance_from(committed);
        if self.available > committed {
            return Ok(true);
        }
        match self.barrier.ended_before(committed + 1) {
            Some(ended) => Err(ended),
            None => Ok(false),
        }
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        match self.barrier.ended_before(self.committed.get() + 1) {
            Some(Ended::Closed) => self.committed.close(),
            Some(Ended::Poisoned) | None => self.committed.poison(),
        }
    }
}

impl<T> std::fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer")
            .field("committed", &self.committed)
            .field("available", &self.available)
            .finish_non_exhaustive()
    }
}
