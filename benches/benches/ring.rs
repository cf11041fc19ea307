//! Hand-off between two pinned threads: the ring beside its peers.
//!
//! One producer, one consumer, `disruptor` and `rtrb` measured in the same run
//! with the same events, batches, capacity and idle loops. The producer writes
//! every word of an event and the consumer reads every word of it. The clock
//! runs from the first claim until the consumer has said that it saw the last
//! event; building, pinning and starting threads is outside. Figures of
//! different runs do not compare: how near two cores are to each other may
//! change from run to run.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench ring
//! ```

use std::{
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use core_affinity::CoreId;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use disruptor::{BusySpin, Polling, Producer as _};
use ringmatch_ring::{Builder, Producer, Spin};

const CAPACITY: usize = 1024;
const PRODUCER_CORE: CoreId = CoreId { id: 0 };
const CONSUMER_CORE: CoreId = CoreId { id: 1 };

/// Set in the last event of a measurement; no event number reaches it.
const LAST: u64 = 1 << 63;

type Event<const WORDS: usize> = [u64; WORDS];

/// What a consumer found: whether the last event was there, and all it read.
#[derive(Default)]
struct Seen {
    last: u64,
    sum: u64,
}

impl Seen {
    #[inline(always)]
    fn add<const WORDS: usize>(&mut self, event: &Event<WORDS>) {
        self.last |= event[0];
        self.sum = event.iter().fold(self.sum, |sum, word| sum ^ word);
    }
}

/// One poll of a consumer; none once the ring has ended.
type Poll = Box<dyn FnMut(&mut Seen) -> Option<usize> + Send>;

/// One batch: as many events, all words of the first being this number.
type Publish = Box<dyn FnMut(u64, usize)>;

fn ours<const WORDS: usize>() -> (Publish, Poll) {
    let (mut producer, poll) = our_ring::<WORDS>();
    let publish = move |first: u64, count: usize| {
        while !producer.has_room(count).expect("the consumer lives") {
            spin_loop();
        }
        let slots = producer.try_claim_batch(count).expect("the consumer lives");
        for (number, slot) in (first..).zip(slots.expect("there is room")) {
            *slot = [number; WORDS];
        }
        producer.publish();
    };
    (Box::new(publish), poll)
}

/// The same batches, for a producer that does not know their size beforehand.
fn ours_one_by_one<const WORDS: usize>() -> (Publish, Poll) {
    let (mut producer, poll) = our_ring::<WORDS>();
    let publish = move |first: u64, count: usize| {
        for number in first..first + count as u64 {
            *producer.claim(&mut Spin).expect("the consumer lives") = [number; WORDS];
        }
        producer.publish();
    };
    (Box::new(publish), poll)
}

fn our_ring<const WORDS: usize>() -> (Producer<Event<WORDS>>, Poll) {
    let mut ring = Builder::new(CAPACITY, || [0; WORDS]).expect("a power of two");
    let consumer = ring.consumer();
    let (producer, [mut consumer]) = ring.build([consumer]).expect("one consumer");
    let poll = move |seen: &mut Seen| {
        let batch = consumer.take(usize::MAX).ok()?;
        batch.iter().for_each(|(_, event)| seen.add(event));
        let count = batch.len();
        batch.commit();
        Some(count)
    };
    (producer, Box::new(poll))
}

fn disruptor<const WORDS: usize>() -> (Publish, Poll) {
    let builder = disruptor::build_single_producer(CAPACITY, || [0; WORDS], BusySpin);
    let (mut poller, builder) = builder.new_event_poller();
    let mut producer = builder.build();
    let publish = move |first: u64, count: usize| match count {
        1 => producer.publish(|event| *event = [first; WORDS]),
        _ => producer.batch_publish(count, |events| {
            for (number, event) in (first..).zip(events) {
                *event = [number; WORDS];
            }
        }),
    };
    let poll = move |seen: &mut Seen| match poller.poll() {
        Ok(mut events) => {
            let mut count = 0;
            for event in &mut events {
                seen.add(event);
                count += 1;
            }
            Some(count)
        }
        Err(Polling::NoEvents) => Some(0),
        Err(Polling::Shutdown) => None,
    };
    (Box::new(publish), Box::new(poll))
}

fn rtrb<const WORDS: usize>() -> (Publish, Poll) {
    let (mut producer, mut consumer) = rtrb::RingBuffer::new(CAPACITY);
    let publish = move |first: u64, count: usize| {
        let chunk = loop {
            match producer.write_chunk_uninit(count) {
                Ok(chunk) => break chunk,
                Err(_) => spin_loop(),
            }
        };
        chunk.fill_from_iter((first..first + count as u64).map(|number| [number; WORDS]));
    };
    let poll = move |seen: &mut Seen| {
        let count = consumer.slots();
        if count == 0 {
            return (!consumer.is_abandoned()).then_some(0);
        }
        let chunk = consumer.read_chunk(count).expect("so many are there");
        let (front, back) = chunk.as_slices();
        front.iter().chain(back).for_each(|event: &Event<WORDS>| seen.add(event));
        chunk.commit_all();
        Some(count)
    };
    (Box::new(publish), Box::new(poll))
}

fn pin(core: CoreId) {
    assert!(
        core_affinity::set_for_current(core),
        "this benchmark needs CPUs {} and {}",
        PRODUCER_CORE.id,
        CONSUMER_CORE.id
    );
}

/// Consumes until the ring ends, saying when a last event was seen.
fn consume(mut poll: Poll, last_seen: &AtomicU64) {
    pin(CONSUMER_CORE);
    let mut seen = Seen::default();
    while let Some(count) = poll(&mut seen) {
        if count == 0 {
            spin_loop();
        } else if seen.last >= LAST {
            last_seen.store(seen.last, Ordering::Release);
            seen.last = 0;
        }
    }
    std::hint::black_box(seen.sum);
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    batch: usize,
    (mut publish, poll): (Publish, Poll),
) {
    let last_seen = Arc::new(AtomicU64::new(0));
    let consumer = {
        let last_seen = Arc::clone(&last_seen);
        thread::spawn(move || consume(poll, &last_seen))
    };
    group.bench_function(BenchmarkId::new(name, batch), |bencher| {
        bencher.iter_custom(|batches| {
            last_seen.store(0, Ordering::Relaxed);
            let start = Instant::now();
            for number in 0..batches {
                publish(number, batch);
            }
            publish(LAST, 1);
            while last_seen.load(Ordering::Acquire) == 0 {
                spin_loop();
            }
            start.elapsed()
        });
    });
    drop(publish);
    consumer.join().expect("the consumer saw the end");
}

fn hand_off<const WORDS: usize>(criterion: &mut Criterion) {
    pin(PRODUCER_CORE);
    let bytes = size_of::<Event<WORDS>>();
    let mut group = criterion.benchmark_group(format!("hand-off of {bytes} bytes"));
    group
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    for batch in [1, 10, 100] {
        group.throughput(Throughput::Elements(batch as u64));
        measure(&mut group, "ringmatch", batch, ours::<WORDS>());
        let one_by_one = ours_one_by_one::<WORDS>();
        measure(&mut group, "ringmatch, claimed one by one", batch, one_by_one);
        measure(&mut group, "disruptor", batch, disruptor::<WORDS>());
        measure(&mut group, "rtrb", batch, rtrb::<WORDS>());
    }
    group.finish();
}

criterion_group!(benches, hand_off::<4>, hand_off::<16>);
criterion_main!(benches);
