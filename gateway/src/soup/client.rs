//! `SoupClient`: a user's end of one SoupBinTCP connection.
//!
//! It logs in, numbers the sequenced messages that arrive, and notices a server
//! that has gone. When a connection is lost, [`SoupClient::resumption`] is the
//! login that goes on where it stopped, on a new connection.

use super::{Closed, Line, SoupConfig, SoupSendError};
use crate::stream::MonotonicNanos;
use crate::wire::Letter;
use crate::wire::mold::SessionName;
use crate::wire::soup::{LoginRequest, SoupPacket, SoupReader};

/// What a server says to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEvent<'a> {
    /// The login is granted.
    Accepted {
        /// The session.
        session: SessionName,
        /// Number of the first sequenced message that will come. It is higher
        /// than the one asked for if the server does not have that one anymore.
        next: u64,
    },
    /// A message that has a number.
    Sequenced {
        /// Its number in the session.
        number: u64,
        /// Its bytes.
        message: &'a [u8],
    },
    /// A message that has none (4.00).
    Unsequenced(&'a [u8]),
}

/// A user's end of one connection.
#[derive(Debug)]
pub struct SoupClient {
    line: Line,
    reader: SoupReader,
    request: LoginRequest,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The login request is still to be sent.
    New,
    AwaitingAnswer,
    LoggedIn,
    Closed(Closed),
}

impl SoupClient {
    /// A connection that was made now. The login leaves with the first
    /// [`poll`](Self::poll).
    ///
    /// # Panics
    /// If `max_packet` is zero.
    #[must_use]
    pub fn new(config: SoupConfig, request: LoginRequest, now: MonotonicNanos) -> Self {
        assert!(config.max_packet > 0, "a packet has at least its letter");
        let mut line = Line::new(config, now);
        line.take_timeout(request.heartbeat_timeout_ms);
        let reader = SoupReader::new(config.max_packet.max(64));
        Self { line, reader, request, state: State::New }
    }

    /// Whether the login was granted.
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        self.state == State::LoggedIn
    }

    /// Why the connection is to be hung up.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        match self.state {
            State::Closed(why) => Some(why),
            State::New | State::AwaitingAnswer | State::LoggedIn => None,
        }
    }

    /// The login that goes on where this connection stands: its session, and the
    /// number of the message that would come next.
    #[must_use]
    pub fn resumption(&self) -> LoginRequest {
        self.request
    }

    /// Takes bytes that were read.
    pub fn receive(
        &mut self,
        bytes: &[u8],
        now: MonotonicNanos,
        deliver: &mut impl FnMut(ClientEvent<'_>),
    ) {
        if self.closed().is_some() || bytes.is_empty() {
            return;
        }
        let Self { line, reader, request, state } = self;
        line.heard = now;
        let read = reader.offer(bytes, &mut |packet| {
            *state = match SoupPacket::decode(packet) {
                Ok(packet) => take(*state, &packet, request, deliver),
                Err(error) => State::Closed(error.into()),
            };
            !matches!(state, State::Closed(_))
        });
        if let (Err(error), None) = (read, self.closed()) {
            self.state = State::Closed(error.into());
        }
    }

    /// Sends a message, which may be lost with the connection: no answer in the
    /// sequenced stream means that it was.
    ///
    /// # Errors
    /// When it is not logged in, or the message does not fit a packet.
    pub fn message(
        &mut self,
        message: &[u8],
        now: MonotonicNanos,
        send: &mut impl FnMut(&[u8]),
    ) -> Result<(), SoupSendError> {
        if !self.is_logged_in() {
            return Err(SoupSendError::NotLoggedIn);
        }
        self.line.check(message)?;
        self.line.send(&SoupPacket::Unsequenced(message), now, send);
        Ok(())
    }

    /// Logs out; the connection can then be hung up.
    pub fn log_out(&mut self, now: MonotonicNanos, send: &mut impl FnMut(&[u8])) {
        if self.is_logged_in() {
            self.line.send(&SoupPacket::LogoutRequest, now, send);
        }
        if self.closed().is_none() {
            self.state = State::Closed(Closed::LoggedOut);
        }
    }

    /// Sends the login or the heartbeat that is due, and notices a server that
    /// has gone.
    pub fn poll(&mut self, now: MonotonicNanos, send: &mut impl FnMut(&[u8])) {
        match self.state {
            State::New => {
                self.line.send(&SoupPacket::LoginRequest(self.request), now, send);
                self.state = State::AwaitingAnswer;
            }
            State::AwaitingAnswer if self.line.login_is_late(now) => {
                self.state = State::Closed(Closed::LoginTimeout);
            }
            State::LoggedIn if self.line.peer_is_silent(now) => {
                self.state = State::Closed(Closed::Silent);
            }
            State::LoggedIn => self.line.heartbeat(&SoupPacket::ClientHeartbeat, now, send),
            State::AwaitingAnswer | State::Closed(_) => {}
        }
    }
}

/// What a packet makes of a connection. `request` keeps where it stands.
fn take(
    state: State,
    packet: &SoupPacket<'_>,
    request: &mut LoginRequest,
    deliver: &mut impl FnMut(ClientEvent<'_>),
) -> State {
    match (state, packet) {
        (state, SoupPacket::Debug(_)) => state,
        (State::AwaitingAnswer, &SoupPacket::LoginAccepted { session, sequence: next }) => {
            if !request.session.is_blank() && request.session != session {
                return State::Closed(Closed::AnotherSession);
            }
            (request.session, request.sequence) = (session, next);
            deliver(ClientEvent::Accepted { session, next });
            State::LoggedIn
        }
        (State::AwaitingAnswer, SoupPacket::LoginRejected(reason)) => {
            State::Closed(Closed::Rejected(*reason))
        }
        (State::LoggedIn, SoupPacket::Sequenced(message)) => {
            let number = request.sequence;
            // A server that counts past 64 bits is no server.
            let Some(next) = number.checked_add(1) else {
                return State::Closed(Closed::Unexpected(Letter(b'S')));
            };
            request.sequence = next;
            deliver(ClientEvent::Sequenced { number, message });
            State::LoggedIn
        }
        (State::LoggedIn, SoupPacket::Unsequenced(message)) => {
            deliver(ClientEvent::Unsequenced(message));
            State::LoggedIn
        }
        (State::LoggedIn, SoupPacket::ServerHeartbeat) => State::LoggedIn,
        (State::LoggedIn, SoupPacket::EndOfSession) => State::Closed(Closed::Ended),
        (_, unexpected) => State::Closed(Closed::Unexpected(Letter(unexpected.letter()))),
    }
}
