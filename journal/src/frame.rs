//! A frame: one batch as it stands in a segment.
//!
//! A header of 64 bytes, then the body, then zeros to the next multiple of 64.
//! The header has a checksum of its own, so that its length is trusted before
//! the body is read; 64 divides the sector of every disk, so a header is there
//! or it is not, and never torn by itself. A frame names its predecessor's hash
//! and how far the segment was synced when it was written: the latter tells a
//! frame that was never promised from one that has been damaged since. All
//! numbers are little-endian.

use crate::position::Position;
use crate::segment::SEGMENT_HEADER_BYTES;

/// Bytes of a frame's header; frames start at multiples of it.
pub const FRAME_HEADER_BYTES: u64 = 64;
/// The longest body, in bytes (4 MiB).
pub const MAX_BODY_BYTES: u32 = 4 << 20;
/// The first bytes of a frame.
pub const FRAME_MAGIC: [u8; 4] = *b"RMFR";
/// The version of frames that is written and read here.
pub const FRAME_VERSION: u16 = 1;
/// The most bytes that a frame takes, and so the most that a crash can find
/// between the last sync and the tail under `fsync` and `interval`.
pub const MAX_FRAME_BYTES: u64 = FRAME_HEADER_BYTES + MAX_BODY_BYTES as u64;

const HEADER: usize = FRAME_HEADER_BYTES as usize;
const _: () = assert!(MAX_FRAME_BYTES.is_multiple_of(FRAME_HEADER_BYTES));

/// A frame that has been read and found sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the body is, by the application's numbering.
    pub kind: u8,
    /// The start of the application that wrote it; never goes back.
    pub epoch: u32,
    /// The sequence of the first record, or of the next one if there is none.
    pub first_sequence: u64,
    /// How many records, and so sequences, it holds; zero for a note.
    pub count: u32,
    /// When it was written, as the application said, in nanoseconds.
    pub time_ns: u64,
    /// Its hash, which stands for everything before it as well.
    pub hash: u64,
    /// The number of its segment.
    pub segment: u32,
    /// Where it starts in its segment, in bytes.
    pub offset: u64,
    /// The application's bytes; starts at a multiple of
    /// [`BODY_ALIGNMENT`](crate::BODY_ALIGNMENT) bytes.
    pub body: &'a [u8],
}

impl Frame<'_> {
    /// The place after it.
    #[must_use]
    pub fn position(&self) -> Position {
        let next_sequence = self.first_sequence + u64::from(self.count);
        Position { next_sequence, chain: self.hash }
    }
}

/// The header of a frame, without what is the same in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// See [`Frame::kind`].
    pub kind: u8,
    /// The CRC32C of the body.
    pub body_crc: u32,
    /// See [`Frame::epoch`].
    pub epoch: u32,
    /// See [`Frame::count`].
    pub count: u32,
    /// See [`Frame::first_sequence`].
    pub first_sequence: u64,
    /// See [`Frame::time_ns`].
    pub time_ns: u64,
    /// The hash of the frame before, across segments; zero for
    /// the first of a journal.
    pub chain: u64,
    /// Bytes of the body; at most [`MAX_BODY_BYTES`].
    pub body_bytes: u32,
    /// Everything in this segment before this byte was synced when the frame
    /// was written.
    pub synced_to: u64,
}

/// What 64 bytes turn out to be where a frame may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Zeros: nothing was written here.
    Blank,
    /// A header, and the hash of the frame with it.
    Header(FrameHeader, u64),
    /// A header of another version.
    UnknownVersion(u16),
    /// A header whose checksum is right and whose content is impossible.
    Impossible,
    /// Something else.
    Damaged,
}

impl FrameHeader {
    /// The header's bytes and the frame's hash.
    #[must_use]
    pub fn encode(&self) -> ([u8; HEADER], u64) {
        let mut bytes = [0; HEADER];
        bytes[0..4].copy_from_slice(&FRAME_MAGIC);
        bytes[4..6].copy_from_slice(&FRAME_VERSION.to_le_bytes());
        bytes[6] = self.kind;
        bytes[12..16].copy_from_slice(&self.body_crc.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.count.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_sequence.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.time_ns.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.chain.to_le_bytes());
        bytes[48..52].copy_from_slice(&self.body_bytes.to_le_bytes());
        bytes[56..64].copy_from_slice(&self.synced_to.to_le_bytes());
        let crc = checksum(&bytes);
        bytes[8..12].copy_from_slice(&crc.to_le_bytes());
        (bytes, hash(crc, self.body_crc))
    }

    /// Reads 64 bytes; never panics, whatever they are.
    #[must_use]
    pub fn decode(bytes: &[u8; HEADER]) -> Decoded {
        if bytes.iter().all(|byte| *byte == 0) {
            return Decoded::Blank;
        }
        let crc = u32::from_le_bytes(field(bytes, 8));
        if bytes[0..4] != FRAME_MAGIC || crc != checksum(bytes) {
            return Decoded::Damaged;
        }
        let version = u16::from_le_bytes(field(bytes, 4));
        if version != FRAME_VERSION {
            return Decoded::UnknownVersion(version);
        }
        let header = Self::read(bytes);
        if header.is_possible() && bytes[7] == 0 && bytes[52..56] == [0; 4] {
            Decoded::Header(header, hash(crc, header.body_crc))
        } else {
            Decoded::Impossible
        }
    }

    fn read(bytes: &[u8; HEADER]) -> Self {
        Self {
            kind: bytes[6],
            body_crc: u32::from_le_bytes(field(bytes, 12)),
            epoch: u32::from_le_bytes(field(bytes, 16)),
            count: u32::from_le_bytes(field(bytes, 20)),
            first_sequence: u64::from_le_bytes(field(bytes, 24)),
            time_ns: u64::from_le_bytes(field(bytes, 32)),
            chain: u64::from_le_bytes(field(bytes, 40)),
            body_bytes: u32::from_le_bytes(field(bytes, 48)),
            synced_to: u64::from_le_bytes(field(bytes, 56)),
        }
    }

    fn is_possible(&self) -> bool {
        self.body_bytes <= MAX_BODY_BYTES
            && self.first_sequence.checked_add(u64::from(self.count)).is_some()
            && self.synced_to >= SEGMENT_HEADER_BYTES
            && self.synced_to.is_multiple_of(FRAME_HEADER_BYTES)
    }

    /// Bytes from the start of this frame to the place of the next one.
    #[must_use]
    pub fn frame_bytes(&self) -> u64 {
        frame_bytes(self.body_bytes)
    }

    /// The sequence that the next frame starts with.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.first_sequence.saturating_add(u64::from(self.count))
    }
}

/// Bytes that a frame with a body of this length takes.
#[must_use]
pub fn frame_bytes(body_bytes: u32) -> u64 {
    (FRAME_HEADER_BYTES + u64::from(body_bytes)).next_multiple_of(FRAME_HEADER_BYTES)
}

/// The CRC32C of a header, its own field left out.
fn checksum(bytes: &[u8; HEADER]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..8]), &bytes[12..])
}

/// What the next frame names this one by. The header's checksum covers the
/// chain, so each hash stands for everything before it.
fn hash(header_crc: u32, body_crc: u32) -> u64 {
    u64::from(header_crc) | u64::from(body_crc) << 32
}

fn field<const N: usize>(bytes: &[u8; HEADER], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}
