//! `Connection`: one TCP connection of a [`SoupHost`](super::SoupHost).
//!
//! It reads a bounded piece, lets the protocol make of it what it is, and writes
//! what the peer takes. Once the protocol has ended, or the host wants no more of
//! it, it goes in order: what was sent is written, then the sending side is shut,
//! and what the peer still says is read and dropped until it has shut its own.
//! Closing with unread bytes would make the system take back what was sent. Each
//! of these steps has a time limit.

use super::outbox::Outbox;
use super::{Closed, Hangup, HostConfig, SoupHandler, SoupServer};
use crate::stream::MonotonicNanos;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) server: SoupServer,
    pub(super) outbox: Outbox,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// It is over, and what was sent is still to be written.
    Leaving,
    /// Everything is written; the peer is to shut its side.
    Shut {
        since: MonotonicNanos,
    },
}

/// What became of a connection when it was looked after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Visit {
    /// Whether bytes moved.
    pub(super) worked: bool,
    /// That it is over since now, and why.
    pub(super) ended: Option<Hangup>,
    /// That nothing is left of it.
    pub(super) gone: bool,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        peer: SocketAddr,
        config: &HostConfig,
        now: MonotonicNanos,
    ) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let server = SoupServer::new(config.soup, now);
        let outbox = Outbox::new(config.out_bytes, now);
        Ok(Self { stream, peer, server, outbox, stage: Stage::Open })
    }

    /// Whether the protocol goes on.
    pub(super) fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    /// Reads what is there, does what is due, writes what fits.
    pub(super) fn visit(
        &mut self,
        buffer: &mut [u8],
        is_ready: bool,
        now: MonotonicNanos,
        stall_ns: u64,
        handler: &mut impl SoupHandler,
    ) -> Visit {
        match self.stage {
            Stage::Open => self.trade(buffer, is_ready, now, stall_ns, handler),
            Stage::Leaving => self.leave(now, stall_ns),
            Stage::Shut { since } => self.await_the_peer(buffer, since, now, stall_ns),
        }
    }

    fn trade(
        &mut self,
        buffer: &mut [u8],
        is_ready: bool,
        now: MonotonicNanos,
        stall_ns: u64,
        handler: &mut impl SoupHandler,
    ) -> Visit {
        let mut worked = false;
        let Self { stream, server, outbox, .. } = self;
        let send = &mut |bytes: &[u8]| outbox.put(bytes, now);
        if is_ready {
            match read(stream, buffer) {
                Ok(None) => {}
                Ok(Some(0)) | Err(_) => return self.lost(),
                Ok(Some(len)) => {
                    worked = true;
                    server.receive(&buffer[..len], now, handler, send);
                }
            }
        } else {
            // Nobody listens to it, so its silence says nothing.
            server.excuse(now);
        }
        server.poll(now, send);
        worked |= match outbox.write_to(stream, now) {
            Ok(written) => written > 0,
            Err(_) => return self.lost(),
        };
        let ended = match server.closed() {
            Some(why) => Some(Hangup::Protocol(why)),
            None if outbox.stalled_ns(now) >= stall_ns => Some(Hangup::Slow),
            None => None,
        };
        let gone = ended == Some(Hangup::Slow);
        if ended.is_some() {
            self.stage = Stage::Leaving;
        }
        Visit { worked, ended, gone }
    }

    /// Ends it from the host's side: what was sent is still written.
    pub(super) fn hang_up(&mut self) {
        if self.is_open() {
            self.stage = Stage::Leaving;
        }
    }

    fn lost(&mut self) -> Visit {
        let ended = Some(match self.server.closed() {
            Some(why) => Hangup::Protocol(why),
            None => Hangup::Lost,
        });
        self.stage = Stage::Leaving;
        Visit { worked: true, ended, gone: true }
    }

    fn leave(&mut self, now: MonotonicNanos, stall_ns: u64) -> Visit {
        let written = self.outbox.write_to(&mut self.stream, now);
        let is_stuck = self.outbox.stalled_ns(now) >= stall_ns;
        let mut gone = written.is_err() || is_stuck;
        if self.outbox.is_empty() && !gone {
            gone = self.stream.shutdown(Shutdown::Write).is_err();
            self.stage = Stage::Shut { since: now };
        }
        Visit { worked: written.is_ok_and(|written| written > 0), ended: None, gone }
    }

    fn await_the_peer(
        &mut self,
        buffer: &mut [u8],
        since: MonotonicNanos,
        now: MonotonicNanos,
        stall_ns: u64,
    ) -> Visit {
        let has_shut = match read(&mut self.stream, buffer) {
            Ok(Some(0)) | Err(_) => true,
            Ok(_) => false,
        };
        let gone = has_shut || now.saturating_sub(since) >= stall_ns;
        Visit { worked: false, ended: None, gone }
    }
}

impl Hangup {
    /// Whether the peer was to blame by what it sent.
    pub(super) fn is_malformed(self) -> bool {
        matches!(self, Self::Protocol(Closed::Malformed(_) | Closed::Unexpected(_)))
    }
}

/// Bytes read; zero if the peer has shut its side, nothing if none are there.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match stream.read(buffer) {
        Ok(len) => Ok(Some(len)),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
            _ => Err(error),
        },
    }
}
