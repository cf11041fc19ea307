//! The intake, rule by rule: what it hands to the sequencer, what it asks
//! clients for, and what it tells them.

use ringmatch_engine::command::{Command, Malformed};
use ringmatch_engine::{InstrumentId, RejectReason, Sequence, SessionId};
use ringmatch_gateway::wire::mold::{PacketBuilder, Request, SessionName};
use ringmatch_gateway::wire::ouch::{CancelOrder, Inbound};
use ringmatch_gateway::{Intake, IntakeCounters, Sequencer};
use std::net::SocketAddr;

/// A log that takes commands while there is room, and how much of it is safe.
#[derive(Default)]
struct Log {
    room: usize,
    taken: Vec<(u16, u64, Command)>,
}

impl Sequencer for Log {
    fn sequence(&mut self, session: SessionId, number: u64, command: Command) -> Option<Sequence> {
        if self.taken.len() == self.room {
            return None;
        }
        self.taken.push((session.0, number, command));
        Some(Sequence(self.taken.len() as u64))
    }
}

impl Log {
    fn with_room(room: usize) -> Self {
        Self { room, taken: Vec::new() }
    }

    fn numbers(&self) -> Vec<(u16, u64)> {
        self.taken.iter().map(|(session, number, _)| (*session, *number)).collect()
    }
}

fn name(text: &str) -> SessionName {
    text.parse().unwrap()
}

/// Two sessions, of which the second has been here before.
fn intake() -> Intake {
    let mut intake = Intake::default();
    intake.list(InstrumentId(1), "AAPL".parse().unwrap());
    intake.admit(SessionId(1), name("ZULU"), "FIRM".parse().unwrap(), 1);
    intake.admit(SessionId(2), name("ALPHA"), "FIRM".parse().unwrap(), 40);
    intake
}

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

/// A packet of cancels of the orders `first..end`, numbered alike.
fn packet(session: &str, first: u64, end: u64) -> Vec<u8> {
    let mut builder = PacketBuilder::new(name(session), first, 1400);
    for number in first..end {
        let user_ref_num = u32::try_from(number).unwrap();
        let mut bytes = [0; Inbound::MAX_LEN];
        let cancel: Inbound = CancelOrder { user_ref_num, quantity: 0 }.into();
        let len = cancel.encode(None, &mut bytes);
        assert!(builder.push(&bytes[..len]));
    }
    builder.packet().to_vec()
}

/// What the intake sends at this time, and where to.
fn sent(intake: &mut Intake, now: u64, durable: u64) -> Vec<(Request, SocketAddr)> {
    let mut sent = Vec::new();
    intake.poll(now, Sequence(durable), |packet, to| {
        sent.push((Request::decode(packet).unwrap(), to));
    });
    sent
}

fn told(session: &str, sequence: u64, count: u16) -> Request {
    Request { session: name(session), sequence, count }
}

#[test]
fn each_sessions_messages_are_sequenced_once_and_in_order() {
    let (mut intake, mut log) = (intake(), Log::with_room(100));
    for (datagram, port) in [
        (packet("ZULU", 1, 3), 5000),
        (packet("ALPHA", 40, 42), 6000),
        (packet("ZULU", 1, 3), 5000),
        (packet("ZULU", 4, 5), 5000),
        (packet("ALPHA", 39, 43), 6000),
        (packet("ZULU", 3, 4), 5000),
    ] {
        intake.datagram(&datagram, address(port), &mut log);
    }
    let expected = [(1, 1), (1, 2), (2, 40), (2, 41), (2, 42), (1, 3), (1, 4)];
    assert_eq!(log.numbers(), expected);
    let counters: Vec<_> =
        intake.sessions().map(|(_, seen)| (seen.duplicates, seen.gaps)).collect();
    assert_eq!(counters, [(1, 1), (0, 0)]);
}

#[test]
fn a_message_that_makes_no_sense_is_sequenced_like_any_other() {
    let (mut intake, mut log) = (intake(), Log::with_room(100));
    let mut builder = PacketBuilder::new(name("ZULU"), 1, 1400);
    assert!(builder.push(b"") && builder.push(b"nonsense"));
    intake.datagram(builder.packet(), address(5000), &mut log);
    let reason = RejectReason::Undecodable;
    let undecodable = Command::Malformed(Malformed { reason, ..Malformed::default() });
    assert_eq!(log.taken, [(1, 1, undecodable), (1, 2, undecodable)]);
}

