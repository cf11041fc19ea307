//! A disk that keeps nothing, for a venue without a journal.
//!
//! Benchmarks and tests want to know what a venue does without one. A file here has
//! a length and no content: what is written to it is gone, and no file is ever found
//! again. The directory is real: its lock is taken, so that no two venues share it,
//! and one that holds a journal is refused, because whoever has kept one wants it
//! kept.

use crate::directory::Directory;
use crate::error::JournalError;
use crate::mark::{BEGUN, KEPT};
use crate::segment::{archive_number, segment_number};
use crate::snapshot_store::snapshot_sequence;
use crate::storage::{Access, Storage, StorageFile};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// A disk that keeps nothing; see [`Durability::None`](crate::Durability::None).
#[derive(Clone, Debug)]
pub struct Nowhere {
    directory: Directory,
}

/// A file whose content is gone.
#[derive(Debug, Default)]
pub struct NowhereFile {
    length: AtomicU64,
}

impl Nowhere {
    /// Keeps nothing in the place of a journal in this directory.
    ///
    /// # Errors
    /// [`HoldsJournal`](JournalError::HoldsJournal) when there is one, or that the
    /// directory cannot be read.
    pub fn instead_of(directory: Directory) -> Result<Self, JournalError> {
        let path = directory.path("");
        let names = directory.list().map_err(|source| JournalError::Io {
            action: "list",
            path: path.clone(),
            source,
        })?;
        if names.iter().any(|name| is_of_a_journal(name)) {
            return Err(JournalError::HoldsJournal { path });
        }
        Ok(Self { directory })
    }
}

fn is_of_a_journal(name: &str) -> bool {
    [BEGUN, KEPT].contains(&name)
        || segment_number(name).is_some()
        || archive_number(name).is_some()
        || snapshot_sequence(name).is_some()
}

impl Storage for Nowhere {
    type File = NowhereFile;
    type Lock = File;

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn open(&self, _: &str, _: Access) -> io::Result<NowhereFile> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn create(&self, _: &str) -> io::Result<NowhereFile> {
        Ok(NowhereFile::default())
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.directory.free_bytes()
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<File>> {
        self.directory.try_lock(name)
    }

    fn prepares_in_background(&self) -> bool {
        false
    }
}

impl StorageFile for NowhereFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.length.load(Ordering::Relaxed))
    }

    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.length.fetch_max(offset.saturating_add(bytes.len() as u64), Ordering::Relaxed);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}
