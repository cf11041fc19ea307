//! `Snapshot`: the market as a venue tells a late joiner of it.
//!
//! One SoupBinTCP connection, in the manner of GLIMPSE 5.0: log in, take the
//! messages that lead to the market as it stands, and the number of the message
//! of the live stream to go on with. A reader that starts there misses nothing
//! and hears nothing twice: [`MarketFeed::join_late`] is both in one.

use super::{FeedConfig, FeedError, MarketFeed};
use crate::client::Start;
use crate::soup::{ClientEvent, Closed, SoupClient, SoupConfig};
use crate::wire::glimpse::EndOfSnapshot;
use crate::wire::itch::ItchMessage;
use crate::wire::mold::SessionName;
use crate::wire::soup::LoginRequest;
use crate::wire::{Alpha, WireError};
use std::io::{self, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

/// The longest sleep between two looks at the clock.
const HOUSEKEEPING: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 64 << 10;
/// Longest packet that is taken: any ITCH message, with room to spare.
const MAX_PACKET: u16 = 1 << 10;

/// The market at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The messages that lead there, in order.
    pub messages: Vec<ItchMessage>,
    /// Number of the first message of the live stream that is not in them.
    pub next: u64,
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The connection failed.
    #[error("no snapshot from {address}: {source}")]
    Io {
        /// Where it was asked for.
        address: SocketAddrV4,
        /// What the system said.
        source: io::Error,
    },
    /// The connection ended before the snapshot did.
    #[error("the snapshot from {address} broke off: {why}")]
    Broken {
        /// Where it was asked for.
        address: SocketAddrV4,
        /// Why.
        why: Closed,
    },
    /// The snapshot did not come in time.
    #[error(
        "no whole snapshot from {address} within {seconds} s: is the venue running, and does its \
         config have [glimpse]?"
    )]
    Late {
        /// Where it was asked for.
        address: SocketAddrV4,
        /// How long it waited.
        seconds: u64,
    },
    /// A message cannot be read.
    #[error("the snapshot from {address} holds what is no message of ITCH 5.0: {source}")]
    Message {
        /// Where it was asked for.
        address: SocketAddrV4,
        /// What is wrong.
        source: WireError,
    },
}

impl Snapshot {
    /// Asks the venue at `address` for a snapshot, and waits for all of it.
    ///
    /// # Errors
    /// When it cannot be had within `timeout`.
    pub fn fetch(
        venue: SessionName,
        address: SocketAddrV4,
        timeout: Duration,
    ) -> Result<Self, SnapshotError> {
        let failed = |source| SnapshotError::Io { address, source };
        let (start, config) =
            (Instant::now(), SoupConfig { max_packet: MAX_PACKET, ..SoupConfig::default() });
        let now = || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let mut stream = TcpStream::connect_timeout(&address.into(), timeout).map_err(failed)?;
        stream.set_read_timeout(Some(HOUSEKEEPING)).map_err(failed)?;
        let login = LoginRequest {
            username: Alpha::default(),
            password: Alpha::default(),
            session: venue,
            sequence: 1,
            heartbeat_timeout_ms: None,
        };
        let mut client = SoupClient::new(config, login, now());
        let (mut reading, mut buffer) = (Reading::default(), vec![0; READ_BYTES]);
        while start.elapsed() < timeout {
            let mut out = Vec::new();
            client.poll(now(), &mut |bytes| out.extend_from_slice(bytes));
            stream.write_all(&out).map_err(failed)?;
            let len = match stream.read(&mut buffer) {
                Ok(0) => return Err(failed(io::ErrorKind::UnexpectedEof.into())),
                Ok(len) => len,
                Err(error) if is_passing(&error) => 0,
                Err(error) => return Err(failed(error)),
            };
            client.receive(&buffer[..len], now(), &mut |event| reading.take(event));
            match reading.done() {
                Some(Ok(snapshot)) => return Ok(snapshot),
                Some(Err(source)) => return Err(SnapshotError::Message { address, source }),
                None => {}
            }
            if let Some(why) = client.closed() {
                return Err(SnapshotError::Broken { address, why });
            }
        }
        Err(SnapshotError::Late { address, seconds: timeout.as_secs() })
    }
}

impl MarketFeed {
    /// Joins the stream behind a snapshot from `address`: what is to be applied
    /// first, and the feed that goes on from there.
    ///
    /// # Errors
    /// When either cannot be had within `timeout`.
    pub fn join_late(
        config: FeedConfig,
        address: SocketAddrV4,
        timeout: Duration,
    ) -> Result<(Snapshot, Self), FeedError> {
        let snapshot = Snapshot::fetch(config.venue, address, timeout)?;
        let start = Start::At(snapshot.next);
        let feed = Self::join(FeedConfig { start, ..config }, timeout)?;
        Ok((snapshot, feed))
    }
}

/// What has come of a snapshot so far.
#[derive(Debug, Default)]
struct Reading {
    messages: Vec<ItchMessage>,
    next: Option<u64>,
    fault: Option<WireError>,
}

impl Reading {
    fn take(&mut self, event: ClientEvent<'_>) {
        let ClientEvent::Sequenced { message, .. } = event else { return };
        let taken = match message.first() {
            Some(&EndOfSnapshot::LETTER) => {
                EndOfSnapshot::decode(message).map(|end| self.next = Some(end.next))
            }
            _ => ItchMessage::decode(message).map(|message| self.messages.push(message)),
        };
        self.fault = self.fault.or(taken.err());
    }

    fn done(&mut self) -> Option<Result<Snapshot, WireError>> {
        if let Some(fault) = self.fault {
            return Some(Err(fault));
        }
        let next = self.next?;
        Some(Ok(Snapshot { messages: std::mem::take(&mut self.messages), next }))
    }
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
