//! What the benchmarks rest upon: that the flows are right, and that everybody
//! plays the same.

mod challenge;
mod peers;
