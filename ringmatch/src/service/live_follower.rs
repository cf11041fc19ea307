//! `LiveFollower`: an exchange that comes after a running venue.
//!
//! It reads the journal behind the journaler and applies what is durable, so it
//! stands a moment behind the venue and never before anything that may yet be
//! lost. Each turn is bounded. It reads from the first command, so what it is
//! asked about right after a start waits until it has come there.

use super::ServiceError;
use crate::follower::Follower;
use ringmatch_engine::event::Event;
use ringmatch_engine::{Exchange, Limits, LimitsError, Sequence};
use ringmatch_gateway::translate::Standing;
use ringmatch_journal::{JournalError, Reader, Storage};
use ringmatch_ring::SequenceReader;

/// Commands after which a turn ends.
const TURN: u64 = 4096;

/// An exchange that comes after a running venue.
pub struct LiveFollower<S: Storage> {
    journal: S,
    /// Nothing until the journal has begun.
    reader: Option<Reader<S>>,
    follower: Follower,
    standing: Standing,
    durable: SequenceReader,
}

impl<S: Storage> LiveFollower<S> {
    /// A follower of the journal in `journal`, of which what is up to `durable`
    /// may be known.
    ///
    /// # Errors
    /// When no exchange can be built with these limits.
    pub fn new(journal: S, limits: Limits, durable: SequenceReader) -> Result<Self, LimitsError> {
        let (follower, standing) = (Follower::new(limits)?, Standing::default());
        Ok(Self { journal, reader: None, follower, standing, durable })
    }

    /// Goes on for a bounded number of commands and shows each event to
    /// `witness`; how many commands these were.
    ///
    /// # Errors
    /// When the journal cannot be read or followed, or the witness fails.
    pub fn follow<E>(
        &mut self,
        witness: &mut impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<u64, ServiceError>
    where
        ServiceError: From<E>,
    {
        let start = self.exchange().sequence();
        let Self { journal, reader, follower, standing, durable } = self;
        let durable = durable.get();
        if reader.is_none() && start.0 < durable {
            *reader = open(journal)?;
        }
        let Some(reader) = reader else { return Ok(0) };
        let mut result = Ok(());
        // A frame becomes durable as a whole, with its first command.
        while reader.next_sequence() <= durable && follower.exchange().sequence().0 < start.0 + TURN
        {
            let Some(frame) = reader.poll_frame()? else { break };
            follower.follow(&frame, Sequence(u64::MAX), &mut |_, events| {
                for event in events {
                    standing.learn(event);
                    if result.is_ok() {
                        result = witness(event);
                    }
                }
            })?;
        }
        result?;
        Ok(self.exchange().sequence().0 - start.0)
    }

    /// The exchange as it stands.
    pub fn exchange(&self) -> &Exchange {
        self.follower.exchange()
    }

    /// What holds on its market besides the books.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }
}

/// A reader of the journal, if there is one yet.
fn open<S: Storage>(journal: &S) -> Result<Option<Reader<S>>, JournalError> {
    match Reader::open(journal.clone()) {
        Ok(reader) => Ok(Some(reader)),
        Err(JournalError::NoJournal { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
