//! An append takes no memory once the largest batch has been seen. The counter
//! is the global allocator of this binary, so the proof has one of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use ringmatch_journal::{Directory, Durability, Identity, Options, Recovery};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Of this thread alone: the one that prepares segments may take memory.
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes unchanged to the system's allocator; the counter is a
// thread-local without a destructor, so counting takes no memory itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, bytes) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn appends_and_commits_take_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let directory = Directory::open(folder.path()).unwrap();
    let identity = Identity::new("ALPHA", b"").unwrap();
    let options = Options { segment_bytes: 8 << 20, durability: Durability::Fsync };
    let recovery = Recovery::open(directory, identity, options).unwrap();
    let (mut writer, _) = recovery.into_writer().unwrap();
    let body = vec![7; 64 << 10];
    writer.append(1, 1, 1, 0, &body).unwrap();
    let before = TAKEN.get();
    for sequence in 2..100 {
        let bytes = body.len() - 600 * sequence as usize;
        writer.append(1, sequence, 1, sequence, &body[..bytes]).unwrap();
        writer.commit(sequence).unwrap();
    }
    assert_eq!(TAKEN.get() - before, 0);
    assert!(before > 0, "the counter counts");
}
