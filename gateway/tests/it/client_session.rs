//! Clients against the venue's ends of their streams, over a bad network.
//!
//! One seed is one history: several `ClientSession`s, an `Intake`, an exchange
//! and an `Outlet`, and between them datagrams that are lost, doubled and
//! reordered in every direction. Commands become durable late; now and then
//! the venue crashes and loses what was not durable, and a client starts again.
//! In the end every message was applied once and in order, and every client
//! has every response once and in order. With keys the same holds even while
//! what a dead client had sent is still on its way, and while somebody who has
//! recorded every datagram plays them all again from elsewhere.

use crate::floor::{Floor, session_name, venue};
use ringmatch_engine::command::{Command, SequencedCommand, Side};
use ringmatch_engine::event::Event;
use ringmatch_engine::{Nanos, Price, Sequence, SessionId, UserRef};
use ringmatch_gateway::client::{Channel, ClientSession, NewOrder, SendError, Start, cancellation};
use ringmatch_gateway::seal::Key;
use ringmatch_gateway::wire::ouch::Inbound;
use ringmatch_gateway::{
    Destination, Directory, Intake, Logins, Outlet, OutletConfig, SealCounters, Sequencer,
    translate,
};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

const STEP_NS: u64 = 250_000;
const CLIENTS: u16 = 3;
const MESSAGES: usize = 60;
const SEEDS: u64 = 200;
const KEYED_SEEDS: u64 = 50;
/// Four seconds of the simulated clock.
const STEPS: u64 = 16_000;

/// Where the venue listens; a client tells by the port who speaks.
const ORDERS: u16 = 1;
const REQUESTS: u16 = 2;
/// Who plays again what was recorded.
const STRANGER: u16 = 66;

fn address(port: u16) -> SocketAddr {
    ([10, 0, 0, 1], port).into()
}

struct Datagram {
    arrival: u64,
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

struct Network {
    random: fastrand::Rng,
    loss: f64,
    doubling: f64,
    in_flight: Vec<Datagram>,
    /// What somebody who listens has recorded, if anybody does.
    recorded: Option<Vec<Datagram>>,
}

impl Network {
    fn new(random: &mut fastrand::Rng, is_recorded: bool) -> Self {
        let (loss, doubling) = (0.3 * random.f64(), 0.3 * random.f64());
        let recorded = is_recorded.then(Vec::new);
        Self { random: random.fork(), loss, doubling, in_flight: Vec::new(), recorded }
    }

    /// Plays some recorded datagrams again: from where they came, or from the
    /// address of whoever plays them.
    fn replay(&mut self, step: u64) {
        let Some(recorded) = &self.recorded else { return };
        if recorded.is_empty() {
            return;
        }
        for _ in 0..2 {
            let Datagram { from, to, bytes, .. } = &recorded[self.random.usize(0..recorded.len())];
            let from = if self.random.bool() { *from } else { address(STRANGER) };
            let (to, bytes) = (*to, bytes.clone());
            self.in_flight.push(Datagram { arrival: step + 1, from, to, bytes });
        }
    }

    fn send(&mut self, step: u64, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        if let Some(recorded) = &mut self.recorded {
            recorded.push(Datagram { arrival: 0, from, to, bytes: bytes.to_vec() });
        }
        let copies = 1 + usize::from(self.random.f64() < self.doubling);
        for _ in 0..copies {
            if self.random.f64() >= self.loss {
                let arrival = step + self.random.u64(1..=8);
                self.in_flight.push(Datagram { arrival, from, to, bytes: bytes.to_vec() });
            }
        }
    }

    fn arrivals(&mut self, step: u64, to: SocketAddr) -> Vec<Datagram> {
        self.in_flight.extract_if(.., |sent| sent.arrival <= step && sent.to == to).collect()
    }

