//! The journaler: makes commands durable.
//!
//! Whatever has arrived while the last batch was being made durable is the next
//! batch: one frame, one write, and, by policy, one wait for the disk. There is
//! no timer. When the batch is durable the *durable* sequence advances, and the
//! publisher may send what came of it. When many commands wait already, they are
//! encoded and written while another thread waits for the disk, so a slow disk
//! delays answers and not the sequencing; for a few that hand-over would cost more
//! than it gives. A write or sync that fails ends the venue: nothing after it could
//! be promised.

use super::{Meters, Stage, Stop, Timing};
use crate::clock::Clock;
use crate::log::{CHECKPOINT, COMMANDS, Checkpoint, Encoder};
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::{Nanos, Sequence};
use ringmatch_journal::{Durability, JournalError, Storage, Writer};
use ringmatch_ring::{Consumer, Ended, SequenceWriter};
use std::collections::VecDeque;

/// The most commands in one frame: about half a megabyte of them.
const BATCH: usize = 4096;
/// So many waiting commands take longer to encode and write than it takes to hand
/// a sync over to another thread and to hear of its end.
const WORTH_A_HAND_OVER: usize = 2048;

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
    /// When the commands were received that are journaled and not yet durable.
    received: VecDeque<Nanos>,
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
            received: VecDeque::new(),
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
        let body = match self.writer.durability() {
            Durability::None => &[],
            _ => self.encoder.encode(),
        };
        self.writer.append(COMMANDS, first, frame, time, body).map_err(failed)?;
        self.journaled = last.sequence;
        self.received.extend(self.encoder.commands().iter().map(|command| command.time));
        Ok(count)
    }

    /// Whether so many commands wait that the disk can be waited for elsewhere.
    fn many_wait(&mut self) -> bool {
        let Some(commands) = &mut self.commands else { return false };
        // How the ring ends is for whoever takes from it.
        commands.take(WORTH_A_HAND_OVER).is_ok_and(|batch| batch.len() == WORTH_A_HAND_OVER)
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

    /// Makes durable what was appended, by policy, or has it made so, and says how
    /// far that is.
    fn commit(&mut self) -> Result<(), Stop> {
        let now_ns = self.clock.now().0;
        let waits = self.writer.durability() == Durability::Fsync;
        if self.writer.is_committing() && !self.writer.poll_commit().map_err(failed)? && waits {
            // The next commit is for what was appended since.
        } else if !waits || self.many_wait() {
            self.writer.begin_commit(now_ns).map_err(failed)?;
        } else {
            self.writer.commit(now_ns).map_err(failed)?;
        }
        self.open_gate();
        Ok(())
    }

    /// Says how far results may leave.
    fn open_gate(&mut self) {
        let gate = self.writer.gate_sequence();
        if let Some(durable) = &mut self.durable {
            durable.advance(gate);
        }
        let undurable = usize::try_from(self.journaled.0 - gate).unwrap_or(usize::MAX);
        let durable = self.received.len().saturating_sub(undurable);
        if durable > 0 {
            let now = self.clock.now();
            for received in self.received.drain(..durable) {
                self.timing.record(received, now);
            }
        }
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
        if self.writer.is_committing() && self.writer.durability() == Durability::Fsync {
            // Few are not worth a frame of their own: they wait for the disk, too.
            if !self.many_wait() {
                self.writer.finish_commit().map_err(failed)?;
                self.open_gate();
            }
        }
        let appended = match self.append_commands() {
            Err(Stop::Finished) => {
                self.append_checkpoints()?;
                // An orderly end leaves nothing to the system's goodwill.
                self.writer.sync().map_err(failed)?;
                self.open_gate();
                return Err(Stop::Finished);
            }
            other => other?,
        };
        if appended > 0 {
            self.append_checkpoints()?;
        }
        self.commit()?;
        Ok(appended)
    }

    fn release(&mut self) {
        self.commands = None;
        self.checkpoints = None;
        self.durable = None;
    }
}
