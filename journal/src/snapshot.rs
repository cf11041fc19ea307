//! A snapshot on disk: the application's state after some frame, in an envelope.
//!
//! A header of one page says whose state it is, after which frame it stands, and
//! which digest the application had there; then come chunks of at most 1 MiB,
//! each with a checksum and the hash of the chunk before, the last of which the
//! header names. So nothing in it can change, move or go unnoticed. The body is
//! the application's bytes and is streamed in both directions: neither end ever
//! holds more than [a few chunks](crate::snapshot_chunks). All numbers are little-endian.

use crate::error::JournalError;
use crate::identity::{Identity, MAX_CONFIG_BYTES, VENUE_BYTES};
use crate::position::Position;
use crate::snapshot_chunks::{Chunks, Incoming};
use crate::storage::{Access, Storage, StorageFile};
use std::io::{self, Read};

/// The version of snapshots that is written and read here.
pub const SNAPSHOT_VERSION: u32 = 1;

/// Bytes of a snapshot's header; the first chunk starts here.
pub(crate) const HEADER: usize = 4_096;
/// Bytes of a chunk's header.
pub(crate) const CHUNK_HEADER: usize = 64;
/// The most bytes of the body in one chunk; only the last has fewer.
pub(crate) const CHUNK: usize = 1 << 20;
const MAGIC: [u8; 8] = *b"RINGSNAP";
const CHUNK_MAGIC: [u8; 8] = *b"RINGCHNK";
/// Where the configuration starts.
const CONFIG: usize = 128;
const _: () = assert!(CONFIG + MAX_CONFIG_BYTES == HEADER);

/// What a snapshot is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// The frame after which it stands.
    pub position: Position,
    /// The application's digest there; the journal does not look at it.
    pub digest: u64,
    /// The version of the body, by the application's numbering.
    pub body_version: u32,
    /// When it was made, as the application said, in nanoseconds.
    pub time_ns: u64,
}

/// The header of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotHeader {
    pub(crate) identity: Identity,
    pub(crate) info: SnapshotInfo,
    pub(crate) body_bytes: u64,
    /// The hash of the last chunk; zero if there is none.
    pub(crate) end: u64,
}

/// What the first page of a snapshot turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DecodedHeader {
    Header(Box<SnapshotHeader>),
    UnknownVersion(u32),
    Damaged,
}

impl SnapshotHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let Self { identity, info, body_bytes, end } = self;
        let config = identity.config();
        let config_bytes = u32::try_from(config.len()).expect("an identity fits a header");
        let mut bytes = vec![0; HEADER];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&SNAPSHOT_VERSION.to_le_bytes());
        bytes[16..32].copy_from_slice(&identity.venue());
        bytes[32..36].copy_from_slice(&identity.fingerprint().to_le_bytes());
        bytes[36..40].copy_from_slice(&config_bytes.to_le_bytes());
        bytes[40..48].copy_from_slice(&info.position.next_sequence.to_le_bytes());
        bytes[48..56].copy_from_slice(&info.position.chain.to_le_bytes());
        bytes[56..64].copy_from_slice(&info.digest.to_le_bytes());
        bytes[64..72].copy_from_slice(&info.time_ns.to_le_bytes());
        bytes[72..80].copy_from_slice(&body_bytes.to_le_bytes());
        bytes[80..88].copy_from_slice(&end.to_le_bytes());
        bytes[88..92].copy_from_slice(&info.body_version.to_le_bytes());
        bytes[CONFIG..CONFIG + config.len()].copy_from_slice(config);
        let crc = checksum(&bytes, 12);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a snapshot's first page; never panics, whatever it is.
    pub(crate) fn decode(bytes: &[u8]) -> DecodedHeader {
        let sound = bytes.len() == HEADER
            && bytes[0..8] == MAGIC
            && u32::from_le_bytes(field(bytes, 12)) == checksum(bytes, 12);
        if !sound {
            return DecodedHeader::Damaged;
        }
        match u32::from_le_bytes(field(bytes, 8)) {
            SNAPSHOT_VERSION => Self::read(bytes)
                .map_or(DecodedHeader::Damaged, |header| DecodedHeader::Header(Box::new(header))),
            other => DecodedHeader::UnknownVersion(other),
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let config_bytes = usize::try_from(u32::from_le_bytes(field(bytes, 36))).ok()?;
        let config = bytes[CONFIG..].get(..config_bytes)?;
        let identity = Identity::from_parts(field::<VENUE_BYTES>(bytes, 16), config.to_vec());
        let info = SnapshotInfo {
            position: Position {
                next_sequence: u64::from_le_bytes(field(bytes, 40)),
                chain: u64::from_le_bytes(field(bytes, 48)),
            },
            digest: u64::from_le_bytes(field(bytes, 56)),
            time_ns: u64::from_le_bytes(field(bytes, 64)),
            body_version: u32::from_le_bytes(field(bytes, 88)),
        };
        let body_bytes = u64::from_le_bytes(field(bytes, 72));
        let end = u64::from_le_bytes(field(bytes, 80));
        let fingerprint = u32::from_le_bytes(field(bytes, 32));
        (fingerprint == identity.fingerprint()).then_some(Self { identity, info, body_bytes, end })
    }

    /// How long the file is, if such a file can be.
    fn file_bytes(&self) -> Option<u64> {
        let headers = self.body_bytes.div_ceil(CHUNK as u64).checked_mul(CHUNK_HEADER as u64)?;
        self.body_bytes.checked_add(headers)?.checked_add(HEADER as u64)
    }
}

