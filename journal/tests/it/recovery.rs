//! Each row of the recovery table, as damage to real files.
//!
//! A journal is written, the files are damaged, and recovery must do what the
//! table says: yield the frames before and keep the rest aside, or refuse by
//! name and leave every byte of the directory as it was. A reader must agree.

use crate::fixture::{
    Folder, Kept, OPTIONS, ReadOnly, SEGMENT_BYTES, append, frame, identity, read, recover,
    recover_with,
};
use ringmatch_journal::frame::frame_bytes;
use ringmatch_journal::segment::SEGMENT_HEADER_BYTES;
use ringmatch_journal::{
    Directory, Durability, Fault, Follows, Identity, JournalError, Options, Reader, Recovery,
    Storage, Tail,
};
use std::collections::BTreeMap;
use std::fs;

/// Where each frame of a first segment starts, and where the last one ends.
fn offsets(frames: &[Kept]) -> Vec<u64> {
    let mut offset = SEGMENT_HEADER_BYTES;
    let mut offsets = vec![offset];
    for frame in frames {
        offset += frame_bytes(frame.body.len() as u32);
        offsets.push(offset);
    }
    offsets
}

fn contents(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let names = folder.open().list().unwrap().into_iter().filter(|name| name != "lock");
    names.map(|name| (name.clone(), fs::read(folder.path().join(&name)).unwrap())).collect()
}

