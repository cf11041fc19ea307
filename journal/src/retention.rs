//! What becomes of closed segments: kept as they are, compressed, or dropped.
//!
//! A segment is dropped only when nothing in it can be asked for any more: not by
//! a start, which may fall back to the oldest sound snapshot, and not by whoever
//! gave the bound `keep_from`. Before the first file goes, the mark `kept` says
//! durably where the journal begins from now on; what a crash leaves of dropped
//! segments is no part of it, and goes the next time. A segment is compressed to
//! a new file, which is read back and compared before the plain one goes. Readers
//! and the writer need not know that any of this is going on.

use crate::archive::{Archive, PIECE_BYTES, compress};
use crate::error::JournalError;
use crate::mark::{KEPT, Mark, MarkFile};
use crate::scanner::Scanner;
use crate::segment::{archive_name, archive_number, segment_name, segment_number};
use crate::segment_file::open_existing;
use crate::snapshot_store::SnapshotStore;
use crate::storage::{Access, Storage, StorageFile};
use std::io;

/// Held by whoever tidies up: one at a time.
const LOCK_NAME: &str = "retention-lock";
const TEMPORARY: &str = ".tmp";

/// What becomes of a segment that is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is compressed, and stays.
    Compress,
    /// It is dropped when all its records are before this sequence and before
    /// the oldest snapshot; until then it stays as it is.
    DropBefore {
        /// The first sequence that somebody may still ask for.
        keep_from: u64,
    },
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Segments that were compressed.
    pub compressed: Vec<u32>,
    /// Segments that were dropped.
    pub dropped: Vec<u32>,
}

/// Does to the closed segments of a journal what `retention` says, while somebody
/// may be writing or reading it.
///
/// # Errors
/// [`InUse`](JournalError::InUse) when somebody else is at it; when a segment's
/// header, a mark or a snapshot is damaged or somebody else's; when the disk
/// fails. The journal is whole after each of them.
pub fn tidy<S: Storage>(
    storage: &S,
    store: &SnapshotStore<S>,
    retention: Retention,
) -> Result<Tidied, JournalError> {
    let mut tidied = Tidied::default();
    if retention == Retention::Keep {
        return Ok(tidied);
    }
    let path = storage.path(LOCK_NAME);
    let _lock = match storage.try_lock(LOCK_NAME) {
        Ok(Some(lock)) => lock,
        Ok(None) => return Err(JournalError::InUse { path }),
        Err(source) => return Err(JournalError::Io { action: "lock", path, source }),
    };
    let mut scanner = Scanner::open(storage.clone(), Some(store.identity().clone()))?;
    // Whether the last one is closed is for its writer to know.
    let mut segments = scanner.closed()?;
    match retention {
        Retention::Keep => {}
        Retention::Compress => {
            for mark in segments {
                if compress_segment(storage, mark.number)? {
                    tidied.compressed.push(mark.number);
                }
            }
        }
        Retention::DropBefore { keep_from } => {
            segments.extend(scanner.begun);
            if let Some(first) = first_needed(storage, store, keep_from, &segments)? {
                MarkFile::open(storage, KEPT, &first)?;
            }
            tidied.dropped = remove_dropped(storage)?;
        }
    }
    Ok(tidied)
}

/// The first segment that must stay, if others come before it.
fn first_needed<S: Storage>(
    storage: &S,
    store: &SnapshotStore<S>,
    keep_from: u64,
    segments: &[Mark],
) -> Result<Option<Mark>, JournalError> {
    // A snapshot counts only if no power cut can take its name.
    storage.sync_directory().map_err(failed(storage, "", "sync"))?;
    let Some(snapshot) = store.needed_from()? else { return Ok(None) };
    let needed = snapshot.min(keep_from);
    // A snapshot may stand before the last notes of the segment before: those
    // that begin with the very sequence are too late.
    let first = segments.iter().rfind(|mark| mark.first_sequence < needed);
    Ok(first.copied())
}

/// Removes the segments before the one that the mark names.
fn remove_dropped<S: Storage>(storage: &S) -> Result<Vec<u32>, JournalError> {
    let Some(kept) = crate::mark::read_mark(storage, KEPT)? else { return Ok(Vec::new()) };
    let names = storage.list().map_err(failed(storage, "", "list"))?;
    let mut dropped = Vec::new();
    for name in names {
        // Also what a crash has left of compressing one of them.
        let archived = archive_number(name.strip_suffix(TEMPORARY).unwrap_or(&name));
        let number = segment_number(&name).or(archived);
        if let Some(number) = number.filter(|number| *number < kept.number) {
            storage.remove(&name).map_err(failed(storage, &name, "remove"))?;
            dropped.push(number);
        }
    }
    storage.sync_directory().map_err(failed(storage, "", "sync"))?;
    dropped.sort_unstable();
    dropped.dedup();
    Ok(dropped)
}

/// Compresses a segment, if it is not yet; whether there was something to do.
fn compress_segment<S: Storage>(storage: &S, number: u32) -> Result<bool, JournalError> {
    let (plain_name, name) = (segment_name(number), archive_name(number));
    let opened = open_existing(storage, &plain_name);
    let Some(plain) = opened.map_err(failed(storage, &plain_name, "open"))? else {
        return Ok(false);
    };
    let temporary = format!("{name}{TEMPORARY}");
    remove_if_there(storage, &temporary)?;
    let packed = storage.create(&temporary).map_err(failed(storage, &temporary, "create"))?;
    compress(&plain, &packed).map_err(failed(storage, &temporary, "compress to"))?;
    let opened = storage.open(&temporary, Access::Read).and_then(Archive::open);
    let archive = opened.map_err(failed(storage, &temporary, "read back"))?;
    same(&plain, &archive).map_err(failed(storage, &temporary, "read back"))?;
    // Of a time when the plain one was there as well: a crash came between.
    remove_if_there(storage, &name)?;
    storage.rename(&temporary, &name).map_err(failed(storage, &temporary, "rename"))?;
    storage.sync_directory().map_err(failed(storage, &name, "sync the name of"))?;
    storage.remove(&plain_name).map_err(failed(storage, &plain_name, "remove"))?;
    storage.sync_directory().map_err(failed(storage, "", "sync"))?;
    Ok(true)
}

/// Compares two files byte by byte.
fn same(one: &impl StorageFile, other: &impl StorageFile) -> io::Result<()> {
    let length = one.length()?;
    let differ = || io::Error::other("it is not what was written");
    if other.length()? != length {
        return Err(differ());
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for offset in (0..length).step_by(PIECE_BYTES as usize) {
        let bytes = PIECE_BYTES.min(length - offset) as usize;
        left.resize(bytes, 0);
        right.resize(bytes, 0);
        one.read_at(&mut left, offset)?;
        other.read_at(&mut right, offset)?;
        if left != right {
            return Err(differ());
        }
    }
    Ok(())
}

fn remove_if_there<S: Storage>(storage: &S, name: &str) -> Result<(), JournalError> {
    match storage.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(failed(storage, name, "remove")),
    }
}

fn failed<S: Storage>(
    storage: &S,
    name: &str,
    action: &'static str,
) -> impl FnOnce(io::Error) -> JournalError + use<S> {
    let path = storage.path(name);
    move |source| JournalError::Io { action, path, source }
}
