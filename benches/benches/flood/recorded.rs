//! A client of a session with a key that keeps every datagram it sends.
//!
//! It is the protocol of the real client on a socket of its own, worked by hand.
//! What it has sent is what somebody in the network could have recorded. It
//! enters two orders that rest far from where the others trade, and then does
//! nothing: whether anybody has moved it meanwhile is seen when it asks again.

use crate::honest::PATIENCE;
use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, UserRef};
use ringmatch_gateway::client::{Channel, ClientConfig, ClientSession, NewOrder, cancellation};
use ringmatch_gateway::seal::{Key, Purpose, Seal, Stamp};
use ringmatch_gateway::wire::ouch::{AccountQuery, Inbound, Outbound};
use std::error::Error;
use std::io;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// Its orders: so many, of so many shares.
const ORDERS: u32 = 2;
const QUANTITY: u32 = 70;
/// The client's number for itself, of which the next one is free.
const INSTANCE: u64 = 5;

pub struct Recorded {
    config: ClientConfig,
    key: Key,
    socket: UdpSocket,
    session: ClientSession,
    epoch: Instant,
    recording: Vec<(Channel, Vec<u8>)>,
    /// How many of them were sent.
    posted: usize,
    heard: Vec<(u64, Outbound)>,
    /// Datagrams that it did not believe, before it did nothing.
    refused: u64,
}

impl Recorded {
    /// Logs in.
    pub fn connect(config: ClientConfig, key: Key) -> Result<Self, Box<dyn Error>> {
        let socket = UdpSocket::bind((config.interface, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(1)))?;
        let mut client = Self {
            config,
            key,
            socket,
            session: ClientSession::new(config.session, config.start).sealed(&key, INSTANCE),
            epoch: Instant::now(),
            recording: Vec::new(),
            posted: 0,
            heard: Vec::new(),
            refused: 0,
        };
        client.until("it is logged in", |client| client.session.is_established())?;
        Ok(client)
    }

    /// Leaves orders in the book, and waits until they are safe.
    pub fn rest_orders(&mut self) -> Result<(), Box<dyn Error>> {
        for number in 1..=ORDERS {
            let price = Price(400_000 + i64::from(number) * 10_000);
            let symbol = "AAPL".parse()?;
            let order = NewOrder::limit(symbol, Side::Buy, QUANTITY, price);
            self.send(order.message(UserRef(number)).0.into())?;
        }
        let is_done = |client: &Self| client.heard.len() == 2 && client.session.is_safe();
        self.until("its orders are safe", is_done)?;
        self.refused = self.session.refused();
        Ok(())
    }

    /// Whether all is as it was left: nothing came meanwhile, its next message is
    /// the next, its next answer is the next, and its orders are whole.
    pub fn check_unmoved(&mut self) -> Result<(), Box<dyn Error>> {
        let (messages, answers) = (self.session.next_message(), self.session.next_response());
        self.send(AccountQuery {}.into())?;
        for number in 1..=ORDERS {
            self.send(cancellation(UserRef(number), 0).into())?;
        }
        let before = self.heard.len();
        let all = before + 1 + ORDERS as usize;
        self.until("it is answered", |client| client.heard.len() >= all)?;
        let news = &self.heard[before..];
        let is_right = |(at, (number, answer)): (usize, &(u64, Outbound))| {
            *number == answers + at as u64
                && match answer {
                    Outbound::AccountQueryResponse(answer) => {
                        at == 0 && answer.next_user_ref_num == ORDERS + 1
                    }
                    Outbound::OrderCanceled(canceled) => {
                        (canceled.user_ref_num as usize, canceled.quantity) == (at, QUANTITY)
                    }
                    _ => false,
                }
        };
        let is_next = self.session.next_message() == messages + 1 + u64::from(ORDERS);
        let is_left_alone = self.session.refused() == self.refused && !self.session.is_taken_over();
        if is_next && is_left_alone && news.iter().enumerate().all(is_right) {
            return Ok(());
        }
        Err(format!("{} was moved by others: {:?}, {news:?}", self.config.session, self.session)
            .into())
    }

    /// Where and as whom it trades.
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Messages that its session has ever sent.
    pub fn messages(&self) -> u64 {
        self.session.next_message() - 1
    }

    /// What it has sent since it was logged in, with the stamp of each.
    pub fn recording(&self) -> impl Iterator<Item = (Channel, &[u8], Stamp)> {
        let seal = Seal::new(&self.key);
        self.recording.iter().filter_map(move |(channel, datagram)| {
            let purpose = purpose(*channel);
            let (_, stamp) = seal.open(purpose, datagram).ok()?;
            (stamp.login != 0).then_some((*channel, datagram.as_slice(), stamp))
        })
    }

    fn send(&mut self, message: Inbound) -> Result<(), Box<dyn Error>> {
        let mut bytes = [0; Inbound::MAX_LEN];
        let len = message.encode(None, &mut bytes);
        let now = self.now();
        let Self { session, recording, .. } = self;
        let keep = &mut |channel, datagram: &[u8]| recording.push((channel, datagram.to_vec()));
        session.push(&bytes[..len], now, keep)?;
        session.flush(now, keep);
        Ok(self.post()?)
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) -> Result<(), Box<dyn Error>> {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            if Instant::now() > deadline {
                return Err(format!("{}: in vain until {what}", self.config.session).into());
            }
            let now = self.now();
            let Self { session, recording, .. } = self;
            session
                .poll(now, &mut |channel, datagram| recording.push((channel, datagram.to_vec())));
            self.hear();
            self.post()?;
        }
        Ok(())
    }

    /// Sends what was recorded and not sent yet.
    fn post(&mut self) -> io::Result<()> {
        for (channel, datagram) in &self.recording[self.posted..] {
            let to = match channel {
                Channel::Orders => self.config.orders,
                Channel::Requests => self.config.requests,
            };
            self.socket.send_to(datagram, to)?;
        }
        self.posted = self.recording.len();
        Ok(())
    }

    /// Takes a datagram, if one comes soon.
    fn hear(&mut self) {
        let mut buffer = [0; 2_000];
        let Ok((len, from)) = self.socket.recv_from(&mut buffer) else { return };
        let Self { config, session, recording, heard, .. } = self;
        if from.port() == config.orders.port() {
            session.order_datagram(&buffer[..len], &mut |channel, datagram| {
                recording.push((channel, datagram.to_vec()));
            });
        } else {
            session.response_datagram(&buffer[..len], &mut |number, bytes| {
                if let Ok((message, _)) = Outbound::decode(bytes) {
                    heard.push((number, message));
                }
            });
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

pub fn purpose(channel: Channel) -> Purpose {
    match channel {
        Channel::Orders => Purpose::Orders,
        Channel::Requests => Purpose::Requests,
    }
}
