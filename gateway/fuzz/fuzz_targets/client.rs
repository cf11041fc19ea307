//! A client's end of its session, on any datagrams.
//!
//! The fuzzer's bytes are a list of datagrams from where the venue takes orders
//! or from where it sends responses, with messages of the client's own between
//! them. Responses must be delivered once and in order, and what is sent must be
//! sound packets of the client's own session.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringmatch_gateway::client::{ClientSession, SendError, Start};
use ringmatch_gateway::wire::mold::{Packet, Request, SessionName};

/// The next datagram: a byte that says where it comes from and how it begins,
/// one for a number, one for its length, and the rest of it.
fn datagram(bytes: &mut &[u8], name: SessionName) -> Option<(u8, Vec<u8>)> {
    let [kind, number, length, rest @ ..] = *bytes else { return None };
    let (body, rest) = rest.split_at(usize::from(*length).min(rest.len()));
    *bytes = rest;
    let mut datagram = Vec::new();
    if kind & 1 == 1 {
        datagram.extend_from_slice(name.bytes());
        datagram.extend_from_slice(&u64::from(*number).to_be_bytes());
    }
    datagram.extend_from_slice(body);
    Some((*kind, datagram))
}

fuzz_target!(|bytes: &[u8]| {
    let name: SessionName = "ALPHA".parse().expect("a short text");
    let mut session = ClientSession::new(name, Start::At(1));
    let (mut rest, mut now, mut heard) = (bytes, 0, 0);
    let mut send = |_, packet: &[u8]| {
        let packet_of = Packet::parse(packet).map(|packet| packet.session());
        let request_of = Request::decode(packet).map(|request| request.session);
        assert_eq!(packet_of.or(request_of), Ok(name), "it sends sound packets of its own");
    };
    while let Some((kind, datagram)) = datagram(&mut rest, name) {
        now += 1_000_000;
        if kind & 2 == 0 {
            session.order_datagram(&datagram, &mut send);
        } else {
            session.response_datagram(&datagram, &mut |number, _| {
                heard += 1;
                assert_eq!(number, heard, "each response once and in order");
            });
        }
        if kind & 4 == 4 {
            match session.push(&datagram, now, &mut send) {
                Ok(())
                | Err(SendError::NotEstablished | SendError::WindowFull | SendError::TakenOver) => {
                }
                Err(SendError::Push(error)) => panic!("{error}"),
            }
        }
        session.poll(now, &mut send);
        assert!(session.safe_below() <= session.next_message(), "what was not sent is not safe");
    }
});
