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
        if self.closed_segments != ClosedSegments::Drop {
            return None;
        }
        if !self.are_made() {
            let text = "cannot be \"drop\" while no snapshots are made: set every_bytes or every_s";
            return Some((Key::of("closed_segments"), text.into()));
        }
        (self.keep == NonZeroUsize::MIN).then(|| {
            let text = "must be at least 2 where closed segments are dropped: the output log goes \
                        on from the one before the newest, and so does a start if that is damaged";
            (Key::of("keep"), text.into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_something_else_stands_for_can_be_dropped() {
        let usual = SnapshotsConfig { closed_segments: ClosedSegments::Drop, ..Default::default() };
        let says = |policy: SnapshotsConfig| policy.fault().map(|(_, text)| text);
        assert_eq!(says(usual), None);
        let never = SnapshotsConfig { every_bytes: 0, every_s: 0, ..usual };
        assert!(says(never).unwrap().contains("set every_bytes or every_s"));
        let one = SnapshotsConfig { keep: NonZeroUsize::MIN, ..usual };
        assert!(says(one).unwrap().contains("at least 2"));
        let kept = SnapshotsConfig { closed_segments: ClosedSegments::Keep, ..one };
        assert_eq!(says(kept), None);
    }
}
