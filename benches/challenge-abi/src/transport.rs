//! Our own queue for reports: the ring behind five C functions.
//!
//! A handle owns both ends of a ring. `push`, `flush` and the engine belong to
//! one thread, `drain` to another; each end is behind a cell of its own, and
//! the ring keeps the two apart. What is pushed becomes visible with `flush`,
//! or when enough of it has gathered.

use crate::layout::{Report, Transport};
use ringmatch_ring::{Builder, Consumer, Producer};
use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::ptr;

/// Reports pushed before they become visible without a flush.
const GATHER: u32 = 64;

/// What the harness finds behind [`engine_get_transport`](crate::engine_get_transport).
pub(crate) static TRANSPORT: Transport = Transport { create, push, drain, flush, destroy };

/// Both ends of a ring.
pub(crate) struct Handle {
    sender: UnsafeCell<Sender>,
    receiver: UnsafeCell<Consumer<Report>>,
}

/// The pushing end.
pub(crate) struct Sender {
    ring: Producer<Report>,
    gathered: u32,
}

impl Sender {
    /// Whether there was room for it.
    #[inline]
    pub(crate) fn push(&mut self, report: &Report) -> bool {
        let Ok(Some(slot)) = self.ring.try_claim() else {
            self.flush();
            return false;
        };
        *slot = *report;
        self.gathered += 1;
        if self.gathered == GATHER {
            self.flush();
        }
        true
    }

    /// Makes all that was pushed visible.
    #[inline]
    pub(crate) fn flush(&mut self) {
        self.gathered = 0;
        self.ring.publish();
    }
}

/// The pushing end of a handle.
///
/// # Safety
/// `handle` comes from [`create`] and is not destroyed, and the caller is the
/// one thread that pushes and holds no other reference to this end.
#[inline]
pub(crate) unsafe fn sender<'a>(handle: *mut c_void) -> &'a mut Sender {
    // SAFETY: by the caller's promise the handle is a live `Handle`, and nobody
    // else refers to this end.
    unsafe { &mut *(*handle.cast::<Handle>()).sender.get() }
}

/// A queue of at least this capacity; null if it is too large.
extern "C" fn create(capacity: u32) -> *mut c_void {
    let Some(capacity) = (capacity.max(2) as usize).checked_next_power_of_two() else {
        return ptr::null_mut();
    };
    let Ok(mut builder) = Builder::new(capacity, Report::default) else {
        return ptr::null_mut();
    };
    let receiver = builder.consumer();
    let Ok((ring, [receiver])) = builder.build([receiver]) else {
        return ptr::null_mut();
    };
    let sender = UnsafeCell::new(Sender { ring, gathered: 0 });
    let handle = Box::new(Handle { sender, receiver: UnsafeCell::new(receiver) });
    Box::into_raw(handle).cast()
}

/// Pushes a report; zero when the queue is full.
///
/// # Safety
/// As [`sender`]; `report` points to a report.
unsafe extern "C" fn push(handle: *mut c_void, report: *const Report) -> c_int {
    // SAFETY: the caller is the harness, which passes what `create` gave it and
    // a report of its own, and pushes from one thread.
    unsafe { sender(handle).push(&*report).into() }
}

/// Takes up to `max` reports; how many.
///
/// # Safety
/// `handle` comes from [`create`] and is not destroyed, `out` has room for
/// `max` reports, and the caller is the one thread that drains.
unsafe extern "C" fn drain(handle: *mut c_void, out: *mut Report, max: u32) -> u32 {
    // SAFETY: by the caller's promise the handle is live, and no other thread
    // refers to this end.
    let receiver = unsafe { &mut *(*handle.cast::<Handle>()).receiver.get() };
    let Ok(batch) = receiver.take(max as usize) else { return 0 };
    let count = batch.len();
    for (place, (_, report)) in batch.iter().enumerate() {
        // SAFETY: `place` is below `max`, for which there is room.
        unsafe { out.add(place).write(*report) };
    }
    batch.commit();
    count as u32
}

/// Makes all that was pushed visible.
///
/// # Safety
/// As [`sender`].
unsafe extern "C" fn flush(handle: *mut c_void) {
    // SAFETY: passed on to the caller.
    unsafe { sender(handle) }.flush();
}

/// Ends a queue.
///
/// # Safety
/// `handle` comes from [`create`], and nobody uses it any more.
unsafe extern "C" fn destroy(handle: *mut c_void) {
    if !handle.is_null() {
        // SAFETY: by the caller's promise this is the only use of what
        // `Box::into_raw` gave.
        drop(unsafe { Box::from_raw(handle.cast::<Handle>()) });
    }
}
