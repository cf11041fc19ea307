//! A client of the simulated venue: sends orders of every kind, hears answers.

use super::clock::Time;
use super::network::{Network, Socket};
use ringmatch_engine::command::{Display, Options, Pricing, SelfTrade, Side, TimeInForce};
use ringmatch_engine::{Alpha, Price, Quantity, SessionName, UserRef};
use ringmatch_gateway::client::{
    Channel, ClientSession, NewOrder, SendError, Start, cancellation, replacement,
};
use ringmatch_gateway::net::{Datagrams, MAX_DATAGRAM};
use ringmatch_gateway::wire::Letter;
use ringmatch_gateway::wire::ouch::{AccountQuery, Inbound, MassCancel, ModifyOrder};
use std::net::SocketAddr;

pub struct Trader {
    pub name: SessionName,
    /// Every message sent, in order; message number n is at n - 1.
    pub sent: Vec<Vec<u8>>,
    /// Every response heard, likewise.
    pub heard: Vec<Vec<u8>>,
    messages: usize,
    /// How many of those sent were safe when they all were.
    safe: usize,
    restarts_left: u8,
    session: ClientSession,
    socket: Socket,
    orders: SocketAddr,
    requests: SocketAddr,
    network: Network,
    time: Time,
    random: fastrand::Rng,
    buffer: Box<[u8]>,
}

impl Trader {
    /// A client that will send this many messages.
    pub fn new(
        (name, address): (SessionName, SocketAddr),
        (orders, requests): (SocketAddr, SocketAddr),
        messages: usize,
        network: &Network,
        time: &Time,
        random: fastrand::Rng,
    ) -> Self {
        Self {
            name,
            sent: Vec::new(),
            heard: Vec::new(),
            messages,
            safe: 0,
            restarts_left: 2,
            session: ClientSession::new(name, Start::At(1)),
            socket: network.socket(address),
            orders,
            requests,
            network: network.clone(),
            time: time.clone(),
            random,
            buffer: vec![0; MAX_DATAGRAM].into(),
        }
    }

    /// Its process dies, whatever is on its way, and another goes on from
    /// another port with what it had heard. This happens twice at most: a
    /// client that starts again does not know that it waits for something.
    pub fn restart(&mut self) {
        if self.restarts_left == 0 {
            return;
        }
        self.restarts_left -= 1;
        let mut address = self.socket.address;
        self.network.forget(address);
        address.set_port(address.port() + 1);
        self.socket = self.network.socket(address);
        let start = Start::At(self.heard.len() as u64 + 1);
        self.session = ClientSession::new(self.name, start);
    }

    /// Whether all that it wanted to send is safe.
    pub fn has_sent(&self) -> bool {
        self.sent.len() == self.messages && self.session.is_safe()
    }

    pub fn work(&mut self) {
        while let Some((len, from)) = self.socket.receive(&mut self.buffer).unwrap() {
            self.take(len, from);
        }
        if let Some(known) = self.session.next_message().checked_sub(1) {
            // What an earlier process had sent and the venue never got is gone.
            self.sent.truncate(usize::try_from(known).unwrap());
            assert_eq!(self.sent.len() as u64, known, "what the venue has was sent");
            assert!(self.sent.len() >= self.safe, "what was said to be safe is there");
        }
        if self.session.is_safe() {
            self.safe = self.sent.len();
        }
        let now = self.time.now();
        if self.session.next_message() > 0 {
            self.trade(now);
        }
        let Self { session, socket, orders, requests, random, .. } = self;
        let mut send = sender(socket, *orders, *requests);
        if random.bool() {
            session.flush(now, &mut send);
        }
        session.poll(now, &mut send);
    }

    fn take(&mut self, len: usize, from: SocketAddr) {
        let Self { session, socket, orders, requests, buffer, heard, .. } = self;
        let datagram = &buffer[..len];
        if from == *orders {
            session.order_datagram(datagram, &mut sender(socket, *orders, *requests));
        } else {
            assert_eq!(from, *requests, "only the venue speaks to a client");
            session.response_datagram(datagram, &mut |number, message| {
                heard.push(message.to_vec());
                assert_eq!(number, heard.len() as u64, "each response once and in order");
            });
        }
    }

