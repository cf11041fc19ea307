//! A shadow: a second exchange on the flow of a running one.
//!
//! It follows a journal, also one that somebody is writing, without touching it:
//! no lock, no write, nothing asked of the engine. It applies every command to an
//! exchange of its own, holds its digests against those that the writer left in
//! the journal, and measures itself. So a new build, or other limits, can be tried
//! on today's flow. Where the journal's beginning was dropped it begins with the
//! oldest snapshot. The first digest that differs ends it: what it applied since
//! the last one that agreed is then the list of suspects, because one of those
//! commands is the first that had another result here.

use crate::clock::Clock;
use crate::follower::{FollowError, Follower, Until};
use crate::log;
use crate::replica::{FromOldest, Replica, ReplicaConfig, ReplicaError, Resumed};
use hdrhistogram::Histogram;
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_engine::{Digest, Exchange, Limits, Sequence};
use ringmatch_journal::{Directory, JournalError, Reader, Storage};
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::Instant;

/// The longest time that is told apart: a minute.
const MAX_NS: u64 = 60_000_000_000;
/// Suspects kept. A checkpoint is written at most a ring's length of commands
/// late, so in practice no more wait for one.
const MAX_SUSPECTS: usize = 1 << 17;

/// Why a shadow cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ShadowError {
    /// The journal is damaged or cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What is in the journal cannot be used.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The limits in the journal's head cannot be read.
    #[error("the journal's head cannot be used: {0}")]
    Head(#[from] log::BodyError),
    /// The limits given are out of range.
    #[error(transparent)]
    Limits(#[from] ringmatch_engine::LimitsError),
    /// The beginning of the journal was dropped, and nothing stands for it.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// A snapshot is of an exchange with the venue's limits.
    #[error(
        "the journal's beginning was dropped, so a shadow begins with the exchange of a snapshot, \
         which has the limits that the journal was written under: other limits cannot be tried here"
    )]
    OtherLimits,
    /// The end wanted is before where a shadow can begin.
    #[error(
        "a shadow cannot end before command {begins}: the journal up to there was dropped, and the \
         oldest snapshot stands there"
    )]
    EndsTooEarly {
        /// The command after which it begins.
        begins: Sequence,
    },
}

/// What a shadow does at the end of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// It waits for more: somebody may be writing.
    Waits,
    /// It checks that this is a sound end, and is done.
    Stops,
}

/// What a step of a shadow came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// It took a frame.
    Frame,
    /// There is nothing more yet, and it waits.
    UpToDate,
    /// The end is reached.
    Done,
    /// It has another result than the writer of the journal.
    Diverged(Divergence),
}

/// The first digest that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The last command after which both agreed, or after which the shadow began
    /// with the writer's own snapshot; zero if there is none.
    pub agreed: Sequence,
    /// The command after which they do not.
    pub sequence: Sequence,
    /// The shadow's digest after it.
    pub own: Digest,
    /// The writer's.
    pub recorded: Digest,
}

/// A second exchange on the flow of a running one.
pub struct Shadow<C, S: Storage = Directory> {
    reader: Reader<S>,
    follower: Follower,
    /// The last command that a snapshot stands for; zero without one.
    begins: Sequence,
    passed_over: Vec<String>,
    until: Until,
    at_end: AtEnd,
    suspects: Suspects,
    clock: C,
    /// It has been at the end of the journal: what comes now is live.
    is_live: bool,
    apply_ns: Histogram<u64>,
    lag_ns: Histogram<u64>,
}

impl<C: Clock, S: Storage> Shadow<C, S> {
    /// A shadow before the first command, or behind the oldest snapshot where the
    /// beginning of the journal was dropped. Without `limits` it has those of the
    /// venue, which stand in the journal's head.
    ///
    /// # Errors
    /// When there is no journal, or none that can be read, or the limits are out
    /// of range; behind a snapshot also when they are not the venue's, or when the
    /// end is before it.
    ///
    /// # Panics
    /// Never: the bounds of the histograms are constants.
    pub fn new(
        mut reader: Reader<S>,
        limits: Option<Limits>,
        until: Until,
        at_end: AtEnd,
        clock: C,
    ) -> Result<Self, ShadowError> {
        let written_under = log::decode_limits(reader.identity().config())?;
        let limits = limits.unwrap_or(written_under);
        let (follower, passed_over) = if reader.next_sequence() == 1 {
            (Follower::new(limits)?, Vec::new())
        } else if limits == written_under {
            resume(&mut reader)?
        } else {
            return Err(ShadowError::OtherLimits);
        };
        let begins = follower.exchange().sequence();
        if !until.comes_after(follower.exchange()) {
            return Err(ShadowError::EndsTooEarly { begins });
        }
        let histogram = || Histogram::new_with_max(MAX_NS, 3).expect("the bounds are sound");
        let (suspects, is_live) = (Suspects::default(), false);
        let (apply_ns, lag_ns) = (histogram(), histogram());
        Ok(Self {
            reader,
            follower,
            begins,
            passed_over,
            until,
            at_end,
            suspects,
            clock,
            is_live,
            apply_ns,
            lag_ns,
        })
    }

