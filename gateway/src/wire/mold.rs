//! MoldUDP64 1.00: the packets that carry every stream, and requests.
//!
//! A packet is a 20-byte header (session, number of the first message, count)
//! and `count` blocks, each a length (u16) and that many bytes. Numbers count
//! messages, not packets; count 0 is a heartbeat and 0xFFFF the end of the
//! session, both carrying the next number. A parsed [`Packet`] is sound as a
//! whole: all its blocks lie inside the datagram and its numbers do not
//! overflow, so walking it cannot fail. Bytes after the last block are kept
//! apart as the trailer. A message of no bytes still has a number.

use std::fmt;
use std::ops::RangeInclusive;

use super::{Alpha, WireError, WireField};

/// Name of a session; a new name is a new run of numbers from 1.
pub type SessionName = Alpha<10>;

/// Payload of a packet that fits an Ethernet frame with room to spare, and what
/// [`PacketBuilder`] is normally given.
pub const DEFAULT_MAX_PAYLOAD: usize = 1400;

/// Bytes of the longest packet that an end of a stream may be told to send, header
/// included: every message fits the least with its options, and the most fits a
/// datagram with a seal behind it.
pub const PACKET_BYTES: RangeInclusive<usize> = 256..=65_000;

const END_OF_SESSION: u16 = 0xFFFF;
const LENGTH_BYTES: usize = 2;

/// What every packet starts with (MoldUDP64 1.00, downstream packet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which run of numbers this belongs to.
    pub session: SessionName,
    /// Number of the first message; of the next one if there is none here.
    pub sequence: u64,
    /// Messages that follow; 0 and 0xFFFF have meanings of their own.
    pub count: u16,
}

impl Header {
    /// Bytes of a header, and of a request.
    pub const LEN: usize = 20;

    fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let short = WireError::ShortPacket(bytes.len());
        let bytes = bytes.first_chunk::<{ Self::LEN }>().ok_or(short)?;
        Ok(Self {
            session: Alpha::read(&bytes[..10]),
            sequence: u64::read(&bytes[10..18]),
            count: u16::read(&bytes[18..]),
        })
    }

    fn write(&self, out: &mut [u8]) {
        self.session.write(&mut out[..10]);
        self.sequence.write(&mut out[10..18]);
        self.count.write(&mut out[18..Self::LEN]);
    }
}

/// What a packet is for, by its message count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// Messages follow.
    Data,
    /// Nothing follows; the number is that of the next message.
    Heartbeat,
    /// Nothing follows and nothing will; the number is one past the last.
    EndOfSession,
}

/// A sound packet inside its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header,
    blocks: &'a [u8],
    trailer: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Checks a datagram as a whole.
    ///
    /// # Errors
    /// A datagram shorter than a header, blocks that run past its end, or
    /// numbers past 64 bits.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, WireError> {
        let header = Header::read(datagram)?;
        let body = &datagram[Header::LEN..];
        let end = match kind(header.count) {
            PacketKind::Data => end_of_blocks(header.count, body, datagram.len())?,
            PacketKind::Heartbeat | PacketKind::EndOfSession => 0,
        };
        let (blocks, trailer) = body.split_at(end);
        let packet = Self { header, blocks, trailer };
        if header.sequence.checked_add(u64::from(packet.count())).is_none() {
            let Header { sequence, count, .. } = header;
            return Err(WireError::SequenceOverflow { sequence, count });
        }
        Ok(packet)
    }

    /// What the packet is for.
    pub fn kind(&self) -> PacketKind {
        kind(self.header.count)
    }

    /// Session that the packet belongs to.
    pub fn session(&self) -> SessionName {
        self.header.session
    }

    /// Number of the first message; of the next one if there is none here.
    pub fn sequence(&self) -> u64 {
        self.header.sequence
    }

    /// Messages in the packet: 0 for a heartbeat and for the end of session.
    pub fn count(&self) -> u16 {
        match self.kind() {
            PacketKind::Data => self.header.count,
            PacketKind::Heartbeat | PacketKind::EndOfSession => 0,
        }
    }

    /// Number after the last message of the packet.
    pub fn next_sequence(&self) -> u64 {
        self.header.sequence + u64::from(self.count())
    }

    /// The messages in order.
    pub fn messages(&self) -> Messages<'a> {
        Messages { rest: self.blocks }
    }

    /// Bytes after the last block; normally none.
    pub fn trailer(&self) -> &'a [u8] {
        self.trailer
    }
}

