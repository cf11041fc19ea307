//! When commands were matched, for the publisher to know.
//!
//! An event carries when its cause was received and not when it was matched.
//! So the matcher hands the publisher one mark for each batch of commands that
//! said something, in a ring of their own, before the events themselves. There
//! are never more marks on their way than events, and the ring has room for as
//! many as the event ring; a mark that finds none is left out, and its events
//! are not timed.

use ringmatch_engine::{Nanos, Sequence};
use ringmatch_ring::{Consumer, Producer};

/// When commands were matched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    first: Sequence,
    last: Sequence,
    at: Nanos,
}

/// The matcher's end.
pub(super) struct Marker(pub(super) Producer<Mark>);

impl Marker {
    /// The commands from `first` to `last` were matched at `at`.
    #[inline]
    pub(super) fn mark(&mut self, first: Sequence, last: Sequence, at: Nanos) {
        if let Ok(Some(slot)) = self.0.try_claim() {
            *slot = Mark { first, last, at };
            self.0.publish();
        }
    }
}

/// The publisher's end.
pub(super) struct Marks {
    ring: Consumer<Mark>,
    current: Mark,
}

impl Marks {
    pub(super) fn new(ring: Consumer<Mark>) -> Self {
        Self { ring, current: Mark::default() }
    }

    /// When the command was matched; commands are asked about in their order.
    #[inline]
    pub(super) fn matched_at(&mut self, cause: Sequence) -> Option<Nanos> {
        while self.current.last < cause {
            // How the ring ends is no concern of a measurement.
            let batch = self.ring.take(1).ok()?;
            self.current = *batch.iter().next()?.1;
            batch.commit();
        }
        (self.current.first <= cause).then_some(self.current.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringmatch_ring::Builder;

    #[test]
    fn a_command_finds_its_batch_and_one_without_a_mark_finds_nothing() {
        let mut ring = Builder::new(2, Mark::default).unwrap();
        let consumer = ring.consumer();
        let (producer, [consumer]) = ring.build([consumer]).unwrap();
        let (mut marker, mut marks) = (Marker(producer), Marks::new(consumer));
        for (first, last, at) in [(1, 3, 10), (6, 6, 20), (7, 9, 30)] {
            marker.mark(Sequence(first), Sequence(last), Nanos(at));
        }
        let mut found = |cause| marks.matched_at(Sequence(cause)).map(|at| at.0);
        assert_eq!([1, 3, 4, 6].map(&mut found), [Some(10), Some(10), None, Some(20)]);
        // The third found no room.
        assert_eq!([7, 9].map(&mut found), [None, None]);
        marker.mark(Sequence(10), Sequence(10), Nanos(40));
        assert_eq!(marks.matched_at(Sequence(10)), Some(Nanos(40)));
    }
}
