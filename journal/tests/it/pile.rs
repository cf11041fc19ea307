//! A pile of bytes as a directory of files, for a fuzzer to shake.
//!
//! Bytes describe files one after the other: what kind it is, what shall be put
//! right in it, and its content without the zeros that fill it up. Checksums, links
//! between frames, lengths and names can be put right, because a fuzzer that
//! changes a byte would otherwise never get past the first of them. Then everything
//! that reads a journal is let loose on it: none may panic, none may change
//! anything by reading, and what is recovered must be what was read.

use crate::fixture::{Kept, OPTIONS, append, frame, keep};
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{
    Access, Identity, JournalError, Reader, Recovery, Retention, SnapshotStore, Storage,
    StorageFile, tidy,
};
use std::collections::BTreeMap;
use std::io::Read;
use std::num::NonZeroUsize;

/// Bytes of every segment, unless it is cut.
const SEGMENT: usize = 16 << 10;
const PAGE: usize = 4_096;
/// What is described of a header: the rest of a config that is longer is zeros.
const HEAD: usize = 192;
/// A description of a file: kind, what to put right, and the content's length.
const ENTRY: usize = 4;
/// Files in a pile, at most.
const MOST_FILES: usize = 16;

const SEAL_HEADER: u8 = 1;
const SEAL_FRAMES: u8 = 2;
const LINK: u8 = 4;
/// The file ends with its content.
const CUT: u8 = 8;

/// What is put right from one file to the next.
struct Links {
    number: u32,
    sequence: u64,
    chain: u64,
}

/// The files that some bytes describe; what makes no sense is left out.
pub(crate) fn from_bytes(mut bytes: &[u8]) -> SimulatedDisk {
    let mut files = BTreeMap::new();
    let mut links = Links { number: 1, sequence: 1, chain: 0 };
    while let Some((&[kind, seal, low, high], rest)) = bytes.split_first_chunk::<ENTRY>() {
        let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
        let (content, rest) = rest.split_at(length);
        bytes = rest;
        if files.len() < MOST_FILES
            && let Some((name, content)) = file(kind, seal, content, &mut links)
        {
            files.insert(name, content);
        }
    }
    let disk = SimulatedDisk::new(1);
    for (name, content) in files {
        disk.create(&name).unwrap().write_at(&content, 0).unwrap();
    }
    disk.sync_directory().unwrap();
    disk
}

fn file(kind: u8, seal: u8, content: &[u8], links: &mut Links) -> Option<(String, Vec<u8>)> {
    let number = links.number;
    match kind % 7 {
        0 => {
            links.number += 1;
            Some((format!("{number:08}.seg"), segment(content, seal, number, links)))
        }
        1 => {
            // Both forms of a segment can be there.
            links.number += u32::from(seal & CUT == 0);
            Some((format!("{number:08}.seg.zst"), content.to_vec()))
        }
        2 => {
            links.number += 1;
            Some((format!("{number:08}.seg.zst"), archive(content)))
        }
        3 => Some(("begun".into(), mark(content, seal))),
        4 => Some(("kept".into(), mark(content, seal))),
        5 => Some(snapshot(content, seal)),
        _ => {
            let name = std::str::from_utf8(content.get(..12)?).ok()?;
            Some((name.into(), content[12..].to_vec()))
        }
    }
}

/// The start of a header, then what begins on the second page.
fn paged(content: &[u8], length: usize) -> Vec<u8> {
    let (head, frames) = content.split_at(content.len().min(HEAD));
    let mut bytes = vec![0; length.max(PAGE)];
    bytes[..head.len()].copy_from_slice(head);
    let held = frames.len().min(bytes.len() - PAGE);
    bytes[PAGE..PAGE + held].copy_from_slice(&frames[..held]);
    bytes
}

