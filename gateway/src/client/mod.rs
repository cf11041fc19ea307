//! A blocking client of a venue: orders out, responses in, nothing lost.
//!
//! [`Client`] puts a socket and a clock under [`ClientSession`], which is where
//! the protocol is. It runs in the caller's thread and does its housekeeping
//! (heartbeats, gap repair, acknowledgements) whenever the caller receives, so
//! a caller that only sends must receive from time to time.
//!
//! Prices are [`Price`], in 1/10,000; quantities are shares; time limits are of the
//! wall. An order has a [`UserRef`], which the client gives it and which rises; a
//! response has a number in the session's stream, from 1 and without holes.
//!
//! ```no_run
//! use ringmatch_engine::command::Side;
//! use ringmatch_gateway::client::{Client, ClientConfig, NewOrder, Start};
//! use ringmatch_gateway::wire::ouch::Outbound;
//! use std::time::Duration;
//!
//! let (orders, requests) = ("239.192.77.1:31001".parse()?, "127.0.0.1:31003".parse()?);
//! let config = ClientConfig {
//!     start: Start::Now, // or At(1): every response that the session ever had
//!     key: None,         // or the session's key, if the venue wants its packets sealed
//!     ..ClientConfig::new("ALPHA".parse()?, orders, requests, "127.0.0.1".parse()?)
//! };
//! let mut client = Client::connect(config, Duration::from_secs(5))?;
//! let order = NewOrder::limit("AAPL".parse()?, Side::Buy, 100, "286.67".parse()?);
//! let user_ref = client.enter(&order)?;
//! // Receiving also sends what waits, and repairs what the network lost.
//! while let Some(response) = client.receive(Duration::from_secs(1))? {
//!     match response.message {
//!         Outbound::OrderExecuted(fill) => println!("{} at {}", fill.quantity, fill.price.0),
//!         Outbound::OrderRejected(refusal) => println!("refused: 0x{:02X}", refusal.reason),
//!         _ => {}
//!     }
//! }
//! client.cancel(user_ref, 0)?;
//! client.flush()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is sent is not safe yet: [`Client::is_safe`] says whether the venue has all
//! of it on its disk. If the venue dies before, it asks for the rest when it is
//! back, as long as this client lives. If the client dies, the next one of the
//! session hears where the session stands. Errors are few: the network refuses, the
//! venue is silent while connecting, or it acknowledges nothing for ten seconds
//! while more than a window is out. A refused order is no error but a response.
//! `gateway/examples/market_maker.rs` is a whole participant.

mod order;
mod sealing;
mod session;

pub use order::{NewOrder, Replacement, cancellation, replacement};
pub use session::{Channel, ClientSession, SendError, Start};

use crate::net::{Datagrams, EndpointConfig, EndpointError, MAX_DATAGRAM, UdpEndpoint, Unsent};
use crate::seal::Key;
use crate::stream::ReceiverCounters;
use crate::wire::mold::{DEFAULT_MAX_PAYLOAD, PACKET_BYTES};
use crate::wire::ouch::{AccountQuery, Inbound, OuchOption, Outbound};
use ringmatch_engine::{Price, SessionName, UserRef};
use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

/// The longest sleep between two rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_millis(2);
/// How long a full window may stay full before that is an error.
const WINDOW_PATIENCE: Duration = Duration::from_secs(10);

/// Where a venue is, and as whom to trade there.
#[derive(Clone, Copy, Debug)]
pub struct ClientConfig {
    /// The session's name.
    pub session: SessionName,
    /// Where the venue takes orders.
    pub orders: SocketAddrV4,
    /// Where the venue takes requests, and sends responses from.
    pub requests: SocketAddrV4,
    /// This host's address towards the venue.
    pub interface: Ipv4Addr,
    /// Bytes of the longest packet to the venue, header included: one of
    /// [`PACKET_BYTES`].
    pub max_packet_bytes: usize,
    /// The first response wanted.
    pub start: Start,
    /// The session's key, if the venue has one for it.
    pub key: Option<Key>,
}

impl ClientConfig {
    /// A client that starts now, has no key, and sends packets of up to 1,400
    /// bytes.
    #[must_use]
    pub const fn new(
        session: SessionName,
        orders: SocketAddrV4,
        requests: SocketAddrV4,
        interface: Ipv4Addr,
    ) -> Self {
        let (max_packet_bytes, start, key) = (DEFAULT_MAX_PAYLOAD, Start::Now, None);
        Self { session, orders, requests, interface, max_packet_bytes, start, key }
    }
}

