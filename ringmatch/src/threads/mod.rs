//! The threads of the engine: which runs what, where, how urgently, and whether
//! it still does.
//!
//! [`Layout`] says which stages share a thread, [`Cpus`] how many threads can
//! run at the same time and where, [`start`] runs one, and [`Watchdog`] notices
//! when one stands still. What needs a permission (a CPU, a [`Priority`], memory
//! that is [`Locked`]) is asked for, verified, and said when it was refused.

mod cpus;
mod heartbeat;
mod layout;
mod memory;
mod pin;
mod priority;
mod thread;
mod watchdog;

pub use cpus::{Cpus, Pinned, pin};
pub use heartbeat::{Beat, Heartbeat};
pub use layout::{Layout, Oversubscribed};
pub use memory::{Footprint, Locked};
pub use pin::{Pin, WrongPins};
pub use priority::{Granted, Priority};
pub use thread::{Assignment, Standing, Started, start};
pub use watchdog::{Stall, ThreadState, Watchdog};
