//! The primitives that threads meet in: from std, or from loom's model.
//!
//! Everything of the ring that another thread can see goes through this module,
//! so that `--cfg loom` explores every interleaving of the very code that runs
//! in production. loom's cells record each access when a pointer is handed out;
//! a reference made from that pointer never outlives the release store that
//! follows it, so recording the start of the access is enough to find a race.
//! There are no fences here and none anywhere in the crate: ThreadSanitizer
//! does not understand them.

#[cfg(not(loom))]
pub(crate) use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    thread::{sleep, yield_now},
};

#[cfg(loom)]
pub(crate) use loom::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    thread::yield_now,
};

/// A pause of the processor's, not of the scheduler's.
#[cfg(not(loom))]
pub(crate) use std::hint::spin_loop;

/// The model has no processor to pause: another thread must get its turn.
#[cfg(loom)]
pub(crate) fn spin_loop() {
    yield_now();
}

/// The model has no time either.
#[cfg(loom)]
pub(crate) fn sleep(_: std::time::Duration) {
    yield_now();
}

/// A memory cell shared between threads, whose user argues why no two of them
/// collide in it.
#[cfg(not(loom))]
#[repr(transparent)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// A pointer to read through.
    #[inline(always)]
    pub(crate) fn read_pointer(&self) -> *const T {
        self.0.get()
    }

    /// A pointer to write through.
    #[inline(always)]
    pub(crate) fn write_pointer(&self) -> *mut T {
        self.0.get()
    }
}

/// The same cell, checked by loom.
#[cfg(loom)]
pub(crate) struct UnsafeCell<T>(loom::cell::UnsafeCell<T>);

#[cfg(loom)]
impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::cell::UnsafeCell::new(value))
    }

    /// Records a read, and fails the model if a write may be concurrent.
    pub(crate) fn read_pointer(&self) -> *const T {
        self.0.with(|pointer| pointer)
    }

    /// Records a write, and fails the model if any access may be concurrent.
    pub(crate) fn write_pointer(&self) -> *mut T {
        self.0.with_mut(|pointer| pointer)
    }
}
