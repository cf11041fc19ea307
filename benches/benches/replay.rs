//! Replay: from bytes on disk to the state of the exchange.
//!
//! A journal of 500,000 commands is written once, as the journaler writes it:
//! archived by the encoder, one frame a batch, with checkpoints. Then it is read
//! as a recovery reads it. Three figures of commands a second: the reader alone
//! (every checksum and every link of the chain), with decoding, and with
//! applying to the exchange and comparing the checkpoints, which is what a start
//! costs. The files are in the page cache; opening them and building the
//! exchange are outside the time.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench replay
//! ```
#![allow(missing_docs)]

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use fastrand::Rng;
use ringmatch::config::Config;
use ringmatch::follower::Follower;
use ringmatch::log::{
    CHECKPOINT, CHECKPOINT_INTERVAL, COMMANDS, Checkpoint, Encoder, decode, encode_limits,
};
use ringmatch::operations;
use ringmatch_engine::command::*;
use ringmatch_engine::event::Discard;
use ringmatch_engine::{
    Exchange, InstrumentId, Limits, Nanos, Price, Quantity, Sequence, SessionId, UserRef,
};
use ringmatch_journal::{Directory, Durability, Identity, Options, Reader, Recovery, Writer};

const SEED: u64 = 0x5eed;
const TOTAL: u64 = 500_000;
/// Commands in a frame: a group commit under load.
const FRAME: u64 = 64;
/// Orders live at a time: the cancel of each comes this many orders later.
const LIVE: u32 = 4_096;

/// The day's opening, then orders of which one in ten crosses and the others
/// rest until they are canceled.
struct Flow {
    opening: std::vec::IntoIter<Command>,
    rng: Rng,
    sequence: u64,
    number: u64,
    entered: u32,
    cancels: bool,
}

impl Flow {
    fn new(config: &Config, exchange: &Exchange) -> Self {
        let opening = operations::outstanding(config, exchange).expect("an empty log agrees");
        let (opening, rng) = (opening.into_iter(), Rng::with_seed(SEED));
        Self { opening, rng, sequence: 0, number: 0, entered: 0, cancels: false }
    }

    fn next(&mut self) -> SequencedCommand {
        self.sequence += 1;
        let (session, number, command) = match self.opening.next() {
            Some(operation) => (0, 0, operation),
            None => {
                self.number += 1;
                (1, self.number, self.order())
            }
        };
        SequencedCommand {
            sequence: Sequence(self.sequence),
            time: Nanos(self.sequence * 1_000),
            session: SessionId(session),
            number,
            command,
        }
    }

    fn order(&mut self) -> Command {
        if self.entered > LIVE && std::mem::replace(&mut self.cancels, false) {
            let user_ref = UserRef(self.entered - LIVE);
            return Command::Cancel(Cancel { user_ref, quantity: Quantity(0) });
        }
        self.entered += 1;
        self.cancels = true;
        let side = if self.rng.bool() { Side::Buy } else { Side::Sell };
        let away = if self.rng.u8(..) < 26 { -100 } else { self.rng.i64(100..50_000) };
        let away = away / 100 * 100;
        let price = if side == Side::Buy { 1_000_000 - away } else { 1_000_000 + away };
        Command::Enter(Enter {
            user_ref: UserRef(self.entered),
            instrument: InstrumentId(self.rng.u16(1..=3)),
            side,
            quantity: Quantity(self.rng.u32(1..=100)),
            price: Price(price),
            ..Enter::default()
        })
    }
}

fn write_journal(path: &Path, limits: Limits, config: &Config) {
    let identity = Identity::new("BENCH", &encode_limits(&limits)).expect("a short config");
    let options = Options { durability: Durability::Write, ..Options::default() };
    let directory = Directory::create(path).expect("a directory can be made");
    let recovery = Recovery::open(directory, identity, options).expect("it is empty");
    let (mut writer, _): (Writer, _) = recovery.into_writer().expect("it is empty");

    let mut exchange = Exchange::new(limits).expect("limits in range");
    let mut flow = Flow::new(config, &exchange);
    let mut encoder = Encoder::default();
    for first in (1..=TOTAL).step_by(FRAME as usize) {
        encoder.clear();
        let count = FRAME.min(TOTAL + 1 - first);
        for _ in 0..count {
            let command = flow.next();
            exchange.apply(&command, &mut Discard::default());
            encoder.push(command);
        }
        let (time, next) = (flow.sequence * 1_000, flow.sequence + 1);
        writer.append(COMMANDS, first, count as u32, time, encoder.encode()).expect("disk");
        if flow.sequence.is_multiple_of(CHECKPOINT_INTERVAL) {
            let checkpoint =
                Checkpoint { sequence: exchange.sequence(), digest: exchange.digest() };
            writer.append(CHECKPOINT, next, 0, time, &checkpoint.to_bytes()).expect("disk");
        }
        writer.commit(time).expect("disk");
    }
    writer.sync().expect("disk");
}

fn open(path: &Path) -> Reader {
    Reader::open(Directory::open(path).expect("it was made")).expect("it was written")
}

fn read(mut reader: Reader) -> u64 {
    while let Some(frame) = reader.next_frame().expect("the journal is sound") {
        black_box(frame.body);
    }
    reader.next_sequence()
}

fn read_and_decode(mut reader: Reader) -> u64 {
    let mut commands = Vec::new();
    while let Some(frame) = reader.next_frame().expect("the journal is sound") {
        if frame.kind == COMMANDS {
            decode(frame.body, Sequence(frame.first_sequence), frame.count, &mut commands)
                .expect("the journal is sound");
            black_box(&commands);
        }
    }
    reader.next_sequence()
}

fn replay((mut reader, mut follower): (Reader, Follower)) -> Follower {
    while let Some(frame) = reader.next_frame().expect("the journal is sound") {
        follower
            .follow(&frame, Sequence(u64::MAX), &mut |_, _| {})
            .expect("the journal is sound, and replays to what it was");
    }
    follower
}

fn measure(criterion: &mut Criterion) {
    let config = Config::load(None).expect("the default config is sound");
    let limits = config.limits();
    let directory = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).expect("disk");
    write_journal(directory.path(), limits, &config);
    let path = directory.path();
    assert_eq!(read(open(path)), TOTAL + 1);

    let mut group = criterion.benchmark_group("replay");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(TOTAL));
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    group.bench_function("read", |bencher| {
        bencher.iter_batched(|| open(path), read, BatchSize::PerIteration);
    });
    group.bench_function("read and decode", |bencher| {
        bencher.iter_batched(|| open(path), read_and_decode, BatchSize::PerIteration);
    });
    group.bench_function("read, decode and apply", |bencher| {
        let open = || (open(path), Follower::new(limits).expect("limits in range"));
        bencher.iter_batched(open, replay, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
