//! What the end of a journal can look like, and what is done about it.
//!
//! | at the tail | after it | verdict |
//! |---|---|---|
//! | zeros to the end | | clean |
//! | anything else | more bytes than a crash can find unsynced | refuse |
//! | anything else | a sound frame that was written after the tail was synced | refuse |
//! | anything else | nothing sound, or frames that were unsynced as well | torn |
//!
//! and for the file after the last segment that has a header:
//!
//! | its header | behind the header | verdict |
//! |---|---|---|
//! | zeros | zeros | prepared: clean |
//! | damaged | zeros, and the segment before it is clean | torn while it was begun |
//! | damaged | zeros, and the segment before it is torn | refuse: it was synced first |
//! | zeros or damaged | anything | refuse: a header is synced before any frame |
//!
//! Each row is played on real files by a test in `tests/it/recovery.rs`.

use crate::error::{Fault, Follows, JournalError};
use crate::frame::MAX_FRAME_BYTES;
use crate::scanner::{At, Scanner};
use crate::storage::Storage;
use crate::survey::{Leftover, Survey, survey_leftover, survey_tail};

/// How a journal that is not damaged ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// With its last frame.
    Clean,
    /// With something that a crash has left: it was never promised to anybody.
    Torn {
        /// The segment it is in.
        segment: u32,
        /// Where it starts, in bytes.
        offset: u64,
        /// How long it is.
        bytes: u64,
    },
}

/// How the journal ends whose last sound frame the scanner has read.
///
/// # Errors
/// When it is damaged, or cannot be read.
pub(crate) fn judge<S: Storage>(scanner: &Scanner<S>, at: At) -> Result<Tail, JournalError> {
    let tail = judge_tail(scanner, at)?;
    let number = scanner.number() + 1;
    let refused = |follows| Err(scanner.damaged_segment(number, Fault::SegmentHeader, follows));
    match (survey_leftover(scanner)?, tail) {
        (Leftover::Missing | Leftover::Prepared { .. }, tail) => Ok(tail),
        (Leftover::TornHeader { bytes }, Tail::Clean) => {
            Ok(Tail::Torn { segment: number, offset: 0, bytes })
        }
        (Leftover::TornHeader { .. }, Tail::Torn { .. }) => {
            Err(scanner.damaged(at.fault(), Follows::Segment(number)))
        }
        (Leftover::Content, _) => refused(Follows::Content),
    }
}

fn judge_tail<S: Storage>(scanner: &Scanner<S>, at: At) -> Result<Tail, JournalError> {
    let Some(segment) = &scanner.segment else { return Ok(Tail::Clean) };
    let survey = survey_tail(scanner, segment, at)?;
    match verdict(survey) {
        Verdict::Clean => Ok(Tail::Clean),
        Verdict::Torn => {
            Ok(Tail::Torn { segment: segment.number, offset: segment.offset, bytes: survey.bytes })
        }
        Verdict::Refuse(follows) => Err(scanner.damaged(at.fault(), follows)),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Clean,
    Torn,
    Refuse(Follows),
}

/// The first table. A frame says how far its segment was synced when it was
/// written: if that reaches beyond the tail, what stood there was promised.
fn verdict(survey: Survey) -> Verdict {
    match survey {
        Survey { bytes: 0, .. } => Verdict::Clean,
        Survey { promised: true, frames, .. } => Verdict::Refuse(Follows::Frames(frames)),
        Survey { bytes, .. } if bytes > MAX_FRAME_BYTES => Verdict::Refuse(Follows::Bytes(bytes)),
        Survey { .. } => Verdict::Torn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let row = |bytes, frames, promised| verdict(Survey { bytes, frames, promised });
        assert_eq!(row(0, 0, false), Verdict::Clean);
        assert_eq!(row(1, 0, false), Verdict::Torn);
        assert_eq!(row(MAX_FRAME_BYTES, 0, false), Verdict::Torn);
        assert_eq!(row(MAX_FRAME_BYTES, 9, false), Verdict::Torn);
        assert_eq!(row(9_000, 2, true), Verdict::Refuse(Follows::Frames(2)));
        let bytes = MAX_FRAME_BYTES + 1;
        assert_eq!(row(bytes, 0, false), Verdict::Refuse(Follows::Bytes(bytes)));
        assert_eq!(row(bytes, 9, false), Verdict::Refuse(Follows::Bytes(bytes)));
        assert_eq!(row(bytes, 9, true), Verdict::Refuse(Follows::Frames(9)));
    }
}
