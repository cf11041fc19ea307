//! Appends frames at the tail, and says which of them are safe.
//!
//! One `append` is one frame and one positioned write; one `commit` makes all
//! appended frames as safe as the [policy](Durability) asks, and only then moves
//! the gate, the last sequence whose results may leave. A commit that is begun and
//! not waited for lets the next frames be written meanwhile. A segment is synced
//! before the next one's header is written, and that header before its first
//! frame, so that a crash can only touch the end of the last segment. A failed
//! write or sync poisons the writer: nothing is retried, because after a failed
//! sync nobody knows what the page cache still owes to the disk.

use crate::directory::Directory;
use crate::durability::Durability;
use crate::error::JournalError;
use crate::frame::{FRAME_HEADER_BYTES, FrameHeader, MAX_BODY_BYTES, MAX_FRAME_BYTES, frame_bytes};
use crate::identity::Identity;
use crate::mark::{Mark, MarkFile};
use crate::preparer::Preparer;
use crate::scanner::Continuation;
use crate::segment::{MAX_SEGMENT, SEGMENT_HEADER_BYTES, SegmentHeader, segment_name};
use crate::storage::{Storage, StorageFile};
use crate::syncer::Syncer;
use std::io;
use std::sync::Arc;

/// Bodies of so many bytes are written from where they are: copying them behind
/// their header costs more than a write of two parts.
const WORTH_TWO_PARTS: usize = 16 << 10;

/// Appends frames at the tail, and says which of them are safe.
///
/// One [`append`](Self::append) is one frame and one write to the page cache; one
/// [`commit`](Self::commit) makes all appended frames as safe as the
/// [policy](Durability) asks and opens the gate for them.
pub struct Writer<S: Storage = Directory> {
    storage: S,
    identity: Identity,
    durability: Durability,
    tip: Tip<S::File>,
    next: Continuation,
    /// The first sequence that is not durable.
    synced_sequence: u64,
    gate_sequence: u64,
    /// When the first bytes that are still unsynced were committed.
    unsynced_since_ns: Option<u64>,
    /// What the sync that is under way will have made durable.
    syncing: Option<Syncing>,
    syncer: Syncer<S::File>,
    /// A small frame, as it is written.
    frame: Vec<u8>,
    poisoned: bool,
    preparer: Preparer<S>,
    begun: MarkFile<S>,
    // Last, so that it is given back when nothing here can write any more.
    _lock: S::Lock,
}

/// The segment being written.
pub(crate) struct Tip<F> {
    pub(crate) file: Arc<F>,
    pub(crate) number: u32,
    pub(crate) length: u64,
    /// Where the next frame starts.
    pub(crate) offset: u64,
    /// Everything before is durable.
    pub(crate) synced_to: u64,
}

/// How far the journal was written when a sync began.
#[derive(Clone, Copy)]
struct Syncing {
    offset: u64,
    next_sequence: u64,
}

/// What a recovery hands to a writer.
pub(crate) struct Handover<S: Storage> {
    pub(crate) storage: S,
    pub(crate) lock: S::Lock,
    pub(crate) identity: Identity,
    pub(crate) durability: Durability,
    pub(crate) next: Continuation,
    pub(crate) tip: Tip<S::File>,
    pub(crate) preparer: Preparer<S>,
    pub(crate) begun: MarkFile<S>,
}

impl<S: Storage> Writer<S> {
    pub(crate) fn new(handover: Handover<S>) -> Self {
        let Handover { storage, lock, identity, durability, next, tip, preparer, begun } = handover;
        let syncer = Syncer::new(storage.prepares_in_background());
        Self {
            storage,
            identity,
            durability,
            tip,
            next,
            synced_sequence: next.sequence,
            gate_sequence: next.sequence - 1,
            unsynced_since_ns: None,
            syncing: None,
            syncer,
            frame: Vec::with_capacity(FRAME_HEADER_BYTES as usize + WORTH_TWO_PARTS),
            poisoned: false,
            preparer,
            begun,
            _lock: lock,
        }
    }

    /// Writes one frame of `count` records, which have the sequences from
    /// `first_sequence` on. A `count` of zero is a note between records; its
    /// `first_sequence` is the next one as well. `kind` and `body` are the
    /// application's, `time_ns` is kept with them.
    ///
    /// Takes no memory once the largest body has been seen.
    ///
    /// # Errors
    /// [`OutOfOrder`](JournalError::OutOfOrder) and
    /// [`FrameTooLarge`](JournalError::FrameTooLarge) leave the writer as it
    /// was. Every other error is the disk's and final.
    pub fn append(
        &mut self,
        kind: u8,
        first_sequence: u64,
        count: u32,
        time_ns: u64,
        body: &[u8],
    ) -> Result<(), JournalError> {
        self.check_usable()?;
        let body_bytes = self.check_size(body)?;
        if first_sequence != self.next.sequence {
            let expected = self.next.sequence;
            return Err(JournalError::OutOfOrder { expected, found: first_sequence });
        }
        if first_sequence.checked_add(count.into()).is_none() {
            return Err(JournalError::Exhausted);
        }
        if self.durability == Durability::None {
            self.next.sequence += u64::from(count);
            return Ok(());
        }
        let result = self.make_room(frame_bytes(body_bytes)).and_then(|()| {
            let header = FrameHeader {
                kind,
                body_crc: crc32c::crc32c(body),
                epoch: self.next.epoch,
                count,
                first_sequence,
                time_ns,
                chain: self.next.chain,
                body_bytes,
                synced_to: self.tip.synced_to,
            };
            self.write_frame(&header, body)
        });
        self.poison_on_error(result)
    }

