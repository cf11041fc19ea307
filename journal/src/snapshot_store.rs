//! The snapshots of a journal: saved beside its segments, newest first.
//!
//! A snapshot is written under a temporary name, its header last; it is synced,
//! renamed, and the directory synced, so one with its own name is whole. Saving
//! never replaces a sound snapshot, and the oldest go only when the new one is
//! there. Looking for the newest reads it to its end before anything in it is
//! believed; one that is damaged, or of a version unknown here, is passed over
//! and said, and the one before it serves. A lock lets only one
//! save at a time.

use crate::error::JournalError;
use crate::identity::Identity;
use crate::scanner::check_identity;
use crate::snapshot::{CHUNK, CHUNK_HEADER, Snapshot, SnapshotHeader, SnapshotInfo};
use crate::snapshot_chunks::{Failed, Outgoing};
use crate::storage::{Storage, StorageFile};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::num::NonZeroUsize;

const SUFFIX: &str = ".snap";
const TEMPORARY: &str = ".tmp";
/// Held by whoever saves one.
const LOCK_NAME: &str = "snapshot-lock";

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
    /// What the application has no use for, by the sequence that follows it.
    refused: BTreeSet<u64>,
}

/// What a store has to go on from.
pub struct Found<S: Storage> {
    /// The first sound snapshot, if there is any.
    pub snapshot: Option<Snapshot<S>>,
    /// Those before it that are of no use, and why.
    pub passed_over: Vec<JournalError>,
}

impl<S: Storage> SnapshotStore<S> {
    /// The snapshots of this journal, of which a save leaves the newest `keep`.
    #[must_use]
    pub fn new(storage: S, identity: Identity, keep: NonZeroUsize) -> Self {
        Self { storage, identity, keep, refused: BTreeSet::new() }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Passes this snapshot over from now on: its bytes are sound, and what they
    /// say is of no use to the application.
    pub fn refuse(&mut self, snapshot: &Snapshot<S>) {
        self.refused.insert(snapshot.info().position.next_sequence);
    }

    /// Begins a snapshot; its body is written to what is returned. The frame it
    /// stands after must be durable: see [`Reader::sync`](crate::Reader::sync).
    ///
    /// # Errors
    /// [`InUse`](JournalError::InUse) when somebody else is saving one; when the
    /// disk fails.
    pub fn begin(
        &self,
        info: SnapshotInfo,
        rate: SaveRate,
    ) -> Result<SnapshotWriter<'_, S>, JournalError> {
        let locked = self.storage.try_lock(LOCK_NAME).map_err(self.failed("lock", LOCK_NAME))?;
        let path = self.storage.path(LOCK_NAME);
        let lock = locked.ok_or(JournalError::InUse { path })?;
        let name = format!("{}{TEMPORARY}", snapshot_name(info.position.next_sequence));
        match self.storage.remove(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.map_err(self.failed("remove", &name))?,
        }
        let file = self.storage.create(&name).map_err(self.failed("create", &name))?;
        let outgoing = Outgoing::of(file, rate, self.storage.prepares_in_background());
        let outgoing = outgoing.map_err(self.failed("start a thread for", &name))?;
        Ok(SnapshotWriter { store: self, _lock: lock, name, info, outgoing, chunk: Vec::new() })
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
    pub fn newest(&self) -> Result<Found<S>, JournalError> {
        self.first_sound(self.names()?.into_iter().rev())
    }

    /// The oldest snapshot that is sound.
    ///
    /// # Errors
    /// As for [`newest`](Self::newest).
    pub fn oldest(&self) -> Result<Found<S>, JournalError> {
        self.first_sound(self.names()?.into_iter())
    }

    fn first_sound(
        &self,
        names: impl Iterator<Item = (u64, String)>,
    ) -> Result<Found<S>, JournalError> {
        let mut passed_over = Vec::new();
        for (next_sequence, name) in names.filter(|(at, _)| !self.refused.contains(at)) {
            match self.open(&name, next_sequence) {
                Ok(snapshot) => return Ok(Found { snapshot: Some(snapshot), passed_over }),
                Err(
                    error @ (JournalError::DamagedSnapshot { .. }
                    | JournalError::UnknownVersion { .. }),
                ) => passed_over.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok(Found { snapshot: None, passed_over })
    }

    /// The first sequence that a start may need from the journal: that of the
    /// oldest sound snapshot, so that each can be fallen back to.
    pub(crate) fn needed_from(&self) -> Result<Option<u64>, JournalError> {
        let oldest = self.oldest()?.snapshot;
        Ok(oldest.map(|snapshot| snapshot.info().position.next_sequence))
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
    _lock: S::Lock,
    name: String,
    info: SnapshotInfo,
    outgoing: Outgoing<S::File>,
    /// The next chunk, behind room for its header.
    chunk: Vec<u8>,
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
        let put = self.outgoing.put(&mut self.chunk);
        put.map_err(|(action, source): Failed| self.failed(action)(source))
    }

    /// Makes the snapshot be there, durably, and lets the oldest go.
    ///
    /// # Errors
    /// When the disk fails; what was there before is still there.
    pub fn finish(mut self) -> Result<(), JournalError> {
        if !self.chunk.is_empty() {
            self.write_chunk()?;
        }
        let written = self.outgoing.end();
        let written = written.map_err(|(action, source)| self.failed(action)(source))?;
        let (info, identity) = (self.info, self.store.identity.clone());
        let (body_bytes, end) = (written.body_bytes, written.hash);
        let header = SnapshotHeader { identity, info, body_bytes, end };
        written.file.write_at(&header.encode(), 0).map_err(self.failed("write"))?;
        written.file.sync_data().map_err(self.failed("sync"))?;
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

/// One that was given up must not be written on when its lock is given back.
impl<S: Storage> Drop for SnapshotWriter<'_, S> {
    fn drop(&mut self) {
        // What failed was said, or does not matter any more.
        let _ = self.outgoing.end();
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
