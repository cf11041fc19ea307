//! `OutputLog`: everything the venue ever sent, on disk, by stream and number.
//!
//! It takes the events of a follower and keeps the very messages that the
//! publisher makes of them, one [`StreamLog`] for market data and one for each
//! session. A request for old messages is answered from it with one packet, as
//! the protocol has it. Memory is one block a stream; an answer reads two blocks.

use super::block::Block;
use super::stream_log::{Lost, StreamLog, StreamLogError};
use ringmatch_engine::event::{Event, EventBody};
use ringmatch_engine::{Exchange, SessionId, SessionName};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::mold::{DEFAULT_MAX_PAYLOAD, PacketBuilder, Request};
use ringmatch_gateway::{Directory, Outlet, translate};
use ringmatch_journal::Storage;

/// All output streams, on disk.
pub struct OutputLog<S: Storage> {
    storage: S,
    venue: SessionName,
    directory: Directory,
    market: StreamLog,
    sessions: Vec<(SessionName, StreamLog)>,
    /// Memory for blocks that are read.
    scratch: Block,
}

impl<S: Storage> OutputLog<S> {
    /// The streams of a venue before its first event, in a folder of their own.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn open(storage: S, venue: SessionName) -> Result<Self, StreamLogError> {
        let market = StreamLog::open(&storage, 0)?;
        let scratch = Block::new(0, 0);
        let directory = Directory::default();
        Ok(Self { storage, venue, directory, market, sessions: Vec::new(), scratch })
    }

    /// Goes to where an exchange stands that a snapshot gave, with the newest
    /// messages of each stream in `outlet`; the streams of which older ones
    /// cannot be had any more.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn resume(
        &mut self,
        exchange: &Exchange,
        outlet: &Outlet,
    ) -> Result<Vec<Lost>, StreamLogError> {
        let Self { storage, market, sessions, scratch, .. } = self;
        let (mut windows, mut lost) = (outlet.windows(), Vec::new());
        let mut resume = |stream| {
            let window = windows.next().expect("an outlet has a window for each stream");
            let (oldest, messages) = (window.oldest(), window.messages());
            let (log, cannot) = StreamLog::resume(storage, stream, oldest, messages, scratch)?;
            lost.extend(cannot);
            Ok(log)
        };
        *market = resume(0)?;
        sessions.clear();
        for session in exchange.sessions() {
            sessions.push((session.name, resume(session.id.0)?));
        }
        self.directory = Directory::of(exchange);
        Ok(lost)
    }

    /// Makes durable what was taken, but for the last messages of each stream
    /// that do not fill a block: a snapshot has those.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&mut self) -> Result<(), StreamLogError> {
        let Self { storage, market, sessions, .. } = self;
        let mut is_new = market.sync(storage)?;
        for (_, log) in sessions {
            is_new |= log.sync(storage)?;
        }
        match is_new {
            true => storage
                .sync_directory()
                .map_err(|source| StreamLogError::Io { path: storage.path(""), source }),
            false => Ok(()),
        }
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// When the disk fails.
    ///
    /// # Panics
    /// When the streams do not count as the exchange does, which is a bug.
    pub fn take(&mut self, event: &Event) -> Result<(), StreamLogError> {
        self.directory.learn(event);
        if let EventBody::SessionAdded { to, name, .. } = &event.body {
            let log = StreamLog::open(&self.storage, to.session().0)?;
            self.sessions.push((*name, log));
        }
        let Self { storage, directory, market, sessions, scratch, .. } = self;
        let mut result = Ok(());
        translate::responses(event, directory, |to, message| {
            let log = &mut sessions[index(to.session())].1;
            assert_eq!(log.next(), to.number().0, "the exchange and the stream count alike");
            if result.is_ok() {
                result = log.append(storage, message, scratch);
            }
        });
        result?;
        if let Some(message) = translate::market_message(event, directory) {
            let mut bytes = [0; ItchMessage::MAX_LEN];
            let len = message.encode(&mut bytes);
            assert_eq!(market.next(), event.market.0, "the exchange and the stream count alike");
            market.append(storage, &bytes[..len], scratch)?;
        }
        Ok(())
    }

    /// The packet that answers a request; nothing if the messages are not
    /// there, or not yet.
    ///
    /// # Errors
    /// When the disk fails or what stands on it is damaged.
    pub fn answer(&mut self, request: &Request) -> Result<Option<Vec<u8>>, StreamLogError> {
        let Self { storage, venue, market, sessions, scratch, .. } = self;
        let named = |held: &&(SessionName, StreamLog)| held.0 == request.session;
        let log = match request.session == *venue {
            true => Some(&*market),
            false => sessions.iter().find(named).map(|(_, log)| log),
        };
        let Some(log) = log else { return Ok(None) };
        if request.count == 0 || !(log.first()..log.next()).contains(&request.sequence) {
            return Ok(None);
        }
        let mut packet = PacketBuilder::new(request.session, request.sequence, DEFAULT_MAX_PAYLOAD);
        let mut take = |message: &[u8]| packet.count() < request.count && packet.push(message);
        log.read(storage, request.sequence, scratch, &mut take)?;
        Ok(Some(packet.packet().to_vec()))
    }
}

/// Sessions are numbered from 1 in the order in which they were added.
fn index(session: SessionId) -> usize {
    usize::from(session.0) - 1
}
