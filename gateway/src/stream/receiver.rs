//! `StreamReceiver`: delivers a stream exactly once, in order, without gaps.
//!
//! A packet with the expected number is delivered at once; one from the past
//! is dropped, one that overlaps is delivered from the expected number on, and
//! one from the future waits in the stash while the missing range is asked for
//! (MoldUDP64 1.00, receiver rules). A heartbeat or the end of the session that
//! names a higher number is a gap too. Whoever takes the messages may say that
//! there is no room: the rest waits in the stash until `resume`. Every packet
//! that does not lead to a delivery is counted by its reason, and whatever was
//! dropped while still needed is asked for again.

use super::MonotonicNanos;
use super::stash::{Stash, Stashed};
use super::under_way::{Pace, UnderWay};
use crate::wire::mold::{Packet, PacketKind, Request, SessionName};
use std::ops::Range;

/// Requests under way of a reader that may have missed a day: what fits in half of
/// the smallest stash. At 10 ms from the venue that is 3,200 packets in a second,
/// and a venue serves 5,000 from disk and 20,000 from memory unless its config says
/// otherwise.
const REQUESTS_OF_A_READER: usize = 32;

/// How a [`StreamReceiver`] is made.
#[derive(Clone, Copy, Debug)]
pub struct ReceiverConfig {
    /// The only session whose packets count.
    pub session: SessionName,
    /// Number of the first message to deliver.
    pub next: u64,
    /// Packets that are kept while a gap before them is open.
    pub stash_packets: usize,
    /// Bytes of these packets together.
    pub stash_bytes: usize,
    /// Most messages that one request asks for.
    pub request_messages: u16,
    /// Most requests that wait for an answer at a time; never more than half of
    /// `stash_packets`, where what they bring is kept, and at least one.
    pub requests_under_way: usize,
    /// Pause before a request is repeated, in ns; it doubles each time.
    pub retry_first_ns: u64,
    /// Longest pause between repeated requests, in ns.
    pub retry_limit_ns: u64,
}

impl ReceiverConfig {
    /// From `next` on, with 64 packets or 128 KiB in the stash, requests of up to
    /// 1,024 messages, one at a time, repeated after 2 ms doubling up to 100 ms.
    pub fn starting_at(session: SessionName, next: u64) -> Self {
        Self {
            session,
            next,
            stash_packets: 64,
            stash_bytes: 128 << 10,
            request_messages: 1024,
            requests_under_way: 1,
            retry_first_ns: 2_000_000,
            retry_limit_ns: 100_000_000,
        }
    }

    /// The same for one who reads a long past: with up to 32 requests at a time.
    #[must_use]
    pub fn of_a_reader(session: SessionName, next: u64) -> Self {
        let requests_under_way = REQUESTS_OF_A_READER;
        Self { requests_under_way, ..Self::starting_at(session, next) }
    }
}

/// What a [`StreamReceiver`] has seen since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiverCounters {
    /// Datagrams offered.
    pub packets: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Packets whose messages were all delivered or stashed before.
    pub duplicates: u64,
    /// Times that a gap opened while there was none.
    pub gaps: u64,
    /// Requests made, repeated ones included.
    pub requests: u64,
    /// Packets dropped because the stash was full or the packet too long.
    pub stash_overflows: u64,
    /// Packets dropped from the stash because the sender had not sent them yet,
    /// by its own word.
    pub stash_discards: u64,
    /// Datagrams that are no sound MoldUDP64 packet.
    pub malformed: u64,
    /// Packets of another session.
    pub foreign_session: u64,
}

/// The receiving end of one stream.
#[derive(Debug)]
pub struct StreamReceiver {
    session: SessionName,
    next: u64,
    /// Number after the last message sent, as the last heartbeat says. Not the
    /// highest ever heard: a wrong number would then be asked for forever.
    announced: u64,
    ended_at: Option<u64>,
    /// Whether the last delivery was refused for want of room.
    blocked: bool,
    has_gap: bool,
    stash: Stash,
    under_way: UnderWay,
    counters: ReceiverCounters,
}

impl StreamReceiver {
    /// A receiver that has seen nothing.
    ///
    /// # Panics
    /// If `request_messages` or `requests_under_way` is zero.
    pub fn new(config: ReceiverConfig) -> Self {
        assert!(config.request_messages > 0, "a request asks for at least one message");
        assert!(config.requests_under_way > 0, "what is missing must be asked for");
        Self {
            session: config.session,
            next: config.next,
            announced: config.next,
            ended_at: None,
            blocked: false,
            has_gap: false,
            stash: Stash::new(config.stash_packets, config.stash_bytes),
            under_way: UnderWay::new(Pace {
                most: config.requests_under_way.min(config.stash_packets / 2).max(1),
                messages: config.request_messages.into(),
                retry_first_ns: config.retry_first_ns,
                retry_limit_ns: config.retry_limit_ns,
            }),
            counters: ReceiverCounters::default(),
        }
    }

    /// Number of the next message to deliver: all below it were delivered.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Counts since the receiver was made.
    pub fn counters(&self) -> ReceiverCounters {
        self.counters
    }

    /// Whether messages wait for [`resume`](Self::resume).
    pub fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Whether something is known to be missing.
    pub fn has_gap(&self) -> bool {
        self.has_gap
    }

    /// Whether the sender has ended the session, and nothing came after that:
    /// a venue that ends in order may be started again and go on.
    pub fn has_ended(&self) -> bool {
        self.ended_at.is_some()
    }

    /// Whether the sender has ended the session and everything was delivered.
    pub fn is_complete(&self) -> bool {
        self.ended_at.is_some_and(|end| self.next >= end)
    }

