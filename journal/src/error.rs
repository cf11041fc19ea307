//! What can go wrong, as sentences for an operator.
//!
//! Each says which file, where in it, and at which sequence; what stands there,
//! why that is not taken for a torn tail, and what to do. Whoever refuses a
//! journal has changed nothing in it.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What can go wrong, as sentences for an operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "read", "sync".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process, or another part of this one, writes the journal.
    #[error(
        "the journal is in use: somebody else holds {}. Nothing was changed.\n\
         Stop the other process, or give this one a directory of its own.",
        path.display()
    )]
    InUse {
        /// The lock.
        path: PathBuf,
    },
    /// No journal was asked for where there is one.
    #[error(
        "{} holds a journal, and durability \"none\" would leave it behind. Nothing was changed.\n\
         Give the venue without a journal a directory of its own.",
        path.display()
    )]
    HoldsJournal {
        /// The directory.
        path: PathBuf,
    },
    /// There is nothing to read.
    #[error("there is no journal: {} does not exist or was never begun", path.display())]
    NoJournal {
        /// The first segment.
        path: PathBuf,
    },
    /// The identity given does not fit a segment's header.
    #[error(
        "a venue's name of {venue_bytes} bytes with a configuration of {config_bytes} does not \
         fit a journal: 16 and 3968 are the most"
    )]
    IdentityTooLarge {
        /// Bytes of the name.
        venue_bytes: usize,
        /// Bytes of the configuration.
        config_bytes: usize,
    },
    /// The size asked for cannot be a segment's.
    #[error("segments of {bytes} bytes are impossible: use a multiple of 4096, from 8192")]
    SegmentBytes {
        /// The size asked for.
        bytes: u64,
    },
    /// The journal is another venue's.
    #[error(
        "{} belongs to venue {found:?}, not to {expected:?}. Nothing was changed.\n\
         Point to the journal of {expected:?}, or start {found:?}.",
        path.display()
    )]
    ForeignVenue {
        /// The segment.
        path: PathBuf,
        /// The venue in its header.
        found: String,
        /// The venue that asked.
        expected: String,
    },
    /// The journal was written under another configuration.
    #[error(
        "{} was written under configuration {found:08x}, now it is {expected:08x}: a replay \
         under another configuration gives another result. Nothing was changed.\n\
         Start with the configuration in the segment's header, or begin a new journal.",
        path.display()
    )]
    ChangedConfig {
        /// The segment.
        path: PathBuf,
        /// The fingerprint in its header.
        found: u32,
        /// The fingerprint of the configuration given.
        expected: u32,
    },
    /// The journal was written by another version of this program.
    #[error(
        "{} has format version {found} at byte {offset}, this program reads version {supported}. \
         Nothing was changed.\nUse the program that wrote it.",
        path.display()
    )]
    UnknownVersion {
        /// The segment.
        path: PathBuf,
        /// Where in it, in bytes.
        offset: u64,
        /// The version found.
        found: u32,
        /// The version that is read here.
        supported: u32,
    },
    /// A segment is not there, and later ones are.
    #[error(
        "journal segment {} is missing, and segment {later:08} exists. Nothing was changed.\n\
         Restore it from a copy.",
        path.display()
    )]
    MissingSegment {
        /// The segment that is not there.
        path: PathBuf,
        /// One that is.
        later: u32,
    },
    /// A reader was slower than whoever drops segments.
    #[error(
        "journal segment {} was dropped while the journal was read: it begins with sequence \
         {first_sequence} now. Start again from a snapshot.",
        path.display()
    )]
    Dropped {
        /// The segment that was to be read.
        path: PathBuf,
        /// The first sequence that is still there.
        first_sequence: u64,
    },
    /// The last segments are not there any more.
    #[error(
        "journal segment {} was begun (with sequence {sequence}) and is missing: the journal's \
         end is lost. Nothing was changed.\n\
         Restore it from a copy.",
        path.display()
    )]
    LostEnd {
        /// The last segment that was begun.
        path: PathBuf,
        /// The sequence that it was begun with.
        sequence: u64,
    },
    /// A snapshot is not what was written.
    #[error("snapshot {} is damaged at byte {offset}", path.display())]
    DamagedSnapshot {
        /// The snapshot.
        path: PathBuf,
        /// Where in it, in bytes.
        offset: u64,
    },
    /// A snapshot stands after more than the journal holds.
    #[error(
        "snapshot {} stands before sequence {stands_before}, and the journal's next is \
         {next_sequence}: the journal's end is lost. Nothing was changed.\n\
         Restore the last segment from a copy.",
        path.display()
    )]
    EndsBeforeSnapshot {
        /// The snapshot.
        path: PathBuf,
        /// The sequence that follows it.
        stands_before: u64,
        /// The sequence that follows the journal's last frame.
        next_sequence: u64,
    },
    /// A snapshot stands after a frame that the journal does not have.
    #[error(
        "snapshot {} is of another history: the journal has other frames before sequence \
         {stands_before}. Nothing was changed.\n\
         Restore the journal that it belongs to; or move the snapshot away, to start without it.",
        path.display()
    )]
    OtherHistory {
        /// The snapshot.
        path: PathBuf,
        /// The sequence that follows it.
        stands_before: u64,
    },
    /// The beginning was dropped, and no snapshot stands for it.
    #[error(
        "the journal begins with sequence {first_sequence}, what precedes was dropped, and \
         no sound snapshot in {} stands for it. Nothing was changed.\n\
         Restore a snapshot from a copy.",
        path.display()
    )]
    NoSnapshot {
        /// The directory.
        path: PathBuf,
        /// The first sequence that is still there.
        first_sequence: u64,
    },
    /// Both slots of a mark are damaged.
    #[error(
        "{} is damaged, so it is not known which segments there should be. Nothing was changed.\n\
         Restore it from a copy; or remove it, if you know that all segments are there.",
        path.display()
    )]
    DamagedMark {
        /// The mark.
        path: PathBuf,
    },
    /// A segment has another one's name.
    #[error(
        "{} is segment {found:08} by its header, so segments were swapped or copied. \
         Nothing was changed.\nGive each segment the name that its header says.",
        path.display()
    )]
    MisplacedSegment {
        /// The file.
        path: PathBuf,
        /// The number in its header.
        found: u32,
    },
    /// A segment was cut or has grown.
    #[error(
        "journal segment {} is {found} bytes long and its header says {expected}. \
         Nothing was changed.\nRestore the segment from a copy.",
        path.display()
    )]
    SegmentLength {
        /// The segment.
        path: PathBuf,
        /// The file's length in bytes.
        found: u64,
        /// The length in its header.
        expected: u64,
    },
    /// What is there is not what was written, and it is no torn tail.
    #[error(
        "journal segment {} is damaged at byte {offset} (sequence {sequence}): {fault}\n\
         {follows}. Nothing was changed.\n\
         Restore the segment from a copy, or run `ringmatch replay --until {}` to inspect what \
         precedes it.",
        path.display(), sequence.saturating_sub(1)
    )]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where in it, in bytes.
        offset: u64,
        /// The sequence that should stand there.
        sequence: u64,
        /// What stands there instead.
        fault: Fault,
        /// What stands after it.
        follows: Follows,
    },
    /// A frame larger than a segment or than [`MAX_BODY_BYTES`](crate::MAX_BODY_BYTES).
    #[error("a frame with {bytes} bytes does not fit: {limit} are the most here")]
    FrameTooLarge {
        /// Bytes of the body.
        bytes: usize,
        /// The most that a body may have.
        limit: u64,
    },
    /// A frame was appended out of its turn; nothing was written.
    #[error("a frame from sequence {found} was appended where {expected} is next")]
    OutOfOrder {
        /// The sequence that is next.
        expected: u64,
        /// The sequence given.
        found: u64,
    },
    /// The last number of a segment, or of a sequence, was used.
    #[error("the journal has no numbers left")]
    Exhausted,
    /// An earlier write or sync failed.
    #[error(
        "the journal stopped at an earlier failure of the disk: start again, and recovery \
         finds what the disk holds"
    )]
    Poisoned,
}