    /// Makes everything appended as safe as the policy asks, and opens the gate
    /// for it. `now_ns` is a time that never goes back; only `interval` looks
    /// at it. With nothing appended, `interval` still syncs what is due: it
    /// wants to be called from time to time.
    ///
    /// # Errors
    /// When the disk fails; the writer is of no use then.
    pub fn commit(&mut self, now_ns: u64) -> Result<(), JournalError> {
        self.check_usable()?;
        if self.is_due(now_ns) {
            self.sync()?;
        } else if self.is_unsynced() {
            self.unsynced_since_ns.get_or_insert(now_ns);
        }
        self.gate_sequence = self.next.sequence - 1;
        Ok(())
    }

    /// Begins what [`commit`](Self::commit) does and does not wait for the disk: more
    /// can be appended meanwhile, which the next commit is for. The gate opens when
    /// [`poll_commit`](Self::poll_commit) or [`finish_commit`](Self::finish_commit)
    /// finds that the disk has done its part; at once, where the policy does not wait
    /// for it. Does nothing more while a commit is under way.
    ///
    /// # Errors
    /// When no thread can be started or the disk fails; the writer is of no use then.
    pub fn begin_commit(&mut self, now_ns: u64) -> Result<(), JournalError> {
        self.check_usable()?;
        if self.syncing.is_none() && self.is_due(now_ns) {
            let begun = self.syncer.begin(&self.tip.file);
            let begun = begun.map_err(|source| self.failed("sync", source));
            self.poison_on_error(begun)?;
            let (offset, next_sequence) = (self.tip.offset, self.next.sequence);
            self.syncing = Some(Syncing { offset, next_sequence });
            self.unsynced_since_ns = None;
        } else if self.is_unsynced() {
            self.unsynced_since_ns.get_or_insert(now_ns);
        }
        if self.durability != Durability::Fsync || !self.is_unsynced() {
            self.gate_sequence = self.next.sequence - 1;
        }
        Ok(())
    }

    /// Whether a commit is under way that was begun.
    #[must_use]
    pub fn is_committing(&self) -> bool {
        self.syncing.is_some()
    }

    /// Whether the commit that was begun, if any, is complete; does not wait.
    ///
    /// # Errors
    /// When the disk fails; the writer is of no use then.
    pub fn poll_commit(&mut self) -> Result<bool, JournalError> {
        self.check_usable()?;
        let ended = self.syncer.poll();
        self.note_synced(ended)?;
        Ok(self.syncing.is_none())
    }

    /// Waits until the commit that was begun, if any, is complete.
    ///
    /// # Errors
    /// When the disk fails; the writer is of no use then.
    pub fn finish_commit(&mut self) -> Result<(), JournalError> {
        self.check_usable()?;
        let ended = self.syncer.wait();
        self.note_synced(ended)
    }

    /// Takes note of how a sync beside the writer has ended.
    fn note_synced(&mut self, ended: Option<io::Result<()>>) -> Result<(), JournalError> {
        let Some(ended) = ended else { return Ok(()) };
        let ended = ended.map_err(|source| self.failed("sync", source));
        self.poison_on_error(ended)?;
        if let Some(Syncing { offset, next_sequence }) = self.syncing.take() {
            self.tip.synced_to = offset;
            self.synced_sequence = next_sequence;
            self.gate_sequence = self.gate_sequence.max(next_sequence - 1);
        }
        Ok(())
    }

