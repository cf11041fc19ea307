//! Memory whose first byte lies at a multiple of 64, without `unsafe`.
//!
//! Archived commands are read in place and need 16-byte alignment. Frames start
//! at multiples of 64 bytes in a file and their headers are 64 bytes long, so a
//! body is aligned in memory whenever the piece of file around it was read to
//! an aligned address from an offset that is a multiple of 64. A vector is made
//! that many bytes too long, and used from its first aligned byte; it is never
//! grown in place, so that byte stays where it is.

use std::ops::{Deref, DerefMut};

/// The alignment of every frame body handed to a reader, in bytes: twice what
/// the widest plain type needs.
pub const BODY_ALIGNMENT: usize = 64;

/// See the [module](self).
#[derive(Default)]
pub(crate) struct AlignedBuffer {
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl AlignedBuffer {
    /// Makes it `length` bytes long; what it held before is lost.
    pub(crate) fn reset(&mut self, length: usize) {
        if self.memory.len() < self.start + length {
            self.memory = vec![0; length + BODY_ALIGNMENT];
            self.start = self.memory.as_ptr().align_offset(BODY_ALIGNMENT);
            assert!(self.start < BODY_ALIGNMENT, "bytes can always be aligned");
        }
        self.length = length;
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_starts_aligned_and_shrinking_keeps_the_memory() {
        let mut buffer = AlignedBuffer::default();
        for length in [1, 64, 63, 4096, 65, 1 << 20, 7] {
            buffer.reset(length);
            assert_eq!(buffer.len(), length);
            assert_eq!(buffer.as_ptr().align_offset(BODY_ALIGNMENT), 0);
        }
        assert!(buffer.memory.len() > 1 << 20);
    }
}
