//! Every ordering that the ring relies on, in every interleaving that loom finds.
//!
//! The slots are loom cells here: an access that is not ordered after the last
//! conflicting one fails the model, whatever the values were. Where the ring
//! orders more than its slots (a dependent comes after its upstream), relaxed
//! atomics play what the ring must order. Rings are tiny, so that slots are
//! reused at once.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p ringmatch-ring --test loom --release
//! ```
//!
//! At most [`PREEMPTIONS`] forced switches a run, which finds all but contrived
//! bugs; `LOOM_MAX_PREEMPTIONS` in the environment overrides it.
#![cfg(loom)]
#![allow(clippy::unwrap_used)] // also in the helpers of tests

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};
use ringmatch_ring::{Builder, ClaimError, Consumer, Ended, Producer, SequenceWriter, Yield};

const PREEMPTIONS: usize = 3;

fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(PREEMPTIONS);
    model.check(run);
}

/// A ring of numbers with one consumer.
fn ring(capacity: usize) -> (Producer<u64>, Consumer<u64>) {
    let mut ring = Builder::new(capacity, || 0).unwrap();
    let consumer = ring.consumer();
    let (producer, [consumer]) = ring.build([consumer]).unwrap();
    (producer, consumer)
}

/// Two consumers, the second after the first.
fn chain(capacity: usize) -> (Producer<u64>, Consumer<u64>, Consumer<u64>) {
    let mut ring = Builder::new(capacity, || 0).unwrap();
    let first = ring.consumer();
    let second = ring.consumer_after(&[&first]).unwrap();
    let (producer, [first, second]) = ring.build([first, second]).unwrap();
    (producer, first, second)
}

/// Publishes each number on its own, waiting for room.
fn produce(producer: &mut Producer<u64>, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        *producer.claim(&mut Yield).unwrap() = number;
        producer.publish();
    }
}

/// Publishes one number if the ring has room at one of so many attempts.
///
/// loom may let two waiting threads wake each other for ever while the third
/// never runs, so in models with several of them all but one only try.
fn try_produce(producer: &mut Producer<u64>, number: u64, attempts: usize) -> bool {
    for _ in 0..attempts {
        if let Some(slot) = producer.try_claim().unwrap() {
            *slot = number;
            producer.publish();
            return true;
        }
    }
    false
}

/// Takes and commits what is there at so many attempts.
fn glimpse(consumer: &mut Consumer<u64>, attempts: usize, mut see: impl FnMut(u64)) {
    for _ in 0..attempts {
        let batch = consumer.take(2).unwrap();
        for (sequence, &number) in &batch {
            assert_eq!(sequence, number);
            see(number);
        }
        batch.commit();
    }
}

/// Takes until the end, calling `see` before each commit. Returns how many
/// events the ring had and how it ended.
fn consume(consumer: &mut Consumer<u64>, mut see: impl FnMut(u64)) -> (u64, Ended) {
    let mut expected = consumer.next_sequence();
    loop {
        match consumer.take_or_wait(2, &mut Yield) {
            Ok(batch) => {
                for (sequence, &number) in &batch {
                    assert_eq!((sequence, number), (expected, expected));
                    expected += 1;
                    see(number);
                }
                batch.commit();
            }
            Err(ended) => return (expected, ended),
        }
    }
}

#[test]
fn what_is_published_is_seen_and_then_the_close() {
    model(|| {
        let (mut producer, mut consumer) = ring(4);
        let consuming = thread::spawn(move || consume(&mut consumer, |_| ()));
        produce(&mut producer, 0..2);
        drop(producer);
        assert_eq!(consuming.join().unwrap(), (2, Ended::Closed));
    });
}

#[test]
fn a_batch_is_seen_whole_events_only() {
    model(|| {
        let (mut producer, mut consumer) = ring(4);
        let consuming = thread::spawn(move || consume(&mut consumer, |_| ()));
        let slots = producer.try_claim_batch(3).unwrap().unwrap();
        slots.zip(0..).for_each(|(slot, number)| *slot = number);
        producer.publish();
        *producer.try_claim().unwrap().unwrap() = 9; // never published
        producer.close();
        assert_eq!(consuming.join().unwrap(), (3, Ended::Closed));
    });
}

#[test]
fn a_slot_is_reused_only_after_its_commit() {
    for capacity in [1, 2] {
        model(move || {
            let (mut producer, mut consumer) = ring(capacity);
            let consuming = thread::spawn(move || consume(&mut consumer, |_| ()));
            produce(&mut producer, 0..3);
            drop(producer);
            assert_eq!(consuming.join().unwrap(), (3, Ended::Closed));
        });
    }
}

#[test]
fn a_half_committed_batch_keeps_its_rest() {
    model(|| {
        let (mut producer, mut consumer) = ring(2);
        let consuming = thread::spawn(move || {
            let mut expected = 0;
            while let Ok(batch) = consumer.take_or_wait(2, &mut Yield) {
                // All of it is read, only the first is given back.
                for (offset, (_, &number)) in batch.iter().enumerate() {
                    assert_eq!(number, expected + offset as u64);
                }
                batch.commit_first(1);
                expected += 1;
            }
            expected
        });
        produce(&mut producer, 0..3);
        drop(producer);
        assert_eq!(consuming.join().unwrap(), 3);
    });
}

