//! The engines as the challenge drives them.
//!
//! A player says into the ring, and a listener on the other core makes reports
//! of what was said. This house's engine says its events, as in the venue, and
//! the listener reads them as a client would; a peer says reports. The null
//! engine matches nothing and acknowledges every message: what it reaches is
//! what this harness can show at all.

use crate::outlet::Outlet;
use crate::run::RunError;
use ringmatch_benches::flow::{Report, Script};
use ringmatch_benches::peers::ringmatch::{Guards, Reporter, acknowledge};
use ringmatch_benches::peers::{Commands, Engine, Peer, Ringmatch};
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_ring::ClaimError;

/// Commands applied before what was said is published.
const BATCH: usize = 64;

/// An engine that can be driven through a flow again and again.
pub(crate) trait Player {
    /// What stands in a slot of the ring.
    type Said: Copy + Default + Send + Sync;
    /// The other end of the ring.
    type Listener<'a>: Listener<Self::Said>;
    /// An engine with empty books.
    type Fresh;

    /// Before the clock runs.
    fn fresh(&self, script: &Script) -> Result<Self::Fresh, RunError>;

    /// Plays all messages; what is measured.
    fn drive(
        &self,
        engine: &mut Self::Fresh,
        outlet: &mut Outlet<Self::Said>,
    ) -> Result<(), ClaimError>;

    /// Who makes reports of what is said.
    fn listener<'a>(&self, script: &'a Script, reports: &'a mut Vec<Report>) -> Self::Listener<'a>;
}

/// Makes reports of what is said.
pub(crate) trait Listener<S>: Send {
    /// Takes what stands in a slot.
    fn hear(&mut self, said: &S) -> Result<(), RunError>;
    /// Nothing more is said.
    fn end(self) -> Result<(), RunError>;
}

impl Listener<Event> for Reporter<'_> {
    #[inline]
    fn hear(&mut self, said: &Event) -> Result<(), RunError> {
        Ok(self.take(said)?)
    }

    fn end(self) -> Result<(), RunError> {
        Ok(Reporter::end(self)?)
    }
}

impl Listener<Report> for &mut Vec<Report> {
    #[inline]
    fn hear(&mut self, said: &Report) -> Result<(), RunError> {
        self.push(*said);
        Ok(())
    }

    fn end(self) -> Result<(), RunError> {
        Ok(())
    }
}

/// This house's engine.
pub(crate) struct House {
    commands: Commands<SequencedCommand>,
    guards: Guards,
}

impl House {
    pub(crate) fn new(script: &Script, guards: Guards) -> Self {
        Self { commands: Ringmatch::commands(script), guards }
    }
}

impl Player for House {
    type Said = Event;
    type Listener<'a> = Reporter<'a>;
    type Fresh = Ringmatch;

    fn fresh(&self, script: &Script) -> Result<Ringmatch, RunError> {
        Ok(Ringmatch::try_open(&script.room, self.guards)?)
    }

    fn drive(&self, engine: &mut Ringmatch, outlet: &mut Outlet<Event>) -> Result<(), ClaimError> {
        for batch in self.commands.all.chunks(BATCH) {
            for command in batch {
                engine.apply_to(command, outlet);
            }
            outlet.publish()?;
        }
        Ok(())
    }

    fn listener<'a>(&self, script: &'a Script, reports: &'a mut Vec<Report>) -> Reporter<'a> {
        Reporter::new(script, reports)
    }
}

/// An engine that says reports.
pub(crate) struct Guest<P: Peer>(Commands<P::Command>);

impl<P: Peer> Guest<P> {
    pub(crate) fn new(script: &Script) -> Self {
        Self(P::commands(script))
    }
}

impl<P: Peer> Player for Guest<P> {
    type Said = Report;
    type Listener<'a> = &'a mut Vec<Report>;
    type Fresh = P;

    fn fresh(&self, script: &Script) -> Result<P, RunError> {
        Ok(P::open(&script.room))
    }

    fn drive(&self, engine: &mut P, outlet: &mut Outlet<Report>) -> Result<(), ClaimError> {
        for batch in self.0.all.chunks(BATCH) {
            for command in batch {
                engine.apply_and_report(command, outlet);
            }
            outlet.publish()?;
        }
        Ok(())
    }

    fn listener<'a>(&self, _: &'a Script, reports: &'a mut Vec<Report>) -> &'a mut Vec<Report> {
        reports
    }
}

/// Acknowledges and matches nothing.
pub(crate) struct Null(Commands<SequencedCommand>);

impl Null {
    pub(crate) fn new(script: &Script) -> Self {
        Self(Ringmatch::commands(script))
    }
}

impl Player for Null {
    type Said = Event;
    type Listener<'a> = Reporter<'a>;
    type Fresh = ();

    fn fresh(&self, _: &Script) -> Result<(), RunError> {
        Ok(())
    }

    fn drive(&self, (): &mut (), outlet: &mut Outlet<Event>) -> Result<(), ClaimError> {
        for batch in self.0.all.chunks(BATCH) {
            for command in batch {
                acknowledge(command, outlet);
            }
            outlet.publish()?;
        }
        Ok(())
    }

    fn listener<'a>(&self, script: &'a Script, reports: &'a mut Vec<Report>) -> Reporter<'a> {
        Reporter::new(script, reports)
    }
}
