//! Where mischief comes from: one socket with an address of its own.
//!
//! The address is another one than the honest client's, as of another host:
//! what the venue allows one source is not taken from the other. Datagrams
//! leave when they are due, a few at a time, so that whoever lets it send can
//! look at a socket in between.

use crate::mischief::Kind;
use crate::recorded::{Recorded, purpose};
use ringmatch_engine::command::{Side, TimeInForce};
use ringmatch_engine::{Price, SessionName, UserRef};
use ringmatch_gateway::client::{Channel, NewOrder};
use ringmatch_gateway::seal::{Key, Seal, Stamp};
use ringmatch_gateway::wire::mold::{PacketBuilder, Request};
use ringmatch_gateway::wire::ouch::Inbound;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::Range;
use std::time::Duration;

/// Another address of this host.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Datagrams sent before anybody else has a turn.
const BURST: u64 = 4;
/// What it draws from.
const SEED: u64 = 4;

/// Where a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// To where the venue takes orders.
    Orders,
    /// To where the venue takes requests.
    Requests,
    /// To a socket that is nobody's.
    Past,
}

/// A client that has logged in and goes on by itself.
struct Mute {
    name: SessionName,
    seal: Seal,
    stamp: Stamp,
    /// Its next message.
    next: u64,
    orders: u32,
}

pub struct Source {
    pub random: fastrand::Rng,
    pub venue: SessionName,
    /// The idle client's name, and its next message.
    pub idle: (&'static str, u64),
    kind: &'static Kind,
    socket: UdpSocket,
    nobody: UdpSocket,
    orders: SocketAddr,
    requests: SocketAddr,
    recording: Vec<(Channel, Vec<u8>)>,
    wrong: Seal,
    mute: Mute,
    datagram: Vec<u8>,
    sealed: Vec<u8>,
    sent: u64,
    sent_before_turn: u64,
}

impl Source {
    pub fn open(
        kind: &'static Kind,
        venue: SessionName,
        (idle, name): (&Recorded, &'static str),
        (mute, key): (&Recorded, Key),
    ) -> io::Result<Self> {
        let (socket, config) = (UdpSocket::bind((ADDRESS, 0))?, idle.config());
        socket.set_nonblocking(true)?;
        let recording = idle.recording();
        let stamps = mute.recording().map(|(.., stamp)| stamp);
        let mute = Mute {
            name: mute.config().session,
            seal: Seal::new(&key),
            stamp: stamps.max_by_key(|stamp| stamp.packet).unwrap_or_default(),
            next: mute.messages() + 1,
            orders: 0,
        };
        Ok(Self {
            random: fastrand::Rng::with_seed(SEED),
            venue,
            idle: (name, idle.messages() + 1),
            kind,
            socket,
            nobody: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?,
            orders: config.orders.into(),
            requests: config.requests.into(),
            recording: recording.map(|(channel, sent, _)| (channel, sent.to_vec())).collect(),
            wrong: Seal::new(&Key::new([0x77; Key::BYTES])),
            mute,
            datagram: Vec::new(),
            sealed: Vec::new(),
            sent: 0,
            sent_before_turn: 0,
        })
    }

    /// Datagrams that the kernel took.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Begins to count the time anew.
    pub fn begin_turn(&mut self) {
        self.sent_before_turn = self.sent;
    }

    /// Sends some of what is due so long after the turn's beginning.
    pub fn send_due(&mut self, elapsed: Duration, rate_per_s: u64) -> io::Result<()> {
        let due = elapsed.as_secs_f64() * rate_per_s as f64;
        let due = (due as u64).saturating_sub(self.sent - self.sent_before_turn);
        for _ in 0..due.min(BURST) {
            let to = match (self.kind.next)(self) {
                Door::Orders => self.orders,
                Door::Requests => self.requests,
                Door::Past => self.nobody.local_addr()?,
            };
            self.socket.send_to(&self.datagram, to)?;
            self.sent += 1;
        }
        Ok(())
    }

    /// Whether it was ever told anything.
    pub fn was_answered(&self) -> bool {
        self.socket.recv(&mut [0; 2_000]).is_ok()
    }

    pub fn fill_with_random_bytes(&mut self, lengths: Range<usize>) {
        let Self { random, datagram, .. } = self;
        datagram.resize(random.usize(lengths), 0);
        random.fill(datagram);
    }

    pub fn fill_with_request(&mut self, session: &str, sequence: u64, count: u16) {
        let session = session.parse().expect("a short text");
        self.fill(&Request { session, sequence, count }.encode());
    }

    pub fn fill_with_orders(&mut self, session: &str, first: u64, orders: u32) {
        let mut builder = PacketBuilder::new(session.parse().expect("a short text"), first, 1_400);
        for number in 1..=orders {
            assert!(builder.push(&order(number)), "{orders} orders fit a packet");
        }
        self.fill(builder.packet());
    }

    pub fn fill_from_recording(&mut self) -> Door {
        let at = self.random.usize(0..self.recording.len());
        let Self { recording, datagram, .. } = self;
        let (channel, recorded) = &recording[at];
        datagram.clone_from(recorded);
        match channel {
            Channel::Orders => Door::Orders,
            Channel::Requests => Door::Requests,
        }
    }

    pub fn seal_with_wrong_key(&mut self, door: Door) {
        let Self { wrong, datagram, sealed, .. } = self;
        let stamp = Stamp { instance: 1, login: 2, packet: 3 };
        wrong.close(purpose(channel(door)), stamp, datagram, sealed);
        std::mem::swap(datagram, sealed);
    }

    /// The next order of the client that never reads, or a request for what it
    /// was told.
    pub fn fill_with_mute(&mut self, door: Door) {
        let Self { mute, random, datagram, sealed, .. } = self;
        sealed.clear();
        match door {
            Door::Orders => {
                mute.orders += 1;
                let mut builder = PacketBuilder::new(mute.name, mute.next, 1_400);
                assert!(builder.push(&order(mute.orders)), "an order fits a packet");
                sealed.extend_from_slice(builder.packet());
                mute.next += 1;
            }
            _ => {
                let sequence = random.u64(1..=mute.next);
                let request = Request { session: mute.name, sequence, count: 1_024 };
                sealed.extend_from_slice(&request.encode());
            }
        }
        mute.stamp.packet += 1;
        mute.seal.close(purpose(channel(door)), mute.stamp, sealed, datagram);
    }

    fn fill(&mut self, bytes: &[u8]) {
        self.datagram.clear();
        self.datagram.extend_from_slice(bytes);
    }
}

fn channel(door: Door) -> Channel {
    if door == Door::Orders { Channel::Orders } else { Channel::Requests }
}

/// An order that finds nobody to trade with and is gone.
fn order(number: u32) -> Vec<u8> {
    let symbol = "AAPL".parse().expect("a short text");
    let order = NewOrder {
        time_in_force: TimeInForce::ImmediateOrCancel,
        ..NewOrder::limit(symbol, Side::Buy, 100, Price(500_000))
    };
    let (order, options) = order.message(UserRef(number));
    let mut bytes = [0; Inbound::MAX_LEN];
    let len = Inbound::from(order).encode(options, &mut bytes);
    bytes[..len].to_vec()
}
