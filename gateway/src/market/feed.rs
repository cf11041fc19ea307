//! A reader of a venue's market-data stream: every message once, in order.
//!
//! It joins the group, and asks for what it missed by unicast; the answers come
//! back to the socket that asked. A reader may start with what comes now, or
//! from the first message that the venue still has.

use super::SnapshotError;
use crate::client::Start;
use crate::net::{Datagrams, EndpointConfig, EndpointError, MAX_DATAGRAM, UdpEndpoint};
use crate::stream::{ReceiverConfig, ReceiverCounters, StreamReceiver};
use crate::wire::itch::ItchMessage;
use crate::wire::mold::{Packet, Request, SessionName};
use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

/// The longest sleep between two looks at the other socket.
const HOUSEKEEPING: Duration = Duration::from_millis(2);
/// Packets kept while a gap is open: a burst is larger here than in a session.
const STASH_PACKETS: usize = 1024;
const STASH_BYTES: usize = 2 << 20;

/// Where a venue's market data is.
#[derive(Clone, Copy, Debug)]
pub struct FeedConfig {
    /// The venue's name, which is the stream's session.
    pub venue: SessionName,
    /// The group, or this host's own address if the venue sends by unicast.
    pub market_data: SocketAddrV4,
    /// Where the venue takes requests.
    pub requests: SocketAddrV4,
    /// This host's address towards the venue.
    pub interface: Ipv4Addr,
    /// The first message wanted.
    pub start: Start,
}

/// Why a feed failed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// A socket could not be opened.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The network refused.
    #[error("the network refused: {0}")]
    Io(#[from] io::Error),
    /// There is no snapshot to begin with.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The venue said nothing in time.
    #[error(
        "no market data of {venue} at {market_data} and no answer from {requests} within \
         {seconds} s: is the venue running, and does the interface fit?"
    )]
    Silence {
        /// The venue's name.
        venue: SessionName,
        /// The group.
        market_data: SocketAddrV4,
        /// Where requests went.
        requests: SocketAddrV4,
        /// How long it waited.
        seconds: u64,
    },
}

/// A blocking reader of a venue's market data.
#[derive(Debug)]
pub struct MarketFeed {
    config: FeedConfig,
    group: UdpEndpoint,
    requester: UdpEndpoint,
    requests: SocketAddr,
    stream: Option<StreamReceiver>,
    epoch: Instant,
    inbox: VecDeque<(u64, ItchMessage)>,
    undecodable: u64,
    buffer: Box<[u8]>,
}

impl MarketFeed {
    /// Joins the stream and finds out where it stands.
    ///
    /// # Errors
    /// When a socket cannot be opened, or the venue does not answer in
    /// `timeout`.
    pub fn join(config: FeedConfig, timeout: Duration) -> Result<Self, FeedError> {
        let FeedConfig { market_data, interface, .. } = config;
        let group = EndpointConfig {
            shared: true,
            ..EndpointConfig::new("market data", market_data, interface)
        };
        let requester = EndpointConfig::new("requests", SocketAddrV4::new(interface, 0), interface);
        let mut feed = Self {
            config,
            group: UdpEndpoint::open(&group)?,
            requester: UdpEndpoint::open(&requester)?,
            requests: config.requests.into(),
            stream: None,
            epoch: Instant::now(),
            inbox: VecDeque::new(),
            undecodable: 0,
            buffer: vec![0; MAX_DATAGRAM].into_boxed_slice(),
        };
        feed.find_start(timeout)?;
        Ok(feed)
    }

    /// Asks where the stream stands until it is told.
    fn find_start(&mut self, timeout: Duration) -> Result<(), FeedError> {
        let FeedConfig { venue, market_data, requests, start, .. } = self.config;
        let deadline = Instant::now() + timeout;
        let question = Request { session: venue, sequence: 0, count: 0 }.encode();
        while Instant::now() < deadline {
            self.requester.send(&question, self.requests)?;
            let arrived = self.requester.receive_within(&mut self.buffer, HOUSEKEEPING)?;
            let Some((len, _)) = arrived else { continue };
            let Ok(packet) = Packet::parse(&self.buffer[..len]) else { continue };
            if packet.session() == venue {
                let config = ReceiverConfig {
                    stash_packets: STASH_PACKETS,
                    stash_bytes: STASH_BYTES,
                    ..ReceiverConfig::of_a_reader(venue, start.first(packet.sequence()))
                };
                let mut stream = StreamReceiver::new(config);
                // The answer also says how much there is to ask for.
                stream.offer(&self.buffer[..len], &mut |_, _| true);
                self.stream = Some(stream);
                return Ok(());
            }
        }
        let seconds = timeout.as_secs();
        Err(FeedError::Silence { venue, market_data, requests, seconds })
    }

    /// The next message and its number, if one arrives within `timeout`.
    ///
    /// # Errors
    /// When the network refuses.
    pub fn receive(&mut self, timeout: Duration) -> Result<Option<(u64, ItchMessage)>, FeedError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(message) = self.inbox.pop_front() {
                return Ok(Some(message));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            self.pump(left.min(HOUSEKEEPING))?;
            if left.is_zero() {
                return Ok(self.inbox.pop_front());
            }
        }
    }

    /// Number of the next message.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.stream.as_ref().map_or(0, StreamReceiver::next)
    }

    /// Whether the venue has ended in order, and nothing of it came since.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.stream.as_ref().is_some_and(StreamReceiver::has_ended)
    }

    /// What the stream has seen: losses, repairs, duplicates.
    #[must_use]
    pub fn counters(&self) -> ReceiverCounters {
        self.stream.as_ref().map(StreamReceiver::counters).unwrap_or_default()
    }

    /// Messages that could not be decoded.
    #[must_use]
    pub fn undecodable(&self) -> u64 {
        self.undecodable
    }

    /// Asks for what is due and takes what is there, waiting up to `timeout`:
    /// for the group, or for answers while something is missing.
    fn pump(&mut self, timeout: Duration) -> Result<(), FeedError> {
        let now = u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let Some(stream) = &mut self.stream else { return Ok(()) };
        while let Some(request) = stream.poll(now) {
            self.requester.send(&request.encode(), self.requests)?;
        }
        let (for_group, for_answers) = match stream.has_gap() {
            true => (Duration::ZERO, timeout),
            false => (timeout, Duration::ZERO),
        };
        let mut deliver = |number: u64, bytes: &[u8]| {
            match ItchMessage::decode(bytes) {
                Ok(message) => self.inbox.push_back((number, message)),
                Err(_) => self.undecodable += 1,
            }
            true
        };
        for (endpoint, timeout) in
            [(&mut self.group, for_group), (&mut self.requester, for_answers)]
        {
            let mut arrived = endpoint.receive_within(&mut self.buffer, timeout)?;
            // Bounded, so that neither socket starves the other.
            for _ in 0..64 {
                let Some((len, _)) = arrived else { break };
                stream.offer(&self.buffer[..len], &mut deliver);
                arrived = endpoint.receive(&mut self.buffer)?;
            }
            if let Some((len, _)) = arrived {
                stream.offer(&self.buffer[..len], &mut deliver);
            }
        }
        Ok(())
    }
}
