//! A follower: an exchange fed from a journal.
//!
//! Everything that asks "what was, or would be, the state?" is this one act:
//! recovery at start, `replay`, checks. The follower holds its own digests
//! against the checkpoints that the run which wrote the journal left in it, so
//! a replay that diverges is caught at the first of them.

use crate::log::{self, BodyError, CHECKPOINT, CHECKPOINT_INTERVAL, COMMANDS, Checkpoint};
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_engine::{Digest, Exchange, Limits, Sequence};
use ringmatch_journal::Frame;
use std::collections::VecDeque;

/// Own digests kept for checkpoints that are still to come. The journaler
/// writes a checkpoint at most a ring's length of commands late, which is 64 of
/// them.
const KEPT_DIGESTS: usize = 256;

/// Why a journal cannot be followed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FollowError {
    /// A frame is sound, and what is in it is not.
    #[error("the journal's frame at sequence {sequence} cannot be used: {source}")]
    Body {
        /// First sequence of the frame.
        sequence: u64,
        /// What is wrong.
        source: BodyError,
    },
    /// The replay came to other events than the run that wrote the journal.
    #[error(
        "the replay diverges: after sequence {sequence} its digest is {own}, and the run that \
         wrote the journal had {recorded}. This build computes something else than that one; \
         replay with the build that wrote the journal, or restore the journal from a copy"
    )]
    Diverged {
        /// The command after which they were compared.
        sequence: u64,
        /// This replay's digest.
        own: Digest,
        /// The recorded one.
        recorded: Digest,
    },
}

/// An exchange that is fed from a journal.
pub struct Follower {
    exchange: Box<Exchange>,
    commands: Vec<SequencedCommand>,
    events: Vec<Event>,
    digests: VecDeque<Checkpoint>,
    verified: u64,
}

impl Follower {
    /// A follower before the first command of a venue with these limits.
    ///
    /// # Errors
    /// When no exchange can be built with these limits.
    pub fn new(limits: Limits) -> Result<Self, ringmatch_engine::LimitsError> {
        Ok(Self {
            exchange: Box::new(Exchange::new(limits)?),
            commands: Vec::new(),
            events: Vec::new(),
            digests: VecDeque::with_capacity(KEPT_DIGESTS),
            verified: 0,
        })
    }

    /// Applies a frame's commands up to `until`, and shows each with its events
    /// to `witness`.
    ///
    /// # Errors
    /// When the frame makes no sense, or a checkpoint is another than ours.
    pub fn follow(
        &mut self,
        frame: &Frame<'_>,
        until: Sequence,
        witness: &mut impl FnMut(&SequencedCommand, &[Event]),
    ) -> Result<(), FollowError> {
        let sequence = frame.first_sequence;
        let unusable = |source| FollowError::Body { sequence, source };
        match frame.kind {
            COMMANDS => {
                let first = Sequence(frame.first_sequence);
                log::decode(frame.body, first, frame.count, &mut self.commands)
                    .map_err(unusable)?;
                self.apply(until, witness);
                Ok(())
            }
            CHECKPOINT => {
                let checkpoint = Checkpoint::from_bytes(frame.body).map_err(unusable)?;
                self.compare(checkpoint)
            }
            other => Err(unusable(BodyError::Kind(other))),
        }
    }

    fn apply(&mut self, until: Sequence, witness: &mut impl FnMut(&SequencedCommand, &[Event])) {
        for command in self.commands.iter().take_while(|command| command.sequence <= until) {
            self.events.clear();
            self.exchange.apply(command, &mut self.events);
            witness(command, &self.events);
            if command.sequence.0.is_multiple_of(CHECKPOINT_INTERVAL) {
                if self.digests.len() == KEPT_DIGESTS {
                    self.digests.pop_front();
                }
                let (sequence, digest) = (command.sequence, self.exchange.digest());
                self.digests.push_back(Checkpoint { sequence, digest });
            }
        }
    }

    fn compare(&mut self, recorded: Checkpoint) -> Result<(), FollowError> {
        let own = self.digests.iter().find(|own| own.sequence == recorded.sequence);
        match own {
            Some(own) if own.digest == recorded.digest => {
                self.verified += 1;
                Ok(())
            }
            Some(own) => Err(FollowError::Diverged {
                sequence: recorded.sequence.0,
                own: own.digest,
                recorded: recorded.digest,
            }),
            // Of a command that was not replayed, or long ago.
            None => Ok(()),
        }
    }

    /// The exchange as it stands.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// How many checkpoints agreed.
    #[must_use]
    pub fn verified(&self) -> u64 {
        self.verified
    }

    /// The exchange, to go on with.
    #[must_use]
    pub fn into_exchange(self) -> Box<Exchange> {
        self.exchange
    }
}
