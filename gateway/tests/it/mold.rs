//! MoldUDP64 packets: what is sound, what is torn, what is hostile.

use ringmatch_gateway::wire::WireError;
use ringmatch_gateway::wire::mold::{
    Header, Packet, PacketBuilder, PacketKind, Request, SessionName,
};

fn session() -> SessionName {
    "TEST".parse().unwrap()
}

fn header(sequence: u64, count: u16) -> Vec<u8> {
    [&session().bytes()[..], &sequence.to_be_bytes(), &count.to_be_bytes()].concat()
}

#[test]
fn blocks_add_up_or_the_packet_is_refused() {
    let whole = [header(1, 2), b"\0\x01a\0\0".to_vec()].concat();
    let packet = Packet::parse(&whole).unwrap();
    assert_eq!(packet.messages().collect::<Vec<_>>(), [&b"a"[..], b""]);
    for cut in 0..whole.len() {
        assert!(Packet::parse(&whole[..cut]).is_err(), "cut at {cut}");
    }
    let torn = WireError::TornPacket { block: 1, count: 2, bytes: 24 };
    assert_eq!(Packet::parse(&whole[..24]), Err(torn));
    assert_eq!(Packet::parse(&whole[..19]), Err(WireError::ShortPacket(19)));
}

#[test]
fn bytes_after_the_last_block_are_the_trailer() {
    for (count, blocks) in [(1, &b"\0\x01a"[..]), (0, b""), (0xFFFF, b"")] {
        let bytes = [header(9, count), blocks.to_vec(), b"mac".to_vec()].concat();
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(packet.trailer(), b"mac");
        assert_eq!(packet.messages().count(), usize::from(packet.count()));
    }
    let request = Request { session: session(), sequence: 4, count: 2 };
    let bytes = [&request.encode()[..], b"mac"].concat();
    assert_eq!(Request::decode(&bytes), Ok(request));
}

#[test]
fn numbers_past_64_bits_are_refused() {
    let one = |sequence| [header(sequence, 1), b"\0\0".to_vec()].concat();
    assert_eq!(Packet::parse(&one(u64::MAX - 1)).unwrap().next_sequence(), u64::MAX);
    let overflow = WireError::SequenceOverflow { sequence: u64::MAX, count: 1 };
    assert_eq!(Packet::parse(&one(u64::MAX)), Err(overflow));
    let heartbeat = header(u64::MAX, 0);
    assert_eq!(Packet::parse(&heartbeat).unwrap().next_sequence(), u64::MAX);
}

#[test]
fn kinds() {
    let kinds = [0, 0xFFFF].map(|count| Packet::parse(&header(7, count)).unwrap().kind());
    assert_eq!(kinds, [PacketKind::Heartbeat, PacketKind::EndOfSession]);
}

#[test]
fn a_builder_fills_packets_to_the_byte() {
    let mut builder = PacketBuilder::new(session(), 3, Header::LEN + 10);
    assert_eq!(builder.max_message(), 8);
    assert!(!builder.push(&[0; 9]), "longer than a packet");
    assert!(builder.push(b"1234"));
    assert!(!builder.push(b"123"), "one byte too many");
    assert!(builder.push(b"12"));
    assert_eq!((builder.count(), builder.packet().len()), (2, Header::LEN + 10));
    let sequence = Packet::parse(builder.packet()).unwrap().sequence();
    assert_eq!(sequence, 3);
    builder.restart(5);
    let heartbeat = Packet::parse(builder.packet()).unwrap();
    assert_eq!((heartbeat.kind(), heartbeat.sequence()), (PacketKind::Heartbeat, 5));
}
