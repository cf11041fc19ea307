//! Closed segments compressed and dropped, beside writers and readers, and with
//! crashes in every step.

use crate::fixture::{Folder, Kept, append, frame, identity, keep, read, recover};
use fastrand::Rng;
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{
    JournalError, Position, Reader, Recovery, Retention, SnapshotInfo, SnapshotStore, Storage,
    Writer, tidy,
};
use std::fs;
use std::num::NonZeroUsize;

fn store<S: Storage>(storage: &S, keep: usize) -> SnapshotStore<S> {
    SnapshotStore::new(storage.clone(), identity(), NonZeroUsize::new(keep).unwrap())
}

fn save<S: Storage>(store: &SnapshotStore<S>, position: Position) -> Result<(), JournalError> {
    let digest = position.next_sequence;
    store.save(SnapshotInfo { position, digest, body_version: 1, time_ns: 0 }, b"a state")
}

fn write<S: Storage>(writer: &mut Writer<S>, sequences: std::ops::RangeInclusive<u64>) {
    for sequence in sequences {
        append(writer, &frame(sequence, 1, 3_900)).unwrap();
        writer.commit(0).unwrap();
    }
}

fn positions<S: Storage>(storage: &S) -> Vec<Position> {
    let mut reader = Reader::open(storage.clone()).unwrap();
    let mut positions = Vec::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        positions.push(frame.position());
    }
    positions
}

/// Three frames a segment: five segments, the last of which has one.
const FRAMES: u64 = 13;

fn expected() -> Vec<Kept> {
    (1..=FRAMES).map(|sequence| frame(sequence, 1, 3_900)).collect()
}

fn journal<S: Storage>(storage: &S) -> Writer<S> {
    let (_, mut writer, _) = recover(storage.clone()).unwrap();
    write(&mut writer, 1..=FRAMES);
    writer
}

fn rest<S: Storage>(reader: &mut Reader<S>) -> Result<Vec<Kept>, JournalError> {
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame()? {
        frames.push(keep(frame));
    }
    Ok(frames)
}

#[test]
fn compressed_segments_are_read_like_others() {
    let folder = Folder::new();
    let mut writer = journal(&folder.open());
    let mut reader = Reader::open(folder.open()).unwrap();
    reader.next_frame().unwrap();
    let store = store(&folder.open(), 1);
    let tidied = tidy(&folder.open(), &store, Retention::Compress).unwrap();
    assert_eq!((tidied.compressed, tidied.dropped), (vec![1, 2, 3, 4], vec![]));
    for number in 1..=5 {
        let archived = folder.path().join(format!("{number:08}.seg.zst"));
        assert_eq!((folder.segment(number).exists(), archived.exists()), (number > 4, number < 5));
    }
    // One that was reading, one that starts, and a writer that goes on.
    assert!(rest(&mut reader).unwrap() == expected()[1..]);
    assert!(read(folder.open()).unwrap() == expected());
    write(&mut writer, FRAMES + 1..=FRAMES + 3);
    drop(writer);
    let (frames, _, report) = recover(folder.open()).unwrap();
    assert_eq!((frames.len() as u64, report.segments), (FRAMES + 3, 6));
    let again = tidy(&folder.open(), &store, Retention::Compress).unwrap();
    assert_eq!(again.compressed, [5]);
}

#[test]
fn a_damaged_archive_is_refused_by_name() {
    let folder = Folder::new();
    drop(journal(&folder.open()));
    tidy(&folder.open(), &store(&folder.open(), 1), Retention::Compress).unwrap();
    let path = folder.path().join("00000002.seg.zst");
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(7).chain(whole.len() - 30..whole.len()) {
        let mut damaged = whole.clone();
        damaged[at] ^= 4;
        fs::write(&path, damaged).unwrap();
        match read(folder.open()) {
            // A bit that says nothing: of the table's skipped checksums.
            Ok(frames) => assert!(frames == expected(), "byte {at}"),
            Err(error) => assert!(error.to_string().contains("00000002.seg"), "{error}"),
        }
    }
    fs::remove_file(&path).unwrap();
    let error = read(folder.open()).unwrap_err();
    assert!(matches!(error, JournalError::MissingSegment { later: 3, .. }), "{error}");
}

#[test]
fn only_what_nobody_can_ask_for_is_dropped() {
    let disk = SimulatedDisk::new(1);
    let mut writer = journal(&disk);
    let store = store(&disk, 2);
    let positions = positions(&disk);
    let drop_before = |keep_from| tidy(&disk, &store, Retention::DropBefore { keep_from });
    // Without a snapshot a start needs everything.
    assert_eq!(drop_before(u64::MAX).unwrap().dropped, []);
    // The older of two snapshots may be needed: frame 5 is in segment 2.
    save(&store, positions[4]).unwrap();
    save(&store, positions[10]).unwrap();
    assert_eq!(drop_before(3).unwrap().dropped, []);
    assert_eq!(drop_before(u64::MAX).unwrap().dropped, [1]);
    let next_sequences: Vec<u64> = rest(&mut Reader::open(disk.clone()).unwrap())
        .unwrap()
        .iter()
        .map(|f| f.first_sequence)
        .collect();
    assert_eq!(next_sequences, (4..=FRAMES).collect::<Vec<_>>());
    // The bound holds: 8 is in segment 3.
    save(&store, positions[11]).unwrap();
    assert_eq!(drop_before(8).unwrap().dropped, [2]);
    assert_eq!(drop_before(u64::MAX).unwrap().dropped, [3]);
    write(&mut writer, FRAMES + 1..=FRAMES + 1);
    drop(writer);

    // From nothing there is no start any more, from the snapshot there is.
    let error = recover(disk.clone()).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::NoSnapshot { first_sequence: 10, .. }), "{error}");
    let mut recovery = Recovery::open(disk.clone(), identity(), crate::fixture::OPTIONS).unwrap();
    let start = recovery.start_from(&store).unwrap();
    assert_eq!(start.snapshot.unwrap().info().digest, 13);
    let (writer, report) = recovery.into_writer().unwrap();
    assert_eq!((writer.next_sequence(), report.epoch, report.segments), (FRAMES + 2, 2, 2));
}

