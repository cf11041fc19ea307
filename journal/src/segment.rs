//! A segment: a file of fixed size with a header and then frames.
//!
//! The header fills one page. It says whose journal this is, with everything a
//! replay needs besides the frames, and where the segment stands in it: its
//! number, its first sequence, and the hash of the last frame before it. A
//! segment is written through with zeros under a temporary name before it gets
//! its own; the header is written and synced when it is begun, before its first
//! frame. All numbers are little-endian.

use crate::identity::{Identity, MAX_CONFIG_BYTES, VENUE_BYTES};

/// Bytes of a segment's header; the first frame starts here.
pub const SEGMENT_HEADER_BYTES: u64 = 4_096;
/// The first bytes of a segment.
pub const SEGMENT_MAGIC: [u8; 8] = *b"RINGSEGM";
/// The version of segments that is written and read here.
pub const SEGMENT_VERSION: u32 = 1;
/// The least bytes of a segment; every one has a multiple of its header's.
pub const SMALLEST_SEGMENT_BYTES: u64 = 2 * SEGMENT_HEADER_BYTES;
/// The highest number of a segment: what eight digits can say.
pub const MAX_SEGMENT: u32 = 99_999_999;

const ARCHIVED: &str = ".zst";
const HEADER: usize = SEGMENT_HEADER_BYTES as usize;
/// Where the configuration starts.
const CONFIG: usize = 128;
const _: () = assert!(CONFIG + MAX_CONFIG_BYTES == HEADER);

/// The header of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Whose journal it is.
    pub identity: Identity,
    /// The segment's number, from 1.
    pub number: u32,
    /// The length of the file in bytes.
    pub segment_bytes: u64,
    /// The sequence that its first record has.
    pub first_sequence: u64,
    /// The hash of the last frame before it; zero in the first segment.
    pub chain: u64,
}

/// What the first page of a segment turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodedSegment {
    /// Zeros: the segment was prepared and never begun.
    Blank,
    /// A header.
    Header(Box<SegmentHeader>),
    /// A header of another version.
    UnknownVersion(u32),
    /// Something else.
    Damaged,
}

impl SegmentHeader {
    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let config = self.identity.config();
        let config_bytes = u32::try_from(config.len()).expect("an identity fits a header");
        let mut bytes = vec![0; HEADER];
        bytes[0..8].copy_from_slice(&SEGMENT_MAGIC);
        bytes[8..12].copy_from_slice(&SEGMENT_VERSION.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.identity.venue());
        bytes[32..36].copy_from_slice(&self.number.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.identity.fingerprint().to_le_bytes());
        bytes[40..48].copy_from_slice(&self.segment_bytes.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.first_sequence.to_le_bytes());
        bytes[56..64].copy_from_slice(&self.chain.to_le_bytes());
        bytes[64..68].copy_from_slice(&config_bytes.to_le_bytes());
        bytes[CONFIG..CONFIG + config.len()].copy_from_slice(config);
        let crc = checksum(&bytes);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a segment's first page; never panics, whatever it is. Fewer bytes
    /// than a page are damage.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> DecodedSegment {
        let Some(bytes) = bytes.first_chunk::<HEADER>() else { return DecodedSegment::Damaged };
        if bytes.iter().all(|byte| *byte == 0) {
            return DecodedSegment::Blank;
        }
        let crc = u32::from_le_bytes(field(bytes, 12));
        if bytes[0..8] != SEGMENT_MAGIC || crc != checksum(bytes) {
            return DecodedSegment::Damaged;
        }
        let version = u32::from_le_bytes(field(bytes, 8));
        if version != SEGMENT_VERSION {
            return DecodedSegment::UnknownVersion(version);
        }
        Self::read(bytes)
            .map_or(DecodedSegment::Damaged, |header| DecodedSegment::Header(Box::new(header)))
    }

    fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        let config_bytes = usize::try_from(u32::from_le_bytes(field(bytes, 64))).ok()?;
        let config = bytes[CONFIG..].get(..config_bytes)?;
        let identity = Identity::from_parts(field::<VENUE_BYTES>(bytes, 16), config.to_vec());
        let fingerprint = u32::from_le_bytes(field(bytes, 36));
        let header = Self {
            number: u32::from_le_bytes(field(bytes, 32)),
            segment_bytes: u64::from_le_bytes(field(bytes, 40)),
            first_sequence: u64::from_le_bytes(field(bytes, 48)),
            chain: u64::from_le_bytes(field(bytes, 56)),
            identity,
        };
        let is_possible = (1..=MAX_SEGMENT).contains(&header.number)
            && header.segment_bytes >= SMALLEST_SEGMENT_BYTES
            && header.segment_bytes.is_multiple_of(SEGMENT_HEADER_BYTES);
        (is_possible && fingerprint == header.identity.fingerprint()).then_some(header)
    }
}

/// The file of a segment.
#[must_use]
pub fn segment_name(number: u32) -> String {
    format!("{number:08}.seg")
}

/// The number of a segment, if that is what the file is.
#[must_use]
pub fn segment_number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".seg").filter(|digits| digits.len() == 8)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The file of a segment that was compressed.
#[must_use]
pub fn archive_name(number: u32) -> String {
    format!("{}{ARCHIVED}", segment_name(number))
}

/// The number of a compressed segment, if that is what the file is.
#[must_use]
pub fn archive_number(name: &str) -> Option<u32> {
    name.strip_suffix(ARCHIVED).and_then(segment_number)
}

/// The CRC32C of a header, its own field left out.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..])
}

fn field<const N: usize>(bytes: &[u8; HEADER], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}