fn change(folder: &Folder, number: u32, change: impl FnOnce(&mut Vec<u8>)) {
    let path = folder.segment(number);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Recovery and reader refuse, with the same words, and change nothing.
fn refused(folder: &Folder) -> JournalError {
    let before = contents(folder);
    let error = recover(folder.open()).map(|_| ()).unwrap_err();
    assert_eq!(read(folder.open()).unwrap_err().to_string(), error.to_string());
    assert!(contents(folder) == before, "something was changed: {error}");
    error
}

fn damage(error: &JournalError) -> (u64, u64, Fault, Follows) {
    match error {
        JournalError::Damaged { offset, sequence, fault, follows, .. } => {
            (*offset, *sequence, *fault, *follows)
        }
        other => panic!("it was refused for another reason: {other}"),
    }
}

/// The frames before a torn tail come back, the rest is kept aside, and the
/// journal goes on; twice, as nothing may be left of the tail.
fn cut(folder: &Folder, expected: &[Kept], torn: &[u8]) {
    let (frames, mut writer, report) = recover(folder.open()).unwrap();
    assert!(frames == expected);
    let tail = report.torn.expect("a tail was torn");
    assert_eq!(fs::read(tail.kept).unwrap(), torn);
    let next = frame(writer.next_sequence(), 1, 700);
    append(&mut writer, &next).unwrap();
    writer.commit(0).unwrap();
    drop(writer);
    let (frames, _, report) = recover(folder.open()).unwrap();
    assert!(frames.split_last() == Some((&next, expected)));
    assert_eq!(report.torn, None);
}

#[test]
fn an_empty_directory_becomes_a_journal() {
    let folder = Folder::new();
    assert!(matches!(read(folder.open()), Err(JournalError::NoJournal { .. })));
    let (frames, writer, report) = recover(folder.open()).unwrap();
    assert_eq!((frames.len(), report.begun, writer.gate_sequence()), (0, true, 0));
    assert_eq!(read(folder.open()).unwrap(), []);
}

#[test]
fn a_clean_tail_stays_as_it_is() {
    let (folder, frames) = Folder::with_frames(&[100, 0, 900]);
    let before = contents(&folder);
    let (read, writer, report) = recover(folder.open()).unwrap();
    assert!(read == frames);
    assert_eq!((report.torn, writer.gate_sequence(), report.last_sequence), (None, 9, 9));
    assert!(contents(&folder) == before);
}

#[test]
fn a_last_frame_torn_at_any_unit_is_cut() {
    let (folder, frames) = Folder::with_frames(&[100, 300, 1_500]);
    let offsets = offsets(&frames);
    let whole = fs::read(folder.segment(1)).unwrap();
    let body_end = offsets[2] as usize + 64 + 1_500;
    for cut_at in (offsets[2] as usize + 1..body_end).step_by(61) {
        let mut torn = whole.clone();
        torn[cut_at..].fill(0);
        fs::write(folder.segment(1), &torn).unwrap();
        let left = torn.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        cut(&folder, &frames[..2], &torn[offsets[2] as usize..left]);
        fs::remove_file(folder.path().join(format!("00000001-{}-1.torn", offsets[2]))).unwrap();
    }
}

#[test]
fn a_last_frame_with_any_sectors_lost_is_cut() {
    let (folder, frames) = Folder::with_frames(&[100, 300, 1_500]);
    let start = offsets(&frames)[2] as usize;
    let whole = fs::read(folder.segment(1)).unwrap();
    // It lies in four sectors, the first of which also holds other frames:
    // those were on the disk before, so of this sector only its part is lost.
    let first = start / 512 * 512;
    assert_eq!((start + 64 + 1_500).div_ceil(512) * 512, first + 4 * 512);
    for lost in 1_u32..1 << 4 {
        let mut torn = whole.clone();
        for sector in (0..4).filter(|sector| lost >> sector & 1 == 1) {
            let from = first + sector * 512;
            torn[from.max(start)..from + 512].fill(0);
        }
        fs::write(folder.segment(1), &torn).unwrap();
        let left = torn.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        if left <= start {
            assert_eq!(lost, 0b1111);
            assert_eq!(read(folder.open()).unwrap(), frames[..2]);
            continue;
        }
        cut(&folder, &frames[..2], &torn[start..left]);
        fs::remove_file(folder.path().join(format!("00000001-{start}-1.torn"))).unwrap();
    }
}

#[test]
fn a_last_frame_with_any_byte_changed_is_cut() {
    let (folder, frames) = Folder::with_frames(&[100, 200]);
    let start = offsets(&frames)[1] as usize;
    let whole = fs::read(folder.segment(1)).unwrap();
    for at in start..start + 64 + 200 {
        let mut torn = whole.clone();
        torn[at] ^= 0x40;
        fs::write(folder.segment(1), &torn).unwrap();
        let mut reader = Reader::open(folder.open()).unwrap();
        assert_eq!(reader.next_frame().unwrap().unwrap().first_sequence, 1);
        assert!(reader.next_frame().unwrap().is_none());
        assert!(matches!(reader.tail(), Some(Tail::Torn { segment: 1, offset, .. })
            if offset == start as u64));
    }
}

#[test]
fn a_recovery_that_was_cut_short_keeps_both_parts() {
    let (folder, frames) = Folder::with_frames(&[100, 300]);
    let start = offsets(&frames)[1];
    fs::write(folder.path().join(format!("00000001-{start}-1.torn")), b"kept before").unwrap();
    change(&folder, 1, |bytes| bytes[start as usize + 70] ^= 1);
    let (_, _, report) = recover(folder.open()).unwrap();
    let kept = report.torn.unwrap().kept;
    assert!(kept.ends_with(format!("00000001-{start}-2.torn")));
    assert_eq!(fs::read(kept).unwrap().len(), 64 + 300);
}

#[test]
fn a_torn_group_of_frames_is_cut() {
    let folder = Folder::new();
    let (_, mut writer, _) = recover(folder.open()).unwrap();
    let frames: Vec<Kept> = (0..4).map(|n| frame(1 + n, 1, 600)).collect();
    append(&mut writer, &frames[0]).unwrap();
    writer.commit(0).unwrap();
    // One commit for three frames: a crash before it may keep the last alone.
    frames[1..].iter().for_each(|frame| append(&mut writer, frame).unwrap());
    drop(writer);
    let offsets = offsets(&frames);
    change(&folder, 1, |bytes| bytes[offsets[1] as usize..offsets[2] as usize].fill(0));
    let torn = fs::read(folder.segment(1)).unwrap();
    let end = offsets[3] as usize + 64 + 600;
    cut(&folder, &frames[..1], &torn[offsets[1] as usize..end]);
}

#[test]
fn damage_with_a_promise_after_it_is_refused() {
    let (folder, frames) = Folder::with_frames(&[100, 300, 200, 400]);
    let offsets = offsets(&frames);
    let whole = fs::read(folder.segment(1)).unwrap();
    let spots = [
        (1, 0, Fault::Header),      // its magic
        (1, 30, Fault::Header),     // its sequence
        (1, 64, Fault::Body),       // its body's first byte
        (1, 64 + 299, Fault::Body), // its body's last byte
        (0, 100, Fault::Body),
        (2, 49, Fault::Header), // its length
    ];
    for (n, at, fault) in spots {
        fs::write(folder.segment(1), &whole).unwrap();
        change(&folder, 1, |bytes| bytes[offsets[n] as usize + at] ^= 0x80);
        let follows = Follows::Frames(3 - n as u64);
        let expected = (offsets[n], frames[n].first_sequence, fault, follows);
        assert_eq!(damage(&refused(&folder)), expected);
    }
    fs::write(folder.segment(1), &whole).unwrap();
    change(&folder, 1, |bytes| bytes[offsets[1] as usize..offsets[2] as usize].fill(0));
    assert_eq!(damage(&refused(&folder)), (offsets[1], 4, Fault::Blank, Follows::Frames(2)));
}

#[test]
fn the_refusal_is_a_sentence_for_an_operator() {
    let (folder, frames) = Folder::with_frames(&[100, 300, 200, 400]);
    let at = offsets(&frames)[1];
    change(&folder, 1, |bytes| bytes[at as usize + 64] ^= 1);
    let path = folder.segment(1);
    assert_eq!(
        refused(&folder).to_string(),
        format!(
            "journal segment {} is damaged at byte {at} (sequence 4): checksum mismatch in a \
             frame's body\n\
             2 valid frames follow, so this is not a torn tail. Nothing was changed.\n\
             Restore the segment from a copy, or run `ringmatch replay --until 3` to inspect what \
             precedes it.",
            path.display()
        )
    );
}

#[test]
fn more_than_a_crash_can_tear_is_refused() {
    let options = Options { segment_bytes: 8 << 20, ..OPTIONS };
    let folder = Folder::new();
    let (_, mut writer, _) = recover_with(folder.open(), options).unwrap();
    append(&mut writer, &frame(1, 1, 100)).unwrap();
    writer.commit(0).unwrap();
    drop(writer);
    let tail = SEGMENT_HEADER_BYTES + frame_bytes(100);
    let most = 64 + (4 << 20);
    change(&folder, 1, |bytes| bytes[(tail + most) as usize] = 1);
    assert_eq!(damage(&refused(&folder)), (tail, 2, Fault::Blank, Follows::Bytes(most + 1)));
    change(&folder, 1, |bytes| bytes.swap((tail + most) as usize, (tail + most) as usize - 1));
    let (_, _, report) = recover_with(folder.open(), options).unwrap();
    assert_eq!(report.torn.unwrap().bytes, most);
}

#[test]
fn a_frame_that_is_whole_and_wrong_is_refused() {
    let (folder, frames) = Folder::with_frames(&[100, 100, 100]);
    let at: Vec<usize> = offsets(&frames).iter().map(|offset| *offset as usize).collect();
    let whole = fs::read(folder.segment(1)).unwrap();
    // The second frame is taken out, and the third moved to its place.
    change(&folder, 1, |bytes| bytes.copy_within(at[2]..at[3], at[1]));
    // It says that more was synced than what precedes it now.
    assert_eq!(damage(&refused(&folder)).2, Fault::Impossible);
    // The first frame stands in the place of the second.
    fs::write(folder.segment(1), &whole).unwrap();
    change(&folder, 1, |bytes| bytes.copy_within(at[0]..at[1], at[1]));
    let expected = (at[1] as u64, 4, Fault::Sequence(1), Follows::Whole);
    assert_eq!(damage(&refused(&folder)), expected);
}

#[test]
fn a_frame_of_another_history_is_refused() {
    let (folder, frames) = Folder::with_frames(&[100, 100]);
    let at = offsets(&frames)[1] as usize;
    // Same sequence and same place, and another frame before it.
    let (other, _) = Folder::with_frames(&[90, 100]);
    let foreign = fs::read(other.segment(1)).unwrap();
    change(&folder, 1, |bytes| bytes[at..].copy_from_slice(&foreign[at..]));
    assert_eq!(damage(&refused(&folder)), (at as u64, 4, Fault::Chain, Follows::Whole));
}

#[test]
fn an_earlier_start_after_a_later_one_is_refused() {
    let folder = Folder::new();
    let mut header = ringmatch_journal::frame::FrameHeader {
        kind: 1,
        body_crc: 0,
        epoch: 7,
        count: 1,
        first_sequence: 1,
        time_ns: 0,
        chain: 0,
        body_bytes: 0,
        synced_to: SEGMENT_HEADER_BYTES,
    };
    drop(recover(folder.open()).unwrap());
    let (first, hash) = header.encode();
    header = ringmatch_journal::frame::FrameHeader {
        epoch: 6,
        first_sequence: 2,
        chain: hash,
        ..header
    };
    change(&folder, 1, |bytes| {
        bytes[4096..4160].copy_from_slice(&first);
        bytes[4160..4224].copy_from_slice(&header.encode().0);
    });
    assert_eq!(damage(&refused(&folder)), (4160, 2, Fault::Epoch, Follows::Whole));
}

/// There is no higher epoch for the next start to have.
#[test]
fn a_frame_of_the_last_epoch_is_the_last() {
    let folder = Folder::new();
    drop(recover(folder.open()).unwrap());
    let header = ringmatch_journal::frame::FrameHeader {
        kind: 1,
        body_crc: 0,
        epoch: u32::MAX,
        count: 1,
        first_sequence: 1,
        time_ns: 0,
        chain: 0,
        body_bytes: 0,
        synced_to: SEGMENT_HEADER_BYTES,
    };
    change(&folder, 1, |bytes| bytes[4096..4160].copy_from_slice(&header.encode().0));
    assert_eq!(read(folder.open()).unwrap().len(), 1);
    let error = recover(folder.open()).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::Exhausted), "{error}");
}

