//! The journal beside the bare disk, in one run, on the file system of `TMPDIR`.
//!
//! - `alone`: one command made durable, with nothing beside it: the journal's append
//!   and commit, and what the disk takes for 4 KiB in two ways, `pwrite` with
//!   `fdatasync`, and with `O_DIRECT` and `O_DSYNC`; round by round in turn
//! - `bandwidth`: bodies of a mebibyte appended under `write`, and a bare `pwrite`
//!   loop of as much into a file of the same kind
//! - `group`: commands encoded, appended and committed with `fsync`, in batches, one
//!   after the other and with the next batch encoded while the disk has the last
//! - `records`: records of 100 bytes from one thread, 160 in a frame, under `write`
//!   and `fsync`; a Kafka producer's published figure of this shape is 657,431
//!   records/s (62.7 MB/s; unreplicated, unsynced, on other machines)
//!
//! Every file is written through before, segments are made ahead, and rounds are
//! medians: a disk's moods are in both columns or in none.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench disk
//! ```
#![allow(missing_docs)]

use hdrhistogram::Histogram;
use ringmatch::log::{COMMANDS, Encoder};
use ringmatch_engine::command::{Command, Enter, SequencedCommand};
use ringmatch_engine::{Nanos, Price, Quantity, Sequence, SessionId, UserRef};
use ringmatch_journal::{Directory, Durability, Identity, Options, Recovery, Writer};
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const MIB: usize = 1 << 20;
const PAGE: usize = 4 << 10;
/// Rounds of `alone`; each is one durable write of each kind.
const ROUNDS: u64 = 3_000;
/// Runs of everything else, in turn.
const RUNS: usize = 7;
const RUN_BYTES: usize = 192 * MIB;
const GROUP_COMMANDS: u64 = 400_000;
const RECORD_BYTES: usize = 100;
const FRAME_RECORDS: usize = 160;

fn main() {
    // What cargo passes to every benchmark, and a test run of them.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    alone();
    bandwidth();
    group();
    records();
}

/// A journal whose second segment is there already.
struct Journal {
    writer: Writer,
    folder: TempDir,
}

impl Journal {
    fn new(durability: Durability, segment_bytes: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let options = Options { segment_bytes: segment_bytes as u64, durability };
        drop(open(&folder, options));
        let _ = std::fs::remove_file(folder.path().join("00000002.seg"));
        drop(written_through(&folder.path().join("00000002.seg"), segment_bytes, OFlags::empty()));
        let writer = open(&folder, options);
        Self { writer, folder }
    }

    fn append(&mut self, count: u32, body: &[u8]) {
        let first = self.writer.next_sequence();
        self.writer.append(COMMANDS, first, count, 0, body).expect("a disk that works");
    }

    fn commit(&mut self) {
        self.writer.commit(0).expect("a disk that works");
    }
}

fn open(folder: &TempDir, options: Options) -> Writer {
    let directory = Directory::open(folder.path()).expect("a directory");
    let identity = Identity::new("BENCH", b"").expect("a short name");
    let recovery = Recovery::open(directory, identity, options).expect("a journal");
    recovery.into_writer().expect("a disk that works").0
}

/// A file of zeros that is on the disk, opened again with these flags.
fn written_through(path: &Path, bytes: usize, flags: OFlags) -> File {
    let file = File::create(path).expect("a new file");
    let zeros = vec![0; MIB];
    for at in (0..bytes).step_by(MIB) {
        file.write_all_at(&zeros, at as u64).expect("room on the disk");
    }
    file.sync_all().expect("a disk that works");
    let flags = i32::try_from(flags.bits()).expect("flags are small");
    OpenOptions::new().write(true).custom_flags(flags).open(path).expect("the file")
}

/// A page in memory that a disk can read directly.
struct AlignedPage {
    memory: Vec<u8>,
    start: usize,
}

impl AlignedPage {
    fn new() -> Self {
        let memory = vec![0x5a; 2 * PAGE];
        let start = memory.as_ptr().align_offset(PAGE);
        Self { memory, start }
    }

    fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + PAGE]
    }
}

fn alone() {
    const FILE: usize = 64 * MIB;
    let mut journal = Journal::new(Durability::Fsync, FILE);
    let folder = tempfile::tempdir().expect("a temporary directory");
    let bare = written_through(&folder.path().join("bare"), FILE, OFlags::empty());
    let direct = OFlags::DIRECT | OFlags::DSYNC;
    let direct = written_through(&folder.path().join("direct"), FILE, direct);
    let page = AlignedPage::new();
    let (mut encoder, body) = (Encoder::default(), commands(1, 1));
    const MAX_NS: u64 = 60_000_000_000;
    let mut times =
        [(); 3].map(|()| Histogram::<u64>::new_with_max(MAX_NS, 3).expect("three digits"));
    for round in 0..ROUNDS {
        let at = (round * PAGE as u64) % FILE as u64;
        let mut time = |which: usize, act: &mut dyn FnMut()| {
            let start = Instant::now();
            act();
            times[which].saturating_record(start.elapsed().as_nanos() as u64);
        };
        time(0, &mut || {
            bare.write_all_at(page.bytes(), at).expect("a disk that works");
            bare.sync_data().expect("a disk that works");
        });
        time(1, &mut || {
            encoder.clear();
            body.iter().for_each(|command| encoder.push(*command));
            journal.append(1, encoder.encode());
            journal.commit();
        });
        time(2, &mut || direct.write_all_at(page.bytes(), at).expect("a disk that works"));
    }
    println!("alone: one durable write, us             p50      p99");
    let of = |which: usize, quantile| times[which].value_at_quantile(quantile) as f64 / 1_000.0;
    for (which, name) in [
        (0, "4 KiB pwrite + fdatasync"),
        (1, "one command, journal"),
        (2, "4 KiB O_DIRECT + O_DSYNC"),
    ] {
        println!("  {name:<32} {:>10.1} {:>8.1}", of(which, 0.5), of(which, 0.99));
    }
    let ratio = |which, quantile| of(which, quantile) / of(0, quantile);
    for (which, name) in [(1, "journal to pwrite + fdatasync"), (2, "O_DIRECT to the same")] {
        println!("  {name:<32} {:>10.3} {:>8.3}", ratio(which, 0.5), ratio(which, 0.99));
    }
}

