//! The preallocated slots, and all the unsafe memory access of the crate.
//!
//! A power of two of them, made once and reused for ever: the slot of sequence
//! `s` is `s & mask`. The slots know nothing of who may use which; that is what
//! the sequences say, and the producer and the batches argue it at each call.
//! The factory writes every slot at build, so every page is touched before the
//! first event needs it.

use crate::{error::BuildError, sync::UnsafeCell};

pub(crate) struct Slots<T> {
    cells: Box<[UnsafeCell<T>]>,
    mask: u64,
}

// SAFETY: moving the slots to another thread moves or drops the `T` in them
// there, which `T: Send` allows.
unsafe impl<T: Send> Send for Slots<T> {}

// SAFETY: through a shared `Slots` one thread gets `&mut T` (`T: Send`: it may
// replace and drop the value there) and several get `&T` to the same value
// (`T: Sync`). That the two never overlap is the contract of `get` and `get_mut`.
unsafe impl<T: Send + Sync> Sync for Slots<T> {}

impl<T> Slots<T> {
    pub(crate) fn new(capacity: usize, factory: impl FnMut() -> T) -> Result<Self, BuildError> {
        if !capacity.is_power_of_two() {
            return Err(BuildError::CapacityNotPowerOfTwo { capacity });
        }
        let cells = std::iter::repeat_with(factory).take(capacity).map(UnsafeCell::new).collect();
        let mask = capacity as u64 - 1;
        Ok(Self { cells, mask })
    }

    pub(crate) fn capacity(&self) -> usize {
        self.cells.len()
    }

    /// The event in the slot of `sequence`, to read.
    ///
    /// # Safety
    ///
    /// From before this call until the reference is gone, the slot is published
    /// to the caller and not yet released: nobody may call `get_mut` for it.
    #[inline(always)]
    pub(crate) unsafe fn get(&self, sequence: u64) -> &T {
        // SAFETY: the caller keeps writers out while the reference lives.
        unsafe { &*self.cell(sequence).read_pointer() }
    }

    /// The event in the slot of `sequence`, to write.
    ///
    /// # Safety
    ///
    /// From before this call until the reference is gone, the slot is claimed by
    /// the caller and not yet published: nobody else may call `get` or `get_mut`
    /// for it.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)] // exclusive by the contract above, not by type
    pub(crate) unsafe fn get_mut(&self, sequence: u64) -> &mut T {
        // SAFETY: the caller keeps everybody else out while the reference lives.
        unsafe { &mut *self.cell(sequence).write_pointer() }
    }

    #[inline(always)]
    fn cell(&self, sequence: u64) -> &UnsafeCell<T> {
        // The mask is below the length, which is a `usize`: nothing is cut off.
        let index = (sequence & self.mask) as usize;
        // SAFETY: `mask` is the length less one, so no masked index reaches the
        // length, and the boxed slice never changes it.
        unsafe { self.cells.get_unchecked(index) }
    }
}
