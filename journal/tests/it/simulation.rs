//! Seeded histories of a journal on a disk that fails, tears and loses.
//!
//! Each history is a few lives of a writer, with random frames, commits, sizes
//! and policies, ended by a kill or a power cut, at times after a failed write
//! or sync, also within recovery. The model is a list of frames and how many of
//! them were promised. After every life the journal holds a beginning of that
//! list, with all that was promised, and recovery has never refused it.

use crate::fixture::{Kept, append, frame, read, recover_with};
use fastrand::Rng;
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{Durability, JournalError, Options, Writer};
use std::time::Duration;

/// Histories in a run; `RINGMATCH_HISTORIES` asks for more.
const HISTORIES: u64 = 10_000;

struct History {
    seed: u64,
    random: Rng,
    disk: SimulatedDisk,
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
        Self { seed, random, disk, written: Vec::new(), promised: 0, cached: 0, now_ns: 0 }
    }

    fn play(&mut self) {
        for _ in 0..self.random.u32(2..8) {
            self.disk.heal();
            self.plan_failure();
            match self.live() {
                Ok(()) | Err(JournalError::Io { .. } | JournalError::Poisoned) => {}
                Err(error) => panic!("seed {}: {error}", self.seed),
            }
            self.end_life();
        }
        self.disk.heal();
        self.recover().unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
    }

    fn plan_failure(&mut self) {
        match self.random.u8(0..6) {
            0 => self.disk.fail_write_after(self.random.u32(0..30)),
            1 => self.disk.fail_sync_after(self.random.u32(0..30)),
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
            match self.random.u8(0..8) {
                0..4 => self.append(&mut writer)?,
                4..7 => self.commit(&mut writer)?,
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
        let (frames, writer, report) = recover_with(self.disk.clone(), options)?;
        self.check(&frames);
        assert_eq!(report.frames, frames.len() as u64, "seed {}", self.seed);
        self.written = frames;
        self.promised = self.written.len();
        self.cached = self.promised;
        Ok(writer)
    }

    fn check(&self, frames: &[Kept]) {
        let seed = self.seed;
        assert!(frames.len() <= self.written.len(), "seed {seed}: frames that nobody wrote");
        let expected = &self.written[..frames.len()];
        assert!(frames == expected, "seed {seed}: frames were changed");
        assert!(frames.len() >= self.cached, "seed {seed}: {} of {}", frames.len(), self.cached);
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
        if self.random.u8(0..10) == 0 {
            writer.sync()?;
        } else {
            writer.commit(self.now_ns)?;
        }
        assert_eq!(writer.gate_sequence(), writer.next_sequence() - 1, "seed {}", self.seed);
        if writer.durability() == Durability::Fsync {
            assert_eq!(writer.durable_sequence(), writer.gate_sequence(), "seed {}", self.seed);
        }
        let durable = writer.durable_sequence();
        let is_durable =
            |frame: &Kept| frame.first_sequence + u64::from(frame.count) <= durable + 1;
        // A note has no sequence to tell by: only those before a record count.
        let records = self.written.iter().rposition(|frame| frame.count > 0 && is_durable(frame));
        self.promised = self.promised.max(records.map_or(0, |last| last + 1));
        Ok(())
    }

    /// Somebody who reads along sees the same.
    fn check_reader(&self) {
        let frames = read(self.disk.clone());
        self.check(&frames.unwrap_or_else(|error| panic!("seed {}: {error}", self.seed)));
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
