//! The publisher: what may leave, leaves.
//!
//! It takes events in the order of the ring and sends their messages, but only
//! those whose cause is durable. What was computed and is not durable yet waits
//! in the ring; if the process dies, it dies with it, and nobody saw it. Whole
//! batches leave in as few packets as they fit in. Here also requests for
//! missed messages are served, from the window, and heartbeats are sent; a venue
//! that ends in order says so to all. What has left the window is for the
//! service; the publisher never waits for it.

use super::mark::{Mark, Marks};
use super::{Counter, Counters, Meters, Stage, Stop, Timing};
use crate::clock::Clock;
use crate::service::OldRequests;
use ringmatch_engine::event::Event;
use ringmatch_engine::{Nanos, Sequence};
use ringmatch_gateway::net::{Datagrams, MAX_DATAGRAM, Unsent};
use ringmatch_gateway::{Destination, Outlet};
use ringmatch_ring::{Consumer, Ended, SequenceReader};
use std::net::SocketAddr;

/// Events sent in one poll.
const BATCH: usize = 256;
/// Requests served in one poll.
const REQUESTS: usize = 16;
/// Nanoseconds between two looks for requests: each is a system call, and
/// whoever asks has waited for longer already.
const REQUEST_CHECK_NS: u64 = 20_000;
/// Nanoseconds between two looks for heartbeats that are due.
const HEARTBEAT_CHECK_NS: u64 = 1_000_000;

/// The stage that sends what may leave.
pub struct Publisher<N, C> {
    wire: Wire<N>,
    outlet: Outlet,
    /// Where requests go that the outlet cannot serve any more.
    old_requests: Option<OldRequests>,
    /// Requests that went there, and that found no room.
    handed_over: u64,
    dropped: u64,
    events: Option<Consumer<Event>>,
    durable: SequenceReader,
    clock: C,
    /// From the receiver's stamp, and from matching, until the sending.
    timing: Timing,
    from_matched: Timing,
    marks: Marks,
    /// Of the events just sent: when their causes were received and matched.
    sent: Vec<(Nanos, Option<Nanos>)>,
    published: u64,
    requests_checked: Nanos,
    heartbeats_checked: Nanos,
    counters: Counters,
    buffer: Box<[u8]>,
}

/// The socket, and where market data goes.
struct Wire<N> {
    network: N,
    market_data: SocketAddr,
    /// Packets that the network did not take.
    unsent: u64,
}

impl<N: Datagrams> Wire<N> {
    /// Packets leave together, at the end of the poll. One that finds no room
    /// is lost, and repaired like any other.
    fn send(&mut self, to: Destination, packet: &[u8]) {
        let address = match to {
            Destination::Market => self.market_data,
            Destination::To(address) => address,
        };
        let sent = self.network.queue(packet, address);
        self.note(sent);
    }

    fn flush(&mut self) {
        let sent = self.network.flush();
        self.note(sent);
    }

    fn note(&mut self, sent: Result<(), Unsent>) {
        if let Err(unsent) = sent {
            self.unsent += unsent.datagrams;
        }
    }
}

impl<N: Datagrams, C: Clock> Publisher<N, C> {
    /// A publisher of streams that stand where `outlet` says. It sends from a
    /// socket, and market data to an address.
    #[must_use]
    pub fn new(
        sockets: (N, SocketAddr),
        outlet: Outlet,
        old_requests: Option<OldRequests>,
        events: Consumer<Event>,
        marks: Consumer<Mark>,
        durable: SequenceReader,
        meters: Meters<C>,
    ) -> Self {
        let timing = meters.timing("receive_to_sent");
        let from_matched = meters.timing("matched_to_sent");
        let (network, market_data) = sockets;
        Self {
            wire: Wire { network, market_data, unsent: 0 },
            outlet,
            old_requests,
            handed_over: 0,
            dropped: 0,
            events: Some(events),
            durable,
            clock: meters.clock,
            timing,
            from_matched,
            marks: Marks::new(marks),
            sent: Vec::with_capacity(BATCH),
            published: 0,
            requests_checked: Nanos(0),
            heartbeats_checked: Nanos(0),
            counters: meters.counters,
            buffer: vec![0; MAX_DATAGRAM].into_boxed_slice(),
        }
    }

