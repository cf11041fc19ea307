//! Single stages at their edges.
//!
//! One order can trade with more orders than the event ring has slots, and one
//! datagram can close a gap before more messages than the command ring has.
//! Neither is a fault: the rest waits, and comes in order. And the log can be
//! ahead of the clock, if that was set back between two runs.

use ringmatch::clock::{Clock, SystemClock};
use ringmatch::log::Checkpoint;
use ringmatch::pipeline::{
    Desk, Mark, Matcher, Meters, Office, Progress, Receiver, Stage, control,
};
use ringmatch_engine::command::*;
use ringmatch_engine::event::{Event, EventBody};
use ringmatch_engine::{
    Exchange, InstrumentId, Limits, Nanos, Price, Quantity, Sequence, SessionId, UserRef,
};
use ringmatch_gateway::Intake;
use ringmatch_gateway::net::Datagrams;
use ringmatch_gateway::wire::mold::PacketBuilder;
use ringmatch_ring::{Builder, Consumer, SequenceWriter};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const RING: usize = 4;
const LIMITS: Limits = Limits {
    orders: 64,
    levels_per_side: 4,
    instruments: 1,
    sessions: 1,
    special_orders: 8,
    recent_trades: 8,
};

/// What a consumer of the ring finds there now.
fn take<T: Copy + Send + Sync>(consumer: &mut Consumer<T>) -> Vec<T> {
    let batch = consumer.take(RING).unwrap();
    let taken = batch.iter().map(|(_, item)| *item).collect();
    batch.commit();
    taken
}

/// An exchange with one session and one instrument that trades.
fn exchange() -> Box<Exchange> {
    let mut exchange = Box::new(Exchange::new(LIMITS).unwrap());
    let instrument = InstrumentId(1);
    let listing = AddInstrument {
        instrument,
        symbol: "AAPL".parse().unwrap(),
        tick_size: Price(1),
        lot_size: Quantity(1),
        max_quantity: Quantity(1_000),
    };
    let (name, firm) = ("ALPHA".parse().unwrap(), "FIRM".parse().unwrap());
    let phase = Phase::Continuous;
    let commands = [
        Command::AddInstrument(listing),
        Command::SetPhase(SetPhase { instrument, phase }),
        Command::AddSession(AddSession { session: SessionId(1), name, firm }),
    ];
    for command in commands {
        let sequence = exchange.sequence().next();
        let command = SequencedCommand { sequence, command, ..SequencedCommand::default() };
        exchange.apply(&command, &mut Vec::new());
    }
    exchange
}

fn order(number: u64, side: Side, quantity: u32) -> SequencedCommand {
    let enter = Enter {
        user_ref: UserRef(u32::try_from(number).unwrap()),
        instrument: InstrumentId(1),
        side,
        quantity: Quantity(quantity),
        price: Price(100),
        ..Enter::default()
    };
    SequencedCommand {
        sequence: Sequence(3 + number),
        time: Nanos(number),
        session: SessionId(1),
        number,
        command: Command::Enter(enter),
    }
}

#[test]
fn an_order_that_trades_more_often_than_the_event_ring_has_slots() {
    let mut commands = Builder::new(64, SequencedCommand::default).unwrap();
    let consumer = commands.consumer();
    let (mut commands, [to_matcher]) = commands.build([consumer]).unwrap();
    let mut events = Builder::new(RING, Event::default).unwrap();
    let consumer = events.consumer();
    let (events, [mut to_publisher]) = events.build([consumer]).unwrap();
    let mut checkpoints = Builder::new(RING, Checkpoint::default).unwrap();
    let consumer = checkpoints.consumer();
    let (checkpoints, [_checkpoints]) = checkpoints.build([consumer]).unwrap();
    let mut marks = Builder::new(RING, Mark::default).unwrap();
    let consumer = marks.consumer();
    let (marks, [_marks]) = marks.build([consumer]).unwrap();
    let meters = Meters::new(SystemClock::start());
    let (exchange_of_it, mut model) = (exchange(), exchange());
    let progress = Progress::starting_at(&exchange_of_it);
    let mut matcher =
        Matcher::new(exchange_of_it, to_matcher, events, checkpoints, marks, progress, meters);

    let flow: Vec<_> = (1..=20)
        .map(|number| order(number, Side::Sell, 1))
        .chain([order(21, Side::Buy, 15), order(22, Side::Buy, 5)])
        .collect();
    let mut expected = Vec::new();
    for command in &flow {
        *commands.try_claim().unwrap().unwrap() = *command;
        model.apply(command, &mut expected);
    }
    commands.publish();
    let mut said = Vec::new();
    while said.len() < expected.len() {
        matcher.poll().unwrap();
        said.extend(take(&mut to_publisher));
    }
    assert_eq!(said, expected);
    let executions = said.iter().filter(|event| matches!(event.body, EventBody::Executed(_)));
    assert_eq!(executions.count(), 20);
}

