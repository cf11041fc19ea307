//! Real threads, random batch sizes from a printed seed, and a ring so small
//! that it is full and empty all the time. Every consumer checks every event:
//! in order, once, unharmed, and stamped by all those it comes after.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use fastrand::Rng;
use ringmatch_ring::{Builder, Consumer, Ended, Producer, Yield};

const EVENTS: u64 = if cfg!(miri) { 60 } else { 100_000 };
const CAPACITY: usize = if cfg!(miri) { 4 } else { 64 };

/// Plain words, so that a race on them is one for ThreadSanitizer too, and the
/// stamps of the consumers that have seen it.
#[derive(Default)]
struct Event {
    number: u64,
    words: [u64; 4],
    stamps: AtomicU64,
}

impl Event {
    fn words(number: u64) -> [u64; 4] {
        [3, 5, 7, 11].map(|factor| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(factor))
    }

    fn write(&mut self, number: u64) {
        self.number = number;
        self.words = Self::words(number);
        *self.stamps.get_mut() = 0;
    }
}

fn checksum(sum: u64, words: &[u64; 4]) -> u64 {
    words.iter().fold(sum, |sum, word| (sum ^ word).wrapping_mul(0x100_0000_01B3).rotate_left(17))
}

/// Publishes all events in random batches, by every way of claiming.
fn produce(mut producer: Producer<Event>, mut random: Rng) {
    let mut next = 0;
    while next < EVENTS {
        let count = random.u64(1..=CAPACITY as u64).min(EVENTS - next);
        if random.bool() {
            for number in next..next + count {
                producer.claim(&mut Yield).unwrap().write(number);
            }
        } else {
            while !producer.has_room(count as usize).unwrap() {
                thread::yield_now();
            }
            let slots = producer.try_claim_batch(count as usize).unwrap().unwrap();
            slots.zip(next..).for_each(|(slot, number)| slot.write(number));
        }
        producer.publish();
        next += count;
    }
}

/// Consumes all events in random batches, partly committed; their checksum.
/// Events must bear the stamps `after`, and get `stamp`.
fn consume(mut consumer: Consumer<Event>, mut random: Rng, stamp: u64, after: u64) -> u64 {
    let (mut next, mut sum) = (0, 0);
    loop {
        let limit = random.usize(1..=CAPACITY);
        let batch = match consumer.take_or_wait(limit, &mut Yield) {
            Ok(batch) => batch,
            Err(end) => {
                assert_eq!((end, next), (Ended::Closed, EVENTS));
                return sum;
            }
        };
        let keep = random.usize(0..=batch.len());
        for (sequence, event) in batch.iter().take(keep) {
            assert_eq!((sequence, event.number), (next, next));
            assert_eq!(event.words, Event::words(next));
            // Relaxed: it is the ring that must order the stamps.
            let stamps = event.stamps.fetch_or(stamp, Ordering::Relaxed);
            assert_eq!(stamps & after, after, "seen before those it comes after");
            assert_eq!(stamps & stamp, 0, "seen twice");
            sum = checksum(sum, &event.words);
            next += 1;
        }
        batch.commit_first(keep);
    }
}

/// Runs consumers that come after those named by index, on threads of their own.
fn run<const N: usize>(name: &str, wiring: [&[usize]; N]) {
    let expected = (0..EVENTS).fold(0, |sum, number| checksum(sum, &Event::words(number)));
    for seed in if cfg!(miri) { 1..=1 } else { 1..=4 } {
        println!("{name}: seed {seed}");
        let mut random = Rng::with_seed(seed);
        let mut ring = Builder::new(CAPACITY, Event::default).unwrap();
        let mut handles = Vec::new();
        for after in wiring {
            let upstream: Vec<_> = after.iter().map(|&index| &handles[index]).collect();
            handles.push(match upstream.as_slice() {
                [] => ring.consumer(),
                upstream => ring.consumer_after(upstream).unwrap(),
            });
        }
        let (producer, consumers) = ring.build::<N>(handles.try_into().unwrap()).unwrap();

        thread::scope(|scope| {
            let running: Vec<_> = consumers
                .into_iter()
                .zip(wiring)
                .enumerate()
                .map(|(index, (consumer, after))| {
                    let random = random.fork();
                    let after = after.iter().map(|index| 1 << index).sum();
                    scope.spawn(move || consume(consumer, random, 1 << index, after))
                })
                .collect();
            produce(producer, random.fork());
            for consumer in running {
                assert_eq!(consumer.join().unwrap(), expected);
            }
        });
    }
}

#[test]
fn one_consumer() {
    run("one consumer", [&[]]);
}

#[test]
fn three_side_by_side() {
    run("side by side", [&[], &[], &[]]);
}

#[test]
fn a_chain_of_three() {
    run("chain", [&[], &[0], &[1]]);
}

#[test]
fn a_diamond_with_one_beside() {
    run("diamond", [&[], &[], &[0, 1], &[]]);
}
