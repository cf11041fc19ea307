//! `SoupHost`: the venue's end of many SoupBinTCP connections.
//!
//! It accepts, reads, gives what it reads to a [`SoupService`], and writes what
//! the service sends. Nothing in it blocks and everything is bounded: how many
//! connections there are, in all and from one address, how much is read in one
//! [`poll`](SoupHost::poll), and how much waits for a peer that reads slowly. A
//! message that does not fit is handed back to the service, which still has it;
//! a peer that takes nothing for too long is hung up on. Each reason is counted.

use super::connection::Connection;
use super::{Closed, Grant, SoupConfig, SoupHandler, SoupSendError};
use crate::net::EndpointError;
use crate::stream::MonotonicNanos;
use crate::wire::soup::{LoginReject, LoginRequest};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, SocketAddrV4, TcpListener};

/// Connections that the system keeps until they are accepted.
const BACKLOG: i32 = 64;
/// Connections accepted in one poll.
const ACCEPTS: usize = 8;
/// Bytes read from one connection in one poll.
const READ_BYTES: usize = 16 << 10;
/// Bytes that a packet has beside its message.
const PACKET_BYTES: usize = 3;

/// How a [`SoupHost`] is opened.
#[derive(Clone, Copy, Debug)]
pub struct HostConfig {
    /// What it is for, in the words of the configuration.
    pub purpose: &'static str,
    /// Where it listens; port 0 lets the system choose one.
    pub address: SocketAddrV4,
    /// Times and bounds of each connection.
    pub soup: SoupConfig,
    /// Connections at a time.
    pub connections: usize,
    /// Connections at a time from one address.
    pub connections_per_address: usize,
    /// Bytes of messages that may wait for one peer to read.
    pub out_bytes: usize,
    /// How long a peer may take nothing although something waits, in ns.
    pub stall_ns: u64,
}

impl HostConfig {
    /// Up to 64 connections, of which 16 from one address; 256 KiB may wait for
    /// each, and not for longer than 10 s.
    #[must_use]
    pub fn new(purpose: &'static str, address: SocketAddrV4) -> Self {
        Self {
            purpose,
            address,
            soup: SoupConfig { max_packet: 1 << 10, ..SoupConfig::default() },
            connections: 64,
            connections_per_address: 16,
            out_bytes: 256 << 10,
            stall_ns: 10_000_000_000,
        }
    }
}

/// One connection of a host. No other connection ever has an equal one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId {
    slot: usize,
    turn: u64,
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// By the protocol: it was logged out, silent, refused, or sent nonsense.
    Protocol(Closed),
    /// Its peer did not take what was sent.
    Slow,
    /// Its peer has gone, or the network has lost it.
    Lost,
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// The connection is over.
    #[error("the connection is over")]
    Gone,
    /// The peer reads slower than it is sent to; the message may fit later.
    #[error("too much waits for the peer to read")]
    Full,
    /// The protocol does not let it.
    #[error(transparent)]
    Soup(#[from] SoupSendError),
}

/// What is behind a [`SoupHost`].
pub trait SoupService {
    /// Grants a login, or nothing if the answer comes later, by
    /// [`SoupHost::answer`].
    ///
    /// # Errors
    /// Why it is refused.
    fn login(
        &mut self,
        connection: ConnectionId,
        peer: SocketAddr,
        request: &LoginRequest,
    ) -> Result<Option<Grant>, LoginReject>;

    /// Takes a message of a client that is logged in.
    fn message(&mut self, connection: ConnectionId, message: &[u8]);

    /// Whether it can take messages of this connection now. While it cannot,
    /// nothing is read from it, and its client finds the connection full.
    fn is_ready(&mut self, _connection: ConnectionId) -> bool {
        true
    }

    /// Hears that a connection is over; nothing more comes from it.
    fn ended(&mut self, connection: ConnectionId, why: Hangup);
}

