//! `StreamLog`: one output stream on disk, from its first message.
//!
//! A file of blocks, and the last one in memory. Nothing is served that this run
//! has not derived from the journal itself: as the replay comes to a block that
//! an earlier run has written, it compares it and writes it anew if it is
//! another. So a file that is damaged, torn or foreign mends by itself, and
//! nothing here is ever needed for recovery or synced. A file is opened for each
//! look and closed again: there are as many as sessions.

use super::block::{BLOCK_BYTES, Block, BlockHeader, HEADER_BYTES};
use ringmatch_journal::{Access, Storage, StorageFile};
use std::io;
use std::path::PathBuf;

/// Why a stream cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StreamLogError {
    /// The disk refused.
    #[error("the output stream {} cannot be kept: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A block is not what was written.
    #[error("the output stream {} is damaged at byte {offset}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the block starts, in bytes.
        offset: u64,
    },
}

/// One output stream.
pub(super) struct StreamLog {
    stream: u16,
    name: String,
    /// The messages after the last full block.
    last: Block,
    /// Full blocks on disk that this run vouches for.
    full: u64,
    /// Blocks that an earlier run has left.
    left: u64,
}

impl StreamLog {
    /// A stream before its first message; `stream` is zero for market data, or
    /// the session.
    pub(super) fn open<S: Storage>(storage: &S, stream: u16) -> Result<Self, StreamLogError> {
        let name = match stream {
            0 => "market".to_owned(),
            session => format!("session-{session:05}"),
        };
        let last = Block::new(stream, 1);
        let mut log = Self { stream, name, last, full: 0, left: 0 };
        log.left = match storage.open(&log.name, Access::Read) {
            Ok(file) => file.length().map_err(log.failed(storage))? / BLOCK_BYTES as u64,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(log.failed(storage)(error)),
        };
        Ok(log)
    }

    /// Number of the next message.
    pub(super) fn next(&self) -> u64 {
        self.last.numbers().end
    }

    /// Takes the next message. A block that is full goes to disk.
    ///
    /// # Panics
    /// If the message is longer than a block.
    pub(super) fn append<S: Storage>(
        &mut self,
        storage: &S,
        message: &[u8],
        scratch: &mut Block,
    ) -> Result<(), StreamLogError> {
        if self.last.push(message) {
            return Ok(());
        }
        self.write_full(storage, scratch)?;
        self.full += 1;
        let next = self.next();
        self.last.restart(next);
        assert!(self.last.push(message), "a message is shorter than a block");
        Ok(())
    }

    /// Writes the block that is full to its place, unless it stands there
    /// already.
    fn write_full<S: Storage>(
        &mut self,
        storage: &S,
        scratch: &mut Block,
    ) -> Result<(), StreamLogError> {
        let failed = self.failed(storage);
        let offset = self.full * BLOCK_BYTES as u64;
        let file = match storage.open(&self.name, Access::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => storage.create(&self.name),
            opened => opened,
        };
        let file = file.map_err(&failed)?;
        let sealed = self.last.seal();
        let stands = self.full < self.left
            && file.read_at(scratch.bytes_mut(), offset).is_ok()
            && scratch.bytes_mut() == sealed;
        if stands { Ok(()) } else { file.write_at(sealed, offset).map_err(failed) }
    }

    /// Gives messages from number `from` on to `take` until it has enough or
    /// there are no more; reads two blocks at most.
    ///
    /// # Errors
    /// When the disk fails or the block is damaged.
    pub(super) fn read<S: Storage>(
        &self,
        storage: &S,
        from: u64,
        scratch: &mut Block,
        take: &mut impl FnMut(&[u8]) -> bool,
    ) -> Result<(), StreamLogError> {
        let mut from = from;
        if from < self.last.numbers().start {
            let file = storage.open(&self.name, Access::Read).map_err(self.failed(storage))?;
            let at = self.find(storage, &file, from)?;
            self.read_block(storage, &file, at, scratch)?;
            if !scratch.messages_from(from).all(&mut *take) {
                return Ok(());
            }
            from = scratch.numbers().end;
            if at + 1 < self.full {
                self.read_block(storage, &file, at + 1, scratch)?;
                scratch.messages_from(from).all(take);
                return Ok(());
            }
        }
        self.last.messages_from(from).all(take);
        Ok(())
    }

    /// The full block that holds a number: the last that begins no later.
    fn find<S: Storage>(
        &self,
        storage: &S,
        file: &S::File,
        number: u64,
    ) -> Result<u64, StreamLogError> {
        let (mut low, mut high) = (0, self.full);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let mut header = [0; HEADER_BYTES];
            let offset = middle * BLOCK_BYTES as u64;
            file.read_at(&mut header, offset).map_err(self.failed(storage))?;
            let first = BlockHeader::glance(&header).map(|header| header.first);
            let first = first.ok_or_else(|| self.damaged(storage, middle))?;
            if first <= number { low = middle } else { high = middle }
        }
        Ok(low)
    }

    fn read_block<S: Storage>(
        &self,
        storage: &S,
        file: &S::File,
        at: u64,
        scratch: &mut Block,
    ) -> Result<(), StreamLogError> {
        let offset = at * BLOCK_BYTES as u64;
        file.read_at(scratch.bytes_mut(), offset).map_err(self.failed(storage))?;
        if scratch.opened(self.stream) { Ok(()) } else { Err(self.damaged(storage, at)) }
    }

    fn damaged<S: Storage>(&self, storage: &S, at: u64) -> StreamLogError {
        let path = storage.path(&self.name);
        StreamLogError::Damaged { path, offset: at * BLOCK_BYTES as u64 }
    }

    fn failed<S: Storage>(&self, storage: &S) -> impl Fn(io::Error) -> StreamLogError + use<S> {
        let path = storage.path(&self.name);
        move |source| StreamLogError::Io { path: path.clone(), source }
    }
}
