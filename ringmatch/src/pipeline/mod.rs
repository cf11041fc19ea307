//! The pipeline: how an order gets from a datagram to an answer.
//!
//! ```text
//!                       ┌─▶ journaler ───────── durable sequence ──┐
//! UDP ─▶ receiver ─▶ command ring                                  ▼
//!                       └─▶ matcher ─▶ event ring ──────────▶ publisher ─▶ UDP
//! ```
//!
//! One file a stage. `stages` joins them to rings, and `venue` puts them on
//! threads; start reading there. A stage is an object with a `poll` that does a
//! bounded piece of work; which thread calls it is not its business. Nothing
//! observable leaves before its cause is safe: the publisher sends what came of
//! a command only when the journaler has said that the command is durable.

mod control;
mod counters;
mod journaler;
mod mark;
mod matcher;
mod meters;
mod progress;
mod publisher;
mod quotes;
mod receiver;
mod restored;
mod silence;
mod stages;
mod timing;
mod venue;

pub use control::{Control, ControlQueue, control};
pub use counters::{Counter, Counters, Watch};
pub use journaler::Journaler;
pub use mark::Mark;
pub use matcher::Matcher;
pub use meters::Meters;
pub use progress::{Applied, Progress};
pub use publisher::Publisher;
pub use quotes::{Quote, QuotePage, Quotes};
pub use receiver::{Desk, Office, Receiver};
pub use restored::{Recovered, Restored, open_journal};
pub use silence::Silences;
pub use stages::{Sockets, Stages};
pub use timing::{TimedFrom, Times, Timing};
pub use venue::{Addresses, Report, StartError, Venue};

/// A part of the pipeline.
pub trait Stage: Send {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Does a bounded piece of work and says how much; zero lets the thread
    /// idle.
    ///
    /// # Errors
    /// That it must not be polled again, and why.
    fn poll(&mut self) -> Result<usize, Stop>;

    /// Lets go of its rings, so that other stages see that it has ended.
    fn release(&mut self);
}

/// Why a stage must not be polled again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All that came was handled, and nothing more will come.
    Finished,
    /// It cannot go on, and neither can the venue.
    Failed(String),
}

/// How a thread of stages ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In order.
    Finished,
    /// Because a stage could not go on.
    Failed {
        /// Which one.
        stage: &'static str,
        /// Why.
        why: String,
    },
}