/// What became of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostCounters {
    /// Connections taken.
    pub accepted: u64,
    /// Connections hung up on at once: there were too many, or the system had
    /// no room for one more.
    pub turned_away: u64,
    /// Logins refused.
    pub login_rejects: u64,
    /// Connections over because their peer said nothing for too long.
    pub silent: u64,
    /// Connections over because their peer sent what has no place.
    pub malformed: u64,
    /// Connections over because their peer did not read.
    pub slow: u64,
}

/// A listener and its connections.
#[derive(Debug)]
pub struct SoupHost {
    config: HostConfig,
    listener: TcpListener,
    local: SocketAddr,
    slots: Vec<Option<(u64, Connection)>>,
    next_turn: u64,
    counters: HostCounters,
    buffer: Box<[u8]>,
}

/// A connection's service, as the protocol sees it.
struct Line<'a, S> {
    service: &'a mut S,
    id: ConnectionId,
    peer: SocketAddr,
}

impl<S: SoupService> SoupHandler for Line<'_, S> {
    fn login(&mut self, request: &LoginRequest) -> Result<Option<Grant>, LoginReject> {
        self.service.login(self.id, self.peer, request)
    }

    fn message(&mut self, message: &[u8]) {
        self.service.message(self.id, message);
    }
}

impl SoupHost {
    /// Listens.
    ///
    /// # Errors
    /// The address is in use or forbidden, or no interface has it.
    pub fn open(config: HostConfig) -> Result<Self, EndpointError> {
        let HostConfig { purpose, address, connections, .. } = config;
        let refused =
            |step| move |source| EndpointError::Refused { purpose, address, step, source };
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
            .map_err(refused("make a socket"))?;
        // Connections of an earlier run that the system still remembers must
        // not keep the next one from listening.
        socket.set_reuse_address(true).map_err(refused("set the options of the socket"))?;
        socket.set_nonblocking(true).map_err(refused("set the options of the socket"))?;
        socket
            .bind(&address.into())
            .map_err(|source| EndpointError::of_bind(purpose, address, source))?;
        socket
            .listen(BACKLOG)
            .map_err(|source| EndpointError::of_bind(purpose, address, source))?;
        let listener = TcpListener::from(socket);
        let local = listener.local_addr().map_err(refused("read the local address"))?;
        Ok(Self {
            config,
            listener,
            local,
            slots: std::iter::repeat_with(|| None).take(connections).collect(),
            next_turn: 0,
            counters: HostCounters::default(),
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
        })
    }

    /// Address and port that it listens at.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// What became of connections so far.
    #[must_use]
    pub fn counters(&self) -> HostCounters {
        self.counters
    }

