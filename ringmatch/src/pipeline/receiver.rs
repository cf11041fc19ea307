//! The receiver: the sequencer.
//!
//! It takes datagrams of orders, lets the intake put each session's messages
//! in order, and writes them as commands into the command ring: ring order is
//! the order of the log. It stamps the time, which never goes back, also not
//! over a restart. Operator actions enter here too, before anything that
//! arrives later. A full ring stops it: datagrams then wait in the socket's
//! buffer, and what does not fit there is lost and repaired.

use super::{Counter, Counters, Meters, Stage, Stop};
use crate::clock::Clock;
use ringmatch_engine::command::{Command, SequencedCommand};
use ringmatch_engine::{Nanos, Sequence, SessionId};
use ringmatch_gateway::net::{Datagrams, MAX_DATAGRAM};
use ringmatch_gateway::stream::ReceiverCounters;
use ringmatch_gateway::{Intake, Sequencer};
use ringmatch_ring::{ClaimError, Producer, SequenceReader};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Datagrams taken in one poll.
const BATCH: usize = 32;
/// Nanoseconds between two reports of what was counted.
const REPORT_NS: u64 = 100_000_000;

/// Where the log goes on, and the ring that takes it.
pub struct Desk {
    ring: Producer<SequencedCommand>,
    next: Sequence,
    time: Nanos,
    fault: Option<ClaimError>,
}

impl Desk {
    /// A desk that numbers commands after `last`, which was stamped `time`.
    #[must_use]
    pub fn new(ring: Producer<SequencedCommand>, last: Sequence, time: Nanos) -> Self {
        Self { ring, next: last.next(), time, fault: None }
    }
}

impl Sequencer for Desk {
    #[inline]
    fn sequence(&mut self, session: SessionId, number: u64, command: Command) -> Option<Sequence> {
        let sequence = self.next;
        match self.ring.try_claim() {
            Ok(Some(slot)) => {
                let time = self.time;
                *slot = SequencedCommand { sequence, time, session, number, command };
                self.next = sequence.next();
                Some(sequence)
            }
            // Also when the ring is full of what is not published yet: what
            // waited for a gap can be more than the ring holds.
            Ok(None) | Err(ClaimError::BatchLargerThanRing { .. }) => None,
            Err(error) => {
                self.fault = Some(error);
                None
            }
        }
    }
}

/// The stage that takes orders from the network and sequences them.
pub struct Receiver<N, C> {
    network: N,
    intake: Intake,
    desk: Option<Desk>,
    operations: VecDeque<Command>,
    durable: SequenceReader,
    stop: Arc<AtomicBool>,
    clock: C,
    buffer: Box<[u8]>,
    /// Packets to clients that the network did not take.
    unsent: u64,
    counters: Counters,
    reported: Nanos,
}

impl<N: Datagrams, C: Clock> Receiver<N, C> {
    /// A receiver that first sequences `operations`, then what arrives.
    #[must_use]
    pub fn new(
        network: N,
        intake: Intake,
        desk: Desk,
        operations: impl IntoIterator<Item = Command>,
        durable: SequenceReader,
        stop: Arc<AtomicBool>,
        meters: Meters<C>,
    ) -> Self {
        Self {
            network,
            intake,
            desk: Some(desk),
            operations: operations.into_iter().collect(),
            durable,
            stop,
            clock: meters.clock,
            buffer: vec![0; MAX_DATAGRAM].into_boxed_slice(),
            unsent: 0,
            counters: meters.counters,
            reported: Nanos(0),
        }
    }

    /// Sequences operator actions as far as there is room.
    fn operate(&mut self, desk: &mut Desk) -> usize {
        let mut done = 0;
        while let Some(command) = self.operations.front() {
            if desk.sequence(SessionId(0), 0, *command).is_none() {
                break;
            }
            // Clients may use what an operator has listed or admitted.
            match command {
                Command::AddInstrument(listed) => {
                    self.intake.list(listed.instrument, listed.symbol);
                }
                Command::AddSession(admitted) => {
                    self.intake.admit(admitted.session, admitted.name, 1);
                }
                _ => {}
            }
            self.operations.pop_front();
            done += 1;
        }
        desk.ring.publish();
        done
    }

    /// Takes datagrams while there is room for what is in them.
    fn receive(&mut self, desk: &mut Desk) -> Result<usize, Stop> {
        let failed = |error| Stop::Failed(format!("orders cannot be received: {error}"));
        for taken in 0..BATCH {
            if !desk.ring.has_room(1).unwrap_or(true) {
                return Ok(taken);
            }
            let arrived = self.network.receive(&mut self.buffer).map_err(failed)?;
            let Some((len, from)) = arrived else { return Ok(taken) };
            desk.time = desk.time.max(self.clock.now());
            self.intake.datagram(&self.buffer[..len], from, desk);
            desk.ring.publish();
        }
        Ok(BATCH)
    }

    fn work(&mut self, desk: &mut Desk) -> Result<usize, Stop> {
        // Stamps follow the log, which may be ahead of a clock that was set
        // back; pauses follow the clock.
        let now = self.clock.now();
        desk.time = desk.time.max(now);
        let mut done = 0;
        if !self.operations.is_empty() {
            done += self.operate(desk);
        }
        if self.operations.is_empty() {
            self.intake.resume(desk);
            desk.ring.publish();
            done += self.receive(desk)?;
        }
        let Self { network, intake, unsent, durable, .. } = self;
        let durable = Sequence(durable.get());
        intake.poll(now.0, durable, |packet, to| {
            *unsent += u64::from(!network.send(packet, to).unwrap_or(false));
        });
        if now.0 - self.reported.0 >= REPORT_NS {
            self.reported = now;
            self.report();
        }
        self.counters.set(Counter::Sequenced, desk.next.0 - 1);
        self.counters.set(Counter::Durable, durable.0);
        match desk.fault {
            None => Ok(done),
            Some(error) => Err(Stop::Failed(format!("the command ring is broken: {error}"))),
        }
    }
}

impl<N, C> Receiver<N, C> {
    /// Stores what was counted where others can read it.
    fn report(&self) {
        let intake = self.intake.counters();
        let mut sessions = ReceiverCounters::default();
        for (_, session) in self.intake.sessions() {
            sessions.malformed += session.malformed;
            sessions.duplicates += session.duplicates;
            sessions.gaps += session.gaps;
            sessions.requests += session.requests;
            sessions.stash_overflows += session.stash_overflows;
        }
        for (counter, total) in [
            (Counter::Truncated, intake.truncated),
            (Counter::UnknownSession, intake.unknown_session),
            (Counter::MalformedPackets, sessions.malformed),
            (Counter::DuplicatePackets, sessions.duplicates),
            (Counter::Gaps, sessions.gaps),
            (Counter::GapRequests, sessions.requests),
            (Counter::StashOverflows, sessions.stash_overflows),
            (Counter::UnsentToClients, self.unsent),
        ] {
            self.counters.set(counter, total);
        }
    }
}

impl<N: Datagrams + Send, C: Clock> Stage for Receiver<N, C> {
    fn name(&self) -> &'static str {
        "receiver"
    }

    fn poll(&mut self) -> Result<usize, Stop> {
        if self.stop.load(Ordering::Acquire) {
            return Err(Stop::Finished);
        }
        let Some(mut desk) = self.desk.take() else { return Err(Stop::Finished) };
        let done = self.work(&mut desk);
        self.desk = Some(desk);
        done
    }

    fn release(&mut self) {
        self.report();
        self.desk = None;
    }
}
