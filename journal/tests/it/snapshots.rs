//! Snapshots: saved whole or not at all, believed only when sound, and held
//! against the journal they belong to.

use crate::fixture::{Folder, Kept, OPTIONS, append, frame, identity, keep, recover};
use fastrand::Rng;
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{
    Access, Identity, JournalError, Position, Reader, Recovery, SaveRate, Snapshot, SnapshotInfo,
    SnapshotStore, Storage, StorageFile, Writer,
};
use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroUsize;

fn store<S: Storage>(storage: S, keep: usize) -> SnapshotStore<S> {
    SnapshotStore::new(storage, identity(), NonZeroUsize::new(keep).unwrap())
}

fn info(position: Position) -> SnapshotInfo {
    let digest = position.next_sequence * 17;
    SnapshotInfo { position, digest, body_version: 3, time_ns: position.next_sequence * 1_000 }
}

fn at(next_sequence: u64) -> SnapshotInfo {
    info(Position { next_sequence, chain: next_sequence * 5 })
}

/// A body that no other snapshot has.
fn body(next_sequence: u64, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (i as u64 * 131 + next_sequence * 29 + (i as u64 >> 8)) as u8).collect()
}

fn read_body<S: Storage>(mut snapshot: Snapshot<S>) -> Vec<u8> {
    let mut bytes = Vec::new();
    snapshot.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_body_of_any_size_comes_back() {
    const CHUNK: usize = 1 << 20;
    let folder = Folder::new();
    let store = store(folder.open(), 1);
    assert!(store.newest().unwrap().snapshot.is_none());
    for (n, bytes) in
        (1..).zip([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7, 21 * CHUNK + 5])
    {
        let mut writer = store.begin(at(n), SaveRate::Full).unwrap();
        for piece in body(n, bytes).chunks(700_001) {
            writer.write_all(piece).unwrap();
        }
        assert_eq!(store.newest().unwrap().snapshot.map(|s| s.info()), (n > 1).then(|| at(n - 1)));
        writer.finish().unwrap();
        let snapshot = store.newest().unwrap().snapshot.unwrap();
        assert_eq!((snapshot.info(), snapshot.body_bytes()), (at(n), bytes as u64));
        assert!(read_body(snapshot) == body(n, bytes), "{bytes} bytes");
    }
}

#[test]
fn the_oldest_go_and_the_newest_is_found() {
    let folder = Folder::new();
    let store = store(folder.open(), 3);
    for n in [9, 10, 11, 99, 100] {
        store.save(at(n), &body(n, 100)).unwrap();
    }
    let mut names: Vec<String> = folder.open().list().unwrap();
    names.retain(|name| name != "snapshot-lock");
    names.sort();
    let expected = [11, 99, 100].map(|n| format!("{n:020}.snap"));
    assert_eq!(names, expected);
    assert_eq!(store.newest().unwrap().snapshot.unwrap().info(), at(100));
}

#[test]
fn a_slow_save_gives_the_same_file() {
    let folders = [Folder::new(), Folder::new()];
    let files = folders.each_ref().map(|folder| {
        let rate = SaveRate::BytesPerSecond(u64::MAX);
        let rate = if folder.path() == folders[0].path() { SaveRate::Full } else { rate };
        let store = store(folder.open(), 1);
        let mut writer = store.begin(at(4), rate).unwrap();
        writer.append(&body(4, 300_000)).unwrap();
        writer.finish().unwrap();
        fs::read(folder.path().join(format!("{:020}.snap", 4))).unwrap()
    });
    assert!(files[0] == files[1]);
}

#[test]
fn any_changed_byte_is_found_and_the_one_before_serves() {
    let disk = SimulatedDisk::new(1);
    let store = store(disk.clone(), 2);
    store.save(at(1), &body(1, 10)).unwrap();
    store.save(at(2), &body(2, 300)).unwrap();
    let name = format!("{:020}.snap", 2);
    let file = disk.open(&name, Access::Write).unwrap();
    let whole = disk.contents().remove(&name).unwrap();
    // Every byte that says something, and each bit of some.
    let spots = (0..160).chain(4_090..whole.len());
    for spot in spots {
        let changed = whole[spot] ^ 1 << (spot % 8);
        file.write_at(&[changed], spot as u64).unwrap();
        let newest = store.newest().unwrap();
        assert_eq!(newest.snapshot.unwrap().info(), at(1), "byte {spot}");
        assert!(matches!(newest.passed_over[..], [JournalError::DamagedSnapshot { .. }]));
        file.write_at(&whole[spot..=spot], spot as u64).unwrap();
    }
    assert_eq!(store.newest().unwrap().snapshot.unwrap().info(), at(2));
}

#[test]
fn a_cut_grown_swapped_or_foreign_snapshot_is_not_believed() {
    let folder = Folder::new();
    let store = store(folder.open(), 3);
    for n in 1..=3 {
        store.save(at(n), &body(n, 2 << 20)).unwrap();
    }
    let path = |n: u64| folder.path().join(format!("{n:020}.snap"));
    let whole = fs::read(path(3)).unwrap();
    let chunk = 64 + (1 << 20);
    let swapped =
        [&whole[..4_096], &whole[4_096 + chunk..4_096 + 2 * chunk], &whole[4_096..4_096 + chunk]];
    let other = fs::read(path(2)).unwrap();
    let mixed = [&whole[..4_096 + chunk], &other[4_096 + chunk..]].concat();
    let grown = [&whole[..], &[0]].concat();
    let (cut, short) = (&whole[..whole.len() - 1], &whole[..100]);
    for bytes in [&swapped.concat(), &mixed, &grown, cut, short, &[], &other] {
        fs::write(path(3), bytes).unwrap();
        let newest = store.newest().unwrap();
        assert_eq!(newest.snapshot.unwrap().info(), at(2));
        assert_eq!(newest.passed_over.len(), 1);
    }
    let mut unknown = whole.clone();
    unknown[8] = 2;
    let crc = crc32c::crc32c_append(crc32c::crc32c(&unknown[..12]), &unknown[16..4_096]);
    unknown[12..16].copy_from_slice(&crc.to_le_bytes());
    fs::write(path(3), unknown).unwrap();
    let passed_over = store.newest().unwrap().passed_over;
    assert!(matches!(passed_over[..], [JournalError::UnknownVersion { found: 2, .. }]));
    // Another venue's, or of another configuration, is no matter of damage.
    for (venue, config) in [("BRAVO", "orders = 1000"), ("ALPHA", "orders = 2000")] {
        let identity = Identity::new(venue, config.as_bytes()).unwrap();
        let foreign = SnapshotStore::new(folder.open(), identity, NonZeroUsize::MIN);
        let error = foreign.newest().map(|_| ()).unwrap_err();
        assert!(
            matches!(error, JournalError::ForeignVenue { .. } | JournalError::ChangedConfig { .. }),
            "{error}"
        );
    }
}

/// A large one is checked by two threads, a half each: what is wrong in either half,
/// or where they meet, is found, and the place is said.
#[test]
fn damage_in_either_half_of_a_large_snapshot_is_found() {
    const CHUNK: usize = 64 + (1 << 20);
    let folder = Folder::new();
    let store = store(folder.open(), 2);
    store.save(at(1), b"small").unwrap();
    store.save(at(2), &body(2, 13 << 20)).unwrap();
    let path = folder.path().join(format!("{:020}.snap", 2));
    let whole = fs::read(&path).unwrap();
    let chunk = |n: usize| 4_096 + n * CHUNK;
    for (at_byte, expected) in [
        (chunk(0) + 70, chunk(0)),
        (chunk(5) + CHUNK - 1, chunk(5)),
        // The hash that it names is that of the chunk before; it is in its header.
        (chunk(6) + 24, chunk(6)),
        (chunk(12) + 8, chunk(12)),
    ] {
        let mut damaged = whole.clone();
        damaged[at_byte] ^= 1;
        fs::write(&path, &damaged).unwrap();
        let newest = store.newest().unwrap();
        assert_eq!(newest.snapshot.unwrap().info(), at(1));
        let [JournalError::DamagedSnapshot { offset, .. }] = newest.passed_over[..] else {
            panic!("{:?}", newest.passed_over);
        };
        assert_eq!(offset, expected as u64);
    }
    // Each half is sound, and they are of two snapshots.
    store.save(at(3), &body(3, 13 << 20)).unwrap();
    let other = fs::read(folder.path().join(format!("{:020}.snap", 3))).unwrap();
    fs::write(&path, [&other[..chunk(6)], &whole[chunk(6)..]].concat()).unwrap();
    let oldest = store.oldest().unwrap();
    assert_eq!(oldest.snapshot.unwrap().info(), at(3));
    assert!(matches!(oldest.passed_over[..], [JournalError::DamagedSnapshot { .. }]));
}

/// What changes on the disk after all of it was found sound is found when it is read.
#[test]
fn every_chunk_is_checked_again_when_it_is_read() {
    let folder = Folder::new();
    let store = store(folder.open(), 1);
    store.save(at(1), &body(1, 30 << 20)).unwrap();
    let mut snapshot = store.newest().unwrap().snapshot.unwrap();
    let path = folder.path().join(format!("{:020}.snap", 1));
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut read = Vec::new();
    let error = snapshot.read_to_end(&mut read).unwrap_err().to_string();
    assert!(error.contains("damaged"), "{error}");
    assert!(read == body(1, 29 << 20));
}

/// Crashes and failures in every step of a save: what was saved stays, and what
/// is found is whole.
#[test]
fn a_save_cut_short_anywhere_loses_nothing() {
    for seed in 0..2_000 {
        let mut random = Rng::with_seed(seed);
        let disk = SimulatedDisk::new(seed);
        let store = store(disk.clone(), random.usize(1..3));
        let mut promised = 0;
        for n in 1..5 {
            match random.u8(0..3) {
                0 => disk.fail_write_after(random.u32(0..4)),
                1 => disk.fail_sync_after(random.u32(0..4)),
                _ => {}
            }
            let saved = store.save(at(n), &body(n, 3_000));
            disk.heal();
            if random.bool() {
                disk.power_cut();
            }
            let found = store.newest().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            let found = found.snapshot.map_or(0, |snapshot| {
                let next_sequence = snapshot.info().position.next_sequence;
                assert!(read_body(snapshot) == body(next_sequence, 3_000), "seed {seed}");
                next_sequence
            });
            // What failed may be there for now, and go with the power.
            promised = if saved.is_ok() { n } else { promised };
            assert!(found >= promised && found <= n, "seed {seed}: {found}, not {promised}");
        }
    }
}

#[test]
fn saving_again_what_is_there_keeps_the_sound_one() {
    let folder = Folder::new();
    let store = store(folder.open(), 1);
    let path = folder.path().join(format!("{:020}.snap", 7));
    store.save(at(7), b"first").unwrap();
    store.save(at(7), b"other").unwrap();
    assert_eq!(read_body(store.newest().unwrap().snapshot.unwrap()), b"first");
    fs::write(&path, b"damaged").unwrap();
    store.save(at(7), b"other").unwrap();
    assert_eq!(read_body(store.newest().unwrap().snapshot.unwrap()), b"other");
}

fn frames() -> Vec<Kept> {
    // With notes between records, and several segments.
    (0..30).map(|n| frame(1 + n / 2, u32::from(n % 2 == 1), 900)).collect()
}

fn write_frames<S: Storage>(writer: &mut Writer<S>, frames: &[Kept]) {
    for frame in frames {
        append(writer, frame).unwrap();
        writer.commit(0).unwrap();
    }
}

/// A journal, and the position after each of its frames.
fn journal(disk: &SimulatedDisk) -> (Vec<Kept>, Vec<Position>) {
    let frames = frames();
    let (_, mut writer, _) = recover(disk.clone()).unwrap();
    write_frames(&mut writer, &frames);
    let mut reader = Reader::open(disk.clone()).unwrap();
    let mut positions = Vec::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        positions.push(frame.position());
    }
    assert_eq!(reader.position(), positions[29]);
    (frames, positions)
}

