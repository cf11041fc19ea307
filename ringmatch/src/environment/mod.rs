//! What a process runs on, was built from, and is disturbed by.
//!
//! Figures without it cannot be compared: every result of the latency tool
//! carries all three, `doctor` judges the first, and `diff` warns when two
//! results differ in them. What the system does not say is unknown, and
//! unknown is a valid value; nothing here is guessed, and nothing is changed.

mod built;
mod checkup;
mod machine;
mod noise;

pub use built::Built;
pub use checkup::{Finding, Level, check_up};
pub use machine::Machine;
pub use noise::{Jitter, Noise};
