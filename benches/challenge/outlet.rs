//! Where the exchange writes: the event ring, with the client listening.
//!
//! The first event of a command is written straight into its slot of the ring.
//! It is never an execution: an order is answered before anything else is said
//! of it. Those after it may be executions, which the client must hear of, and
//! a slot that was handed out cannot be read again, so they are written beside
//! the ring, heard, and copied in. Events enter the ring in the order in which
//! they are said. A full ring makes the outlet publish and wait, so nothing is
//! lost and any number of events fits; a broken ring is remembered and said at
//! the next [`publish`](Outlet::publish).

use crate::executions::Executions;
use ringmatch_engine::EventSink;
use ringmatch_engine::event::Event;
use ringmatch_ring::{ClaimError, Idle, IdleStrategy, Producer, WaitStrategy};

/// See the [module](self).
pub(crate) struct Outlet {
    pub(crate) executions: Executions,
    ring: Producer<Event>,
    idle: Idle,
    /// Whether the command that is being applied has not said anything yet.
    is_first: bool,
    /// An event that is not in the ring yet, if `is_beside`.
    beside: Event,
    is_beside: bool,
    broken: Option<ClaimError>,
}

impl EventSink for Outlet {
    #[inline]
    fn claim(&mut self) -> &mut Event {
        if self.is_first && self.has_room() {
            self.is_first = false;
            match self.ring.try_claim() {
                Ok(Some(slot)) => return slot,
                Ok(None) | Err(_) => unreachable!("room was found a moment ago"),
            }
        }
        self.hand_over();
        self.is_beside = true;
        &mut self.beside
    }
}

impl Outlet {
    pub(crate) fn new(executions: Executions, ring: Producer<Event>, wait: WaitStrategy) -> Self {
        Self {
            executions,
            ring,
            idle: wait.start(),
            is_first: true,
            beside: Event::default(),
            is_beside: false,
            broken: None,
        }
    }

    /// A command has been applied: all that it said enters the ring.
    #[inline]
    pub(crate) fn end_command(&mut self) {
        self.hand_over();
        self.is_first = true;
    }

    /// Lets the other side see what has entered the ring.
    pub(crate) fn publish(&mut self) -> Result<(), ClaimError> {
        self.ring.publish();
        self.broken.map_or(Ok(()), Err)
    }

    #[inline]
    fn hand_over(&mut self) {
        if !self.is_beside {
            return;
        }
        self.is_beside = false;
        self.executions.listen(&self.beside);
        if self.has_room()
            && let Ok(Some(slot)) = self.ring.try_claim()
        {
            *slot = self.beside;
        }
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
