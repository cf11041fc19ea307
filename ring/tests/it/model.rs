//! The ring against a plain queue: any interleaving of calls on one thread
//! gives what the queue gives. Two consumers, the second after the first.

use std::collections::VecDeque;

use proptest::{collection::vec, prelude::*};
use ringmatch_ring::{Builder, ClaimError};

#[derive(Clone, Debug)]
enum Call {
    Claim,
    ClaimBatch(usize),
    Publish,
    /// Consumer, limit, how much of the batch is committed in quarters.
    Take(usize, usize, usize),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        3 => Just(Call::Claim),
        1 => (0..10_usize).prop_map(Call::ClaimBatch),
        2 => Just(Call::Publish),
        4 => (0..2_usize, 0..10_usize, 0..=4_usize)
            .prop_map(|(consumer, limit, quarters)| Call::Take(consumer, limit, quarters)),
    ];
    vec(call, 0..200)
}

/// What a ring is: claimed events, and one queue in front of each consumer.
#[derive(Default)]
struct Model {
    next: u64,
    claimed: VecDeque<u64>,
    queues: [VecDeque<u64>; 2],
}

impl Model {
    fn in_ring(&self) -> usize {
        self.claimed.len() + self.queues.iter().map(VecDeque::len).sum::<usize>()
    }

    /// The outcome of claiming `count`, and the numbers to write.
    fn claim(&mut self, count: usize, capacity: usize) -> Result<Option<Vec<u64>>, ClaimError> {
        let slots = self.claimed.len() + count;
        if slots > capacity {
            return Err(ClaimError::BatchLargerThanRing { slots, capacity });
        }
        if self.in_ring() + count > capacity {
            return Ok(None);
        }
        let numbers: Vec<_> = (self.next..self.next + count as u64).collect();
        self.next += count as u64;
        self.claimed.extend(&numbers);
        Ok(Some(numbers))
    }

    /// Releases the first events of a consumer, to the other or to nobody.
    fn commit(&mut self, consumer: usize, count: usize) {
        let released: Vec<_> = self.queues[consumer].drain(..count).collect();
        if consumer == 0 {
            self.queues[1].extend(released);
        }
    }
}

fn check(capacity: usize, calls: &[Call]) {
    let mut ring = Builder::new(capacity, || u64::MAX).unwrap();
    let first = ring.consumer();
    let second = ring.consumer_after(&[&first]).unwrap();
    let (mut producer, mut consumers) = ring.build([first, second]).unwrap();
    let mut model = Model::default();

    for call in calls {
        match *call {
            Call::Claim => {
                let expected = model.claim(1, capacity);
                match producer.try_claim() {
                    Ok(Some(slot)) => *slot = expected.unwrap().unwrap()[0],
                    other => assert_eq!(other.map(drop), expected.map(drop)),
                }
            }
            Call::ClaimBatch(count) => {
                let expected = model.claim(count, capacity);
                match producer.try_claim_batch(count) {
                    Ok(Some(slots)) => {
                        assert_eq!(slots.len(), count);
                        let numbers = expected.unwrap().unwrap();
                        slots.zip(numbers).for_each(|(slot, number)| *slot = number);
                    }
                    Ok(None) => assert_eq!(expected, Ok(None)),
                    Err(error) => assert_eq!(expected, Err(error)),
                }
            }
            Call::Publish => {
                producer.publish();
                let claimed = std::mem::take(&mut model.claimed);
                model.queues[0].extend(claimed);
            }
            Call::Take(index, limit, quarters) => {
                let batch = consumers[index].take(limit).unwrap();
                let seen: Vec<_> = batch.iter().map(|(_, &number)| number).collect();
                assert!(batch.iter().all(|(sequence, &number)| sequence == number));
                // A batch may stop at what was known before, never short of one.
                let queue = &model.queues[index];
                assert!(queue.iter().take(seen.len()).eq(&seen));
                assert!(seen.len() <= limit);
                assert!(!seen.is_empty() || queue.is_empty() || limit == 0);
                let count = seen.len() * quarters / 4;
                batch.commit_first(count);
                model.commit(index, count);
            }
        }
        assert_eq!(producer.next_sequence(), model.next);
    }
    assert_eq!(producer.free(), capacity - model.in_ring());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 2_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_interleaving_is_a_queue(bits in 0..4_u32, calls in calls()) {
        check(1 << bits, &calls);
    }
}
