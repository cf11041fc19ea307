//! Arbitrary bytes in every parser, and arbitrary damage to a journal.

use crate::fixture::{Folder, Kept, append, frame, keep};
use proptest::prelude::*;
use ringmatch_journal::frame::{Decoded, FrameHeader};
use ringmatch_journal::segment::{DecodedSegment, SegmentHeader};
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{JournalError, Reader, Storage, StorageFile};
use std::fs;
use std::sync::OnceLock;

/// One committed journal of a single segment with its frames.
fn journal() -> &'static (Vec<u8>, Vec<Kept>) {
    static JOURNAL: OnceLock<(Vec<u8>, Vec<Kept>)> = OnceLock::new();
    JOURNAL.get_or_init(|| {
        let (folder, frames) = Folder::with_frames(&[10, 600, 0, 1_300, 64, 200]);
        (fs::read(folder.segment(1)).unwrap(), frames)
    })
}

/// Reads a segment alone, to the end or to a refusal.
fn read_all(bytes: &[u8]) -> (Vec<Kept>, Option<JournalError>) {
    let disk = SimulatedDisk::new(0);
    disk.create("00000001.seg").unwrap().write_at(bytes, 0).unwrap();
    let mut frames = Vec::new();
    let mut reader = match Reader::open(disk) {
        Ok(reader) => reader,
        Err(error) => return (frames, Some(error)),
    };
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => frames.push(keep(frame)),
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error)),
        }
    }
}

/// A header with arbitrary content whose checksum is right.
fn sealed(mut bytes: Vec<u8>) -> [u8; 64] {
    bytes[..4].copy_from_slice(b"RMFR");
    let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..8]), &bytes[12..]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    bytes.try_into().unwrap()
}

#[derive(Clone, Debug)]
enum Damage {
    Flip { at: usize, mask: u8 },
    Fill { at: usize, length: usize, with: u8 },
    Copy { from: usize, to: usize, length: usize },
    Truncate { length: usize },
}

impl Damage {
    fn any(size: usize) -> impl Strategy<Value = Self> {
        // Half of it where the frames are.
        let at = || prop_oneof![0..size, 4_096..4_096 + 3_000_usize];
        prop_oneof![
            (at(), 1_u8..).prop_map(|(at, mask)| Self::Flip { at, mask }),
            (at(), 1..2_000_usize, any::<u8>()).prop_map(|(at, length, with)| Self::Fill {
                at,
                length,
                with
            }),
            (at(), at(), 1..2_000_usize).prop_map(|(from, to, length)| Self::Copy {
                from: from / 64 * 64,
                to: to / 64 * 64,
                length,
            }),
            at().prop_map(|length| Self::Truncate { length }),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        let size = bytes.len();
        match *self {
            Self::Flip { at, mask } if at < size => bytes[at] ^= mask,
            Self::Flip { .. } => {}
            Self::Fill { at, length, with } => {
                bytes[at.min(size)..(at + length).min(size)].fill(with);
            }
            Self::Copy { from, to, length } => {
                let length = length.min(size.saturating_sub(from.max(to)));
                bytes.copy_within(from.min(size)..(from + length).min(size), to.min(size));
            }
            Self::Truncate { length } => bytes.truncate(length),
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_header_or_not(bytes in prop::collection::vec(any::<u8>(), 64)) {
        let sealed = sealed(bytes.clone());
        let _ = FrameHeader::decode(&bytes.try_into().unwrap());
        if let Decoded::Header(header, hash) = FrameHeader::decode(&sealed) {
            prop_assert!(header.frame_bytes() <= 64 + (4 << 20));
            prop_assert_eq!(header.encode(), (sealed, hash));
        }
    }

    #[test]
    fn any_possible_header_is_read_as_it_was(
        kind: u8, body_crc: u32, epoch: u32, count: u32, first_sequence in 0..u64::MAX / 2,
        time_ns: u64, chain: u64, body_bytes in 0..=4_u32 << 20, units in 64..1_u64 << 40,
    ) {
        let synced_to = units * 64;
        let header = FrameHeader {
            kind, body_crc, epoch, count, first_sequence, time_ns, chain, body_bytes, synced_to,
        };
        let (bytes, hash) = header.encode();
        prop_assert_eq!(FrameHeader::decode(&bytes), Decoded::Header(header, hash));
    }

    #[test]
    fn any_bytes_are_a_segment_header_or_not(
        start in prop::collection::vec(any::<u8>(), 0..200), length in 0..5_000_usize, sealed: bool,
    ) {
        let mut bytes = start;
        bytes.resize(length, 0);
        if sealed && bytes.len() >= 4_096 {
            bytes[..12].copy_from_slice(b"RINGSEGM\x01\0\0\0");
            let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..4_096]);
            bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        }
        if let DecodedSegment::Header(header) = SegmentHeader::decode(&bytes) {
            prop_assert!(header.identity.config().len() <= 3_968);
        }
    }

    #[test]
    fn any_file_is_read_or_refused(content in prop::collection::vec(any::<u8>(), 0..300), at in 0..5_000_usize) {
        let mut bytes = journal().0.clone();
        bytes[at..at + content.len()].copy_from_slice(&content);
        let (frames, _) = read_all(&bytes);
        prop_assert!(frames.iter().zip(&journal().1).all(|(read, written)| read == written));
    }

    /// Frames come back as they were written or not at all; and if any is
    /// missing that a later one had promised, the journal is refused.
    #[test]
    fn any_damage_is_found_or_does_no_harm(
        damages in prop::collection::vec(Damage::any(16 << 10), 1..4)
    ) {
        let (bytes, written) = journal();
        let mut damaged = bytes.clone();
        damages.iter().for_each(|damage| damage.apply(&mut damaged));
        let (frames, error) = read_all(&damaged);
        prop_assert!(frames.len() <= written.len());
        prop_assert!(frames == written[..frames.len()], "other frames than were written");
        if let [Damage::Flip { at, .. }] = damages[..] && error.is_none() && frames != *written {
            let last = bytes.iter().rposition(|byte| *byte != 0).unwrap() - 64 - 199;
            prop_assert!(at >= last, "a flip at {at} lost frames and was not refused");
        }
    }

    #[test]
    fn any_bodies_come_back(sizes in prop::collection::vec(0..12_000_usize, 0..12)) {
        let disk = SimulatedDisk::new(0);
        let (_, mut writer, _) = crate::fixture::recover(disk.clone()).unwrap();
        let frames: Vec<Kept> =
            (1..).zip(sizes).map(|(sequence, bytes)| frame(sequence, 1, bytes)).collect();
        frames.iter().for_each(|frame| append(&mut writer, frame).unwrap());
        writer.commit(0).unwrap();
        prop_assert!(crate::fixture::read(disk).unwrap() == frames);
    }
}
