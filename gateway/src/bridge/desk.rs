//! `Desk`: one session of the bridge, and who is logged in to it.
//!
//! A session has one client at a time, and the last one to log in is it: a client
//! whose connection has died without a word must be able to come back. What the
//! one before it had sent first becomes safe with the venue, so that the numbers
//! of the two cannot meet; then the new one is told where the session stands.

use super::VenueAddress;
use super::line::{Broken, Line};
use crate::client::Start;
use crate::seal::Key;
use crate::soup::{ConnectionId, Grant, SoupHost, Undelivered};
use crate::stream::MonotonicNanos;
use crate::wire::mold::SessionName;
use crate::wire::soup::{LoginReject, LoginRequest};
use subtle::ConstantTimeEq;

/// How long the venue may take to say where a session stands: 5 s.
const ANSWER_NS: u64 = 5_000_000_000;
/// How long the venue may take to make safe what a client sent that is gone: 5 s.
const DRAIN_NS: u64 = 5_000_000_000;
/// Responses delivered in one turn.
const RESPONSES: usize = 256;
/// Characters of a username.
const USERNAME_BYTES: usize = 6;

/// One session.
#[derive(Debug)]
pub(super) struct Desk {
    name: SessionName,
    key: Key,
    venue: VenueAddress,
    current: Option<Client>,
    /// Who is to be the next client, and the first response it wants.
    waiting: Option<(ConnectionId, u64)>,
    /// Logins that another one came after.
    overtaken: Vec<ConnectionId>,
}

/// A client, or what is left of one.
#[derive(Debug)]
struct Client {
    line: Line,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The venue is asked where the session stands.
    Asking {
        connection: ConnectionId,
        until: MonotonicNanos,
    },
    Open(ConnectionId),
    /// The client is gone; what it sent is not yet safe.
    Gone,
    Draining {
        until: MonotonicNanos,
    },
}

impl State {
    fn connection(self) -> Option<ConnectionId> {
        match self {
            Self::Asking { connection, .. } | Self::Open(connection) => Some(connection),
            Self::Gone | Self::Draining { .. } => None,
        }
    }
}

impl Desk {
    pub(super) fn new(name: SessionName, key: Key, venue: VenueAddress) -> Self {
        Self { name, key, venue, current: None, waiting: None, overtaken: Vec::new() }
    }

    /// Whether nobody is logged in, or wants to be.
    pub(super) fn is_free(&self) -> bool {
        self.current.is_none() && self.waiting.is_none()
    }

    /// Whether a connection is its client's.
    pub(super) fn serves(&self, connection: ConnectionId) -> bool {
        self.current.as_ref().is_some_and(|client| client.state.connection() == Some(connection))
    }

    /// Whether a login names this session: the username is its name, as far as
    /// it goes, and the session, if one is given, is it.
    pub(super) fn is_meant(&self, request: &LoginRequest) -> bool {
        let (name, wanted) = (self.name.bytes(), request.session);
        request.username.bytes().eq_ignore_ascii_case(&name[..USERNAME_BYTES])
            && (wanted.is_blank() || wanted.bytes().eq_ignore_ascii_case(name))
    }

    /// Whether the password is right. How long that takes says nothing of it.
    pub(super) fn admits(&self, request: &LoginRequest) -> bool {
        let given = request.password.bytes().map(|byte| byte.to_ascii_uppercase());
        given.ct_eq(self.key.password().bytes()).into()
    }

    /// Makes a connection the next client.
    pub(super) fn queue(&mut self, connection: ConnectionId, sequence: u64) {
        let before = self.waiting.replace((connection, sequence));
        self.overtaken.extend(before.map(|(connection, _)| connection));
        if let Some(Client { state, .. }) = &mut self.current {
            self.overtaken.extend(state.connection());
            if state.connection().is_some() {
                *state = State::Gone;
            }
        }
    }

    /// Hears that a connection is over.
    pub(super) fn ended(&mut self, connection: ConnectionId) {
        if self.waiting.is_some_and(|(waiting, _)| waiting == connection) {
            self.waiting = None;
        }
        self.overtaken.retain(|&overtaken| overtaken != connection);
        if let Some(Client { state, .. }) = &mut self.current
            && state.connection() == Some(connection)
        {
            *state = State::Gone;
        }
    }

    /// Takes a message of its client.
    pub(super) fn take(&mut self, message: &[u8]) {
        if let Some(client) = &mut self.current {
            client.line.send(message);
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.current.as_ref().is_none_or(|client| client.line.has_room())
    }

    /// Moves what there is, and lets clients come and go.
    pub(super) fn work(&mut self, host: &mut SoupHost, now: MonotonicNanos) -> usize {
        for connection in self.overtaken.drain(..) {
            turn_away(connection, host, now);
        }
        let mut worked = 0;
        if let Some(client) = &mut self.current {
            worked = client.work(self.name, host, now);
            if client.is_done(now) {
                self.current = None;
            }
        }
        if self.current.is_none()
            && let Some((connection, sequence)) = self.waiting.take()
        {
            worked += 1;
            let start = if sequence == 0 { Start::Now } else { Start::At(sequence) };
            match Line::open(self.name, &self.key, start, self.venue) {
                Ok(line) => {
                    let state = State::Asking { connection, until: now + ANSWER_NS };
                    self.current = Some(Client { line, state });
                }
                Err(Broken) => turn_away(connection, host, now),
            }
        }
        worked
    }
}

impl Client {
    fn work(&mut self, name: SessionName, host: &mut SoupHost, now: MonotonicNanos) -> usize {
        let Ok(moved) = self.line.pump(now) else {
            if let Some(connection) = self.state.connection() {
                turn_away(connection, host, now);
            }
            // Nothing more can be sent by it, so nothing is waited for.
            self.state = State::Draining { until: now };
            return 1;
        };
        match self.state {
            State::Asking { connection, until } => {
                if let Some(next) = self.line.next() {
                    host.answer(connection, Ok(Grant { session: name, next }), now);
                    self.state = State::Open(connection);
                } else if now >= until {
                    turn_away(connection, host, now);
                    self.state = State::Draining { until: now };
                }
            }
            State::Open(connection) => self.deliver(connection, host, now),
            State::Gone => self.state = State::Draining { until: now + DRAIN_NS },
            State::Draining { .. } => {
                while self.line.response().is_some() {
                    self.line.delivered();
                }
                self.line.ask_whether_safe(now);
            }
        }
        moved
    }

    /// Gives the client the responses that it has room for.
    fn deliver(&mut self, connection: ConnectionId, host: &mut SoupHost, now: MonotonicNanos) {
        for _ in 0..RESPONSES {
            let Some((number, message)) = self.line.response() else { return };
            match host.sequenced(connection, message, now) {
                Ok(given) => assert_eq!(given, number, "both ends count the same responses"),
                Err(Undelivered::Full | Undelivered::Gone) => return,
                Err(Undelivered::Soup(_)) => {
                    host.hang_up(connection);
                    self.state = State::Gone;
                    return;
                }
            }
            self.line.delivered();
        }
    }

    /// Whether it is gone and left nothing behind.
    fn is_done(&self, now: MonotonicNanos) -> bool {
        match self.state {
            State::Draining { until } => now >= until || self.line.is_safe(),
            State::Asking { .. } | State::Open(_) | State::Gone => false,
        }
    }
}

/// Refuses a connection whose login waits, and hangs up on one that has had its
/// answer.
fn turn_away(connection: ConnectionId, host: &mut SoupHost, now: MonotonicNanos) {
    if !host.answer(connection, Err(LoginReject::SessionNotAvailable), now) {
        host.hang_up(connection);
    }
}
