//! `SoupServer`: the venue's end of one SoupBinTCP connection.
//!
//! A connection begins with a login, which the handler grants or refuses. From
//! then on sequenced messages are numbered from the number that was granted,
//! and what the client sends goes to the handler. A client that sends what has
//! no place here, or nothing for too long, is hung up on.

use super::{Closed, Line, SoupConfig, SoupSendError};
use crate::stream::MonotonicNanos;
use crate::wire::Letter;
use crate::wire::mold::SessionName;
use crate::wire::soup::{LoginReject, LoginRequest, SoupPacket, SoupReader};

/// What a login is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The session.
    pub session: SessionName,
    /// Number of the first sequenced message that will be sent. What the client
    /// asked for is in its request; zero there means the most recent one.
    pub next: u64,
}

/// Who decides on logins, and takes what clients send.
pub trait SoupHandler {
    /// Grants a login.
    ///
    /// # Errors
    /// Why it is refused.
    fn login(&mut self, request: &LoginRequest) -> Result<Grant, LoginReject>;

    /// Takes a message of the client that is logged in.
    fn message(&mut self, message: &[u8]);
}

/// The venue's end of one connection.
#[derive(Debug)]
pub struct SoupServer {
    line: Line,
    reader: SoupReader,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AwaitingLogin,
    LoggedIn { next: u64 },
    Closed(Closed),
}

impl SoupServer {
    /// A connection that was made now.
    ///
    /// # Panics
    /// If `max_packet` is zero.
    #[must_use]
    pub fn new(config: SoupConfig, now: MonotonicNanos) -> Self {
        assert!(config.max_packet > 0, "a packet has at least its letter");
        Self {
            line: Line::new(config, now),
            // A login request must be readable, however short messages are.
            reader: SoupReader::new(config.max_packet.max(64)),
            state: State::AwaitingLogin,
        }
    }

    /// Whether a client is logged in.
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        matches!(self.state, State::LoggedIn { .. })
    }

    /// Number of the next sequenced message; `None` if nobody is logged in.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        match self.state {
            State::LoggedIn { next } => Some(next),
            State::AwaitingLogin | State::Closed(_) => None,
        }
    }

    /// Why the connection is to be hung up, once what was sent is written.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        match self.state {
            State::Closed(why) => Some(why),
            State::AwaitingLogin | State::LoggedIn { .. } => None,
        }
    }

    /// Takes bytes that were read.
    pub fn receive(
        &mut self,
        bytes: &[u8],
        now: MonotonicNanos,
        handler: &mut impl SoupHandler,
        send: &mut impl FnMut(&[u8]),
    ) {
        if self.closed().is_some() || bytes.is_empty() {
            return;
        }
        let Self { line, reader, state } = self;
        line.heard = now;
        let read = reader.offer(bytes, &mut |packet| {
            *state = match SoupPacket::decode(packet) {
                Ok(packet) => take(*state, &packet, line, now, handler, send),
                Err(error) => State::Closed(error.into()),
            };
            !matches!(state, State::Closed(_))
        });
        if let (Err(error), None) = (read, self.closed()) {
            self.state = State::Closed(error.into());
        }
    }

    /// Sends a message with the next number, which it returns.
    ///
    /// # Errors
    /// When nobody is logged in, the message does not fit a packet, or there is
    /// no number left.
    pub fn sequenced(
        &mut self,
        message: &[u8],
        now: MonotonicNanos,
        send: &mut impl FnMut(&[u8]),
    ) -> Result<u64, SoupSendError> {
        let State::LoggedIn { next } = &mut self.state else {
            return Err(SoupSendError::NotLoggedIn);
        };
        self.line.check(message)?;
        let number = *next;
        *next = number.checked_add(1).ok_or(SoupSendError::NumbersExhausted)?;
        self.line.send(&SoupPacket::Sequenced(message), now, send);
        Ok(number)
    }

    /// Sends a message without a number, which only clients of 4.00 know.
    ///
    /// # Errors
    /// When nobody is logged in, or the message does not fit a packet.
    pub fn unsequenced(
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

    /// Ends the session: the client is told that nothing follows.
    pub fn end_of_session(&mut self, now: MonotonicNanos, send: &mut impl FnMut(&[u8])) {
        if self.is_logged_in() {
            self.line.send(&SoupPacket::EndOfSession, now, send);
        }
        if self.closed().is_none() {
            self.state = State::Closed(Closed::Ended);
        }
    }

    /// Takes it that the client was heard now: nobody listened.
    pub fn excuse(&mut self, now: MonotonicNanos) {
        self.line.heard = now;
    }

    /// Sends the heartbeat that is due, and notices a client that has gone.
    pub fn poll(&mut self, now: MonotonicNanos, send: &mut impl FnMut(&[u8])) {
        match self.state {
            State::AwaitingLogin if self.line.login_is_late(now) => {
                self.state = State::Closed(Closed::LoginTimeout);
            }
            State::LoggedIn { .. } if self.line.peer_is_silent(now) => {
                self.state = State::Closed(Closed::Silent);
            }
            State::LoggedIn { .. } => {
                self.line.heartbeat(&SoupPacket::ServerHeartbeat, now, send);
            }
            State::AwaitingLogin | State::Closed(_) => {}
        }
    }
}

/// What a packet makes of a connection.
fn take(
    state: State,
    packet: &SoupPacket<'_>,
    line: &mut Line,
    now: MonotonicNanos,
    handler: &mut impl SoupHandler,
    send: &mut impl FnMut(&[u8]),
) -> State {
    match (state, packet) {
        (state, SoupPacket::Debug(_)) => state,
        (State::AwaitingLogin, SoupPacket::LoginRequest(request)) => {
            log_in(request, line, now, handler, send)
        }
        (State::LoggedIn { .. }, SoupPacket::Unsequenced(message)) => {
            handler.message(message);
            state
        }
        (State::LoggedIn { .. }, SoupPacket::ClientHeartbeat) => state,
        (_, SoupPacket::LogoutRequest) => State::Closed(Closed::LoggedOut),
        (_, unexpected) => State::Closed(Closed::Unexpected(Letter(unexpected.letter()))),
    }
}

fn log_in(
    request: &LoginRequest,
    line: &mut Line,
    now: MonotonicNanos,
    handler: &mut impl SoupHandler,
    send: &mut impl FnMut(&[u8]),
) -> State {
    match handler.login(request) {
        Ok(Grant { session, next }) => {
            line.take_timeout(request.heartbeat_timeout_ms);
            line.send(&SoupPacket::LoginAccepted { session, sequence: next }, now, send);
            State::LoggedIn { next }
        }
        Err(reason) => {
            line.send(&SoupPacket::LoginRejected(reason), now, send);
            State::Closed(Closed::Rejected(reason))
        }
    }
}