/// A response, with its number in the session's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// From 1, without holes.
    pub number: u64,
    /// What the venue says.
    pub message: Outbound,
    /// What it says in options.
    pub options: Vec<OuchOption>,
}

/// Why a client failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket could not be opened.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The network refused.
    #[error("the network refused: {0}")]
    Io(#[from] io::Error),
    /// The message could not be sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The venue said nothing in time.
    #[error(
        "session {session} got no answer from the venue at {orders} and {requests} within \
         {seconds} s: is it running, does it know this session, is the key the session's ({keyed}), \
         and does the interface fit?"
    )]
    Silence {
        /// The session's name.
        session: SessionName,
        /// Where orders went.
        orders: SocketAddrV4,
        /// Where requests went.
        requests: SocketAddrV4,
        /// How long it waited.
        seconds: u64,
        /// Whether it used a key.
        keyed: &'static str,
    },
    /// No packet can be that short or that long.
    #[error(
        "packets of up to {bytes} bytes cannot be sent: it must be from {} to {}",
        PACKET_BYTES.start(), PACKET_BYTES.end()
    )]
    PacketBytes {
        /// What the config says.
        bytes: usize,
    },
    /// The system has no random numbers.
    #[error("no number for a login can be drawn: {0}")]
    Random(#[from] getrandom::Error),
}

/// A blocking client of a venue, in one session.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    session: ClientSession,
    network: Network,
    epoch: Instant,
    inbox: VecDeque<Response>,
    next_user_ref: u64,
    undecodable: u64,
    buffer: Box<[u8]>,
}

/// The socket, and where its channels lead.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) endpoint: UdpEndpoint,
    pub(crate) orders: SocketAddr,
    pub(crate) requests: SocketAddr,
    /// The first thing that went wrong and was not looked at.
    pub(crate) fault: Option<io::Error>,
}

impl Network {
    /// Packets leave together, at the next flush. One that finds no room is
    /// lost, and repaired like any other.
    pub(crate) fn send(&mut self, channel: Channel, packet: &[u8]) {
        let to = match channel {
            Channel::Orders => self.orders,
            Channel::Requests => self.requests,
        };
        let sent = self.endpoint.queue(packet, to);
        self.note(sent);
    }

    pub(crate) fn flush(&mut self) {
        let sent = self.endpoint.flush();
        self.note(sent);
    }

    fn note(&mut self, sent: Result<(), Unsent>) {
        if let Err(Unsent { refusal: Some(error), .. }) = sent {
            self.fault.get_or_insert(error);
        }
    }
}

impl Client {
    /// Opens a socket and finds out where the session stands.
    ///
    /// # Errors
    /// When the config's packets cannot be, the socket cannot be opened, or the
    /// venue is silent for `timeout`. While old responses come, however many
    /// there are, it is not silent.
    pub fn connect(config: ClientConfig, timeout: Duration) -> Result<Self, ClientError> {
        let bytes = config.max_packet_bytes;
        if !PACKET_BYTES.contains(&bytes) {
            return Err(ClientError::PacketBytes { bytes });
        }
        let local = SocketAddrV4::new(config.interface, 0);
        let endpoint = UdpEndpoint::open(&EndpointConfig::new("client", local, config.interface))?;
        let mut session = ClientSession::new(config.session, config.start)
            .with_packets_of(config.max_packet_bytes);
        if let Some(key) = &config.key {
            session = session.sealed(key, getrandom::u64()?);
        }
        let mut client = Self {
            config,
            session,
            network: Network {
                endpoint,
                orders: config.orders.into(),
                requests: config.requests.into(),
                fault: None,
            },
            epoch: Instant::now(),
            inbox: VecDeque::new(),
            next_user_ref: 0,
            undecodable: 0,
            buffer: vec![0; MAX_DATAGRAM].into_boxed_slice(),
        };
        client.pump_until(timeout, |client| client.session.is_established())?;
        client.query()?;
        client.flush()?;
        client.pump_until(timeout, |client| client.next_user_ref > 0)?;
        Ok(client)
    }

