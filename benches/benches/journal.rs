//! The journal on the file system of the temporary directory (`TMPDIR`).
//!
//! - `commit`: append and commit of one batch of 1, 64 or 1,024 records of 64
//!   bytes, under each durability policy; figures of records a second
//! - `bare`: what the disk alone takes: `pwrite` and `fdatasync` of 4 KiB and
//!   64 KiB, one after the other, in a file written through before
//! - `scan`: reading 256 MB of frames with every check that recovery makes
//!
//! Whenever a segment is nearly full a new journal is made outside the measured
//! time, so no figure contains the change of a segment.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ringmatch_journal::{Directory, Durability, Identity, Options, Reader, Recovery, Writer};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const RECORD_BYTES: usize = 64;
const SEGMENT_BYTES: u64 = 128 << 20;
const BATCHES: [u32; 3] = [1, 64, 1_024];
const POLICIES: [(&str, Durability); 3] = [
    ("fsync", Durability::Fsync),
    ("interval_10ms", Durability::Interval(Duration::from_millis(10))),
    ("write", Durability::Write),
];

/// A journal with a segment's room, and a batch to put into it.
struct Journal {
    writer: Writer,
    room_bytes: u64,
    started: Instant,
    _folder: TempDir,
}

impl Journal {
    fn new(durability: Durability) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let options = Options { segment_bytes: SEGMENT_BYTES, durability };
        drop(open(&folder, options));
        // The next segment is there already: preparing it must not share the disk.
        let next = File::create_new(folder.path().join("00000002.seg")).expect("a new file");
        write_through(&next);
        let writer = open(&folder, options);
        let room_bytes = SEGMENT_BYTES - 8_192;
        Self { writer, room_bytes, started: Instant::now(), _folder: folder }
    }

    fn has_room(&self, body: &[u8]) -> bool {
        self.room_bytes > body.len() as u64 + 64
    }

    fn commit(&mut self, records: u32, body: &[u8]) {
        let now_ns = self.started.elapsed().as_nanos() as u64;
        let first = self.writer.next_sequence();
        self.writer.append(1, first, records, now_ns, body).expect("room for a frame");
        self.writer.commit(now_ns).expect("a disk that works");
        self.room_bytes -= body.len() as u64 + 64;
    }
}

fn open(folder: &TempDir, options: Options) -> Writer {
    let directory = Directory::open(folder.path()).expect("a directory");
    let identity = Identity::new("BENCH", b"").expect("a short name");
    let recovery = Recovery::open(directory, identity, options).expect("an empty directory");
    recovery.into_writer().expect("a new journal").0
}

fn commits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("commit");
    for records in BATCHES {
        let body = vec![0x5a; records as usize * RECORD_BYTES];
        group.throughput(Throughput::Elements(records.into()));
        for (name, durability) in POLICIES {
            let mut journal = Journal::new(durability);
            group.bench_function(BenchmarkId::new(name, records), |bencher| {
                bencher.iter_custom(|iterations| {
                    let mut measured = Duration::ZERO;
                    for _ in 0..iterations {
                        if !journal.has_room(&body) {
                            journal = Journal::new(durability);
                        }
                        let start = Instant::now();
                        journal.commit(records, &body);
                        measured += start.elapsed();
                    }
                    measured
                });
            });
        }
    }
    group.finish();
}

fn bare(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bare");
    let file = tempfile::tempfile().expect("a temporary file");
    write_through(&file);
    for bytes in [4 << 10, 64 << 10] {
        let block = vec![0x5a; bytes];
        let mut offset = 0;
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::new("pwrite_fdatasync", bytes), |bencher| {
            bencher.iter(|| {
                file.write_all_at(&block, offset).expect("a disk that works");
                file.sync_data().expect("a disk that works");
                offset = (offset + bytes as u64) % SEGMENT_BYTES;
            });
        });
    }
    group.finish();
}

fn write_through(file: &File) {
    let zeros = vec![0; 1 << 20];
    for piece in 0..SEGMENT_BYTES >> 20 {
        file.write_all_at(&zeros, piece << 20).expect("room for a segment");
    }
    file.sync_all().expect("a disk that works");
}

fn scan(criterion: &mut Criterion) {
    const LOG_BYTES: u64 = 256_000_000;
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::Bytes(LOG_BYTES));
    for records in BATCHES {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let options = Options { segment_bytes: 64 << 20, durability: Durability::Write };
        let mut writer = open(&folder, options);
        let body = vec![0x5a; records as usize * RECORD_BYTES];
        for _ in 0..LOG_BYTES / (64 + body.len() as u64) {
            writer.append(1, writer.next_sequence(), records, 0, &body).expect("room");
        }
        let last = writer.next_sequence();
        drop(writer);
        group.bench_function(BenchmarkId::new("frames_of", records), |bencher| {
            bencher.iter(|| {
                let directory = Directory::open(folder.path()).expect("a directory");
                let mut reader = Reader::open(directory).expect("a journal");
                while reader.next_frame().expect("a sound journal").is_some() {}
                assert_eq!(reader.next_sequence(), last);
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = bare, commits, scan
}
criterion_main!(benches);
