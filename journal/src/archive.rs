//! A closed segment, compressed.
//!
//! The file is a Zstandard file in the "seekable format" of the reference
//! implementation: each mebibyte of the segment is a frame of its own, and a
//! skippable frame at the end says how long they are. So any `zstd -d` gives the
//! segment back, and a reader can begin anywhere while it holds one piece. No
//! length in it is trusted: a piece never unpacks to more than it may, and the
//! frames of the journal have checksums of their own. Numbers are little-endian.

use crate::storage::StorageFile;
use std::cell::RefCell;
use std::io::{self, Error, ErrorKind};
use zstd::bulk::{Compressor, Decompressor};

/// Bytes of the segment in one piece; only the last has fewer.
pub(crate) const PIECE_BYTES: u64 = 1 << 20;
/// The level that `zstd` has by itself: archives are read more often than it
/// would pay to make them a little smaller.
const LEVEL: i32 = 3;
const SKIPPABLE_MAGIC: u32 = 0x184D_2A5E;
const SEEKABLE_MAGIC: u32 = 0x8F92_EAB1;
const TABLE_HEADER: u64 = 8;
const ENTRY: u64 = 8;
const FOOTER: u64 = 9;
/// A segment of a tebibyte.
const MAX_PIECES: u64 = 1 << 20;

/// A compressed segment that reads like a plain one.
pub(crate) struct Archive<F> {
    file: F,
    length: u64,
    /// Where each piece starts, and where the last one ends.
    starts: Vec<u64>,
    unpacked: RefCell<Unpacked>,
}

/// The piece read last.
struct Unpacked {
    piece: Option<u64>,
    bytes: Vec<u8>,
    packed: Vec<u8>,
    decompressor: Decompressor<'static>,
}

impl<F: StorageFile> Archive<F> {
    /// Reads the table at the end.
    pub(crate) fn open(file: F) -> io::Result<Self> {
        let file_bytes = file.length()?;
        let mut footer = [0; FOOTER as usize];
        let footer_at = file_bytes.checked_sub(FOOTER).ok_or_else(|| damaged("is too short"))?;
        file.read_at(&mut footer, footer_at)?;
        let pieces = u64::from(u32_at(&footer, 0));
        // No checksums in the entries: each frame has its own.
        if u32_at(&footer, 5) != SEEKABLE_MAGIC || footer[4] != 0 || pieces > MAX_PIECES {
            return Err(damaged("has no table at its end"));
        }
        let table_bytes = TABLE_HEADER + pieces * ENTRY + FOOTER;
        let table_at = file_bytes
            .checked_sub(table_bytes)
            .ok_or_else(|| damaged("is shorter than its table"))?;
        let mut table = vec![0; (table_bytes - FOOTER) as usize];
        file.read_at(&mut table, table_at)?;
        if u32_at(&table, 0) != SKIPPABLE_MAGIC
            || u64::from(u32_at(&table, 4)) != table_bytes - TABLE_HEADER
        {
            return Err(damaged("has a damaged table"));
        }
        let (starts, length) = read_entries(&table[TABLE_HEADER as usize..], table_at)?;
        let decompressor = Decompressor::new()?;
        let (piece, bytes, packed) = (None, Vec::new(), Vec::new());
        let unpacked = RefCell::new(Unpacked { piece, bytes, packed, decompressor });
        Ok(Self { file, length, starts, unpacked })
    }

    fn unpack(&self, unpacked: &mut Unpacked, piece: u64) -> io::Result<()> {
        if unpacked.piece == Some(piece) {
            return Ok(());
        }
        unpacked.piece = None;
        let (start, end) = (self.starts[piece as usize], self.starts[piece as usize + 1]);
        unpacked.packed.resize((end - start) as usize, 0);
        self.file.read_at(&mut unpacked.packed, start)?;
        let expected = PIECE_BYTES.min(self.length - piece * PIECE_BYTES) as usize;
        unpacked.bytes.clear();
        unpacked.bytes.resize(expected, 0);
        let Unpacked { bytes, packed, decompressor, .. } = unpacked;
        let found = decompressor.decompress_to_buffer(packed, bytes.as_mut_slice());
        if found.ok() != Some(expected) {
            return Err(damaged(&format!("is damaged between bytes {start} and {end}")));
        }
        unpacked.piece = Some(piece);
        Ok(())
    }
}

/// Where the pieces start, and how long they are unpacked.
fn read_entries(entries: &[u8], table_at: u64) -> io::Result<(Vec<u64>, u64)> {
    let (mut starts, mut at, mut length) = (vec![0], 0, 0);
    for entry in entries.chunks_exact(ENTRY as usize) {
        let (packed, unpacked) = (u64::from(u32_at(entry, 0)), u64::from(u32_at(entry, 4)));
        let follows_short_piece = length % PIECE_BYTES != 0;
        if follows_short_piece
            || unpacked == 0
            || unpacked > PIECE_BYTES
            || packed > 2 * PIECE_BYTES
        {
            return Err(damaged("has a damaged table"));
        }
        at += packed;
        length += unpacked;
        starts.push(at);
    }
    if at == table_at { Ok((starts, length)) } else { Err(damaged("has a damaged table")) }
}

impl<F: StorageFile> StorageFile for Archive<F> {
    fn length(&self) -> io::Result<u64> {
        Ok(self.length)
    }

