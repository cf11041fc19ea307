//! `OrderBridge`: order entry by TCP, for networks without multicast and for
//! OUCH clients that know SoupBinTCP.
//!
//! Towards clients it is a [`SoupHost`]; towards the venue, for each client that
//! is logged in, an ordinary client of that session, which numbers its messages,
//! repairs what the network loses and renews its subscription. So the venue has
//! one way in, and what it promises of it holds here too: unsequenced data become
//! messages of the session's order stream, and responses become sequenced data
//! under the numbers that they have in the session's response stream. A login
//! with a requested number is a rewind.
//!
//! The bridge keeps nothing that matters. If it dies, its clients log in again
//! and ask for the responses they miss, which say what was taken; what they then
//! send again under an old `UserRefNum` is passed over.

mod desk;
mod line;

use crate::net::EndpointError;
use crate::seal::Key;
use crate::soup::{ConnectionId, Grant, Hangup, HostConfig, HostCounters, SoupHost, SoupService};
use crate::stream::MonotonicNanos;
use crate::wire::mold::SessionName;
use crate::wire::soup::{LoginReject, LoginRequest};
use desk::Desk;
use std::net::{Ipv4Addr, SocketAddr};

/// Where the venue is, as its UDP clients see it.
#[derive(Clone, Copy, Debug)]
pub struct VenueAddress {
    /// Where it takes orders.
    pub orders: SocketAddr,
    /// Where it takes requests, and sends responses from.
    pub requests: SocketAddr,
    /// This host's address towards it.
    pub interface: Ipv4Addr,
}

/// Order entry by TCP.
#[derive(Debug)]
pub struct OrderBridge {
    host: SoupHost,
    hall: Hall,
}

/// The sessions that clients can log in to.
#[derive(Debug)]
struct Hall {
    desks: Vec<Desk>,
}

impl OrderBridge {
    /// Listens for clients of these sessions, who log in with the
    /// [password](Key::password) of the session's key. Towards the venue, all is
    /// sealed with the key.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub fn open(
        host: HostConfig,
        venue: VenueAddress,
        keys: impl IntoIterator<Item = (SessionName, Key)>,
    ) -> Result<Self, EndpointError> {
        let desks = keys.into_iter().map(|(name, key)| Desk::new(name, key, venue));
        Ok(Self { host: SoupHost::open(host)?, hall: Hall { desks: desks.collect() } })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.host.local_address()
    }

    /// What became of connections so far.
    #[must_use]
    pub fn counters(&self) -> HostCounters {
        self.host.counters()
    }

    /// Whether anybody is connected, or something of somebody who has gone is
    /// still on its way.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.host.connections().next().is_some() || !self.hall.desks.iter().all(Desk::is_free)
    }

    /// Whether a connection is not hung up yet, or not all of it is written.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.host.is_occupied()
    }

    /// Moves what there is in both directions, a bounded piece of it; zero if
    /// there was nothing to do.
    pub fn poll(&mut self, now: MonotonicNanos) -> usize {
        let Self { host, hall } = self;
        let mut worked = host.poll(now, hall);
        for desk in &mut hall.desks {
            worked += desk.work(host, now);
        }
        worked
    }

    /// Tells every client that nothing follows.
    pub fn end_sessions(&mut self, now: MonotonicNanos) {
        let connections: Vec<ConnectionId> = self.host.connections().collect();
        for connection in connections {
            self.host.end_of_session(connection, now);
        }
    }
}

impl Hall {
    fn desk_of(&mut self, connection: ConnectionId) -> Option<&mut Desk> {
        self.desks.iter_mut().find(|desk| desk.serves(connection))
    }
}

impl SoupService for Hall {
    fn login(
        &mut self,
        connection: ConnectionId,
        _peer: SocketAddr,
        request: &LoginRequest,
    ) -> Result<Option<Grant>, LoginReject> {
        let mut named = self.desks.iter_mut().filter(|desk| desk.is_meant(request));
        // Names that are alike in six characters need the session's name, too.
        let (Some(desk), None) = (named.next(), named.next()) else {
            return Err(LoginReject::NotAuthorized);
        };
        if !desk.admits(request) {
            return Err(LoginReject::NotAuthorized);
        }
        desk.queue(connection, request.sequence);
        Ok(None)
    }

    fn message(&mut self, connection: ConnectionId, message: &[u8]) {
        if let Some(desk) = self.desk_of(connection) {
            desk.take(message);
        }
    }

    fn is_ready(&mut self, connection: ConnectionId) -> bool {
        self.desk_of(connection).is_none_or(|desk| desk.has_room())
    }

    fn ended(&mut self, connection: ConnectionId, _why: Hangup) {
        for desk in &mut self.desks {
            desk.ended(connection);
        }
    }
}
