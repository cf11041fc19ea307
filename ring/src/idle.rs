//! What a thread does while there is nothing to do.
//!
//! An idle strategy is a small state machine: `idle` each time nothing was
//! found, `reset` as soon as something was. It belongs to a thread, not to a
//! ring: a thread that runs several stages idles once, when none had work.
//! Spinning is the fastest to wake and burns a core; yielding burns it too but
//! lets others run; backing off starts like both and then sleeps, each time
//! longer, up to [`Backoff::MAX_SLEEP`], which bounds what it adds to the first
//! event after a pause.

use std::time::Duration;

use crate::sync::{sleep, spin_loop, yield_now};

/// How a thread waits.
pub trait IdleStrategy {
    /// Nothing was found: waits a little, perhaps longer than the last time.
    fn idle(&mut self);

    /// Something was found: the next wait starts from the shortest.
    fn reset(&mut self);
}

/// Never gives the core away. For a core of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spin;

impl IdleStrategy for Spin {
    #[inline]
    fn idle(&mut self) {
        spin_loop();
    }

    #[inline]
    fn reset(&mut self) {}
}

/// Offers the core to other threads, and is soon back. For cores that are
/// shared but must not sleep.
#[derive(Clone, Copy, Debug, Default)]
pub struct Yield;

impl IdleStrategy for Yield {
    #[inline]
    fn idle(&mut self) {
        yield_now();
    }

    #[inline]
    fn reset(&mut self) {}
}

/// Spins, then yields, then sleeps longer and longer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    waits: u32,
}

impl Backoff {
    /// Waits that spin.
    pub const SPINS: u32 = 128;

    /// Waits that yield, after those.
    pub const YIELDS: u32 = 64;

    /// The first sleep; each following one is twice as long. Linux adds its
    /// timer slack to it, 50 µs by default.
    pub const MIN_SLEEP: Duration = Duration::from_micros(1);

    /// The longest sleep: what a pause can cost the event that ends it.
    pub const MAX_SLEEP: Duration = Duration::from_micros(250);

    /// The sleep after all spins and yields and `sleeps` sleeps before it.
    fn sleep_after(sleeps: u32) -> Duration {
        // 1 µs doubled 8 times is above the maximum already.
        Self::MAX_SLEEP.min(Self::MIN_SLEEP * (1 << sleeps.min(8)))
    }
}

impl IdleStrategy for Backoff {
    fn idle(&mut self) {
        match self.waits.checked_sub(Self::SPINS + Self::YIELDS) {
            Some(sleeps) => sleep(Self::sleep_after(sleeps)),
            None if self.waits < Self::SPINS => spin_loop(),
            None => yield_now(),
        }
        self.waits = self.waits.saturating_add(1);
    }

    #[inline]
    fn reset(&mut self) {
        self.waits = 0;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn sleeps_double_up_to_the_maximum() {
        let micros: Vec<_> = (0..10).map(|n| Backoff::sleep_after(n).as_micros()).collect();
        assert_eq!(micros, [1, 2, 4, 8, 16, 32, 64, 128, 250, 250]);
        assert_eq!(Backoff::sleep_after(u32::MAX), Backoff::MAX_SLEEP);
    }

    #[test]
    fn backoff_starts_again_after_work() {
        let mut backoff = Backoff { waits: u32::MAX };
        backoff.idle();
        assert_eq!(backoff.waits, u32::MAX);
        backoff.reset();
        backoff.idle();
        assert_eq!(backoff.waits, 1);
    }
}