/// A snapshot that stands just before a segment's first frame still needs the one
/// before: it knows the epoch.
#[test]
fn a_snapshot_at_the_end_of_a_segment_keeps_it() {
    let disk = SimulatedDisk::new(1);
    drop(journal(&disk));
    let store = store(&disk, 1);
    save(&store, positions(&disk)[11]).unwrap();
    let dropped = tidy(&disk, &store, Retention::DropBefore { keep_from: u64::MAX });
    assert_eq!(dropped.unwrap().dropped, [1, 2, 3]);
    let mut recovery = Recovery::open(disk.clone(), identity(), crate::fixture::OPTIONS).unwrap();
    recovery.start_from(&store).unwrap();
    assert_eq!(recovery.into_writer().unwrap().1.epoch, 2);
}

#[test]
fn a_lost_segment_is_not_taken_for_a_dropped_one() {
    let disk = SimulatedDisk::new(1);
    drop(journal(&disk));
    let store = store(&disk, 1);
    save(&store, positions(&disk)[7]).unwrap();
    tidy(&disk, &store, Retention::DropBefore { keep_from: u64::MAX }).unwrap();
    disk.remove("00000003.seg").unwrap();
    let error = Reader::open(disk).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::MissingSegment { later: 4, .. }), "{error}");
}

#[test]
fn a_reader_that_is_overtaken_is_told() {
    let disk = SimulatedDisk::new(1);
    let _writer = journal(&disk);
    let store = store(&disk, 1);
    let mut slow = Reader::open(disk.clone()).unwrap();
    slow.next_frame().unwrap();
    save(&store, positions(&disk)[12]).unwrap();
    tidy(&disk, &store, Retention::DropBefore { keep_from: u64::MAX }).unwrap();
    // What it has open it can read.
    for sequence in [2, 3] {
        assert_eq!(slow.poll_frame().unwrap().unwrap().first_sequence, sequence);
    }
    for _ in 0..2 {
        let error = slow.poll_frame().map(|_| ()).unwrap_err();
        assert!(matches!(error, JournalError::Dropped { first_sequence: 13, .. }), "{error}");
    }
}

#[test]
fn two_do_not_tidy_at_once() {
    let disk = SimulatedDisk::new(1);
    let _writer = journal(&disk);
    let lock = disk.try_lock("retention-lock").unwrap();
    let error = tidy(&disk, &store(&disk, 1), Retention::Compress).unwrap_err();
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    drop(lock);
    assert_eq!(tidy(&disk, &store(&disk, 1), Retention::Compress).unwrap().compressed.len(), 4);
}

/// Failures and power cuts anywhere: no frame that a start may need is lost, and
/// the next time finishes what was begun.
#[test]
fn tidying_cut_short_anywhere_loses_nothing() {
    for seed in 0..400 {
        let mut random = Rng::with_seed(seed);
        let disk = SimulatedDisk::new(seed);
        drop(journal(&disk));
        let store = store(&disk, random.usize(1..3));
        let positions = positions(&disk);
        let mut snapshot = 0;
        for _ in 0..6 {
            if random.bool() {
                snapshot = random.usize(snapshot..positions.len());
                save(&store, positions[snapshot]).unwrap();
            }
            match random.u8(0..3) {
                0 => disk.fail_write_after(random.u32(0..12)),
                1 => disk.fail_sync_after(random.u32(0..12)),
                _ => {}
            }
            let keep_from = random.u64(1..FRAMES + 5);
            let retention = if random.bool() {
                Retention::Compress
            } else {
                Retention::DropBefore { keep_from }
            };
            let _ = tidy(&disk, &store, retention);
            disk.heal();
            if random.bool() {
                disk.power_cut();
            }
            let mut reader = Reader::open(disk.clone()).unwrap();
            let start = reader.start_from(&store).unwrap_or_else(|error| panic!("{seed}: {error}"));
            let from = start.snapshot.map_or(0, |found| found.info().digest as usize - 1);
            let frames = rest(&mut reader).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert!(frames == expected()[from..], "seed {seed}");
        }
        tidy(&disk, &store, Retention::Compress).unwrap();
        let last = Retention::DropBefore { keep_from: u64::MAX };
        tidy(&disk, &store, last).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let names = disk.list().unwrap();
        assert!(!names.iter().any(|name| name.ends_with(".zst.tmp")), "seed {seed}: {names:?}");
    }
}
