//! Recorded market data as order flow.
//!
//! A public ITCH 5.0 file says what happened to every displayed order of a day.
//! Read the other way round it says what somebody sent: [`OrderFlow`] is that
//! translation. [`play`] sends the flow to a running venue, and at the same
//! time reads the venue's responses and market data as a [`Witness`], which
//! then says whether the venue did what the record says: the same orders hit,
//! and the same book at the end. [`Record`] is the file.

mod orders;
mod pace;
mod player;
mod record;
mod witness;

pub use orders::{Hit, OrderFlow, Translation};
pub use pace::Pace;
pub use player::{Plan, PlayError, Report, play};
pub use record::{Messages, Record, RecordError, Recorded, Survey};
pub use witness::{BookComparison, Counts, Sides, Witness};
