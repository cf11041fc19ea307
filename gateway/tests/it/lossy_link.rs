//! Sender and receiver over a link that loses, doubles and reorders.
//!
//! One seed is one run: how bad the link is in each direction, when messages
//! are pushed and flushed, when the taker has no room, and whether the sender
//! crashes and comes back from what it remembers. Whatever happens, every
//! message is delivered once and in order, and the number of packets and of
//! requests stays in proportion to the messages.

use ringmatch_gateway::stream::{ReceiverConfig, SenderConfig, StreamReceiver, StreamSender};
use ringmatch_gateway::wire::mold::{Request, SessionName};

const STEP_NS: u64 = 100_000;
const MESSAGES: u64 = 600;
const SEEDS: u64 = 400;

fn session() -> SessionName {
    "TEST".parse().unwrap()
}

/// Message number n: its number, padded to a length that depends on it.
fn message(number: u64) -> Vec<u8> {
    let padding = usize::try_from(number * 7919 % 90).unwrap();
    [&number.to_be_bytes()[..], &vec![0xA5; padding]].concat()
}

/// One direction of the network: packets with the time of their arrival.
struct Link {
    in_flight: Vec<(u64, Vec<u8>)>,
    loss: f64,
    doubling: f64,
    carried: u64,
}

impl Link {
    fn new(random: &mut fastrand::Rng) -> Self {
        let mut share = || 0.05 + 0.25 * random.f64();
        Self { in_flight: Vec::new(), loss: share(), doubling: share(), carried: 0 }
    }

    fn send(&mut self, now: u64, packet: &[u8], random: &mut fastrand::Rng) {
        self.carried += 1;
        let copies = 1 + usize::from(random.f64() < self.doubling);
        for _ in 0..copies {
            if random.f64() >= self.loss {
                // Up to eight steps: packets sent together arrive in any order.
                let arrival = now + random.u64(1..=8) * STEP_NS;
                self.in_flight.push((arrival, packet.to_vec()));
            }
        }
    }

    fn arrivals(&mut self, now: u64) -> Vec<Vec<u8>> {
        let (arrived, rest) = self.in_flight.drain(..).partition(|(at, _)| *at <= now);
        self.in_flight = rest;
        let arrived: Vec<_> = arrived;
        arrived.into_iter().map(|(_, packet)| packet).collect()
    }
}

/// How a run differs from the plainest one.
#[derive(Clone, Copy, Debug)]
struct Case {
    seed: u64,
    /// The sender crashes once, and remembers what it had pushed.
    crash: bool,
    /// The window is small, and messages leave it when they are acknowledged.
    acknowledged: bool,
    /// Most requests that wait for an answer at a time.
    under_way: usize,
}

struct Run {
    random: fastrand::Rng,
    sender: StreamSender,
    receiver: StreamReceiver,
    down: Link,
    up: Link,
    expected: u64,
    ended: bool,
    case: Case,
}

impl Run {
    fn new(case: Case) -> Self {
        let mut random = fastrand::Rng::with_seed(case.seed);
        let receiver = ReceiverConfig {
            stash_packets: random.usize(1..16),
            request_messages: random.u16(1..200),
            requests_under_way: case.under_way,
            ..ReceiverConfig::starting_at(session(), 1)
        };
        Self {
            sender: StreamSender::new(Self::sender_config(case, 1)),
            receiver: StreamReceiver::new(receiver),
            down: Link::new(&mut random),
            up: Link::new(&mut random),
            random,
            expected: 1,
            ended: false,
            case,
        }
    }

    fn sender_config(case: Case, next: u64) -> SenderConfig {
        let window_bytes = if case.acknowledged { 4_000 } else { 1 << 20 };
        SenderConfig { next, window_bytes, window_messages: 1024, ..SenderConfig::new(session()) }
    }

    /// Plays until everything is delivered; the number of steps taken.
    fn play(&mut self) -> u64 {
        let crash_at = self.random.u64(20..200);
        for step in 0..200_000 {
            let now = step * STEP_NS;
            if self.case.crash && step == crash_at {
                self.restart_sender();
            }
            if self.sender.next() <= MESSAGES {
                self.push_some(now);
            } else if !self.ended {
                self.ended = true;
                let Self { sender, down, random, .. } = self;
                sender.end_of_session(now, |packet| down.send(now, packet, random));
            }
            self.sender_hears(now);
            self.receiver_hears(now);
            if self.receiver.is_complete() {
                return step;
            }
        }
        panic!("not finished: {:?}, {:?}", self.case, self.receiver);
    }

