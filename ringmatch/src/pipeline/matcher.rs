//! The matcher: the business logic on its own.
//!
//! It takes commands in the order of the ring, applies each to the exchange at
//! once, and lets the exchange write what happened straight into the slots of
//! the event ring. It does not wait for the journal: that is the publisher's
//! part. It never waits for the publisher either, because the two may share a
//! thread: if one command says more than the event ring has room for, the rest
//! goes into a backlog, and no further command is applied until that has been
//! handed over. The backlog is bounded by what one command can say.

use super::mark::{Mark, Marker};
use super::quotes::Quoter;
use super::{Applied, Counter, Counters, Meters, Progress, Stage, Stop, Timing};
use crate::clock::Clock;
use crate::log::{CHECKPOINT_INTERVAL, Checkpoint};
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_engine::{EventSink, Exchange, Nanos, Sequence, SessionId};
use ringmatch_ring::{ClaimError, Consumer, Ended, Producer};
use std::collections::VecDeque;

/// Commands applied before what they said is published.
const BATCH: usize = 64;

/// The stage that applies commands to the exchange.
pub struct Matcher<C> {
    exchange: Box<Exchange>,
    commands: Option<Consumer<SequencedCommand>>,
    events: Option<EventOutlet>,
    checkpoints: Option<Producer<Checkpoint>>,
    marks: Option<Marker>,
    counters: Counters,
    /// Events that the replay said.
    replayed: u64,
    progress: Progress,
    quoter: Quoter,
    clock: C,
    timing: Timing,
    /// The matcher's own work on one command: that on its batch, divided.
    own: Timing,
    received: [Nanos; BATCH],
}

/// What was applied in one poll.
struct AppliedBatch {
    commands: usize,
    begun: Nanos,
}

/// Where the exchange writes: the event ring, and behind it the backlog.
struct EventOutlet {
    ring: Producer<Event>,
    backlog: VecDeque<Event>,
    broken: Option<ClaimError>,
}

impl EventSink for EventOutlet {
    #[inline]
    fn claim(&mut self) -> &mut Event {
        if self.backlog.is_empty() && self.has_room() {
            match self.ring.try_claim() {
                Ok(Some(slot)) => return slot,
                Ok(None) | Err(_) => unreachable!("room was found a moment ago"),
            }
        }
        self.backlog.push_back(Event::default());
        self.backlog.back_mut().expect("an event was just pushed")
    }
}

impl EventOutlet {
    /// A ring that is full of what is not published yet has no room either:
    /// one command can say more than the ring holds.
    #[inline]
    fn has_room(&mut self) -> bool {
        match self.ring.has_room(1) {
            Ok(has_room) => has_room,
            Err(ClaimError::BatchLargerThanRing { .. }) => false,
            Err(error) => {
                self.broken = Some(error);
                false
            }
        }
    }

    /// Hands the backlog over as far as there is room, and publishes.
    fn flush(&mut self) -> Result<(), Stop> {
        while !self.backlog.is_empty() && self.has_room() {
            if let (Ok(Some(slot)), Some(event)) = (self.ring.try_claim(), self.backlog.pop_front())
            {
                *slot = event;
            }
        }
        self.ring.publish();
        match self.broken {
            None => Ok(()),
            Some(error) => Err(Stop::Failed(format!("the event ring is broken: {error}"))),
        }
    }
}

impl<C: Clock> Matcher<C> {
    /// A matcher that goes on with `exchange` where it stands.
    #[must_use]
    pub fn new(
        exchange: Box<Exchange>,
        commands: Consumer<SequencedCommand>,
        events: Producer<Event>,
        checkpoints: Producer<Checkpoint>,
        marks: Producer<Mark>,
        progress: Progress,
        meters: Meters<C>,
    ) -> Self {
        let timing = meters.timing("receive_to_matched");
        let own = meters.timing("matching");
        let backlog = VecDeque::with_capacity(events.capacity());
        let replayed = exchange.counters().events;
        let matcher = Self {
            exchange,
            commands: Some(commands),
            events: Some(EventOutlet { ring: events, backlog, broken: None }),
            checkpoints: Some(checkpoints),
            marks: Some(Marker(marks)),
            counters: meters.counters,
            replayed,
            progress,
            quoter: Quoter::new(meters.quotes),
            clock: meters.clock,
            timing,
            own,
            received: [Nanos(0); BATCH],
        };
        matcher.report();
        matcher
    }

