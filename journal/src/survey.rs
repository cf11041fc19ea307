//! What lies beyond the last sound frame: the facts that a verdict needs.
//!
//! The rest of the last segment is read to its end for the last byte that is
//! not zero and for headers of frames. A frame whose header is sound is stepped
//! over, so that bytes in its body are not taken for frames. Then the file after
//! the last segment is looked at, which was prepared for when this one is full.

use crate::error::JournalError;
use crate::frame::{Decoded, FRAME_HEADER_BYTES, FrameHeader};
use crate::scanner::{At, OpenSegment, Scanner};
use crate::segment::SEGMENT_HEADER_BYTES;
use crate::storage::{Storage, StorageFile};
use std::io;
use std::ops::Range;

const READ_BYTES: u64 = 1 << 20;
const UNIT: usize = FRAME_HEADER_BYTES as usize;

/// What lies from the tail to the end of the last segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    /// From the tail to the last byte that is not zero.
    pub(crate) bytes: u64,
    /// Frames with a sound header after the tail.
    pub(crate) frames: u64,
    /// One of them says that the tail was synced before it was written.
    pub(crate) promised: bool,
}

/// What the file after the last segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftover {
    /// Not there.
    Missing,
    /// Zeros: prepared and not begun.
    Prepared { length: u64 },
    /// Zeros, with something that is no header on its first page.
    TornHeader { bytes: u64 },
    /// Something behind a first page that is no header.
    Content,
}

pub(crate) fn survey_tail<S: Storage>(
    scanner: &Scanner<S>,
    segment: &OpenSegment<S::File>,
    at: At,
) -> Result<Survey, JournalError> {
    let tail = segment.offset;
    let mut survey = Survey::default();
    let mut next_frame = match at {
        At::DamagedBody { frame_bytes } => tail + frame_bytes,
        At::Blank | At::DamagedHeader => tail + FRAME_HEADER_BYTES,
    };
    for_each_unit(&segment.file, tail..segment.length, |offset, unit| {
        if let Some(last) = unit.iter().rposition(|byte| *byte != 0) {
            survey.bytes = offset + last as u64 + 1 - tail;
        }
        if offset >= next_frame
            && let Some(unit) = unit.first_chunk()
            && let Decoded::Header(header, _) = FrameHeader::decode(unit)
        {
            survey.frames += 1;
            survey.promised |= header.synced_to > tail;
            next_frame = offset + header.frame_bytes();
        }
    })
    .map_err(scanner.reading(segment.number))?;
    Ok(survey)
}

pub(crate) fn survey_leftover<S: Storage>(scanner: &Scanner<S>) -> Result<Leftover, JournalError> {
    let number = scanner.number() + 1;
    let Some(file) = scanner.open_segment(number)? else { return Ok(Leftover::Missing) };
    let length = file.length().map_err(scanner.reading(number))?;
    let mut bytes = 0;
    for_each_unit(&file, 0..length, |offset, unit| {
        if let Some(last) = unit.iter().rposition(|byte| *byte != 0) {
            bytes = offset + last as u64 + 1;
        }
    })
    .map_err(scanner.reading(number))?;
    Ok(match bytes {
        0 => Leftover::Prepared { length },
        _ if bytes <= SEGMENT_HEADER_BYTES => Leftover::TornHeader { bytes },
        _ => Leftover::Content,
    })
}

/// Calls with every 64 bytes of a file that are not all zero, in order.
fn for_each_unit(
    file: &impl StorageFile,
    range: Range<u64>,
    mut visit: impl FnMut(u64, &[u8]),
) -> io::Result<()> {
    let mut buffer = vec![0; READ_BYTES.min(range.end - range.start) as usize];
    let mut offset = range.start;
    while offset < range.end {
        let bytes = READ_BYTES.min(range.end - offset) as usize;
        let read = &mut buffer[..bytes];
        file.read_at(read, offset)?;
        for (i, unit) in read.chunks(UNIT).enumerate() {
            if *unit != [0; UNIT][..unit.len()] {
                visit(offset + (i * UNIT) as u64, unit);
            }
        }
        offset += bytes as u64;
    }
    Ok(())
}
