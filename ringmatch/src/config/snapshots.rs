//! `[snapshots]`: how much of the journal a start has to replay, and what becomes
//! of the rest.
//!
//! Snapshots are made while the venue runs, by bytes or by time or by both. The
//! section may be left out, and then it is as the default config writes it. Only
//! what lies before a snapshot can be dropped, so a venue that makes none must
//! not drop.

use super::key::Key;
use serde::Deserialize;
use std::num::NonZeroUsize;

/// `[snapshots]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotsConfig {
    /// One is made when the journal has so many more bytes than at the last;
    /// zero for never.
    pub every_bytes: u64,
    /// One is made when the journal has grown and the last one is so old; zero
    /// for never.
    pub every_s: u64,
    /// How many are kept.
    pub keep: NonZeroUsize,
    /// What becomes of full segments of the journal.
    pub closed_segments: ClosedSegments,
}

impl SnapshotsConfig {
    /// Whether any are made while the venue runs.
    #[must_use]
    pub fn are_made(&self) -> bool {
        self.every_bytes > 0 || self.every_s > 0
    }

    pub(super) fn fault(&self) -> Option<(Key, String)> {
        let would_drop_all = self.closed_segments == ClosedSegments::Drop && !self.are_made();
        would_drop_all.then(|| {
            let text = "cannot be \"drop\" while no snapshots are made: set every_bytes or every_s";
            (Key::of("closed_segments"), text.into())
        })
    }
}

impl Default for SnapshotsConfig {
    /// As it is written in the default config.
    fn default() -> Self {
        Self {
            every_bytes: 128 << 20,
            every_s: 300,
            keep: NonZeroUsize::MIN.saturating_add(1),
            closed_segments: ClosedSegments::Keep,
        }
    }
}

/// What becomes of a segment of the journal once it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosedSegments {
    /// It stays as it is.
    Keep,
    /// It is compressed.
    Compress,
    /// It is dropped once it lies before the oldest snapshot.
    Drop,
}
