//! The rules of `StreamReceiver`, each as a short story of packets.
//!
//! A message is one byte, and message number n is the byte n; so what was
//! delivered can be read off. The property test at the end draws hostile
//! packets: whatever they claim, numbers come out one by one.

use proptest::prelude::*;
use ringmatch_gateway::stream::{ReceiverConfig, ReceiverCounters, StreamReceiver};
use ringmatch_gateway::wire::mold::{PacketBuilder, Request, SessionName};

fn session() -> SessionName {
    "TEST".parse().unwrap()
}

fn config() -> ReceiverConfig {
    ReceiverConfig { stash_packets: 4, ..ReceiverConfig::starting_at(session(), 1) }
}

/// A packet with the messages `first..end`; a heartbeat if there are none.
fn packet(first: u8, end: u8) -> Vec<u8> {
    let mut builder = PacketBuilder::new(session(), first.into(), 1400);
    for number in first..end {
        assert!(builder.push(&[number]));
    }
    builder.packet().to_vec()
}

fn end_of_session(next: u8) -> Vec<u8> {
    PacketBuilder::new(session(), next.into(), 1400).end_of_session().to_vec()
}

/// A receiver, and the numbers that it has delivered.
struct Story {
    receiver: StreamReceiver,
    delivered: Vec<u8>,
    room: usize,
}

impl Story {
    fn new(config: ReceiverConfig) -> Self {
        Self { receiver: StreamReceiver::new(config), delivered: Vec::new(), room: usize::MAX }
    }

    fn with_room(
        &mut self,
        room: usize,
        act: impl FnOnce(&mut StreamReceiver, &mut dyn FnMut(u64, &[u8]) -> bool),
    ) -> &[u8] {
        let before = self.delivered.len();
        let delivered = &mut self.delivered;
        let mut deliver = |number: u64, message: &[u8]| {
            if delivered.len() - before == room {
                return false;
            }
            assert_eq!(number, u64::from(message[0]), "a message with another number");
            delivered.push(message[0]);
            true
        };
        act(&mut self.receiver, &mut deliver);
        &self.delivered[before..]
    }

    /// Offers a packet and returns what was delivered.
    fn offer(&mut self, packet: &[u8]) -> &[u8] {
        self.with_room(self.room, |receiver, mut deliver| receiver.offer(packet, &mut deliver))
    }

    /// Resumes and returns what was delivered.
    fn resume(&mut self) -> &[u8] {
        self.with_room(self.room, |receiver, mut deliver| receiver.resume(&mut deliver))
    }

    fn asks(&mut self, now: u64) -> Option<(u64, u16)> {
        self.receiver.poll(now).map(|Request { sequence, count, .. }| (sequence, count))
    }

    fn counters(&self) -> ReceiverCounters {
        self.receiver.counters()
    }
}

#[test]
fn in_order_duplicate_and_overlap() {
    let mut story = Story::new(config());
    assert_eq!(story.offer(&packet(1, 3)), [1, 2]);
    assert_eq!(story.offer(&packet(1, 3)), [], "a duplicate");
    assert_eq!(story.offer(&packet(2, 5)), [3, 4], "an overlap is skipped");
    assert_eq!(story.asks(0), None);
    let expected =
        ReceiverCounters { packets: 3, delivered: 4, duplicates: 1, ..Default::default() };
    assert_eq!(story.counters(), expected);
}

#[test]
fn a_gap_is_asked_for_exactly_and_closes() {
    let mut story = Story::new(config());
    assert_eq!(story.offer(&packet(4, 6)), []);
    assert_eq!(story.asks(0), Some((1, 3)), "at once, and no more than is missing");
    assert_eq!(story.offer(&packet(8, 9)), []);
    assert_eq!(story.offer(&packet(1, 3)), [1, 2], "half of the answer");
    assert_eq!(story.asks(0), Some((3, 1)), "progress asks for the rest at once");
    assert_eq!(story.offer(&packet(3, 4)), [3, 4, 5]);
    assert_eq!(story.asks(0), Some((6, 2)), "the next hole");
    assert_eq!(story.offer(&packet(6, 8)), [6, 7, 8]);
    assert_eq!(story.asks(0), None);
    let ReceiverCounters { gaps, requests, .. } = story.counters();
    assert_eq!((gaps, requests), (1, 3));
}

