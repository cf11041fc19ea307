//! The snapshotter: follows the journal of a running venue and saves snapshots.
//!
//! It has a replica of its own and reads the journal as any tool would, so the
//! stages know nothing of it and never wait for it. When the journal has grown
//! enough, or the last snapshot is old enough, it makes what it has read durable
//! and saves its replica, slowly, beside the journal's writes. Full segments are
//! then compressed or dropped, as the config says. Its thread is one of low
//! priority that sleeps whenever it has read everything. That it fails ends no
//! venue: it is said, and the next start replays more.

use crate::clock::{Clock, SystemClock};
use crate::config::{ClosedSegments, Config, SnapshotsConfig};
use crate::replica::{Replica, ReplicaConfig, ReplicaError, Resumed};
use crate::service::Handover;
use ringmatch_engine::Nanos;
use ringmatch_journal::{
    Directory, JournalError, Reader, Retention, SaveRate, SnapshotStore, Storage, Tidied, tidy,
};
use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Frames read in one poll.
const FRAMES: usize = 64;
/// How fast a snapshot is written beside a running venue.
const RATE: SaveRate = SaveRate::BytesPerSecond(64 << 20);
/// How long the thread sleeps when it has read everything.
const PAUSE: Duration = Duration::from_millis(20);
/// How much the thread gives way to others; 19 would be the most, and would
/// leave it behind for good on a machine without a free CPU.
const NICENESS: i32 = 10;
/// How long it waits when somebody else saves or tidies up.
const LATER_NS: u64 = 1_000_000_000;

/// See the [module](self).
pub struct Snapshotter<S: Storage> {
    storage: S,
    reader: Reader<S>,
    store: SnapshotStore<S>,
    replica: Replica,
    policy: SnapshotsConfig,
    rate: SaveRate,
    /// Where and when the last snapshot was made, or this one began.
    saved: Saved,
    /// The segment that was read when full ones were last tidied up.
    tidied: u32,
    segment: u32,
    /// Until when nothing is saved or tidied.
    waits: Nanos,
    /// What others still need of the journal where it is dropped.
    handover: Handover,
    /// The newest snapshots, by their commands.
    stands: VecDeque<u64>,
    /// Whether it was said that the output log is waited for.
    told_waiting: bool,
}

#[derive(Clone, Copy)]
struct Saved {
    commands: u64,
    bytes: u64,
    time: Nanos,
}

/// What it has done that an operator wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A snapshot is there.
    Saved {
        /// The commands that it stands for.
        commands: u64,
        /// How large it is.
        bytes: u64,
    },
    /// Segments were compressed or dropped.
    Tidied(Tidied),
    /// One is due, and the output log has not come so far that the oldest can go.
    Waits {
        /// What the log must have.
        commands: u64,
        /// What it has.
        reached: u64,
    },
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saved { commands, bytes } => {
                let megabytes = *bytes as f64 / 1e6;
                write!(f, "snapshot of {commands} commands saved, {megabytes:.1} MB")
            }
            Self::Waits { commands, reached } => write!(
                f,
                "the next snapshot waits until the output log has command {commands}; it has \
                 {reached} of them on disk"
            ),
            Self::Tidied(Tidied { compressed, dropped }) => {
                let segments = |done, numbers: &[u32]| match numbers {
                    [] => None,
                    [only] => Some(format!("segment {only} {done}")),
                    [first, .., last] => Some(format!("segments {first} to {last} {done}")),
                };
                let done = [segments("compressed", compressed), segments("dropped", dropped)];
                let what: Vec<String> = done.into_iter().flatten().collect();
                let what = what.join(", ");
                write!(f, "journal tidied: {what}")
            }
        }
    }
}

impl<S: Storage> Snapshotter<S> {
    /// Goes to where the newest snapshot stands; what was of no use is said. It
    /// will save at `rate`.
    ///
    /// # Errors
    /// When there is no journal, or nothing to start from.
    pub fn open(
        policy: SnapshotsConfig,
        bounds: &ReplicaConfig,
        storage: S,
        rate: SaveRate,
        now: Nanos,
    ) -> Result<(Self, Vec<String>), ReplicaError> {
        let mut reader = Reader::open(storage.clone())?;
        let mut store = reader.snapshots(policy.keep);
        let Resumed { replica, passed_over, .. } =
            Replica::resume(bounds, &mut reader, &mut store)?;
        let commands = replica.exchange().sequence().0;
        let saved = Saved { commands, bytes: reader.progress().0, time: now };
        let snapshotter = Self {
            storage,
            reader,
            store,
            replica,
            policy,
            rate,
            saved,
            tidied: 0,
            segment: 0,
            waits: Nanos(0),
            handover: Handover::default(),
            stands: VecDeque::from([commands]),
            told_waiting: false,
        };
        Ok((snapshotter, passed_over))
    }

    /// The same where the output log's needs are heeded.
    #[must_use]
    pub fn heeding(mut self, handover: Handover) -> Self {
        self.handover = handover;
        self.ask();
        self
    }

    /// Asks that the output log be durable up to the last snapshot, if there is
    /// to be nothing else to make it from.
    fn ask(&self) {
        if self.policy.closed_segments == ClosedSegments::Drop {
            self.handover.ask(self.saved.commands);
        }
    }

    /// Reads some frames; saves and tidies up if the time has come. Returns how
    /// many frames it read, and what it did.
    ///
    /// # Errors
    /// When the journal or the disk fails, or the replay diverges: then it must
    /// not be polled again.
    pub fn poll(&mut self, now: Nanos) -> Result<(usize, Vec<News>), ReplicaError> {
        let (frames, mut news) = (self.follow()?, Vec::new());
        if now >= self.waits {
            match self.work(now, &mut news) {
                Err(ReplicaError::Journal(JournalError::InUse { .. })) => {
                    self.waits = Nanos(now.0 + LATER_NS);
                }
                done => done?,
            }
        }
        Ok((frames, news))
    }