    fn read_at(&self, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
        let end = offset.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut unpacked = self.unpacked.borrow_mut();
        while !bytes.is_empty() {
            self.unpack(&mut unpacked, offset / PIECE_BYTES)?;
            let held = &unpacked.bytes[(offset % PIECE_BYTES) as usize..];
            let count = held.len().min(bytes.len());
            let (now, later) = bytes.split_at_mut(count);
            now.copy_from_slice(&held[..count]);
            bytes = later;
            offset += count as u64;
        }
        Ok(())
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(ErrorKind::PermissionDenied.into())
    }

    /// Nothing can be written, and the file was synced before it got its name.
    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Compresses `from` into `to`, which is empty, and syncs it, piece by piece: a
/// journal beside it hardly feels them.
pub(crate) fn compress(from: &impl StorageFile, to: &impl StorageFile) -> io::Result<()> {
    let length = from.length()?;
    let mut compressor = Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    let (mut at, mut entries, mut piece) = (0, Vec::new(), Vec::new());
    for offset in (0..length).step_by(PIECE_BYTES as usize) {
        piece.resize(PIECE_BYTES.min(length - offset) as usize, 0);
        from.read_at(&mut piece, offset)?;
        let packed = compressor.compress(&piece)?;
        to.write_at(&packed, at)?;
        to.sync_data()?;
        at += packed.len() as u64;
        entries.extend_from_slice(&narrow(packed.len())?.to_le_bytes());
        entries.extend_from_slice(&narrow(piece.len())?.to_le_bytes());
    }
    let pieces = narrow(entries.len() / ENTRY as usize)?;
    let table = [
        &SKIPPABLE_MAGIC.to_le_bytes()[..],
        &narrow(entries.len() + FOOTER as usize)?.to_le_bytes(),
        &entries,
        &pieces.to_le_bytes(),
        &[0],
        &SEEKABLE_MAGIC.to_le_bytes(),
    ]
    .concat();
    to.write_at(&table, at)?;
    to.sync_data()
}

fn narrow(length: usize) -> io::Result<u32> {
    u32::try_from(length).map_err(|_| Error::other("a segment this long cannot be compressed"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn damaged(what: &str) -> Error {
    let text = format!("its compressed file (.seg.zst) {what}; restore it from a copy");
    Error::new(ErrorKind::InvalidData, text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::sim::{SimulatedDisk, SimulatedFile};
    use crate::storage::Storage;
    use proptest::prelude::*;

    fn file(bytes: &[u8]) -> SimulatedFile {
        let file = SimulatedDisk::new(1).create("file").unwrap();
        file.write_at(bytes, 0).unwrap();
        file
    }

    fn read_all(file: &impl StorageFile) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; file.length()? as usize];
        file.read_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    fn plain() -> Vec<u8> {
        (0..(2 << 20) + 4_096_u64).map(|i| ((i * i) >> 12) as u8).collect()
    }

    fn packed(plain: &[u8]) -> Vec<u8> {
        let to = file(b"");
        compress(&file(plain), &to).unwrap();
        read_all(&to).unwrap()
    }

    #[test]
    fn what_was_packed_is_unpacked_from_anywhere() {
        let plain = plain();
        let archive = Archive::open(file(&packed(&plain))).unwrap();
        assert!(read_all(&archive).unwrap() == plain);
        for (offset, bytes) in [(0, 1), (1 << 20, 1), ((1 << 20) - 5, 10), (2 << 20, 4_096)] {
            let mut read = vec![0; bytes];
            archive.read_at(&mut read, offset as u64).unwrap();
            assert!(read == plain[offset..offset + bytes]);
        }
        for (offset, bytes) in [(plain.len(), 1), (0, plain.len() + 1)] {
            assert!(archive.read_at(&mut vec![0; bytes], offset as u64).is_err());
        }
        assert!(archive.read_at(&mut [0; 8], u64::MAX - 3).is_err());
    }

    #[test]
    fn any_zstd_gives_the_segment_back() {
        let plain = plain();
        assert!(zstd::stream::decode_all(&packed(&plain)[..]).unwrap() == plain);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn any_damage_is_an_error_or_does_no_harm(
            at: prop::sample::Index, from_end: bool, mask in 1_u8.., cut: Option<prop::sample::Index>,
        ) {
            let plain = &plain()[..5_000];
            let mut bytes = packed(plain);
            let at = if from_end { bytes.len() - 1 - at.index(25) } else { at.index(bytes.len()) };
            bytes[at] ^= mask;
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(archive) = Archive::open(file(&bytes))
                && let Ok(read) = read_all(&archive)
            {
                prop_assert!(read == plain);
            }
        }

        #[test]
        fn any_bytes_are_an_archive_or_not(
            mut bytes in prop::collection::vec(any::<u8>(), 0..80), pieces: u32, sealed: bool,
        ) {
            if sealed {
                bytes.extend_from_slice(&pieces.to_le_bytes());
                bytes.push(0);
                bytes.extend_from_slice(&SEEKABLE_MAGIC.to_le_bytes());
            }
            if let Ok(archive) = Archive::open(file(&bytes)) {
                prop_assert!(archive.length <= 10 * PIECE_BYTES);
                let _ = read_all(&archive);
            }
        }
    }
}
