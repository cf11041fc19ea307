//! The builder: who consumes, and after whom.
//!
//! Wiring is described with handles and turned into a ring in one step, so a
//! ring is never seen half wired. A handle is not `Clone` and `build` takes all
//! of them: a consumer exists once, and none is forgotten, which would stop the
//! ring as soon as it is full. A consumer can only come after one that was
//! described before, so a cycle cannot be written down. No thread starts here:
//! producer and consumers are values to move to wherever they shall run.

use std::sync::Arc as Brand;

use crate::{
    barrier::SequenceBarrier,
    consumer::Consumer,
    error::BuildError,
    producer::Producer,
    sequence::{SequenceReader, SequenceWriter},
    slots::Slots,
    sync::Arc,
};

/// A ring being described.
///
/// ```
/// use ringmatch_ring::Builder;
///
/// let mut ring = Builder::new(1024, || 0_u64)?;
/// let journaler = ring.consumer();
/// let matcher = ring.consumer();
/// let publisher = ring.consumer_after(&[&journaler, &matcher])?;
/// let (mut producer, [mut journaler, mut matcher, mut publisher]) =
///     ring.build([journaler, matcher, publisher])?;
///
/// *producer.try_claim()?.expect("an empty ring has room") = 42;
/// producer.publish();
/// producer.close();
///
/// for consumer in [&mut journaler, &mut matcher, &mut publisher] {
///     let batch = consumer.take(64)?;
///     assert_eq!(batch.iter().next(), Some((0, &42)));
///     batch.commit();
/// }
/// assert!(publisher.take(64).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Builder<T> {
    slots: Slots<T>,
    cursor: SequenceWriter,
    consumers: Vec<Description>,
    brand: Brand<()>,
}

/// What is known of a consumer before the ring exists.
struct Description {
    committed: SequenceWriter,
    barrier: SequenceBarrier,
    /// Indices of everybody it comes after, directly or not; sorted.
    upstream: Vec<usize>,
    /// Nobody comes after it, so the producer waits for it.
    is_last: bool,
}

/// A consumer of a ring that is not built yet.
///
/// It is not `Clone`, so that one description becomes one consumer:
///
/// ```compile_fail,E0382
/// let mut ring = ringmatch_ring::Builder::new(8, || 0).unwrap();
/// let consumer = ring.consumer();
/// ring.build([consumer, consumer]);
/// ```
#[must_use = "`build` refuses a ring with a consumer that was not given to it"]
#[derive(Debug)]
pub struct ConsumerHandle {
    index: usize,
    brand: Brand<()>,
}

impl<T> Builder<T> {
    /// A ring of `capacity` slots, each filled once by `factory`.
    ///
    /// # Errors
    ///
    /// If `capacity` is no power of two.
    pub fn new(capacity: usize, factory: impl FnMut() -> T) -> Result<Self, BuildError> {
        Ok(Self {
            slots: Slots::new(capacity, factory)?,
            cursor: SequenceWriter::new(0),
            consumers: Vec::new(),
            brand: Brand::new(()),
        })
    }

    /// Adds a consumer that follows the producer.
    pub fn consumer(&mut self) -> ConsumerHandle {
        self.add(vec![self.cursor.reader()], Vec::new())
    }

    /// Adds a consumer that sees an event after each of `upstream` has
    /// committed it.
    ///
    /// # Errors
    ///
    /// If `upstream` is empty, or has a handle of another builder.
    pub fn consumer_after(
        &mut self,
        upstream: &[&ConsumerHandle],
    ) -> Result<ConsumerHandle, BuildError> {
        if upstream.is_empty() {
            return Err(BuildError::NoUpstream);
        }
        self.check_brand(upstream.iter().copied())?;

        let mut awaited = Vec::new();
        let mut everybody = Vec::new();
        for handle in upstream {
            let described = &mut self.consumers[handle.index];
            described.is_last = false;
            awaited.push(described.committed.reader());
            everybody.push(handle.index);
            everybody.extend(&described.upstream);
        }
        everybody.sort_unstable();
        everybody.dedup();
        Ok(self.add(awaited, everybody))
    }

    /// Makes the ring. `handles` are all consumers described, in any order; the
    /// consumers come in the same.
    ///
    /// # Errors
    ///
    /// If there is no consumer, one was left out, or a handle is of another
    /// builder.
    #[allow(clippy::type_complexity)] // one producer, and a consumer for each handle
    pub fn build<const N: usize>(
        self,
        handles: [ConsumerHandle; N],
    ) -> Result<(Producer<T>, [Consumer<T>; N]), BuildError> {
        if self.consumers.is_empty() {
            return Err(BuildError::NoConsumer);
        }
        self.check_brand(&handles)?;
        // Every handle is ours and unique: their number tells whether all are here.
        if handles.len() != self.consumers.len() {
            return Err(BuildError::ConsumerNotTaken {
                described: self.consumers.len(),
                taken: handles.len(),
            });
        }

        let gating = self.gating();
        let slots = Arc::new(self.slots);
        let mut described: Vec<_> = self.consumers.into_iter().map(Some).collect();
        let consumers = handles.map(|handle| {
            let Description { committed, barrier, .. } =
                described[handle.index].take().expect("a handle is given once: it is not `Clone`");
            Consumer::new(Arc::clone(&slots), committed, barrier)
        });
        Ok((Producer::new(slots, self.cursor, gating), consumers))
    }

    fn add(&mut self, awaited: Vec<SequenceReader>, upstream: Vec<usize>) -> ConsumerHandle {
        let index = self.consumers.len();
        let everybody = std::iter::once(self.cursor.reader())
            .chain(upstream.iter().map(|&index| self.consumers[index].committed.reader()))
            .collect();
        self.consumers.push(Description {
            committed: SequenceWriter::new(0),
            barrier: SequenceBarrier::new(awaited, everybody),
            upstream,
            is_last: true,
        });
        ConsumerHandle { index, brand: Brand::clone(&self.brand) }
    }

    /// What holds the producer back: the last consumers, behind whom are all others.
    fn gating(&self) -> SequenceBarrier {
        let reader = |described: &Description| described.committed.reader();
        let last = self.consumers.iter().filter(|described| described.is_last);
        SequenceBarrier::new(
            last.map(reader).collect(),
            self.consumers.iter().map(reader).collect(),
        )
    }

    fn check_brand<'h>(
        &self,
        handles: impl IntoIterator<Item = &'h ConsumerHandle>,
    ) -> Result<(), BuildError> {
        let all_ours = handles.into_iter().all(|handle| Brand::ptr_eq(&handle.brand, &self.brand));
        if all_ours { Ok(()) } else { Err(BuildError::ForeignHandle) }
    }
}

impl<T> std::fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("capacity", &self.slots.capacity())
            .field("consumers", &self.consumers.len())
            .finish_non_exhaustive()
    }
}
