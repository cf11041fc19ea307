//! `StreamSender`: packing, the window, heartbeats, and answers.

use ringmatch_gateway::stream::{PushError, SenderConfig, StreamSender, Unanswered};
use ringmatch_gateway::wire::mold::{Header, Packet, PacketKind, Request, SessionName};

const MS: u64 = 1_000_000;

fn session() -> SessionName {
    "TEST".parse().unwrap()
}

/// Packets with room for 30 bytes of blocks, a window of 100 bytes, 8 messages.
fn config() -> SenderConfig {
    SenderConfig {
        max_payload: Header::LEN + 30,
        window_bytes: 100,
        window_messages: 8,
        ..SenderConfig::new(session())
    }
}

fn request(sequence: u64, count: u16) -> Request {
    Request { session: session(), sequence, count }
}

/// What a packet is, its number, and its messages.
type Seen = (PacketKind, u64, Vec<Vec<u8>>);

fn see(datagram: &[u8]) -> Seen {
    let packet = Packet::parse(datagram).unwrap();
    (packet.kind(), packet.sequence(), packet.messages().map(<[u8]>::to_vec).collect())
}

fn data(sequence: u64, messages: &[&[u8]]) -> Seen {
    (PacketKind::Data, sequence, messages.iter().map(|message| message.to_vec()).collect())
}