#[test]
fn an_unanswered_request_is_repeated_ever_more_rarely() {
    let mut story = Story::new(config());
    story.offer(&packet(2, 3));
    let ms = 1_000_000;
    let mut asked = Vec::new();
    for now in 0..500 {
        if story.asks(now * ms).is_some() {
            asked.push(now);
        }
    }
    assert_eq!(asked, [0, 2, 6, 14, 30, 62, 126, 226, 326, 426]);
}

/// Whoever polls goes on until nothing is due.
#[test]
fn without_any_pause_a_request_is_still_made_once_at_a_time() {
    let config = ReceiverConfig { retry_first_ns: 0, retry_limit_ns: 0, ..config() };
    let mut story = Story::new(config);
    story.offer(&packet(2, 3));
    for now in 0..3 {
        assert_eq!(story.asks(now), Some((1, 1)));
        assert_eq!(story.asks(now), None);
    }
}

#[test]
fn a_request_asks_for_a_bounded_number_of_messages() {
    let mut story = Story::new(ReceiverConfig { request_messages: 10, ..config() });
    story.offer(&packet(100, 101));
    assert_eq!(story.asks(0), Some((1, 10)));
}

#[test]
fn a_heartbeat_shows_a_lost_tail() {
    let mut story = Story::new(config());
    story.offer(&packet(1, 3));
    story.offer(&packet(3, 3));
    assert_eq!(story.asks(0), None, "nothing is missing");
    story.offer(&packet(5, 5));
    assert_eq!(story.asks(0), Some((3, 2)));
    assert_eq!(story.offer(&packet(3, 5)), [3, 4]);
    assert_eq!(story.asks(0), None);
}

/// Without this, one wrong heartbeat would be asked about forever.
#[test]
fn the_last_heartbeat_wins() {
    let mut story = Story::new(config());
    story.offer(&packet(200, 200));
    assert_eq!(story.asks(0), Some((1, 199)));
    story.offer(&packet(1, 1));
    assert_eq!(story.asks(1 << 40), None);
}

/// Likewise one packet from far ahead, whoever sent it: the sender's own word
/// of what comes next takes it out of the way.
#[test]
fn a_packet_that_the_sender_has_not_sent_is_not_asked_about_forever() {
    let mut story = Story::new(config());
    story.offer(&packet(3, 4));
    story.offer(&packet(200, 201));
    assert_eq!(story.offer(&packet(1, 3)), [1, 2, 3]);
    assert_eq!(story.asks(0), Some((4, 196)));
    story.offer(&packet(5, 5));
    assert_eq!(story.asks(1 << 30), Some((4, 1)), "only what was sent is missing");
    assert_eq!(story.offer(&packet(4, 5)), [4]);
    assert_eq!(story.asks(1 << 40), None);
    assert_eq!(story.counters().stash_discards, 1);
}

#[test]
fn the_end_of_session_is_complete_only_when_all_is_delivered() {
    let mut story = Story::new(config());
    story.offer(&end_of_session(3));
    assert!(!story.receiver.is_complete());
    assert_eq!(story.asks(0), Some((1, 2)));
    story.offer(&packet(1, 3));
    assert!(story.receiver.is_complete());
}

#[test]
fn the_packet_furthest_ahead_gives_way_when_the_stash_is_full() {
    let mut story = Story::new(config());
    for first in [3, 5, 7, 9] {
        story.offer(&packet(first, first + 1));
    }
    story.offer(&packet(11, 12));
    story.offer(&packet(2, 3));
    assert_eq!(story.counters().stash_overflows, 2);
    assert_eq!(story.offer(&packet(1, 2)), [1, 2, 3]);
    assert_eq!(story.offer(&packet(4, 5)), [4, 5]);
    assert_eq!(story.offer(&packet(6, 7)), [6, 7]);
    assert_eq!(story.offer(&packet(8, 9)), [8], "9 gave way to 2");
}

/// The same where bytes are short and not places, with packets of any length.
#[test]
fn the_packet_furthest_ahead_gives_way_for_want_of_bytes() {
    let mut story = Story::new(ReceiverConfig { stash_bytes: 60, ..config() });
    story.offer(&packet(5, 6));
    story.offer(&packet(7, 8));
    assert_eq!(story.counters().stash_overflows, 0);
    story.offer(&packet(9, 12));
    assert_eq!(story.counters().stash_overflows, 1, "it was the furthest itself");
    story.offer(&packet(2, 5));
    assert_eq!(story.counters().stash_overflows, 2);
    assert_eq!(story.offer(&packet(1, 2)), [1, 2, 3, 4, 5]);
    assert_eq!(story.offer(&packet(6, 7)), [6], "7 gave way to 2");
    // What was given back is there for others.
    story.offer(&packet(8, 21));
    assert_eq!(story.counters().stash_overflows, 2);
    assert_eq!(story.offer(&packet(7, 8)), (7..21).collect::<Vec<u8>>());
}

