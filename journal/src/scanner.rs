//! The one place where frames are read: recovery and readers share it.
//!
//! It walks the segments from the first, and yields a frame only if its
//! checksums hold and it continues the one before: the next sequence, the right
//! hash, no earlier epoch. Where that ends it says what stands there; what that
//! means for the journal is for [`tail`](crate::tail) to judge. A segment is
//! entered only when the one before has ended exactly where the new header says
//! it did. The scanner opens files for reading only.

use crate::error::{Fault, Follows, JournalError};
use crate::frame::{Decoded, FRAME_HEADER_BYTES, FRAME_VERSION, Frame, FrameHeader};
use crate::identity::Identity;
use crate::mark::{BEGUN, KEPT, Mark, read_mark};
use crate::position::Position;
use crate::segment::{
    DecodedSegment, SEGMENT_HEADER_BYTES, SEGMENT_VERSION, SegmentHeader, archive_number,
    segment_name, segment_number,
};
use crate::segment_file::SegmentFile;
use crate::storage::{Storage, StorageFile};
use crate::window::Window;
use std::io;
use std::ops::Range;

/// The sequence of the first record of a journal.
pub(crate) const FIRST_SEQUENCE: u64 = 1;

/// What the next frame must continue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Continuation {
    pub(crate) sequence: u64,
    pub(crate) chain: u64,
    pub(crate) epoch: u32,
}

/// The segment being read, and how far.
pub(crate) struct OpenSegment<F> {
    pub(crate) file: SegmentFile<F>,
    pub(crate) number: u32,
    pub(crate) length: u64,
    /// Where the next frame starts.
    pub(crate) offset: u64,
    /// What the last frame read promises to be synced.
    pub(crate) synced_to: u64,
    first_sequence: u64,
    chain: u64,
}

impl<F> OpenSegment<F> {
    /// How a mark names it.
    pub(crate) fn mark(&self) -> Mark {
        let Self { number, first_sequence, chain, .. } = *self;
        Mark { number, first_sequence, chain }
    }
}

/// What stands where the next frame would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Zeros, or the end of the segment.
    Blank,
    /// A header that is no header.
    DamagedHeader,
    /// A header whose frame ends `frame_bytes` later, with another body.
    DamagedBody { frame_bytes: u64 },
}

impl At {
    pub(crate) fn fault(self) -> Fault {
        match self {
            Self::Blank => Fault::Blank,
            Self::DamagedHeader => Fault::Header,
            Self::DamagedBody { .. } => Fault::Body,
        }
    }
}

/// A sound frame and where its body is in the window.
pub(crate) struct Located {
    header: FrameHeader,
    hash: u64,
    segment: u32,
    offset: u64,
    body: Range<usize>,
}

/// A segment that has a header.
struct Begun<F> {
    header: Box<SegmentHeader>,
    segment: OpenSegment<F>,
}

enum Look {
    Frame(FrameHeader, u64, Range<usize>),
    End(At),
}

/// See the [module](self).
pub(crate) struct Scanner<S: Storage> {
    pub(crate) storage: S,
    pub(crate) identity: Option<Identity>,
    /// Nothing until the first segment has a header.
    pub(crate) segment: Option<OpenSegment<S::File>>,
    pub(crate) next: Continuation,
    pub(crate) frames: u64,
    /// The first segment that was not dropped.
    first: Mark,
    /// The last segment that is known to have been begun.
    pub(crate) begun: Option<Mark>,
    window: Window,
}

impl<S: Storage> Scanner<S> {
    /// A scanner before the first frame. Segments of another identity than the
    /// one given, or than the first segment's, are refused.
    pub(crate) fn open(storage: S, identity: Option<Identity>) -> Result<Self, JournalError> {
        let never_dropped = Mark { number: 1, first_sequence: FIRST_SEQUENCE, chain: 0 };
        let kept = read_mark(&storage, KEPT)?;
        let first = kept.unwrap_or(never_dropped);
        let begun = read_mark(&storage, BEGUN)?;
        // What is kept was begun, whatever became of the other mark.
        let known = kept.into_iter().chain(begun).max_by_key(|mark| mark.number);
        check_names(&storage, first.number, known)?;
        let next = Continuation { sequence: first.first_sequence, chain: first.chain, epoch: 0 };
        let window = Window::new();
        let segment = None;
        let mut scanner =
            Self { storage, identity, segment, next, frames: 0, first, begun, window };
        if let Some(begun) = scanner.peek_segment()? {
            scanner.enter(begun)?;
        }
        Ok(scanner)
    }

    /// The number of the segment being read; before the first, one less than
    /// that one has.
    pub(crate) fn number(&self) -> u32 {
        self.segment.as_ref().map_or(self.first.number - 1, |segment| segment.number)
    }

