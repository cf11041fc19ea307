//! How fast the next segment is prepared: no faster than it must be.
//!
//! Each piece of zeros delays the sync that comes beside it. So pieces are spread
//! over the time that the segment being filled will last, judged by how far it is
//! filled: as long as twice that share of the next one is prepared, there is time
//! for a pause. A rush of orders shortens the pauses, and a writer that waits for
//! the segment ends them. The writer tells and never waits; the thread that
//! prepares looks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Between two pieces when there is time: 64 MiB in pieces of 64 KiB take 20
/// seconds then, and one sync in some hundred meets a piece.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);
/// How often the thread looks whether the pause is over.
const GLANCE: Duration = Duration::from_millis(2);
/// Shares of a segment are counted in these.
const WHOLE: u64 = 1 << 16;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Pace {
    filled: AtomicU64,
    hurried: AtomicBool,
    stopped: AtomicBool,
}

impl Pace {
    /// A pace without pauses: somebody waits.
    pub(crate) fn hurried() -> Self {
        Self { hurried: true.into(), ..Self::default() }
    }

    /// Begins with another segment.
    pub(crate) fn restart(&self) {
        self.filled.store(0, Ordering::Relaxed);
        self.hurried.store(false, Ordering::Relaxed);
    }

    pub(crate) fn note_filled(&self, bytes: u64, of: u64) {
        self.filled.store(share(bytes, of), Ordering::Relaxed);
    }

    pub(crate) fn hurry(&self) {
        self.hurried.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_hurried(&self) -> bool {
        self.hurried.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Lets time pass while there is some.
    pub(crate) fn pause(&self, prepared: u64, of: u64) {
        let start = Instant::now();
        while self.has_time(prepared, of) && start.elapsed() < LONGEST_PAUSE {
            thread::park_timeout(GLANCE);
        }
    }

    fn has_time(&self, prepared: u64, of: u64) -> bool {
        let needed = 2 * self.filled.load(Ordering::Relaxed);
        !self.is_hurried() && !self.is_stopped() && share(prepared, of) >= needed
    }
}

fn share(bytes: u64, of: u64) -> u64 {
    (u128::from(bytes) * u128::from(WHOLE) / u128::from(of.max(1))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_time_while_twice_the_filled_share_is_prepared() {
        let pace = Pace::default();
        for (filled, prepared, has_time) in
            [(0, 0, true), (10, 19, false), (10, 20, true), (50, 99, false), (60, 100, false)]
        {
            pace.note_filled(filled, 100);
            assert_eq!(pace.has_time(prepared * 7, 700), has_time, "{filled} {prepared}");
        }
        pace.restart();
        assert!(pace.has_time(0, 1));
        pace.hurry();
        assert!(!pace.has_time(1, 1));
        pace.restart();
        pace.stop();
        assert!(!pace.has_time(1, 1) && Pace::hurried().is_hurried());
    }
}