fn segment(content: &[u8], seal: u8, number: u32, links: &mut Links) -> Vec<u8> {
    let is_cut = seal & CUT != 0;
    let length = if is_cut { PAGE + content.len().saturating_sub(HEAD) } else { SEGMENT };
    let mut bytes = paged(content, length);
    if seal & LINK != 0 {
        put(&mut bytes, 0, b"RINGSEGM\x01\0\0\0");
        put(&mut bytes, 32, &number.to_le_bytes());
        put(&mut bytes, 40, &(length as u64).to_le_bytes());
        put(&mut bytes, 48, &links.sequence.to_le_bytes());
        put(&mut bytes, 56, &links.chain.to_le_bytes());
    }
    if seal & SEAL_HEADER != 0 {
        let config = (u32_at(&bytes, 64) as usize).min(PAGE - 128);
        let fingerprint = crc32c::crc32c(&bytes[128..128 + config]);
        put(&mut bytes, 36, &fingerprint.to_le_bytes());
        checksum(&mut bytes[..PAGE], 12);
    }
    if seal & SEAL_FRAMES != 0 {
        seal_frames(&mut bytes, seal & LINK != 0, links);
    }
    bytes
}

fn seal_frames(bytes: &mut [u8], link: bool, links: &mut Links) {
    let mut at = PAGE;
    while at + 64 <= bytes.len() && bytes[at..at + 4] == *b"RMFR" {
        let body = u32_at(bytes, at + 48) as usize;
        let Some(end) = (at + 64).checked_add(body).filter(|end| *end <= bytes.len()) else {
            return;
        };
        if link {
            put(bytes, at + 24, &links.sequence.to_le_bytes());
            put(bytes, at + 40, &links.chain.to_le_bytes());
        }
        let body_crc = crc32c::crc32c(&bytes[at + 64..end]);
        put(bytes, at + 12, &body_crc.to_le_bytes());
        checksum(&mut bytes[at..at + 64], 8);
        links.sequence = links.sequence.saturating_add(u32_at(bytes, at + 20).into());
        links.chain = u64::from(u32_at(bytes, at + 8)) | u64::from(body_crc) << 32;
        at = end.next_multiple_of(64);
    }
}

/// A packed piece with a sound table of one entry.
fn archive(packed: &[u8]) -> Vec<u8> {
    let mut bytes = packed.to_vec();
    bytes.extend_from_slice(&0x184D_2A5E_u32.to_le_bytes());
    bytes.extend_from_slice(&17_u32.to_le_bytes());
    bytes.extend_from_slice(&(packed.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(SEGMENT as u32).to_le_bytes());
    bytes.extend_from_slice(&1_u32.to_le_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&0x8F92_EAB1_u32.to_le_bytes());
    bytes
}

fn mark(content: &[u8], seal: u8) -> Vec<u8> {
    let mut bytes = vec![0; 2 * PAGE];
    for (slot, place) in content.chunks(64).zip([0, PAGE]) {
        put(&mut bytes, place, slot);
        if seal & SEAL_HEADER != 0 {
            put(&mut bytes, place, b"RINGMARK\x01\0\0\0");
            checksum(&mut bytes[place..place + 64], 12);
        }
    }
    bytes
}

fn snapshot(content: &[u8], seal: u8) -> (String, Vec<u8>) {
    let body = content.len().saturating_sub(HEAD + 64);
    let mut bytes = paged(content, PAGE + if body > 0 { 64 + body } else { 0 });
    if seal & SEAL_FRAMES != 0 && body > 0 {
        put(&mut bytes, PAGE, b"RINGCHNK");
        let body_crc = crc32c::crc32c(&bytes[PAGE + 64..]);
        put(&mut bytes, PAGE + 12, &body_crc.to_le_bytes());
        put(&mut bytes, PAGE + 16, &[0; 16]);
        put(&mut bytes, PAGE + 32, &(body as u32).to_le_bytes());
        checksum(&mut bytes[PAGE..PAGE + 64], 8);
        let hash = u64::from(u32_at(&bytes, PAGE + 8)) | u64::from(body_crc) << 32;
        put(&mut bytes, 72, &(body as u64).to_le_bytes());
        put(&mut bytes, 80, &hash.to_le_bytes());
    }
    if seal & SEAL_HEADER != 0 {
        put(&mut bytes, 0, b"RINGSNAP\x01\0\0\0");
        let config = (u32_at(&bytes, 36) as usize).min(PAGE - 128);
        let fingerprint = crc32c::crc32c(&bytes[128..128 + config]);
        put(&mut bytes, 32, &fingerprint.to_le_bytes());
        checksum(&mut bytes[..PAGE], 12);
    }
    let sequence = u64::from(u32_at(&bytes, 40)) | u64::from(u32_at(&bytes, 44)) << 32;
    (format!("{sequence:020}.snap"), bytes)
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Puts the checksum of a header, which stands at `at`, right.
fn checksum(bytes: &mut [u8], at: usize) {
    let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..at]), &bytes[at + 4..]);
    put(bytes, at, &crc.to_le_bytes());
}

