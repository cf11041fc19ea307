//! What a commit waits for, what it promises, and what ends a writer.

use crate::fixture::{Folder, Kept, OPTIONS, append, frame, read, recover, recover_with};
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{
    Directory, Durability, JournalError, Nowhere, Options, Room, Storage, Writer,
};
use std::time::Duration;

const INTERVAL: Durability = Durability::Interval(Duration::from_nanos(100));

fn writer(disk: &SimulatedDisk, durability: Durability) -> Writer<SimulatedDisk> {
    recover_with(disk.clone(), Options { durability, ..OPTIONS }).unwrap().1
}

fn append_next(writer: &mut Writer<SimulatedDisk>) -> Result<Kept, JournalError> {
    let frame = frame(writer.next_sequence(), 1, 100);
    append(writer, &frame).map(|()| frame)
}

#[test]
fn policies_have_names() {
    let ms = |ms| Durability::Interval(Duration::from_millis(ms));
    for (text, policy) in [
        ("fsync", Durability::Fsync),
        ("write", Durability::Write),
        ("none", Durability::None),
        ("interval:250", ms(250)),
    ] {
        assert_eq!(text.parse(), Ok(policy));
        assert_eq!(policy.to_string(), text);
    }
    assert_eq!("interval".parse(), Ok(ms(10)));
    for text in ["", "Fsync", "interval:", "interval:0", "interval:60001", "interval:-1"] {
        assert!(text.parse::<Durability>().is_err(), "{text}");
    }
}

/// For each policy: commits at these times, and after each the last sequence
/// that may leave, the last durable one, and the syncs it took.
#[test]
fn a_commit_opens_the_gate_and_syncs_when_due() {
    type Row = (u64, u64, u64, u64);
    let rows: [(Durability, [Row; 4]); 3] = [
        (Durability::Fsync, [(0, 1, 1, 1), (50, 2, 2, 1), (150, 3, 3, 1), (151, 4, 4, 1)]),
        (INTERVAL, [(0, 1, 0, 0), (99, 2, 0, 0), (100, 3, 3, 1), (150, 4, 3, 0)]),
        (Durability::Write, [(0, 1, 0, 0), (50, 2, 0, 0), (150, 3, 0, 0), (9_000, 4, 0, 0)]),
    ];
    for (policy, rows) in rows {
        let disk = SimulatedDisk::new(1);
        let mut writer = writer(&disk, policy);
        for (now_ns, gate, durable, syncs) in rows {
            append_next(&mut writer).unwrap();
            assert_eq!(writer.gate_sequence(), gate - 1, "{policy}: an append opens no gate");
            let before = disk.syncs();
            writer.commit(now_ns).unwrap();
            let found = (writer.gate_sequence(), writer.durable_sequence(), disk.syncs() - before);
            assert_eq!(found, (gate, durable, syncs), "{policy} at {now_ns}");
        }
    }
}

#[test]
fn without_a_journal_nothing_is_kept_and_every_commit_opens_the_gate() {
    let folder = Folder::new();
    let directory = || Directory::open(folder.path()).unwrap();
    let options = Options { durability: Durability::None, ..OPTIONS };
    let nowhere = Nowhere::instead_of(directory()).unwrap();
    let (_, mut writer, _) = recover_with(nowhere.clone(), options).unwrap();
    for sequence in 1..=40 {
        append(&mut writer, &frame(sequence, 1, 2_000)).unwrap();
        assert_eq!(writer.gate_sequence(), sequence - 1);
        writer.commit(0).unwrap();
        assert_eq!((writer.gate_sequence(), writer.durable_sequence()), (sequence, 0));
    }
    writer.sync().unwrap();
    assert_eq!(writer.durable_sequence(), 0, "nothing is durable, whatever is asked");
    // Its lock is real: a venue with a journal stays out, and so does another without.
    assert!(matches!(recover(directory()), Err(JournalError::InUse { .. })));
    assert!(matches!(recover_with(nowhere, options), Err(JournalError::InUse { .. })));
    drop(writer);
    assert_eq!(directory().list().unwrap(), ["lock"]);
}