    /// Sends what is durable; the number of events sent.
    fn publish(&mut self, now: Nanos) -> Result<usize, Stop> {
        let Some(events) = &mut self.events else { return Err(Stop::Finished) };
        // The end is read first: what is durable then can grow no more.
        let journal_ended = self.durable.ended();
        let durable = Sequence(self.durable.get());
        let batch = match events.take(BATCH) {
            Ok(batch) => batch,
            Err(Ended::Closed) => {
                let Self { wire, outlet, .. } = self;
                outlet.end(now.0, &mut |to, packet| wire.send(to, packet));
                wire.flush();
                return Err(Stop::Finished);
            }
            Err(Ended::Poisoned) => return Err(Stop::Failed("the matcher has failed".into())),
        };
        let Self { wire, outlet, marks, .. } = self;
        self.sent.clear();
        for (_, event) in batch.iter().take_while(|(_, event)| event.cause <= durable) {
            outlet.publish(event, now.0, &mut |to, packet| wire.send(to, packet));
            self.sent.push((event.time, marks.matched_at(event.cause)));
        }
        let sent = self.sent.len();
        let is_stuck = sent == 0 && !batch.is_empty() && journal_ended.is_some();
        batch.commit_first(sent);
        if is_stuck {
            return Err(Stop::Failed("the journaler has stopped before its end".into()));
        }
        if sent > 0 {
            outlet.flush(now.0, &mut |to, packet| wire.send(to, packet));
            wire.flush();
            let done = self.clock.now();
            for (received, matched) in &self.sent {
                self.timing.record(*received, done);
                if let Some(matched) = matched {
                    self.from_matched.record_since(*received, *matched, done);
                }
            }
            self.published += sent as u64;
        }
        Ok(sent)
    }

    fn serve_requests(&mut self, now: Nanos) -> Result<usize, Stop> {
        if now.0 - self.requests_checked.0 < REQUEST_CHECK_NS {
            return Ok(0);
        }
        self.requests_checked = now;
        let failed = |error| Stop::Failed(format!("requests cannot be received: {error}"));
        let Self { wire, outlet, buffer, old_requests, handed_over, dropped, .. } = self;
        for served in 0..REQUESTS {
            let arrived = wire.network.receive(buffer).map_err(failed)?;
            let Some((len, from)) = arrived else { return Ok(served) };
            let send = &mut |to, packet: &[u8]| wire.send(to, packet);
            let forgotten = outlet.request(&buffer[..len], from, now.0, send);
            if let (Some(request), Some(service)) = (forgotten, &*old_requests) {
                *handed_over += 1;
                *dropped += u64::from(!service.hand_over(request, from));
            }
        }
        Ok(REQUESTS)
    }

    fn send_heartbeats(&mut self, now: Nanos) {
        if now.0 - self.heartbeats_checked.0 >= HEARTBEAT_CHECK_NS {
            self.heartbeats_checked = now;
            let Self { wire, outlet, .. } = self;
            outlet.heartbeats(now.0, &mut |to, packet| wire.send(to, packet));
            self.report();
        }
    }
}

impl<N, C> Publisher<N, C> {
    /// Stores what was counted where others can read it.
    fn report(&self) {
        let outlet = self.outlet.counters();
        for (counter, total) in [
            (Counter::MalformedRequests, outlet.malformed),
            (Counter::UnknownRequests, outlet.unknown_session),
            (Counter::NeverSent, outlet.never_sent),
            (Counter::Forgotten, outlet.forgotten - self.handed_over),
            (Counter::OldDropped, self.dropped),
            (Counter::TooManyRequests, outlet.too_many),
            (Counter::UnsealedRequests, outlet.seals.unsealed),
            (Counter::BrokenRequests, outlet.seals.broken),
            (Counter::OldRequests, outlet.seals.other_login + outlet.seals.replayed),
            (Counter::Answered, outlet.answered),
            (Counter::Unsent, self.wire.unsent),
            (Counter::Published, self.published),
        ] {
            self.counters.set(counter, total);
        }
    }
}

impl<N: Datagrams + Send, C: Clock> Stage for Publisher<N, C> {
    fn name(&self) -> &'static str {
        "publisher"
    }

    fn poll(&mut self) -> Result<usize, Stop> {
        let now = self.clock.now();
        let sent = self.publish(now)?;
        let served = self.serve_requests(now)?;
        self.send_heartbeats(now);
        self.wire.flush();
        Ok(sent + served)
    }

    fn release(&mut self) {
        self.report();
        self.events = None;
    }
}
