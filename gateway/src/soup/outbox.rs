//! `Outbox`: what waits to be written to one connection.
//!
//! A connection that does not block takes as many bytes as it has room for; the
//! rest waits here. How much may wait is bounded: messages are only put in while
//! they fit, so a peer that does not read costs no more than that. The few bytes
//! of a heartbeat or an answer to a login are let in beyond the bound.

use super::MonotonicNanos;
use std::collections::VecDeque;
use std::io::{self, IoSlice, Write};

/// Bytes on their way to one peer.
#[derive(Debug)]
pub(super) struct Outbox {
    bytes: VecDeque<u8>,
    most: usize,
    /// When bytes were last written, or nothing waited.
    moved: MonotonicNanos,
}

impl Outbox {
    /// An outbox in which `most` bytes of messages may wait.
    pub(super) fn new(most: usize, now: MonotonicNanos) -> Self {
        Self { bytes: VecDeque::new(), most, moved: now }
    }

    /// Bytes of messages that it still has room for.
    pub(super) fn room(&self) -> usize {
        self.most.saturating_sub(self.bytes.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn put(&mut self, bytes: &[u8], now: MonotonicNanos) {
        if self.bytes.is_empty() {
            self.moved = now;
        }
        self.bytes.extend(bytes);
    }

    /// How long nothing has moved although something waits.
    pub(super) fn stalled_ns(&self, now: MonotonicNanos) -> u64 {
        if self.bytes.is_empty() { 0 } else { now.saturating_sub(self.moved) }
    }

    /// Writes what the peer has room for; how many bytes these were.
    pub(super) fn write_to(
        &mut self,
        peer: &mut impl Write,
        now: MonotonicNanos,
    ) -> io::Result<usize> {
        let mut written = 0;
        while !self.bytes.is_empty() {
            let (front, back) = self.bytes.as_slices();
            let taken = match peer.write_vectored(&[IoSlice::new(front), IoSlice::new(back)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => taken,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.bytes.drain(..taken);
            self.moved = now;
            written += taken;
        }
        Ok(written)
    }
}