    fn push_some(&mut self, now: u64) {
        let Self { sender, down, random, .. } = self;
        for _ in 0..random.u64(0..8) {
            let window_is_kept = self.case.acknowledged && sender.is_full();
            if sender.next() <= MESSAGES && !window_is_kept {
                let message = message(sender.next());
                sender.push(&message, now, |packet| down.send(now, packet, random)).unwrap();
            }
        }
        if random.bool() {
            sender.flush(now, |packet| down.send(now, packet, random));
        }
    }

    fn sender_hears(&mut self, now: u64) {
        let Self { sender, down, up, random, .. } = self;
        for datagram in up.arrivals(now) {
            let request = Request::decode(&datagram).unwrap();
            if let Ok(answer) = sender.answer(&request) {
                down.send(now, answer, random);
            }
        }
        sender.poll(now, |packet| down.send(now, packet, random));
        if self.case.acknowledged {
            sender.release_below(self.receiver.next());
        }
    }

    fn receiver_hears(&mut self, now: u64) {
        let Self { receiver, down, up, random, expected, .. } = self;
        let arrivals = down.arrivals(now);
        let mut taker = random.fork();
        let mut deliver = |number: u64, bytes: &[u8]| {
            let takes = taker.f64() >= 0.02;
            if takes {
                assert_eq!(number, *expected, "out of order");
                assert_eq!(bytes, message(number), "another message");
                *expected += 1;
            }
            takes
        };
        for datagram in arrivals {
            receiver.offer(&datagram, &mut deliver);
        }
        receiver.resume(&mut deliver);
        while let Some(request) = receiver.poll(now) {
            up.send(now, &request.encode(), random);
        }
    }

    /// The sender dies with its packet under construction; the one that follows
    /// it has the same messages and numbers, as after a replay.
    fn restart_sender(&mut self) {
        self.ended = false;
        let (oldest, next) = (self.sender.oldest(), self.sender.next());
        self.sender = StreamSender::new(Self::sender_config(self.case, oldest));
        for number in oldest..next {
            assert_eq!(self.sender.remember(&message(number)), Ok(number));
        }
    }
}

fn check(crash: bool, acknowledged: bool) {
    for seed in 0..SEEDS {
        let case = Case { seed, crash, acknowledged, under_way: 1 };
        let mut run = Run::new(case);
        let steps = run.play();
        assert_eq!(run.expected, MESSAGES + 1, "{case:?}");
        let counters = run.receiver.counters();
        assert_eq!(counters.delivered, MESSAGES, "{case:?}");
        assert!(
            run.down.carried <= 3 * MESSAGES / 2,
            "{} packets down, {case:?}",
            run.down.carried
        );
        assert!(run.up.carried <= 3 * MESSAGES / 2, "{} requests, {case:?}", run.up.carried);
        assert!(steps < 10_000, "{steps} steps of 0.1 ms, {case:?}");
    }
}

/// With many requests under way, which cost more on a link as bad as these, since
/// what merely comes late is asked for as well.
#[test]
fn also_when_many_requests_are_under_way() {
    for seed in 0..SEEDS {
        let (crash, acknowledged) = (seed % 2 == 1, seed % 4 > 1);
        let case = Case { seed, crash, acknowledged, under_way: 32 };
        let mut run = Run::new(case);
        let steps = run.play();
        assert_eq!(run.expected, MESSAGES + 1, "{case:?}");
        assert_eq!(run.receiver.counters().delivered, MESSAGES, "{case:?}");
        assert!(run.down.carried <= 2 * MESSAGES, "{} packets down, {case:?}", run.down.carried);
        assert!(run.up.carried <= 2 * MESSAGES, "{} requests, {case:?}", run.up.carried);
        assert!(steps < 30_000, "{steps} steps of 0.1 ms, {case:?}");
    }
}

#[test]
fn everything_arrives_once_and_in_order() {
    check(false, false);
}

#[test]
fn also_when_the_sender_restarts() {
    check(true, false);
}

#[test]
fn also_when_the_window_holds_only_what_is_not_acknowledged() {
    check(false, true);
}

#[test]
fn also_when_a_small_window_is_remembered() {
    check(true, true);
}
