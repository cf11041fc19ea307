//! The file of a segment, plain or compressed: readers see no difference.

use crate::archive::Archive;
use crate::segment::{archive_name, segment_name};
use crate::storage::{Access, Storage, StorageFile};
use std::io;

/// See the [module](self).
pub(crate) enum SegmentFile<F> {
    Plain(F),
    Archived(Box<Archive<F>>),
}

impl<F: StorageFile> SegmentFile<F> {
    /// Opens a segment for reading, if it is there. The plain one is looked for
    /// first: it only goes when the other is durable.
    pub(crate) fn open<S: Storage<File = F>>(storage: &S, number: u32) -> io::Result<Option<Self>> {
        if let Some(file) = open_existing(storage, &segment_name(number))? {
            return Ok(Some(Self::Plain(file)));
        }
        let archived = open_existing(storage, &archive_name(number))?;
        archived.map(|file| Archive::open(file).map(Box::new).map(Self::Archived)).transpose()
    }
}

pub(crate) fn open_existing<S: Storage>(storage: &S, name: &str) -> io::Result<Option<S::File>> {
    match storage.open(name, Access::Read) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl<F: StorageFile> StorageFile for SegmentFile<F> {
    fn length(&self) -> io::Result<u64> {
        match self {
            Self::Plain(file) => file.length(),
            Self::Archived(archive) => archive.length(),
        }
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.read_at(bytes, offset),
            Self::Archived(archive) => archive.read_at(bytes, offset),
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_at(bytes, offset),
            Self::Archived(archive) => archive.write_at(bytes, offset),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.sync_data(),
            Self::Archived(archive) => archive.sync_data(),
        }
    }
}