    /// Waits until something is done, for as long as no response comes for
    /// longer than `timeout`.
    fn pump_until(
        &mut self,
        timeout: Duration,
        is_done: impl Fn(&Self) -> bool,
    ) -> Result<(), ClientError> {
        let (mut heard, mut since) = (self.session.next_response(), Instant::now());
        while !is_done(self) {
            let next = self.session.next_response();
            if next != heard {
                (heard, since) = (next, Instant::now());
            }
            if since.elapsed() > timeout {
                let ClientConfig { session, orders, requests, key, .. } = self.config;
                let seconds = timeout.as_secs();
                let keyed = if key.is_some() { "one was given" } else { "none was given" };
                return Err(ClientError::Silence { session, orders, requests, seconds, keyed });
            }
            self.pump(HOUSEKEEPING)?;
        }
        Ok(())
    }

    /// Sends a new order with the next number, which it returns. It leaves
    /// with the packets that are sent together with its own: when those are as
    /// many as one call takes, or at the next [`flush`](Self::flush) or
    /// receive.
    ///
    /// # Errors
    /// When the venue does not acknowledge what was sent before, or the
    /// network refuses.
    pub fn enter(&mut self, order: &NewOrder) -> Result<UserRef, ClientError> {
        let user_ref = self.next_user_ref();
        let (message, options) = order.message(user_ref);
        self.send(&message.into(), options)?;
        Ok(user_ref)
    }

    /// Replaces a live order by a displayed day order of `quantity` in total,
    /// what has been executed included; returns the new order's number.
    ///
    /// # Errors
    /// As for [`enter`](Self::enter).
    pub fn replace(
        &mut self,
        original: UserRef,
        quantity: u32,
        price: Price,
    ) -> Result<UserRef, ClientError> {
        let user_ref = self.next_user_ref();
        self.send(&replacement(original, user_ref, quantity, price).into(), None)?;
        Ok(user_ref)
    }

    /// Reduces an order to `quantity` in total, what has been executed
    /// included; zero cancels it.
    ///
    /// # Errors
    /// As for [`enter`](Self::enter).
    pub fn cancel(&mut self, user_ref: UserRef, quantity: u32) -> Result<(), ClientError> {
        self.send(&cancellation(user_ref, quantity).into(), None)
    }

    /// Asks for the next usable number. The answer comes after all answers to
    /// what was sent before, so it also says that those are complete.
    ///
    /// # Errors
    /// As for [`enter`](Self::enter).
    pub fn query(&mut self) -> Result<(), ClientError> {
        self.send(&AccountQuery {}.into(), None)
    }

    /// Sends any message with any options, and the numbers that the caller gave
    /// it.
    ///
    /// # Errors
    /// As for [`enter`](Self::enter).
    pub fn send(
        &mut self,
        message: &Inbound,
        options: impl IntoIterator<Item = OuchOption>,
    ) -> Result<(), ClientError> {
        let mut bytes = [0; Inbound::MAX_LEN];
        let len = message.encode(options, &mut bytes);
        self.send_bytes(&bytes[..len])
    }

