//! Whether there is room for what the journal will write.
//!
//! A full disk ends the writer, so it must be said long before. What counts is not
//! a share of the disk but how many more segments fit: that is time.

use crate::storage::Storage;
use std::fmt;
use std::io;

/// Segments that should always fit: below that an operator is told.
pub const ENOUGH_SEGMENTS: u64 = 16;

/// How much room a journal has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that can still be written.
    pub free_bytes: u64,
    /// How many segments that is.
    pub segments: u64,
}

impl Room {
    /// The room on a storage for segments of this size.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub fn of(storage: &impl Storage, segment_bytes: u64) -> io::Result<Self> {
        let free_bytes = storage.free_bytes()?;
        Ok(Self { free_bytes, segments: free_bytes / segment_bytes.max(1) })
    }

    /// Whether an operator should make some.
    #[must_use]
    pub fn is_short(self) -> bool {
        self.segments < ENOUGH_SEGMENTS
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { free_bytes, segments } = self;
        write!(
            f,
            "the disk has room for {segments} more journal segments ({} MiB); when it is full, \
             no more orders are taken. Make room, or have closed segments compressed or dropped",
            free_bytes >> 20
        )
    }
}
