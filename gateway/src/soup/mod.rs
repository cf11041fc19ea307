//! The two ends of a SoupBinTCP connection, and the sockets of the venue's.
//!
//! [`SoupServer`] and [`SoupClient`] log in and out, count sequenced messages,
//! send heartbeats and notice a peer that has gone. Bytes and times are
//! arguments: whoever has the connection gives what it reads to `receive`,
//! calls `poll` often, writes what is handed to `send`, and hangs up when the
//! end says that it is [`Closed`]. An end that is closed sends and delivers
//! nothing more. Neither allocates after it was made, and a peer can make
//! neither grow. [`SoupHost`] is the listener with its connections under many
//! [`SoupServer`]s.

mod client;
mod connection;
mod host;
mod outbox;
mod server;

pub use client::{ClientEvent, SoupClient};
pub use host::{
    ConnectionId, Hangup, HostConfig, HostCounters, SoupHost, SoupService, Undelivered,
};
pub use server::{Grant, SoupHandler, SoupServer};

use crate::stream::MonotonicNanos;
use crate::wire::soup::{LoginReject, SoupPacket};
use crate::wire::{Letter, WireError};

const MS: u64 = 1_000_000;

/// Times and bounds of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoupConfig {
    /// How long after the connection was made a login must be done, in ns.
    pub login_timeout_ns: u64,
    /// Silence after which a heartbeat is sent, in ns.
    pub heartbeat_ns: u64,
    /// Silence of the peer after which it has gone, in ns. A client's own
    /// heartbeat timeout (4.10) takes its place.
    pub silence_ns: u64,
    /// Longest packet that is taken and sent, letter included, in bytes.
    pub max_packet: u16,
}

impl Default for SoupConfig {
    /// As SoupBinTCP 3.00 has it: 30 s to log in, heartbeats after 1 s, 15 s of
    /// silence; packets of up to 65,535 bytes.
    fn default() -> Self {
        Self {
            login_timeout_ns: 30_000 * MS,
            heartbeat_ns: 1_000 * MS,
            silence_ns: 15_000 * MS,
            max_packet: u16::MAX,
        }
    }
}

/// Why an end has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The login was not done in time.
    #[error("no login was done in time")]
    LoginTimeout,
    /// The login was refused.
    #[error("the login was refused: {0:?}")]
    Rejected(LoginReject),
    /// The server is in another session than the one asked for.
    #[error("the server granted another session than the one asked for")]
    AnotherSession,
    /// The peer sent nothing for too long.
    #[error("the peer was silent for too long")]
    Silent,
    /// The client logged out.
    #[error("the client logged out")]
    LoggedOut,
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
    /// The peer sent bytes that are no packet.
    #[error("the peer sent bytes that are no packet: {0}")]
    Malformed(#[from] WireError),
    /// The peer sent a packet that has no place here or now.
    #[error("the peer sent a packet '{0}', which has no place here or now")]
    Unexpected(Letter),
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoupSendError {
    /// Nobody is logged in.
    #[error("nobody is logged in on this connection")]
    NotLoggedIn,
    /// The message does not fit a packet.
    #[error("the message has {bytes} bytes; a packet of this connection holds {room}")]
    TooLong {
        /// Bytes of the message.
        bytes: usize,
        /// Bytes that a packet has room for.
        room: usize,
    },
    /// The session has no number left.
    #[error("the session has used up all its numbers")]
    NumbersExhausted,
}

/// What both ends do alike: write packets, and watch the time.
struct Line {
    config: SoupConfig,
    opened: MonotonicNanos,
    sent: MonotonicNanos,
    heard: MonotonicNanos,
    out: Box<[u8]>,
}

impl Line {
    fn new(config: SoupConfig, now: MonotonicNanos) -> Self {
        let out = vec![0; 2 + usize::from(config.max_packet.max(64))].into_boxed_slice();
        Self { config, opened: now, sent: now, heard: now, out }
    }

    /// Takes the timeout that a login names: for silence, and for heartbeats
    /// often enough that a third of them suffices.
    fn take_timeout(&mut self, timeout_ms: Option<u32>) {
        if let Some(ms) = timeout_ms.filter(|&ms| ms > 0) {
            self.config.silence_ns = u64::from(ms) * MS;
            self.config.heartbeat_ns = self.config.heartbeat_ns.min(self.config.silence_ns / 3);
        }
    }

    fn send(&mut self, packet: &SoupPacket<'_>, now: MonotonicNanos, send: &mut impl FnMut(&[u8])) {
        let len = packet.encode(&mut self.out);
        self.sent = now;
        send(&self.out[..len]);
    }

    /// Checks that a message fits a packet.
    fn check(&self, message: &[u8]) -> Result<(), SoupSendError> {
        let (bytes, room) = (message.len(), usize::from(self.config.max_packet) - 1);
        if bytes > room { Err(SoupSendError::TooLong { bytes, room }) } else { Ok(()) }
    }

    fn heartbeat(
        &mut self,
        packet: &SoupPacket<'_>,
        now: MonotonicNanos,
        send: &mut impl FnMut(&[u8]),
    ) {
        if now.saturating_sub(self.sent) >= self.config.heartbeat_ns {
            self.send(packet, now, send);
        }
    }

    fn login_is_late(&self, now: MonotonicNanos) -> bool {
        now.saturating_sub(self.opened) >= self.config.login_timeout_ns
    }

    fn peer_is_silent(&self, now: MonotonicNanos) -> bool {
        now.saturating_sub(self.heard) >= self.config.silence_ns
    }
}

impl std::fmt::Debug for Line {
    /// Without the bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sent at {}, heard at {}", self.sent, self.heard)
    }
}