    /// Applies a batch, if there is one.
    fn apply(&mut self) -> Result<Option<AppliedBatch>, Stop> {
        let (Some(commands), Some(events)) = (&mut self.commands, &mut self.events) else {
            return Err(Stop::Finished);
        };
        let batch = match commands.take(BATCH) {
            Ok(batch) => batch,
            Err(Ended::Closed) => return Err(Stop::Finished),
            Err(Ended::Poisoned) => return Err(Stop::Failed("the receiver has failed".into())),
        };
        if batch.is_empty() {
            return Ok(None);
        }
        let begun = self.clock.now();
        let mut applied: usize = 0;
        let mut ahead = batch.iter();
        for (_, command) in &batch {
            if applied.is_multiple_of(Exchange::AHEAD) {
                self.exchange.prepare(ahead.clone().map(|(_, command)| command));
                ahead.nth(Exchange::AHEAD - 1);
            }
            if command.session == SessionId(0) {
                operate(&mut self.exchange, command, events, &self.progress);
            } else {
                self.exchange.apply(command, events);
            }
            self.received[applied] = command.time;
            applied += 1;
            if command.sequence.0.is_multiple_of(CHECKPOINT_INTERVAL) {
                offer_checkpoint(&mut self.checkpoints, &self.exchange);
            }
            if !events.backlog.is_empty() {
                break;
            }
        }
        batch.commit_first(applied);
        self.progress.note_timer(&self.exchange);
        Ok(Some(AppliedBatch { commands: applied, begun }))
    }

    /// Notes when the commands just applied were matched, and what each took.
    fn time(&mut self, applied: &AppliedBatch, now: Nanos) {
        let own_ns = now.0.saturating_sub(applied.begun.0) / applied.commands as u64;
        for received in &self.received[..applied.commands] {
            self.timing.record(*received, now);
            self.own.record_since(*received, Nanos(0), Nanos(own_ns));
        }
    }

    /// Tells the publisher when the last commands were matched.
    fn mark(&mut self, applied: usize, now: Nanos) {
        let last = self.exchange.sequence();
        let first = Sequence(last.0 + 1 - applied as u64);
        if let Some(marks) = &mut self.marks {
            marks.mark(first, last, now);
        }
    }

    /// Stores what it has come to where others can read it.
    fn report(&self) {
        let exchange = self.exchange.counters();
        for (counter, total) in [
            (Counter::Matched, self.exchange.sequence().0),
            (Counter::Events, exchange.events - self.replayed),
            (Counter::Executions, exchange.executions),
            (Counter::Sessions, self.exchange.sessions().len() as u64),
            (Counter::RestingOrders, self.exchange.resting_orders().into()),
        ] {
            self.counters.set(counter, total);
        }
    }
}

/// Applies a command of the operator or a tick, and tells what became of it.
fn operate(
    exchange: &mut Exchange,
    command: &SequencedCommand,
    events: &mut EventOutlet,
    progress: &Progress,
) {
    let before = exchange.counters();
    exchange.apply(command, events);
    let after = exchange.counters();
    progress.note_timer(exchange);
    progress.note_applied(Applied {
        sequence: command.sequence,
        done: after.refused_operations == before.refused_operations,
        events: after.events - before.events,
        executions: after.executions - before.executions,
    });
}

/// Hands a checkpoint to the journaler. If it is so far behind that there is no
/// room, this one is left out: the next will do as well.
fn offer_checkpoint(checkpoints: &mut Option<Producer<Checkpoint>>, exchange: &Exchange) {
    let Some(ring) = checkpoints else { return };
    if let Ok(Some(slot)) = ring.try_claim() {
        *slot = Checkpoint { sequence: exchange.sequence(), digest: exchange.digest() };
        ring.publish();
    }
}

impl<C: Clock> Stage for Matcher<C> {
    fn name(&self) -> &'static str {
        "matcher"
    }

    fn poll(&mut self) -> Result<usize, Stop> {
        if let Some(events) = &mut self.events
            && !events.backlog.is_empty()
        {
            events.flush()?;
            if !events.backlog.is_empty() {
                self.quoter.idle(&self.exchange);
                return Ok(0);
            }
        }
        let said = self.exchange.counters().events;
        let Some(applied) = self.apply()? else {
            self.quoter.idle(&self.exchange);
            return Ok(0);
        };
        let now = self.clock.now();
        if self.exchange.counters().events > said {
            self.mark(applied.commands, now);
        }
        if let Some(events) = &mut self.events {
            events.flush()?;
        }
        self.time(&applied, now);
        self.report();
        self.quoter.busy(&self.exchange);
        Ok(applied.commands)
    }

    fn release(&mut self) {
        self.commands = None;
        self.events = None;
        self.checkpoints = None;
        self.marks = None;
    }
}