    /// Takes the next frame, if one is there.
    ///
    /// # Errors
    /// When the journal is damaged or what is in it cannot be used.
    pub fn step(&mut self) -> Result<Step, ShadowError> {
        if self.follower.has_reached(self.until) {
            return Ok(Step::Done);
        }
        let frame = match self.at_end {
            AtEnd::Waits => self.reader.poll_frame()?,
            AtEnd::Stops => self.reader.next_frame()?,
        };
        let Some(frame) = frame else {
            self.is_live = true;
            return Ok(if self.at_end == AtEnd::Stops { Step::Done } else { Step::UpToDate });
        };
        match self.follower.load(&frame) {
            Ok(()) => {}
            Err(FollowError::Diverged { sequence, own, recorded }) => {
                let agreed = self.follower.agreed().max(self.begins);
                let sequence = Sequence(sequence);
                return Ok(Step::Diverged(Divergence { agreed, sequence, own, recorded }));
            }
            Err(error) => return Err(error.into()),
        }
        self.suspects.acquit(self.follower.agreed());
        self.apply();
        Ok(Step::Frame)
    }

    /// Applies the commands of the frame taken last, and measures.
    fn apply(&mut self) {
        loop {
            let begun = Instant::now();
            let Some((command, events)) = self.follower.step(self.until) else { return };
            let apply_ns = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(MAX_NS);
            self.apply_ns.saturating_record(apply_ns);
            if self.is_live {
                self.lag_ns.saturating_record(self.clock.now().0.saturating_sub(command.time.0));
            }
            self.suspects.add(command, events);
        }
    }

    /// The exchange as it stands.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        self.follower.exchange()
    }

    /// The last command that it has from a snapshot; zero if it has all from the
    /// journal.
    #[must_use]
    pub fn begins(&self) -> Sequence {
        self.begins
    }

    /// Snapshots that were of no use, and why.
    #[must_use]
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// How many digests of the writer agreed.
    #[must_use]
    pub fn verified(&self) -> u64 {
        self.follower.verified()
    }

    /// What was applied since the last digest that agreed.
    #[must_use]
    pub fn suspects(&self) -> &Suspects {
        &self.suspects
    }

    /// Nanoseconds that applying a command took, one reading of the clock
    /// included.
    #[must_use]
    pub fn apply_ns(&self) -> &Histogram<u64> {
        &self.apply_ns
    }

    /// Nanoseconds from a command's stamp by the engine until it was applied
    /// here, of those that were written since the shadow was up to date.
    #[must_use]
    pub fn lag_ns(&self) -> &Histogram<u64> {
        &self.lag_ns
    }
}

/// Goes to behind the oldest snapshot: a follower that stands there, and the
/// snapshots that were of no use.
fn resume<S: Storage>(reader: &mut Reader<S>) -> Result<(Follower, Vec<String>), ShadowError> {
    let bounds = ReplicaConfig::named_in(reader.identity())?;
    let mut store = reader.snapshots(NonZeroUsize::MIN);
    let Resumed { replica, passed_over, .. } =
        Replica::resume(&bounds, &mut FromOldest(reader), &mut store)?;
    Ok((Follower::resume(replica.into_parts().0), passed_over))
}

/// The commands since the last digest that agreed, and what they caused here.
#[derive(Debug, Default)]
pub struct Suspects {
    commands: VecDeque<(SequencedCommand, usize)>,
    /// The events of all of them, one after the other.
    events: VecDeque<Event>,
}

impl Suspects {
    fn add(&mut self, command: &SequencedCommand, events: &[Event]) {
        if self.commands.len() == MAX_SUSPECTS {
            self.drop_first();
        }
        self.commands.push_back((*command, events.len()));
        self.events.extend(events);
    }

    /// Forgets those up to a command.
    fn acquit(&mut self, last: Sequence) {
        while self.commands.front().is_some_and(|(command, _)| command.sequence <= last) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, events)) = self.commands.pop_front() {
            self.events.drain(..events);
        }
    }

    /// Those up to a command, in order, each with its events.
    pub fn up_to(
        &self,
        last: Sequence,
    ) -> impl Iterator<Item = (&SequencedCommand, Vec<Event>)> + '_ {
        let mut events = self.events.iter();
        let commands = self.commands.iter().take_while(move |(of, _)| of.sequence <= last);
        commands
            .map(move |(command, count)| (command, events.by_ref().take(*count).copied().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(n: u64) -> SequencedCommand {
        SequencedCommand { sequence: Sequence(n), ..SequencedCommand::default() }
    }

    #[test]
    fn suspects_keep_their_own_events_and_are_bounded() {
        let mut suspects = Suspects::default();
        let events = |n: u64| vec![Event::default(); n as usize % 3];
        for n in 1..=MAX_SUSPECTS as u64 + 5 {
            suspects.add(&numbered(n), &events(n));
        }
        assert_eq!(suspects.commands.len(), MAX_SUSPECTS);
        suspects.acquit(Sequence(100));
        let listed: Vec<(u64, usize)> =
            suspects.up_to(Sequence(104)).map(|(c, e)| (c.sequence.0, e.len())).collect();
        assert_eq!(listed, [(101, 2), (102, 0), (103, 1), (104, 2)]);
        suspects.acquit(Sequence(u64::MAX));
        assert!(suspects.events.is_empty() && suspects.commands.is_empty());
    }
}
