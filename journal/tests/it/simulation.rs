//! Seeded histories of a journal on a disk that fails, tears and loses.
//!
//! Each history is a few lives of a writer, with random frames, commits, sizes
//! and policies, with snapshots saved and segments compressed and dropped beside
//! it, ended by a kill, a power cut or a full disk, at times after a failed write
//! or sync, also within recovery. The model is a list of frames and how many of
//! them were promised. After every life the newest snapshot and the journal
//! behind it are a beginning of that list, with all that was promised, and
//! recovery has never refused them.

use crate::fixture::{Kept, append, frame, identity, keep};
use fastrand::Rng;
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{
    Durability, JournalError, Options, Reader, Recovery, Retention, SnapshotInfo, SnapshotStore,
    Start, Storage, Writer, tidy,
};
use std::num::NonZeroUsize;
use std::time::Duration;

/// Histories in a run; `RINGMATCH_HISTORIES` asks for more.
const HISTORIES: u64 = 10_000;

struct History {
    seed: u64,
    random: Rng,
    disk: SimulatedDisk,
    store: SnapshotStore<SimulatedDisk>,
    /// Everything that can be in the journal.
    written: Vec<Kept>,
    /// How many of those a power cut must leave.
    promised: usize,
    /// How many of those a kill must leave.
    cached: usize,
    now_ns: u64,
}

impl History {
    fn new(seed: u64) -> Self {
        let random = Rng::with_seed(seed);
        let disk = SimulatedDisk::new(!seed);
        let keep = NonZeroUsize::new(1 + seed as usize % 2).unwrap();
        let store = SnapshotStore::new(disk.clone(), identity(), keep);
        Self { seed, random, disk, store, written: Vec::new(), promised: 0, cached: 0, now_ns: 0 }
    }

    fn play(&mut self) {
        for _ in 0..self.random.u32(2..8) {
            self.heal();
            self.plan_failure();
            match self.live() {
                Ok(()) | Err(JournalError::Io { .. } | JournalError::Poisoned) => {}
                Err(error) => panic!("seed {}: {error}", self.seed),
            }
            self.end_life();
        }
        self.heal();
        self.recover().unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
    }

    fn heal(&self) {
        self.disk.heal();
        self.disk.limit(u64::MAX);
    }

    fn plan_failure(&mut self) {
        match self.random.u8(0..7) {
            0 => self.disk.fail_write_after(self.random.u32(0..30)),
            1 => self.disk.fail_sync_after(self.random.u32(0..30)),
            2 => {
                let used: usize = self.disk.contents().values().map(Vec::len).sum();
                self.disk.limit(used as u64 + self.random.u64(0..40_000));
            }
            _ => {}
        }
    }

    fn end_life(&mut self) {
        if self.random.bool() {
            self.disk.power_cut();
            self.cached = self.promised;
        }
    }

    /// One life of the process; an error ends it.
    fn live(&mut self) -> Result<(), JournalError> {
        let mut writer = self.recover()?;
        for _ in 0..self.random.u32(0..40) {
            self.now_ns += self.random.u64(0..3_000_000);
            match self.random.u8(0..32) {
                0..16 => self.append(&mut writer)?,
                16..28 => self.commit(&mut writer)?,
                28 => self.save()?,
                29 => self.tidy()?,
                _ => self.check_reader(),
            }
        }
        Ok(())
    }

    fn recover(&mut self) -> Result<Writer<SimulatedDisk>, JournalError> {
        let options = Options {
            segment_bytes: 4096 * self.random.u64(2..6),
            durability: match self.random.u8(0..4) {
                0 => Durability::Interval(Duration::from_millis(5)),
                1 => Durability::Write,
                _ => Durability::Fsync,
            },
        };
        let mut recovery = Recovery::open(self.disk.clone(), identity(), options)?;
        let start = recovery.start_from(&self.store)?;
        let from = self.frames_before(&start);
        let mut frames = Vec::new();
        while let Some(frame) = recovery.next_frame()? {
            frames.push(keep(frame));
        }
        let (writer, report) = recovery.into_writer()?;
        self.check(from, &frames);
        assert_eq!(report.frames, frames.len() as u64, "seed {}", self.seed);
        self.written.truncate(from + frames.len());
        self.promised = self.written.len();
        self.cached = self.promised;
        Ok(writer)
    }

    /// How many frames a snapshot stands for.
    fn frames_before<S: Storage>(&self, start: &Start<S>) -> usize {
        assert!(start.passed_over.is_empty(), "seed {}: {:?}", self.seed, start.passed_over);
        start.snapshot.as_ref().map_or(0, |snapshot| snapshot.info().digest as usize)
    }

