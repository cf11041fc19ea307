//! This house's engine: `Exchange::apply`, with all that an event costs.
//!
//! All that the benchmarks know of its commands and events stands in this
//! folder: `commands` says a flow in commands, [`Reporter`] reads events as
//! reports. Its commands are 128 bytes at most and events likewise, so a flow
//! and what is said of it pass through memory as in the venue's rings.

mod commands;
mod null;
mod reporter;

pub use commands::Guards;
pub use null::acknowledge;
pub use reporter::{Reporter, Unexpected};

use super::{Commands, Engine};
use crate::flow::{Report, Room, Script};
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::{Discard, Event, EventSink};
use ringmatch_engine::{Exchange, LimitsError};

/// See the [module](self).
#[derive(Debug)]
pub struct Ringmatch {
    exchange: Exchange,
    discard: Discard,
}

impl Ringmatch {
    /// An exchange whose books trade and are empty.
    ///
    /// # Errors
    /// When it cannot have that much room.
    pub fn try_open(room: &Room, guards: Guards) -> Result<Self, LimitsError> {
        let mut exchange = Exchange::new(commands::limits(room))?;
        let mut discard = Discard::default();
        for command in commands::setup(room, guards) {
            exchange.apply(&command, &mut discard);
        }
        Ok(Self { exchange, discard })
    }

    /// Applies a command; what is said goes to `sink`.
    #[inline]
    pub fn apply_to(&mut self, command: &SequencedCommand, sink: &mut impl EventSink) {
        self.exchange.apply(command, sink);
    }
}

impl Engine for Ringmatch {
    const NAME: &'static str = "ringmatch";
    type Command = SequencedCommand;

    fn commands(script: &Script) -> Commands<SequencedCommand> {
        Commands { all: commands::say(script), opening: script.opening }
    }

    fn open(room: &Room) -> Self {
        Self::try_open(room, Guards::default()).expect("a flow's room is in the exchange's limits")
    }

    #[inline]
    fn look_ahead(&self, commands: &[SequencedCommand]) {
        self.exchange.prepare(commands.iter());
    }

    #[inline]
    fn apply(&mut self, command: &SequencedCommand) {
        self.exchange.apply(command, &mut self.discard);
    }

    fn reports(script: &Script) -> Vec<Report> {
        let mut engine = Self::open(&script.room);
        let (mut events, mut reports): (Vec<Event>, _) = (Vec::new(), Vec::new());
        let mut reporter = Reporter::new(script, &mut reports);
        for command in &Self::commands(script).all {
            engine.apply_to(command, &mut events);
            for event in events.drain(..) {
                reporter.take(&event).expect("each event has its report");
            }
        }
        reporter.end().expect("each new order was answered");
        reports
    }
}
