//! A journal of the released format, committed, is read forever.
//!
//! `tests/golden/version-1` was written once and is never written again: three
//! segments, one of them compressed, notes between records, two starts, a torn
//! tail, a mark and a snapshot. Whatever changes here, these bytes must give the
//! same frames; a version that cannot read them must refuse them by name. With
//! `RINGMATCH_GOLDEN=DIR` the journal as it is written now is left in that
//! directory: that is how the next version gets one.

use crate::fixture::{Kept, OneThread, append, frame, identity, keep, recover};
use ringmatch_journal::{
    Directory, JournalError, Reader, Retention, SnapshotInfo, SnapshotStore, Tail, tidy,
};
use std::fs;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/version-1")
}

/// What is in it. A note has a count of zero.
fn frames() -> Vec<Kept> {
    let counts = [3, 0, 1, 64, 0, 2, 5];
    let sizes = [192, 16, 64, 9_000, 0, 7_000, 6_000];
    let mut sequence = 1;
    let frames = counts.into_iter().zip(sizes).map(|(count, bytes)| {
        let frame = frame(sequence, count, bytes);
        sequence += u64::from(count);
        frame
    });
    frames.collect()
}

fn store(directory: &Directory) -> SnapshotStore<OneThread> {
    SnapshotStore::new(OneThread(directory.clone()), identity(), NonZeroUsize::MIN)
}

/// A copy, as recovery changes what it is given.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

#[test]
fn the_frames_are_those_that_were_written() {
    let mut reader = Reader::open(Directory::open(golden()).unwrap()).unwrap();
    assert_eq!((reader.identity().venue_name(), reader.identity()), ("ALPHA".into(), &identity()));
    let mut read = Vec::new();
    let mut last = (0, 0, 0);
    while let Some(frame) = reader.next_frame().unwrap() {
        last = (frame.segment, frame.epoch, frame.hash);
        read.push(keep(frame));
    }
    assert!(read == frames());
    // The hash of the last frame stands for every byte of every frame.
    assert_eq!(last, (3, 2, 0x6898_0198_ac2a_a774));
    assert!(matches!(reader.tail(), Some(Tail::Torn { segment: 3, bytes: 40, .. })));
}

#[test]
fn a_start_takes_the_snapshot_and_what_follows_it() {
    let directory = Directory::open(golden()).unwrap();
    let mut reader = Reader::open(OneThread(directory.clone())).unwrap();
    let mut snapshot = reader.start_from(&store(&directory)).unwrap().snapshot.unwrap();
    assert_eq!((snapshot.info().digest, snapshot.info().body_version), (0x1234, 9));
    let mut body = String::new();
    snapshot.read_to_string(&mut body).unwrap();
    assert_eq!(body, "the state after the fourth frame");
    assert_eq!(keep(reader.next_frame().unwrap().unwrap()), frames()[4]);
}

#[test]
fn it_is_recovered_and_written_on() {
    let folder = copy();
    let directory = OneThread(Directory::open(folder.path()).unwrap());
    let (read, mut writer, report) = recover(directory).unwrap();
    assert!(read == frames());
    assert_eq!((report.epoch, report.segments, report.torn.unwrap().bytes), (3, 3, 40));
    append(&mut writer, &frame(76, 1, 10)).unwrap();
    writer.commit(0).unwrap();
}

#[test]
fn other_versions_are_refused_by_name() {
    for (name, at, checked) in
        [("00000003.seg", 8, 4_096), ("00000003.seg", 4_096 + 4, 64), ("begun", 8, 64)]
    {
        let folder = copy();
        let path = folder.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        // Where the checked piece starts, and its checksum in it.
        let (start, crc_at) = if at < 4_096 { (0, 12) } else { (4_096, 8) };
        bytes[at] = 77;
        let piece = &bytes[start..start + checked];
        let crc = crc32c::crc32c_append(crc32c::crc32c(&piece[..crc_at]), &piece[crc_at + 4..]);
        bytes[start + crc_at..start + crc_at + 4].copy_from_slice(&crc.to_le_bytes());
        if name == "begun" {
            // The newer slot counts, and both are looked at.
            bytes.copy_within(0..64, 4_096);
        }
        fs::write(&path, bytes).unwrap();
        let error = Reader::open(Directory::open(folder.path()).unwrap()).and_then(|mut reader| {
            while reader.next_frame()?.is_some() {}
            Ok(())
        });
        let error = error.unwrap_err();
        assert!(matches!(error, JournalError::UnknownVersion { found: 77, .. }), "{error}");
    }
}

/// Writes the same journal again.
fn write(folder: &Path) {
    let directory = Directory::create(folder).unwrap();
    let storage = || OneThread(directory.clone());
    let frames = frames();
    for life in [&frames[..4], &frames[4..]] {
        let (_, mut writer, _) = recover(storage()).unwrap();
        for frame in life {
            append(&mut writer, frame).unwrap();
            writer.commit(0).unwrap();
        }
    }
    let mut reader = Reader::open(storage()).unwrap();
    let position = (0..4).map(|_| reader.next_frame().unwrap().unwrap().position()).last().unwrap();
    let info = SnapshotInfo { position, digest: 0x1234, body_version: 9, time_ns: 5 };
    store(&directory).save(info, b"the state after the fourth frame").unwrap();
    // The first segment compressed, the second as it was.
    let second = fs::read(folder.join("00000002.seg")).unwrap();
    tidy(&storage(), &store(&directory), Retention::Compress).unwrap();
    fs::write(folder.join("00000002.seg"), second).unwrap();
    fs::remove_file(folder.join("00000002.seg.zst")).unwrap();
    // What a crash leaves of a frame.
    let mut third = fs::read(folder.join("00000003.seg")).unwrap();
    let tail = 4_096 + 64 + 6_000_usize.next_multiple_of(64);
    third[tail..tail + 40].fill(0xa5);
    fs::write(folder.join("00000003.seg"), third).unwrap();
}

/// What is written now is what was written then, but for the compressed segment,
/// whose bytes are the library's affair.
#[test]
fn the_same_bytes_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = std::env::var_os("RINGMATCH_GOLDEN").map(PathBuf::from);
    let path = wanted.as_deref().unwrap_or(folder.path());
    write(path);
    let names = |path: &Path| {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        // Locks are no part of a journal.
        names.retain(|name| !name.ends_with("lock"));
        names.sort();
        names
    };
    assert_eq!(names(path), names(&golden()));
    for name in names(path).iter().filter(|name| !name.ends_with(".zst")) {
        let same = fs::read(path.join(name)).unwrap() == fs::read(golden().join(name)).unwrap();
        assert!(same, "{name} is not what version 1 wrote");
    }
}