#[test]
fn a_start_reads_on_behind_the_newest_snapshot() {
    let disk = SimulatedDisk::new(1);
    let (frames, positions) = journal(&disk);
    let store = store(disk.clone(), 1);
    for (n, position) in positions.iter().enumerate() {
        // A note and a record may end before the same sequence: one name each.
        for name in disk.list().unwrap().iter().filter(|name| name.ends_with(".snap")) {
            disk.remove(name).unwrap();
        }
        store.save(info(*position), &body(n as u64, 50)).unwrap();

        let mut reader = Reader::open(disk.clone()).unwrap();
        let start = reader.start_from(&store).unwrap();
        assert!(read_body(start.snapshot.unwrap()) == body(n as u64, 50));
        let mut rest = Vec::new();
        while let Some(frame) = reader.next_frame().unwrap() {
            rest.push(keep(frame));
        }
        assert!(rest == frames[n + 1..], "after frame {n}");

        let mut recovery = Recovery::open(disk.clone(), identity(), OPTIONS).unwrap();
        recovery.start_from(&store).unwrap();
        let mut rest = Vec::new();
        while let Some(frame) = recovery.next_frame().unwrap() {
            rest.push(keep(frame));
        }
        assert!(rest == frames[n + 1..], "after frame {n}");
        let (writer, report) = recovery.into_writer().unwrap();
        assert_eq!((writer.next_sequence(), report.last_sequence), (16, 15));
    }
}

