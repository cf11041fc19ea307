//! A wiring that could not work is refused when it is built, with a sentence
//! that says what to do; all others run.

use ringmatch_ring::{BuildError, Builder};

fn builder() -> Builder<u64> {
    Builder::new(8, || 0).unwrap()
}

/// A way to describe a ring, to its outcome.
type Wiring = fn() -> Result<(), BuildError>;

#[test]
fn wirings_are_built_or_refused() {
    let table: [(&str, Wiring, Result<(), BuildError>); 10] = [
        (
            "one consumer",
            || {
                let mut ring = builder();
                let only = ring.consumer();
                ring.build([only]).map(drop)
            },
            Ok(()),
        ),
        (
            "handles in any order",
            || {
                let mut ring = builder();
                let (first, second) = (ring.consumer(), ring.consumer());
                ring.build([second, first]).map(drop)
            },
            Ok(()),
        ),
        (
            "diamond",
            || {
                let mut ring = builder();
                let (left, right) = (ring.consumer(), ring.consumer());
                let last = ring.consumer_after(&[&left, &right])?;
                ring.build([left, right, last]).map(drop)
            },
            Ok(()),
        ),
        (
            "the same upstream twice",
            || {
                let mut ring = builder();
                let first = ring.consumer();
                let second = ring.consumer_after(&[&first, &first])?;
                ring.build([first, second]).map(drop)
            },
            Ok(()),
        ),
        ("no consumer", || builder().build([]).map(drop), Err(BuildError::NoConsumer)),
        ("after nobody", || builder().consumer_after(&[]).map(drop), Err(BuildError::NoUpstream)),
        (
            "after a consumer of another ring",
            || {
                let other = builder().consumer();
                let mut ring = builder();
                let ours = ring.consumer();
                ring.consumer_after(&[&ours, &other]).map(drop)
            },
            Err(BuildError::ForeignHandle),
        ),
        (
            "build with a handle of another ring",
            || {
                let other = builder().consumer();
                let mut ring = builder();
                let _ours = ring.consumer();
                ring.build([other]).map(drop)
            },
            Err(BuildError::ForeignHandle),
        ),
        (
            "a consumer left out",
            || {
                let mut ring = builder();
                let (first, _second) = (ring.consumer(), ring.consumer());
                ring.build([first]).map(drop)
            },
            Err(BuildError::ConsumerNotTaken { described: 2, taken: 1 }),
        ),
        (
            "all consumers left out",
            || {
                let mut ring = builder();
                let _only = ring.consumer();
                ring.build([]).map(drop)
            },
            Err(BuildError::ConsumerNotTaken { described: 1, taken: 0 }),
        ),
    ];
    for (name, wiring, expected) in table {
        assert_eq!(wiring(), expected, "{name}");
    }
}

#[test]
fn only_powers_of_two_are_capacities() {
    for capacity in 0..70 {
        let expected = match capacity {
            1 | 2 | 4 | 8 | 16 | 32 | 64 => Ok(()),
            _ => Err(BuildError::CapacityNotPowerOfTwo { capacity }),
        };
        let built = Builder::new(capacity, || 0_u64).map(drop);
        assert_eq!(built, expected, "capacity {capacity}");
    }
}

#[test]
fn the_factory_fills_every_slot_once_at_build() {
    let mut made = 0;
    let mut ring = Builder::new(4, || {
        made += 1;
        made
    })
    .unwrap();
    let consumer = ring.consumer();
    let (mut producer, _consumer) = ring.build([consumer]).unwrap();
    let slots = producer.try_claim_batch(4).unwrap().unwrap();
    assert!(slots.map(|slot| *slot).eq(1..=4));
    assert_eq!(made, 4);
}

#[test]
fn refusals_say_what_to_do() {
    let table = [
        (
            BuildError::CapacityNotPowerOfTwo { capacity: 3 },
            "a ring of 3 slots is impossible: use a power of two",
        ),
        (
            BuildError::NoConsumer,
            "the ring has no consumer and would stay full: describe one with `consumer`",
        ),
        (
            BuildError::NoUpstream,
            "a dependent consumer needs somebody to come after: \
             name one, or use `consumer` to follow the producer",
        ),
        (
            BuildError::ForeignHandle,
            "a consumer handle belongs to another ring: use the builder that made it",
        ),
        (
            BuildError::ConsumerNotTaken { described: 3, taken: 2 },
            "3 consumers were described but 2 handles given to `build`: \
             give it every handle, since a consumer that nobody runs stops the ring",
        ),
    ];
    for (error, sentence) in table {
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn ends_can_move_to_other_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<ringmatch_ring::Producer<u64>>();
    assert_send::<ringmatch_ring::Consumer<u64>>();
}
