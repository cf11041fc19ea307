//! `[journal]`: how the venue keeps what it was told.
//!
//! The durability decides what has to have happened to a command before anything
//! of its result leaves. The size of a segment decides how often a file is begun,
//! and how much is in doubt when one is damaged; its bounds are those within
//! which both make sense.

use super::key::Key;
use super::text::parsed;
use ringmatch_journal::Durability;
use serde::Deserialize;

/// `[journal]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalConfig {
    /// When a result may leave: `fsync`, `write`, or `interval:` with the
    /// milliseconds between syncs.
    #[serde(deserialize_with = "parsed")]
    pub durability: Durability,
    /// Bytes in a segment file; 64 KiB to 16 GiB.
    pub segment_bytes: u64,
}

impl JournalConfig {
    pub(super) fn fault(&self) -> Option<(Key, String)> {
        let is_sound = (1 << 16..=1 << 34).contains(&self.segment_bytes);
        (!is_sound).then(|| (Key::of("segment_bytes"), "must be from 65536 to 17179869184".into()))
    }
}
