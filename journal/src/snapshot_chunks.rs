//! The chunks of a snapshot, read and written one after the other.
//!
//! Checksums and the disk take about as long as whoever makes or takes the body, so
//! where threads may be had, one reads and checks ahead, or checks off and writes
//! behind, and a few chunks go round between the two. In a simulation there is one
//! thread, and everything happens when it is asked for. Which of the two it was
//! cannot be told from the bytes.

use crate::error::JournalError;
use crate::snapshot::{CHUNK, CHUNK_HEADER, HEADER, SnapshotHeader, chunk_header};
use crate::snapshot_store::SaveRate;
use crate::storage::{Storage, StorageFile};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Chunks that go round between two threads.
const AHEAD: usize = 8;
/// Snapshots of fewer chunks are read and written where they are asked for.
const FEW: u64 = 8;
/// Bytes written and synced at a time by a slow save.
const SLOW_PIECE_BYTES: usize = 64 << 10;

/// A place among the chunks of a snapshot that is read.
pub(crate) struct Chunks<S: Storage> {
    storage: S,
    name: String,
    file: Arc<S::File>,
    body_bytes: u64,
    /// The hash of the last chunk.
    end: u64,
    next: u64,
    /// The hash of the chunk before.
    hash: u64,
}

impl<S: Storage> Chunks<S> {
    pub(crate) fn new(storage: &S, name: &str, file: S::File, header: &SnapshotHeader) -> Self {
        let (storage, name, file) = (storage.clone(), name.to_owned(), Arc::new(file));
        let SnapshotHeader { body_bytes, end, .. } = *header;
        Self { storage, name, file, body_bytes, end, next: 0, hash: 0 }
    }

    /// The same chunks from another place on.
    fn at(&self, next: u64, hash: u64) -> Self {
        let (storage, name, file) =
            (self.storage.clone(), self.name.clone(), Arc::clone(&self.file));
        Self { storage, name, file, next, hash, ..*self }
    }

    /// The same chunks from the first on.
    pub(crate) fn whole(&self) -> Self {
        self.at(0, 0)
    }

    fn count(&self) -> u64 {
        self.body_bytes.div_ceil(CHUNK as u64)
    }

    fn may_use_threads(&self) -> bool {
        self.storage.prepares_in_background() && self.count() >= FEW
    }

    /// Reads and checks all of them; two threads take one half each.
    pub(crate) fn check(&self) -> Result<(), JournalError> {
        if !self.may_use_threads() {
            return self.whole().check_up_to(u64::MAX).map(|_| ());
        }
        let middle = self.count() / 2;
        let claimed = self.hash_before(middle)?;
        let (one, other) = thread::scope(|scope| {
            let second = self.at(middle, claimed);
            let second = move || second.check_up_to(u64::MAX);
            let second = thread::Builder::new().name("snapshot".into()).spawn_scoped(scope, second);
            second.map(|second| (self.whole().check_up_to(middle), second.join()))
        })
        .map_err(|source| self.failed("start a thread for", source))?;
        if one? != claimed {
            return Err(self.damaged(self.offset(middle)));
        }
        other.unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map(|_| ())
    }

    /// Reads and checks them up to one; the hash of the last.
    fn check_up_to(mut self, upto: u64) -> Result<u64, JournalError> {
        let mut chunk = Vec::new();
        while self.next < upto && self.load(&mut chunk)? {}
        Ok(self.hash)
    }

