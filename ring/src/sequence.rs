//! A sequence: one number that one thread advances and others read.
//!
//! It is all that threads of a ring ever say to each other: the producer's
//! cursor, each consumer's progress, and, outside of any ring, marks such as
//! "durable up to here". A sequence counts what is done, so it is also the
//! number of the next item, and the first item is number 0. Only its
//! [`SequenceWriter`] advances it and that is not `Clone`: one writer, by type.
//!
//! An advance is a release store and a read that will be acted upon an acquire
//! load: whoever sees the number sees all that was done before. How a sequence
//! ended stands in a line of its own, written once, so that a look at it costs
//! the fast path nothing; it is written after the last advance, so that whoever
//! sees the end and then reads the number reads the final one.

use crossbeam_utils::CachePadded;

use crate::{
    error::Ended,
    sync::{Arc, AtomicU8, AtomicU64, Ordering},
};

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const POISONED: u8 = 2;

/// The shared cell. Each field has its cache line (pair) to itself.
struct Sequence {
    value: CachePadded<AtomicU64>,
    state: CachePadded<AtomicU8>,
}

/// The only end of a sequence that can advance it.
///
/// Dropping it closes the sequence, or poisons it if the thread is panicking.
///
/// ```
/// use ringmatch_ring::{Ended, SequenceWriter};
///
/// let mut durable = SequenceWriter::new(0);
/// let seen_by_publisher = durable.reader();
/// durable.advance(42);
/// assert_eq!(seen_by_publisher.get(), 42);
/// drop(durable);
/// assert_eq!(seen_by_publisher.ended(), Some(Ended::Closed));
/// ```
pub struct SequenceWriter {
    shared: Arc<Sequence>,
    /// What `shared.value` holds: its writer never needs to read it back.
    value: u64,
    ended: Option<Ended>,
}

impl SequenceWriter {
    /// A sequence that stands at `value`.
    #[must_use]
    pub fn new(value: u64) -> Self {
        let shared = Arc::new(Sequence {
            value: CachePadded::new(AtomicU64::new(value)),
            state: CachePadded::new(AtomicU8::new(OPEN)),
        });
        Self { shared, value, ended: None }
    }

    /// Another end to read it from.
    #[must_use]
    pub fn reader(&self) -> SequenceReader {
        SequenceReader { shared: Arc::clone(&self.shared) }
    }

    /// Where it stands.
    #[inline]
    #[must_use]
    pub fn get(&self) -> u64 {
        self.value
    }

    /// Moves it to `value` and makes everything done so far visible to those
    /// who read that.
    ///
    /// # Panics
    ///
    /// If that would move it backwards, or it has ended.
    #[inline]
    pub fn advance(&mut self, value: u64) {
        assert!(
            value >= self.value && self.ended.is_none(),
            "a sequence only moves forward, and not after its end"
        );
        self.value = value;
        self.shared.value.store(value, Ordering::Release);
    }

    /// Says that it will never advance again, in order. The first end counts.
    pub fn close(&mut self) {
        self.end(Ended::Closed);
    }

    /// Says that it will never advance again, because of a fault. The first
    /// end counts.
    pub fn poison(&mut self) {
        self.end(Ended::Poisoned);
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    fn end(&mut self, ended: Ended) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some(ended);
        let state = match ended {
            Ended::Closed => CLOSED,
            Ended::Poisoned => POISONED,
        };
        self.shared.state.store(state, Ordering::Release);
    }
}

impl Drop for SequenceWriter {
    fn drop(&mut self) {
        self.end(if std::thread::panicking() { Ended::Poisoned } else { Ended::Closed });
    }
}

impl std::fmt::Debug for SequenceWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SequenceWriter")
            .field("value", &self.value)
            .field("ended", &self.ended)
            .finish()
    }
}

/// An end of a sequence that only reads it.
#[derive(Clone)]
pub struct SequenceReader {
    shared: Arc<Sequence>,
}

impl SequenceReader {
    /// Where it stands; all that its writer did before is visible.
    #[inline]
    #[must_use]
    pub fn get(&self) -> u64 {
        self.shared.value.load(Ordering::Acquire)
    }

    /// How it ended, if it has. A [`get`](Self::get) after that is final.
    #[inline]
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        match self.shared.state.load(Ordering::Acquire) {
            OPEN => None,
            CLOSED => Some(Ended::Closed),
            _ => Some(Ended::Poisoned),
        }
    }
}

impl std::fmt::Debug for SequenceReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SequenceReader")
            .field("value", &self.get())
            .field("ended", &self.ended())
            .finish()
    }
}
