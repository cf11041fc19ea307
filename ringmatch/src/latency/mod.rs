//! The latency tool: how long a client waits for the answer to an order.
//!
//! It starts a venue of its own in this process and talks to it over real UDP
//! sockets with the real client: what is measured is what ships. The load is
//! open: a [`Schedule`] fixes every order's time in advance, and a latency runs
//! from that intended time to the answer, so whatever stalls, the generator
//! included, stands in the percentiles of all orders that had to wait for it
//! (no coordinated omission). A result says itself whether it can be believed:
//! see [`Summary::doubts`].

mod environment;
mod files;
mod flow;
mod generator;
mod recorder;
mod schedule;
mod site;
mod summary;

pub use environment::Environment;
pub use files::write_files;
pub use flow::Flow;
pub use generator::{Generator, GeneratorError};
pub use recorder::{Recorder, Tally};
pub use schedule::Schedule;
pub use site::Site;
pub use summary::{Percentiles, Summary};
