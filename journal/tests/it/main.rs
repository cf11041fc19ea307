//! The journal from outside, on real files and on a simulated disk.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// A directory, a venue, and what tests do to them.
mod fixture;
/// A reader beside a writer.
mod following;
/// The bytes on disk, literally.
mod format;
/// Directories that a fuzzer made up, and the seeds that it begins with.
mod fuzzed;
/// A journal of the released format, committed.
mod golden;
/// A writer that goes on while the disk is slow.
mod overlap;
/// Bytes as a directory of files, and everything that reads one.
mod pile;
/// What a commit promises, and what ends a writer.
mod policies;
/// Arbitrary bytes and arbitrary damage.
mod properties;
/// Each row of the recovery table.
mod recovery;
/// Closed segments, compressed and dropped.
mod retention;
/// What is written is read, over segments and restarts.
mod round_trip;
/// Random lives on a disk that fails, tears and loses.
mod simulation;
/// Saved whole or not at all, and believed only when sound.
mod snapshots;
