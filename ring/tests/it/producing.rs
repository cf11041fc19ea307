//! The producer claims in place and shows what it claimed all at once.

use ringmatch_ring::ClaimError;

use crate::{drain, publish, ring};

#[test]
fn claimed_slots_are_invisible_until_published() {
    let (mut producer, mut consumer) = ring(4);
    for number in [1, 2] {
        *producer.try_claim().unwrap().unwrap() = number;
    }
    assert!(consumer.take(4).unwrap().is_empty());
    producer.publish();
    assert_eq!(drain(&mut consumer), [1, 2]);
}

#[test]
fn a_full_ring_gives_no_slot_until_one_is_released() {
    let (mut producer, mut consumer) = ring(2);
    publish(&mut producer, [1, 2]);
    assert_eq!(producer.try_claim(), Ok(None));
    assert_eq!(producer.has_room(1), Ok(false));
    consumer.take(1).unwrap().commit();
    assert_eq!(producer.has_room(1), Ok(true));
    assert_eq!(producer.has_room(2), Ok(false));
    publish(&mut producer, [3]);
    assert_eq!(drain(&mut consumer), [2, 3]);
}

#[test]
fn sequences_go_on_over_many_laps() {
    for capacity in [1, 2, 8] {
        let (mut producer, mut consumer) = ring(capacity);
        for lap in 0..10 {
            let first = lap * capacity as u64;
            publish(&mut producer, first..first + capacity as u64);
            let batch = consumer.take(capacity).unwrap();
            assert_eq!(batch.first_sequence(), first);
            assert!(batch.iter().all(|(sequence, &number)| sequence == number));
            assert_eq!(batch.len(), capacity);
            batch.commit();
        }
        assert_eq!(producer.next_sequence(), 10 * capacity as u64);
        assert_eq!(consumer.next_sequence(), 10 * capacity as u64);
    }
}

#[test]
fn a_batch_is_claimed_whole_or_not_at_all() {
    let (mut producer, mut consumer) = ring(4);
    publish(&mut producer, [1]);
    assert!(producer.try_claim_batch(4).unwrap().is_none());
    assert_eq!(producer.next_sequence(), 1, "nothing was claimed");

    let slots = producer.try_claim_batch(3).unwrap().unwrap();
    assert_eq!(slots.len(), 3);
    for (slot, number) in slots.zip(2..) {
        *slot = number;
    }
    producer.publish();
    assert_eq!(drain(&mut consumer), [1, 2, 3, 4]);
    assert_eq!(producer.try_claim_batch(0).unwrap().unwrap().len(), 0);
}

#[test]
fn a_batch_larger_than_the_ring_is_refused() {
    let (mut producer, _consumer) = ring(4);
    let refused = |slots| Some(ClaimError::BatchLargerThanRing { slots, capacity: 4 });
    assert_eq!(producer.has_room(5).err(), refused(5));
    assert_eq!(producer.try_claim_batch(5).err(), refused(5));
    assert_eq!(producer.has_room(usize::MAX).err(), refused(usize::MAX));

    // Waiting for a slot that only this producer could release would never end.
    producer.try_claim_batch(4).unwrap();
    assert_eq!(producer.try_claim().err(), refused(5));
    assert_eq!(producer.has_room(usize::MAX).err(), refused(usize::MAX));
    producer.publish();
    assert_eq!(producer.try_claim(), Ok(None));
    assert_eq!(
        ClaimError::BatchLargerThanRing { slots: 5, capacity: 4 }.to_string(),
        "a batch of 5 slots never fits a ring of 4: publish earlier, or make the ring larger"
    );
}

#[test]
fn free_counts_what_can_be_claimed_now() {
    let (mut producer, mut consumer) = ring(4);
    assert_eq!((producer.free(), producer.capacity()), (4, 4));
    publish(&mut producer, [1, 2, 3]);
    assert_eq!(producer.free(), 1);
    consumer.take(2).unwrap().commit();
    assert_eq!(producer.free(), 3);
    producer.try_claim().unwrap();
    assert_eq!(producer.free(), 2);
    producer.close();
    assert_eq!(producer.free(), 0);
}
