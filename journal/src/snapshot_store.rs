//! The snapshots of a journal: saved beside its segments, newest first.
//!
//! A snapshot is written under a temporary name, its header last; it is synced,
//! renamed, and the directory synced, so one with its own name is whole. Saving
//! never replaces a sound snapshot, and the oldest go only when the new one is
//! there. Looking for the newest reads it to its end before anything in it is
//! believed; one that is damaged, or of a version unknown here, is passed over
//! and said, and the one before it serves. One store saves at a time.

use crate::error::JournalError;
use crate::identity::Identity;
use crate::scanner::check_identity;
use crate::snapshot::chunk_header;
use crate::snapshot::{CHUNK, CHUNK_HEADER, HEADER, Snapshot, SnapshotHeader, SnapshotInfo};
use crate::storage::{Storage, StorageFile};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

const SUFFIX: &str = ".snap";
const TEMPORARY: &str = ".tmp";
/// Bytes written and synced at a time by a slow save.
const SLOW_PIECE_BYTES: usize = 64 << 10;

/// How much of the disk a save may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveRate {
    /// All of it: nobody else needs it now.
    #[default]
    Full,
    /// About so many bytes a second, in small synced pieces: a journal beside it
    /// hardly feels them.
    BytesPerSecond(u64),
}

/// The snapshots in a journal's directory.
#[derive(Clone)]
pub struct SnapshotStore<S: Storage> {
    storage: S,
    identity: Identity,
    keep: NonZeroUsize,
}

/// What a store has to go on from.
pub struct Newest<S: Storage> {
    /// The newest sound snapshot, if there is any.
    pub snapshot: Option<Snapshot<S>>,
    /// Newer ones that are of no use, and why.
    pub passed_over: Vec<JournalError>,
}

impl<S: Storage> SnapshotStore<S> {
    /// The snapshots of this journal, of which a save leaves the newest `keep`.
    #[must_use]
    pub fn new(storage: S, identity: Identity, keep: NonZeroUsize) -> Self {
        Self { storage, identity, keep }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Begins a snapshot; its body is written to what is returned. The frame it
    /// stands after must be durable: see [`Reader::sync`](crate::Reader::sync).
    ///
    /// # Errors
    /// When the disk fails.
    pub fn begin(
        &self,
        info: SnapshotInfo,
        rate: SaveRate,
    ) -> Result<SnapshotWriter<'_, S>, JournalError> {
        let name = format!("{}{TEMPORARY}", snapshot_name(info.position.next_sequence));
        match self.storage.remove(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.map_err(self.failed("remove", &name))?,
        }
        let file = self.storage.create(&name).map_err(self.failed("create", &name))?;
        let chunk = Vec::with_capacity(CHUNK_HEADER + CHUNK);
        let (written, body_bytes, chunks, hash) = (HEADER as u64, 0, 0, 0);
        Ok(SnapshotWriter {
            store: self,
            name,
            file,
            info,
            rate,
            chunk,
            written,
            body_bytes,
            chunks,
            hash,
        })
    }

    /// Saves a body that is in memory.
    ///
    /// # Errors
    /// When the disk fails; what was there before is still there.
    pub fn save(&self, info: SnapshotInfo, body: &[u8]) -> Result<(), JournalError> {
        let mut writer = self.begin(info, SaveRate::Full)?;
        writer.append(body)?;
        writer.finish()
    }

