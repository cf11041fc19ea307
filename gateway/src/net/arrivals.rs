//! `Arrivals`: the datagrams that one system call brought, handed out one by
//! one.
//!
//! A call fills several slots, and each slot can hold several datagrams of one
//! sender that the system kept together (receive offload), all of one length
//! but the last, which may be shorter. A slot has room for the longest payload
//! that there is, so nothing is ever cut short here. The memory is written
//! through once when it is made, so that no first touch of a page is paid for
//! while datagrams wait.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;

use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};

/// Slots that one call can fill.
const SLOTS: usize = 16;
/// Bytes of a slot: the most that receive offload puts together.
const SLOT_BYTES: usize = 1 << 16;

/// What has been received and not been handed out.
pub(super) struct Arrivals {
    bytes: Box<[u8]>,
    slots: [RecvMeta; SLOTS],
    filled: usize,
    /// The slot of the next datagram, and where in it that begins.
    slot: usize,
    offset: usize,
    /// The last call brought all there was, which nobody has been told yet.
    is_end: bool,
}

impl Arrivals {
    pub(super) fn new() -> Self {
        let mut bytes = vec![0; SLOTS * SLOT_BYTES].into_boxed_slice();
        // Zeroed memory is not there before somebody writes to it.
        bytes.fill(0xFF);
        let slots = [RecvMeta::default(); SLOTS];
        Self { bytes, slots, filled: 0, slot: 0, offset: 0, is_end: false }
    }

    /// Whether it is known without another call that nothing more is there; said
    /// once after each call that did not fill all slots.
    pub(super) fn take_end(&mut self) -> bool {
        std::mem::take(&mut self.is_end)
    }

    /// Takes what is there, in one system call. What was not handed out is
    /// forgotten, so this comes only after [`next`](Self::next) gave `None`.
    ///
    /// # Errors
    /// The system refuses; also that nothing is there is an error.
    pub(super) fn fill(
        &mut self,
        state: &UdpSocketState,
        socket: UdpSockRef<'_>,
    ) -> io::Result<()> {
        (self.filled, self.slot, self.offset, self.is_end) = (0, 0, 0, false);
        let mut rest = self.bytes.chunks_exact_mut(SLOT_BYTES);
        let mut slots: [IoSliceMut<'_>; SLOTS] =
            std::array::from_fn(|_| IoSliceMut::new(rest.next().unwrap_or_default()));
        self.filled = state.recv(socket, &mut slots, &mut self.slots)?;
        self.is_end = self.filled < SLOTS;
        Ok(())
    }

    /// The next datagram and its sender, if there is one left.
    pub(super) fn next(&mut self) -> Option<(&[u8], SocketAddr)> {
        let RecvMeta { addr, len, stride, .. } = *self.slots[..self.filled].get(self.slot)?;
        let base = self.slot * SLOT_BYTES;
        let start = self.offset;
        // A datagram of no bytes is one too.
        let end = (start + stride.max(1)).min(len);
        if end < len {
            self.offset = end;
        } else {
            (self.slot, self.offset) = (self.slot + 1, 0);
        }
        Some((&self.bytes[base + start..base + end], addr))
    }
}

impl fmt::Debug for Arrivals {
    /// Without the bytes: they are a megabyte.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slot {} of {}, byte {}", self.slot, self.filled, self.offset)
    }
}