/// Their checksums are right: another program, or chance, has written them.
#[test]
fn a_segment_of_an_impossible_size_is_refused() {
    let (folder, _) = Folder::with_frames(&[100]);
    for bytes in [4_096_u64, 4_160, 8_200] {
        change(&folder, 1, |segment| {
            segment.resize(bytes as usize, 0);
            segment[40..48].copy_from_slice(&bytes.to_le_bytes());
            let crc = crc32c::crc32c_append(crc32c::crc32c(&segment[..12]), &segment[16..4096]);
            segment[12..16].copy_from_slice(&crc.to_le_bytes());
        });
        let (_, _, fault, follows) = damage(&refused(&folder));
        assert_eq!((fault, follows), (Fault::SegmentHeader, Follows::Begun));
    }
}

#[test]
fn an_unknown_version_is_refused() {
    let (folder, _) = Folder::with_frames(&[100]);
    let whole = fs::read(folder.segment(1)).unwrap();
    change(&folder, 1, |bytes| {
        bytes[8] = 9;
        let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..4096]);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    });
    let error = refused(&folder);
    assert!(matches!(error, JournalError::UnknownVersion { found: 9, offset: 0, .. }), "{error}");
    fs::write(folder.segment(1), whole).unwrap();
    change(&folder, 1, |bytes| {
        bytes[4096 + 4] = 2;
        let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[4096..4104]), &bytes[4108..4160]);
        bytes[4104..4108].copy_from_slice(&crc.to_le_bytes());
    });
    let error = refused(&folder);
    assert!(
        matches!(error, JournalError::UnknownVersion { found: 2, offset: 4096, .. }),
        "{error}"
    );
}

