//! A place in a journal: after a frame, and after everything before it.

/// A place in a journal: after a frame.
///
/// The hash of a frame stands for everything before it, so a position fits one
/// history alone, and whoever goes on from one finds out if it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The sequence that the next record has.
    pub next_sequence: u64,
    /// The hash of the frame before.
    pub chain: u64,
}

impl Position {
    /// Before the first frame of every journal.
    pub const START: Self = Self { next_sequence: 1, chain: 0 };

    /// Whether nothing comes before it.
    pub(crate) fn is_start(self) -> bool {
        self == Self::START
    }
}
