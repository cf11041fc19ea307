//! A consumer after others sees an event when all of them committed it, and the
//! producer reuses a slot when the last ones did.

use ringmatch_ring::Builder;

use crate::{drain, publish};

#[test]
fn a_chain_passes_events_on_one_by_one() {
    let mut ring = Builder::new(4, || 0).unwrap();
    let first = ring.consumer();
    let second = ring.consumer_after(&[&first]).unwrap();
    let third = ring.consumer_after(&[&second]).unwrap();
    let (mut producer, [mut first, mut second, mut third]) =
        ring.build([first, second, third]).unwrap();

    publish(&mut producer, [1, 2, 3, 4]);
    assert_eq!(drain(&mut second), []);
    first.take(3).unwrap().commit();
    assert_eq!(drain(&mut third), []);
    second.take(2).unwrap().commit();
    assert_eq!(producer.free(), 0);
    assert_eq!(drain(&mut third), [1, 2]);
    assert_eq!(producer.free(), 2);
    assert_eq!(drain(&mut second), [3]);
    assert_eq!(drain(&mut first), [4]);
    assert_eq!(drain(&mut second), [4]);
    assert_eq!(drain(&mut third), [3, 4]);
    assert_eq!(producer.free(), 4);
}

#[test]
fn the_join_of_a_diamond_follows_the_slower_side() {
    let mut ring = Builder::new(4, || 0).unwrap();
    let left = ring.consumer();
    let right = ring.consumer();
    let join = ring.consumer_after(&[&left, &right]).unwrap();
    let (mut producer, [mut join, mut right, mut left]) = ring.build([join, right, left]).unwrap();

    publish(&mut producer, [1, 2, 3]);
    left.take(3).unwrap().commit();
    assert_eq!(drain(&mut join), []);
    right.take(1).unwrap().commit();
    assert_eq!(drain(&mut join), [1]);
    right.take(3).unwrap().commit();
    assert_eq!(drain(&mut join), [2, 3]);
}

#[test]
fn a_consumer_beside_a_chain_holds_the_producer_back_too() {
    let mut ring = Builder::new(2, || 0).unwrap();
    let first = ring.consumer();
    let second = ring.consumer_after(&[&first]).unwrap();
    let beside = ring.consumer();
    let (mut producer, [mut first, mut second, mut beside]) =
        ring.build([first, second, beside]).unwrap();

    publish(&mut producer, [1, 2]);
    assert_eq!(drain(&mut first), [1, 2]);
    assert_eq!(drain(&mut second), [1, 2]);
    assert_eq!(producer.free(), 0);
    assert_eq!(drain(&mut beside), [1, 2]);
    assert_eq!(producer.free(), 2);
}
