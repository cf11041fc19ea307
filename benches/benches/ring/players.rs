//! Who hands events over: this house's ring, `disruptor`, `rtrb`, and bare lines.
//!
//! All have the same capacity and events of the same words. The sender writes
//! every word of an event and the receiver reads every word of it.

use disruptor::{BusySpin, Polling, Producer as _};
use ringmatch_ring::{Builder, Producer, Spin};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};

const CAPACITY: usize = 1024;

pub(crate) type Event<const WORDS: usize> = [u64; WORDS];

/// What a receiver has seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// Events.
    pub(crate) count: u64,
    /// The first word of the latest.
    pub(crate) latest: u64,
    /// All words of all of them.
    pub(crate) sum: u64,
}

impl Seen {
    #[inline(always)]
    fn add<const WORDS: usize>(&mut self, event: &Event<WORDS>) {
        self.count += 1;
        self.latest = event[0];
        self.sum = event.iter().fold(self.sum, |sum, word| sum.wrapping_add(*word));
    }
}

/// One way from a thread to another. `send` takes the number of the first event
/// of a batch, whose words are all that number, and how many there are; it waits
/// for room. `receive` sees what has come, and waits for nothing.
pub(crate) struct Way<S, R> {
    pub(crate) send: S,
    pub(crate) receive: R,
}

/// What `send` is.
pub(crate) trait Sending: FnMut(u64, usize) + Send {}
impl<F: FnMut(u64, usize) + Send> Sending for F {}

/// What `receive` is.
pub(crate) trait Receiving: FnMut(&mut Seen) + Send {}
impl<F: FnMut(&mut Seen) + Send> Receiving for F {}

fn our_ring<const WORDS: usize>() -> (Producer<Event<WORDS>>, impl Receiving) {
    let mut ring = Builder::new(CAPACITY, || [0; WORDS]).expect("a power of two");
    let consumer = ring.consumer();
    let (producer, [mut consumer]) = ring.build([consumer]).expect("one consumer");
    let receive = move |seen: &mut Seen| {
        if let Ok(batch) = consumer.take(usize::MAX) {
            batch.iter().for_each(|(_, event)| seen.add(event));
            batch.commit();
        }
    };
    (producer, receive)
}

/// This house's ring; a batch is claimed as one.
pub(crate) fn ours<const WORDS: usize>() -> Way<impl Sending, impl Receiving> {
    let (mut producer, receive) = our_ring::<WORDS>();
    let send = move |first: u64, count: usize| {
        match count {
            1 => *producer.claim(&mut Spin).expect("the consumer lives") = [first; WORDS],
            _ => {
                let slots = loop {
                    match producer.try_claim_batch(count).expect("the consumer lives") {
                        Some(slots) => break slots,
                        None => spin_loop(),
                    }
                };
                for (number, slot) in (first..).zip(slots) {
                    *slot = [number; WORDS];
                }
            }
        }
        producer.publish();
    };
    Way { send, receive }
}

/// The same, for a sender that does not know beforehand how many there will be.
pub(crate) fn ours_one_by_one<const WORDS: usize>() -> Way<impl Sending, impl Receiving> {
    let (mut producer, receive) = our_ring::<WORDS>();
    let send = move |first: u64, count: usize| {
        for number in first..first + count as u64 {
            *producer.claim(&mut Spin).expect("the consumer lives") = [number; WORDS];
        }
        producer.publish();
    };
    Way { send, receive }
}

pub(crate) fn disruptor<const WORDS: usize>() -> Way<impl Sending, impl Receiving> {
    let builder = disruptor::build_single_producer(CAPACITY, || [0; WORDS], BusySpin);
    let (mut poller, builder) = builder.new_event_poller();
    let mut producer = builder.build();
    let send = move |first: u64, count: usize| match count {
        1 => producer.publish(|event| *event = [first; WORDS]),
        _ => producer.batch_publish(count, |events| {
            for (number, event) in (first..).zip(events) {
                *event = [number; WORDS];
            }
        }),
    };
    let receive = move |seen: &mut Seen| match poller.poll() {
        Ok(mut events) => {
            for event in &mut events {
                seen.add(event);
            }
        }
        Err(Polling::NoEvents | Polling::Shutdown) => {}
    };
    Way { send, receive }
}

pub(crate) fn rtrb<const WORDS: usize>() -> Way<impl Sending, impl Receiving> {
    let (mut producer, mut consumer) = rtrb::RingBuffer::new(CAPACITY);
    let send = move |first: u64, count: usize| {
        let chunk = loop {
            match producer.write_chunk_uninit(count) {
                Ok(chunk) => break chunk,
                Err(_) => spin_loop(),
            }
        };
        chunk.fill_from_iter((first..first + count as u64).map(|number| [number; WORDS]));
    };
    let receive = move |seen: &mut Seen| {
        let count = consumer.slots();
        if count > 0 {
            let chunk = consumer.read_chunk(count).expect("so many are there");
            let (front, back) = chunk.as_slices();
            front.iter().chain(back).for_each(|event: &Event<WORDS>| seen.add(event));
            chunk.commit_all();
        }
    };
    Way { send, receive }
}

/// Two lines, each with the one that processors fetch with it: an event's words,
/// and how many events there were. The floor of a hand-off of single events; whoever
/// sends must not send again before the event was seen.
#[derive(Default)]
pub(crate) struct Lines {
    event: Line,
    sent: Line,
}

#[derive(Default)]
#[repr(align(128))]
struct Line([AtomicU64; 4]);

impl Lines {
    pub(crate) fn way(&self) -> Way<impl Sending, impl Receiving> {
        let (mut sent, mut received) = (0, 0);
        let send = move |number, _| {
            for word in &self.event.0 {
                word.store(number, Ordering::Relaxed);
            }
            sent += 1;
            self.sent.0[0].store(sent, Ordering::Release);
        };
        let receive = move |seen: &mut Seen| {
            if self.sent.0[0].load(Ordering::Acquire) != received {
                received += 1;
                seen.add(
                    &[0, 1, 2, 3].map(|word: usize| self.event.0[word].load(Ordering::Relaxed)),
                );
            }
        };
        Way { send, receive }
    }
}
