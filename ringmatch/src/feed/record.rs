//! A recorded day: an ITCH 5.0 file, plain or compressed with zstd.
//!
//! The file is read twice. The first time, [`Record::survey`] finds out whether
//! it is sound to its end, what it trades, and what its book is at the end; so
//! whatever is wrong with it is known before an order is sent. The second time
//! its messages are played. It is never held in memory: a whole day is
//! gigabytes.

use ringmatch_engine::Symbol;
use ringmatch_gateway::market::{Applied, MarketBook};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::itch_file::{ItchFile, ItchFileError};
use ringmatch_gateway::wire::{Nanos48, WireError, WireField};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The first bytes of a zstd frame (RFC 8878, 3.1.1).
const ZSTD_MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// Where every message has its time (ITCH 5.0).
const TIME_OFFSET: usize = 5;

/// Why a record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file could not be opened.
    #[error("the record {path} cannot be opened: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A block could not be read.
    #[error("the record {path}: {source}")]
    Block {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: ItchFileError,
    },
    /// A block is no message.
    #[error("the record {path} has no ITCH 5.0 message at byte {offset}: {source}")]
    Message {
        /// The file.
        path: PathBuf,
        /// Offset of the block in the uncompressed record.
        offset: u64,
        /// What is wrong with it.
        source: WireError,
    },
}

/// What a record comes to.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// All messages in it.
    pub messages: u64,
    /// Executions of orders that it added itself.
    pub executions: u64,
    /// Its final displayed book, without the orders that were there before it.
    pub book: MarketBook,
    /// What it has orders in, with its own numbers for them.
    pub symbols: BTreeMap<Symbol, u16>,
}

/// A file of recorded market data.
#[derive(Clone, Debug)]
pub struct Record {
    path: PathBuf,
}

/// A message of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When it was sent, in nanoseconds since midnight.
    pub time_ns: u64,
    /// What it says.
    pub message: ItchMessage,
}

/// The messages of a record, in its order.
pub struct Messages {
    path: PathBuf,
    file: ItchFile<Box<dyn Read>>,
}

impl Record {
    /// The record in a file.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The messages from the first on.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn messages(&self) -> Result<Messages, RecordError> {
        let path = self.path.clone();
        match open(&path) {
            Ok(reader) => Ok(Messages { path, file: ItchFile::new(reader) }),
            Err(source) => Err(RecordError::Open { path, source }),
        }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// When it cannot be read to its end.
    pub fn survey(&self) -> Result<Survey, RecordError> {
        let mut survey = Survey::default();
        for recorded in self.messages()? {
            survey.note(&recorded?.message);
        }
        Ok(survey)
    }
}

impl Survey {
    fn note(&mut self, message: &ItchMessage) {
        self.messages += 1;
        match message {
            ItchMessage::AddOrder(add) => {
                self.symbols.insert(add.stock, add.stock_locate);
            }
            ItchMessage::AddOrderAttributed(add) => {
                self.symbols.insert(add.stock, add.stock_locate);
            }
            _ => {}
        }
        if let Applied::Trade { order: Some(_), .. } = self.book.apply(message) {
            self.executions += 1;
        }
    }
}

/// Opens a file, and what is packed in it.
fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::new(File::open(path)?);
    if file.fill_buf()?.starts_with(&ZSTD_MAGIC) {
        let unpacked = zstd::stream::read::Decoder::with_buffer(file)?;
        Ok(Box::new(BufReader::new(unpacked)))
    } else {
        Ok(Box::new(file))
    }
}

fn decode(bytes: &[u8]) -> Result<Recorded, WireError> {
    let message = ItchMessage::decode(bytes)?;
    let time_ns = <Nanos48 as WireField>::read(&bytes[TIME_OFFSET..]).get();
    Ok(Recorded { time_ns, message })
}

impl Iterator for Messages {
    type Item = Result<Recorded, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { path, file } = self;
        let offset = file.offset();
        let path = || path.clone();
        match file.next_message() {
            Ok(None) => None,
            Ok(Some(bytes)) => Some(decode(bytes).map_err(|source| RecordError::Message {
                path: path(),
                offset,
                source,
            })),
            Err(source) => Some(Err(RecordError::Block { path: path(), source })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn written(bytes: &[u8]) -> (tempfile::NamedTempFile, Record) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let record = Record::new(file.path());
        (file, record)
    }

    /// An Order Delete in its block.
    const DELETE: [u8; 21] = *b"\0\x13D\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09";

    #[test]
    fn plain_and_compressed_files_read_alike() {
        let packed = zstd::encode_all(&DELETE[..], 0).unwrap();
        for bytes in [&DELETE[..], &packed] {
            let (_file, record) = written(bytes);
            let survey = record.survey().unwrap();
            assert_eq!((survey.messages, survey.book.unknown_orders()), (1, 1));
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_place() {
        let strange = [&DELETE[..], b"\0\x01!"].concat();
        let cut = [&DELETE[..], &DELETE[..9]].concat();
        for (bytes, says) in [(strange, "at byte 21"), (cut, "block at byte 21")] {
            let (file, record) = written(&bytes);
            let error = record.survey().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            assert!(error.contains(&file.path().display().to_string()), "{error}");
        }
        let error = Record::new(Path::new("nowhere.itch")).survey().unwrap_err().to_string();
        assert!(error.contains("nowhere.itch cannot be opened"), "{error}");
    }
}