/// Datagrams to receive, and those that were sent.
#[derive(Default)]
struct Inbox {
    arrived: VecDeque<Vec<u8>>,
    sent: Arc<AtomicU64>,
}

impl Datagrams for Inbox {
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>> {
        Ok(self.arrived.pop_front().map(|datagram| {
            buffer[..datagram.len()].copy_from_slice(&datagram);
            (datagram.len(), ([127, 0, 0, 1], 1).into())
        }))
    }

    fn send(&mut self, _: &[u8], _: SocketAddr) -> io::Result<bool> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }
}

/// A packet of empty messages to session ALPHA.
fn packet(first: u64, end: u64) -> Vec<u8> {
    let mut builder = PacketBuilder::new("ALPHA".parse().unwrap(), first, 1400);
    (first..end).for_each(|_| assert!(builder.push(b"")));
    builder.packet().to_vec()
}

/// A receiver of session ALPHA that goes on after a log which ends at `time`,
/// and the other end of its ring.
fn receiver<C: Clock>(
    network: Inbox,
    time: Nanos,
    clock: C,
) -> (Receiver<Inbox, C>, Consumer<SequencedCommand>) {
    let mut intake = Intake::default();
    intake.admit(SessionId(1), "ALPHA".parse().unwrap(), "FIRM".parse().unwrap(), 1);
    let mut commands = Builder::new(RING, SequencedCommand::default).unwrap();
    let consumer = commands.consumer();
    let (ring, [to_matcher]) = commands.build([consumer]).unwrap();
    let durable = SequenceWriter::new(0).reader();
    let (desk, meters) = (Desk::new(ring, Sequence(0), time), Meters::new(clock));
    let office = Office::new([], control().1, Progress::starting_at(&exchange()));
    (Receiver::new(network, intake, desk, office, durable, Arc::default(), meters), to_matcher)
}

#[test]
fn a_gap_that_closes_before_more_messages_than_the_command_ring_has_slots() {
    let arrived = [packet(6, 11), packet(11, 31), packet(1, 6), packet(31, 33)].into();
    let network = Inbox { arrived, ..Inbox::default() };
    let (mut receiver, mut to_matcher) = receiver(network, Nanos(0), SystemClock::start());
    let mut sequenced = Vec::new();
    while sequenced.len() < 32 {
        receiver.poll().unwrap();
        sequenced.extend(take(&mut to_matcher).iter().map(|entry| entry.number));
    }
    assert_eq!(sequenced, (1..=32).collect::<Vec<_>>());
}

/// A clock that shows one millisecond more each time it is read.
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Nanos {
        Nanos(self.0.fetch_add(1_000_000, Ordering::Relaxed))
    }
}

/// Stamps wait for the clock to come to where the log is; what is missing must
/// not wait for that, it could be an hour.
#[test]
fn a_gap_is_asked_about_again_although_the_log_is_ahead_of_the_clock() {
    let network = Inbox { arrived: [packet(3, 4)].into(), ..Inbox::default() };
    let sent = Arc::clone(&network.sent);
    let hour = 3_600_000_000_000;
    let clock = Ticking(AtomicU64::new(hour));
    let (mut receiver, mut to_matcher) = receiver(network, Nanos(2 * hour), clock);
    for _ in 0..1_000 {
        receiver.poll().unwrap();
    }
    let asked = sent.load(Ordering::Relaxed);
    assert!((5..50).contains(&asked), "{asked} requests in a second");
    assert_eq!(take(&mut to_matcher), []);
}