    /// Nothing from or to an address that is gone arrives any more.
    fn forget(&mut self, address: SocketAddr) {
        self.in_flight.retain(|sent| sent.from != address && sent.to != address);
    }
}

/// The venue: what was sequenced, how much of it is durable, and what came of
/// it and may not leave yet.
struct Venue {
    floor: Floor,
    intake: Intake,
    outlet: Outlet,
    log: Vec<SequencedCommand>,
    held: Vec<Event>,
    durable: usize,
    time: Nanos,
    room: usize,
}

impl Sequencer for Venue {
    fn sequence(&mut self, session: SessionId, number: u64, command: Command) -> Option<Sequence> {
        if self.room == 0 {
            return None;
        }
        self.room -= 1;
        let sequence = self.floor.exchange.sequence().next();
        let command = SequencedCommand { sequence, time: self.time, session, number, command };
        self.floor.exchange.apply(&command, &mut self.held);
        self.log.push(command);
        Some(sequence)
    }
}

impl Venue {
    /// A venue that comes back from a log.
    fn replayed(log: Vec<SequencedCommand>, keyed: bool, first_login: u64) -> Self {
        let (mut floor, mut events) = Floor::open(CLIENTS);
        for command in &log {
            floor.exchange.apply(command, &mut events);
        }
        let mut outlet = Outlet::new(OutletConfig {
            max_packet_bytes: 600,
            market_bytes: 1 << 16,
            market_messages: 1 << 12,
            response_bytes: 1 << 16,
            response_messages: 1 << 10,
            ..OutletConfig::new(venue())
        });
        let sessions = (1..=CLIENTS).filter(|_| keyed);
        let logins =
            Logins::new(sessions.map(|number| (session_name(number), key(number))), first_login);
        outlet = outlet.with_logins(logins.clone());
        events.iter().for_each(|event| outlet.remember(event));
        let mut intake = Intake::with_logins(logins);
        for instrument in floor.exchange.instruments() {
            intake.list(instrument.id, instrument.symbol);
        }
        for session in floor.exchange.sessions() {
            intake.admit(session.id, session.name, session.firm, session.next_input);
        }
        let (held, durable, time) = (Vec::new(), log.len(), Nanos(1_000_000));
        Self { floor, intake, outlet, log, held, durable, time, room: 0 }
    }

    fn durable_sequence(&self) -> Sequence {
        Sequence(self.floor.exchange.sequence().0 - (self.log.len() - self.durable) as u64)
    }

    fn is_idle(&self) -> bool {
        self.durable == self.log.len() && self.held.is_empty()
    }

    fn work(&mut self, step: u64, network: &mut Network) {
        let now = step * STEP_NS;
        self.time = Nanos(1_000_000 + now);
        self.room = network.random.usize(0..6);
        let mut intake = std::mem::take(&mut self.intake);
        intake.resume(self);
        for sent in network.arrivals(step, address(ORDERS)) {
            intake.datagram(&sent.bytes, sent.from, self);
        }
        intake.poll(now, self.durable_sequence(), |packet, to| {
            network.send(step, address(ORDERS), to, packet);
        });
        self.intake = intake;
        self.durable = network.random.usize(self.durable..=self.log.len());
        self.publish(step, network);
    }

    fn publish(&mut self, step: u64, network: &mut Network) {
        let now = step * STEP_NS;
        let durable = self.durable_sequence();
        let requests = network.arrivals(step, address(REQUESTS));
        let mut send = |to, packet: &[u8]| {
            if let Destination::To(client) = to {
                network.send(step, address(REQUESTS), client, packet);
            }
        };
        for event in self.held.extract_if(.., |event| event.cause <= durable) {
            self.outlet.publish(&event, now, &mut send);
        }
        self.outlet.flush(now, &mut send);
        for sent in requests {
            self.outlet.request(&sent.bytes, sent.from, now, &mut send);
        }
        self.outlet.heartbeats(now, &mut send);
    }

