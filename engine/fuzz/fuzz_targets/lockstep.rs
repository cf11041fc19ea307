//! The exchange against its model, on the flows that a fuzzer makes up.
//!
//! The first byte says which flow it is, the others are its steps
//! (`engine/tests/it/flow.rs`), so whatever the fuzzer changes is another
//! history of commands. When exchange and model part, the shortest history
//! that shows it is printed, one command a line. How to run it is in
//! `engine/fuzz/README.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "the tests look at more of what is played")]
#[path = "../../tests/it"]
mod it {
    pub(crate) mod audit;
    pub(crate) mod flow;
    pub(crate) mod history;
    pub(crate) mod lockstep;
    pub(crate) mod model;
}

use it::{audit, flow, history, lockstep, model};

fuzz_target!(|bytes: &[u8]| {
    let (flow, steps) = history::from_bytes(bytes);
    history::play(flow, &steps, 1, "what the fuzzer made up");
});
