//! `ItchFile`: a day of ITCH 5.0 as the venue publishes it ("BinaryFILE").
//!
//! The file is a plain run of blocks, each a length (u16) and a message, with
//! no packet headers; a length of zero ends the session. Some published files
//! stop without it, so the end of the data between two blocks is an end too,
//! and [`ItchFile::ended`] tells the two apart. A block cut short is an error
//! that names its offset. One buffer serves all messages.

use std::io::{self, Read};

/// Why a file could not be read further.
#[derive(Debug, thiserror::Error)]
pub enum ItchFileError {
    /// The reader failed.
    #[error("reading failed in the block at byte {offset}: {source}")]
    Read {
        /// Offset of the block in the file.
        offset: u64,
        /// What the reader said.
        source: io::Error,
    },
    /// The data stops inside a block.
    #[error("the file is cut short: it stops inside the block at byte {offset}")]
    Torn {
        /// Offset of the block in the file.
        offset: u64,
    },
}

/// Reads the messages of a file one by one; give it a buffered reader.
#[derive(Debug)]
pub struct ItchFile<R> {
    reader: R,
    buffer: Box<[u8]>,
    offset: u64,
    ended: bool,
}

impl<R: Read> ItchFile<R> {
    /// Starts at the first block.
    pub fn new(reader: R) -> Self {
        let buffer = vec![0; usize::from(u16::MAX)].into_boxed_slice();
        Self { reader, buffer, offset: 0, ended: false }
    }

    /// The next message, or `None` at the end of the session or of the data.
    ///
    /// # Errors
    /// The reader fails, or the data stops inside a block.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, ItchFileError> {
        if self.ended {
            return Ok(None);
        }
        let Some(length) = self.read_length()? else {
            return Ok(None);
        };
        let message = &mut self.buffer[..usize::from(length)];
        if length == 0 {
            self.ended = true;
            return Ok(None);
        }
        self.reader.read_exact(message).map_err(|source| failed(self.offset, source))?;
        self.offset += 2 + u64::from(length);
        Ok(Some(message))
    }

    /// Whether the block of length zero that ends a session has been read.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Offset of the next block in the file, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn read_length(&mut self) -> Result<Option<u16>, ItchFileError> {
        let mut length = [0; 2];
        let mut filled = 0;
        while filled < length.len() {
            match self.reader.read(&mut length[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => {
                    return Err(ItchFileError::Torn { offset: self.offset });
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(failed(self.offset, source)),
            }
        }
        Ok(Some(u16::from_be_bytes(length)))
    }
}

fn failed(offset: u64, source: io::Error) -> ItchFileError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => ItchFileError::Torn { offset },
        _ => ItchFileError::Read { offset, source },
    }
}
