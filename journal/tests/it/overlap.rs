//! A writer that goes on while the disk is slow.
//!
//! The disk here waits with every sync until the test lets it go on, so that a test
//! sees for certain what is possible meanwhile, and what has to wait.

use crate::fixture::{Folder, Kept, OPTIONS, append, frame, read, recover_with};
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{
    Access, Directory, Durability, JournalError, Options, Storage, StorageFile, Writer,
};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Whether syncs wait.
#[derive(Clone, Default)]
struct Brake(Arc<(Mutex<bool>, Condvar)>);

impl Brake {
    fn pull(&self) {
        *self.0.0.lock().unwrap() = true;
    }

    fn release(&self) {
        *self.0.0.lock().unwrap() = false;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let pulled = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(pulled, |pulled| *pulled).unwrap());
    }
}

/// A test's hand on the brake: released even if the test fails, so that no thread
/// waits for ever.
struct Hand(Brake);

impl Drop for Hand {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// A directory whose syncs of data wait for a brake.
#[derive(Clone)]
struct SlowDisk {
    directory: Directory,
    brake: Brake,
}

struct SlowFile {
    file: File,
    brake: Brake,
}

impl SlowDisk {
    fn slow(&self, file: File) -> SlowFile {
        SlowFile { file, brake: self.brake.clone() }
    }
}

impl Storage for SlowDisk {
    type File = SlowFile;
    type Lock = File;

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.directory.list()
    }

    fn open(&self, name: &str, access: Access) -> io::Result<SlowFile> {
        self.directory.open(name, access).map(|file| self.slow(file))
    }

    fn create(&self, name: &str) -> io::Result<SlowFile> {
        self.directory.create(name).map(|file| self.slow(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.directory.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.directory.remove(name)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.directory.sync_directory()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.directory.free_bytes()
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<File>> {
        self.directory.try_lock(name)
    }

    fn prepares_in_background(&self) -> bool {
        true
    }
}

impl StorageFile for SlowFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.brake.wait();
        StorageFile::sync_data(&self.file)
    }
}

/// A journal of its own on a slow disk, under this policy. The hand comes last: it
/// then lets go first.
fn journal(durability: Durability) -> (Folder, Writer<SlowDisk>, Hand) {
    let folder = Folder::new();
    let brake = Brake::default();
    let directory = Directory::open(folder.path()).unwrap();
    let disk = SlowDisk { directory, brake: brake.clone() };
    let options = Options { durability, segment_bytes: 64 << 10 };
    let writer = recover_with(disk, options).unwrap().1;
    (folder, writer, Hand(brake))
}

fn append_next<S: Storage>(writer: &mut Writer<S>) -> Kept {
    let next = frame(writer.next_sequence(), 1, 100);
    append(writer, &next).unwrap();
    next
}

#[test]
fn frames_are_written_while_the_disk_syncs_those_before() {
    let (folder, mut writer, hand) = journal(Durability::Fsync);
    let mut frames = vec![append_next(&mut writer)];
    writer.commit(0).unwrap();
    assert_eq!(writer.gate_sequence(), 1);

    hand.0.pull();
    frames.push(append_next(&mut writer));
    writer.begin_commit(1).unwrap();
    assert!(writer.is_committing());
    // The disk is stuck; the writer is not, and promises nothing.
    for _ in 0..20 {
        frames.push(append_next(&mut writer));
        writer.begin_commit(2).unwrap();
        assert!(!writer.poll_commit().unwrap());
    }
    assert_eq!((writer.gate_sequence(), writer.durable_sequence()), (1, 1));
    // Whoever reads along sees them already.
    assert_eq!(read(folder.open()).unwrap(), frames);

    hand.0.release();
    writer.finish_commit().unwrap();
    assert!(!writer.is_committing());
    assert_eq!((writer.gate_sequence(), writer.durable_sequence()), (2, 2));
    writer.commit(3).unwrap();
    assert_eq!((writer.gate_sequence(), writer.durable_sequence()), (22, 22));
    writer.begin_commit(4).unwrap();
    assert!(!writer.is_committing(), "nothing is left to be synced");
}

#[test]
fn an_interval_opens_the_gate_while_the_disk_is_stuck() {
    let (_folder, mut writer, hand) = journal(Durability::Interval(Duration::from_nanos(100)));
    append_next(&mut writer);
    writer.begin_commit(0).unwrap();
    assert!(!writer.is_committing(), "it is not due");
    hand.0.pull();
    for now_ns in 100..120 {
        append_next(&mut writer);
        writer.begin_commit(now_ns).unwrap();
        assert!(writer.is_committing());
        assert_eq!(writer.gate_sequence(), now_ns - 98);
        assert_eq!(writer.durable_sequence(), 0);
    }
    hand.0.release();
    writer.finish_commit().unwrap();
    assert_eq!((writer.gate_sequence(), writer.durable_sequence()), (21, 2));
}

#[test]
fn a_segment_that_is_full_waits_for_the_sync_that_is_under_way() {
    let options = Options { durability: Durability::Fsync, ..OPTIONS };
    let disk = SimulatedDisk::new(1);
    let (_, mut writer, _) = recover_with(disk.clone(), options).unwrap();
    let mut frames = Vec::new();
    for sequence in 1..=6 {
        frames.push(frame(sequence, 1, 5_000));
        append(&mut writer, &frames[frames.len() - 1]).unwrap();
        writer.begin_commit(0).unwrap();
    }
    assert!(writer.durable_sequence() >= 4, "two fit a segment");
    writer.finish_commit().unwrap();
    assert_eq!(writer.gate_sequence(), 5, "the last came after the sync had begun");
    writer.commit(1).unwrap();
    assert_eq!((writer.durable_sequence(), writer.gate_sequence()), (6, 6));
    disk.power_cut();
    assert_eq!(read(disk).unwrap(), frames);
}

#[test]
fn a_sync_that_fails_beside_the_writer_ends_it() {
    let disk = SimulatedDisk::new(1);
    let (_, mut writer, _) = recover_with(disk.clone(), OPTIONS).unwrap();
    append_next(&mut writer);
    writer.begin_commit(0).unwrap();
    append_next(&mut writer);
    disk.fail_sync_after(0);
    let error = writer.finish_commit().unwrap_err();
    assert!(matches!(error, JournalError::Io { action: "sync", .. }), "{error}");
    assert_eq!(writer.gate_sequence(), 0, "nothing was promised");
    assert!(matches!(writer.poll_commit(), Err(JournalError::Poisoned)));
    assert!(matches!(writer.begin_commit(1), Err(JournalError::Poisoned)));
    assert!(matches!(append(&mut writer, &frame(3, 1, 10)), Err(JournalError::Poisoned)));
}
