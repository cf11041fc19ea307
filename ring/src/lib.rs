//! A disruptor: one producer hands events to several consumers through a ring
//! of preallocated slots, each consumer sees all of them in order, and a
//! consumer may come after others.
//!
//! The only thing that threads say to each other is a [sequence](SequenceWriter).
//! The producer claims slots, writes them in place and publishes them with one
//! release store; a consumer takes what is available, looks at it, and commits
//! what it is done with. Nothing is copied, allocated or locked on the way, and
//! nothing is lost: a full ring holds its producer back.
//!
//! ```
//! use std::thread;
//! use ringmatch_ring::{Builder, Ended, WaitStrategy};
//!
//! let mut ring = Builder::new(64, || 0_u64)?;
//! let summer = ring.consumer();
//! let (mut producer, [mut summer]) = ring.build([summer])?;
//!
//! let sum = thread::spawn(move || {
//!     let mut idle = WaitStrategy::default().start();
//!     let mut sum = 0;
//!     loop {
//!         match summer.take_or_wait(16, &mut idle) {
//!             Ok(batch) => {
//!                 sum += batch.iter().map(|(_, number)| number).sum::<u64>();
//!                 batch.commit();
//!             }
//!             Err(Ended::Closed) => return sum,
//!             Err(Ended::Poisoned) => panic!("the producer did not get to its end"),
//!         }
//!     }
//! });
//!
//! let mut idle = WaitStrategy::default().start();
//! for number in 1..=1_000 {
//!     *producer.claim(&mut idle)? = number;
//!     producer.publish();
//! }
//! drop(producer);
//! assert_eq!(sum.join().unwrap(), 500_500);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Ends and faults
//!
//! | what happened | the others see |
//! |---|---|
//! | the producer closed the ring or was dropped | consumers drain, then `Closed` |
//! | the producer panicked, or poisoned the ring | consumers drain, then `Poisoned` |
//! | a consumer was dropped before the end | the producer fills what is free, then `Poisoned`; those after it drain what it committed, then `Poisoned`; those beside it go on |
//! | a batch was dropped, whole or half read | nothing: its events are taken again |
//! | more slots claimed at once than there are | an error, never an endless wait |
//!
//! # How it is checked
//!
//! ```text
//! cargo test -p ringmatch-ring
//! RUSTFLAGS="--cfg loom" cargo test -p ringmatch-ring --test loom --release
//! cargo +nightly miri test -p ringmatch-ring
//! RUST_BACKTRACE=0 TSAN_OPTIONS="suppressions=$PWD/ring/tsan.supp" \
//!     RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" \
//!     cargo +nightly test -p ringmatch-ring --target x86_64-unknown-linux-gnu --test it
//! ```

mod barrier;
mod batch;
mod builder;
mod consumer;
mod error;
mod idle;
mod producer;
mod sequence;
mod slots;
mod sync;
mod wait_strategy;

pub use batch::{Batch, Events};
pub use builder::{Builder, ConsumerHandle};
pub use consumer::Consumer;
pub use error::{BuildError, ClaimError, Ended};
pub use idle::{Backoff, IdleStrategy, Spin, Yield};
pub use producer::{ClaimedSlots, Producer};
pub use sequence::{SequenceReader, SequenceWriter};
pub use wait_strategy::{Idle, UnknownWaitStrategy, WaitStrategy};
