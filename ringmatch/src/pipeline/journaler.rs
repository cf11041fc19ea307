//! The journaler: makes commands durable.
//!
//! Whatever has arrived while the last batch was being made durable is the next
//! batch: one frame, one write, and, by policy, one wait for the disk. There is
//! no timer. When the batch is durable the *durable* sequence advances, and the
//! publisher may send what came of it. A write or sync that fails ends the
//! venue: nothing after it could be promised.

use super::{Meters, Stage, Stop, Timing};
use crate::clock::Clock;
use crate::log::{CHECKPOINT, COMMANDS, Checkpoint, Encoder};
use ringmatch_engine::Sequence;
use ringmatch_engine::command::SequencedCommand;
use ringmatch_journal::{JournalError, Storage, Writer};
use ringmatch_ring::{Consumer, Ended, SequenceWriter};

/// The most commands in one frame: about half a megabyte of them.
const BATCH: usize = 4096;

/// The stage that makes commands durable.
pub struct Journaler<S: Storage, C> {
    writer: Writer<S>,
    commands: Option<Consumer<SequencedCommand>>,
    checkpoints: Option<Consumer<Checkpoint>>,
    durable: Option<SequenceWriter>,
    /// A checkpoint of a command that is not in the journal yet.
    waiting: Option<Checkpoint>,
    encoder: Encoder,
    journaled: Sequence,
    clock: C,
    timing: Timing,
}

impl<S: Storage, C: Clock> Journaler<S, C> {
    /// A journaler that goes on after `journaled`.
    #[must_use]
    pub fn new(
        writer: Writer<S>,
        journaled: Sequence,
        commands: Consumer<SequencedCommand>,
        checkpoints: Consumer<Checkpoint>,
        durable: SequenceWriter,
        meters: Meters<C>,
    ) -> Self {
        let timing = meters.timing("receive_to_journaled");
        Self {
            writer,
            commands: Some(commands),
            checkpoints: Some(checkpoints),
            durable: Some(durable),
            waiting: None,
            encoder: Encoder::default(),
            journaled,
            clock: meters.clock,
            timing,
        }
    }

    /// Appends what is in the ring as one frame; the number of commands.
    fn append_commands(&mut self) -> Result<usize, Stop> {
        let Some(commands) = &mut self.commands else { return Err(Stop::Finished) };
        // In a small segment there is room for fewer.
        let most = Encoder::most_in(self.writer.max_body_bytes()).clamp(1, BATCH);
        let batch = match commands.take(most) {
            Ok(batch) => batch,
            Err(Ended::Closed) => return Err(Stop::Finished),
            Err(Ended::Poisoned) => return Err(Stop::Failed("the receiver has failed".into())),
        };
        self.encoder.clear();
        for (_, command) in &batch {
            self.encoder.push(*command);
        }
        // The frame is a copy: the ring need not wait for the disk.
        batch.commit();
        let Some(last) = self.encoder.commands().last().copied() else { return Ok(0) };
        let count = self.encoder.commands().len();
        let frame = u32::try_from(count).expect("a batch is bounded");
        let (first, time) = (self.journaled.next().0, last.time.0);
        self.writer.append(COMMANDS, first, frame, time, self.encoder.encode()).map_err(failed)?;
        self.journaled = last.sequence;
        Ok(count)
    }

    /// Appends the checkpoints of commands that are in the journal.
    fn append_checkpoints(&mut self) -> Result<(), Stop> {
        while let Some(checkpoint) = self.next_checkpoint() {
            if checkpoint.sequence > self.journaled {
                self.waiting = Some(checkpoint);
                return Ok(());
            }
            let (next, time) = (self.journaled.next().0, self.clock.now().0);
            self.writer
                .append(CHECKPOINT, next, 0, time, &checkpoint.to_bytes())
                .map_err(failed)?;
        }
        Ok(())
    }

    fn next_checkpoint(&mut self) -> Option<Checkpoint> {
        if let Some(waiting) = self.waiting.take() {
            return Some(waiting);
        }
        // How the ring of checkpoints ends is no concern of the journal.
        let batch = self.checkpoints.as_mut()?.take(1).ok()?;
        let checkpoint = batch.iter().next().map(|(_, checkpoint)| *checkpoint);
        batch.commit();
        checkpoint
    }

    /// Makes durable what was appended, by policy, and says so.
    fn commit(&mut self) -> Result<(), Stop> {
        self.writer.commit(self.clock.now().0).map_err(failed)?;
        if let Some(durable) = &mut self.durable {
            durable.advance(self.writer.gate_sequence());
        }
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn failed(error: JournalError) -> Stop {
    Stop::Failed(error.to_string())
}

impl<S, C> Stage for Journaler<S, C>
where
    S: Storage + Send,
    Writer<S>: Send,
    C: Clock,
{
    fn name(&self) -> &'static str {
        "journaler"
    }

    fn poll(&mut self) -> Result<usize, Stop> {
        let appended = match self.append_commands() {
            Err(Stop::Finished) => {
                self.append_checkpoints()?;
                self.commit()?;
                // An orderly end leaves nothing to the system's goodwill.
                self.writer.sync().map_err(failed)?;
                return Err(Stop::Finished);
            }
            other => other?,
        };
        if appended > 0 {
            self.append_checkpoints()?;
        }
        self.commit()?;
        if appended > 0 {
            let now = self.clock.now();
            for command in self.encoder.commands() {
                self.timing.record(command.time, now);
            }
        }
        Ok(appended)
    }

    fn release(&mut self) {
        self.commands = None;
        self.checkpoints = None;
        self.durable = None;
    }
}
