//! Time, as the sequencer stamps it on commands.
//!
//! Wall-clock time that never goes back: the wall clock is read once, at
//! start, and the monotonic clock is added to it, so a step of the wall clock
//! neither reorders commands nor spoils a latency. The simulation has a clock
//! of its own.

use ringmatch_engine::Nanos;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where a stage gets the time from.
pub trait Clock: Send {
    /// The time now; never before an earlier answer of the same clock.
    fn now(&self) -> Nanos;
}

/// The machine's time. Copies of one clock agree with each other.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    wall: u64,
    start: Instant,
}

impl SystemClock {
    /// A clock that starts at the wall clock's time.
    #[must_use]
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall: saturate(wall.as_nanos()), start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Nanos {
        Nanos(self.wall + saturate(self.start.elapsed().as_nanos()))
    }
}

fn saturate(nanos: u128) -> u64 {
    u64::try_from(nanos).unwrap_or(u64::MAX / 2)
}
