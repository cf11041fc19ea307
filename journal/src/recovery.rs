//! From whatever a directory holds to a writer at its tail.
//!
//! Recovery takes the lock, yields every frame in order for the application to
//! replay, and only when all has been read and [judged](crate::tail) sound does
//! it change anything: a torn tail is copied to a file of its own and zeroed.
//! The frames that no later frame says to be synced, and the zeros after them as
//! far as a crash can have torn, are always written again: after a failed sync
//! the page cache can show bytes as clean that the disk never got, and a sync
//! alone would not send them. A crash at any moment in here leaves a journal
//! that the next recovery treats the same way.

use crate::directory::Directory;
use crate::durability::Durability;
use crate::error::JournalError;
use crate::frame::{Frame, MAX_FRAME_BYTES};
use crate::identity::Identity;
use crate::mark::{BEGUN, Mark, MarkFile};
use crate::pace::Pace;
use crate::preparer::{Preparer, is_temporary, prepare};
use crate::report::{RecoveryReport, TornTail};
use crate::scanner::{Continuation, OpenSegment, Scanner};
use crate::segment::{SEGMENT_HEADER_BYTES, SMALLEST_SEGMENT_BYTES, archive_name, segment_name};
use crate::snapshot_store::SnapshotStore;
use crate::start::{Start, start, start_without};
use crate::storage::{Access, Storage, StorageFile};
use crate::survey::{Leftover, survey_leftover};
use crate::tail::{Tail, judge};
use crate::writer::{Handover, Tip, Writer, begin};
use std::io;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

/// The file whose lock the writer of a journal holds.
const LOCK_NAME: &str = "lock";
const COPY_BYTES: u64 = 256 << 10;

/// How a journal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of each new segment: a multiple of 4096, from 8192.
    pub segment_bytes: u64,
    /// When a result may leave.
    pub durability: Durability,
}

impl Default for Options {
    /// Segments of 64 MiB, and results wait for the disk.
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, durability: Durability::Fsync }
    }
}

/// From whatever a directory holds to a [`Writer`] at its tail.
///
/// It holds the journal's lock, yields every frame in order, and changes nothing
/// before [`into_writer`](Self::into_writer).
pub struct Recovery<S: Storage = Directory> {
    scanner: Scanner<S>,
    identity: Identity,
    options: Options,
    tail: Option<Tail>,
    /// Where to start has been decided.
    started: bool,
    lock: S::Lock,
}