    /// How many segments lie between the first and the one being read.
    pub(crate) fn segments(&self) -> u32 {
        (self.number() + 1 - self.first.number).max(1)
    }

    /// Bytes read and bytes there are, if all segments are as long as this one.
    pub(crate) fn progress(&self) -> (u64, u64) {
        let Some(segment) = &self.segment else { return (0, 0) };
        let last = self.begun.map_or(segment.number, |begun| begun.number.max(segment.number));
        let before = u64::from(segment.number - self.first.number) * segment.length;
        let all = u64::from(last + 1 - self.first.number) * segment.length;
        (before + segment.offset, all)
    }

    /// Moves past the next frame, or says what stands in its place at the end
    /// of the last segment.
    pub(crate) fn advance(&mut self) -> Result<Result<Located, At>, JournalError> {
        loop {
            let at = match self.look()? {
                Look::Frame(header, hash, body) => return self.accept(header, hash, body).map(Ok),
                Look::End(at) => at,
            };
            // The next look comes from the file: a writer may be at work.
            self.window.forget();
            let Some(begun) = self.peek_segment()? else { return Ok(Err(at)) };
            // What precedes a segment's header was written before it: this look
            // sees what the first may have come too early for.
            match self.look()? {
                Look::Frame(..) => {}
                Look::End(At::Blank) => self.enter(begun)?,
                Look::End(at) => {
                    let follows = Follows::Segment(begun.segment.number);
                    return Err(self.damaged(at.fault(), follows));
                }
            }
        }
    }

    /// The place after the frames read so far.
    pub(crate) fn position(&self) -> Position {
        Position { next_sequence: self.next.sequence, chain: self.next.chain }
    }

    /// The place where the journal begins.
    pub(crate) fn beginning(&self) -> Position {
        Position { next_sequence: self.first.first_sequence, chain: self.first.chain }
    }

    /// Goes back to where the journal begins.
    pub(crate) fn rewind(&mut self) -> Result<(), JournalError> {
        let Position { next_sequence: sequence, chain } = self.beginning();
        self.next = Continuation { sequence, chain, epoch: 0 };
        self.segment = None;
        self.frames = 0;
        if let Some(begun) = self.peek_segment()? {
            self.enter(begun)?;
        }
        Ok(())
    }

    /// Goes to the last segment that begins before a position, so that there is a
    /// frame between, which tells the epoch. Its header says what it continues;
    /// the segments before it are not read.
    pub(crate) fn seek_segment(&mut self, position: Position) -> Result<(), JournalError> {
        self.rewind()?;
        while let Some(begun) = self.peek_segment()? {
            let SegmentHeader { first_sequence: sequence, chain, .. } = *begun.header;
            if sequence >= position.next_sequence {
                break;
            }
            self.next = Continuation { sequence, chain, epoch: 0 };
            self.segment = Some(begun.segment);
            self.window.forget();
        }
        Ok(())
    }