    /// Makes everything appended durable whatever the policy, and opens the
    /// gate for it: for an orderly end.
    ///
    /// # Errors
    /// When the disk fails; the writer is of no use then.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.check_usable()?;
        let result = self.sync_tip();
        self.poison_on_error(result)?;
        self.gate_sequence = self.next.sequence - 1;
        Ok(())
    }

    /// The last sequence whose results may leave.
    #[must_use]
    pub fn gate_sequence(&self) -> u64 {
        self.gate_sequence
    }

    /// The last sequence that no power cut can take back.
    #[must_use]
    pub fn durable_sequence(&self) -> u64 {
        self.synced_sequence - 1
    }

    /// The sequence that the next record must have.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next.sequence
    }

    /// The epoch of the frames written here.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.next.epoch
    }

    /// The policy.
    #[must_use]
    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// The longest body that fits, in bytes.
    #[must_use]
    pub fn max_body_bytes(&self) -> u64 {
        u64::from(MAX_BODY_BYTES).min(self.tip.length - SEGMENT_HEADER_BYTES - FRAME_HEADER_BYTES)
    }

    fn check_usable(&self) -> Result<(), JournalError> {
        if self.poisoned { Err(JournalError::Poisoned) } else { Ok(()) }
    }

    fn check_size(&self, body: &[u8]) -> Result<u32, JournalError> {
        let limit = self.max_body_bytes();
        u32::try_from(body.len())
            .ok()
            .filter(|bytes| u64::from(*bytes) <= limit)
            .ok_or(JournalError::FrameTooLarge { bytes: body.len(), limit })
    }

    fn poison_on_error<T>(&mut self, result: Result<T, JournalError>) -> Result<T, JournalError> {
        self.poisoned |= result.is_err();
        result
    }

    fn is_unsynced(&self) -> bool {
        self.tip.synced_to < self.tip.offset
    }

    fn is_due(&self, now_ns: u64) -> bool {
        match (self.durability, self.unsynced_since_ns) {
            (Durability::Fsync, _) => self.is_unsynced(),
            (Durability::Interval(interval), Some(since_ns)) => {
                u128::from(now_ns.saturating_sub(since_ns)) >= interval.as_nanos()
            }
            (Durability::Interval(_), None) | (Durability::Write | Durability::None, _) => false,
        }
    }

    /// Goes to the next segment if a frame does not fit, and keeps the promise
    /// that no more than a largest frame is in flight.
    fn make_room(&mut self, frame_bytes: u64) -> Result<(), JournalError> {
        if frame_bytes > self.tip.length - self.tip.offset {
            self.begin_segment()
        } else if self.durability != Durability::Write
            && self.tip.offset + frame_bytes - self.tip.synced_to > MAX_FRAME_BYTES
        {
            self.sync_tip()
        } else {
            Ok(())
        }
    }

    fn write_frame(&mut self, header: &FrameHeader, body: &[u8]) -> Result<(), JournalError> {
        let (bytes, hash) = header.encode();
        let written = if body.len() < WORTH_TWO_PARTS {
            self.frame.clear();
            self.frame.extend_from_slice(&bytes);
            self.frame.extend_from_slice(body);
            self.tip.file.write_at(&self.frame, self.tip.offset)
        } else {
            self.tip.file.write_both_at(&bytes, body, self.tip.offset)
        };
        written.map_err(|source| self.failed("write", source))?;
        self.tip.offset += header.frame_bytes();
        self.preparer.note_filled(self.tip.offset, self.tip.length);
        self.next.sequence = header.next_sequence();
        self.next.chain = hash;
        Ok(())
    }

    fn sync_tip(&mut self) -> Result<(), JournalError> {
        let ended = self.syncer.wait();
        self.note_synced(ended)?;
        if self.durability == Durability::None {
            return Ok(());
        }
        if self.is_unsynced() {
            self.tip.file.sync_data().map_err(|source| self.failed("sync", source))?;
            self.tip.synced_to = self.tip.offset;
        }
        self.synced_sequence = self.next.sequence;
        self.unsynced_since_ns = None;
        Ok(())
    }

    fn begin_segment(&mut self) -> Result<(), JournalError> {
        self.sync_tip()?;
        let file = self.preparer.take()?;
        let number = self.tip.number + 1;
        self.tip = begin(&self.storage, file, number, &self.identity, self.next)?;
        let Continuation { sequence: first_sequence, chain, .. } = self.next;
        self.begun.set(&Mark { number, first_sequence, chain })?;
        if number == MAX_SEGMENT {
            return Err(JournalError::Exhausted);
        }
        self.preparer.order(number + 1);
        Ok(())
    }

    fn failed(&self, action: &'static str, source: io::Error) -> JournalError {
        let path = self.storage.path(&segment_name(self.tip.number));
        JournalError::Io { action, path, source }
    }
}

/// Writes the header of a prepared segment and makes it durable.
pub(crate) fn begin<S: Storage>(
    storage: &S,
    file: S::File,
    number: u32,
    identity: &Identity,
    next: Continuation,
) -> Result<Tip<S::File>, JournalError> {
    let failed = |action| {
        let path = storage.path(&segment_name(number));
        move |source| JournalError::Io { action, path, source }
    };
    let length = file.length().map_err(failed("measure"))?;
    let header = SegmentHeader {
        identity: identity.clone(),
        number,
        segment_bytes: length,
        first_sequence: next.sequence,
        chain: next.chain,
    };
    file.write_at(&header.encode(), 0).map_err(failed("write"))?;
    file.sync_data().map_err(failed("sync"))?;
    let (file, offset) = (Arc::new(file), SEGMENT_HEADER_BYTES);
    Ok(Tip { file, number, length, offset, synced_to: offset })
}
