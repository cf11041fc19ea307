//! What it costs that the stages time themselves, which they always do.
//!
//! For each command the four stages note five times, and each reads the clock
//! once or twice a batch. Measured are noting one time in the stages' own cells
//! beside recording it in an HdrHistogram, for times of which half fall in few
//! cells and the rest far away, and a reading of the clock.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench timing
//! ```

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hdrhistogram::Histogram;
use ringmatch::clock::{Clock, SystemClock};
use ringmatch::pipeline::{TimedFrom, Timing};
use ringmatch_engine::Nanos;
use std::hint::black_box;

/// Times that a stage might note, in nanoseconds: most near one microsecond, one
/// in eight up to a millisecond.
fn times() -> Vec<u64> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut time =
        |rest| if rest == 0 { random.u64(10_000..1_000_000) } else { random.u64(800..1_600) };
    (0..4096).map(|number| time(number % 8)).collect()
}

fn costs(criterion: &mut Criterion) {
    let times = times();
    let mut group = criterion.benchmark_group("timing");
    group.throughput(Throughput::Elements(times.len() as u64));
    group.bench_function("nothing noted", |bencher| {
        bencher.iter(|| {
            times.iter().for_each(|&time| {
                black_box(time);
            });
        });
    });
    let (mut timing, read) = Timing::new("bench", TimedFrom::default());
    group.bench_function("noted by a stage", |bencher| {
        bencher.iter(|| {
            let note = |&time| timing.record(Nanos(1), Nanos(1 + black_box(time)));
            times.iter().for_each(note);
        });
    });
    assert!(!read.histogram().is_empty(), "what was noted can be read");
    let mut histogram = Histogram::<u64>::new_with_max(60_000_000_000, 3).expect("sound bounds");
    group.bench_function("recorded in an HdrHistogram", |bencher| {
        bencher
            .iter(|| times.iter().for_each(|&time| histogram.saturating_record(black_box(time))));
    });
    group.finish();
    let clock = SystemClock::start();
    criterion.bench_function("a reading of the clock", |bencher| bencher.iter(|| clock.now()));
}

criterion_group!(benches, costs);
criterion_main!(benches);
