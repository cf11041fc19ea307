//! The receiver: the sequencer.
//!
//! It takes datagrams of orders, lets the intake put each session's messages
//! in order, and writes them as commands into the command ring: ring order is
//! the order of the log. It stamps the time, which never goes back, also not
//! over a restart. Operator actions enter here too, before anything that
//! arrives later: those of the start, and those that an operator asks for while
//! the venue runs. When something in the exchange is due, it sequences a tick,
//! and when a client falls silent, the cancel of its orders. A
//! full ring stops it: datagrams then wait in the socket's buffer, and what does
//! not fit there is lost and repaired.

use super::control::Asked;
use super::{Applied, ControlQueue, Counter, Counters, Meters, Progress, Silences, Stage, Stop};
use crate::clock::Clock;
use crate::operation::Registry;
use ringmatch_engine::command::{Command, SequencedCommand};
use ringmatch_engine::{InstrumentId, Nanos, Sequence, SessionId, SessionName, Symbol};
use ringmatch_gateway::net::{Datagrams, MAX_DATAGRAM};
use ringmatch_gateway::stream::ReceiverCounters;
use ringmatch_gateway::{Intake, Sequencer};
use ringmatch_ring::{ClaimError, Producer, SequenceReader};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

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

    /// Whether a command would get a place now.
    fn has_room(&mut self) -> bool {
        self.ring.has_room(1).unwrap_or(true)
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

/// What the venue itself has to say: its operator, and the time.
pub struct Office {
    /// What the start has still to sequence.
    opening: VecDeque<Command>,
    queue: ControlQueue,
    progress: Progress,
    /// The operator's command that was sequenced last, and who waits for it.
    pending: Option<(Sequence, SyncSender<Result<Applied, String>>)>,
    /// What was sequenced last because time has passed.
    tick: Sequence,
    silences: Silences,
}

impl Office {
    /// An office that first has `opening` sequenced, then what comes through
    /// the queue.
    #[must_use]
    pub fn new(
        opening: impl IntoIterator<Item = Command>,
        queue: ControlQueue,
        progress: Progress,
    ) -> Self {
        let opening = opening.into_iter().collect();
        let (tick, silences) = (Sequence(0), Silences::default());
        Self { opening, queue, progress, pending: None, tick, silences }
    }

    /// The same, and it has the orders of silent clients canceled.
    #[must_use]
    pub fn heeding(mut self, silences: Silences) -> Self {
        self.silences = silences;
        self
    }

    /// Sequences what the start asks for as far as there is room.
    fn open(&mut self, desk: &mut Desk, intake: &mut Intake) -> usize {
        let mut done = 0;
        while let Some(command) = self.opening.front() {
            if desk.sequence(SessionId(0), 0, *command).is_none() {
                break;
            }
            // Clients may use what an operator has listed or admitted.
            match command {
                Command::AddInstrument(listed) => intake.list(listed.instrument, listed.symbol),
                Command::AddSession(admitted) => {
                    intake.admit(admitted.session, admitted.name, admitted.firm, 1);
                }
                _ => {}
            }
            self.opening.pop_front();
            done += 1;
        }
        done
    }

    /// Sequences a tick if something is due, unless the last one has not been
    /// applied yet.
    fn tick(&mut self, desk: &mut Desk) -> usize {
        // In this order: the timer is the one after the last tick.
        if self.progress.of(self.tick).is_none() {
            return 0;
        }
        if self.progress.timer().is_none_or(|due| due > desk.time) {
            return 0;
        }
        let Some(sequence) = desk.sequence(SessionId(0), 0, Command::Tick) else { return 0 };
        self.tick = sequence;
        1
    }

    /// Sequences the cancel of a client's orders that has fallen silent, unless
    /// something is not applied yet that its cells are needed for.
    fn heed_silence(&mut self, now: Nanos, desk: &mut Desk, intake: &mut Intake) -> usize {
        let is_busy = self.pending.is_some() || self.progress.of(self.tick).is_none();
        if is_busy || !desk.has_room() {
            return 0;
        }
        let Some(sequence) = self.silences.poll(now, intake, desk) else { return 0 };
        self.tick = sequence;
        1
    }

    /// Answers for the operator's last command once it is matched and durable,
    /// and only then takes the next.
    fn operate(&mut self, desk: &mut Desk, intake: &Intake, durable: Sequence) -> usize {
        if let Some((sequence, answer)) = &self.pending {
            let applied = self.progress.of(*sequence).filter(|_| durable >= *sequence);
            let Some(applied) = applied else { return 0 };
            // Who asked may have lost patience.
            let _ = answer.try_send(Ok(applied));
            self.pending = None;
        }
        // A tick would overwrite what became of the command, and the other way
        // round.
        if self.progress.of(self.tick).is_none() || !desk.has_room() {
            return 0;
        }
        let Some(Asked { operation, answer }) = self.queue.next() else { return 0 };
        let refusal = match operation.command(&Known(intake)) {
            Ok(command) => match desk.sequence(SessionId(0), 0, command) {
                Some(sequence) => {
                    self.pending = Some((sequence, answer));
                    return 1;
                }
                None => "the command ring is broken".into(),
            },
            Err(refusal) => refusal,
        };
        let _ = answer.try_send(Err(refusal));
        0
    }
}

/// What the intake knows of names and numbers.
struct Known<'a>(&'a Intake);

