//! A recorded order flow of the challenge, read from its file.
//!
//! A file is a zstd stream: a header of 16 bytes (magic, version, count) and
//! `count` records of 40 bytes, all little-endian. What holds of a flow that
//! was read: its messages are numbered from 0 without a hole, so a message's
//! place is its number; every kind and side is one that is known; and order
//! ids are dense enough that a table indexed by them is no larger than the
//! flow. The whole flow is in memory before anything is timed.

use super::{Kind, Message, Room, Script};
use ringmatch_engine::command::Side;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

const MAGIC: [u8; 8] = *b"100_WBEM";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 16;
const RECORD_BYTES: usize = 40;

/// More than twice what any of the flows has at a time.
const ROOM: Room = Room { books: 1, orders: 1 << 16, levels_per_side: 1 << 16 };

/// Why a file is no flow.
#[derive(Debug, Error)]
pub enum FlowError {
    /// The file could not be read or unpacked.
    #[error("cannot read the flow {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what its format says.
    #[error("the flow {path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// Reads and checks a whole file.
///
/// # Errors
/// When the file cannot be read, or is no flow.
pub fn read_recording(path: &Path) -> Result<Script, FlowError> {
    let unreadable = |source| FlowError::Unreadable { path: path.into(), source };
    let damaged = |what| FlowError::Damaged { path: path.into(), what };
    let bytes = unpack(path).map_err(unreadable)?;
    let records = records(&bytes).map_err(damaged)?;
    let messages: Result<Vec<_>, _> = records.iter().enumerate().map(message).collect();
    let messages = messages.map_err(damaged)?;
    refuse_sparse_ids(&messages).map_err(damaged)?;
    Ok(Script::new(ROOM, messages, 0))
}

fn unpack(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    zstd::Decoder::new(File::open(path)?)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The records of a file whose header is sound.
fn records(bytes: &[u8]) -> Result<&[[u8; RECORD_BYTES]], String> {
    let (header, body) = bytes
        .split_first_chunk::<HEADER_BYTES>()
        .ok_or_else(|| format!("it has {} bytes, fewer than its header", bytes.len()))?;
    if !header.starts_with(&MAGIC) {
        return Err("it does not begin with the magic of a flow".into());
    }
    let version: u32 = number(header, 8);
    if version != VERSION {
        return Err(format!("it is of version {version}, not {VERSION}"));
    }
    let count: u32 = number(header, 12);
    let (records, rest) = body.as_chunks::<RECORD_BYTES>();
    if records.len() != count as usize || !rest.is_empty() {
        return Err(format!("it announces {count} records and has {} bytes of them", body.len()));
    }
    Ok(records)
}

fn message((place, record): (usize, &[u8; RECORD_BYTES])) -> Result<Message, String> {
    let kind = match record[0] {
        0 => Kind::New,
        1 => Kind::Cancel,
        2 => Kind::Modify,
        other => return Err(format!("message {place} is of the unknown kind {other}")),
    };
    let side = match record[1] {
        0 => Side::Buy,
        1 => Side::Sell,
        other => return Err(format!("message {place} is for the unknown side {other}")),
    };
    let sequence: u64 = number(record, 8);
    if sequence != place as u64 {
        return Err(format!("message {place} has the number {sequence}"));
    }
    Ok(Message {
        order_id: number(record, 16),
        price: number(record, 24),
        quantity: number(record, 4),
        kind,
        side,
        immediate_or_cancel: record[2] == 1,
        book: 0,
    })
}

/// Tables are indexed by order ids.
fn refuse_sparse_ids(messages: &[Message]) -> Result<(), String> {
    let highest = messages.iter().map(|message| message.order_id).max().unwrap_or(0);
    if highest > messages.len() as u64 {
        return Err(format!("the order id {highest} is higher than the number of messages"));
    }
    Ok(())
}

/// Integers of the file, little-endian.
trait Number: Sized {
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Number for $number {
            fn read(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk().copied().map(<$number>::from_le_bytes)
            }
        }
    )*};
}

numbers!(u32 u64 i64);

fn number<N: Number>(bytes: &[u8], at: usize) -> N {
    N::read(&bytes[at..]).expect("every field ends before its record does")
}
