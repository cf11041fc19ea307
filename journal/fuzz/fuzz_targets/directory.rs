//! Everything that reads a journal, on the directories that a fuzzer makes up.
//!
//! Its bytes describe segments, compressed segments, marks and snapshots
//! (`journal/tests/it/pile.rs`), with checksums put right where they say so. None may
//! make a reader, a recovery, a writer after it or a tidying panic, or change what a
//! refusal left alone. How to run it is in `journal/fuzz/README.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, clippy::unwrap_used, reason = "the tests use more of it")]
#[path = "../../tests/it"]
mod it {
    pub(crate) mod fixture;
    pub(crate) mod pile;
}

use it::{fixture, pile};

fuzz_target!(|bytes: &[u8]| {
    pile::play(&pile::from_bytes(bytes));
});