#[test]
fn no_journal_is_left_behind_for_none() {
    let (folder, frames) = Folder::with_frames(&[10, 20]);
    let directory = || Directory::open(folder.path()).unwrap();
    let refused = || Nowhere::instead_of(directory()).unwrap_err();
    assert!(matches!(refused(), JournalError::HoldsJournal { .. }));
    assert!(refused().to_string().contains("Nothing was changed"));
    for name in ["00000001.seg", "00000002.seg"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    assert!(matches!(refused(), JournalError::HoldsJournal { .. }), "its mark is there");
    assert_eq!(frames.len(), 2);
}

#[test]
fn an_idle_interval_is_synced_and_an_idle_commit_is_free() {
    let disk = SimulatedDisk::new(1);
    let mut writer = writer(&disk, INTERVAL);
    append_next(&mut writer).unwrap();
    writer.commit(10).unwrap();
    writer.commit(110).unwrap();
    assert_eq!(writer.durable_sequence(), 1);
    let before = disk.syncs();
    writer.commit(500).unwrap();
    assert_eq!(disk.syncs(), before);
}

#[test]
fn sync_makes_everything_durable_whatever_the_policy() {
    for policy in [Durability::Fsync, INTERVAL, Durability::Write] {
        let disk = SimulatedDisk::new(1);
        let mut writer = writer(&disk, policy);
        let frame = append_next(&mut writer).unwrap();
        writer.sync().unwrap();
        assert_eq!((writer.durable_sequence(), writer.gate_sequence()), (1, 1));
        disk.power_cut();
        assert_eq!(read(disk).unwrap(), [frame]);
    }
}

#[test]
fn a_full_segment_is_synced_under_every_policy() {
    for policy in [INTERVAL, Durability::Write] {
        let disk = SimulatedDisk::new(1);
        let mut writer = writer(&disk, policy);
        append(&mut writer, &frame(1, 1, 9_000)).unwrap();
        append(&mut writer, &frame(2, 1, 9_000)).unwrap();
        writer.commit(0).unwrap();
        assert_eq!((writer.durable_sequence(), writer.gate_sequence()), (1, 2));
    }
}

#[test]
fn no_more_than_a_largest_frame_is_in_flight() {
    let options = Options { segment_bytes: 32 << 20, durability: INTERVAL };
    let (_, mut writer, _) = recover_with(SimulatedDisk::new(1), options).unwrap();
    for sequence in 1..=4 {
        append(&mut writer, &frame(sequence, 1, 2 << 20)).unwrap();
        // Two frames of half the size have headers, so one of them is too much.
        assert_eq!(writer.durable_sequence(), sequence - 1);
    }
}

#[test]
fn a_failed_sync_ends_the_writer() {
    let disk = SimulatedDisk::new(1);
    let mut writer = writer(&disk, Durability::Fsync);
    append_next(&mut writer).unwrap();
    writer.commit(0).unwrap();
    append_next(&mut writer).unwrap();
    disk.fail_sync_after(0);
    let error = writer.commit(1).unwrap_err();
    assert!(matches!(error, JournalError::Io { action: "sync", .. }), "{error}");
    let before = disk.contents();
    assert!(matches!(append_next(&mut writer), Err(JournalError::Poisoned)));
    assert!(matches!(writer.commit(2), Err(JournalError::Poisoned)));
    assert!(matches!(writer.sync(), Err(JournalError::Poisoned)));
    assert_eq!(writer.gate_sequence(), 1);
    assert!(disk.contents() == before);
}

#[test]
fn a_failed_write_ends_the_writer() {
    let disk = SimulatedDisk::new(1);
    let mut writer = writer(&disk, Durability::Fsync);
    disk.fail_write_after(0);
    let error = append_next(&mut writer).unwrap_err();
    assert!(matches!(error, JournalError::Io { action: "write", .. }), "{error}");
    assert!(matches!(append_next(&mut writer), Err(JournalError::Poisoned)));
    assert!(matches!(writer.commit(2), Err(JournalError::Poisoned)));
    assert_eq!(writer.gate_sequence(), 0);
}

#[test]
fn a_full_disk_ends_the_writer_when_the_next_segment_is_needed() {
    let disk = SimulatedDisk::new(1);
    let mut writer = writer(&disk, Durability::Fsync);
    disk.limit(2 * OPTIONS.segment_bytes + 8_192);
    let mut written = Vec::new();
    let error = loop {
        match append_next(&mut writer) {
            Ok(frame) => written.push(frame),
            Err(error) => break error,
        }
        writer.commit(0).unwrap();
    };
    assert!(error.to_string().contains("00000003.seg.tmp"), "{error}");
    drop(writer);
    disk.power_cut();
    assert_eq!(read(disk.clone()).unwrap(), written);
    disk.limit(u64::MAX);
    assert_eq!(recover(disk).unwrap().0, written);
}

#[test]
fn a_disk_is_short_of_room_well_before_it_is_full() {
    let disk = SimulatedDisk::new(1);
    let mut writer = writer(&disk, Durability::Fsync);
    let segment = OPTIONS.segment_bytes;
    disk.limit(20 * segment);
    let mut short_at = None;
    let mut frames = 0_u32;
    while append_next(&mut writer).is_ok() {
        frames += 1;
        let room = Room::of(&disk, segment).unwrap();
        assert_eq!(room.is_short(), room.segments < 16);
        short_at = short_at.or_else(|| room.is_short().then_some(frames));
    }
    assert!(short_at.is_some_and(|at| at < frames / 3), "{short_at:?} of {frames}");
    let folder = Folder::new();
    let room = Room::of(&folder.open(), segment).unwrap();
    assert!(room.free_bytes >= room.segments * segment && room.segments > 0);
}

/// A segment had its name and the directory's sync failed; the next life finds
/// it in the page cache, fills it, and must not lose it with the power.
#[test]
fn the_name_of_a_segment_found_ready_is_made_durable() {
    let written = (0..64).map(|seed| {
        let disk = SimulatedDisk::new(seed);
        // Segment 1, its name, its header, the directory, the mark, its name,
        // and segment 2 are synced; its name is not.
        disk.fail_sync_after(7);
        drop(writer(&disk, Durability::Fsync));
        let mut writer = writer(&disk, Durability::Fsync);
        disk.limit(2 * OPTIONS.segment_bytes + 8_192);
        append(&mut writer, &frame(1, 1, 9_000)).unwrap();
        append(&mut writer, &frame(2, 1, 9_000)).unwrap();
        writer.commit(0).unwrap();
        disk.power_cut();
        read(disk).unwrap().len()
    });
    assert_eq!(written.collect::<Vec<_>>(), [2; 64]);
}

#[test]
fn a_frame_out_of_turn_or_too_large_changes_nothing() {
    let disk = SimulatedDisk::new(1);
    let mut writer = writer(&disk, Durability::Fsync);
    append_next(&mut writer).unwrap();
    let before = disk.contents();
    for found in [0, 1, 3] {
        let error = writer.append(1, found, 1, 0, b"").unwrap_err();
        assert!(
            matches!(error, JournalError::OutOfOrder { expected: 2, found: f } if f == found),
            "{error}"
        );
    }
    let most = writer.max_body_bytes() as usize;
    assert_eq!(most as u64, OPTIONS.segment_bytes - 4_096 - 64);
    let error = writer.append(1, 2, 1, 0, &vec![1; most + 1]).unwrap_err();
    assert!(matches!(error, JournalError::FrameTooLarge { .. }), "{error}");
    assert!(disk.contents() == before);
    writer.append(1, 2, 1, 0, &vec![1; most]).unwrap();
    writer.commit(0).unwrap();
    assert_eq!(read(disk).unwrap().len(), 2);
}

#[test]
fn the_largest_body_is_written_and_read() {
    let options = Options { segment_bytes: 16 << 20, ..OPTIONS };
    let folder = Folder::new();
    let (_, mut writer, _) = recover_with(folder.open(), options).unwrap();
    assert_eq!(writer.max_body_bytes(), 4 << 20);
    let frames: Vec<Kept> = (1..=5).map(|n| frame(n, 1, 4 << 20)).collect();
    frames.iter().for_each(|frame| append(&mut writer, frame).unwrap());
    writer.commit(0).unwrap();
    assert!(read(folder.open()).unwrap() == frames);
}

#[test]
fn a_thread_of_its_own_prepares_segments() {
    let folder = Folder::new();
    let directory = || Directory::open(folder.path()).unwrap();
    let (_, mut writer, _) = recover(directory()).unwrap();
    let frames: Vec<Kept> = (0..40).map(|n| frame(1 + n, 1, 5_000)).collect();
    for frame in &frames {
        append(&mut writer, frame).unwrap();
        writer.commit(0).unwrap();
    }
    drop(writer);
    assert_eq!(recover(directory()).unwrap().0, frames);
}