#[test]
fn a_refused_message_comes_again() {
    let mut story = Story::new(config());
    story.room = 2;
    assert_eq!(story.offer(&packet(1, 6)), [1, 2]);
    assert!(story.receiver.is_blocked());
    assert_eq!(story.offer(&packet(6, 8)), [], "no delivery before resume");
    assert_eq!(story.offer(&packet(1, 6)), [], "also not of what was refused");
    assert_eq!(story.asks(0), None, "what waits is not missing");
    assert_eq!(story.resume(), [3, 4]);
    assert_eq!(story.resume(), [5, 6]);
    assert_eq!(story.resume(), [7]);
    assert!(!story.receiver.is_blocked());
    assert_eq!(story.counters().delivered, 7);
}

/// A packet too long for the stash is lost while there is no room, and repaired.
#[test]
fn what_cannot_be_kept_is_asked_for_again() {
    let mut story = Story::new(ReceiverConfig { stash_bytes: 25, ..config() });
    story.room = 1;
    assert_eq!(story.offer(&packet(1, 5)), [1]);
    assert_eq!(story.counters().stash_overflows, 1);
    story.room = usize::MAX;
    assert_eq!(story.resume(), []);
    story.offer(&packet(5, 5));
    assert_eq!(story.asks(0), Some((2, 3)));
    assert_eq!(story.offer(&packet(2, 5)), [2, 3, 4]);
}

#[test]
fn foreign_and_malformed_datagrams_are_counted() {
    let mut story = Story::new(config());
    let mut foreign = packet(1, 2);
    foreign[0] = b'X';
    story.offer(&foreign);
    story.offer(b"short");
    let torn = packet(1, 3);
    story.offer(&torn[..torn.len() - 1]);
    let ReceiverCounters { foreign_session, malformed, delivered, .. } = story.counters();
    assert_eq!((foreign_session, malformed, delivered), (1, 2, 0));
}

/// A number near the receiver's own, or at the edges of 64 bits, or anything.
fn hostile_number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0_u64..40, 1 => u64::MAX - 20..=u64::MAX, 1 => any::<u64>()]
}

fn hostile_datagram() -> impl Strategy<Value = Vec<u8>> {
    let count = prop_oneof![6 => 0_u16..6, 1 => Just(0xFFFF), 1 => any::<u16>()];
    let body = prop_oneof![
        4 => (0_usize..8).prop_map(|blocks| b"\0\x01a".repeat(blocks)),
        1 => prop::collection::vec(any::<u8>(), 0..1500),
    ];
    (hostile_number(), count, body).prop_map(|(sequence, count, body)| {
        [&session().bytes()[..], &sequence.to_be_bytes(), &count.to_be_bytes(), &body].concat()
    })
}

proptest! {
    /// All memory of a receiver is in boxed slices of fixed size, so it cannot
    /// grow; this shows that nothing panics and that numbers come in order.
    #[test]
    fn hostile_packets(
        start in prop_oneof![4 => 1_u64..4, 1 => u64::MAX - 10..=u64::MAX],
        stash_packets in 0_usize..5,
        steps in prop::collection::vec((hostile_datagram(), any::<bool>(), 0_u64..1 << 30), 0..60),
    ) {
        let config = ReceiverConfig { stash_packets, ..ReceiverConfig::starting_at(session(), start) };
        let mut receiver = StreamReceiver::new(config);
        let (mut expected, mut now) = (start, 0);
        for (datagram, room, passed) in steps {
            now += passed;
            let mut deliver = |number: u64, _: &[u8]| {
                if room {
                    assert_eq!(number, expected);
                    expected += 1;
                }
                room
            };
            receiver.offer(&datagram, &mut deliver);
            receiver.resume(&mut deliver);
            prop_assert_eq!(receiver.next(), expected);
            if let Some(request) = receiver.poll(now) {
                prop_assert!(request.sequence >= receiver.next());
                prop_assert!(request.count >= 1 && request.count <= 1024);
                prop_assert!(receiver.poll(now).is_none(), "once at a time");
            }
        }
        let counters = receiver.counters();
        prop_assert_eq!(counters.delivered, expected - start);
    }
}