    /// The connections that are not over.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        let open = |(slot, held): (usize, &Option<(u64, Connection)>)| match held {
            Some((turn, connection)) if connection.is_open() => {
                Some(ConnectionId { slot, turn: *turn })
            }
            _ => None,
        };
        self.slots.iter().enumerate().filter_map(open)
    }

    /// Whether it holds any connection, one that is over and not yet closed
    /// included.
    #[must_use]
    pub fn is_occupied(&self) -> bool {
        self.slots.iter().any(Option::is_some)
    }

    /// Reads, does what is due, writes and accepts, a bounded piece of each;
    /// zero if nothing was there to do.
    pub fn poll(&mut self, now: MonotonicNanos, service: &mut impl SoupService) -> usize {
        let mut worked = 0;
        let Self { config, slots, counters, buffer, .. } = self;
        for (slot, held) in slots.iter_mut().enumerate() {
            let Some((turn, connection)) = held else { continue };
            let id = ConnectionId { slot, turn: *turn };
            let is_ready = !connection.is_open() || service.is_ready(id);
            let mut line = Line { service: &mut *service, id, peer: connection.peer };
            let visit = connection.visit(buffer, is_ready, now, config.stall_ns, &mut line);
            worked += usize::from(visit.worked);
            if let Some(why) = visit.ended {
                counters.count(why);
                service.ended(id, why);
            }
            if visit.gone {
                *held = None;
            }
        }
        // Last, so that those who have gone have made room.
        worked + self.accept(now)
    }

    /// Takes the connections that wait; those that are too many are hung up on.
    fn accept(&mut self, now: MonotonicNanos) -> usize {
        for accepted in 0..ACCEPTS {
            let (stream, peer) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return accepted,
                // Gone before it was taken, or the system has no room for it.
                Err(_) => {
                    self.counters.turned_away += 1;
                    return accepted;
                }
            };
            let held = self.slots.iter().flatten();
            let of_peer = held.filter(|(_, held)| held.peer.ip() == peer.ip()).count();
            let free = self.slots.iter_mut().find(|slot| slot.is_none());
            let has_room = of_peer < self.config.connections_per_address;
            let connection = Connection::new(stream, peer, &self.config, now);
            match (free.filter(|_| has_room), connection) {
                (Some(free), Ok(connection)) => {
                    *free = Some((self.next_turn, connection));
                    self.next_turn += 1;
                    self.counters.accepted += 1;
                }
                _ => self.counters.turned_away += 1,
            }
        }
        ACCEPTS
    }

    /// Answers a login that was not answered when it came; `false` if none
    /// waits. The answer leaves at the next [`poll`](Self::poll).
    pub fn answer(
        &mut self,
        id: ConnectionId,
        verdict: Result<Grant, LoginReject>,
        now: MonotonicNanos,
    ) -> bool {
        let Some(Connection { server, outbox, .. }) = self.open_connection(id) else {
            return false;
        };
        server.answer(verdict, now, &mut |bytes| outbox.put(bytes, now))
    }

    /// Sends a message with the connection's next number, which it returns. It
    /// leaves at the next [`poll`](Self::poll).
    ///
    /// # Errors
    /// When it cannot be sent now or ever; nothing was done then.
    pub fn sequenced(
        &mut self,
        id: ConnectionId,
        message: &[u8],
        now: MonotonicNanos,
    ) -> Result<u64, Undelivered> {
        let connection = self.open_connection(id).ok_or(Undelivered::Gone)?;
        let Connection { server, outbox, .. } = connection;
        if outbox.room() < PACKET_BYTES + message.len() {
            return Err(Undelivered::Full);
        }
        Ok(server.sequenced(message, now, &mut |bytes| outbox.put(bytes, now))?)
    }

    /// Number of a connection's next sequenced message; nothing if nobody is
    /// logged in on it.
    #[must_use]
    pub fn next(&self, id: ConnectionId) -> Option<u64> {
        let (turn, connection) = self.slots.get(id.slot)?.as_ref()?;
        if *turn == id.turn && connection.is_open() { connection.server.next() } else { None }
    }

    /// Tells a client that nothing follows, and hangs up when it has heard.
    pub fn end_of_session(&mut self, id: ConnectionId, now: MonotonicNanos) {
        if let Some(Connection { server, outbox, .. }) = self.open_connection(id) {
            server.end_of_session(now, &mut |bytes| outbox.put(bytes, now));
        }
    }

    /// Hangs up on a client; what was sent is still written. The service does
    /// not hear of it.
    pub fn hang_up(&mut self, id: ConnectionId) {
        if let Some(connection) = self.open_connection(id) {
            connection.hang_up();
        }
    }

    fn open_connection(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        let (turn, connection) = self.slots.get_mut(id.slot)?.as_mut()?;
        (*turn == id.turn && connection.is_open()).then_some(connection)
    }
}

impl HostCounters {
    fn count(&mut self, why: Hangup) {
        match why {
            Hangup::Slow => self.slow += 1,
            Hangup::Protocol(Closed::Rejected(_)) => self.login_rejects += 1,
            Hangup::Protocol(Closed::Silent | Closed::LoginTimeout) => self.silent += 1,
            why if why.is_malformed() => self.malformed += 1,
            Hangup::Protocol(_) | Hangup::Lost => {}
        }
    }
}
