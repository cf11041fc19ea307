//! The real engine and real clients, with a bad network between them.
//!
//! Each client reaches the engine through a proxy that drops, doubles and holds
//! back one datagram in twenty, each, in both directions of both channels. In
//! the end the journal has every message once and in order, and what a client
//! heard is what a client beside the proxy hears that reads the whole stream
//! again.

use crate::engine::{Engine, PATIENCE, Site, run_json};
use ringmatch::follower::Follower;
use ringmatch::log;
use ringmatch_engine::command::{Command, SequencedCommand, Side};
use ringmatch_engine::{Price, Sequence, SessionId, UserRef};
use ringmatch_gateway::client::{Client, ClientConfig, NewOrder, Response, Start};
use ringmatch_gateway::client::{cancellation, replacement};
use ringmatch_gateway::net::{Datagrams, EndpointConfig, MAX_DATAGRAM, UdpEndpoint};
use ringmatch_gateway::wire::ouch::{AccountQuery, Inbound, Outbound};
use ringmatch_gateway::{Directory, translate};
use ringmatch_journal::{Directory as JournalDirectory, Reader};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const SESSIONS: [&str; 3] = ["ALPHA", "BRAVO", "CHARLIE"];
const MESSAGES: usize = 1_500;
/// One in so many datagrams is dropped, one doubled, one held back.
const ONE_IN: u8 = 20;
/// How long one that is held back waits.
const HELD: Duration = Duration::from_millis(2);

/// One direction of one channel.
struct Link {
    random: fastrand::Rng,
    held: Vec<(Instant, Vec<u8>)>,
    faults: Faults,
}

/// How often each fault happened.
#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    dropped: u32,
    doubled: u32,
    held: u32,
}

impl Link {
    fn new(seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self { random, held: Vec::new(), faults: Faults::default() }
    }

    /// What of a datagram goes on now.
    fn copies(&mut self, datagram: &[u8]) -> usize {
        match self.random.u8(0..ONE_IN) {
            0 => {
                self.faults.dropped += 1;
                0
            }
            1 => {
                self.faults.doubled += 1;
                2
            }
            2 => {
                self.faults.held += 1;
                self.held.push((Instant::now() + HELD, datagram.to_vec()));
                0
            }
            _ => 1,
        }
    }
}

/// A pair of sockets: one that a client speaks to, one that speaks to the
/// engine. The engine knows a client by that one, and the client the channel
/// by the other.
struct Channel {
    front: UdpEndpoint,
    back: UdpEndpoint,
    engine: SocketAddr,
    client: Option<SocketAddr>,
    forth: Link,
    home: Link,
}

impl Channel {
    fn new(engine: SocketAddrV4, seed: u64) -> Self {
        let open = || {
            let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
            UdpEndpoint::open(&EndpointConfig::new("proxy", any, Ipv4Addr::LOCALHOST)).unwrap()
        };
        let (forth, home) = (Link::new(seed), Link::new(seed + 1));
        Self { front: open(), back: open(), engine: engine.into(), client: None, forth, home }
    }

    fn front(&self) -> SocketAddrV4 {
        let SocketAddr::V4(address) = self.front.local_address() else { panic!("it is IPv4") };
        address
    }

    fn forward(&mut self, buffer: &mut [u8]) {
        let Self { front, back, engine, client, forth, home } = self;
        let idle = Duration::from_micros(200);
        while let Some((len, from)) = front.receive(buffer).unwrap() {
            *client = Some(from);
            for _ in 0..forth.copies(&buffer[..len]) {
                back.send(&buffer[..len], *engine).unwrap();
            }
        }
        let mut arrived = back.receive_within(buffer, idle).unwrap();
        while let (Some((len, _)), Some(client)) = (arrived, *client) {
            for _ in 0..home.copies(&buffer[..len]) {
                front.send(&buffer[..len], client).unwrap();
            }
            arrived = back.receive(buffer).unwrap();
        }
        let now = Instant::now();
        for (_, late) in forth.held.extract_if(.., |(due, _)| *due <= now) {
            back.send(&late, *engine).unwrap();
        }
        for (_, late) in home.held.extract_if(.., |(due, _)| *due <= now) {
            front.send(&late, client.expect("it was heard of")).unwrap();
        }
    }
}

/// A running proxy of one client.
struct Proxy {
    orders: SocketAddrV4,
    requests: SocketAddrV4,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<[Faults; 4]>,
}

impl Proxy {
    fn start(site: &Site, seed: u64) -> Self {
        let mut channels = [Channel::new(site.orders, seed), Channel::new(site.requests, seed + 2)];
        let [orders, requests] = channels.each_ref().map(Channel::front);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; MAX_DATAGRAM];
            while !stopped.load(Ordering::Acquire) {
                channels.iter_mut().for_each(|channel| channel.forward(&mut buffer));
            }
            let [orders, requests] = channels;
            [orders.forth, orders.home, requests.forth, requests.home].map(|link| link.faults)
        });
        Self { orders, requests, stop, thread }
    }

    fn stop(self) -> [Faults; 4] {
        self.stop.store(true, Ordering::Release);
        self.thread.join().unwrap()
    }
}

/// What one client sent and heard.
struct Trade {
    sent: Vec<Vec<u8>>,
    heard: Vec<Response>,
}

impl Trade {
    fn send(&mut self, client: &mut Client, message: &Inbound) {
        let mut bytes = [0; Inbound::MAX_LEN];
        let len = message.encode(None, &mut bytes);
        client.send_bytes(&bytes[..len]).unwrap();
        self.sent.push(bytes[..len].to_vec());
    }