/// A journal of three begun segments and a prepared one.
fn three_segments() -> (Folder, Vec<Kept>) {
    let (folder, frames) = Folder::with_frames(&[5_000; 6]);
    assert!(folder.segment(4).exists() && !folder.segment(5).exists());
    (folder, frames)
}

#[test]
fn a_missing_segment_is_refused() {
    for missing in 1..=2 {
        let (folder, _) = three_segments();
        fs::remove_file(folder.segment(missing)).unwrap();
        let error = refused(&folder);
        assert!(
            matches!(&error, JournalError::MissingSegment { path, later }
                if *path == folder.segment(missing) && *later == missing + 1),
            "{error}"
        );
    }
}

#[test]
fn a_lost_end_is_refused() {
    let (folder, _) = three_segments();
    fs::remove_file(folder.segment(4)).unwrap();
    fs::remove_file(folder.segment(3)).unwrap();
    let error = refused(&folder);
    assert!(
        matches!(&error, JournalError::LostEnd { path, sequence: 13 }
            if *path == folder.segment(3)),
        "{error}"
    );
    // What was prepared and never begun is made again.
    let (folder, frames) = three_segments();
    fs::remove_file(folder.segment(4)).unwrap();
    assert!(recover(folder.open()).unwrap().0 == frames);
}

