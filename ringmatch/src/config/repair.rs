//! `[repair]`: how what clients missed is repaired.
//!
//! The newest messages of every stream stay in memory to be asked for again; what
//! is older is served from disk, if anything is kept there, at a rate that no one
//! source can exceed. The section may be left out. `docs/gap-repair.md` says what
//! happens to a request.

use super::key::Key;
use serde::Deserialize;

/// `[repair]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RepairConfig {
    /// Bytes of market data that are in memory to be asked for again.
    pub market_window_bytes: usize,
    /// Bytes of responses, for each session.
    pub response_window_bytes: usize,
    /// Packets a second that one source may have of what is older, from disk;
    /// zero keeps nothing there.
    pub old_packets_per_s: u32,
}

impl Default for RepairConfig {
    fn default() -> Self {
        Self { market_window_bytes: 64 << 20, response_window_bytes: 8 << 20, old_packets_per_s: 0 }
    }
}

impl RepairConfig {
    pub(super) fn fault(&self) -> Option<(Key, String)> {
        let Self { market_window_bytes, response_window_bytes, .. } = *self;
        let windows = [
            ("market_window_bytes", market_window_bytes),
            ("response_window_bytes", response_window_bytes),
        ];
        let is_unsound = |&(_, bytes): &(_, usize)| !(4 << 10..=1 << 34).contains(&bytes);
        let (key, _) = windows.into_iter().find(is_unsound)?;
        Some((Key::of(key), "must be from 4096 to 17179869184".into()))
    }
}
