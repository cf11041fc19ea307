//! What can go wrong, as sentences.
//!
//! A ring ends in two ways: `Closed` is the orderly one, reached only after
//! everything that was published has been consumed; `Poisoned` says that a
//! participant left before that, so waiting for it would never end. Being full
//! or empty is no error and has no variant here. Wiring faults are refused when
//! the ring is built, before any thread exists.

use std::{error::Error, fmt};

/// Why a sequence will never advance again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Its writer finished in order.
    Closed,
    /// Its writer panicked, gave up, or was dropped before the end.
    Poisoned,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the ring was closed and everything in it was consumed",
            Self::Poisoned => "another participant of the ring left before the end",
        })
    }
}

impl Error for Ended {}

/// Why slots cannot be claimed, now or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimError {
    /// This producer has closed the ring.
    Closed,
    /// This producer has poisoned the ring, or the slots wait for a consumer
    /// that left before the end.
    Poisoned,
    /// So many slots can never be claimed and unpublished at the same time.
    BatchLargerThanRing {
        /// Slots claimed and unpublished, with those asked for.
        slots: usize,
        /// Slots in the ring.
        capacity: usize,
    },
}

impl From<Ended> for ClaimError {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Closed => Self::Closed,
            Ended::Poisoned => Self::Poisoned,
        }
    }
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the ring was closed by its producer"),
            Self::Poisoned => Ended::Poisoned.fmt(f),
            Self::BatchLargerThanRing { slots, capacity } => write!(
                f,
                "a batch of {slots} slots never fits a ring of {capacity}: \
                 publish earlier, or make the ring larger"
            ),
        }
    }
}

impl Error for ClaimError {}

/// Why a ring cannot be built as it was described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuildError {
    /// Slots are found by masking, so their number is a power of two.
    CapacityNotPowerOfTwo {
        /// The number of slots asked for.
        capacity: usize,
    },
    /// Nothing would ever release a slot.
    NoConsumer,
    /// `consumer_after` was given nobody to come after; `consumer` says that.
    NoUpstream,
    /// The handle was made by the builder of another ring.
    ForeignHandle,
    /// A consumer that nobody runs would stop the whole ring once it is full.
    ConsumerNotTaken {
        /// Consumers described to the builder.
        described: usize,
        /// Handles given to `build`.
        taken: usize,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CapacityNotPowerOfTwo { capacity } => {
                write!(f, "a ring of {capacity} slots is impossible: use a power of two")
            }
            Self::NoConsumer => f.write_str(
                "the ring has no consumer and would stay full: describe one with `consumer`",
            ),
            Self::NoUpstream => f.write_str(
                "a dependent consumer needs somebody to come after: \
                 name one, or use `consumer` to follow the producer",
            ),
            Self::ForeignHandle => f.write_str(
                "a consumer handle belongs to another ring: use the builder that made it",
            ),
            Self::ConsumerNotTaken { described, taken } => write!(
                f,
                "{described} consumers were described but {taken} handles given to `build`: \
                 give it every handle, since a consumer that nobody runs stops the ring"
            ),
        }
    }
}

impl Error for BuildError {}
