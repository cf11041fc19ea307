//! A journal being replayed for a command: reader, follower and progress.
//!
//! It reads a data directory without changing it, whether an engine is running
//! on it or not. What takes longer than a second shows how far it is, with its
//! rate and the time left, on standard error and only if that is a terminal.

use crate::follower::{Follower, Until};
use crate::replica::{FromOldest, Replica, ReplicaConfig, Resumed};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_journal::{Directory, Reader};
use std::error::Error;
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

/// See the [module](self).
pub(super) struct Replayer {
    reader: Reader,
    follower: Follower,
    progress: Progress,
    frames: u64,
    body_bytes: u64,
    /// Commands that are not in the journal any more.
    dropped: u64,
}

impl Replayer {
    /// A replay before the first command; where the beginning of the journal was
    /// dropped, from the oldest snapshot on.
    pub(super) fn open(data_dir: &Path) -> Result<Self, Box<dyn Error>> {
        let mut reader = Reader::open(Directory::open(data_dir)?)?;
        let bounds = ReplicaConfig::named_in(reader.identity())?;
        let follower = if reader.next_sequence() == 1 {
            Follower::new(bounds.limits)?
        } else {
            let mut store = reader.snapshots(NonZeroUsize::MIN);
            let oldest = &mut FromOldest(&mut reader);
            let Resumed { replica, snapshot, passed_over } =
                Replica::resume(&bounds, oldest, &mut store)?;
            for passed_over in passed_over {
                eprintln!("warning: passed over: {passed_over}");
            }
            eprintln!("the first {snapshot} commands come from a snapshot");
            Follower::resume(replica.into_parts().0)
        };
        let dropped = follower.exchange().sequence().0;
        let progress = Progress::new();
        Ok(Self { reader, follower, progress, frames: 0, body_bytes: 0, dropped })
    }

    /// Replays the next frame up to `until`; whether there was one.
    pub(super) fn step(
        &mut self,
        until: Until,
        witness: &mut impl FnMut(&SequencedCommand, &[Event]),
    ) -> Result<bool, Box<dyn Error>> {
        if self.frames == 0 && self.dropped > 0 && !until.comes_after(self.follower.exchange()) {
            let dropped = self.dropped;
            return Err(format!(
                "the state before command {dropped} cannot be shown: the journal up to there was \
                 dropped, and the oldest snapshot stands there"
            )
            .into());
        }
        if self.follower.has_reached(until) {
            return Ok(false);
        }
        let Some(frame) = self.reader.next_frame()? else { return Ok(false) };
        self.frames += 1;
        self.body_bytes += frame.body.len() as u64;
        self.follower.follow(&frame, until, witness)?;
        self.progress.show(self.frames, &self.reader, &self.follower);
        Ok(true)
    }

    /// Replays all up to `until`.
    pub(super) fn run(
        &mut self,
        until: Until,
        witness: &mut impl FnMut(&SequencedCommand, &[Event]),
    ) -> Result<(), Box<dyn Error>> {
        while self.step(until, witness)? {}
        self.progress.end();
        Ok(())
    }

    pub(super) fn reader(&self) -> &Reader {
        &self.reader
    }

    pub(super) fn follower(&self) -> &Follower {
        &self.follower
    }

    /// Frames read.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes of their bodies.
    pub(super) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }
}

/// How far a replay is, for whoever waits for it.
struct Progress {
    start: Instant,
    /// Where it is shown, once it has taken long enough.
    bar: Option<ProgressBar>,
}

impl Progress {
    /// What ends sooner needs no bar.
    const PATIENCE: Duration = Duration::from_secs(1);
    /// Frames between two looks at the clock.
    const GLANCE: u64 = 256;

    fn new() -> Self {
        Self { start: Instant::now(), bar: None }
    }

    fn show(&mut self, frames: u64, reader: &Reader, follower: &Follower) {
        if !frames.is_multiple_of(Self::GLANCE) || self.start.elapsed() < Self::PATIENCE {
            return;
        }
        let (done, total) = reader.progress();
        let bar = self.bar.get_or_insert_with(|| bar(total, self.start.elapsed()));
        let commands = follower.exchange().sequence().0;
        let rate = commands as f64 / self.start.elapsed().as_secs_f64() / 1e6;
        bar.set_message(format!("{commands} commands, {rate:.2} M/s"));
        bar.set_position(done);
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64, elapsed: Duration) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}, {eta} left");
    ProgressBar::with_draw_target(Some(total), target)
        .with_style(style.expect("the template is well formed"))
        .with_elapsed(elapsed)
}