#[test]
fn a_dependent_comes_after_and_its_commit_frees_the_slot_for_both() {
    model(|| {
        let (mut producer, mut first, mut second) = chain(1);
        produce(&mut producer, 0..1);
        let stamp = Arc::new(AtomicU64::new(0));
        let stamped = Arc::clone(&stamp);
        let first = thread::spawn(move || {
            glimpse(&mut first, 1, |_| stamp.store(1, Relaxed));
            first
        });
        let second = thread::spawn(move || {
            glimpse(&mut second, 2, |_| assert_eq!(stamped.load(Relaxed), 1));
            second
        });
        let claimed = try_produce(&mut producer, 1, 2);
        let (mut first, mut second) = (first.join().unwrap(), second.join().unwrap());
        assert_eq!(first.next_sequence(), 1);
        assert!(!claimed || second.next_sequence() == 1);
        drop(producer);
        assert_eq!(consume(&mut first, |_| ()), (1 + u64::from(claimed), Ended::Closed));
        assert_eq!(consume(&mut second, |_| ()), (1 + u64::from(claimed), Ended::Closed));
    });
}

#[test]
fn the_join_of_a_diamond_comes_after_both_sides() {
    model(|| {
        let mut ring = Builder::new(1, || 0).unwrap();
        let left = ring.consumer();
        let right = ring.consumer();
        let join = ring.consumer_after(&[&left, &right]).unwrap();
        let (mut producer, [left, right, mut join]) = ring.build([left, right, join]).unwrap();
        produce(&mut producer, 0..1);
        drop(producer);

        let stamps = [0; 2].map(|_| Arc::new(AtomicU64::new(0)));
        let sides: Vec<_> = [left, right]
            .into_iter()
            .zip(stamps.clone())
            .map(|(mut side, stamp)| {
                thread::spawn(move || consume(&mut side, |_| stamp.store(1, Relaxed)))
            })
            .collect();
        let seen = consume(&mut join, |_| {
            assert!(stamps.iter().all(|stamp| stamp.load(Relaxed) == 1));
        });
        assert_eq!(seen, (1, Ended::Closed));
        for side in sides {
            assert_eq!(side.join().unwrap(), (1, Ended::Closed));
        }
    });
}

#[test]
fn two_side_by_side_both_hold_the_slot() {
    model(|| {
        let mut ring = Builder::new(1, || 0).unwrap();
        let handles = [ring.consumer(), ring.consumer()];
        let (mut producer, consumers) = ring.build(handles).unwrap();
        produce(&mut producer, 0..1);
        let glimpsing = consumers.map(|mut consumer| {
            thread::spawn(move || {
                glimpse(&mut consumer, 1, |_| ());
                consumer
            })
        });
        let claimed = try_produce(&mut producer, 1, 2);
        drop(producer);
        for consumer in glimpsing {
            let mut consumer = consumer.join().unwrap();
            assert_eq!(consume(&mut consumer, |_| ()), (1 + u64::from(claimed), Ended::Closed));
        }
    });
}

#[test]
fn a_poisoned_ring_is_drained_first() {
    model(|| {
        let (mut producer, mut consumer) = ring(2);
        let consuming = thread::spawn(move || consume(&mut consumer, |_| ()));
        produce(&mut producer, 0..2);
        producer.poison();
        assert_eq!(consuming.join().unwrap(), (2, Ended::Poisoned));
    });
}

#[test]
fn a_producer_never_waits_for_a_consumer_that_left() {
    model(|| {
        let (mut producer, mut consumer) = ring(1);
        let leaving = thread::spawn(move || {
            consumer.take_or_wait(1, &mut Yield).unwrap().commit();
        });
        produce(&mut producer, 0..1);
        // The slot that was given back is still used, the next is refused.
        produce(&mut producer, 1..2);
        let refused = producer.claim(&mut Yield).map(drop);
        assert_eq!(refused, Err(ClaimError::Poisoned));
        leaving.join().unwrap();
    });
}

#[test]
fn a_dependent_gets_what_was_passed_on_and_then_the_poison() {
    model(|| {
        let (mut producer, mut first, mut second) = chain(2);
        let leaving = thread::spawn(move || {
            first.take_or_wait(1, &mut Yield).unwrap().commit();
        });
        let consuming = thread::spawn(move || consume(&mut second, |_| ()));
        produce(&mut producer, 0..2);
        leaving.join().unwrap();
        assert_eq!(consuming.join().unwrap(), (1, Ended::Poisoned));
    });
}

#[test]
fn a_consumer_that_leaves_at_the_close_is_at_fault_only_with_events_left() {
    model(|| {
        let (mut producer, mut first, mut second) = chain(2);
        produce(&mut producer, 0..1);
        let closing = thread::spawn(move || drop(producer));
        let leaving = thread::spawn(move || {
            first.take(1).unwrap().commit();
        });
        let (seen, ended) = consume(&mut second, |_| ());
        assert_eq!(seen, 1);
        closing.join().unwrap();
        leaving.join().unwrap();
        // Had it left before the close, that is a fault; but one that cost nothing.
        assert!(matches!(ended, Ended::Closed | Ended::Poisoned));
    });
}

#[test]
fn a_sequence_shows_what_came_before_it_and_its_end_is_final() {
    model(|| {
        let mut durable = SequenceWriter::new(0);
        let reader = durable.reader();
        let written = Arc::new(AtomicU64::new(0));
        let disk = Arc::clone(&written);
        let writing = thread::spawn(move || {
            for number in 1..=2 {
                disk.store(number, Relaxed);
                durable.advance(number);
            }
        });
        let ended = reader.ended();
        let durable = reader.get();
        assert!(written.load(Relaxed) >= durable);
        assert!(ended.is_none() || durable == 2);
        writing.join().unwrap();
    });
}
