//! What is in a snapshot: the exchange, and what clients may ask for again.
//!
//! The journal's envelope knows checksums and the place in the log; this is its
//! body. It is a list of sections of bounded size, each an archive behind a head
//! of 16 bytes (kind and length, little-endian): the pieces of the exchange's
//! image, where each output stream's window begins, and the messages in it. So
//! a state of any size is written and read with the memory of one section, and
//! no length in it is believed beyond that bound. `docs/journal-format.md` draws
//! the bytes.

use crate::replica::ReplicaConfig;
use ringmatch_engine::Exchange;
use ringmatch_engine::image::{ArchivedPiece, ImageError, Piece, Restoring};
use ringmatch_gateway::{Outlet, RecallError};
use rkyv::rancor::Error as ArchiveError;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Portable, Serialize};
use std::io::{self, Read};

/// The version of bodies that is written and read here.
pub const BODY_VERSION: u32 = 2;

/// Bytes of a section's head; archives are padded to a multiple of it.
const HEAD: usize = 16;
/// No section is longer.
const MAX_SECTION: usize = 4 << 20;
/// Bytes of messages in one section.
const MESSAGES: usize = 256 << 10;

/// A piece of the exchange's image.
const PIECE: u32 = 1;
/// Where the windows of the streams begin.
const WINDOWS: u32 = 2;
/// Messages of one stream.
const MESSAGE: u32 = 3;
/// Nothing more comes.
const END: u32 = 4;

/// The number of the oldest message in each stream's window: that of market
/// data, and then those of the sessions.
#[derive(Archive, Serialize)]
struct Windows {
    oldest: Vec<u64>,
}

/// The next messages of a stream's window.
#[derive(Archive, Serialize, Default)]
struct Messages {
    stream: u32,
    lengths: Vec<u16>,
    bytes: Vec<u8>,
}