    /// Asks for the next number, and hears everything up to the answer.
    fn settle(&mut self, client: &mut Client) {
        self.send(client, &AccountQuery {}.into());
        loop {
            let heard = client.receive(PATIENCE).unwrap().expect("an answer");
            let is_fence = matches!(heard.message, Outbound::AccountQueryResponse(_));
            self.heard.push(heard);
            if is_fence {
                return;
            }
        }
    }
}

fn message(random: &mut fastrand::Rng, user_ref: UserRef) -> Inbound {
    let earlier = UserRef(random.u32(0..user_ref.0));
    let (quantity, price) = (random.u32(1..50), Price(random.i64(9_900..10_100) * 100));
    match random.u8(0..6) {
        0 => cancellation(earlier, 0).into(),
        1 => replacement(earlier, user_ref, quantity, price).into(),
        _ => {
            let side = if random.bool() { Side::Buy } else { Side::Sell };
            let symbol = ["AAPL", "MSFT"][random.usize(0..2)].parse().unwrap();
            NewOrder::limit(symbol, side, quantity, price).message(user_ref).0.into()
        }
    }
}

/// Trades in bursts; then hears all that concerns it, also what the others'
/// last orders did.
fn trade(config: ClientConfig, seed: u64, all_have_sent: &Barrier) -> Trade {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut client = Client::connect(config, PATIENCE).unwrap();
    // The query with which it connects is its first message.
    let mut trade = Trade { sent: vec![b"Q".to_vec()], heard: Vec::new() };
    for _ in 0..MESSAGES {
        let user_ref = client.next_user_ref();
        trade.send(&mut client, &message(&mut random, user_ref));
        if random.u8(0..4) == 0 {
            client.flush().unwrap();
            trade.heard.extend(client.try_receive().unwrap());
        }
    }
    while trade.heard.len() < 2 {
        trade.heard.push(client.receive(PATIENCE).unwrap().expect("the answer of connecting"));
    }
    trade.settle(&mut client);
    all_have_sent.wait();
    trade.settle(&mut client);
    let seen = client.counters();
    assert!(seen.gaps > 0 && seen.duplicates > 0, "the proxy was in the way: {seen:?}");
    trade
}

/// The journal's commands, by a replay of it.
fn commands(data: &Path) -> Vec<SequencedCommand> {
    let mut reader = Reader::open(JournalDirectory::open(data).unwrap()).unwrap();
    let limits = log::decode_limits(reader.identity().config()).unwrap();
    let mut follower = Follower::new(limits).unwrap();
    let mut commands = Vec::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        let witness = &mut |command: &SequencedCommand, _: &[_]| commands.push(*command);
        follower.follow(&frame, Sequence(u64::MAX), witness).unwrap();
    }
    commands
}

#[test]
fn every_order_is_applied_once_and_every_answer_heard_once() {
    let seed = 7;
    println!("seed {seed}");
    let directory = tempfile::tempdir().unwrap();
    let site = Site::unicast(&SESSIONS);
    let data = directory.path().join("data");
    let engine = Engine::start(&site.write_config(directory.path()), &data);

    let all_have_sent = Arc::new(Barrier::new(SESSIONS.len()));
    let mut traders = Vec::new();
    for (name, seed) in SESSIONS.iter().zip((seed..).step_by(10)) {
        let proxy = Proxy::start(&site, seed);
        let Proxy { orders, requests, .. } = proxy;
        let config = ClientConfig { orders, requests, ..site.client(name, Start::At(1)) };
        let barrier = Arc::clone(&all_have_sent);
        traders.push((proxy, std::thread::spawn(move || trade(config, seed, &barrier))));
    }
    let mut trades = Vec::new();
    for (proxy, trader) in traders {
        trades.push(trader.join().unwrap());
        let faults = proxy.stop();
        let orders = faults[0];
        assert!(orders.dropped > 5 && orders.doubled > 5 && orders.held > 5, "{faults:?}");
    }

    // Beside the proxy, the whole stream once more; connecting adds one answer.
    for (name, trade) in SESSIONS.iter().zip(&trades) {
        let mut again = site.connect(name, Start::At(1));
        for (expected, number) in trade.heard.iter().zip(1..) {
            assert_eq!(expected.number, number, "{name}: each once and in order");
            assert_eq!(again.receive(PATIENCE).unwrap().as_ref(), Some(expected), "{name}");
        }
        let last = again.receive(PATIENCE).unwrap().expect("its own answer");
        assert!(matches!(last.message, Outbound::AccountQueryResponse(_)), "{name}: {last:?}");
    }
    assert_eq!(engine.stop(), Some(0));

    let commands = commands(&data);
    let mut symbols = Directory::default();
    for command in &commands {
        if let Command::AddInstrument(listed) = command.command {
            symbols.list(listed.instrument, listed.symbol);
        }
        if let Command::AddSession(admitted) = command.command {
            symbols.admit(admitted.session, admitted.firm);
        }
    }
    for (trade, session) in trades.iter().zip(1..) {
        let applied = commands.iter().filter(|command| command.session.0 == session);
        let applied: Vec<_> = applied.map(|entry| (entry.number, entry.command)).collect();
        let session = SessionId(session);
        let sent = trade.sent.iter();
        let sent = sent.map(|message| translate::command(message, session, &symbols));
        let again = std::iter::once(Command::AccountQuery);
        let expected: Vec<_> = (1..).zip(sent.chain(again)).collect();
        assert_eq!(applied, expected, "session {session}: each once and in order");
    }
    let verified = run_json(&["journal", "verify", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(verified["commands"], commands.len());
}