/// What stands where a frame should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Zeros, and something after them.
    Blank,
    /// A header whose checksum is wrong.
    Header,
    /// A header that is sound with a body that is not.
    Body,
    /// A header whose checksum is right and whose content is impossible.
    Impossible,
    /// A sound frame with another sequence.
    Sequence(u64),
    /// A sound frame that continues another one than the one before it.
    Chain,
    /// A sound frame of an earlier start of the application.
    Epoch,
    /// A segment's header whose checksum is wrong.
    SegmentHeader,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("zeros where a frame should start"),
            Self::Header => f.write_str("checksum mismatch in a frame's header"),
            Self::Body => f.write_str("checksum mismatch in a frame's body"),
            Self::Impossible => f.write_str("a frame's header with impossible content"),
            Self::Sequence(found) => write!(f, "sequence {found} stands there"),
            Self::Chain => f.write_str("what stands there does not continue the frame before it"),
            Self::Epoch => f.write_str("the frame there is from an earlier start than the last"),
            Self::SegmentHeader => f.write_str("checksum mismatch in the segment's header"),
        }
    }
}

/// Why damage is not taken for a torn tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// What stands there is whole, so no crash has torn it.
    Whole,
    /// So many sound frames follow, written after this place was synced.
    Frames(u64),
    /// So many bytes follow, more than a crash can find unsynced.
    Bytes(u64),
    /// This later segment follows.
    Segment(u32),
    /// Frames were written behind a header, which is synced before them.
    Content,
    /// The mark of the last segment says that this one was begun.
    Begun,
}

impl fmt::Display for Follows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("It is whole, so this is not a torn tail"),
            Self::Frames(1) => f.write_str("1 valid frame follows, so this is not a torn tail"),
            Self::Frames(n) => write!(f, "{n} valid frames follow, so this is not a torn tail"),
            Self::Bytes(n) => {
                write!(f, "{n} bytes follow, more than a crash can tear, so this is no torn tail")
            }
            Self::Segment(n) => write!(f, "Segment {n:08} follows, so this is not a torn tail"),
            Self::Content => f.write_str("There is content behind it, so this is not a torn tail"),
            Self::Begun => f.write_str("The segment had been begun, so this is not a torn tail"),
        }
    }
}