/// Why a snapshot cannot be gone on from.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Another version's body.
    #[error("its body has version {found}; this build reads version {BODY_VERSION}")]
    Version {
        /// The version.
        found: u32,
    },
    /// It is the state of another place in the log.
    #[error("its state is of another command, or has another digest, than its header says")]
    Other,
    /// A section is none.
    #[error("its section {0} is damaged: {1}")]
    Section(u64, &'static str),
    /// The image is of no exchange.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A stream does not take its window.
    #[error(transparent)]
    Recall(#[from] RecallError),
    /// The windows do not end where the exchange goes on.
    #[error("its output streams do not stand where its exchange does")]
    Streams,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Writes the body of a snapshot to `append`; how long it is.
///
/// # Errors
/// What `append` says.
pub fn write<E>(
    exchange: &Exchange,
    outlet: &Outlet,
    append: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let mut sections = Sections { bytes: AlignedVec::new(), written: 0, append };
    exchange.image(|piece: &Piece| sections.put(PIECE, piece))?;
    let oldest = outlet.windows().map(|window| window.oldest()).collect();
    sections.put(WINDOWS, &Windows { oldest })?;
    for (stream, window) in (0..).zip(outlet.windows()) {
        let mut messages = Messages { stream, ..Messages::default() };
        for message in window.messages() {
            if messages.bytes.len() + message.len() > MESSAGES {
                sections.put(MESSAGE, &messages)?;
                messages.lengths.clear();
                messages.bytes.clear();
            }
            messages.lengths.push(u16::try_from(message.len()).expect("it fits a packet"));
            messages.bytes.extend_from_slice(message);
        }
        if !messages.lengths.is_empty() {
            sections.put(MESSAGE, &messages)?;
        }
    }
    sections.head(END, 0)?;
    Ok(sections.written)
}

/// Sections on their way to a file.
struct Sections<F> {
    bytes: AlignedVec,
    written: u64,
    append: F,
}

impl<E, F: FnMut(&[u8]) -> Result<(), E>> Sections<F> {
    fn put<T>(&mut self, kind: u32, value: &T) -> Result<(), E>
    where
        T: for<'a> Serialize<
            rkyv::api::high::HighSerializer<
                AlignedVec,
                rkyv::ser::allocator::ArenaHandle<'a>,
                ArchiveError,
            >,
        >,
    {
        self.bytes.clear();
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes = rkyv::api::high::to_bytes_in::<_, ArchiveError>(value, bytes)
            .expect("archiving plain values into memory cannot fail");
        let length = self.bytes.len();
        assert!(length <= MAX_SECTION, "every section has a bounded number of entries");
        self.head(kind, length)?;
        self.bytes.resize(length.next_multiple_of(HEAD), 0);
        self.written += self.bytes.len() as u64;
        (self.append)(&self.bytes)
    }

    fn head(&mut self, kind: u32, length: usize) -> Result<(), E> {
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&kind.to_le_bytes());
        head[4..8].copy_from_slice(&(length as u32).to_le_bytes());
        self.written += HEAD as u64;
        (self.append)(&head)
    }
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// When anything in it is not what it must be.
pub fn read(
    config: &ReplicaConfig,
    from: &mut impl Read,
) -> Result<(Box<Exchange>, Outlet), SnapshotError> {
    let mut loading = Loading::Exchange(Restoring::new(config.limits));
    let mut bytes = AlignedVec::<HEAD>::new();
    for section in 0.. {
        let damaged = |why| SnapshotError::Section(section, why);
        let mut head = [0; HEAD];
        from.read_exact(&mut head)?;
        let [kind, length, ..] = words(&head);
        if length as usize > MAX_SECTION {
            return Err(damaged("it is longer than any can be"));
        }
        bytes.resize((length as usize).next_multiple_of(HEAD), 0);
        from.read_exact(&mut bytes)?;
        let archive = &bytes[..length as usize];
        loading = match (kind, loading) {
            (PIECE, Loading::Exchange(mut restoring)) => {
                restoring.take(access::<ArchivedPiece>(archive).map_err(damaged)?)?;
                Loading::Exchange(restoring)
            }
            (WINDOWS, Loading::Exchange(restoring)) => {
                let windows = access::<ArchivedWindows>(archive).map_err(damaged)?;
                Loading::Streams(Box::new(Streams::new(config, restoring.finish()?, windows)?))
            }
            (MESSAGE, Loading::Streams(mut streams)) => {
                streams.recall(access::<ArchivedMessages>(archive).map_err(damaged)?)?;
                Loading::Streams(streams)
            }
            (END, Loading::Streams(streams)) if at_end(from)? => return streams.finish(),
            _ => return Err(damaged("it is not one that comes here")),
        };
    }
    unreachable!("no file has so many sections")
}

/// How far a body was read.
enum Loading {
    Exchange(Restoring),
    Streams(Box<Streams>),
}

/// Streams whose windows are being filled.
struct Streams {
    exchange: Box<Exchange>,
    outlet: Outlet,
    /// How many messages each may still get.
    missing: Vec<u64>,
}

impl Streams {
    fn new(
        config: &ReplicaConfig,
        exchange: Box<Exchange>,
        windows: &ArchivedWindows,
    ) -> Result<Self, SnapshotError> {
        let oldest: Vec<u64> = windows.oldest.iter().map(|number| number.to_native()).collect();
        let missing: Option<Vec<u64>> = next_numbers(&exchange)
            .zip(&oldest)
            .map(|(next, &old)| next.checked_sub(old))
            .collect();
        let counts = oldest.len() == exchange.sessions().len() + 1 && !oldest.contains(&0);
        let missing = missing.filter(|_| counts).ok_or(SnapshotError::Streams)?;
        let outlet = Outlet::resume(config.outlet, &exchange, &oldest);
        Ok(Self { exchange, outlet, missing })
    }

    fn recall(&mut self, messages: &ArchivedMessages) -> Result<(), SnapshotError> {
        let stream = messages.stream.to_native();
        let missing = self.missing.get_mut(stream as usize).ok_or(SnapshotError::Streams)?;
        let count = messages.lengths.len() as u64;
        *missing = missing.checked_sub(count).ok_or(SnapshotError::Streams)?;
        let mut bytes = messages.bytes.as_slice();
        for length in messages.lengths.iter() {
            let (message, rest) =
                bytes.split_at_checked(length.to_native().into()).ok_or(SnapshotError::Streams)?;
            self.outlet.recall(stream, message)?;
            bytes = rest;
        }
        Ok(())
    }

    fn finish(self) -> Result<(Box<Exchange>, Outlet), SnapshotError> {
        let Self { exchange, outlet, missing } = self;
        let complete = missing.iter().all(|&missing| missing == 0);
        if complete { Ok((exchange, outlet)) } else { Err(SnapshotError::Streams) }
    }
}

/// The number of the next message of each stream.
fn next_numbers(exchange: &Exchange) -> impl Iterator<Item = u64> {
    let responses = exchange.sessions().iter().map(|session| session.next_response.0);
    std::iter::once(exchange.next_market().0).chain(responses)
}

fn access<T>(archive: &[u8]) -> Result<&T, &'static str>
where
    T: Portable
        + for<'a> rkyv::bytecheck::CheckBytes<rkyv::api::high::HighValidator<'a, ArchiveError>>,
{
    rkyv::access::<T, ArchiveError>(archive).map_err(|_| "it is no valid archive")
}

fn words(head: &[u8; HEAD]) -> [u32; 4] {
    let (words, _) = head.as_chunks::<4>();
    std::array::from_fn(|at| u32::from_le_bytes(words[at]))
}

fn at_end(from: &mut impl Read) -> io::Result<bool> {
    Ok(from.read(&mut [0])? == 0)
}
