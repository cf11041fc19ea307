//! One timed run of a flow through a new exchange.
//!
//! Two threads, a core each where there are two: this one takes the messages
//! one by one, makes a command of each and applies it; the other drains the
//! event ring and reports. Time runs from before the first message is looked at
//! until the last report is in its buffer. Before that, everything is built and
//! its memory touched, and the exchange is opened; after it, the reports are
//! hashed. Nobody looks ahead in the flow.

use crate::client::Client;
use crate::executions::Executions;
use crate::flow::Flow;
use crate::outlet::Outlet;
use crate::report::{Report, ReportBody};
use crate::reporter::{Reporter, Unexpected};
use core_affinity::CoreId;
use ringmatch_engine::command::*;
use ringmatch_engine::event::Event;
use ringmatch_engine::*;
use ringmatch_ring::{BuildError, Builder, ClaimError, Consumer, Ended, WaitStrategy};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Commands applied before what they said is published, as the matcher does.
const BATCH: usize = 64;
/// Slots of the event ring.
const RING: usize = 1 << 12;
/// Events reported before their slots are given back.
const RELEASE: usize = 256;
/// More than twice what any of the flows has at a time. One instrument, one
/// session.
const LIMITS: Limits =
    Limits { orders: 1 << 16, levels_per_side: 1 << 14, instruments: 1, sessions: 1 };
const SESSION: SessionId = SessionId(1);
const INSTRUMENT: InstrumentId = InstrumentId(1);

/// Why a run came to no end.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error("the exchange cannot be built: {0}")]
    Limits(#[from] LimitsError),
    #[error("the event ring cannot be built: {0}")]
    Ring(#[from] BuildError),
    #[error("the event ring is broken: {0}")]
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
pub(crate) fn report_buffer(flow: &Flow) -> Vec<Report> {
    // Each message has one answer, and fewer than one in two trades.
    let room = flow.messages.len() * 3 / 2;
    let filler = Report { sequence: u64::MAX, body: ReportBody::CancelReject { order_id: 1 } };
    let mut reports = vec![filler; room];
    reports.clear();
    reports
}

/// Plays a flow; fills `reports`, which is empty, and returns how long it took.
pub(crate) fn play(
    flow: &Flow,
    cores: Cores,
    reports: &mut Vec<Report>,
) -> Result<Duration, RunError> {
    cores.pin(0);
    let (mut exchange, first) = open_exchange()?;
    let mut ring = Builder::new(RING, Event::default)?;
    let consumer = ring.consumer();
    let (producer, [consumer]) = ring.build([consumer])?;
    let outlet = Outlet::new(Executions::new(flow), producer, cores.wait());
    let client = Client::new(flow, SESSION, INSTRUMENT);
    let reporter = Reporter::new(&flow.messages, first, reports);
    let ready = Barrier::new(2);
    thread::scope(|scope| {
        let reporting = || {
            cores.pin(1);
            ready.wait();
            report(reporter, consumer, cores.wait())
        };
        // Its name tells the two apart in a profile.
        let named = thread::Builder::new().name("reporter".into());
        let reporting = named.spawn_scoped(scope, reporting)?;
        ready.wait();
        let start = Instant::now();
        let driven = drive(flow, client, &mut exchange, first, outlet);
        let reported = reporting.join().expect("the reporter does not panic");
        // What the reporter says is the cause of a ring that broke.
        let end = reported?;
        driven?;
        Ok(end.duration_since(start))
    })
}

/// An exchange that trades, and the sequence of its next command.
fn open_exchange() -> Result<(Exchange, Sequence), RunError> {
    let mut exchange = Exchange::new(LIMITS)?;
    let opening = [
        Command::AddSession(AddSession { session: SESSION, ..AddSession::default() }),
        Command::AddInstrument(AddInstrument {
            instrument: INSTRUMENT,
            tick_size: Price(1),
            lot_size: Quantity(1),
            max_quantity: Quantity(u32::MAX),
            ..AddInstrument::default()
        }),
        Command::SetTradingState(SetTradingState {
            instrument: INSTRUMENT,
            state: TradingState::Trading,
        }),
    ];
    let mut sequence = Sequence(1);
    let mut said: Vec<Event> = Vec::new();
    for command in opening {
        let input = SequencedCommand { sequence, command, ..SequencedCommand::default() };
        exchange.apply(&input, &mut said);
        sequence = sequence.next();
    }
    Ok((exchange, sequence))
}

/// Applies every message. The end of the outlet closes the ring.
fn drive(
    flow: &Flow,
    mut client: Client,
    exchange: &mut Exchange,
    first: Sequence,
    mut outlet: Outlet,
) -> Result<(), ClaimError> {
    let mut number = 0_u32;
    for batch in flow.messages.chunks(BATCH) {
        for message in batch {
            let sequence = Sequence(first.0 + u64::from(number));
            number += 1;
            let input = client.say(sequence, UserRef(number), message, &mut outlet.executions);
            exchange.apply(input, &mut outlet);
            outlet.end_command();
        }
        outlet.publish()?;
    }
    Ok(())
}

/// Reports until the ring has ended; when that was.
fn report(
    mut reporter: Reporter<'_>,
    mut ring: Consumer<Event>,
    wait: WaitStrategy,
) -> Result<Instant, RunError> {
    let mut idle = wait.start();
    loop {
        match ring.take_or_wait(RELEASE, &mut idle) {
            Ok(batch) => {
                for (_, event) in &batch {
                    reporter.take(event)?;
                }
                batch.commit();
            }
            Err(Ended::Closed) => break,
            Err(Ended::Poisoned) => return Err(RunError::Poisoned),
        }
    }
    reporter.end()?;
    Ok(Instant::now())
}