impl Registry for Known<'_> {
    fn instrument(&self, symbol: Symbol) -> Option<InstrumentId> {
        self.0.instrument(symbol)
    }

    fn session(&self, name: SessionName) -> Option<SessionId> {
        self.0.session(name)
    }
}

/// The stage that takes orders from the network and sequences them.
pub struct Receiver<N, C> {
    network: N,
    intake: Intake,
    desk: Option<Desk>,
    office: Office,
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
    /// A receiver that first sequences what the office opens with, then what
    /// arrives.
    #[must_use]
    pub fn new(
        network: N,
        intake: Intake,
        desk: Desk,
        office: Office,
        durable: SequenceReader,
        stop: Arc<AtomicBool>,
        meters: Meters<C>,
    ) -> Self {
        Self {
            network,
            intake,
            desk: Some(desk),
            office,
            durable,
            stop,
            clock: meters.clock,
            buffer: vec![0; MAX_DATAGRAM].into_boxed_slice(),
            unsent: 0,
            counters: meters.counters,
            reported: Nanos(0),
        }
    }

    /// Takes datagrams while there is room for what is in them.
    fn receive(&mut self, desk: &mut Desk) -> Result<usize, Stop> {
        let failed = |error| Stop::Failed(format!("orders cannot be received: {error}"));
        for taken in 0..BATCH {
            if !desk.has_room() {
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
        let durable = Sequence(self.durable.get());
        let mut done = 0;
        let Self { office, intake, .. } = self;
        if !office.opening.is_empty() {
            done += office.open(desk, intake);
            desk.ring.publish();
        }
        if office.opening.is_empty() {
            if office.pending.is_none() {
                done += office.tick(desk);
            }
            done += office.operate(desk, intake, durable);
            intake.resume(desk);
            desk.ring.publish();
            let received = self.receive(desk)?;
            done += received;
            if received < BATCH {
                done += self.office.heed_silence(now, desk, &mut self.intake);
                desk.ring.publish();
            }
        }
        let Self { network, intake, unsent, .. } = self;
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
            (Counter::Unsealed, intake.seals.unsealed),
            (Counter::BrokenSeals, intake.seals.broken),
            (Counter::OtherLogins, intake.seals.other_login),
            (Counter::Replayed, intake.seals.replayed),
            (Counter::Unchallenged, intake.unchallenged),
            (Counter::OtherSources, intake.other_source),
            (Counter::Silences, self.office.silences.canceled()),
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
