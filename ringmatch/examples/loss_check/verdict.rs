//! What the journal says, and whether everybody heard just that.
//!
//! The journal is replayed, which also holds it against the digests of the run
//! that wrote it. What each session sent is made again from its seed and
//! compared command by command while the replay goes; the messages that the
//! events come to are folded into the digests that the clients made of theirs.

use super::Fault;
use super::client::{Heard, QUERIES, Read, Stream, message};
use ringmatch::follower::Follower;
use ringmatch::log;
use ringmatch_engine::command::{Command, SequencedCommand, Side};
use ringmatch_engine::event::{Event, EventBody};
use ringmatch_engine::{Exchange, Sequence, UserRef};
use ringmatch_gateway::market::{DisplayedLevel, MarketBook};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::ouch::Inbound;
use ringmatch_gateway::{Directory, translate};
use ringmatch_journal::{Directory as JournalDirectory, Reader};
use std::path::Path;

/// What everybody should have heard.
pub struct Truth {
    exchange: Box<Exchange>,
    sessions: Vec<Account>,
    market: Stream,
}

/// One session, as the journal goes on.
struct Account {
    random: fastrand::Rng,
    /// Messages applied.
    applied: u64,
    responses: Stream,
}

/// A replay that looks at every command and event.
struct Witness {
    seed: u64,
    messages: u64,
    directory: Directory,
    sessions: Vec<Account>,
    market: Stream,
    fault: Option<Fault>,
}

impl Truth {
    /// What the journal in a directory says of a run with this seed and so many
    /// messages of each session.
    pub fn of(data_dir: &Path, seed: u64, messages: u64) -> Result<Self, Fault> {
        let mut reader = Reader::open(JournalDirectory::open(data_dir)?)?;
        let mut follower = Follower::new(log::decode_limits(reader.identity().config())?)?;
        let (directory, market) = (Directory::default(), Stream::default());
        let sessions = Vec::new();
        let mut witness = Witness { seed, messages, directory, sessions, market, fault: None };
        while let Some(frame) = reader.next_frame()? {
            let see = &mut |command: &SequencedCommand, events: &[Event]| {
                if let Err(fault) = witness.see(command, events) {
                    witness.fault.get_or_insert(fault);
                }
            };
            follower.follow(&frame, Sequence(u64::MAX), see)?;
        }
        let Witness { sessions, market, fault, .. } = witness;
        if let Some(fault) = fault {
            return Err(fault);
        }
        for (account, number) in sessions.iter().zip(1..) {
            if account.applied != messages + QUERIES {
                let Account { applied, .. } = account;
                let sent = messages + QUERIES;
                return Err(format!("session {number} sent {sent}, applied are {applied}").into());
            }
        }
        Ok(Self { exchange: follower.into_exchange(), sessions, market })
    }

    /// Number of the message of market data that comes next.
    pub fn next_market(&self) -> u64 {
        self.market.count + 1
    }

    /// Whether everybody heard what the journal says, and has the same book.
    pub fn judge(&self, heard: &[Heard], read: &[Read]) -> Result<(), Fault> {
        for ((account, heard), number) in self.sessions.iter().zip(heard).zip(1..) {
            if !account.responses.is(&heard.stream) {
                return Err(format!("session {number} heard other responses").into());
            }
        }
        for (read, number) in read.iter().zip(1..) {
            if !self.market.is(&read.stream) {
                return Err(format!("reader {number} heard other market data").into());
            }
            self.compare_books(&read.book).map_err(|fault| format!("reader {number}: {fault}"))?;
        }
        Ok(())
    }

    fn compare_books(&self, book: &MarketBook) -> Result<(), Fault> {
        if book.unknown_orders() > 0 {
            return Err("market data named orders that it had not added".into());
        }
        for instrument in self.exchange.instruments() {
            for side in [Side::Buy, Side::Sell] {
                let own = self.exchange.book(instrument.id).ok_or("an instrument has no book")?;
                let displayed = own.levels(side).map(|level| DisplayedLevel {
                    price: level.price(),
                    shares: level
                        .orders()
                        .filter(|order| order.displayed)
                        .map(|order| order.displayed_quantity.0)
                        .collect(),
                });
                let displayed = displayed.filter(|level| !level.shares.is_empty());
                if !displayed.eq(book.levels(instrument.id.0, side)) {
                    return Err(format!("its book of {} differs", instrument.symbol).into());
                }
            }
        }
        Ok(())
    }
}

impl Witness {
    fn see(&mut self, command: &SequencedCommand, events: &[Event]) -> Result<(), Fault> {
        if let Command::AddInstrument(listed) = command.command {
            self.directory.list(listed.instrument, listed.symbol);
        }
        if command.session.0 > 0 {
            self.compare(command)?;
        }
        for event in events {
            self.hear(event)?;
        }
        Ok(())
    }

    /// A session's command must be its next message.
    fn compare(&mut self, command: &SequencedCommand) -> Result<(), Fault> {
        let session = usize::from(command.session.0) - 1;
        let account = self.sessions.get_mut(session).ok_or("a session was not admitted")?;
        account.applied += 1;
        let number = account.applied;
        let expected = if (2..=self.messages + 1).contains(&number) {
            let user_ref = UserRef(u32::try_from(number - 1)?);
            let mut bytes = [0; Inbound::MAX_LEN];
            let len = message(&mut account.random, user_ref).encode(None, &mut bytes);
            translate::command(&bytes[..len], command.session, &self.directory)
        } else {
            Command::AccountQuery
        };
        if (command.number, command.command) != (number, expected) {
            let of = command.session.0;
            return Err(format!("message {number} of session {of} was applied otherwise").into());
        }
        Ok(())
    }

    fn hear(&mut self, event: &Event) -> Result<(), Fault> {
        if let EventBody::SessionAdded { to, firm, .. } = &event.body {
            self.directory.admit(to.session(), *firm);
            let random = fastrand::Rng::with_seed(self.seed + self.sessions.len() as u64);
            self.sessions.push(Account { random, applied: 0, responses: Stream::default() });
        }
        let Self { directory, sessions, market, .. } = self;
        let mut result = Ok(());
        translate::responses(event, directory, |to, bytes| {
            let responses = &mut sessions[usize::from(to.session().0) - 1].responses;
            if let Err(fault) = responses.push(to.number().0, bytes) {
                result = Err(fault);
            }
        });
        result?;
        if let Some(message) = translate::market_message(event, directory) {
            let mut bytes = [0; ItchMessage::MAX_LEN];
            let len = message.encode(&mut bytes);
            market.push(event.market.0, &bytes[..len])?;
        }
        Ok(())
    }
}