#[test]
fn a_lost_beginning_is_refused() {
    let (folder, _) = three_segments();
    fs::remove_file(folder.segment(1)).unwrap();
    fs::remove_file(folder.segment(2)).unwrap();
    let error = refused(&folder);
    assert!(matches!(&error, JournalError::MissingSegment { later: 3, .. }), "{error}");
}

#[test]
fn all_segments_lost_is_refused() {
    let (folder, _) = three_segments();
    for number in 1..=4 {
        fs::remove_file(folder.segment(number)).unwrap();
    }
    let error = refused(&folder);
    assert!(matches!(&error, JournalError::LostEnd { sequence: 13, .. }), "{error}");
}

#[test]
fn a_zeroed_tail_is_cut_or_refused_by_what_follows() {
    let (folder, frames) = Folder::with_frames(&[100, 300, 200]);
    let offsets: Vec<usize> = offsets(&frames).iter().map(|offset| *offset as usize).collect();
    let whole = fs::read(folder.segment(1)).unwrap();
    for from in (offsets[1] + 1..offsets[3] + 64).step_by(3) {
        let mut zeroed = whole.clone();
        zeroed[from..].fill(0);
        fs::write(folder.segment(1), &zeroed).unwrap();
        // Frames of which all is there, and remains of the next or none.
        let read = read(folder.open()).unwrap();
        let count = offsets.iter().rposition(|start| *start <= from).unwrap();
        let all_there = |n: usize| whole[from.min(offsets[n])..offsets[n]].iter().all(|b| *b == 0);
        let expected = (0..=3).rfind(|n| *n <= count || all_there(*n)).unwrap();
        assert!(read == frames[..expected], "zeros from {from}");
    }
    fs::write(folder.segment(1), &whole).unwrap();
    change(&folder, 1, |bytes| bytes[offsets[0]..offsets[1]].fill(0));
    let expected = (offsets[0] as u64, 1, Fault::Blank, Follows::Frames(2));
    assert_eq!(damage(&refused(&folder)), expected);
}

#[test]
fn a_damaged_mark_is_refused_by_name() {
    let (folder, frames) = three_segments();
    let path = folder.path().join("begun");
    let whole = fs::read(&path).unwrap();
    assert_eq!(whole.len(), 8_192);
    let mut damaged = whole.clone();
    damaged[20] ^= 1;
    damaged[4_116] ^= 1;
    for bytes in [&damaged[..], &[], &whole[..40], &[0; 8_192]] {
        fs::write(&path, bytes).unwrap();
        let error = refused(&folder);
        assert!(matches!(&error, JournalError::DamagedMark { path: p } if *p == path), "{error}");
    }
    fs::remove_file(&path).unwrap();
    assert!(recover(folder.open()).unwrap().0 == frames);
}

#[test]
fn a_disk_that_only_reads_is_read_and_not_written() {
    let (folder, frames) = Folder::with_frames(&[100, 5_000, 9_000]);
    let before = contents(&folder);
    let error = recover(ReadOnly(folder.open().0)).map(|_| ()).unwrap_err();
    assert!(
        matches!(&error, JournalError::Io { action: "lock", source, .. }
            if source.kind() == std::io::ErrorKind::ReadOnlyFilesystem),
        "{error}"
    );
    assert_eq!(read(ReadOnly(folder.open().0)).unwrap(), frames);
    assert!(contents(&folder) == before);
}

#[test]
fn swapped_and_duplicated_segments_are_refused() {
    let (folder, _) = three_segments();
    let aside = folder.path().join("aside");
    fs::rename(folder.segment(1), &aside).unwrap();
    fs::rename(folder.segment(2), folder.segment(1)).unwrap();
    fs::rename(&aside, folder.segment(2)).unwrap();
    assert!(matches!(refused(&folder), JournalError::MisplacedSegment { found: 2, .. }));

    let (folder, _) = three_segments();
    fs::copy(folder.segment(3), folder.segment(4)).unwrap();
    assert!(matches!(refused(&folder), JournalError::MisplacedSegment { found: 3, .. }));
    // Even if the copy was given the number of its place.
    change(&folder, 4, |bytes| {
        bytes[32] = 4;
        let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..4_096]);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    });
    assert_eq!(damage(&refused(&folder)), (0, 19, Fault::Sequence(13), Follows::Whole));
}

