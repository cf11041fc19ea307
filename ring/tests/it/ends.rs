//! How a ring ends, and that nobody waits for one who is gone.

use std::thread;

use ringmatch_ring::{Builder, ClaimError, Consumer, Ended, Producer, Yield};

use crate::{drain, publish, ring};

/// Drops `end` while its thread panics.
fn panic_with<T: Send>(end: T) {
    let panicked = thread::scope(|scope| {
        let dying = scope.spawn(move || {
            let _end = end;
            panic!("on purpose");
        });
        dying.join()
    });
    assert!(panicked.is_err());
}

#[test]
fn consumers_drain_and_then_see_how_it_ended() {
    type Ending = (&'static str, fn(Producer<u64>), Ended);
    let endings: [Ending; 4] = [
        ("closed", |mut producer| producer.close(), Ended::Closed),
        ("dropped", drop, Ended::Closed),
        ("panicked", panic_with, Ended::Poisoned),
        ("poisoned", |mut producer| producer.poison(), Ended::Poisoned),
    ];
    for (name, end, expected) in endings {
        let (mut producer, mut consumer) = ring(4);
        publish(&mut producer, [1, 2]);
        *producer.try_claim().unwrap().unwrap() = 3; // never published, never seen
        end(producer);
        assert_eq!(drain(&mut consumer), [1, 2], "{name}");
        assert_eq!(consumer.take(1).map(drop), Err(expected), "{name}");
        let waited = consumer.take_or_wait(1, &mut Yield);
        assert_eq!(waited.map(drop), Err(expected), "{name}");
    }
}

#[test]
fn the_end_comes_after_the_last_commit_not_the_last_look() {
    let (mut producer, mut consumer) = ring(4);
    publish(&mut producer, [1, 2]);
    producer.close();
    assert_eq!(consumer.take(4).unwrap().len(), 2);
    consumer.take(4).unwrap().commit_first(1);
    assert_eq!(drain(&mut consumer), [2]);
    assert_eq!(consumer.take(4).map(drop), Err(Ended::Closed));
}

#[test]
fn a_producer_that_ended_claims_nothing_and_stays_ended() {
    let (mut producer, mut consumer) = ring(4);
    publish(&mut producer, [1]);
    producer.close();
    producer.close();
    producer.poison();
    producer.publish();
    assert_eq!(producer.try_claim(), Err(ClaimError::Closed));
    assert_eq!(producer.claim(&mut Yield), Err(ClaimError::Closed));
    assert_eq!(producer.has_room(1), Err(ClaimError::Closed));
    assert_eq!(producer.try_claim_batch(2).map(drop), Err(ClaimError::Closed));
    drop(producer);
    assert_eq!(drain(&mut consumer), [1]);
    assert_eq!(consumer.take(1).map(drop), Err(Ended::Closed));
}

#[test]
fn publishing_after_the_end_shows_nothing() {
    let (mut producer, mut consumer) = ring(4);
    *producer.try_claim().unwrap().unwrap() = 1;
    producer.close();
    producer.publish();
    assert_eq!(producer.next_sequence(), 0, "the claim was given up");
    assert_eq!(consumer.take(1).map(drop), Err(Ended::Closed));
}

#[test]
fn a_dependent_closes_after_its_upstream_is_done() {
    let mut ring = Builder::new(4, || 0).unwrap();
    let first = ring.consumer();
    let second = ring.consumer_after(&[&first]).unwrap();
    let (mut producer, [mut first, mut second]) = ring.build([first, second]).unwrap();
    publish(&mut producer, [1]);
    drop(producer);
    assert_eq!(drain(&mut second), [], "the first is not done");
    assert_eq!(drain(&mut first), [1]);
    assert_eq!(drain(&mut second), [1]);
    assert_eq!(second.take(1).map(drop), Err(Ended::Closed));
    // Having finished, it may go; the order of leaving is of no consequence.
    drop(second);
    assert_eq!(first.take(1).map(drop), Err(Ended::Closed));
}

#[test]
fn a_consumer_that_left_stops_the_producer_when_it_would_wait() {
    type Leaving = (&'static str, fn(Consumer<u64>));
    let endings: [Leaving; 2] = [("dropped", drop), ("panicked", panic_with)];
    for (name, leave) in endings {
        let (mut producer, mut consumer) = ring(4);
        publish(&mut producer, [1, 2, 3]);
        consumer.take(1).unwrap().commit();
        assert!(!producer.is_poisoned(), "{name}");
        leave(consumer);
        assert!(producer.is_poisoned(), "{name}");
        publish(&mut producer, [4, 5]); // the room that was left
        assert_eq!(producer.try_claim(), Err(ClaimError::Poisoned), "{name}");
        assert_eq!(producer.claim(&mut Yield), Err(ClaimError::Poisoned), "{name}");
        let batch = producer.try_claim_batch(3).map(drop);
        assert_eq!(batch, Err(ClaimError::Poisoned), "{name}");
    }
}

#[test]
fn leaving_at_the_end_is_no_fault() {
    let mut ring = Builder::new(4, || 0).unwrap();
    let first = ring.consumer();
    let second = ring.consumer_after(&[&first]).unwrap();
    let (mut producer, [mut first, mut second]) = ring.build([first, second]).unwrap();
    publish(&mut producer, [1]);
    producer.close();
    assert_eq!(drain(&mut first), [1]);
    drop(first); // without asking for the end first
    assert!(!producer.is_poisoned());
    assert_eq!(drain(&mut second), [1]);
    assert_eq!(second.take(1).map(drop), Err(Ended::Closed));
}

#[test]
fn a_fault_upstream_reaches_those_after_it_and_not_those_beside() {
    let mut ring = Builder::new(4, || 0).unwrap();
    let first = ring.consumer();
    let second = ring.consumer_after(&[&first]).unwrap();
    let third = ring.consumer_after(&[&second]).unwrap();
    let beside = ring.consumer();
    let (mut producer, [mut first, mut second, mut third, mut beside]) =
        ring.build([first, second, third, beside]).unwrap();

    publish(&mut producer, [1, 2, 3]);
    first.take(2).unwrap().commit();
    panic_with(first);

    // What it passed on is still consumed; the third waits for the second only.
    assert_eq!(drain(&mut third), []);
    assert_eq!(drain(&mut second), [1, 2]);
    assert_eq!(second.take(1).map(drop), Err(Ended::Poisoned));
    assert_eq!(drain(&mut third), [1, 2]);
    // The second still lives, but it will never give more.
    assert_eq!(third.take(1).map(drop), Err(Ended::Poisoned));

    assert_eq!(drain(&mut beside), [1, 2, 3]);
    assert_eq!(drain(&mut beside), [], "more may come");
    publish(&mut producer, [4, 5, 6]);
    assert_eq!(producer.try_claim(), Err(ClaimError::Poisoned));
    producer.poison();
    assert_eq!(drain(&mut beside), [4, 5, 6]);
    assert_eq!(beside.take(1).map(drop), Err(Ended::Poisoned));
}

#[test]
fn a_waiting_producer_wakes_when_its_consumer_panics() {
    let (mut producer, mut consumer) = ring(2);
    thread::scope(|scope| {
        let dying = scope.spawn(move || {
            let batch = consumer.take_or_wait(1, &mut Yield).unwrap();
            assert!(batch.is_empty(), "on purpose");
        });
        let refused = loop {
            match producer.claim(&mut Yield) {
                Ok(slot) => *slot = 7,
                Err(error) => break error,
            }
            producer.publish();
        };
        assert_eq!(refused, ClaimError::Poisoned);
        assert!(dying.join().is_err());
    });
}

#[test]
fn a_waiting_dependent_wakes_when_its_upstream_panics() {
    let mut ring = Builder::new(2, || 0).unwrap();
    let first = ring.consumer();
    let second = ring.consumer_after(&[&first]).unwrap();
    let (mut producer, [mut first, mut second]) = ring.build([first, second]).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(move || second.take_or_wait(1, &mut Yield).map(drop));
        let dying = scope.spawn(move || {
            let batch = first.take_or_wait(1, &mut Yield).unwrap();
            assert!(batch.is_empty(), "on purpose");
        });
        publish(&mut producer, [1]);
        assert!(dying.join().is_err());
        assert_eq!(waiting.join().unwrap(), Err(Ended::Poisoned));
    });
}

#[test]
fn slots_are_dropped_once_with_the_last_end() {
    let witness = std::sync::Arc::new(());
    let mut ring = Builder::new(4, || std::sync::Arc::clone(&witness)).unwrap();
    let consumer = ring.consumer();
    let (mut producer, [mut consumer]) = ring.build([consumer]).unwrap();
    for _ in 0..3 {
        *producer.try_claim().unwrap().unwrap() = std::sync::Arc::clone(&witness);
        producer.publish();
        consumer.take(1).unwrap().commit();
    }
    assert_eq!(std::sync::Arc::strong_count(&witness), 5);
    drop(producer);
    assert_eq!(std::sync::Arc::strong_count(&witness), 5);
    drop(consumer);
    assert_eq!(std::sync::Arc::strong_count(&witness), 1);
}