    /// What every session was told, by a replay of the log.
    fn responses(&self) -> Vec<Vec<Vec<u8>>> {
        let (mut floor, mut events) = Floor::open(CLIENTS);
        for command in &self.log {
            floor.exchange.apply(command, &mut events);
        }
        let directory = directory(&floor);
        let mut told = vec![Vec::new(); usize::from(CLIENTS)];
        for event in &events {
            translate::responses(event, &directory, |to, message| {
                told[usize::from(to.session().0) - 1].push(message.to_vec());
                assert_eq!(told[usize::from(to.session().0) - 1].len() as u64, to.number().0);
            });
        }
        told
    }
}

fn key(session: u16) -> Key {
    Key::new([u8::try_from(session).unwrap(); Key::BYTES])
}

fn directory(floor: &Floor) -> Directory {
    let mut directory = Directory::default();
    for instrument in floor.exchange.instruments() {
        directory.list(instrument.id, instrument.symbol);
    }
    for session in floor.exchange.sessions() {
        directory.admit(session.id, session.firm);
    }
    directory
}

fn session(number: u16, start: Start, keyed: bool, random: &mut fastrand::Rng) -> ClientSession {
    // The venue's packets are of another length than any client's.
    let bytes = [256, 1_400, 8_900][usize::from(number) % 3];
    let session = ClientSession::new(session_name(number), start).with_packets_of(bytes);
    if keyed { session.sealed(&key(number), random.u64(..)) } else { session }
}

struct Trader {
    number: u16,
    address: SocketAddr,
    session: ClientSession,
    sent: Vec<Vec<u8>>,
    heard: Vec<Vec<u8>>,
    keyed: bool,
    random: fastrand::Rng,
}

impl Trader {
    fn new(number: u16, keyed: bool, mut random: fastrand::Rng) -> Self {
        let address = address(1_000 + number);
        let session = session(number, Start::At(1), keyed, &mut random);
        Self { number, address, session, sent: Vec::new(), heard: Vec::new(), keyed, random }
    }

    /// The process ends, whatever is on its way, and another takes its place,
    /// from another port, which knows no more than what it had heard. Without a
    /// key it must wait until nothing of the first is on its way.
    fn restart(&mut self, network: &mut Network) {
        if !self.keyed {
            network.forget(self.address);
        }
        self.address.set_port(self.address.port() + 100);
        let start = Start::At(self.heard.len() as u64 + 1);
        self.session = session(self.number, start, self.keyed, &mut self.random);
    }

    fn work(&mut self, step: u64, network: &mut Network) {
        let now = step * STEP_NS;
        let from = self.address;
        let arrivals = network.arrivals(step, from);
        let mut send = |channel, packet: &[u8]| {
            let port = if channel == Channel::Orders { ORDERS } else { REQUESTS };
            network.send(step, from, address(port), packet);
        };
        for sent in arrivals {
            if sent.from.port() == ORDERS {
                self.session.order_datagram(&sent.bytes, &mut send);
            } else {
                let heard = &mut self.heard;
                self.session.response_datagram(&sent.bytes, &mut |number, message| {
                    heard.push(message.to_vec());
                    assert_eq!(number, heard.len() as u64, "once and in order");
                });
            }
        }
        if let Some(known) = self.session.next_message().checked_sub(1) {
            // What an earlier process had sent and the venue never got is gone.
            self.sent.truncate(usize::try_from(known).unwrap());
            assert_eq!(self.sent.len() as u64, known, "what the venue has was sent");
        }
        for _ in 0..self.random.usize(0..4) {
            if self.sent.len() == MESSAGES {
                break;
            }
            let message = self.message();
            match self.session.push(&message, now, &mut send) {
                Ok(()) => self.sent.push(message),
                Err(SendError::NotEstablished) => break,
                Err(error) => panic!("{error}"),
            }
        }
        if self.random.bool() {
            self.session.flush(now, &mut send);
        }
        self.session.poll(now, &mut send);
    }