    /// The frame that [`advance`](Self::advance) has just found.
    pub(crate) fn frame(&self, located: Located) -> Frame<'_> {
        let Located { header, hash, segment, offset, body } = located;
        let FrameHeader { kind, epoch, first_sequence, count, time_ns, .. } = header;
        let body = self.window.bytes(body);
        Frame { kind, epoch, first_sequence, count, time_ns, hash, segment, offset, body }
    }

    /// The place of the next frame is damaged.
    pub(crate) fn damaged(&self, fault: Fault, follows: Follows) -> JournalError {
        let offset = self.segment.as_ref().map_or(0, |segment| segment.offset);
        JournalError::Damaged {
            path: self.path(self.number()),
            offset,
            sequence: self.next.sequence,
            fault,
            follows,
        }
    }

    /// The header of this segment is damaged.
    pub(crate) fn damaged_segment(
        &self,
        number: u32,
        fault: Fault,
        follows: Follows,
    ) -> JournalError {
        let path = self.path(number);
        JournalError::Damaged { path, offset: 0, sequence: self.next.sequence, fault, follows }
    }

    /// Says of an error that it came while reading this segment.
    pub(crate) fn reading(&self, number: u32) -> impl FnOnce(io::Error) -> JournalError {
        let path = self.path(number);
        move |source| JournalError::Io { action: "read", path, source }
    }

    fn path(&self, number: u32) -> std::path::PathBuf {
        self.storage.path(&segment_name(number))
    }

    /// What stands where the next frame would.
    fn look(&mut self) -> Result<Look, JournalError> {
        let Some(segment) = &self.segment else { return Ok(Look::End(At::Blank)) };
        let (start, length) = (segment.offset, segment.length);
        if start + FRAME_HEADER_BYTES > length {
            return Ok(Look::End(At::Blank));
        }
        let header = self.load(start..start + FRAME_HEADER_BYTES)?;
        let bytes = self.window.bytes(header).first_chunk().expect("a header was loaded");
        let (header, hash) = match FrameHeader::decode(bytes) {
            Decoded::Header(header, hash) => (header, hash),
            Decoded::Blank => return Ok(Look::End(At::Blank)),
            Decoded::Damaged => return Ok(Look::End(At::DamagedHeader)),
            Decoded::Impossible => return Err(self.damaged(Fault::Impossible, Follows::Whole)),
            Decoded::UnknownVersion(found) => return Err(self.unknown_version(found)),
        };
        let frame_bytes = header.frame_bytes();
        if frame_bytes > length - start || header.synced_to > start {
            return Err(self.damaged(Fault::Impossible, Follows::Whole));
        }
        let body = start + FRAME_HEADER_BYTES;
        let body = self.load(body..body + u64::from(header.body_bytes))?;
        if crc32c::crc32c(self.window.bytes(body.clone())) != header.body_crc {
            return Ok(Look::End(At::DamagedBody { frame_bytes }));
        }
        Ok(Look::Frame(header, hash, body))
    }

    fn load(&mut self, wanted: Range<u64>) -> Result<Range<usize>, JournalError> {
        let segment = self.segment.as_ref().expect("only an open segment is loaded from");
        self.window
            .load(&segment.file, segment.length, wanted)
            .map_err(|source| self.reading(segment.number)(source))
    }

    fn unknown_version(&self, found: u16) -> JournalError {
        JournalError::UnknownVersion {
            path: self.path(self.number()),
            offset: self.segment.as_ref().map_or(0, |segment| segment.offset),
            found: found.into(),
            supported: FRAME_VERSION.into(),
        }
    }

    /// Takes a frame as the next one, if it is.
    fn accept(
        &mut self,
        header: FrameHeader,
        hash: u64,
        body: Range<usize>,
    ) -> Result<Located, JournalError> {
        if let Some(fault) = self.break_in(&header) {
            return Err(self.damaged(fault, Follows::Whole));
        }
        let segment = self.segment.as_mut().expect("a frame was found in it");
        let located =
            Located { header, hash, segment: segment.number, offset: segment.offset, body };
        segment.offset += header.frame_bytes();
        segment.synced_to = header.synced_to;
        self.next =
            Continuation { sequence: header.next_sequence(), chain: hash, epoch: header.epoch };
        self.frames += 1;
        Ok(located)
    }

    /// Why a frame does not continue the one before.
    fn break_in(&self, header: &FrameHeader) -> Option<Fault> {
        if header.first_sequence != self.next.sequence {
            Some(Fault::Sequence(header.first_sequence))
        } else if header.chain != self.next.chain {
            Some(Fault::Chain)
        } else if header.epoch < self.next.epoch {
            Some(Fault::Epoch)
        } else {
            None
        }
    }

    /// The segment after this one, if it has been begun.
    fn peek_segment(&self) -> Result<Option<Begun<S::File>>, JournalError> {
        let number = self.number() + 1;
        if let Some(begun) = self.read_segment(number)? {
            return Ok(Some(begun));
        }
        if self.begun.is_some_and(|begun| begun.number >= number) {
            return Err(self.damaged_segment(number, Fault::SegmentHeader, Follows::Begun));
        }
        if self.open_segment(number + 1)?.is_none() {
            return Ok(None);
        }
        // A segment has its header before the next is prepared. If a writer was
        // at work between the two looks above, the header is there now.
        let follows = Follows::Segment(number + 1);
        let begun = self.read_segment(number)?;
        begun.map(Some).ok_or_else(|| self.damaged_segment(number, Fault::SegmentHeader, follows))
    }

    /// A segment, if it is there with a header.
    fn read_segment(&self, number: u32) -> Result<Option<Begun<S::File>>, JournalError> {
        let Some(file) = self.open_segment(number)? else {
            return self.check_not_dropped(number).map(|()| None);
        };
        let length = file.length().map_err(self.reading(number))?;
        let mut page = vec![0; length.min(SEGMENT_HEADER_BYTES) as usize];
        file.read_at(&mut page, 0).map_err(self.reading(number))?;
        match SegmentHeader::decode(&page) {
            DecodedSegment::Header(header) => {
                self.check_header(&header, number, length)?;
                let offset = SEGMENT_HEADER_BYTES;
                let SegmentHeader { first_sequence, chain, .. } = *header;
                let segment = OpenSegment {
                    file,
                    number,
                    length,
                    offset,
                    synced_to: 0,
                    first_sequence,
                    chain,
                };
                Ok(Some(Begun { header, segment }))
            }
            DecodedSegment::UnknownVersion(found) => Err(JournalError::UnknownVersion {
                path: self.path(number),
                offset: 0,
                found,
                supported: SEGMENT_VERSION,
            }),
            DecodedSegment::Blank | DecodedSegment::Damaged => Ok(None),
        }
    }

    pub(crate) fn open_segment(
        &self,
        number: u32,
    ) -> Result<Option<SegmentFile<S::File>>, JournalError> {
        SegmentFile::open(&self.storage, number).map_err(|source| JournalError::Io {
            action: "open",
            path: self.path(number),
            source,
        })
    }

    /// The segments that are full: all but the last that is known to have been
    /// begun.
    pub(crate) fn closed(&mut self) -> Result<Vec<Mark>, JournalError> {
        let last = self.begun.map_or(0, |begun| begun.number);
        self.rewind()?;
        let mut closed = Vec::new();
        while let Some(segment) = self.segment.as_ref().filter(|segment| segment.number < last) {
            closed.push(segment.mark());
            let Some(begun) = self.peek_segment()? else { break };
            let SegmentHeader { first_sequence: sequence, chain, .. } = *begun.header;
            self.next = Continuation { sequence, chain, epoch: 0 };
            self.segment = Some(begun.segment);
        }
        Ok(closed)
    }

    /// Nothing, unless the segment that is not there was dropped.
    fn check_not_dropped(&self, number: u32) -> Result<(), JournalError> {
        match read_mark(&self.storage, KEPT)? {
            Some(Mark { number: kept, first_sequence, .. }) if kept > number => {
                Err(JournalError::Dropped { path: self.path(number), first_sequence })
            }
            _ => Ok(()),
        }
    }

    /// Whether the segment is what its name and this journal say.
    fn check_header(
        &self,
        header: &SegmentHeader,
        number: u32,
        length: u64,
    ) -> Result<(), JournalError> {
        let path = || self.path(number);
        if let Some(expected) = &self.identity {
            check_identity(&header.identity, expected, path)?;
        }
        if header.number != number {
            return Err(JournalError::MisplacedSegment { path: path(), found: header.number });
        }
        if header.segment_bytes != length {
            let expected = header.segment_bytes;
            return Err(JournalError::SegmentLength { path: path(), found: length, expected });
        }
        Ok(())
    }

    /// Goes on in the next segment, if it continues this one.
    fn enter(&mut self, begun: Begun<S::File>) -> Result<(), JournalError> {
        let Begun { header, segment } = begun;
        let fault = if header.first_sequence != self.next.sequence {
            Some(Fault::Sequence(header.first_sequence))
        } else if header.chain != self.next.chain {
            Some(Fault::Chain)
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(self.damaged_segment(segment.number, fault, Follows::Whole));
        }
        self.identity.get_or_insert(header.identity);
        self.segment = Some(segment);
        // It holds bytes of the segment before, perhaps of the very same place.
        self.window.forget();
        Ok(())
    }
}

