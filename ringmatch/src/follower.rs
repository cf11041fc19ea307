//! A follower: an exchange fed from a journal.
//!
//! Everything that asks "what was, or would be, the state?" is this one act:
//! recovery at start, `replay`, checks. The follower holds its own digests
//! against the checkpoints that the run which wrote the journal left in it, so
//! a replay that diverges is caught at the first of them.

use crate::log::{self, BodyError, CHECKPOINT, CHECKPOINT_INTERVAL, COMMANDS, Checkpoint};
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_engine::{Digest, Exchange, Limits, Nanos, Sequence};
use ringmatch_journal::Frame;
use std::collections::VecDeque;
use std::str::FromStr;

/// Own digests kept for checkpoints that are still to come. The journaler
/// writes a checkpoint at most a ring's length of commands late, which is 64 of
/// them.
const KEPT_DIGESTS: usize = 256;

/// Where a replay ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// With this command.
    Sequence(Sequence),
    /// With the last command taken no later than this.
    Time(Nanos),
}

impl Until {
    fn includes(self, command: &SequencedCommand) -> bool {
        match self {
            Self::Sequence(last) => command.sequence <= last,
            Self::Time(last) => command.time <= last,
        }
    }
}

impl Default for Until {
    /// With the last command.
    fn default() -> Self {
        Self::Sequence(Sequence(u64::MAX))
    }
}

impl From<Sequence> for Until {
    fn from(last: Sequence) -> Self {
        Self::Sequence(last)
    }
}

/// A text that is neither a sequence nor a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither the sequence of a command nor a time such as 2026-11-21T14:30:00.5Z or \
     2026-11-21T09:30:00-05:00"
)]
pub struct UnknownEnd(String);

impl FromStr for Until {
    type Err = UnknownEnd;

    fn from_str(text: &str) -> Result<Self, UnknownEnd> {
        if let Ok(sequence) = text.parse() {
            return Ok(Self::Sequence(Sequence(sequence)));
        }
        let time = text.parse::<jiff::Timestamp>().ok();
        let nanos = time.and_then(|time| u64::try_from(time.as_nanosecond()).ok());
        nanos.map(|nanos| Self::Time(Nanos(nanos))).ok_or_else(|| UnknownEnd(text.to_owned()))
    }
}

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
    /// The commands before it are not there.
    #[error(
        "the journal goes on with command {found} where {expected} comes next: what precedes was \
         dropped, and only a snapshot could stand for it"
    )]
    Gap {
        /// The command that comes next.
        expected: u64,
        /// The first that is there.
        found: u64,
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
    /// Those of the frame taken last.
    commands: Vec<SequencedCommand>,
    /// How many of them were applied.
    stepped: usize,
    events: Vec<Event>,
    digests: VecDeque<Checkpoint>,
    verified: u64,
    /// The last command whose checkpoint agreed; zero before the first.
    agreed: Sequence,
    /// A command was not applied because it is beyond the end wanted.
    beyond: bool,
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
            stepped: 0,
            events: Vec::new(),
            digests: VecDeque::with_capacity(KEPT_DIGESTS),
            verified: 0,
            agreed: Sequence(0),
            beyond: false,
        })
    }

    /// Applies a frame's commands up to `until`, and shows each with its events
    /// to `witness`.
    ///
    /// # Errors
    /// When the frame makes no sense or does not come next, or a checkpoint is
    /// another than ours.
    pub fn follow(
        &mut self,
        frame: &Frame<'_>,
        until: impl Into<Until>,
        witness: &mut impl FnMut(&SequencedCommand, &[Event]),
    ) -> Result<(), FollowError> {
        let until = until.into();
        self.load(frame)?;
        while let Some((command, events)) = self.step(until) {
            witness(command, events);
        }
        Ok(())
    }

    /// Takes a frame: its commands wait for [`step`](Self::step), a checkpoint is
    /// held against ours. All commands of the frame before have been stepped over.
    ///
    /// # Errors
    /// When the frame makes no sense or does not come next, or a checkpoint is
    /// another than ours.
    pub fn load(&mut self, frame: &Frame<'_>) -> Result<(), FollowError> {
        let sequence = frame.first_sequence;
        let unusable = |source| FollowError::Body { sequence, source };
        match frame.kind {
            COMMANDS => {
                let first = Sequence(frame.first_sequence);
                let expected = self.exchange.sequence().next();
                if first != expected && !self.beyond {
                    return Err(FollowError::Gap { expected: expected.0, found: first.0 });
                }
                self.stepped = 0;
                log::decode(frame.body, first, frame.count, &mut self.commands).map_err(unusable)
            }
            CHECKPOINT => {
                let checkpoint = Checkpoint::from_bytes(frame.body).map_err(unusable)?;
                self.compare(checkpoint)
            }
            other => Err(unusable(BodyError::Kind(other))),
        }
    }

    /// Applies the next command of the frame taken last, if it is not beyond
    /// `until`: the command, and what it caused.
    #[inline]
    pub fn step(&mut self, until: Until) -> Option<(&SequencedCommand, &[Event])> {
        let command = self.commands.get(self.stepped)?;
        if self.beyond || !until.includes(command) {
            self.beyond = true;
            return None;
        }
        self.stepped += 1;
        self.events.clear();
        self.exchange.apply(command, &mut self.events);
        if command.sequence.0.is_multiple_of(CHECKPOINT_INTERVAL) {
            if self.digests.len() == KEPT_DIGESTS {
                self.digests.pop_front();
            }
            let (sequence, digest) = (command.sequence, self.exchange.digest());
            self.digests.push_back(Checkpoint { sequence, digest });
        }
        Some((command, &self.events))
    }

    fn compare(&mut self, recorded: Checkpoint) -> Result<(), FollowError> {
        let own = self.digests.iter().find(|own| own.sequence == recorded.sequence);
        match own {
            Some(own) if own.digest == recorded.digest => {
                self.verified += 1;
                self.agreed = recorded.sequence;
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

    /// Whether no further command is to be applied.
    #[must_use]
    pub fn has_reached(&self, until: Until) -> bool {
        self.beyond || until == Until::Sequence(self.exchange.sequence())
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

    /// The last command whose checkpoint agreed; zero before the first.
    #[must_use]
    pub fn agreed(&self) -> Sequence {
        self.agreed
    }

    /// The exchange, to go on with.
    #[must_use]
    pub fn into_exchange(self) -> Box<Exchange> {
        self.exchange
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_sequence_or_a_time() {
        let time = |nanos| Ok(Until::Time(Nanos(nanos)));
        for (text, until) in [
            ("0", Ok(Until::Sequence(Sequence(0)))),
            ("4812031", Ok(Until::Sequence(Sequence(4_812_031)))),
            ("1970-01-01T00:00:01.5Z", time(1_500_000_000)),
            ("1970-01-01T01:00:01+01:00", time(1_000_000_000)),
            ("2026-11-21T14:30:00Z", time(1_795_271_400_000_000_000)),
        ] {
            assert_eq!(text.parse(), until);
        }
        for text in ["", "-1", "14:30", "1969-12-31T23:59:59Z", "2026-11-21T14:30:00", "9e9"] {
            assert!(text.parse::<Until>().is_err(), "{text}");
        }
    }
}
