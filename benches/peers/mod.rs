//! The engines that play a flow: this house's, and its peers from crates.io.
//!
//! Each stands behind one trait, with its own commands made before anything is
//! measured, so that what is measured is the engine and nothing but it. An
//! adapter knows of the flow what a client would have been told by then: which
//! engine's id an order has, whether it is still live. What an engine lacks is
//! done by the obvious calls, and the head of its file says which.

mod lobster;
mod matchcore;
mod orderbook_rs;
pub mod ringmatch;

pub use self::lobster::Lobster;
pub use self::matchcore::Matchcore;
pub use self::orderbook_rs::OrderBookRs;
pub use self::ringmatch::Ringmatch;

use crate::flow::{Report, Reports, Room, Script};
use ringmatch_engine::Exchange;

/// An engine with the books of a flow.
pub trait Engine: Sized {
    /// What it is called.
    const NAME: &'static str;
    /// What it is told.
    type Command;

    /// A flow in the engine's own commands.
    fn commands(script: &Script) -> Commands<Self::Command>;

    /// An engine with empty books.
    fn open(room: &Room) -> Self;

    /// Reads what a batch of commands will need, before they are applied. Only
    /// for an engine whose venue does so too.
    fn look_ahead(&self, _: &[Self::Command]) {}

    /// Applies a command; whatever the engine says is made and dropped.
    fn apply(&mut self, command: &Self::Command);

    /// Plays a whole flow and reports what came of it.
    fn reports(script: &Script) -> Vec<Report>;
}

/// An engine that says what came of a command as reports, at once.
pub trait Peer: Engine {
    /// Applies a command and reports what came of it.
    fn apply_and_report(&mut self, command: &Self::Command, reports: &mut impl Reports);

    /// [`Engine::reports`] of every peer.
    fn all_reports(script: &Script) -> Vec<Report> {
        let (mut engine, mut reports) = (Self::open(&script.room), Vec::new());
        for command in &Self::commands(script).all {
            engine.apply_and_report(command, &mut reports);
        }
        reports
    }
}

/// Commands that an engine may look at before they are applied.
pub const BATCH: usize = Exchange::AHEAD;

/// A flow in an engine's own commands.
#[derive(Debug)]
pub struct Commands<C> {
    /// All commands, in order.
    pub all: Vec<C>,
    /// How many build the books.
    pub opening: usize,
}

impl<C> Commands<C> {
    /// The commands that build the books.
    #[must_use]
    pub fn opening(&self) -> &[C] {
        &self.all[..self.opening]
    }

    /// The commands that are measured.
    #[must_use]
    pub fn measured(&self) -> &[C] {
        &self.all[self.opening..]
    }
}
