//! The journal from outside, on real files and on a simulated disk.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// A directory, a venue, and damage done to files.
mod fixture;
/// What is written is read, over segments and restarts.
mod round_trip;