/// The names of segments must count up from the first one kept to the last one
/// begun, at least. A segment is only made when the one before has its name.
fn check_names(
    storage: &impl Storage,
    first: u32,
    begun: Option<Mark>,
) -> Result<(), JournalError> {
    let names = storage.list().map_err(|source| JournalError::Io {
        action: "list",
        path: storage.path(""),
        source,
    })?;
    let mut numbers = Vec::new();
    for name in &names {
        numbers.extend(segment_number(name).or_else(|| archive_number(name)));
    }
    numbers.retain(|number| *number >= first);
    numbers.sort_unstable();
    // A crash between compressing one and removing it leaves both.
    numbers.dedup();
    let path = |number| storage.path(&segment_name(number));
    for (expected, later) in (first..).zip(&numbers) {
        if expected != *later {
            return Err(JournalError::MissingSegment { path: path(expected), later: *later });
        }
    }
    let last = numbers.last().copied().unwrap_or(first - 1);
    match begun {
        Some(Mark { number, first_sequence, .. }) if number > last => {
            Err(JournalError::LostEnd { path: path(number), sequence: first_sequence })
        }
        _ => Ok(()),
    }
}

pub(crate) fn check_identity(
    found: &Identity,
    expected: &Identity,
    path: impl Fn() -> std::path::PathBuf,
) -> Result<(), JournalError> {
    if found.venue() != expected.venue() {
        return Err(JournalError::ForeignVenue {
            path: path(),
            found: found.venue_name(),
            expected: expected.venue_name(),
        });
    }
    if found.config() != expected.config() {
        return Err(JournalError::ChangedConfig {
            path: path(),
            found: found.fingerprint(),
            expected: expected.fingerprint(),
        });
    }
    Ok(())
}