    fn trade(&mut self, now: u64) {
        let burst = if self.random.u8(0..8) == 0 { self.random.usize(0..12) } else { 0 };
        for _ in 0..burst.min(self.messages - self.sent.len()) {
            let message = self.message();
            let Self { session, socket, orders, requests, .. } = self;
            match session.push(&message, now, &mut sender(socket, *orders, *requests)) {
                Ok(()) => self.sent.push(message),
                Err(SendError::NotEstablished | SendError::WindowFull) => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// A message: mostly an order, sometimes none that makes sense.
    fn message(&mut self) -> Vec<u8> {
        let random = &mut self.random;
        let user_ref = u32::try_from(self.sent.len()).unwrap() + 1;
        let earlier = UserRef(random.u32(0..user_ref));
        let (quantity, price) = (random.u32(1..40) * 10, Price(random.i64(95..105) * 100));
        let message: (Inbound, _) = match random.u8(0..20) {
            0 => return (0..random.usize(0..60)).map(|_| random.u8(..)).collect(),
            1 => (AccountQuery {}.into(), vec![]),
            2..5 => (cancellation(earlier, random.u32(0..2) * 50).into(), vec![]),
            5..8 => (replacement(earlier, UserRef(user_ref), quantity, price).into(), vec![]),
            8 => {
                let side = Letter(if random.bool() { b'B' } else { b'S' });
                (ModifyOrder { user_ref_num: earlier.0, side, quantity }.into(), vec![])
            }
            9 if random.u8(0..4) == 0 => {
                let (firm, symbol) = (Alpha::BLANK, Alpha::BLANK);
                (MassCancel { user_ref_num: user_ref, firm, symbol }.into(), vec![])
            }
            _ => {
                let symbol = ["AAPL", "MSFT"][random.usize(0..2)].parse().unwrap();
                let side = if random.bool() { Side::Buy } else { Side::Sell };
                let time_in_force = match random.u8(0..6) {
                    0 => TimeInForce::ImmediateOrCancel,
                    1 => TimeInForce::FillOrKill,
                    _ => TimeInForce::Day,
                };
                let display = if random.u8(0..4) == 0 { Display::Hidden } else { Display::Visible };
                let price = (random.u8(0..10) > 0).then_some(price);
                let order = NewOrder::limit(symbol, side, quantity, Price(0));
                let order = NewOrder { price, time_in_force, display, ..order };
                let order = special(order, random);
                let (message, options) = order.message(UserRef(user_ref));
                (message.into(), options)
            }
        };
        let mut bytes = [0; Inbound::MAX_LEN];
        let len = message.0.encode(message.1, &mut bytes);
        bytes[..len].to_vec()
    }
}

/// Gives some orders an option: such as show parts of themselves, wait for a
/// price, follow it, or end by the time, which then has to be told.
fn special(order: NewOrder, random: &mut fastrand::Rng) -> NewOrder {
    let plain = order.options;
    let options = match random.u8(0..16) {
        0 => Options { max_floor: Quantity(10), ..plain },
        1 => Options { pricing: Pricing::Stop, offset: random.i32(95..105) * 100, ..plain },
        2 => Options { pricing: Pricing::MidpointPeg, ..plain },
        3 => Options { post_only: true, ..plain },
        4 => Options { self_trade: SelfTrade::DecrementBoth, ..plain },
        5 => {
            let options = Options { expire_after_s: 1, ..plain };
            return NewOrder { time_in_force: TimeInForce::GoodTillTime, options, ..order };
        }
        _ => plain,
    };
    NewOrder { options, ..order }
}

fn sender(
    socket: &mut Socket,
    orders: SocketAddr,
    requests: SocketAddr,
) -> impl FnMut(Channel, &[u8]) {
    move |channel, packet| {
        let to = if channel == Channel::Orders { orders } else { requests };
        let _has_room = socket.send(packet, to).unwrap();
    }
}