    fn work(&mut self, now: Nanos, news: &mut Vec<News>) -> Result<(), ReplicaError> {
        if self.is_due(now) {
            match self.awaited() {
                None => news.push(self.save(now)?),
                Some(waits) if !std::mem::replace(&mut self.told_waiting, true) => news.push(waits),
                Some(_) => {}
            }
        }
        if self.segment > self.tidied {
            news.extend(self.tidy()?);
        }
        Ok(())
    }

    fn follow(&mut self) -> Result<usize, ReplicaError> {
        for read in 0..FRAMES {
            let Some(frame) = self.reader.poll_frame()? else { return Ok(read) };
            self.segment = frame.segment;
            self.replica.follow(&frame)?;
        }
        Ok(FRAMES)
    }

    fn is_due(&self, now: Nanos) -> bool {
        let SnapshotsConfig { every_bytes, every_s, .. } = self.policy;
        let Saved { commands, bytes, time } = self.saved;
        let grown = self.reader.progress().0.saturating_sub(bytes);
        let age_s = now.0.saturating_sub(time.0) / 1_000_000_000;
        let is_new = self.replica.exchange().sequence().0 > commands;
        is_new && (every_bytes > 0 && grown >= every_bytes || every_s > 0 && age_s >= every_s)
    }

    /// What another snapshot waits for, if it does: the log must be able to go on
    /// from the oldest one that is left after it.
    fn awaited(&self) -> Option<News> {
        if self.policy.closed_segments != ClosedSegments::Drop {
            return None;
        }
        let others = self.policy.keep.get() - 1;
        let oldest = self.stands.len().saturating_sub(others);
        let (commands, reached) = (*self.stands.get(oldest)?, self.handover.reached());
        (reached < commands).then_some(News::Waits { commands, reached })
    }

    fn save(&mut self, now: Nanos) -> Result<News, ReplicaError> {
        self.reader.sync()?;
        let bytes = self.replica.save(&self.store, self.reader.position(), self.rate)?;
        let commands = self.replica.exchange().sequence().0;
        self.saved = Saved { commands, bytes: self.reader.progress().0, time: now };
        if self.stands.len() == self.policy.keep.get() {
            self.stands.pop_front();
        }
        self.stands.push_back(commands);
        self.told_waiting = false;
        self.ask();
        // What lies before the oldest snapshot can be dropped now.
        self.tidied = 0;
        Ok(News::Saved { commands, bytes })
    }

    /// Does to full segments what the config says.
    fn tidy(&mut self) -> Result<Option<News>, ReplicaError> {
        let retention = match self.policy.closed_segments {
            ClosedSegments::Keep => Retention::Keep,
            ClosedSegments::Compress => Retention::Compress,
            // Clients ask for what is in the windows, which are in the snapshot, or
            // in the output log.
            ClosedSegments::Drop => {
                Retention::DropBefore { keep_from: self.handover.reached().saturating_add(1) }
            }
        };
        let tidied = tidy(&self.storage, &self.store, retention)?;
        self.tidied = self.segment;
        Ok((tidied != Tidied::default()).then_some(News::Tidied(tidied)))
    }
}

/// The thread of a venue's snapshotter.
pub struct Snapshots {
    news: Receiver<String>,
    stop: Arc<AtomicBool>,
}

impl Snapshots {
    /// Starts it beside a venue that has started; nothing, if the config asks
    /// for nothing. What is dropped, `handover` has let go.
    ///
    /// # Errors
    /// When the operating system starts no thread.
    pub fn start(
        config: &Config,
        data_dir: &Path,
        handover: Handover,
    ) -> std::io::Result<Option<Self>> {
        let policy = config.snapshots;
        if !policy.are_made() && policy.closed_segments == ClosedSegments::Keep {
            return Ok(None);
        }
        let directory = Directory::open(data_dir)?;
        let (bounds, stop) = (ReplicaConfig::of(config), Arc::new(AtomicBool::new(false)));
        let (sender, news) = channel();
        let stopped = Arc::clone(&stop);
        std::thread::Builder::new().name("snapshots".into()).spawn(move || {
            let ran = run(policy, &bounds, directory, handover, &sender, &stopped);
            if let Err(error) = ran {
                let error = format!("no more snapshots are made: {error}");
                // Nobody listens once the venue has stopped.
                let _ = sender.send(error);
            }
        })?;
        Ok(Some(Self { news, stop }))
    }

    /// What it had to say since it was last asked.
    pub fn news(&self) -> impl Iterator<Item = String> {
        self.news.try_iter()
    }
}

impl Drop for Snapshots {
    /// A snapshot that is being saved is given up: it is none before its end.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

fn run(
    policy: SnapshotsConfig,
    bounds: &ReplicaConfig,
    directory: Directory,
    handover: Handover,
    news: &Sender<String>,
    stop: &AtomicBool,
) -> Result<(), ReplicaError> {
    // Of this thread alone. One that may not give way works as others do.
    let _ = rustix::process::nice(NICENESS);
    let clock = SystemClock::start();
    let (snapshotter, passed_over) =
        Snapshotter::open(policy, bounds, directory, RATE, clock.now())?;
    let mut snapshotter = snapshotter.heeding(handover);
    passed_over.into_iter().for_each(|text| _ = news.send(text));
    while !stop.load(Ordering::Acquire) {
        let (frames, done) = snapshotter.poll(clock.now())?;
        let is_idle = frames < FRAMES && done.is_empty();
        done.into_iter().for_each(|done| _ = news.send(done.to_string()));
        if is_idle {
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}
