//! What the journal asks of a disk.
//!
//! A flat set of named files, read and written at positions, with exactly the
//! promises that a careful program may rely on: bytes are safe after
//! `sync_data`, names after `sync_directory`, and nothing before. The real one
//! is [`Directory`](crate::Directory); [`sim`](crate::sim) has one that loses
//! and tears whatever was not synced.

use std::io;
use std::path::PathBuf;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing can be changed through it.
    Read,
    /// For writing as well.
    Write,
}

/// A flat directory of files. Clones are handles on the same one.
pub trait Storage: Clone + Send + 'static {
    /// An open file.
    type File: StorageFile + Sync;
    /// Holds a lock until it is dropped.
    type Lock: Send + 'static;

    /// Where a file is, for messages.
    fn path(&self, name: &str) -> PathBuf;

    /// The names of all files, in any order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file that exists.
    ///
    /// # Errors
    /// `NotFound`, or another reason why it cannot be opened.
    fn open(&self, name: &str, access: Access) -> io::Result<Self::File>;

    /// Makes a file that does not exist, empty, for reading and writing.
    ///
    /// # Errors
    /// `AlreadyExists`, or another reason why it cannot be made.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Gives a file another name that no file has.
    ///
    /// # Errors
    /// When the file is missing or its name cannot be changed.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// When it is missing or cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes all names durable as they are now.
    ///
    /// # Errors
    /// When the disk fails.
    fn sync_directory(&self) -> io::Result<()>;

    /// Bytes that can still be written to it, as far as can be known.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn free_bytes(&self) -> io::Result<u64>;

    /// Takes the lock of that name, or nothing if somebody else has it.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn try_lock(&self, name: &str) -> io::Result<Option<Self::Lock>>;

    /// Whether segments are prepared, and synced beside the writer, by threads of
    /// their own, or by whoever writes: a simulation has only one thread.
    fn prepares_in_background(&self) -> bool;
}

/// An open file.
pub trait StorageFile: Send + 'static {
    /// Its length in bytes.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn length(&self) -> io::Result<u64>;

    /// Fills `bytes` from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before, or the disk's failure.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` from `offset` on.
    ///
    /// # Errors
    /// When not all of it could be written; some may have been.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Writes `first` and then `second` from `offset` on, as one write.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at).
    fn write_both_at(&self, first: &[u8], second: &[u8], offset: u64) -> io::Result<()> {
        self.write_at(&[first, second].concat(), offset)
    }

    /// Makes everything written so far durable, with the length of the file.
    ///
    /// # Errors
    /// When the disk fails: then nothing is known of what was written.
    fn sync_data(&self) -> io::Result<()>;
}
