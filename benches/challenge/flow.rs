//! A recorded order flow of the challenge, read from its file.
//!
//! A file is a zstd stream: a header of 16 bytes (magic, version, count) and
//! `count` records of 40 bytes, all little-endian. What holds of a flow that
//! was read: its messages are numbered from 0 without a hole, so a message's
//! place is its number; every kind and side is one that is known; and order
//! ids are dense enough that a table indexed by them is no larger than the
//! flow. The whole flow is in memory before anything is timed.

use ringmatch_engine::command::Side;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

const MAGIC: [u8; 8] = *b"100_WBEM";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 16;
const RECORD_BYTES: usize = 40;

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A new order.
    New,
    /// The end of an order.
    Cancel,
    /// Another price and quantity for an order, which loses its priority.
    Modify,
}

/// One message of the flow; its number is its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub(crate) order_id: u64,
    /// In the challenge's ticks.
    pub(crate) price: i64,
    pub(crate) quantity: u32,
    pub(crate) kind: Kind,
    pub(crate) side: Side,
    pub(crate) immediate_or_cancel: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) messages: Vec<Message>,
    /// Every order id is below this.
    pub(crate) order_ids: usize,
}

/// Why a file is no flow.
#[derive(Debug, Error)]
pub(crate) enum FlowError {
    /// The file could not be read or unpacked.
    #[error("cannot read the flow {path}: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    /// The file is not what its format says.
    #[error("the flow {path} is damaged: {what}")]
    Damaged { path: PathBuf, what: String },
}

impl Flow {
    /// Reads and checks a whole file.
    pub(crate) fn read(path: &Path) -> Result<Self, FlowError> {
        let unreadable = |source| FlowError::Unreadable { path: path.into(), source };
        let damaged = |what| FlowError::Damaged { path: path.into(), what };
        let bytes = unpack(path).map_err(unreadable)?;
        let records = records(&bytes).map_err(damaged)?;
        let messages: Result<Vec<_>, _> = records.iter().enumerate().map(message).collect();
        let messages = messages.map_err(damaged)?;
        let order_ids = order_ids(&messages).map_err(damaged)?;
        Ok(Self { messages, order_ids })
    }
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
    })
}

/// The size of a table of all order ids.
fn order_ids(messages: &[Message]) -> Result<usize, String> {
    let highest = messages.iter().map(|message| message.order_id).max().unwrap_or(0);
    if highest > messages.len() as u64 {
        return Err(format!("the order id {highest} is higher than the number of messages"));
    }
    // At most the number of messages, which is a `usize`.
    Ok(highest as usize + 1)
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