    /// Sends any bytes as a message.
    ///
    /// # Errors
    /// As for [`enter`](Self::enter).
    pub fn send_bytes(&mut self, message: &[u8]) -> Result<(), ClientError> {
        let deadline = Instant::now() + WINDOW_PATIENCE;
        loop {
            let now = self.now();
            let Self { session, network, .. } = self;
            match session.push(message, now, &mut |channel, packet| network.send(channel, packet)) {
                Ok(()) => return self.check_network(),
                Err(SendError::WindowFull) if Instant::now() < deadline => {
                    session.ask_for_acknowledgement(now, &mut |channel, packet| {
                        network.send(channel, packet);
                    });
                    self.pump(HOUSEKEEPING)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sends what waits for more.
    ///
    /// # Errors
    /// When the network refuses.
    pub fn flush(&mut self) -> Result<(), ClientError> {
        let now = self.now();
        let Self { session, network, .. } = self;
        session.flush(now, &mut |channel, packet| network.send(channel, packet));
        network.flush();
        self.check_network()
    }

    /// The next response, if one arrives within `timeout`.
    ///
    /// # Errors
    /// When the network refuses.
    pub fn receive(&mut self, timeout: Duration) -> Result<Option<Response>, ClientError> {
        let deadline = Instant::now() + timeout;
        self.flush()?;
        loop {
            if let Some(response) = self.inbox.pop_front() {
                return Ok(Some(response));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            self.pump(left.min(HOUSEKEEPING))?;
            if left.is_zero() {
                return Ok(self.inbox.pop_front());
            }
        }
    }

    /// The next response, if one is there; never sleeps.
    ///
    /// # Errors
    /// When the network refuses.
    pub fn try_receive(&mut self) -> Result<Option<Response>, ClientError> {
        if self.inbox.is_empty() {
            self.pump(Duration::ZERO)?;
        }
        Ok(self.inbox.pop_front())
    }

    /// The number that the next order will have, and uses it up.
    pub fn next_user_ref(&mut self) -> UserRef {
        let user_ref = self.peek_user_ref();
        self.next_user_ref += 1;
        user_ref
    }

    /// The number that the next order will have.
    #[must_use]
    pub fn peek_user_ref(&self) -> UserRef {
        UserRef(u32::try_from(self.next_user_ref).unwrap_or(u32::MAX))
    }

    /// Number that the next message to the venue will have in the session's
    /// stream.
    #[must_use]
    pub fn next_message(&self) -> u64 {
        self.session.next_message()
    }

    /// All messages below this number are safe with the venue.
    #[must_use]
    pub fn safe_below(&self) -> u64 {
        self.session.safe_below()
    }

    /// Whether everything sent is safe with the venue.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.session.is_safe()
    }

    /// What the stream of responses has seen: losses, repairs, duplicates.
    #[must_use]
    pub fn counters(&self) -> ReceiverCounters {
        self.session.counters()
    }

    /// Whether the venue has ended in order, and nothing of it came since.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.session.has_ended()
    }

    /// Datagrams that the venue did not seal for this client.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.session.refused()
    }

    /// Responses that could not be decoded.
    #[must_use]
    pub fn undecodable(&self) -> u64 {
        self.undecodable
    }

    /// Sends what is due and takes what is there, waiting up to `timeout` for
    /// the first datagram.
    fn pump(&mut self, timeout: Duration) -> Result<(), ClientError> {
        let now = self.now();
        let Self { session, network, .. } = self;
        session.poll(now, &mut |channel, packet| network.send(channel, packet));
        network.flush();
        let mut arrived = network.endpoint.receive_within(&mut self.buffer, timeout)?;
        // Bounded, so that a flood cannot keep the caller here.
        for _ in 0..64 {
            let Some((len, from)) = arrived else { break };
            self.take(len, from);
            arrived = self.network.endpoint.receive(&mut self.buffer)?;
        }
        if let Some((len, from)) = arrived {
            self.take(len, from);
        }
        self.network.flush();
        if self.session.is_taken_over() {
            return Err(SendError::TakenOver.into());
        }
        self.check_network()
    }

    /// Responses come from where requests go, everything else from where
    /// orders go; ports tell them apart on any interface.
    fn take(&mut self, len: usize, from: SocketAddr) {
        let Self { session, network, inbox, next_user_ref, undecodable, buffer, .. } = self;
        let datagram = &buffer[..len];
        if from.port() == network.orders.port() {
            session.order_datagram(datagram, &mut |channel, packet| network.send(channel, packet));
        } else if from.port() == network.requests.port() {
            let first_own = session.first_own_response();
            session.response_datagram(
                datagram,
                &mut |number, bytes| match Outbound::decode(bytes) {
                    Ok((message, options)) => {
                        // A client that rewinds also hears what earlier ones asked.
                        if let Outbound::AccountQueryResponse(answer) = &message
                            && number >= first_own
                        {
                            *next_user_ref = (*next_user_ref).max(answer.next_user_ref_num.into());
                        }
                        let options = options.options().collect();
                        inbox.push_back(Response { number, message, options });
                    }
                    Err(_) => *undecodable += 1,
                },
            );
        }
    }

    fn check_network(&mut self) -> Result<(), ClientError> {
        match self.network.fault.take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_that_cannot_be_are_refused() {
        let place = "127.0.0.1:1".parse().unwrap();
        let plain = ClientConfig::new(SessionName::default(), place, place, Ipv4Addr::LOCALHOST);
        for max_packet_bytes in [0, 255, 65_001, usize::MAX] {
            let config = ClientConfig { max_packet_bytes, ..plain };
            let error = Client::connect(config, Duration::from_secs(1)).unwrap_err();
            assert!(error.to_string().contains("from 256 to 65000"), "{error}");
        }
    }
}
