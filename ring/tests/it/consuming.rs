//! A consumer looks at events; only a commit releases them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{drain, publish, ring};

#[test]
fn an_empty_ring_gives_an_empty_batch() {
    let (_producer, mut consumer) = ring(4);
    let batch = consumer.take(4).unwrap();
    assert_eq!((batch.len(), batch.is_empty()), (0, true));
    assert_eq!(batch.iter().next(), None);
    batch.commit();
    assert_eq!(consumer.next_sequence(), 0);
}

#[test]
fn a_limit_caps_the_batch() {
    let (mut producer, mut consumer) = ring(8);
    publish(&mut producer, 0..8);
    for (limit, expected) in [(0, 0), (3, 3), (4, 4), (4, 1), (4, 0)] {
        let batch = consumer.take(limit).unwrap();
        assert_eq!((batch.len(), batch.iter().len()), (expected, expected));
        batch.commit();
    }
}

#[test]
fn a_dropped_batch_is_seen_again() {
    let (mut producer, mut consumer) = ring(4);
    publish(&mut producer, [1, 2, 3, 4]);
    let batch = consumer.take(4).unwrap();
    assert_eq!(batch.iter().nth(1), Some((1, &2)));
    drop(batch);
    assert_eq!(producer.has_room(1), Ok(false), "nothing was released");
    assert_eq!(drain(&mut consumer), [1, 2, 3, 4]);
}

#[test]
fn a_batch_dropped_by_a_caught_panic_is_seen_again() {
    let (mut producer, mut consumer) = ring(4);
    publish(&mut producer, [1, 2]);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let batch = consumer.take(4).unwrap();
        assert_eq!(batch.len(), 0, "on purpose");
    }));
    assert!(panicked.is_err());
    assert_eq!(drain(&mut consumer), [1, 2]);
}

#[test]
fn the_first_part_can_be_committed_alone() {
    let (mut producer, mut consumer) = ring(4);
    publish(&mut producer, [1, 2, 3, 4]);
    consumer.take(4).unwrap().commit_first(0);
    assert_eq!(producer.free(), 0);
    consumer.take(4).unwrap().commit_first(3);
    assert_eq!(producer.free(), 3);
    publish(&mut producer, [5]);
    assert_eq!(drain(&mut consumer), [4, 5]);
}

#[test]
#[should_panic(expected = "a batch of 2 events cannot commit 3")]
fn more_than_the_batch_cannot_be_committed() {
    let (mut producer, mut consumer) = ring(4);
    publish(&mut producer, [1, 2]);
    consumer.take(4).unwrap().commit_first(3);
}

#[test]
fn events_can_be_looked_at_ahead() {
    let (mut producer, mut consumer) = ring(4);
    publish(&mut producer, [1, 2, 3]);
    let batch = consumer.take(4).unwrap();
    let events = batch.iter();
    let mut ahead = events.clone().skip(1);
    for (_, number) in events {
        assert_eq!(ahead.next().map(|(_, next)| *next), Some(number + 1).filter(|&next| next <= 3));
    }
}

#[test]
fn every_consumer_sees_every_event() {
    let mut ring = ringmatch_ring::Builder::new(4, || 0).unwrap();
    let handles = [ring.consumer(), ring.consumer(), ring.consumer()];
    let (mut producer, mut consumers) = ring.build(handles).unwrap();
    publish(&mut producer, [1, 2, 3, 4]);
    for (slow, consumer) in consumers.iter_mut().enumerate() {
        assert_eq!(producer.has_room(1), Ok(false), "{slow} consumers are done");
        assert_eq!(drain(consumer), [1, 2, 3, 4]);
    }
    assert_eq!(producer.free(), 4);
}
