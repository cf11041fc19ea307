//! Wait strategies have names, and every waiting call works with each.

use std::thread;

use ringmatch_ring::{Ended, IdleStrategy, WaitStrategy};

use crate::ring;

#[test]
fn strategies_are_named() {
    let table = [
        ("spin", Some(WaitStrategy::Spin)),
        ("yield", Some(WaitStrategy::Yield)),
        ("backoff", Some(WaitStrategy::Backoff)),
        ("Spin", None),
        ("sleep", None),
        ("", None),
    ];
    for (name, expected) in table {
        assert_eq!(name.parse().ok(), expected, "{name}");
        if let Some(strategy) = expected {
            assert_eq!(strategy.to_string(), name);
        }
    }
    assert_eq!(WaitStrategy::default(), WaitStrategy::Backoff);
    assert_eq!(
        "nap".parse::<WaitStrategy>().unwrap_err().to_string(),
        r#"there is no wait strategy "nap": use "spin", "yield" or "backoff""#
    );
}

#[test]
fn both_ends_wait_with_every_strategy() {
    const EVENTS: u64 = if cfg!(miri) { 50 } else { 2_000 };
    for strategy in WaitStrategy::ALL {
        let (mut producer, mut consumer) = ring(2);
        let consumed = thread::spawn(move || {
            let mut idle = strategy.start();
            for expected in 0..EVENTS {
                let batch = consumer.take_or_wait(1, &mut idle).unwrap();
                assert_eq!(batch.iter().next(), Some((expected, &expected)));
                batch.commit();
            }
            consumer.take_or_wait(1, &mut idle).map(drop)
        });
        let mut idle = strategy.start();
        for number in 0..EVENTS {
            *producer.claim(&mut idle).unwrap() = number;
            producer.publish();
        }
        drop(producer);
        assert_eq!(consumed.join().unwrap(), Err(Ended::Closed), "{strategy}");
    }
}

/// Counts its calls, and does something for the other end at each wait.
struct Probe<'a> {
    waits: u32,
    resets: u32,
    at_wait: &'a mut dyn FnMut(u32),
}

impl IdleStrategy for Probe<'_> {
    fn idle(&mut self) {
        self.waits += 1;
        (self.at_wait)(self.waits);
    }

    fn reset(&mut self) {
        self.resets += 1;
    }
}

#[test]
fn a_call_idles_exactly_while_there_is_nothing() {
    let (mut producer, mut consumer) = ring(1);
    let mut publish_at_third = |waits| {
        if waits == 3 {
            crate::publish(&mut producer, [9]);
        }
    };
    let mut probe = Probe { waits: 0, resets: 0, at_wait: &mut publish_at_third };
    assert_eq!(consumer.take_or_wait(1, &mut probe).unwrap().len(), 1);
    assert_eq!((probe.waits, probe.resets), (3, 1));
    assert_eq!(consumer.take_or_wait(1, &mut probe).unwrap().len(), 1);
    assert_eq!((probe.waits, probe.resets), (3, 2));

    let mut commit_at_second = |waits| {
        if waits == 2 {
            consumer.take(1).unwrap().commit();
        }
    };
    let mut probe: Box<dyn IdleStrategy + '_> =
        Box::new(Probe { waits: 0, resets: 0, at_wait: &mut commit_at_second });
    assert_eq!(producer.claim(&mut *probe), Ok(&mut 9));
}
