//! Every decoder on any bytes.
//!
//! The bytes are taken as a MoldUDP64 packet, as a request, as one message of
//! each protocol and as what a TCP connection brings. Nothing may panic, and
//! what is read must say the same when it is written and read again. How to run
//! it is in `gateway/fuzz/README.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::mold::{Packet, PacketBuilder, PacketKind, Request};
use ringmatch_gateway::wire::ouch::{Inbound, OuchOption, Outbound};
use ringmatch_gateway::wire::soup::{SoupPacket, SoupReader};

fn mold(bytes: &[u8]) {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(&request.encode()[..], &bytes[..Request::LEN]);
    }
    let Ok(packet) = Packet::parse(bytes) else { return };
    assert_eq!(packet.messages().count(), usize::from(packet.count()));
    if packet.kind() == PacketKind::Data {
        let mut builder = PacketBuilder::new(packet.session(), packet.sequence(), bytes.len());
        assert!(packet.messages().all(|message| builder.push(message)));
        let whole = bytes.len() - packet.trailer().len();
        assert_eq!(builder.packet(), &bytes[..whole]);
    }
    packet.messages().for_each(messages);
}

fn messages(bytes: &[u8]) {
    if let Ok(message) = ItchMessage::decode(bytes) {
        let mut again = [0; ItchMessage::MAX_LEN];
        let len = message.encode(&mut again);
        assert_eq!(ItchMessage::decode(&again[..len]).as_ref(), Ok(&message));
    }
    if let Ok((message, options)) = Inbound::decode(bytes) {
        let options: Vec<OuchOption> = options.options().collect();
        let mut again = [0; Inbound::MAX_LEN];
        let len = message.encode(options.iter().copied(), &mut again);
        let (read, read_options) = Inbound::decode(&again[..len]).expect("it was just written");
        assert_eq!(read, message);
        assert!(read_options.options().eq(options));
    }
    if let Ok((message, options)) = Outbound::decode(bytes) {
        let options: Vec<OuchOption> = options.options().collect();
        let mut again = [0; Outbound::MAX_LEN];
        let len = message.encode(options.iter().copied(), &mut again);
        let (read, read_options) = Outbound::decode(&again[..len]).expect("it was just written");
        assert_eq!(read, message);
        assert!(read_options.options().eq(options));
    }
}

/// A stream of bytes must be cut into the same packets however it arrives.
fn soup(bytes: &[u8]) {
    let cut = |piece: usize| {
        let (mut reader, mut packets) = (SoupReader::new(1 << 10), Vec::new());
        for piece in bytes.chunks(piece) {
            let taken = reader.offer(piece, &mut |packet| {
                packets.push(packet.to_vec());
                true
            });
            if taken.is_err() {
                break;
            }
        }
        packets
    };
    let packets = cut(bytes.len().max(1));
    assert_eq!(cut(1), packets);
    for bytes in packets {
        if let Ok(packet) = SoupPacket::decode(&bytes) {
            let mut again = vec![0; packet.encoded_len()];
            packet.encode(&mut again);
            assert_eq!(SoupPacket::decode(&again[2..]).as_ref(), Ok(&packet));
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    mold(bytes);
    messages(bytes);
    soup(bytes);
});