    /// An order, or the cancel of an earlier one.
    fn message(&mut self) -> Vec<u8> {
        let user_ref = u32::try_from(self.sent.len()).unwrap() + 1;
        let message: Inbound = if user_ref > 1 && self.random.u8(0..4) == 0 {
            cancellation(UserRef(self.random.u32(1..user_ref)), 0).into()
        } else {
            let side = if self.random.bool() { Side::Buy } else { Side::Sell };
            let price = Price(self.random.i64(95..105));
            let symbol = "AAPL".parse().unwrap();
            let quantity = self.random.u32(1..50);
            NewOrder::limit(symbol, side, quantity, price).message(UserRef(user_ref)).0.into()
        };
        let mut bytes = [0; Inbound::MAX_LEN];
        let len = message.encode(None, &mut bytes);
        bytes[..len].to_vec()
    }

    fn is_done(&self, venue: &Venue) -> bool {
        let told = venue.floor.exchange.sessions()[usize::from(self.number) - 1].next_response;
        self.sent.len() == MESSAGES
            && self.session.is_safe()
            && self.heard.len() as u64 + 1 == told.0
    }
}

/// Plays a history; what the venue refused in its last run.
fn play(seed: u64, keyed: bool) -> SealCounters {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut network = Network::new(&mut random, keyed);
    let mut venue = Venue::replayed(Vec::new(), keyed, random.u64(..));
    let mut traders: Vec<Trader> =
        (1..=CLIENTS).map(|number| Trader::new(number, keyed, random.fork())).collect();
    let crashes = [random.u64(20..400), random.u64(20..400)];
    let restart = (random.u64(100..600), random.usize(0..traders.len()));
    let mut done = false;
    for step in 0..STEPS {
        if crashes.contains(&step) {
            // A part of what was not durable may be there all the same.
            let kept = random.usize(venue.durable..=venue.log.len());
            venue.log.truncate(kept);
            venue = Venue::replayed(venue.log, keyed, random.u64(..));
        }
        if step >= restart.0 && traders[restart.1].address.port() < 1_100 {
            traders[restart.1].restart(&mut network);
        }
        network.replay(step);
        venue.work(step, &mut network);
        traders.iter_mut().for_each(|trader| trader.work(step, &mut network));
        done = venue.is_idle() && traders.iter().all(|trader| trader.is_done(&venue));
        if done && step > restart.0 {
            break;
        }
    }
    assert!(done, "not finished in {STEPS} steps");

    assert!(traders.iter().all(|trader| !trader.session.is_taken_over()), "by nobody alive");
    let directory = directory(&venue.floor);
    let told = venue.responses();
    for (trader, told) in traders.iter().zip(told) {
        let applied = venue.log.iter().filter(|command| command.session.0 == trader.number);
        let applied: Vec<_> = applied.map(|entry| (entry.number, entry.command)).collect();
        let session = SessionId(trader.number);
        let sent = trader.sent.iter();
        let sent = sent.map(|message| translate::command(message, session, &directory));
        let sent: Vec<_> = (1..).zip(sent).collect();
        assert_eq!(applied, sent, "session {}: each once and in order", trader.number);
        assert_eq!(trader.heard, told, "session {}", trader.number);
    }
    venue.intake.counters().seals
}

#[test]
fn every_message_is_applied_once_and_every_response_heard_once() {
    each_seed(SEEDS, |seed| assert_eq!(play(seed, false), SealCounters::default()));
}

#[test]
fn with_keys_neither_a_dead_client_nor_a_replayed_recording_changes_that() {
    let (replayed, other_login) = (AtomicU64::new(0), AtomicU64::new(0));
    each_seed(KEYED_SEEDS, |seed| {
        let refused = play(seed, true);
        replayed.fetch_add(refused.replayed, Ordering::Relaxed);
        other_login.fetch_add(refused.other_login, Ordering::Relaxed);
        assert_eq!((refused.unsealed, refused.broken), (0, 0));
    });
    assert!(replayed.into_inner() > 0 && other_login.into_inner() > 0, "nothing was refused");
}

fn each_seed(seeds: u64, play: impl Fn(u64) + std::panic::RefUnwindSafe) {
    for seed in 0..seeds {
        if let Err(panic) = std::panic::catch_unwind(|| play(seed)) {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
