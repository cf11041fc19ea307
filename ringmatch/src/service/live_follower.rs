//! `LiveFollower`: an exchange that comes after a running venue.
//!
//! It reads the journal behind the journaler and applies what is durable, so it
//! stands a moment behind the venue and never before anything that may yet be
//! lost. Each turn is bounded. It reads from the first command; where the
//! journal's beginning was dropped it goes on from the oldest snapshot, because
//! what a log has lost behind an older one is mended where a newer one is too
//! late. What it is asked about right after a start waits until it has come there.

use super::ServiceError;
use crate::follower::Follower;
use crate::replica::{FromOldest, Replica, ReplicaConfig, Resumed};
use ringmatch_engine::event::Event;
use ringmatch_engine::{Exchange, LimitsError, Sequence};
use ringmatch_gateway::Outlet;
use ringmatch_gateway::translate::Standing;
use ringmatch_journal::{JournalError, Reader, Storage};
use ringmatch_ring::SequenceReader;
use std::num::NonZeroUsize;

/// Commands after which a turn ends.
const TURN: u64 = 4096;

/// An exchange that comes after a running venue.
pub struct LiveFollower<S: Storage> {
    journal: S,
    bounds: ReplicaConfig,
    /// Nothing until the journal has begun.
    reader: Option<Reader<S>>,
    follower: Follower,
    standing: Standing,
    durable: SequenceReader,
}

/// What a follower goes on from that does not begin with the first command.
pub struct Begun {
    /// The streams as they stood then.
    pub outlet: Outlet,
    /// Commands that the snapshot stands for.
    pub snapshot: u64,
    /// Snapshots that were of no use, and why.
    pub passed_over: Vec<String>,
}

impl<S: Storage> LiveFollower<S> {
    /// A follower of the journal in `journal`, of which what is up to `durable`
    /// may be known; see [`begin`](Self::begin).
    ///
    /// # Errors
    /// When no exchange can be built with these limits.
    pub fn new(
        journal: S,
        bounds: ReplicaConfig,
        durable: SequenceReader,
    ) -> Result<Self, LimitsError> {
        let (follower, standing) = (Follower::new(bounds.limits)?, Standing::default());
        Ok(Self { journal, bounds, reader: None, follower, standing, durable })
    }

    /// Goes to where the journal begins, once it has begun; if its beginning was
    /// dropped, to behind the oldest snapshot, whose streams it returns.
    ///
    /// # Errors
    /// When the journal cannot be read, or there is nothing to start from.
    pub fn begin(&mut self) -> Result<Option<Begun>, ServiceError> {
        if self.reader.is_some() || self.durable.get() == 0 {
            return Ok(None);
        }
        let Some(mut reader) = open(&self.journal)? else { return Ok(None) };
        let mut begun = None;
        if reader.next_sequence() != 1 {
            let mut store = reader.snapshots(NonZeroUsize::MIN);
            let oldest = &mut FromOldest(&mut reader);
            let Resumed { replica, snapshot, passed_over } =
                Replica::resume(&self.bounds, oldest, &mut store)?;
            let (exchange, outlet) = replica.into_parts();
            self.standing = Standing::of(&exchange);
            self.follower = Follower::resume(exchange);
            begun = Some(Begun { outlet, snapshot, passed_over });
        }
        self.reader = Some(reader);
        Ok(begun)
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
        let Self { reader, follower, standing, durable, .. } = self;
        let durable = durable.get();
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