    /// What a chunk says is the hash of the one before.
    fn hash_before(&self, index: u64) -> Result<u64, JournalError> {
        let mut bytes = [0; 8];
        let read = self.file.read_at(&mut bytes, self.offset(index) + 24);
        read.map_err(|source| self.unread(source))?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Reads and checks the next one, header and body; whether there was one.
    pub(crate) fn load(&mut self, chunk: &mut Vec<u8>) -> Result<bool, JournalError> {
        let offset = self.offset(self.next);
        let left = self.body_bytes.saturating_sub(self.next * CHUNK as u64);
        if left == 0 {
            return if self.hash == self.end { Ok(false) } else { Err(self.damaged(offset)) };
        }
        chunk.resize(CHUNK_HEADER + left.min(CHUNK as u64) as usize, 0);
        self.file.read_at(chunk, offset).map_err(|source| self.unread(source))?;
        let (header, body) = chunk.split_at(CHUNK_HEADER);
        let (expected, hash) = chunk_header(self.next, self.hash, body);
        if header != expected {
            return Err(self.damaged(offset));
        }
        self.next += 1;
        self.hash = hash;
        Ok(true)
    }

    fn offset(&self, index: u64) -> u64 {
        HEADER as u64 + index * (CHUNK + CHUNK_HEADER) as u64
    }

    fn damaged(&self, offset: u64) -> JournalError {
        JournalError::DamagedSnapshot { path: self.storage.path(&self.name), offset }
    }

    fn unread(&self, source: io::Error) -> JournalError {
        self.failed("read", source)
    }

    fn failed(&self, action: &'static str, source: io::Error) -> JournalError {
        JournalError::Io { action, path: self.storage.path(&self.name), source }
    }
}

/// The chunks of a snapshot in their order, checked, each for a while.
pub(crate) enum Incoming<S: Storage> {
    Here(Chunks<S>),
    Ahead(Reader),
}

/// A thread that reads ahead.
pub(crate) struct Reader {
    full: Receiver<Result<Vec<u8>, JournalError>>,
    empty: SyncSender<Vec<u8>>,
    // The thread ends when nobody takes its chunks.
}

impl<S: Storage> Incoming<S> {
    /// Those from the first on.
    pub(crate) fn of(chunks: &Chunks<S>) -> io::Result<Self> {
        let chunks = chunks.whole();
        if chunks.may_use_threads() {
            Reader::start(chunks).map(Self::Ahead)
        } else {
            Ok(Self::Here(chunks))
        }
    }