/// The bytes that describe the files of a disk: a seed for a fuzzer.
pub(crate) fn to_bytes(disk: &SimulatedDisk, seal: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in disk.contents() {
        let held = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let pages = || [&content[..HEAD], &content[PAGE..held.max(PAGE)]].concat();
        let (kind, content) = match name.as_str() {
            "begun" | "kept" => (
                if name == "begun" { 3 } else { 4 },
                [&content[..64], &content[PAGE..PAGE + 64]].concat(),
            ),
            // Prepared and not begun: the next writer makes another.
            _ if held == 0 => continue,
            _ if name.ends_with(".seg") => (0, pages()),
            _ if name.ends_with(".zst") => (1, content.clone()),
            _ if name.ends_with(".snap") => (5, pages()),
            _ => continue,
        };
        let length = u16::try_from(content.len()).unwrap();
        bytes.extend_from_slice(&[kind, seal]);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&content);
    }
    bytes
}

/// What became of a pile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Played {
    /// Frames that a reader yielded before the end or a refusal.
    pub(crate) frames: usize,
    /// It was read to a sound end.
    pub(crate) is_sound: bool,
    /// A sound snapshot was read.
    pub(crate) has_snapshot: bool,
    /// A writer went on at its end.
    pub(crate) was_recovered: bool,
    /// Segments that were compressed afterwards.
    pub(crate) compressed: usize,
}

/// Reads, recovers, extends and tidies a directory.
pub(crate) fn play(disk: &SimulatedDisk) -> Played {
    let before = disk.contents();
    let (frames, identity, error) = read(disk);
    let identity = identity.unwrap_or_else(|| Identity::new("", b"").unwrap());
    let store = SnapshotStore::new(disk.clone(), identity.clone(), NonZeroUsize::MIN);
    let mut played = Played {
        frames: frames.len(),
        is_sound: error.is_none(),
        has_snapshot: read_snapshot(&store, before.values().map(Vec::len).sum()),
        ..Played::default()
    };
    assert!(disk.contents() == before, "reading has changed something");
    for from_snapshot in [true, false] {
        let Some((recovered, extended)) = recover(disk, &identity, &store, from_snapshot) else {
            assert!(disk.contents() == before, "a refusal has changed something");
            continue;
        };
        played.was_recovered = true;
        if error.is_none() && !from_snapshot {
            assert!(recovered == frames, "a recovery and a reader see different frames");
        }
        let (again, _, refused) = read(disk);
        if let (Some(damage), true) = (&error, from_snapshot) {
            // The damage is in a segment before the snapshot's: a start from the
            // snapshot does not read it, and does not mend it.
            let refused = refused.map(|error| error.to_string());
            assert_eq!(refused, Some(damage.to_string()), "another damage than before");
            let store = Some(&store);
            let found = open_and_read(disk, &identity, store).map(|(_, frames)| frames);
            assert!(found == Some(extended), "what was recovered is not there");
        } else {
            assert!(refused.is_none(), "what was recovered is refused: {}", refused.unwrap());
            assert!(again.ends_with(&extended), "what was recovered is not there");
        }
        if let Ok(tidied) = tidy(disk, &store, Retention::Compress) {
            played.compressed = tidied.compressed.len();
            assert!(read(disk).0 == again, "compressing has changed what is read");
        }
        return played;
    }
    played
}

