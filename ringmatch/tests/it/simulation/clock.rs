//! Simulated time, and clocks that show it rightly or not.

use ringmatch::clock::Clock;
use ringmatch_engine::Nanos;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Nanoseconds since the simulation began; clones are the same time.
#[derive(Clone, Default)]
pub struct Time(Arc<AtomicU64>);

impl Time {
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub fn pass(&self, nanos: u64) {
        self.0.fetch_add(nanos, Ordering::Relaxed);
    }

    /// A wall clock. It is set when a process starts, and may be set to a time
    /// before that which an earlier process had.
    pub fn wall_clock(&self, set_to: u64) -> WallClock {
        WallClock { time: self.clone(), started: self.now(), set_to }
    }
}

/// A clock that runs as fast as the simulated time.
#[derive(Clone)]
pub struct WallClock {
    time: Time,
    started: u64,
    set_to: u64,
}

impl Clock for WallClock {
    fn now(&self) -> Nanos {
        Nanos(self.set_to + self.time.now() - self.started)
    }
}