    /// Makes `chunk` the next one, header and body; whether there was one.
    pub(crate) fn next(&mut self, chunk: &mut Vec<u8>) -> Result<bool, JournalError> {
        let ahead = match self {
            Self::Here(chunks) => return chunks.load(chunk),
            Self::Ahead(ahead) => ahead,
        };
        let Ok(next) = ahead.full.recv() else { return Ok(false) };
        let emptied = std::mem::replace(chunk, next?);
        // It may have read everything and be gone.
        let _ = ahead.empty.send(emptied);
        Ok(true)
    }
}

impl Reader {
    fn start<S: Storage>(mut chunks: Chunks<S>) -> io::Result<Self> {
        let (filled, full) = sync_channel(AHEAD);
        let (empty, emptied) = sync_channel::<Vec<u8>>(2 * AHEAD);
        let work = move || {
            loop {
                let mut chunk = emptied.try_recv().unwrap_or_default();
                let read = chunks.load(&mut chunk);
                let goes_on = matches!(read, Ok(true));
                let last = read.map(|was_there| was_there.then_some(chunk)).transpose();
                if last.is_some_and(|chunk| filled.send(chunk).is_err()) || !goes_on {
                    return;
                }
            }
        };
        thread::Builder::new().name("snapshot".into()).spawn(work)?;
        Ok(Self { full, empty })
    }
}

/// The end of a snapshot that is being written.
pub(crate) struct Written<F> {
    pub(crate) file: F,
    rate: SaveRate,
    /// Where the next chunk will be written.
    offset: u64,
    pub(crate) body_bytes: u64,
    chunks: u64,
    /// The hash of the chunk before.
    pub(crate) hash: u64,
}

/// What the disk did not do, and why.
pub(crate) type Failed = (&'static str, io::Error);

impl<F: StorageFile> Written<F> {
    fn new(file: F, rate: SaveRate) -> Self {
        Self { file, rate, offset: HEADER as u64, body_bytes: 0, chunks: 0, hash: 0 }
    }

    /// Writes a chunk, whose header is filled in.
    fn write(&mut self, chunk: &mut [u8]) -> Result<(), Failed> {
        let (header, body) = chunk.split_at_mut(CHUNK_HEADER);
        let (bytes, hash) = chunk_header(self.chunks, self.hash, body);
        header.copy_from_slice(&bytes);
        self.body_bytes += body.len() as u64;
        self.write_at_rate(chunk)?;
        self.offset += chunk.len() as u64;
        self.chunks += 1;
        self.hash = hash;
        Ok(())
    }

    /// Writes as fast as it may.
    fn write_at_rate(&self, bytes: &[u8]) -> Result<(), Failed> {
        let SaveRate::BytesPerSecond(rate) = self.rate else {
            return self.file.write_at(bytes, self.offset).map_err(|error| ("write", error));
        };
        let mut offset = self.offset;
        for piece in bytes.chunks(SLOW_PIECE_BYTES) {
            self.file.write_at(piece, offset).map_err(|error| ("write", error))?;
            self.file.sync_data().map_err(|error| ("sync", error))?;
            offset += piece.len() as u64;
            let nanos = piece.len() as u64 * 1_000_000_000 / rate.max(1);
            thread::sleep(Duration::from_nanos(nanos));
        }
        Ok(())
    }
}

/// Whoever writes the chunks of a snapshot.
pub(crate) enum Outgoing<F> {
    Here(Written<F>),
    Behind(Writer<F>),
    /// It has failed, and said so.
    Gone,
}

/// A thread that writes.
pub(crate) struct Writer<F> {
    full: SyncSender<Vec<u8>>,
    emptied: Receiver<Vec<u8>>,
    thread: JoinHandle<(Written<F>, Result<(), Failed>)>,
}

impl<F: StorageFile> Outgoing<F> {
    /// The chunks of a new file. A slow save leaves the CPUs to others too.
    pub(crate) fn of(file: F, rate: SaveRate, in_background: bool) -> io::Result<Self> {
        let written = Written::new(file, rate);
        if in_background && rate == SaveRate::Full {
            Writer::start(written).map(Self::Behind)
        } else {
            Ok(Self::Here(written))
        }
    }

    /// Writes a chunk that has room for its header in front, or has it written, and
    /// leaves an empty one.
    pub(crate) fn put(&mut self, chunk: &mut Vec<u8>) -> Result<(), Failed> {
        match self {
            Self::Here(written) => written.write(chunk)?,
            Self::Behind(writer) => {
                let next = writer.emptied.try_recv().unwrap_or_default();
                if writer.full.send(std::mem::replace(chunk, next)).is_err() {
                    return self.end().map(|_| ());
                }
            }
            Self::Gone => return Err(("write", io::Error::other("an earlier write failed"))),
        }
        chunk.clear();
        Ok(())
    }

    /// Waits until all chunks are written.
    pub(crate) fn end(&mut self) -> Result<Written<F>, Failed> {
        match std::mem::replace(self, Self::Gone) {
            Self::Here(written) => Ok(written),
            Self::Behind(Writer { full, emptied, thread }) => {
                drop((full, emptied));
                let ended = thread.join();
                let (written, done) =
                    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                done.map(|()| written)
            }
            Self::Gone => Err(("write", io::Error::other("an earlier write failed"))),
        }
    }
}

impl<F: StorageFile> Writer<F> {
    fn start(mut written: Written<F>) -> io::Result<Self> {
        let (full, filled) = sync_channel::<Vec<u8>>(AHEAD);
        let (empty, emptied) = sync_channel(2 * AHEAD);
        let work = move || {
            for mut chunk in filled {
                if let Err(error) = written.write(&mut chunk) {
                    return (written, Err(error));
                }
                // There may be nobody who fills it again.
                let _ = empty.send(chunk);
            }
            (written, Ok(()))
        };
        let thread = thread::Builder::new().name("snapshot".into()).spawn(work)?;
        Ok(Self { full, emptied, thread })
    }
}