/// What `act` emits.
fn emitted(act: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Vec<Seen> {
    let mut seen = Vec::new();
    act(&mut |datagram| seen.push(see(datagram)));
    seen
}

#[test]
fn packets_go_out_when_full_or_flushed() {
    let mut sender = StreamSender::new(config());
    let pushed = emitted(|emit| {
        for number in 1..=3 {
            assert_eq!(sender.push(&[number; 10], 0, &mut *emit), Ok(number.into()));
        }
    });
    assert_eq!(pushed, [data(1, &[&[1; 10], &[2; 10]])], "a third does not fit");
    assert_eq!(emitted(|emit| sender.flush(0, emit)), [data(3, &[&[3; 10]])]);
    assert_eq!(emitted(|emit| sender.flush(0, emit)), [], "nothing is left");
    assert_eq!(sender.next(), 4);
}

#[test]
fn a_message_longer_than_a_packet_is_refused() {
    let mut sender = StreamSender::new(config());
    let refused = sender.push(&[0; 29], 0, |_| panic!("nothing goes out"));
    assert_eq!(refused, Err(PushError::TooLong { bytes: 29, room: 28 }));
    assert_eq!(sender.push(&[0; 28], 0, |_| ()), Ok(1));
}

#[test]
fn heartbeats_follow_the_last_data_ever_more_rarely() {
    let mut sender = StreamSender::new(config());
    let beats = |sender: &mut StreamSender, from: u64, to: u64| -> Vec<u64> {
        let mut times = Vec::new();
        for now in from..to {
            sender.poll(now * MS, |datagram| {
                assert_eq!(see(datagram), (PacketKind::Heartbeat, 1, vec![]));
                times.push(now);
            });
        }
        times
    };
    let idle = [0, 10, 30, 70, 150, 310, 630, 1270, 2270, 3270];
    assert_eq!(beats(&mut sender, 0, 4000), idle, "the first one at once");
}

#[test]
fn data_restarts_the_heartbeats_and_they_carry_the_next_number() {
    let mut sender = StreamSender::new(config());
    sender.poll(0, |_| ());
    sender.push(b"a", 5000 * MS, |_| ()).unwrap();
    sender.flush(5000 * MS, |_| ());
    assert_eq!(emitted(|emit| sender.poll(5009 * MS, emit)), []);
    let heartbeat = [(PacketKind::Heartbeat, 2, vec![])];
    assert_eq!(emitted(|emit| sender.poll(5010 * MS, emit)), heartbeat);
}

/// A heartbeat must not announce a message that sits in an unsent packet.
#[test]
fn a_packet_that_nobody_flushed_goes_out_instead_of_a_heartbeat() {
    let mut sender = StreamSender::new(config());
    sender.push(b"a", 0, |_| ()).unwrap();
    assert_eq!(emitted(|emit| sender.poll(0, emit)), [data(1, &[b"a"])]);
}

#[test]
fn an_answer_is_one_packet_of_whole_messages() {
    let mut sender = StreamSender::new(config());
    for number in 1..=5 {
        sender.push(&[number; 10], 0, |_| ()).unwrap();
    }
    assert_eq!(see(sender.answer(&request(2, 1)).unwrap()), data(2, &[&[2; 10]]));
    assert_eq!(see(sender.answer(&request(2, 3)).unwrap()), data(2, &[&[2; 10], &[3; 10]]));
    assert_eq!(see(sender.answer(&request(5, u16::MAX)).unwrap()), data(5, &[&[5; 10]]));
}

#[test]
fn silence_has_reasons() {
    let mut sender = StreamSender::new(SenderConfig { next: 10, ..config() });
    for _ in 0..12 {
        sender.push(b"a", 0, |_| ()).unwrap();
    }
    assert_eq!((sender.oldest(), sender.next()), (14, 22), "eight messages are held");
    let foreign = Request { session: "OTHER".parse().unwrap(), ..request(15, 1) };
    let cases = [
        (foreign, Unanswered::ForeignSession),
        (request(15, 0), Unanswered::Nothing),
        (request(22, 1), Unanswered::NotYetSent),
        (request(u64::MAX, u16::MAX), Unanswered::NotYetSent),
        (request(13, 9), Unanswered::Forgotten),
        (request(0, 1), Unanswered::Forgotten),
    ];
    for (request, reason) in cases {
        assert_eq!(sender.answer(&request).map(see), Err(reason), "{request:?}");
    }
    assert!(sender.answer(&request(14, 1)).is_ok());
}

/// After a restart the window is filled again, and nothing is sent twice.
#[test]
fn remembered_messages_are_answered_and_not_sent() {
    let mut sender = StreamSender::new(SenderConfig { next: 7, ..config() });
    assert_eq!(sender.remember(b"seven"), Ok(7));
    assert_eq!(sender.remember(b"eight"), Ok(8));
    let heartbeat = [(PacketKind::Heartbeat, 9, vec![])];
    assert_eq!(emitted(|emit| sender.poll(0, emit)), heartbeat);
    assert_eq!(sender.push(b"nine", 0, |_| ()), Ok(9));
    assert_eq!(emitted(|emit| sender.flush(0, emit)), [data(9, &[b"nine"])]);
    assert_eq!(
        see(sender.answer(&request(7, 9)).unwrap()),
        data(7, &[b"seven", b"eight", b"nine"])
    );
}

/// A client keeps what the venue has not acknowledged, and stops before it
/// would lose some.
#[test]
fn a_full_window_has_room_again_after_an_acknowledgement() {
    let mut sender = StreamSender::new(config());
    while !sender.is_full() {
        sender.push(&[0; 10], 0, |_| ()).unwrap();
    }
    let sent = sender.next();
    assert_eq!(sender.oldest(), 1, "nothing was lost");
    sender.release_below(sent);
    assert!(!sender.is_full());
    assert_eq!(sender.answer(&request(1, 1)).map(see), Err(Unanswered::Forgotten));
}

#[test]
fn the_end_of_session_is_repeated_and_requests_are_still_answered() {
    let mut sender = StreamSender::new(config());
    sender.push(b"a", 0, |_| ()).unwrap();
    let end = (PacketKind::EndOfSession, 2, vec![]);
    let ended = emitted(|emit| sender.end_of_session(0, emit));
    assert_eq!(ended, [data(1, &[b"a"]), end.clone()]);
    assert_eq!(emitted(|emit| sender.poll(10 * MS, emit)), [end]);
    assert_eq!(sender.push(b"b", 0, |_| ()), Err(PushError::Ended));
    assert_eq!(see(sender.answer(&request(1, 1)).unwrap()), data(1, &[b"a"]));
}
