//! A directory of the file system.
//!
//! Plain files with positioned reads and writes; `sync_data` is `fdatasync`.
//! The lock is the operating system's own on a file, so that it goes with the
//! process however that ends, and a stale lock cannot exist.

use crate::storage::{Access, Storage, StorageFile};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A directory of the file system, the journal's usual [`Storage`].
#[derive(Clone, Debug)]
pub struct Directory {
    path: Arc<Path>,
}

impl Directory {
    /// A directory that exists.
    ///
    /// # Errors
    /// When it does not, or is none.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let named = |error: io::Error| {
            let path = path.display();
            io::Error::new(error.kind(), format!("the directory {path} cannot be used: {error}"))
        };
        if fs::metadata(path).map_err(named)?.is_dir() {
            Ok(Self { path: path.into() })
        } else {
            Err(named(io::ErrorKind::NotADirectory.into()))
        }
    }

    /// A directory that is made, with those above it, if it does not exist.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        if !path.is_dir() {
            fs::create_dir_all(path)?;
            // The new name must outlive a power cut as the files in it do.
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                File::open(parent)?.sync_all()?;
            }
        }
        Self::open(path)
    }
}

impl Storage for Directory {
    type File = File;
    type Lock = File;

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is not Unicode is none of ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str, access: Access) -> io::Result<File> {
        OpenOptions::new().read(true).write(access == Access::Write).open(self.path(name))
    }

    fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.path(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let system = rustix::fs::statvfs(&*self.path)?;
        Ok(system.f_bavail.saturating_mul(system.f_frsize))
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<File>> {
        let path = self.path(name);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn prepares_in_background(&self) -> bool {
        true
    }
}

impl StorageFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn write_both_at(&self, first: &[u8], second: &[u8], offset: u64) -> io::Result<()> {
        let parts = [IoSlice::new(first), IoSlice::new(second)];
        let written = loop {
            match rustix::io::pwritev(self, &parts, offset) {
                Err(rustix::io::Errno::INTR) => {}
                written => break written?,
            }
        };
        // The system may take less than all of it.
        let end = offset + written as u64;
        match written.checked_sub(first.len()) {
            Some(taken) => self.write_all_at(&second[taken..], end),
            None => {
                self.write_all_at(&first[written..], end)?;
                self.write_all_at(second, offset + first.len() as u64)
            }
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }
}
