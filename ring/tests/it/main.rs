//! What the ring promises to those who use it, through its public interface.
//!
//! `tests/loom.rs` checks the memory orderings; here are the semantics, and a
//! stress test that also runs under ThreadSanitizer and Miri.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used)] // also in the helpers of tests

/// Which wirings are refused, and with which words.
mod wiring;

/// Claiming and publishing: full, wrap-around, batches, what stays invisible.
mod producing;

/// Taking and committing: limits, half-read batches, empty.
mod consuming;

/// Who waits for whom, in a chain and in a diamond.
mod dependents;

/// Close and drop, and participants that leave before the end.
mod ends;

/// The sequence on its own, as the journaler's durable mark uses it.
mod sequences;

/// Wait strategies by name, and the waiting calls.
mod waiting;

/// Random interleavings on one thread, against a plain queue.
mod model;

/// Real threads: every event, in order, once, and after those it depends on.
mod stress;

use ringmatch_ring::{Builder, Consumer, Producer};

/// A ring of numbers with one consumer.
fn ring(capacity: usize) -> (Producer<u64>, Consumer<u64>) {
    let mut ring = Builder::new(capacity, || 0).unwrap();
    let consumer = ring.consumer();
    let (producer, [consumer]) = ring.build([consumer]).unwrap();
    (producer, consumer)
}

/// Publishes each number, all of which must fit.
fn publish(producer: &mut Producer<u64>, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        *producer.try_claim().unwrap().expect("room for the number") = number;
    }
    producer.publish();
}

/// The numbers that can be taken now, released.
fn drain(consumer: &mut Consumer<u64>) -> Vec<u64> {
    let mut numbers = Vec::new();
    while let Ok(batch) = consumer.take(usize::MAX) {
        if batch.is_empty() {
            break;
        }
        numbers.extend(batch.iter().map(|(_, &number)| number));
        batch.commit();
    }
    numbers
}
