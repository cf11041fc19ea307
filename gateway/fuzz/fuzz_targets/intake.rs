//! The venue's ends of all streams, on any datagrams.
//!
//! The fuzzer's bytes are a list of datagrams, of which each goes to the intake
//! or to the outlet; half of them begin with the header of a session that there
//! is, because a fuzzer would look for its name for long. Every session's
//! messages must reach the sequencer once and in order, whatever arrives and
//! however often there is no room; what goes back must be sound packets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringmatch_engine::command::Command;
use ringmatch_engine::event::{Event, EventBody, Recipient};
use ringmatch_engine::{Firm, InstrumentId, Sequence, SessionId, StreamNumber};
use ringmatch_gateway::wire::mold::{Packet, Request, SessionName};
use ringmatch_gateway::{Intake, Outlet, OutletConfig, Sequencer};
use std::net::SocketAddr;

const NAMES: [&str; 2] = ["ALPHA", "BRAVO"];

/// A log that has no room now and then, and knows what comes next.
struct Log {
    next: [u64; 2],
    taken: u64,
    room: u64,
}

impl Sequencer for Log {
    fn sequence(&mut self, session: SessionId, number: u64, _: Command) -> Option<Sequence> {
        if self.room == 0 {
            return None;
        }
        self.room -= 1;
        let next = &mut self.next[usize::from(session.0) - 1];
        assert_eq!(number, *next, "each message once and in order");
        *next += 1;
        self.taken += 1;
        Some(Sequence(self.taken))
    }
}

/// The next datagram: a byte that says where it goes and how it begins, one
/// for a number, one for its length, and the rest of it.
fn datagram(bytes: &mut &[u8]) -> Option<(u8, Vec<u8>)> {
    let [kind, number, length, rest @ ..] = *bytes else { return None };
    let (body, rest) = rest.split_at(usize::from(*length).min(rest.len()));
    *bytes = rest;
    let mut datagram = Vec::new();
    if kind & 1 == 1 {
        let name: SessionName = NAMES[usize::from(kind >> 1 & 1)].parse().expect("a short text");
        datagram.extend_from_slice(name.bytes());
        datagram.extend_from_slice(&u64::from(*number).to_be_bytes());
    }
    datagram.extend_from_slice(body);
    Some((*kind, datagram))
}

fuzz_target!(|bytes: &[u8]| {
    let mut intake = Intake::default();
    let mut outlet = Outlet::new(OutletConfig {
        market_bytes: 1 << 12,
        market_messages: 64,
        response_bytes: 1 << 12,
        response_messages: 64,
        ..OutletConfig::new("VENUE".parse().expect("a short text"))
    });
    intake.list(InstrumentId(1), "AAPL".parse().expect("a short text"));
    for (name, number) in NAMES.iter().zip(1_u16..) {
        let (session, name) = (SessionId(number), name.parse().expect("a short text"));
        intake.admit(session, name, Firm::default(), 1);
        let to = Recipient::new(session, StreamNumber(1));
        let body = EventBody::SessionAdded { to, name, firm: Firm::default() };
        outlet.publish(&Event { body, ..Event::default() }, 0, &mut |_, _| {});
    }
    let mut log = Log { next: [1, 1], taken: 0, room: 0 };
    let (mut rest, mut now) = (bytes, 0);
    while let Some((kind, datagram)) = datagram(&mut rest) {
        now += 1_000_000;
        let from: SocketAddr = ([127, 0, 0, 1], 1 + u16::from(kind >> 6)).into();
        log.room = u64::from(kind >> 3 & 7);
        if kind & 4 == 0 {
            intake.datagram(&datagram, from, &mut log);
            intake.resume(&mut log);
        } else {
            outlet.request(&datagram, from, now, &mut |_, packet| {
                Packet::parse(packet).expect("the venue sends sound packets");
            });
        }
        intake.poll(now, Sequence(log.taken), |packet, _| {
            let asked = Request::decode(packet).expect("the venue asks in sound packets");
            let next = log.next.iter().zip(NAMES).find(|(_, name)| name.parse() == Ok(asked.session));
            let (next, _) = next.expect("it asks a session that there is");
            assert!(asked.count > 0 || asked.sequence <= *next, "what never came is not safe");
        });
    }
});