#[test]
fn a_start_does_not_read_the_segments_before() {
    let disk = SimulatedDisk::new(1);
    let (_, positions) = journal(&disk);
    let store = store(disk.clone(), 1);
    store.save(info(positions[28]), b"").unwrap();
    // Damage that a replay from the beginning would find.
    disk.open("00000001.seg", Access::Write).unwrap().write_at(&[9; 10], 4_200).unwrap();
    assert!(crate::fixture::read(disk.clone()).is_err());
    let mut reader = Reader::open(disk).unwrap();
    reader.start_from(&store).unwrap();
    assert_eq!(reader.next_frame().unwrap().unwrap().position(), positions[29]);
}

#[test]
fn without_a_snapshot_a_start_is_the_beginning() {
    let disk = SimulatedDisk::new(1);
    let (frames, _) = journal(&disk);
    let mut reader = Reader::open(disk.clone()).unwrap();
    for _ in 0..3 {
        reader.next_frame().unwrap();
    }
    assert!(reader.start_from(&store(disk, 1)).unwrap().snapshot.is_none());
    assert_eq!(keep(reader.next_frame().unwrap().unwrap()), frames[0]);
}

#[test]
fn a_journal_that_ends_before_a_snapshot_is_refused() {
    let disk = SimulatedDisk::new(1);
    let (_, positions) = journal(&disk);
    let store = store(disk.clone(), 2);
    store.save(info(positions[3]), b"").unwrap();
    store.save(info(positions[29]), b"").unwrap();
    // The last frame is replaced with zeros: nothing in the journal tells.
    let (segment, offset) = {
        let mut reader = Reader::open(disk.clone()).unwrap();
        let mut last = (0, 0);
        while let Some(frame) = reader.next_frame().unwrap() {
            last = (frame.segment, frame.offset);
        }
        last
    };
    let file = disk.open(&format!("{segment:08}.seg"), Access::Write).unwrap();
    file.write_at(&[0; 964], offset).unwrap();
    let mut recovery = Recovery::open(disk, identity(), OPTIONS).unwrap();
    let error = recovery.start_from(&store).map(|_| ()).unwrap_err();
    assert!(
        matches!(
            error,
            JournalError::EndsBeforeSnapshot { stands_before: 16, next_sequence: 15, .. }
        ),
        "{error}"
    );
}

#[test]
fn a_snapshot_of_another_history_is_refused() {
    let disk = SimulatedDisk::new(1);
    let (_, positions) = journal(&disk);
    for at in [0, 5, 28, 29] {
        let store = store(disk.clone(), 1);
        let Position { next_sequence, chain } = positions[at];
        store.save(info(Position { next_sequence, chain: chain ^ 1 }), b"").unwrap();
        let error = Reader::open(disk.clone()).unwrap().start_from(&store).map(|_| ()).unwrap_err();
        assert!(matches!(error, JournalError::OtherHistory { .. }), "{at}: {error}");
        disk.remove(&format!("{next_sequence:020}.snap")).unwrap();
    }
}
