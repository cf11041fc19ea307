//! One timed run of a flow through a new engine.
//!
//! Two threads, a core each where there are two: this one plays the flow, the
//! other drains the ring and makes reports. Time runs from before the first
//! message is looked at until the last report is in its buffer. Before that,
//! the flow is said in the engine's commands, everything is built and its
//! memory touched, and the engine is opened; after it, the reports are hashed.
//! Nobody looks ahead in the flow.

use crate::outlet::Outlet;
use crate::player::{Listener, Player};
use core_affinity::CoreId;
use ringmatch_benches::flow::{Report, ReportBody, Script};
use ringmatch_benches::peers::ringmatch::Unexpected;
use ringmatch_engine::LimitsError;
use ringmatch_ring::{BuildError, Builder, ClaimError, Consumer, Ended, WaitStrategy};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Slots of the ring.
const RING: usize = 1 << 12;
/// Slots read before they are given back.
const RELEASE: usize = 256;

/// Why a run came to no end.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error("the exchange cannot be built: {0}")]
    Limits(#[from] LimitsError),
    #[error("the ring cannot be built: {0}")]
    Ring(#[from] BuildError),
    #[error("the ring is broken: {0}")]
    Broken(#[from] ClaimError),
    #[error("the operating system starts no thread: {0}")]
    Thread(#[from] std::io::Error),
    #[error("the matching thread has failed")]
    Poisoned,
    #[error("{0}")]
    Unexpected(#[from] Unexpected),
}

/// Where the two threads run, and how they wait.
#[derive(Clone, Copy)]
pub(crate) struct Cores {
    pair: Option<[CoreId; 2]>,
}

impl Cores {
    /// The first two cores that this process may use, if there are two.
    pub(crate) fn find() -> Self {
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        Self { pair: cores.first_chunk().copied() }
    }

    /// Both threads have a core of their own.
    pub(crate) fn are_two(self) -> bool {
        self.pair.is_some()
    }

    fn pin(self, thread: usize) {
        if let Some(pair) = self.pair {
            core_affinity::set_for_current(pair[thread]);
        }
    }

    /// Two threads that share a core must give it away.
    fn wait(self) -> WaitStrategy {
        if self.are_two() { WaitStrategy::Spin } else { WaitStrategy::Yield }
    }
}

/// An empty buffer for the reports of a flow, whose memory is touched.
pub(crate) fn report_buffer(script: &Script) -> Vec<Report> {
    // Each message has one answer, and fewer than one in two trades.
    let room = script.messages.len() * 3 / 2;
    let body = ReportBody::CancelReject { order_id: 1 };
    let mut reports = vec![Report { sequence: u64::MAX, body }; room];
    reports.clear();
    reports
}

/// Plays a flow; fills `reports`, which is empty, and returns how long it took.
pub(crate) fn play<P: Player>(
    player: &P,
    script: &Script,
    cores: Cores,
    reports: &mut Vec<Report>,
) -> Result<Duration, RunError> {
    cores.pin(0);
    let mut engine = player.fresh(script)?;
    let mut ring = Builder::new(RING, P::Said::default)?;
    let consumer = ring.consumer();
    let (producer, [consumer]) = ring.build([consumer])?;
    let mut outlet = Outlet::new(producer, cores.wait());
    let listener = player.listener(script, reports);
    let ready = Barrier::new(2);
    thread::scope(|scope| {
        let listening = || {
            cores.pin(1);
            ready.wait();
            listen(listener, consumer, cores.wait())
        };
        // Its name tells the two apart in a profile.
        let named = thread::Builder::new().name("reporter".into());
        let listening = named.spawn_scoped(scope, listening)?;
        ready.wait();
        let start = Instant::now();
        let driven = player.drive(&mut engine, &mut outlet);
        // This closes the ring.
        drop(outlet);
        let listened = listening.join().expect("the reporter does not panic");
        // What the reporter says is the cause of a ring that broke.
        let end = listened?;
        driven?;
        Ok(end.duration_since(start))
    })
}

/// Reports until the ring has ended; when that was.
fn listen<S>(
    mut listener: impl Listener<S>,
    mut ring: Consumer<S>,
    wait: WaitStrategy,
) -> Result<Instant, RunError> {
    let mut idle = wait.start();
    loop {
        match ring.take_or_wait(RELEASE, &mut idle) {
            Ok(batch) => {
                for (_, said) in &batch {
                    listener.hear(said)?;
                }
                batch.commit();
            }
            Err(Ended::Closed) => break,
            Err(Ended::Poisoned) => return Err(RunError::Poisoned),
        }
    }
    listener.end()?;
    Ok(Instant::now())
}