    /// Takes a datagram and delivers what it makes deliverable, each message
    /// with its number. `deliver` returns whether it took the message; after a
    /// `false` the same message comes again, first of all, on
    /// [`resume`](Self::resume).
    pub fn offer(&mut self, datagram: &[u8], deliver: &mut impl FnMut(u64, &[u8]) -> bool) {
        self.counters.packets += 1;
        let Ok(packet) = Packet::parse(datagram) else {
            self.counters.malformed += 1;
            return;
        };
        if packet.session() != self.session {
            self.counters.foreign_session += 1;
            return;
        }
        match packet.kind() {
            PacketKind::Data => {
                self.ended_at = self.ended_at.filter(|&end| packet.next_sequence() <= end);
                self.take(datagram, &packet, deliver);
            }
            PacketKind::Heartbeat => {
                self.ended_at = self.ended_at.filter(|&end| packet.sequence() < end);
                self.announce(packet.sequence());
            }
            PacketKind::EndOfSession => {
                self.announce(packet.sequence());
                self.ended_at = Some(packet.sequence());
            }
        }
        self.note_gap();
    }

    /// Takes the sender's word for the number that comes next. What waits with
    /// that number or a higher one was not sent by it: somebody else made it
    /// up, or an earlier sender left it, and it would be asked about forever or
    /// be taken for what comes. A heartbeat that was overtaken takes too much
    /// away, which is asked for again.
    fn announce(&mut self, next: u64) {
        self.announced = next;
        self.counters.stash_discards += self.stash.release_from(next);
    }

    /// Forgets what waits behind a gap: somebody else sends from now on, who
    /// may use the same numbers for other messages.
    pub fn forget_early(&mut self) {
        self.announce(self.next);
        self.note_gap();
    }

    /// Delivers what waits, after a delivery was refused.
    pub fn resume(&mut self, deliver: &mut impl FnMut(u64, &[u8]) -> bool) {
        self.blocked = false;
        self.drain(deliver);
        self.note_gap();
    }

    /// A request that is due now, if something is missing: at once for a new gap
    /// and after every progress, then with growing pauses. If several may be under
    /// way, it is to be called until there is no more.
    pub fn poll(&mut self, now: MonotonicNanos) -> Option<Request> {
        let Self { session, next, announced, stash, under_way, counters, .. } = self;
        let hole = |from: u64| missing(stash, *announced, from.max(*next));
        let Range { start, end } = under_way.poll(now, &hole)?;
        counters.requests += 1;
        let count = u16::try_from(end - start).unwrap_or(u16::MAX);
        Some(Request { session: *session, sequence: start, count })
    }

    fn take(
        &mut self,
        datagram: &[u8],
        packet: &Packet<'_>,
        deliver: &mut impl FnMut(u64, &[u8]) -> bool,
    ) {
        if packet.next_sequence() <= self.next {
            self.counters.duplicates += 1;
        } else if packet.sequence() > self.next || self.blocked {
            self.keep(datagram, packet);
        } else {
            self.under_way.note(&numbers(packet));
            if self.deliver_from(packet, deliver) {
                self.drain(deliver);
            } else {
                self.keep(datagram, packet);
            }
        }
    }

    /// Delivers stashed packets for as long as one has the next number.
    fn drain(&mut self, deliver: &mut impl FnMut(u64, &[u8]) -> bool) {
        while let Some(packet) = self.stash.covering(self.next) {
            let before = self.next;
            self.blocked = !deliver_from(&packet, &mut self.next, deliver);
            self.counters.delivered += self.next - before;
            if self.blocked {
                break;
            }
        }
        self.stash.release_below(self.next);
    }

    fn deliver_from(
        &mut self,
        packet: &Packet<'_>,
        deliver: &mut impl FnMut(u64, &[u8]) -> bool,
    ) -> bool {
        let before = self.next;
        self.blocked = !deliver_from(packet, &mut self.next, deliver);
        self.counters.delivered += self.next - before;
        !self.blocked
    }

    fn keep(&mut self, datagram: &[u8], packet: &Packet<'_>) {
        match self.stash.insert(datagram, packet) {
            Stashed::Kept => self.under_way.note(&numbers(packet)),
            Stashed::Duplicate => self.counters.duplicates += 1,
            Stashed::Overflow => self.counters.stash_overflows += 1,
        }
    }

    fn note_gap(&mut self) {
        let has_gap = missing(&self.stash, self.announced, self.next).is_some();
        self.counters.gaps += u64::from(has_gap && !self.has_gap);
        self.has_gap = has_gap;
    }
}

/// The first range of numbers from `from` on that is missing: not delivered, not
/// stashed, and known to have been sent.
fn missing(stash: &Stash, announced: u64, from: u64) -> Option<Range<u64>> {
    let (start, stashed) = stash.hole_from(from);
    let announced = Some(announced).filter(|&end| end > start);
    let end = stashed.into_iter().chain(announced).min()?;
    Some(start..end)
}

/// The numbers of the messages in a packet.
fn numbers(packet: &Packet<'_>) -> Range<u64> {
    packet.sequence()..packet.next_sequence()
}

/// Delivers the messages of a packet from `next` on; `false` if one was refused.
fn deliver_from(
    packet: &Packet<'_>,
    next: &mut u64,
    deliver: &mut impl FnMut(u64, &[u8]) -> bool,
) -> bool {
    let first = packet.sequence();
    let skipped = usize::try_from(*next - first).expect("an overlap is shorter than a packet");
    for message in packet.messages().skip(skipped) {
        if !deliver(*next, message) {
            return false;
        }
        *next += 1;
    }
    true
}
