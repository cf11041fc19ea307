//! What a recovery found and did, for the operator's first screen.

use std::fmt;
use std::path::PathBuf;

/// What a recovery found and did; its text is for the operator's first screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Segments that hold the journal.
    pub segments: u32,
    /// Sound frames read from them, behind the snapshot if there was one.
    pub frames: u64,
    /// The last sequence in them; zero if there is none.
    pub last_sequence: u64,
    /// The epoch that new frames will have.
    pub epoch: u32,
    /// The journal did not exist and was begun.
    pub begun: bool,
    /// What was cut off.
    pub torn: Option<TornTail>,
}

/// What a crash has left after the last frame, and where it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment it was in.
    pub segment: PathBuf,
    /// Where it started, in bytes.
    pub offset: u64,
    /// How long it was.
    pub bytes: u64,
    /// The file that holds it now.
    pub kept: PathBuf,
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segments, frames, last_sequence, epoch, begun, torn } = self;
        if *begun {
            write!(f, "a new journal was begun, epoch {epoch}")?;
        } else {
            write!(
                f,
                "{frames} frames in {segments} segments, last sequence {last_sequence}, \
                 epoch {epoch}"
            )?;
        }
        match torn {
            None => f.write_str(", clean tail"),
            Some(torn) => write!(f, ", {torn}"),
        }
    }
}

impl fmt::Display for TornTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, offset, bytes, kept } = self;
        write!(
            f,
            "torn tail of {bytes} bytes cut from {} at byte {offset} and kept in {}",
            segment.display(),
            kept.display()
        )
    }
}
