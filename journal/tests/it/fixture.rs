//! A directory with a venue's journal, and what a test does to it.

use ringmatch_journal::{
    Access, Directory, Durability, Identity, JournalError, Options, Reader, Recovery,
    RecoveryReport, Storage, Writer,
};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const COMMANDS: u8 = 1;
pub(crate) const SEGMENT_BYTES: u64 = 16 << 10;
pub(crate) const OPTIONS: Options =
    Options { segment_bytes: SEGMENT_BYTES, durability: Durability::Fsync };

/// A frame that a test keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) kind: u8,
    pub(crate) first_sequence: u64,
    pub(crate) count: u32,
    pub(crate) time_ns: u64,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn identity() -> Identity {
    Identity::new("ALPHA", b"orders = 1000").unwrap()
}

pub(crate) fn recover<S: Storage>(
    storage: S,
) -> Result<(Vec<Kept>, Writer<S>, RecoveryReport), JournalError> {
    recover_with(storage, OPTIONS)
}

pub(crate) fn recover_with<S: Storage>(
    storage: S,
    options: Options,
) -> Result<(Vec<Kept>, Writer<S>, RecoveryReport), JournalError> {
    let mut recovery = Recovery::open(storage, identity(), options)?;
    let mut frames = Vec::new();
    while let Some(frame) = recovery.next_frame()? {
        frames.push(keep(frame));
    }
    let (writer, report) = recovery.into_writer()?;
    Ok((frames, writer, report))
}

pub(crate) fn read<S: Storage>(storage: S) -> Result<Vec<Kept>, JournalError> {
    let mut reader = Reader::open(storage)?;
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame()? {
        frames.push(keep(frame));
    }
    Ok(frames)
}

pub(crate) fn keep(frame: ringmatch_journal::Frame<'_>) -> Kept {
    let ringmatch_journal::Frame { kind, first_sequence, count, time_ns, body, .. } = frame;
    Kept { kind, first_sequence, count, time_ns, body: body.to_vec() }
}

/// Frame number `n` of a test's journal: `count` records, and a body of
/// `body_bytes` that no other frame has.
pub(crate) fn frame(first_sequence: u64, count: u32, body_bytes: usize) -> Kept {
    let body = (0..body_bytes).map(|i| (i as u64 * 31 + first_sequence * 7 + 1) as u8).collect();
    Kept { kind: COMMANDS, first_sequence, count, time_ns: first_sequence * 1_000, body }
}

pub(crate) fn append<S: Storage>(writer: &mut Writer<S>, frame: &Kept) -> Result<(), JournalError> {
    let Kept { kind, first_sequence, count, time_ns, body } = frame;
    writer.append(*kind, *first_sequence, *count, *time_ns, body)
}

/// A real directory for one test.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with frames of these body lengths, each of three records, one
    /// commit a frame.
    pub(crate) fn with_frames(body_bytes: &[usize]) -> (Self, Vec<Kept>) {
        let folder = Self::new();
        let (_, mut writer, _) = recover(folder.open()).unwrap();
        let frames: Vec<Kept> =
            (0..).zip(body_bytes).map(|(n, bytes)| frame(1 + 3 * n, 3, *bytes)).collect();
        for frame in &frames {
            append(&mut writer, frame).unwrap();
            writer.commit(frame.time_ns).unwrap();
        }
        (folder, frames)
    }

    pub(crate) fn open(&self) -> OneThread {
        OneThread(Directory::open(self.path()).unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn segment(&self, number: u32) -> PathBuf {
        self.path().join(format!("{number:08}.seg"))
    }
}

/// A directory whose segments are prepared by whoever writes, so that a test
/// knows which files are there.
#[derive(Clone)]
pub(crate) struct OneThread(pub(crate) Directory);

impl Storage for OneThread {
    type File = File;
    type Lock = File;

    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn open(&self, name: &str, access: Access) -> io::Result<File> {
        self.0.open(name, access)
    }

    fn create(&self, name: &str) -> io::Result<File> {
        self.0.create(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.0.sync_directory()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.0.free_bytes()
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<File>> {
        self.0.try_lock(name)
    }

    fn prepares_in_background(&self) -> bool {
        false
    }
}

/// A directory on a disk that was mounted for reading only.
#[derive(Clone)]
pub(crate) struct ReadOnly(pub(crate) Directory);

fn read_only<T>() -> io::Result<T> {
    Err(io::ErrorKind::ReadOnlyFilesystem.into())
}

impl Storage for ReadOnly {
    type File = File;
    type Lock = File;

    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn open(&self, name: &str, access: Access) -> io::Result<File> {
        if access == Access::Write { read_only() } else { self.0.open(name, access) }
    }

    fn create(&self, _: &str) -> io::Result<File> {
        read_only()
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        read_only()
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        read_only()
    }

    fn sync_directory(&self) -> io::Result<()> {
        read_only()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.0.free_bytes()
    }

    fn try_lock(&self, _: &str) -> io::Result<Option<File>> {
        read_only()
    }

    fn prepares_in_background(&self) -> bool {
        false
    }
}