impl<S: Storage> Recovery<S> {
    /// Takes the lock and looks at the first segment.
    ///
    /// # Errors
    /// [`InUse`](JournalError::InUse) when somebody writes this journal;
    /// [`ForeignVenue`](JournalError::ForeignVenue) and
    /// [`ChangedConfig`](JournalError::ChangedConfig) when it is not the one
    /// that `identity` names; or what is wrong with it or with `options`.
    pub fn open(storage: S, identity: Identity, options: Options) -> Result<Self, JournalError> {
        let bytes = options.segment_bytes;
        if bytes < SMALLEST_SEGMENT_BYTES || !bytes.is_multiple_of(SEGMENT_HEADER_BYTES) {
            return Err(JournalError::SegmentBytes { bytes });
        }
        let path = storage.path(LOCK_NAME);
        let lock = match storage.try_lock(LOCK_NAME) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Err(JournalError::InUse { path }),
            Err(source) => return Err(JournalError::Io { action: "lock", path, source }),
        };
        let scanner = Scanner::open(storage, Some(identity.clone()))?;
        Ok(Self { scanner, identity, options, tail: None, started: false, lock })
    }

    /// The snapshots beside this journal, of which a save leaves the newest `keep`.
    #[must_use]
    pub fn snapshots(&self, keep: NonZeroUsize) -> SnapshotStore<S> {
        SnapshotStore::new(self.scanner.storage.clone(), self.identity.clone(), keep)
    }

    /// Goes to behind the newest sound snapshot, or to the beginning if there is
    /// none: the next frame is the first that follows it.
    ///
    /// # Errors
    /// When the journal and the snapshots contradict each other, or there is
    /// nothing to start from. Nothing was changed.
    pub fn start_from(&mut self, store: &SnapshotStore<S>) -> Result<Start<S>, JournalError> {
        self.started = true;
        start(&mut self.scanner, store.newest()?)
    }

    /// The next frame, or nothing after the last. Without a
    /// [`start_from`](Self::start_from) they come from the very first.
    ///
    /// # Errors
    /// When the journal is damaged or cannot be read. Nothing was changed.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, JournalError> {
        if self.tail.is_some() {
            return Ok(None);
        }
        if !self.started {
            self.started = true;
            start_without(&mut self.scanner)?;
        }
        match self.scanner.advance()? {
            Ok(located) => Ok(Some(self.scanner.frame(located))),
            Err(at) => {
                self.tail = Some(judge(&self.scanner, at)?);
                Ok(None)
            }
        }
    }

    /// The sequence that comes after the frames seen so far.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.scanner.next.sequence
    }

    /// Reads what has not been read yet, cuts a torn tail, and goes on from
    /// there as a writer. An empty directory becomes a new journal.
    ///
    /// # Errors
    /// When the journal is damaged: then nothing was changed. When the disk
    /// fails: then what was changed does not hinder the next recovery.
    pub fn into_writer(mut self) -> Result<(Writer<S>, RecoveryReport), JournalError> {
        while self.next_frame()?.is_some() {}
        self.check_end()?;
        let torn = self.cut()?;
        self.remove_temporary_files()?;
        let prepared = self.adopt_prepared()?;
        let report = RecoveryReport {
            segments: self.scanner.segments(),
            frames: self.scanner.frames,
            last_sequence: self.scanner.next.sequence - 1,
            epoch: self.scanner.next.epoch.saturating_add(1),
            begun: self.scanner.segment.is_none(),
            torn,
        };
        Ok((self.write_on(prepared)?, report))
    }

    /// Only a segment whose successor was begun is ever compressed, so a journal
    /// that ends with a compressed one has lost its end.
    fn check_end(&self) -> Result<(), JournalError> {
        if self.scanner.segment.is_none() {
            return Ok(());
        }
        let (storage, number) = (&self.scanner.storage, self.scanner.number());
        let names = storage.list().map_err(self.failed("list the directory of", number))?;
        let has = |name: String| names.contains(&name);
        if has(segment_name(number)) || !has(archive_name(number)) {
            return Ok(());
        }
        let path = storage.path(&segment_name(number.saturating_add(1)));
        Err(JournalError::LostEnd { path, sequence: self.scanner.next.sequence })
    }

    fn write_on(mut self, mut prepared: Option<S::File>) -> Result<Writer<S>, JournalError> {
        let Continuation { sequence, chain, epoch } = self.scanner.next;
        let epoch = epoch.checked_add(1).ok_or(JournalError::Exhausted)?;
        let next = Continuation { sequence, chain, epoch };
        let (tip, mark) = match self.scanner.segment.take() {
            Some(segment) => (self.reopen(&segment)?, segment.mark()),
            None => {
                let tip = self.begin_first(prepared.take(), next)?;
                let mark = Mark { number: tip.number, first_sequence: sequence, chain };
                (tip, mark)
            }
        };
        let begun = self.mark_begun(&mark)?;
        let storage = self.scanner.storage;
        let failed = |action| {
            let path = storage.path("");
            move |source| JournalError::Io { action, path, source }
        };
        let mut preparer = Preparer::start(storage.clone(), self.options.segment_bytes)
            .map_err(failed("start the thread that prepares segments in"))?;
        match prepared {
            Some(file) => preparer.adopt(file),
            None => preparer.order(tip.number + 1),
        }
        let Self { identity, options: Options { durability, .. }, lock, .. } = self;
        let handover = Handover { storage, lock, identity, durability, next, tip, preparer, begun };
        Ok(Writer::new(handover))
    }

    /// Makes all names durable, then that this segment was begun.
    fn mark_begun(&self, mark: &Mark) -> Result<MarkFile<S>, JournalError> {
        let storage = &self.scanner.storage;
        let path = storage.path("");
        let failed = |source| JournalError::Io { action: "sync", path, source };
        storage.sync_directory().map_err(failed)?;
        MarkFile::open(storage, BEGUN, mark)
    }

    fn begin_first(
        &self,
        prepared: Option<S::File>,
        next: Continuation,
    ) -> Result<Tip<S::File>, JournalError> {
        let storage = &self.scanner.storage;
        let file = match prepared {
            Some(file) => file,
            None => prepare(storage, 1, self.options.segment_bytes, &Pace::hurried())?,
        };
        begin(storage, file, 1, &self.identity, next)
    }

    /// Opens the last segment for writing, and makes durable what was read:
    /// the frames, and that nothing follows them.
    fn reopen(&self, segment: &OpenSegment<S::File>) -> Result<Tip<S::File>, JournalError> {
        let OpenSegment { number, length, offset, synced_to, .. } = *segment;
        let file = self.open_to_write(number)?;
        let mut buffer = Vec::new();
        for piece in pieces(synced_to..offset) {
            self.copy(&segment.file, &piece, &mut buffer, number)?;
            file.write_at(&buffer, piece.start).map_err(self.failed("write", number))?;
        }
        self.write_zeros(&file, number, offset..(offset + MAX_FRAME_BYTES).min(length))?;
        Ok(Tip { file: Arc::new(file), number, length, offset, synced_to: offset })
    }

    /// Writes zeros to a segment, and syncs it.
    fn write_zeros(
        &self,
        file: &S::File,
        number: u32,
        range: Range<u64>,
    ) -> Result<(), JournalError> {
        let zeros = vec![0; COPY_BYTES as usize];
        for piece in pieces(range) {
            let zeros = &zeros[..(piece.end - piece.start) as usize];
            file.write_at(zeros, piece.start).map_err(self.failed("write", number))?;
        }
        file.sync_data().map_err(self.failed("sync", number))
    }

    /// Keeps what the last crash has left in a file of its own. It leaves the
    /// journal later: frames are overwritten by `reopen`, and a segment that was
    /// not quite begun is removed by `adopt_prepared`.
    fn cut(&self) -> Result<Option<TornTail>, JournalError> {
        let Some(Tail::Torn { segment: number, offset, bytes }) = self.tail else {
            return Ok(None);
        };
        let opened = self.scanner.storage.open(&segment_name(number), Access::Read);
        let file = opened.map_err(self.failed("open", number))?;
        let kept = self.keep_aside(&file, number, offset..offset + bytes)?;
        let path = |name: &str| self.scanner.storage.path(name);
        let segment = path(&segment_name(number));
        Ok(Some(TornTail { segment, offset, bytes, kept: path(&kept) }))
    }

    /// Copies a piece of a segment to a new file; its name.
    fn keep_aside(
        &self,
        from: &S::File,
        number: u32,
        range: Range<u64>,
    ) -> Result<String, JournalError> {
        let (name, to) = self.create_torn(number, range.start)?;
        let failed = |action| {
            let path = self.scanner.storage.path(&name);
            move |source| JournalError::Io { action, path, source }
        };
        let mut buffer = Vec::new();
        for piece in pieces(range.clone()) {
            self.copy(from, &piece, &mut buffer, number)?;
            to.write_at(&buffer, piece.start - range.start).map_err(failed("write"))?;
        }
        to.sync_data().map_err(failed("sync"))?;
        self.scanner.storage.sync_directory().map_err(failed("sync the name of"))?;
        Ok(name)
    }

    /// An earlier recovery may have been cut short after it had kept a part.
    fn create_torn(&self, number: u32, offset: u64) -> Result<(String, S::File), JournalError> {
        let storage = &self.scanner.storage;
        for attempt in 1_u32.. {
            let name = format!("{number:08}-{offset}-{attempt}.torn");
            match storage.create(&name) {
                Ok(file) => return Ok((name, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => {
                    let path = storage.path(&name);
                    return Err(JournalError::Io { action: "create", path, source });
                }
            }
        }
        Err(JournalError::Exhausted)
    }

    fn remove_temporary_files(&self) -> Result<(), JournalError> {
        let storage = &self.scanner.storage;
        let failed = |action, name: &str, source| {
            Err(JournalError::Io { action, path: storage.path(name), source })
        };
        let names = storage.list().or_else(|source| failed("list", "", source))?;
        for name in names.iter().filter(|name| is_temporary(name)) {
            storage.remove(name).or_else(|source| failed("remove", name, source).map(drop))?;
        }
        Ok(())
    }

    /// The next segment, if it is all zeros and of the right size; any other is
    /// removed.
    fn adopt_prepared(&self) -> Result<Option<S::File>, JournalError> {
        let number = self.scanner.number() + 1;
        match survey_leftover(&self.scanner)? {
            Leftover::Prepared { length } if length == self.options.segment_bytes => {
                self.open_to_write(number).map(Some)
            }
            Leftover::Missing => Ok(None),
            _ => {
                let removed = self.scanner.storage.remove(&segment_name(number));
                removed.map_err(self.failed("remove", number))?;
                Ok(None)
            }
        }
    }

    fn open_to_write(&self, number: u32) -> Result<S::File, JournalError> {
        let opened = self.scanner.storage.open(&segment_name(number), Access::Write);
        opened.map_err(self.failed("open for writing", number))
    }

    /// Reads a piece of a segment into `buffer`.
    fn copy(
        &self,
        from: &impl StorageFile,
        piece: &Range<u64>,
        buffer: &mut Vec<u8>,
        number: u32,
    ) -> Result<(), JournalError> {
        buffer.resize((piece.end - piece.start) as usize, 0);
        from.read_at(buffer, piece.start).map_err(self.failed("read", number))
    }

    fn failed(
        &self,
        action: &'static str,
        number: u32,
    ) -> impl FnOnce(io::Error) -> JournalError + use<S> {
        let path = self.scanner.storage.path(&segment_name(number));
        move |source| JournalError::Io { action, path, source }
    }
}

/// Cuts a range of a file into pieces that fit a buffer.
fn pieces(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let end = range.end;
    range.step_by(COPY_BYTES as usize).map(move |start| start..(start + COPY_BYTES).min(end))
}
