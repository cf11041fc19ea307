//! A piece of a segment in memory.
//!
//! Frames are read in place from one buffer that is filled from the file as the
//! reader moves on. It starts where the frame asked for starts, so every body
//! in it is aligned. Read-ahead begins small, because a reader that follows a
//! live journal needs a frame at a time, and doubles while a scan goes on. What
//! a window holds may be old: whoever waits for new frames has it forgotten.

use crate::aligned::AlignedBuffer;
use crate::frame::FRAME_HEADER_BYTES;
use crate::storage::StorageFile;
use std::io;
use std::ops::Range;

const SMALLEST_READ: u64 = 4 << 10;
/// Fits the second-level cache together with what the application decodes.
const LARGEST_READ: u64 = 256 << 10;

/// See the [module](self).
pub(crate) struct Window {
    buffer: AlignedBuffer,
    offset: u64,
    next_read: u64,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self { buffer: AlignedBuffer::default(), offset: 0, next_read: SMALLEST_READ }
    }

    /// Forgets what it holds; the next read comes from the file.
    pub(crate) fn forget(&mut self) {
        self.buffer.reset(0);
        self.next_read = SMALLEST_READ;
    }

    /// Makes sure of `wanted`, positions in a file of `length` bytes that start
    /// at a multiple of 64; where they stand in the window.
    pub(crate) fn load(
        &mut self,
        file: &impl StorageFile,
        length: u64,
        wanted: Range<u64>,
    ) -> io::Result<Range<usize>> {
        debug_assert!(wanted.start.is_multiple_of(FRAME_HEADER_BYTES) && wanted.end <= length);
        let held = self.offset..self.offset + self.buffer.len() as u64;
        if wanted.start < held.start || wanted.end > held.end {
            let bytes = (wanted.end - wanted.start).max(self.next_read).min(length - wanted.start);
            self.buffer.reset(memory(bytes));
            self.offset = wanted.start;
            self.next_read = (self.next_read * 2).min(LARGEST_READ);
            if let Err(error) = file.read_at(&mut self.buffer, wanted.start) {
                self.forget();
                return Err(error);
            }
        }
        Ok(memory(wanted.start - self.offset)..memory(wanted.end - self.offset))
    }

    /// Bytes that [`load`](Self::load) has found.
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }
}

fn memory(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a window is a few megabytes")
}