#[test]
fn a_segment_of_another_history_is_refused() {
    let (folder, _) = three_segments();
    let (other, _) = Folder::with_frames(&[5_000, 5_001, 5_000, 5_000]);
    fs::copy(other.segment(2), folder.segment(2)).unwrap();
    assert_eq!(damage(&refused(&folder)), (0, 7, Fault::Chain, Follows::Whole));
}

#[test]
fn damage_in_an_earlier_segment_is_refused() {
    let (folder, frames) = three_segments();
    let offsets = offsets(&frames[..2]);
    change(&folder, 2, |bytes| bytes[offsets[1] as usize + 64] ^= 1);
    let expected = (offsets[1], 10, Fault::Body, Follows::Segment(3));
    assert_eq!(damage(&refused(&folder)), expected);

    let (folder, _) = three_segments();
    change(&folder, 2, |bytes| bytes[offsets[1] as usize..].fill(0));
    assert_eq!(damage(&refused(&folder)), (0, 10, Fault::Sequence(13), Follows::Whole));

    let (folder, _) = three_segments();
    change(&folder, 2, |bytes| bytes[100] ^= 1);
    assert_eq!(damage(&refused(&folder)), (0, 7, Fault::SegmentHeader, Follows::Begun));
    fs::remove_file(folder.path().join("begun")).unwrap();
    assert_eq!(damage(&refused(&folder)), (0, 7, Fault::SegmentHeader, Follows::Segment(3)));
}

#[test]
fn a_segment_that_was_cut_is_refused() {
    for number in [2, 3] {
        let (folder, _) = three_segments();
        change(&folder, number, |bytes| bytes.truncate(9_000));
        let error = refused(&folder);
        assert!(
            matches!(error, JournalError::SegmentLength { found: 9_000, expected, .. }
                if expected == SEGMENT_BYTES),
            "{error}"
        );
    }
}

#[test]
fn a_lost_header_before_frames_is_refused() {
    for wiped in [512, 4_096] {
        let (folder, _) = three_segments();
        fs::remove_file(folder.segment(4)).unwrap();
        change(&folder, 3, |bytes| bytes[..wiped].fill(0));
        assert_eq!(damage(&refused(&folder)), (0, 13, Fault::SegmentHeader, Follows::Begun));
        fs::remove_file(folder.path().join("begun")).unwrap();
        assert_eq!(damage(&refused(&folder)), (0, 13, Fault::SegmentHeader, Follows::Content));
    }
}

#[test]
fn a_segment_torn_while_it_was_begun_is_cut() {
    for number in [1, 2] {
        let (folder, frames) = if number == 1 {
            (Folder::new(), Vec::new())
        } else {
            Folder::with_frames(&[100, 200])
        };
        let mut torn = vec![0; SEGMENT_BYTES as usize];
        torn[700..900].fill(3);
        fs::write(folder.segment(number), &torn).unwrap();
        cut(&folder, &frames, &torn[..900]);
    }
}

#[test]
fn a_torn_tail_before_a_begun_segment_is_refused() {
    let (folder, frames) = Folder::with_frames(&[100, 200]);
    let at = offsets(&frames)[1];
    change(&folder, 1, |bytes| bytes[at as usize + 64] ^= 1);
    change(&folder, 2, |bytes| bytes[700] = 3);
    assert_eq!(damage(&refused(&folder)), (at, 4, Fault::Body, Follows::Segment(2)));
}