/// Walks the messages of a [`Packet`].
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (message, rest) = split_block(self.rest)?;
        self.rest = rest;
        Some(message)
    }
}

/// Asks a sender for messages again (MoldUDP64 1.00, request packet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Session that the messages belong to.
    pub session: SessionName,
    /// Number of the first message wanted.
    pub sequence: u64,
    /// Messages wanted; 0xFFFF has no special meaning and is better avoided.
    pub count: u16,
}

impl Request {
    /// Bytes of a request.
    pub const LEN: usize = Header::LEN;

    /// Reads a request; bytes after it are a trailer and are not looked at.
    ///
    /// # Errors
    /// Fewer than 20 bytes.
    pub fn decode(datagram: &[u8]) -> Result<Self, WireError> {
        let Header { session, sequence, count } = Header::read(datagram)?;
        Ok(Self { session, sequence, count })
    }

    /// The request as a datagram.
    pub fn encode(&self) -> [u8; Self::LEN] {
        let Self { session, sequence, count } = *self;
        let mut out = [0; Self::LEN];
        Header { session, sequence, count }.write(&mut out);
        out
    }
}

/// Builds packets, one after another, in a buffer allocated once.
pub struct PacketBuilder {
    session: SessionName,
    first: u64,
    count: u16,
    bytes: usize,
    buffer: Box<[u8]>,
}

impl PacketBuilder {
    /// A builder of packets of at most `max_payload` bytes, header included,
    /// whose first message will have the number `first`.
    ///
    /// # Panics
    /// If not even a header and an empty block fit `max_payload`.
    pub fn new(session: SessionName, first: u64, max_payload: usize) -> Self {
        assert!(
            max_payload >= Header::LEN + LENGTH_BYTES,
            "max_payload is smaller than a header and a block"
        );
        let buffer = vec![0; max_payload].into_boxed_slice();
        Self { session, first, count: 0, bytes: Header::LEN, buffer }
    }

    /// Longest message that fits a packet of its own, in bytes; a block's
    /// length field sets the bound of 65,535.
    pub fn max_message(&self) -> usize {
        (self.buffer.len() - Header::LEN - LENGTH_BYTES).min(usize::from(u16::MAX))
    }

    /// Messages in the packet so far.
    pub fn count(&self) -> u16 {
        self.count
    }

    /// Number of the message that comes after the packet so far.
    pub fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// Adds a message; `false` if it does not fit and nothing was done.
    pub fn push(&mut self, message: &[u8]) -> bool {
        let end = self.bytes + LENGTH_BYTES + message.len();
        let Ok(length) = u16::try_from(message.len()) else {
            return false;
        };
        if end > self.buffer.len() || self.count == END_OF_SESSION - 1 {
            return false;
        }
        let block = &mut self.buffer[self.bytes..end];
        length.write(block);
        block[LENGTH_BYTES..].copy_from_slice(message);
        self.bytes = end;
        self.count += 1;
        true
    }

    /// The packet as built so far; a heartbeat if it has no messages.
    pub fn packet(&mut self) -> &[u8] {
        let Self { session, first: sequence, count, .. } = *self;
        Header { session, sequence, count }.write(&mut self.buffer);
        &self.buffer[..self.bytes]
    }

    /// Drops what was built and says that the session has ended before the
    /// number of its first message.
    pub fn end_of_session(&mut self) -> &[u8] {
        self.restart(self.first);
        let Self { session, first: sequence, .. } = *self;
        Header { session, sequence, count: END_OF_SESSION }.write(&mut self.buffer);
        &self.buffer[..Header::LEN]
    }

    /// Drops what was built; the next message has the number `first`.
    pub fn restart(&mut self, first: u64) {
        self.first = first;
        self.count = 0;
        self.bytes = Header::LEN;
    }
}

impl fmt::Debug for PacketBuilder {
    /// Without the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}..{}, {} bytes", self.session, self.first, self.next(), self.bytes)
    }
}

fn kind(count: u16) -> PacketKind {
    match count {
        0 => PacketKind::Heartbeat,
        END_OF_SESSION => PacketKind::EndOfSession,
        _ => PacketKind::Data,
    }
}

fn end_of_blocks(count: u16, body: &[u8], bytes: usize) -> Result<usize, WireError> {
    let mut rest = body;
    for block in 0..count {
        (_, rest) = split_block(rest).ok_or(WireError::TornPacket { block, count, bytes })?;
    }
    Ok(body.len() - rest.len())
}

fn split_block(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