/// The header of a chunk, and the hash that the next one names it by.
pub(crate) fn chunk_header(index: u64, before: u64, body: &[u8]) -> ([u8; CHUNK_HEADER], u64) {
    let body_bytes = u32::try_from(body.len()).expect("a chunk is a megabyte");
    let body_crc = crc32c::crc32c(body);
    let mut bytes = [0; CHUNK_HEADER];
    bytes[0..8].copy_from_slice(&CHUNK_MAGIC);
    bytes[12..16].copy_from_slice(&body_crc.to_le_bytes());
    bytes[16..24].copy_from_slice(&index.to_le_bytes());
    bytes[24..32].copy_from_slice(&before.to_le_bytes());
    bytes[32..36].copy_from_slice(&body_bytes.to_le_bytes());
    let crc = checksum(&bytes, 8);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    (bytes, u64::from(crc) | u64::from(body_crc) << 32)
}

/// The CRC32C of a header, its own field at `at` left out.
fn checksum(bytes: &[u8], at: usize) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..at]), &bytes[at + 4..])
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

/// A snapshot that was read to its end and found sound; its [`Read`] yields the
/// body, and checks every chunk again.
pub struct Snapshot<S: Storage> {
    storage: S,
    name: String,
    header: Box<SnapshotHeader>,
    chunks: Chunks<S>,
    /// Those that are read, once the first was asked for.
    incoming: Option<Incoming<S>>,
    /// A chunk with its header.
    chunk: Vec<u8>,
    /// How much of the chunk has been handed out.
    taken: usize,
}

impl<S: Storage> Snapshot<S> {
    /// Reads and checks all of it.
    pub(crate) fn open(storage: &S, name: &str) -> Result<Self, JournalError> {
        let path = || storage.path(name);
        let failed = |source| JournalError::Io { action: "read", path: path(), source };
        let file = storage.open(name, Access::Read).map_err(failed)?;
        let length = file.length().map_err(failed)?;
        let mut page = vec![0; length.min(HEADER as u64) as usize];
        file.read_at(&mut page, 0).map_err(failed)?;
        let header = match SnapshotHeader::decode(&page) {
            DecodedHeader::Header(header) => header,
            DecodedHeader::Damaged => {
                return Err(JournalError::DamagedSnapshot { path: path(), offset: 0 });
            }
            DecodedHeader::UnknownVersion(found) => {
                let supported = SNAPSHOT_VERSION;
                let path = path();
                return Err(JournalError::UnknownVersion { path, offset: 0, found, supported });
            }
        };
        if header.file_bytes() != Some(length) {
            return Err(JournalError::DamagedSnapshot { path: path(), offset: length });
        }
        let chunks = Chunks::new(storage, name, file, &header);
        chunks.check()?;
        let (storage, name) = (storage.clone(), name.to_owned());
        Ok(Self { storage, name, header, chunks, incoming: None, chunk: Vec::new(), taken: 0 })
    }

    /// What it is of.
    #[must_use]
    pub fn info(&self) -> SnapshotInfo {
        self.header.info
    }

    /// Whose it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.header.identity
    }

    /// Bytes of the body.
    #[must_use]
    pub fn body_bytes(&self) -> u64 {
        self.header.body_bytes
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> std::path::PathBuf {
        self.storage.path(&self.name)
    }

    /// Makes the next chunk the one to hand out; whether there was one.
    fn turn(&mut self) -> io::Result<bool> {
        let incoming = match &mut self.incoming {
            Some(incoming) => incoming,
            none => none.insert(Incoming::of(&self.chunks)?),
        };
        self.taken = CHUNK_HEADER;
        incoming.next(&mut self.chunk).map_err(io::Error::other)
    }
}

impl<S: Storage> Read for Snapshot<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.taken >= self.chunk.len() && !self.turn()? {
            self.chunk.clear();
            return Ok(0);
        }
        let held = &self.chunk[self.taken..];
        let count = held.len().min(bytes.len());
        bytes[..count].copy_from_slice(&held[..count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_page_is_a_header_or_not(
            start in prop::collection::vec(any::<u8>(), 128), sealed: bool, bytes in 0..=HEADER,
        ) {
            let mut page = start;
            page.resize(HEADER, 0);
            if sealed {
                page[..12].copy_from_slice(b"RINGSNAP\x01\0\0\0");
                let crc = checksum(&page, 12);
                page[12..16].copy_from_slice(&crc.to_le_bytes());
            }
            let _ = SnapshotHeader::decode(&page[..bytes]);
            if let DecodedHeader::Header(header) = SnapshotHeader::decode(&page) {
                let _ = header.file_bytes();
            }
        }

        #[test]
        fn any_header_is_read_as_it_was(
            next_sequence: u64, chain: u64, digest: u64, body_version: u32, time_ns: u64,
            body_bytes: u64, end: u64, config in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let position = Position { next_sequence, chain };
            let info = SnapshotInfo { position, digest, body_version, time_ns };
            let identity = Identity::new("ALPHA", &config).expect("it fits");
            let header = SnapshotHeader { identity, info, body_bytes, end };
            let decoded = SnapshotHeader::decode(&header.encode());
            prop_assert_eq!(decoded, DecodedHeader::Header(Box::new(header)));
        }
    }
}
