//! Reads a journal without touching it.
//!
//! For replays, checks and dumps, and for following a journal that somebody
//! else is writing: no lock is taken and nothing is changed. Every frame is
//! checked as recovery checks it. At the end there are two questions. "Is there
//! another frame yet?" is [`poll_frame`](Reader::poll_frame), which is cheap and
//! takes anything unreadable in the last segment for a frame that is being
//! written. "Was that all?" is [`next_frame`](Reader::next_frame), which reads
//! the rest of the last segment and refuses a journal that does not end there.

use crate::directory::Directory;
use crate::error::JournalError;
use crate::frame::Frame;
use crate::identity::Identity;
use crate::position::Position;
use crate::scanner::{Located, Scanner};
use crate::segment::segment_name;
use crate::snapshot_store::SnapshotStore;
use crate::start::{Start, start};
use crate::storage::{Storage, StorageFile};
use crate::tail::{Tail, judge};
use std::num::NonZeroUsize;

/// Reads a journal without taking its lock or changing it, also while somebody
/// writes it.
///
/// "Is there another frame yet?" is [`poll_frame`](Self::poll_frame), which is
/// cheap and takes anything unreadable at the tail for a frame that is being
/// written. "Was that all?" is [`next_frame`](Self::next_frame), which refuses a
/// journal that is damaged there.
pub struct Reader<S: Storage = Directory> {
    scanner: Scanner<S>,
    identity: Identity,
    tail: Option<Tail>,
}

impl<S: Storage> Reader<S> {
    /// A reader before the first frame. If the beginning was dropped it is
    /// before the first that is left.
    ///
    /// # Errors
    /// [`NoJournal`](JournalError::NoJournal), or what is wrong with the first
    /// segment or with the names of the others.
    pub fn open(storage: S) -> Result<Self, JournalError> {
        let path = storage.path(&segment_name(1));
        let scanner = Scanner::open(storage, None)?;
        match scanner.identity.clone() {
            Some(identity) => Ok(Self { scanner, identity, tail: None }),
            None => Err(JournalError::NoJournal { path }),
        }
    }

    /// Whose journal it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
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
    /// nothing to start from.
    pub fn start_from(&mut self, store: &SnapshotStore<S>) -> Result<Start<S>, JournalError> {
        start(&mut self.scanner, store.newest()?)
    }

    /// The same with the oldest sound snapshot: as much as there is comes after it.
    ///
    /// # Errors
    /// As for [`start_from`](Self::start_from).
    pub fn start_from_oldest(
        &mut self,
        store: &SnapshotStore<S>,
    ) -> Result<Start<S>, JournalError> {
        start(&mut self.scanner, store.oldest()?)
    }

    /// The place after the frames read so far.
    #[must_use]
    pub fn position(&self) -> Position {
        self.scanner.position()
    }

    /// How many bytes of the journal were read, and how many there are: exact in
    /// its segments, and with the last one counted in full.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        self.scanner.progress()
    }

    /// Makes durable what was read so far, whatever the policy of the writer:
    /// for whoever saves something that stands after it. A segment is synced
    /// when the next is begun, so only the one being read can be in question.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> Result<(), JournalError> {
        let Some(segment) = &self.scanner.segment else { return Ok(()) };
        let path = self.scanner.storage.path(&segment_name(segment.number));
        let failed = |source| JournalError::Io { action: "sync", path, source };
        segment.file.sync_data().map_err(failed)
    }

    /// The sequence that comes next.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.scanner.next.sequence
    }

    /// The next frame, or nothing at the end of the journal.
    ///
    /// # Errors
    /// When the journal is damaged, here or after what seems to be its end, or
    /// cannot be read.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, JournalError> {
        let located = self.locate()?;
        Ok(located.map(|located| self.scanner.frame(located)))
    }

    fn locate(&mut self) -> Result<Option<Located>, JournalError> {
        let at = match self.scanner.advance()? {
            Ok(located) => return Ok(Some(located)),
            Err(at) => at,
        };
        let error = match judge(&self.scanner, at) {
            Ok(tail) => {
                self.tail = Some(tail);
                return Ok(None);
            }
            Err(error) => error,
        };
        // A writer at work may have filled the tail after it was looked at.
        self.scanner.advance()?.map(Some).map_err(|_| error)
    }

    /// The next frame, or nothing if none is there yet.
    ///
    /// # Errors
    /// When the journal is damaged before its end, or cannot be read.
    pub fn poll_frame(&mut self) -> Result<Option<Frame<'_>>, JournalError> {
        let located = self.scanner.advance()?;
        Ok(located.ok().map(|located| self.scanner.frame(located)))
    }

    /// How the journal ended when [`next_frame`](Self::next_frame) last returned
    /// nothing.
    #[must_use]
    pub fn tail(&self) -> Option<Tail> {
        self.tail
    }
}