    /// The newest snapshot that is sound.
    ///
    /// # Errors
    /// When a snapshot is another venue's or was made under another
    /// configuration, or the disk fails.
    pub fn newest(&self) -> Result<Newest<S>, JournalError> {
        let mut passed_over = Vec::new();
        for (next_sequence, name) in self.names()?.into_iter().rev() {
            match self.open(&name, next_sequence) {
                Ok(snapshot) => return Ok(Newest { snapshot: Some(snapshot), passed_over }),
                Err(
                    error @ (JournalError::DamagedSnapshot { .. }
                    | JournalError::UnknownVersion { .. }),
                ) => passed_over.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok(Newest { snapshot: None, passed_over })
    }

    /// The first sequence that a start may need from the journal: that of the
    /// oldest sound snapshot, so that each can be fallen back to.
    pub(crate) fn needed_from(&self) -> Result<Option<u64>, JournalError> {
        for (next_sequence, name) in self.names()? {
            match self.open(&name, next_sequence) {
                Ok(_) => return Ok(Some(next_sequence)),
                Err(JournalError::DamagedSnapshot { .. } | JournalError::UnknownVersion { .. }) => {
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn open(&self, name: &str, next_sequence: u64) -> Result<Snapshot<S>, JournalError> {
        let snapshot = Snapshot::open(&self.storage, name)?;
        let path = || self.storage.path(name);
        check_identity(snapshot.identity(), &self.identity, path)?;
        if snapshot.info().position.next_sequence == next_sequence {
            Ok(snapshot)
        } else {
            // It was given another one's name.
            Err(JournalError::DamagedSnapshot { path: path(), offset: 0 })
        }
    }

    /// The snapshots that there are, oldest first.
    fn names(&self) -> Result<Vec<(u64, String)>, JournalError> {
        let names = self.storage.list().map_err(self.failed("list", ""))?;
        let snapshot = |name: String| snapshot_sequence(&name).map(|sequence| (sequence, name));
        let mut names: Vec<_> = names.into_iter().filter_map(snapshot).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Lets the oldest go, and the remains of saves that a crash cut short.
    fn tidy(&self) -> Result<(), JournalError> {
        let names = self.names()?;
        let surplus = names.len().saturating_sub(self.keep.get());
        let unfinished = self.storage.list().map_err(self.failed("list", ""))?;
        let is_unfinished =
            |name: &String| name.strip_suffix(TEMPORARY).and_then(snapshot_sequence).is_some();
        let old = names.into_iter().take(surplus).map(|(_, name)| name);
        for name in old.chain(unfinished.into_iter().filter(is_unfinished)) {
            self.storage.remove(&name).map_err(self.failed("remove", &name))?;
        }
        self.sync_names()
    }

    fn sync_names(&self) -> Result<(), JournalError> {
        self.storage.sync_directory().map_err(self.failed("sync", ""))
    }

    fn failed(
        &self,
        action: &'static str,
        name: &str,
    ) -> impl FnOnce(io::Error) -> JournalError + use<S> {
        let path = self.storage.path(name);
        move |source| JournalError::Io { action, path, source }
    }
}

/// A snapshot being written; until [`finish`](Self::finish) there is none.
pub struct SnapshotWriter<'a, S: Storage> {
    store: &'a SnapshotStore<S>,
    name: String,
    file: S::File,
    info: SnapshotInfo,
    rate: SaveRate,
    /// The next chunk, behind room for its header.
    chunk: Vec<u8>,
    /// Where that will be written.
    written: u64,
    body_bytes: u64,
    chunks: u64,
    hash: u64,
}

impl<S: Storage> SnapshotWriter<'_, S> {
    /// Adds to the body.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub fn append(&mut self, mut bytes: &[u8]) -> Result<(), JournalError> {
        while !bytes.is_empty() {
            if self.chunk.is_empty() {
                self.chunk.resize(CHUNK_HEADER, 0);
            }
            let room = CHUNK_HEADER + CHUNK - self.chunk.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.chunk.len() == CHUNK_HEADER + CHUNK {
                self.write_chunk()?;
            }
        }
        Ok(())
    }

    fn write_chunk(&mut self) -> Result<(), JournalError> {
        let (header, body) = self.chunk.split_at_mut(CHUNK_HEADER);
        let (bytes, hash) = chunk_header(self.chunks, self.hash, body);
        header.copy_from_slice(&bytes);
        self.body_bytes += body.len() as u64;
        self.write_at_rate(&self.chunk, self.written)?;
        self.written += self.chunk.len() as u64;
        self.chunks += 1;
        self.hash = hash;
        self.chunk.clear();
        Ok(())
    }

    /// Writes as fast as it may.
    fn write_at_rate(&self, bytes: &[u8], offset: u64) -> Result<(), JournalError> {
        let SaveRate::BytesPerSecond(rate) = self.rate else {
            return self.file.write_at(bytes, offset).map_err(self.failed("write"));
        };
        let mut offset = offset;
        for piece in bytes.chunks(SLOW_PIECE_BYTES) {
            self.file.write_at(piece, offset).map_err(self.failed("write"))?;
            self.file.sync_data().map_err(self.failed("sync"))?;
            offset += piece.len() as u64;
            let nanos = piece.len() as u64 * 1_000_000_000 / rate.max(1);
            thread::sleep(Duration::from_nanos(nanos));
        }
        Ok(())
    }

    /// Makes the snapshot be there, durably, and lets the oldest go.
    ///
    /// # Errors
    /// When the disk fails; what was there before is still there.
    pub fn finish(mut self) -> Result<(), JournalError> {
        if !self.chunk.is_empty() {
            self.write_chunk()?;
        }
        let Self { info, body_bytes, hash: end, .. } = self;
        let header =
            SnapshotHeader { identity: self.store.identity.clone(), info, body_bytes, end };
        self.file.write_at(&header.encode(), 0).map_err(self.failed("write"))?;
        self.file.sync_data().map_err(self.failed("sync"))?;
        if self.makes_way()? {
            let name = snapshot_name(info.position.next_sequence);
            let renamed = self.store.storage.rename(&self.name, &name);
            renamed.map_err(self.failed("rename"))?;
            self.store.sync_names()?;
        }
        self.store.tidy()
    }

    /// Whether the name is free; a sound snapshot that has it already stays.
    fn makes_way(&self) -> Result<bool, JournalError> {
        let next_sequence = self.info.position.next_sequence;
        let name = snapshot_name(next_sequence);
        match self.store.open(&name, next_sequence) {
            Ok(_) => Ok(false),
            Err(JournalError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(true)
            }
            Err(JournalError::DamagedSnapshot { .. } | JournalError::UnknownVersion { .. }) => {
                let removed = self.store.storage.remove(&name);
                removed.map_err(self.store.failed("remove", &name)).map(|()| true)
            }
            Err(error) => Err(error),
        }
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> JournalError + use<S> {
        self.store.failed(action, &self.name)
    }
}

impl<S: Storage> Write for SnapshotWriter<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes).map_err(io::Error::other).map(|()| bytes.len())
    }

    /// A snapshot is written when it is finished.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file of a snapshot before this record; names sort as sequences do.
fn snapshot_name(next_sequence: u64) -> String {
    format!("{next_sequence:020}{SUFFIX}")
}

/// The sequence that follows a snapshot, if that is what the file is.
pub(crate) fn snapshot_sequence(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX).filter(|digits| digits.len() == 20)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}