#[test]
fn what_belongs_to_no_session_is_counted_and_dropped() {
    let (mut intake, mut log) = (intake(), Log::with_room(100));
    let sound = packet("ZULU", 1, 2);
    for cut in 0..20 {
        intake.datagram(&sound[..cut], address(5000), &mut log);
    }
    intake.datagram(&packet("NOBODY", 1, 2), address(5000), &mut log);
    // Its header is whole and its blocks are not: the session counts it.
    intake.datagram(&sound[..sound.len() - 1], address(5000), &mut log);
    let expected = IntakeCounters { unknown_session: 1, truncated: 20, ..Default::default() };
    assert_eq!(intake.counters(), expected);
    assert_eq!(intake.sessions().map(|(_, seen)| seen.malformed).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(log.taken, []);
    assert_eq!(sent(&mut intake, 1, 0), [], "nobody is told");
}

#[test]
fn what_finds_no_room_waits_and_is_not_asked_for_again() {
    let (mut intake, mut log) = (intake(), Log::with_room(2));
    intake.datagram(&packet("ZULU", 1, 5), address(5000), &mut log);
    intake.datagram(&packet("ZULU", 5, 7), address(5000), &mut log);
    assert_eq!(log.numbers(), [(1, 1), (1, 2)]);
    for now in 1..100 {
        assert_eq!(sent(&mut intake, now * 1_000_000, 0), [], "it is there already");
    }
    log.room = 3;
    intake.resume(&mut log);
    log.room = 100;
    intake.resume(&mut log);
    assert_eq!(log.numbers(), (1..7).map(|number| (1, number)).collect::<Vec<_>>());
    intake.resume(&mut log);
    assert_eq!(log.taken.len(), 6);
}

#[test]
fn what_is_missing_is_asked_for_where_it_comes_from() {
    let (mut intake, mut log) = (intake(), Log::with_room(100));
    intake.datagram(&packet("ALPHA", 44, 45), address(6000), &mut log);
    intake.datagram(&packet("ALPHA", 44, 45), address(6001), &mut log);
    let asked = sent(&mut intake, 1, 0);
    assert_eq!(asked, [(told("ALPHA", 40, 4), address(6001))], "the last address counts");
    intake.datagram(&packet("ALPHA", 40, 44), address(6001), &mut log);
    assert_eq!(sent(&mut intake, 1 << 40, 0), [], "the gap is closed");
    assert_eq!(log.taken.len(), 5);
}

/// A client that knows its number learns how far it is safe: as far as the
/// journal is, and never further.
#[test]
fn an_acknowledgement_never_leads_what_is_durable() {
    let (mut intake, mut log) = (intake(), Log::with_room(100));
    let client = address(5000);
    intake.datagram(&packet("ZULU", 1, 4), client, &mut log);
    intake.datagram(&packet("ALPHA", 40, 41), address(6000), &mut log);
    intake.datagram(&packet("ZULU", 4, 6), client, &mut log);
    let mut acknowledged = Vec::new();
    for durable in 0..=log.taken.len() as u64 {
        intake.datagram(&packet("ZULU", 6, 6), client, &mut log);
        let [(answer, to)] = sent(&mut intake, 1, durable)[..] else { panic!("one answer") };
        assert_eq!((answer.session, answer.count, to), (name("ZULU"), 0, client));
        let safe = log.taken[..usize::try_from(durable).unwrap()].iter();
        let truth = 1 + safe.filter(|(session, ..)| *session == 1).count() as u64;
        assert!(answer.sequence <= truth, "{} is told at {durable}", answer.sequence);
        acknowledged.push(answer.sequence);
    }
    assert!(acknowledged.is_sorted(), "{acknowledged:?}");
    assert_eq!(acknowledged.last(), Some(&6), "and in the end it is told all");
}

/// A client that does not know its number is told when nothing of it is in
/// doubt: what dies with the venue would otherwise be numbered twice.
#[test]
fn a_hello_is_answered_when_nothing_is_in_doubt() {
    let (mut intake, mut log) = (intake(), Log::with_room(100));
    let (old, new) = (address(5000), address(5001));
    intake.datagram(&packet("ZULU", 1, 3), old, &mut log);
    intake.datagram(&told("ZULU", 0, 0).encode(), new, &mut log);
    assert_eq!(sent(&mut intake, 1, 0), []);
    assert_eq!(sent(&mut intake, 2, 1), []);
    assert_eq!(sent(&mut intake, 3, 2), [(told("ZULU", 3, 0), new)]);
    assert_eq!(sent(&mut intake, 4, 2), [], "once");
    intake.datagram(&told("ALPHA", 0, 0).encode(), new, &mut log);
    assert_eq!(sent(&mut intake, 5, 2), [(told("ALPHA", 40, 0), new)], "it goes on");
}

/// A client died while something of its was missing. What had come after the
/// gap must not be taken for what the next client sends with those numbers.
#[test]
fn what_an_earlier_client_left_behind_a_gap_is_forgotten_with_it() {
    let (mut intake, mut log) = (intake(), Log::with_room(100));
    let (old, new) = (address(5000), address(5001));
    intake.datagram(&packet("ZULU", 3, 6), old, &mut log);
    intake.datagram(&told("ZULU", 0, 0).encode(), new, &mut log);
    assert_eq!(sent(&mut intake, 1, 0), [(told("ZULU", 1, 0), new)]);
    intake.datagram(&packet("ZULU", 1, 3), new, &mut log);
    assert_eq!(log.numbers(), [(1, 1), (1, 2)], "3 to 5 were another client's");
}

/// Without a key a session is spoken for by the address that last asked where
/// it stands. What a dead client left in the network is nobody's then.
#[test]
fn what_comes_from_another_address_than_the_one_that_asked_is_refused() {
    let (mut intake, mut log) = (intake(), Log::with_room(100));
    let (old, new) = (address(5000), address(5001));
    let hello = told("ZULU", 0, 0).encode();
    intake.datagram(&hello, old, &mut log);
    intake.datagram(&packet("ZULU", 1, 3), old, &mut log);
    intake.datagram(&hello, new, &mut log);
    assert_eq!(sent(&mut intake, 1, 2), [(told("ZULU", 3, 0), new)]);
    intake.datagram(&packet("ZULU", 3, 6), old, &mut log);
    assert_eq!(intake.counters().other_source, 1);
    intake.datagram(&packet("ZULU", 3, 4), new, &mut log);
    assert_eq!(log.numbers(), [(1, 1), (1, 2), (1, 3)], "3 is the successor's");
    let heard = |intake: &mut Intake| {
        intake.activity().map(|of| (of.session.0, of.next, of.heard)).collect::<Vec<_>>()
    };
    assert_eq!(heard(&mut intake), [(1, 4, true), (2, 40, false)]);
    intake.datagram(&packet("ZULU", 4, 5), old, &mut log);
    assert_eq!(heard(&mut intake), [(1, 4, false), (2, 40, false)], "and is no sign of life");
}
