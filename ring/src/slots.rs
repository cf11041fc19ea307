//! The preallocated slots, and all the unsafe memory access of the crate.
//!
//! A power of two of them, made once and reused for ever: the slot of sequence
//! `s` is `s & mask`. The slots know nothing of who may use which; that is what
//! the sequences say, and the producer and the batches argue it at each call.
//! The factory writes every slot at build, so every page is touched before the
//! first event needs it. The first slot begins on a pair of cache lines: an event
//! of 32 or 64 or 128 bytes then touches no more lines than it fills, which a
//! plain allocation does not give.

use crate::{error::BuildError, sync::UnsafeCell};
use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::{self, NonNull},
};

/// Bytes that processors fetch together: two lines.
const LINES: usize = 128;

pub(crate) struct Slots<T> {
    /// `mask + 1` cells that were made, in an allocation of their layout.
    cells: NonNull<UnsafeCell<T>>,
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
        let slots = std::iter::repeat_with(factory).take(capacity);
        let mut made: Vec<UnsafeCell<T>> = slots.map(UnsafeCell::new).collect();
        let cells = allocate(Self::layout(capacity));
        // SAFETY: both are good for `capacity` cells and do not overlap. The
        // vector then forgets its cells, so each has one owner.
        unsafe {
            ptr::copy_nonoverlapping(made.as_ptr(), cells.as_ptr(), capacity);
            made.set_len(0);
        }
        let mask = capacity as u64 - 1;
        Ok(Self { cells, mask })
    }

    pub(crate) fn capacity(&self) -> usize {
        // It was a `usize` when this was built.
        (self.mask + 1) as usize
    }

    /// The layout of so many cells; a vector of them was there before.
    fn layout(capacity: usize) -> Layout {
        let layout = Layout::array::<UnsafeCell<T>>(capacity);
        layout.and_then(|layout| layout.align_to(LINES)).expect("a vector of them fits")
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
        // SAFETY: `mask` is the number of cells less one, so no masked index
        // reaches it; all of them were made and live as long as `self`.
        unsafe { self.cells.add(index).as_ref() }
    }
}

impl<T> Drop for Slots<T> {
    fn drop(&mut self) {
        let capacity = self.capacity();
        let cells = ptr::slice_from_raw_parts_mut(self.cells.as_ptr(), capacity);
        let layout = Self::layout(capacity);
        // SAFETY: all cells were made and nobody else has `self` any more; the
        // allocation is of this layout, and is not used after this.
        unsafe {
            ptr::drop_in_place(cells);
            if layout.size() > 0 {
                dealloc(self.cells.as_ptr().cast(), layout);
            }
        }
    }
}

/// Memory for cells; none is needed for those without a size.
fn allocate<T>(layout: Layout) -> NonNull<T> {
    if layout.size() == 0 {
        return NonNull::dangling();
    }
    // SAFETY: the layout has a size.
    let memory = unsafe { alloc(layout) };
    NonNull::new(memory.cast()).unwrap_or_else(|| handle_alloc_error(layout))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn slots_begin_on_a_pair_of_lines() {
        let slots = Slots::new(64, || [7_u64; 4]).expect("a power of two");
        assert_eq!(slots.cells.as_ptr().addr() % LINES, 0);
        let slots = Slots::new(1, || ()).expect("a power of two");
        assert_eq!(slots.capacity(), 1);
    }

    #[test]
    fn all_slots_are_dropped_once() {
        let held = Rc::new(());
        let slots = Slots::new(8, || Rc::clone(&held)).expect("a power of two");
        assert_eq!(Rc::strong_count(&held), 9);
        drop(slots);
        assert_eq!(Rc::strong_count(&held), 1);
    }
}
