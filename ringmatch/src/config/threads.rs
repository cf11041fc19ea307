//! `[threads]`: how the venue runs.
//!
//! Which stages share a thread, how one waits, where each runs and how urgently.
//! What of this the machine does not grant is no fault of the config: it is said
//! at the start, and here is said what an operator should know beforehand.
//! `docs/threads.md` has the measurements behind the choices.

use super::text::parsed;
use crate::threads::{Cpus, Layout, Pin, Priority};
use ringmatch_ring::WaitStrategy;
use serde::Deserialize;

/// `[threads]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadsConfig {
    /// Which stages share a thread.
    #[serde(deserialize_with = "parsed")]
    pub layout: Layout,
    /// How an idle thread waits.
    #[serde(deserialize_with = "parsed")]
    pub wait: WaitStrategy,
    /// CPU numbers for the threads, or `auto`.
    pub pin: Pin,
    /// How urgent the system shall take them to be.
    #[serde(default)]
    pub priority: Priority,
    /// Whether memory is touched and locked at start.
    #[serde(default)]
    pub lock_memory: bool,
}

impl ThreadsConfig {
    /// What an operator should know of threads that run like this.
    pub fn concerns(&self, layout: Layout) -> impl Iterator<Item = String> {
        let is_unpinned = self.pin == Pin::Auto
            && self.pin.assign(layout, &Cpus::usable()).is_ok_and(|cpus| cpus.is_empty());
        let unpinned = is_unpinned.then(|| {
            format!(
                "`pin` is \"auto\", and there is no CPU for each thread of {layout}: none is pinned"
            )
        });
        self.priority.concern(self.wait).into_iter().chain(unpinned)
    }
}
