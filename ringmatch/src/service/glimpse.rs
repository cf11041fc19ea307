//! `Glimpse`: the book for those who join late, over SoupBinTCP.
//!
//! In the manner of GLIMPSE 5.0: whoever logs in gets the messages that lead to
//! the market as it stands, then the number of the market-data message to go on
//! with, and the end of the session. Market data is for everybody, so any name
//! and password will do; the session is the venue's or blank. One picture is made
//! at most every second, however many join, and all who join within that second
//! share it; what has happened since is in the retransmission window. Connections,
//! what waits for each, and how long each may take are bounded.

use super::LiveFollower;
use crate::pipeline::{Counter, Counters};
use ringmatch_engine::SessionName;
use ringmatch_gateway::net::EndpointError;
use ringmatch_gateway::soup::{
    ConnectionId, Grant, Hangup, HostConfig, SoupHost, SoupService, Undelivered,
};
use ringmatch_gateway::wire::glimpse::EndOfSnapshot;
use ringmatch_gateway::wire::soup::{LoginReject, LoginRequest};
use ringmatch_journal::Storage;
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;

/// How long a picture is shared.
const SHARED_NS: u64 = 1_000_000_000;
/// How long somebody may take to read a picture.
const PATIENCE_NS: u64 = 60_000_000_000;
const LENGTH_BYTES: usize = 2;

/// The market as it stood at one moment: messages, each behind its length.
struct Picture {
    bytes: Vec<u8>,
}

impl Picture {
    fn of<S: Storage>(follower: &LiveFollower<S>) -> Self {
        let mut bytes = Vec::new();
        let mut add = |message: &[u8]| {
            let length = u16::try_from(message.len()).expect("no ITCH message is longer");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(message);
        };
        let exchange = follower.exchange();
        follower.standing().tell(exchange, &mut add);
        add(&EndOfSnapshot { next: exchange.next_market().0 }.encode());
        Self { bytes }
    }

    /// The message at `at`, and where the next one is.
    fn message(&self, at: usize) -> Option<(&[u8], usize)> {
        let (length, rest) = self.bytes.get(at..)?.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        Some((rest.get(..length)?, at + LENGTH_BYTES + length))
    }
}

/// Somebody who is being told.
struct Joiner {
    connection: ConnectionId,
    picture: Arc<Picture>,
    at: usize,
    since: u64,
}

/// Who has logged in, and who has gone.
struct Entrance {
    venue: SessionName,
    arrived: Vec<ConnectionId>,
    left: Vec<ConnectionId>,
}

impl SoupService for Entrance {
    fn login(
        &mut self,
        connection: ConnectionId,
        _peer: SocketAddr,
        request: &LoginRequest,
    ) -> Result<Option<Grant>, LoginReject> {
        if !request.session.is_blank() && request.session != self.venue {
            return Err(LoginReject::SessionNotAvailable);
        }
        self.arrived.push(connection);
        Ok(Some(Grant { session: self.venue, next: 1 }))
    }

    /// There is nothing to say to a picture.
    fn message(&mut self, _connection: ConnectionId, _message: &[u8]) {}

    fn ended(&mut self, connection: ConnectionId, _why: Hangup) {
        self.left.push(connection);
    }
}

/// The service for late joiners.
pub struct Glimpse {
    host: SoupHost,
    entrance: Entrance,
    joiners: Vec<Joiner>,
    /// The last picture, and when it was made.
    last: Option<(u64, Arc<Picture>)>,
    told: u64,
    too_slow: u64,
}

impl Glimpse {
    /// Listens at `address` for at most so many at a time.
    ///
    /// # Errors
    /// The address is in use or forbidden, or no interface has it.
    pub fn open(
        venue: SessionName,
        address: SocketAddrV4,
        connections: usize,
    ) -> Result<Self, EndpointError> {
        let connections_per_address = connections.div_ceil(2);
        let config = HostConfig::new("glimpse", address);
        let host = SoupHost::open(HostConfig { connections, connections_per_address, ..config })?;
        let entrance = Entrance { venue, arrived: Vec::new(), left: Vec::new() };
        let (joiners, last) = (Vec::new(), None);
        Ok(Self { host, entrance, joiners, last, told: 0, too_slow: 0 })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.host.local_address()
    }

    /// Serves those who are there; whether there was anything to do.
    pub fn poll<S: Storage>(&mut self, follower: &LiveFollower<S>, now: u64) -> usize {
        let mut worked = self.host.poll(now, &mut self.entrance);
        if self.last.as_ref().is_some_and(|(made, _)| now.saturating_sub(*made) >= SHARED_NS) {
            self.last = None;
        }
        let Self { host, entrance, joiners, last, .. } = self;
        for connection in entrance.arrived.drain(..) {
            let (_, picture) = last.get_or_insert_with(|| (now, Arc::new(Picture::of(follower))));
            let picture = Arc::clone(picture);
            joiners.push(Joiner { connection, picture, at: 0, since: now });
        }
        joiners.retain(|joiner| !entrance.left.contains(&joiner.connection));
        entrance.left.clear();
        joiners.retain_mut(|joiner| {
            let (pace, moved) = joiner.go_on(host, now);
            worked += usize::from(moved);
            self.told += u64::from(pace == Pace::Done);
            self.too_slow += u64::from(pace == Pace::TooSlow);
            pace == Pace::GoesOn
        });
        worked
    }

    /// Stores what was counted where others can read it.
    pub(super) fn report(&self, counters: &Counters) {
        let host = self.host.counters();
        for (counter, total) in [
            (Counter::Glimpses, self.told),
            (Counter::GlimpseTurnedAway, host.turned_away),
            (Counter::GlimpseSlow, host.slow + self.too_slow),
            (Counter::GlimpseUnsound, host.login_rejects + host.malformed + host.silent),
        ] {
            counters.set(counter, total);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    GoesOn,
    Done,
    TooSlow,
    Gone,
}

impl Joiner {
    /// Sends what the connection has room for; whether that was anything.
    fn go_on(&mut self, host: &mut SoupHost, now: u64) -> (Pace, bool) {
        let start = self.at;
        while let Some((message, next)) = self.picture.message(self.at) {
            match host.sequenced(self.connection, message, now) {
                Ok(_) => self.at = next,
                Err(Undelivered::Full) if now.saturating_sub(self.since) < PATIENCE_NS => {
                    return (Pace::GoesOn, self.at > start);
                }
                Err(Undelivered::Full) => {
                    host.hang_up(self.connection);
                    return (Pace::TooSlow, true);
                }
                Err(Undelivered::Gone | Undelivered::Soup(_)) => return (Pace::Gone, true),
            }
        }
        host.end_of_session(self.connection, now);
        (Pace::Done, true)
    }
}