fn bandwidth() {
    let body = vec![0x5a; MIB - 64];
    let (mut bare, mut journal) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let file = written_through(&folder.path().join("bare"), RUN_BYTES, OFlags::empty());
        let whole = vec![0x5a; MIB];
        bare.push(rate(RUN_BYTES, || {
            for at in (0..RUN_BYTES).step_by(MIB) {
                file.write_all_at(&whole, at as u64).expect("room on the disk");
            }
        }));
        let mut into = Journal::new(Durability::Write, RUN_BYTES + MIB);
        journal.push(rate(RUN_BYTES, || {
            for _ in 0..RUN_BYTES / MIB {
                into.append(1, &body);
                into.commit();
            }
        }));
        drop(into.folder);
    }
    let (bare, journal) = (median(bare), median(journal));
    println!(
        "bandwidth: pwrite of 1 MiB {:.2} GB/s, journal {:.2} GB/s, ratio {:.3}",
        bare / 1e9,
        journal / 1e9,
        journal / bare
    );
}

/// Commands as a client's orders are.
fn commands(first: u64, count: u64) -> Vec<SequencedCommand> {
    let command = |n: u64| SequencedCommand {
        sequence: Sequence(n),
        time: Nanos(n),
        session: SessionId(1),
        number: n,
        command: Command::Enter(Enter {
            user_ref: UserRef(n as u32),
            quantity: Quantity(100),
            price: Price(1_000_000 + (n as i64 % 100) * 100),
            ..Enter::default()
        }),
    };
    (first..first + count).map(command).collect()
}

/// Batches as the journaler makes them.
struct Batches {
    encoder: Encoder,
    left: u64,
    batch: u64,
    commands: Vec<SequencedCommand>,
}

impl Batches {
    fn new(batch: u64) -> Self {
        Self {
            encoder: Encoder::default(),
            left: GROUP_COMMANDS,
            batch,
            commands: commands(1, batch),
        }
    }

    /// Encodes and appends the next one; whether there was one.
    fn append(&mut self, journal: &mut Journal) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left = self.left.saturating_sub(self.batch);
        self.encoder.clear();
        self.commands.iter().for_each(|command| self.encoder.push(*command));
        journal.append(self.batch as u32, self.encoder.encode());
        true
    }
}

fn group() {
    println!("group: durable commands with fsync, M/s  one by one  overlapped  ratio");
    for batch in [64, 512, 1_024, 2_048, 4_096] {
        let (mut serial, mut overlapped) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let run = || (Journal::new(Durability::Fsync, 128 * MIB), Batches::new(batch));
            let (mut journal, mut batches) = run();
            serial.push(rate(GROUP_COMMANDS as usize, || {
                while batches.append(&mut journal) {
                    journal.commit();
                }
            }));
            let (mut journal, mut batches) = run();
            overlapped.push(rate(GROUP_COMMANDS as usize, || {
                while batches.append(&mut journal) {
                    journal.writer.finish_commit().expect("a disk that works");
                    journal.writer.begin_commit(0).expect("a disk that works");
                }
                journal.writer.sync().expect("a disk that works");
            }));
        }
        let (serial, overlapped) = (median(serial) / 1e6, median(overlapped) / 1e6);
        println!(
            "  batches of {batch:<28} {serial:>10.2} {overlapped:>11.2} {:>6.2}",
            overlapped / serial
        );
    }
}

fn records() {
    let body = vec![0x5a; RECORD_BYTES * FRAME_RECORDS];
    let records = RUN_BYTES / 2 / RECORD_BYTES / FRAME_RECORDS * FRAME_RECORDS;
    println!(
        "records of {RECORD_BYTES} bytes, {FRAME_RECORDS} a frame, one thread    records/s    MB/s (657,431 and 62.7 of Kafka's)"
    );
    for (name, durability) in [("write", Durability::Write), ("fsync", Durability::Fsync)] {
        let run = |_| {
            let mut journal = Journal::new(durability, RUN_BYTES);
            rate(records, || {
                for _ in 0..records / FRAME_RECORDS {
                    journal.append(FRAME_RECORDS as u32, &body);
                    journal.commit();
                }
            })
        };
        let rate = median((0..RUNS).map(run).collect());
        println!("  {name:<32} {rate:>24.0} {:>7.1}", rate * RECORD_BYTES as f64 / 1e6);
    }
}

/// How many a second.
fn rate(count: usize, act: impl FnOnce()) -> f64 {
    let start = Instant::now();
    act();
    count as f64 / start.elapsed().max(Duration::from_nanos(1)).as_secs_f64()
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of[of.len() / 2]
}
