//! Where an engine says what came of a message: slots of the ring.
//!
//! What is said is written once, into the slot where the other side reads it,
//! and becomes visible with the next [`publish`](Outlet::publish). A full ring
//! makes the outlet publish and wait, so nothing is lost and any number fits; a
//! broken ring is remembered and said at the next publish.

use ringmatch_benches::flow::{Report, Reports};
use ringmatch_engine::EventSink;
use ringmatch_engine::event::Event;
use ringmatch_ring::{ClaimError, Idle, IdleStrategy, Producer, WaitStrategy};

/// See the [module](self).
pub(crate) struct Outlet<S> {
    ring: Producer<S>,
    idle: Idle,
    /// Takes what nobody will read, once the ring is broken.
    nowhere: S,
    broken: Option<ClaimError>,
}

impl<S: Default> Outlet<S> {
    pub(crate) fn new(ring: Producer<S>, wait: WaitStrategy) -> Self {
        Self { ring, idle: wait.start(), nowhere: S::default(), broken: None }
    }

    /// The next slot. Whatever it held before is overwritten.
    #[inline]
    pub(crate) fn slot(&mut self) -> &mut S {
        if self.has_room()
            && let Ok(Some(slot)) = self.ring.try_claim()
        {
            return slot;
        }
        &mut self.nowhere
    }

    /// Lets the other side see what was said.
    #[inline]
    pub(crate) fn publish(&mut self) -> Result<(), ClaimError> {
        self.ring.publish();
        self.broken.map_or(Ok(()), Err)
    }

    /// Waits for room; false only if the ring is broken.
    #[inline]
    fn has_room(&mut self) -> bool {
        matches!(self.ring.has_room(1), Ok(true)) || self.wait_for_room()
    }

    #[cold]
    fn wait_for_room(&mut self) -> bool {
        self.ring.publish();
        self.idle.reset();
        loop {
            match self.ring.has_room(1) {
                Ok(true) => return true,
                Ok(false) => self.idle.idle(),
                Err(error) => {
                    self.broken = Some(error);
                    return false;
                }
            }
        }
    }
}

impl EventSink for Outlet<Event> {
    #[inline]
    fn claim(&mut self) -> &mut Event {
        self.slot()
    }
}

impl Reports for Outlet<Report> {
    #[inline]
    fn report(&mut self, make: impl FnOnce() -> Report) {
        *self.slot() = make();
    }
}