    fn check(&self, from: usize, frames: &[Kept]) {
        let seed = self.seed;
        let count = from + frames.len();
        assert!(count <= self.written.len(), "seed {seed}: frames that nobody wrote");
        assert!(*frames == self.written[from..count], "seed {seed}: frames were changed");
        assert!(count >= self.cached, "seed {seed}: {count} of {}", self.cached);
    }

    /// Saves a snapshot after all that is there.
    fn save(&mut self) -> Result<(), JournalError> {
        let (reader, count) = self.read_along()?;
        reader.sync()?;
        self.promised = self.promised.max(count);
        let position = reader.position();
        let info = SnapshotInfo { position, digest: count as u64, body_version: 0, time_ns: 0 };
        self.store.save(info, b"a state")
    }

    fn tidy(&mut self) -> Result<(), JournalError> {
        let retention = if self.random.bool() {
            Retention::Compress
        } else {
            Retention::DropBefore { keep_from: self.random.u64(0..200) }
        };
        tidy(&self.disk, &self.store, retention).map(drop)
    }

    /// A reader that has read everything, and how many frames precede it.
    fn read_along(&self) -> Result<(Reader<SimulatedDisk>, usize), JournalError> {
        let mut reader = Reader::open(self.disk.clone())?;
        let from = self.frames_before(&reader.start_from(&self.store)?);
        let mut frames = Vec::new();
        while let Some(frame) = reader.next_frame()? {
            frames.push(keep(frame));
        }
        self.check(from, &frames);
        Ok((reader, from + frames.len()))
    }

    fn append(&mut self, writer: &mut Writer<SimulatedDisk>) -> Result<(), JournalError> {
        let bytes = match self.random.u8(0..4) {
            0 => self.random.usize(0..200),
            1 => self.random.usize(0..4_000).min(writer.max_body_bytes() as usize),
            2 => 64 * self.random.usize(0..20),
            _ => self.random.usize(400..600),
        };
        let frame = frame(writer.next_sequence(), self.random.u32(0..5), bytes);
        // It may be on the disk even if writing it failed.
        self.written.push(frame);
        append(writer, &self.written[self.written.len() - 1])?;
        self.cached = self.written.len();
        Ok(())
    }

    fn commit(&mut self, writer: &mut Writer<SimulatedDisk>) -> Result<(), JournalError> {
        match self.random.u8(0..10) {
            0 => writer.sync()?,
            1..4 => {
                self.commit_beside(writer)?;
                self.note_promised(writer);
                return Ok(());
            }
            _ => writer.commit(self.now_ns)?,
        }
        assert_eq!(writer.gate_sequence(), writer.next_sequence() - 1, "seed {}", self.seed);
        if writer.durability() == Durability::Fsync {
            assert_eq!(writer.durable_sequence(), writer.gate_sequence(), "seed {}", self.seed);
        }
        self.note_promised(writer);
        Ok(())
    }

    /// Commits, and goes on writing before the disk has done its part.
    fn commit_beside(&mut self, writer: &mut Writer<SimulatedDisk>) -> Result<(), JournalError> {
        writer.begin_commit(self.now_ns)?;
        let begun = writer.next_sequence() - 1;
        while self.random.bool() {
            self.append(writer)?;
        }
        if self.random.bool() {
            writer.poll_commit()?;
        }
        writer.finish_commit()?;
        assert!(writer.gate_sequence() >= begun, "seed {}", self.seed);
        assert!(!writer.is_committing(), "seed {}", self.seed);
        Ok(())
    }

    /// What is durable now must outlive a power cut.
    fn note_promised(&mut self, writer: &Writer<SimulatedDisk>) {
        let durable = writer.durable_sequence();
        let is_durable =
            |frame: &Kept| frame.first_sequence + u64::from(frame.count) <= durable + 1;
        // A note has no sequence to tell by: only those before a record count.
        let records = self.written.iter().rposition(|frame| frame.count > 0 && is_durable(frame));
        self.promised = self.promised.max(records.map_or(0, |last| last + 1));
    }

    /// Somebody who reads along sees the same.
    fn check_reader(&self) {
        let read = self.read_along();
        read.unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
    }
}

#[test]
fn no_history_loses_what_was_promised() {
    let histories = std::env::var("RINGMATCH_HISTORIES").ok();
    let histories = histories.map_or(HISTORIES, |text| text.parse().unwrap());
    for seed in 0..histories {
        History::new(seed).play();
    }
}
