//! What a thread shows of itself while it works: that it does, and at what.
//!
//! Before it polls a stage, a thread stores how often it has done so and which
//! stage that is: one plain store to a cache line of its own. Whoever watches
//! sees the same number twice only if the thread did not come back from that
//! stage in between.

use crossbeam_utils::CachePadded;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The lowest bits say which stage, the others count.
const STAGE_BITS: u32 = 8;
/// A thread that has ended.
const ENDED: u64 = u64::MAX;

/// The side of the thread.
pub(super) struct Heart {
    pulse: Arc<CachePadded<AtomicU64>>,
    beats: u64,
}

/// The side of whoever watches.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// The thread's name.
    pub thread: &'static str,
    stages: Vec<&'static str>,
    pulse: Arc<CachePadded<AtomicU64>>,
}

/// What a heartbeat shows at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The stage that was polled last.
    pub stage: &'static str,
    /// Another number, if a stage was polled since.
    pub number: u64,
}

impl Heart {
    /// A heart, and what shows it to others.
    pub(super) fn new(thread: &'static str, stages: Vec<&'static str>) -> (Self, Heartbeat) {
        let pulse = Arc::new(CachePadded::default());
        let beat = Heartbeat { thread, stages, pulse: Arc::clone(&pulse) };
        (Self { pulse, beats: 0 }, beat)
    }

    /// The stage with this number is polled next.
    #[inline]
    pub(super) fn beat(&mut self, stage: usize) {
        self.beats += 1;
        self.pulse.store(self.beats << STAGE_BITS | stage as u64, Ordering::Relaxed);
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.pulse.store(ENDED, Ordering::Relaxed);
    }
}

impl Heartbeat {
    /// Whether the thread was started with this stage.
    #[must_use]
    pub fn runs(&self, stage: &str) -> bool {
        self.stages.contains(&stage)
    }

    /// What it shows now; nothing, if the thread has not begun or has ended.
    #[must_use]
    pub fn now(&self) -> Option<Beat> {
        let number = self.pulse.load(Ordering::Relaxed);
        if number == 0 || number == ENDED {
            return None;
        }
        let stage = (number & ((1 << STAGE_BITS) - 1)) as usize;
        Some(Beat { stage: self.stages.get(stage)?, number })
    }
}