#[test]
fn prepared_and_half_prepared_segments_are_fine() {
    let (folder, frames) = Folder::with_frames(&[5_000; 2]);
    for length in [SEGMENT_BYTES as usize, 4_096, 0, 1 << 20] {
        fs::write(folder.segment(2), vec![0; length]).unwrap();
        fs::write(folder.path().join("00000003.seg.tmp"), b"cut short").unwrap();
        let (read, mut writer, report) = recover(folder.open()).unwrap();
        assert!(read == frames);
        assert_eq!(report.torn, None);
        assert!(!folder.path().join("00000003.seg.tmp").exists());
        let next = frame(writer.next_sequence(), 1, 9_000);
        append(&mut writer, &next).unwrap();
        writer.commit(0).unwrap();
        drop(writer);
        assert_eq!(fs::metadata(folder.segment(2)).unwrap().len(), SEGMENT_BYTES);
        assert_eq!(crate::fixture::read(folder.open()).unwrap().last(), Some(&next));
        for name in ["00000002.seg", "00000003.seg", "begun"] {
            let _ = fs::remove_file(folder.path().join(name));
        }
    }
}

#[test]
fn a_journal_of_somebody_else_is_refused() {
    let (folder, _) = Folder::with_frames(&[100]);
    let open = |venue, config: &[u8]| {
        let identity = Identity::new(venue, config).unwrap();
        Recovery::open(folder.open(), identity, OPTIONS).map(|_| ()).unwrap_err()
    };
    let before = contents(&folder);
    let error = open("BRAVO", identity().config());
    assert!(
        matches!(&error, JournalError::ForeignVenue { found, expected, .. }
            if found == "ALPHA" && expected == "BRAVO"),
        "{error}"
    );
    let error = open("ALPHA", b"orders = 2000");
    assert!(
        matches!(&error, JournalError::ChangedConfig { found, expected, .. }
            if *found == identity().fingerprint()
            && *expected == crc32c::crc32c(b"orders = 2000")),
        "{error}"
    );
    assert!(contents(&folder) == before);
}

#[test]
fn a_foreign_segment_among_others_is_refused() {
    let (folder, _) = three_segments();
    let foreign = Folder::new();
    let other = Identity::new("BRAVO", identity().config()).unwrap();
    let (mut writer, _) =
        Recovery::open(foreign.open(), other, OPTIONS).unwrap().into_writer().unwrap();
    for n in 0..4 {
        append(&mut writer, &frame(1 + 3 * n, 3, 5_000)).unwrap();
    }
    writer.commit(0).unwrap();
    drop(writer);
    fs::copy(foreign.segment(2), folder.segment(2)).unwrap();
    assert!(matches!(refused(&folder), JournalError::ForeignVenue { .. }));
}

#[test]
fn a_directory_in_use_is_refused() {
    let (folder, _) = Folder::with_frames(&[100]);
    let (_, writer, _) = recover(folder.open()).unwrap();
    let error = recover(folder.open()).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    assert_eq!(read(folder.open()).unwrap().len(), 1);
    drop(writer);
    recover(folder.open()).unwrap();
}

#[test]
fn reading_changes_nothing() {
    let (folder, frames) = Folder::with_frames(&[100, 5_000, 9_000, 700]);
    fs::remove_file(folder.path().join("lock")).unwrap();
    change(&folder, 2, |bytes| bytes[4_096 + 9_100] ^= 1);
    let before = contents(&folder);
    assert_eq!(read(folder.open()).unwrap(), frames[..3]);
    assert!(contents(&folder) == before);
    assert!(!folder.path().join("lock").exists());
}

#[test]
fn a_directory_that_is_none_is_an_error() {
    let folder = Folder::new();
    let nowhere = Directory::open(folder.path().join("nowhere")).expect_err("it is not there");
    assert_eq!(nowhere.kind(), std::io::ErrorKind::NotFound);
    let nowhere = nowhere.to_string();
    assert!(nowhere.contains("nowhere cannot be used: No such file"), "{nowhere}");
    fs::write(folder.path().join("file"), b"").unwrap();
    assert!(Directory::open(folder.path().join("file")).is_err());
    let deep = folder.path().join("made/by/us");
    let (_, _, report) = recover(Directory::create(&deep).unwrap()).unwrap();
    assert!(report.begun && deep.join("00000001.seg").exists());
}

#[test]
fn a_size_that_is_no_segments_is_refused() {
    for segment_bytes in [0, 4_096, 8_191, 10_000] {
        let options = Options { segment_bytes, durability: Durability::Fsync };
        let opened = Recovery::open(Folder::new().open(), identity(), options);
        assert!(
            matches!(opened, Err(JournalError::SegmentBytes { bytes }) if bytes == segment_bytes)
        );
    }
}
