//! What is written is read, over segments and restarts.

use crate::fixture::{Folder, OPTIONS, append, frame, read, recover, recover_with};
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{Options, Storage};

#[test]
fn frames_come_back_over_several_segments() {
    let (folder, frames) = Folder::with_frames(&[5_000; 9]);
    assert!(folder.segment(5).exists());
    assert_eq!(read(folder.open()).unwrap(), frames);
}

/// Small bodies are copied behind their headers, large ones are not.
#[test]
fn bodies_of_any_size_come_back() {
    fn write<S: Storage + Clone>(storage: S) {
        let options = Options { segment_bytes: 1 << 20, ..OPTIONS };
        let (_, mut writer, _) = recover_with(storage.clone(), options).unwrap();
        let mut written = Vec::new();
        for bytes in [0, 16_383, 16_384, 16_385, 100, 300_000, 70_000, 1] {
            let frame = frame(writer.next_sequence(), 2, bytes);
            append(&mut writer, &frame).unwrap();
            writer.commit(0).unwrap();
            written.push(frame);
        }
        drop(writer);
        assert!(read(storage).unwrap() == written);
    }
    let folder = Folder::new();
    write(folder.open());
    write(SimulatedDisk::new(1));
}

#[test]
fn a_writer_goes_on_where_the_last_one_stopped() {
    let folder = Folder::new();
    let mut written = Vec::new();
    for start in 0..5 {
        let (read, mut writer, report) = recover(folder.open()).unwrap();
        assert_eq!(read, written);
        assert_eq!((report.begun, report.epoch), (start == 0, start + 1));
        for bytes in [0, 1, 64, 3_000] {
            let frame = frame(writer.next_sequence(), 2, bytes);
            append(&mut writer, &frame).unwrap();
            writer.commit(0).unwrap();
            written.push(frame);
        }
    }
    assert_eq!(read(folder.open()).unwrap(), written);
}
