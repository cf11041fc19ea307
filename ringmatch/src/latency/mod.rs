//! The latency tool: how long a client waits for the answer to an order.
//!
//! It starts a venue of its own in this process, or finds a running engine, and
//! talks to it over real UDP sockets with the real client: what is measured is
//! what ships. The load is open unless asked otherwise: a [`Schedule`] fixes
//! every order's time in advance, and a latency runs from that intended time to
//! the answer, so whatever stalls, the generator included, stands in the
//! percentiles of all orders that had to wait for it (no coordinated omission).
//! A result says itself whether it can be believed: see [`Summary::doubts`].

mod arrivals;
mod comparison;
mod echo;
mod environment;
mod files;
mod flow;
mod generator;
mod measure;
pub mod plot;
mod recorder;
mod schedule;
mod series;
mod site;
mod summary;
mod sweep;
mod table;
mod workload;

pub use arrivals::Arrivals;
pub use comparison::{Comparison, Difference, FailIf, Side, Spread};
pub use echo::{Echo, ORDER_BYTES};
pub use environment::Environment;
pub use files::{Measured, Recorded, SUMMARY, read_summary, write_file};
pub use flow::{Flow, Mix, Place};
pub use generator::{Generator, GeneratorError, TimeBase};
pub use measure::{Plan, measure};
pub use recorder::{Pace, Recorder, Tally};
pub use schedule::Schedule;
pub use series::{Bin, Series};
pub use site::{Account, Site};
pub use summary::{Column, Named, Notes, Percentiles, SCHEMA, Summary};
pub use sweep::{Point, Sweep};
pub use table::{Row, Table};
pub use workload::{Load, MAX_ORDERS, Workload, WorkloadRecord};
