//! A reader beside a writer: it sees every frame, and calls nothing damaged.
//!
//! The writer works inside the reader's own disk: before each of the reader's
//! opens and reads a seeded number of frames is written. So every race between
//! two looks of a reader is played, and can be played again.

use crate::fixture::{Folder, Kept, append, frame, keep, recover};
use fastrand::Rng;
use ringmatch_journal::sim::{SimulatedDisk, SimulatedFile, SimulatedLock};
use ringmatch_journal::{Access, Reader, Storage, StorageFile, Writer};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// A writer, and the frames that it has still to write.
struct Author {
    writer: Writer<SimulatedDisk>,
    random: Rng,
    frames: std::vec::IntoIter<Kept>,
}

impl Author {
    fn write_some(&mut self) {
        let count = self.random.usize(0..4) * self.random.usize(0..2);
        for frame in self.frames.by_ref().take(count) {
            append(&mut self.writer, &frame).unwrap();
            if self.random.bool() {
                self.writer.commit(0).unwrap();
            }
        }
    }
}

/// A disk on which somebody writes whenever it is looked at.
#[derive(Clone)]
struct BusyDisk {
    disk: SimulatedDisk,
    author: Arc<Mutex<Author>>,
}

impl BusyDisk {
    fn after_some_writing(&self) -> &SimulatedDisk {
        self.author.lock().unwrap().write_some();
        &self.disk
    }
}

impl Storage for BusyDisk {
    type File = BusyFile;
    type Lock = SimulatedLock;

    fn path(&self, name: &str) -> PathBuf {
        self.disk.path(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.after_some_writing().list()
    }

    fn open(&self, name: &str, access: Access) -> io::Result<BusyFile> {
        let file = self.after_some_writing().open(name, access)?;
        Ok(BusyFile { disk: self.clone(), file })
    }

    fn create(&self, _: &str) -> io::Result<BusyFile> {
        unreachable!("a reader creates nothing")
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        unreachable!("a reader renames nothing")
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        unreachable!("a reader removes nothing")
    }

    fn sync_directory(&self) -> io::Result<()> {
        unreachable!("a reader syncs nothing")
    }

    fn free_bytes(&self) -> io::Result<u64> {
        unreachable!("a reader needs no room")
    }

    fn try_lock(&self, _: &str) -> io::Result<Option<SimulatedLock>> {
        unreachable!("a reader locks nothing")
    }

    fn prepares_in_background(&self) -> bool {
        unreachable!("a reader prepares nothing")
    }
}

struct BusyFile {
    disk: BusyDisk,
    file: SimulatedFile,
}

impl StorageFile for BusyFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.disk.after_some_writing();
        self.file.read_at(bytes, offset)
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        unreachable!("a reader writes nothing")
    }

    fn sync_data(&self) -> io::Result<()> {
        unreachable!("a reader syncs nothing")
    }
}

fn busy_disk(seed: u64, frames: &[Kept]) -> BusyDisk {
    let disk = SimulatedDisk::new(seed);
    let (_, writer, _) = recover(disk.clone()).unwrap();
    let frames = Vec::from(frames).into_iter();
    let author = Author { writer, random: Rng::with_seed(seed), frames };
    BusyDisk { disk, author: Arc::new(Mutex::new(author)) }
}

#[test]
fn a_reader_beside_a_writer_sees_all_of_it() {
    for seed in 0..400 {
        let mut random = Rng::with_seed(!seed);
        // Of some sizes that leave a segment's end in many ways.
        let frames: Vec<Kept> =
            (1..=40).map(|n| frame(n, 1, random.usize(0..6) * random.usize(0..2_000))).collect();
        let mut reader = Reader::open(busy_disk(seed, &frames)).unwrap();
        let mut read = Vec::new();
        while read.len() < frames.len() {
            let next = if random.bool() { reader.poll_frame() } else { reader.next_frame() };
            let next = next.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            read.extend(next.map(keep));
        }
        assert!(read == frames, "seed {seed}: other frames than were written");
        assert_eq!(reader.next_frame().unwrap(), None, "seed {seed}");
    }
}

#[test]
fn a_reader_follows_a_writer_over_segments() {
    let folder = Folder::new();
    let (_, mut writer, _) = recover(folder.open()).unwrap();
    let mut follower = Reader::open(folder.open()).unwrap();
    for n in 0..20 {
        assert_eq!(follower.poll_frame().unwrap(), None);
        let written = frame(1 + n, 1, 700 * n as usize % 6_000);
        append(&mut writer, &written).unwrap();
        let read = follower.poll_frame().unwrap().unwrap();
        assert_eq!((read.first_sequence, read.body), (1 + n, written.body.as_slice()));
        assert!(read.body.as_ptr().align_offset(64) == 0);
    }
    assert_eq!(follower.next_sequence(), 21);
}
