//! The stages, joined to their rings and to the outside.
//!
//! Here it is said who reads what. Neither the disk nor the network nor the
//! clock is known: the engine puts the machine's here and runs the stages on
//! threads, the simulation its own and polls them one by one.

use super::mark::Mark;
use super::receiver::{Desk, Office};
use super::{
    ControlQueue, Journaler, Matcher, Meters, Progress, Publisher, Receiver, Restored, Silences,
    Stage, StartError,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::log::Checkpoint;
use crate::operations;
use crate::service::OldRequests;
use crate::threads::{Assignment, Layout, Priority};
use ringmatch_engine::Exchange;
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_gateway::net::Datagrams;
use ringmatch_gateway::{Intake, Logins};
use ringmatch_journal::{Storage, Writer};
use ringmatch_ring::{Builder, SequenceReader, SequenceWriter};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Slots of the ring of checkpoints.
const CHECKPOINTS: usize = 64;

/// The four stages, joined and not yet on any thread.
pub struct Stages {
    receiver: Box<dyn Stage>,
    journaler: Box<dyn Stage>,
    matcher: Box<dyn Stage>,
    publisher: Box<dyn Stage>,
    durable: SequenceReader,
}

/// A venue's ends of the network.
pub struct Sockets<N> {
    /// Where orders are received.
    pub orders: N,
    /// Where requests are received, and everything is sent from.
    pub requests: N,
    /// Where market data is sent.
    pub market_data: SocketAddr,
    /// Who serves what the windows have lost.
    pub old_requests: Option<OldRequests>,
}

impl Stages {
    /// Slots that the command ring and the event ring normally have.
    pub const RING: usize = 1 << 16;

    /// Joins the stages of a venue that goes on from `restored`. The command
    /// ring and the event ring have `ring` slots; what its operator asks for
    /// comes through `queue`; setting `stop` ends the receiver, and in order
    /// all that come after it.
    ///
    /// # Errors
    /// When the config contradicts the journal, or `ring` is no power of two.
    pub fn join<S, N, C>(
        config: &Config,
        restored: Restored<S>,
        sockets: Sockets<N>,
        ring: usize,
        queue: ControlQueue,
        meters: &Meters<C>,
        stop: &Arc<AtomicBool>,
    ) -> Result<Self, StartError>
    where
        S: Storage,
        Writer<S>: Send,
        N: Datagrams + Send + 'static,
        C: Clock + Clone + 'static,
    {
        let Restored { exchange, outlet, writer, .. } = restored;
        let last = exchange.sequence();
        let time = exchange.time().max(meters.clock.now());

        let mut commands = Builder::new(ring, SequencedCommand::default)?;
        let (to_journaler, to_matcher) = (commands.consumer(), commands.consumer());
        let (command_ring, [to_journaler, to_matcher]) =
            commands.build([to_journaler, to_matcher])?;
        let mut events = Builder::new(ring, Event::default)?;
        let to_publisher = events.consumer();
        let (event_ring, [to_publisher]) = events.build([to_publisher])?;
        let mut checkpoints = Builder::new(CHECKPOINTS, Checkpoint::default)?;
        let checkpoint_reader = checkpoints.consumer();
        let (checkpoint_ring, [checkpoint_reader]) = checkpoints.build([checkpoint_reader])?;
        let mut marks = Builder::new(ring, Mark::default)?;
        let mark_reader = marks.consumer();
        let (mark_ring, [mark_reader]) = marks.build([mark_reader])?;
        let durable = SequenceWriter::new(last.0);

        let opening = operations::outstanding(config, &exchange)?;
        let progress = Progress::starting_at(&exchange);
        let receiver = Receiver::new(
            sockets.orders,
            intake(&exchange, outlet.logins()),
            Desk::new(command_ring, last, time),
            Office::new(opening, queue, progress.clone()).heeding(Silences::of(config, &exchange)),
            durable.reader(),
            Arc::clone(stop),
            meters.clone(),
        );
        let publisher = Publisher::new(
            (sockets.requests, sockets.market_data),
            outlet,
            sockets.old_requests,
            to_publisher,
            mark_reader,
            durable.reader(),
            meters.clone(),
        );
        let matcher = Matcher::new(
            exchange,
            to_matcher,
            event_ring,
            checkpoint_ring,
            mark_ring,
            progress,
            meters.clone(),
        );
        let known_durable = durable.reader();
        let journaler =
            Journaler::new(writer, last, to_journaler, checkpoint_reader, durable, meters.clone());
        Ok(Self {
            receiver: Box::new(receiver),
            journaler: Box::new(journaler),
            matcher: Box::new(matcher),
            publisher: Box::new(publisher),
            durable: known_durable,
        })
    }

    /// The last command that is durable, for whoever follows.
    #[must_use]
    pub fn durable(&self) -> SequenceReader {
        self.durable.clone()
    }

    /// All of them, in the order of the pipeline.
    #[must_use]
    pub fn in_order(self) -> [Box<dyn Stage>; 4] {
        let Self { receiver, journaler, matcher, publisher, .. } = self;
        [receiver, journaler, matcher, publisher]
    }

    /// Which thread runs which stages, on which CPU and how urgently.
    pub(super) fn assign(
        self,
        layout: Layout,
        cpus: &[usize],
        priority: Priority,
    ) -> Vec<Assignment> {
        let Self { receiver, journaler, matcher, publisher, .. } = self;
        let threads: Vec<(&'static str, Vec<Box<dyn Stage>>)> = match layout {
            Layout::Dedicated => vec![
                ("receiver", vec![receiver]),
                ("journaler", vec![journaler]),
                ("matcher", vec![matcher]),
                ("publisher", vec![publisher]),
            ],
            Layout::SharedNetwork => vec![
                ("network", vec![receiver, publisher]),
                ("journaler", vec![journaler]),
                ("matcher", vec![matcher]),
            ],
            Layout::Shared | Layout::Auto => {
                vec![("engine", vec![receiver, matcher, publisher]), ("journaler", vec![journaler])]
            }
            Layout::Single => vec![("engine", vec![receiver, journaler, matcher, publisher])],
        };
        let cpus = cpus.iter().copied().map(Some).chain(std::iter::repeat(None));
        let assign = |((name, stages), cpu)| Assignment { name, stages, cpu, priority };
        threads.into_iter().zip(cpus).map(assign).collect()
    }
}

/// The venue's end of the order streams, as the recovered exchange knows them.
fn intake(exchange: &Exchange, logins: &Logins) -> Intake {
    let mut intake = Intake::with_logins(logins.clone());
    for instrument in exchange.instruments() {
        intake.list(instrument.id, instrument.symbol);
    }
    for session in exchange.sessions() {
        intake.admit(session.id, session.name, session.firm, session.next_input);
    }
    intake
}
