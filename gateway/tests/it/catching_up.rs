//! How long somebody takes who was away and has missed half a million messages.
//!
//! Time is simulated, so the same link gives the same figures everywhere. The venue
//! answers each request with a packet, up to so many a second, and meets the others
//! with silence. One who asks for packet after packet waits for the way there and
//! back each time; one who has several requests under way takes what the venue
//! serves. Every message comes once and in order, and next to nothing comes twice.
//! With `--nocapture` it shows the figures.

use ringmatch_gateway::stream::{ReceiverConfig, SenderConfig, StreamReceiver, StreamSender};
use ringmatch_gateway::wire::mold::{Request, SessionName};
use std::collections::BinaryHeap;
use std::{cmp::Reverse, iter};

const MISSED: u64 = 500_000;
const MS: u64 = 1_000_000;

fn session() -> SessionName {
    "TEST".parse().unwrap()
}

/// Message number n: its number, and as much as responses have behind it.
fn message(number: u64) -> Vec<u8> {
    let padding = usize::try_from(number * 7919 % 40).unwrap();
    [&number.to_be_bytes()[..], &vec![0xA5; padding + 10]].concat()
}

/// A link, and how much the venue serves.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    one_way_ns: u64,
    loss: f64,
    /// Answers a second; half a second's worth can be saved up.
    per_s: u64,
    /// How many times faster it must be with many requests under way.
    gain: f64,
}

const CASES: [Case; 5] = [
    Case { name: "one room", one_way_ns: MS / 20, loss: 0.0, per_s: 5_000, gain: 0.85 },
    Case { name: "one city", one_way_ns: MS / 2, loss: 0.0, per_s: 5_000, gain: 4.0 },
    Case { name: "one country", one_way_ns: 5 * MS, loss: 0.0, per_s: 5_000, gain: 10.0 },
    Case { name: "the same, losing 2 %", one_way_ns: 5 * MS, loss: 0.02, per_s: 5_000, gain: 3.0 },
    Case {
        name: "one country, from memory",
        one_way_ns: 5 * MS,
        loss: 0.0,
        per_s: 20_000,
        gain: 10.0,
    },
];

/// What catching up took.
struct Took {
    ns: u64,
    answers: u64,
    requests: u64,
}

/// Both directions: what arrives when, and where.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    at: u64,
    order: u64,
    is_request: bool,
    bytes: Vec<u8>,
}

/// Plays a case to its end.
fn catch_up(case: Case, sender: &mut StreamSender, config: ReceiverConfig) -> Took {
    let mut random = fastrand::Rng::with_seed(7);
    let mut receiver = StreamReceiver::new(config);
    let mut expected = 1;
    let mut deliver = |number: u64, bytes: &[u8]| {
        assert_eq!((number, bytes), (expected, &message(expected)[..]));
        expected += 1;
        true
    };
    let mut heartbeat = Vec::new();
    sender.heartbeat(0, |packet| heartbeat = packet.to_vec());
    receiver.offer(&heartbeat, &mut deliver);
    let mut way: BinaryHeap<Reverse<Arrival>> = BinaryHeap::new();
    let (mut now, mut order, mut answers, mut served_until) = (case.per_s * MS, 0, 0, 0);
    let begin = now;
    let cost = 1_000 * MS / case.per_s;
    while receiver.next() <= MISSED {
        let asked: Vec<Request> = iter::from_fn(|| receiver.poll(now)).collect();
        let requests = asked.into_iter().map(|request| (true, request.encode().to_vec()));
        for (is_request, bytes) in requests {
            if random.f64() >= case.loss {
                order += 1;
                way.push(Reverse(Arrival { at: now + case.one_way_ns, order, is_request, bytes }));
            }
        }
        // A client looks at its timers at least every 2 ms.
        let until = now + 2 * MS;
        now = way.peek().map_or(until, |Reverse(next)| next.at.min(until));
        while way.peek().is_some_and(|Reverse(next)| next.at <= now) {
            let Reverse(Arrival { is_request, bytes, .. }) = way.pop().unwrap();
            if !is_request {
                receiver.offer(&bytes, &mut deliver);
                continue;
            }
            let from = std::cmp::max(served_until, now.saturating_sub(500 * MS));
            let is_served = from + cost <= now;
            let Ok(answer) = sender.answer(&Request::decode(&bytes).unwrap()) else { continue };
            if !is_served {
                continue;
            }
            (served_until, answers) = (from + cost, answers + 1);
            if random.f64() >= case.loss {
                order += 1;
                let (at, bytes) = (now + case.one_way_ns, answer.to_vec());
                way.push(Reverse(Arrival { at, order, is_request: false, bytes }));
            }
        }
        assert!(now - begin < 3_600_000 * MS, "{}: an hour has passed", case.name);
    }
    assert_eq!(receiver.counters().delivered, MISSED);
    Took { ns: now - begin, answers, requests: receiver.counters().requests }
}

#[test]
fn one_who_was_away_catches_up_at_the_pace_of_the_venue() {
    let config = SenderConfig {
        window_bytes: 64 << 20,
        window_messages: 1 << 20,
        ..SenderConfig::new(session())
    };
    let mut sender = StreamSender::new(config);
    for number in 1..=MISSED {
        sender.remember(&message(number)).unwrap();
    }
    // So many packets hold it all.
    let packets = (1..=MISSED).map(|number| message(number).len() as u64 + 2).sum::<u64>() / 1_380;
    println!("{MISSED} messages in some {packets} packets:        one by one   32 under way");
    for case in CASES {
        let one = catch_up(case, &mut sender, ReceiverConfig::starting_at(session(), 1));
        let many = catch_up(case, &mut sender, ReceiverConfig::of_a_reader(session(), 1));
        let s = |took: &Took| took.ns as f64 / 1e9;
        println!(
            "{:<26} {:>6} answers/s {:>12.2} s {:>12.2} s  ({} answers, {} requests)",
            case.name,
            case.per_s,
            s(&one),
            s(&many),
            many.answers,
            many.requests
        );
        assert!(s(&many) * case.gain <= s(&one), "{}: {} {}", case.name, s(&one), s(&many));
        let twice = 1.2 + 3.0 * case.loss;
        assert!(many.answers as f64 <= packets as f64 * twice, "{}: {}", case.name, many.answers);
    }
}