/// Everything that a reader yields, from the beginning and while it is written.
fn read(disk: &SimulatedDisk) -> (Vec<Kept>, Option<Identity>, Option<JournalError>) {
    let mut frames = Vec::new();
    let mut reader = match Reader::open(disk.clone()) {
        Ok(reader) => reader,
        Err(error) => return (frames, None, Some(error)),
    };
    let identity = Some(reader.identity().clone());
    let error = loop {
        match reader.next_frame() {
            Ok(Some(frame)) => frames.push(keep(frame)),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let mut live = Reader::open(disk.clone()).unwrap();
    let mut polled = 0;
    while let Ok(Some(_)) = live.poll_frame() {
        polled += 1;
    }
    assert_eq!(polled, frames.len(), "a reader at the tail sees other frames");
    (frames, identity, error)
}

/// Whether there is a sound snapshot; it holds no more than its file.
fn read_snapshot(store: &SnapshotStore<SimulatedDisk>, file_bytes: usize) -> bool {
    let Ok(newest) = store.newest() else { return false };
    let Some(mut snapshot) = newest.snapshot else { return false };
    let mut body = Vec::new();
    snapshot.read_to_end(&mut body).unwrap();
    assert!(body.len() as u64 == snapshot.body_bytes() && body.len() <= file_bytes);
    true
}

/// Recovers and writes one more frame: what was recovered, and both.
fn recover(
    disk: &SimulatedDisk,
    identity: &Identity,
    store: &SnapshotStore<SimulatedDisk>,
    from_snapshot: bool,
) -> Option<(Vec<Kept>, Vec<Kept>)> {
    let before = disk.contents();
    let (recovery, recovered) = open_and_read(disk, identity, from_snapshot.then_some(store))?;
    assert!(disk.contents() == before, "a recovery has changed something before it may");
    let (mut writer, _) = match recovery.into_writer() {
        Ok(recovered) => recovered,
        // Nothing else is wrong with this disk: there are no more numbers, or the
        // last segment is a compressed one, whose successor is gone.
        Err(error) => {
            let is_known = matches!(error, JournalError::Exhausted | JournalError::LostEnd { .. });
            assert!(is_known, "{error}");
            restore(disk, &before);
            return None;
        }
    };
    let mut extended = recovered.clone();
    let more = frame(writer.next_sequence(), 1, 70);
    match append(&mut writer, &more) {
        Ok(()) => extended.push(more),
        Err(error) => assert!(
            matches!(error, JournalError::Exhausted | JournalError::FrameTooLarge { .. }),
            "{error}"
        ),
    }
    writer.sync().unwrap();
    Some((recovered, extended))
}

/// A recovery that has read everything, from a snapshot or from the beginning.
fn open_and_read(
    disk: &SimulatedDisk,
    identity: &Identity,
    store: Option<&SnapshotStore<SimulatedDisk>>,
) -> Option<(Recovery<SimulatedDisk>, Vec<Kept>)> {
    let mut recovery = Recovery::open(disk.clone(), identity.clone(), OPTIONS).ok()?;
    if let Some(store) = store {
        recovery.start_from(store).ok()?.snapshot?;
    }
    let mut frames = Vec::new();
    while let Some(frame) = recovery.next_frame().ok()? {
        frames.push(keep(frame));
    }
    Some((recovery, frames))
}

/// Gives the files of a disk back the content that they had.
fn restore(disk: &SimulatedDisk, contents: &BTreeMap<String, Vec<u8>>) {
    for name in disk.contents().keys().filter(|name| !contents.contains_key(*name)) {
        disk.remove(name).unwrap();
    }
    for (name, content) in contents {
        let file = disk.open(name, Access::Write).or_else(|_| disk.create(name)).unwrap();
        file.write_at(content, 0).unwrap();
    }
}
