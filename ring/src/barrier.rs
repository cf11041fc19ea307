//! A sequence barrier: what a participant of the ring has to wait for.
//!
//! A consumer waits for the producer's cursor or for the consumers it comes
//! after; the producer waits for the last consumers of the ring, its gating
//! sequences. Both are the same question: how far is the slowest of them? It is
//! asked only when the participant's cached answer is used up, with one load of
//! each: a relaxed look first and an acquire when there is progress would read
//! the line twice, and its writer may have taken it back in between.
//!
//! The second question, whether the wait can end at all, is asked only when
//! there is none. Its answer looks at *everybody* upstream: when the first of a
//! chain dies, the third must learn of it even if the second lives on and says
//! nothing. It is exact: a sequence that ended stops only those who need more
//! than it gave, so whatever was passed on before a fault is still consumed.

use crate::{error::Ended, sequence::SequenceReader};

pub(crate) struct SequenceBarrier {
    /// The sequences that hold this participant back; never empty.
    awaited: Box<[SequenceReader]>,
    /// Those and everybody they wait for, the producer's cursor first.
    upstream: Box<[SequenceReader]>,
}

impl SequenceBarrier {
    pub(crate) fn new(awaited: Vec<SequenceReader>, upstream: Vec<SequenceReader>) -> Self {
        debug_assert!(!awaited.is_empty(), "nothing would hold this one back");
        Self { awaited: awaited.into(), upstream: upstream.into() }
    }

    /// How far the slowest is, if that is beyond `known`; else `known`.
    #[inline]
    pub(crate) fn advance_from(&self, known: u64) -> u64 {
        self.awaited
            .iter()
            .map(SequenceReader::get)
            .min()
            .map_or(known, |slowest| slowest.max(known))
    }

    /// Why the wait for `needed` will never end, if somebody upstream ended
    /// before reaching it.
    #[cold]
    pub(crate) fn ended_before(&self, needed: u64) -> Option<Ended> {
        self.upstream.iter().find_map(|sequence| {
            let ended = sequence.ended()?;
            (sequence.get() < needed).then_some(ended)
        })
    }

    /// Whether somebody upstream left before the end.
    pub(crate) fn is_poisoned(&self) -> bool {
        let mut ends = self.upstream.iter().map(SequenceReader::ended);
        ends.any(|ended| ended == Some(Ended::Poisoned))
    }
}
