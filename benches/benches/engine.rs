//! The matcher alone: `Exchange::apply` with commands made before and a sink
//! that keeps nothing.
//!
//! A flow is made by a seeded generator that plays it to an exchange of its
//! own, so that it cancels and replaces orders that are live. Each sample
//! builds the books anew and measures only what comes after. The mixes:
//!
//! - `a`: one instrument, about 10,000 resting orders on about 1,000 levels;
//!   53% limit orders, 40% cancels, 7% immediate-or-cancel; about 10% trade
//! - `b`: one instrument, about 1,000 resting; 82% replaces, 10% limit orders,
//!   6% cancels, 2% immediate-or-cancel
//! - `c`: the mix of `a` over 10,000 instruments with 1,000,000 resting orders
//!
//! Figures of commands a second, with all that an event costs: numbering,
//! digest, both parties' response streams.

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use fastrand::Rng;
use ringmatch_engine::command::*;
use ringmatch_engine::event::{Discard, Event, EventBody};
use ringmatch_engine::{
    Exchange, InstrumentId, Limits, Nanos, Price, Quantity, Sequence, SessionId, UserRef,
};
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

const SEED: u64 = 0x5eed;
/// Halfway between the best bid and the best offer, in ticks.
const MIDDLE: i64 = 100_000;

/// Commands that build the books, and those that are measured.
struct Flow {
    limits: Limits,
    opening: Vec<SequencedCommand>,
    measured: Vec<SequencedCommand>,
}

impl Flow {
    /// An exchange with its books built.
    fn open(&self) -> Exchange {
        let mut exchange = Exchange::new(self.limits).expect("limits in range");
        let mut sink = Discard::default();
        for command in &self.opening {
            exchange.apply(command, &mut sink);
        }
        exchange
    }
}

/// A client that knows which of its orders are live.
struct Client {
    rng: Rng,
    exchange: Exchange,
    commands: Vec<SequencedCommand>,
    events: Vec<Event>,
    instruments: u16,
    last: u32,
    live: Vec<Live>,
    /// Where in `live` an order stands.
    places: HashMap<UserRef, usize>,
}

#[derive(Clone, Copy)]
struct Live {
    user_ref: UserRef,
    side: Side,
    open: u32,
}

impl Client {
    fn new(limits: Limits) -> Self {
        let mut client = Self {
            rng: Rng::with_seed(SEED),
            exchange: Exchange::new(limits).expect("limits in range"),
            commands: Vec::new(),
            events: Vec::new(),
            instruments: limits.instruments,
            last: 0,
            live: Vec::new(),
            places: HashMap::new(),
        };
        client.send(Command::AddSession(AddSession {
            session: SessionId(1),
            ..AddSession::default()
        }));
        for number in 1..=limits.instruments {
            let instrument = InstrumentId(number);
            client.send(Command::AddInstrument(AddInstrument {
                instrument,
                symbol: format!("S{number}").parse().expect("a short text"),
                tick_size: Price(1),
                lot_size: Quantity(1),
                max_quantity: Quantity(999_999),
            }));
            let state = TradingState::Trading;
            client.send(Command::SetTradingState(SetTradingState { instrument, state }));
        }
        client
    }

    fn send(&mut self, command: Command) {
        let sequence = Sequence(self.commands.len() as u64 + 1);
        let operator = matches!(
            command,
            Command::AddSession(_) | Command::AddInstrument(_) | Command::SetTradingState(_)
        );
        let command = SequencedCommand {
            sequence,
            time: Nanos(sequence.0 * 100),
            session: SessionId(u16::from(!operator)),
            number: if operator { 0 } else { sequence.0 },
            command,
        };
        self.commands.push(command);
        self.events.clear();
        self.exchange.apply(&command, &mut self.events);
        for event in std::mem::take(&mut self.events) {
            self.note(&event);
        }
    }

    fn note(&mut self, event: &Event) {
        match event.body {
            EventBody::Accepted(accepted) => self.add(&accepted.order),
            EventBody::Replaced(replaced) => {
                self.reduce(replaced.original_user_ref, u32::MAX);
                self.add(&replaced.order);
            }
            EventBody::Executed(executed) => {
                self.reduce(executed.maker.user_ref, executed.quantity.0);
                self.reduce(executed.taker.user_ref, executed.quantity.0);
            }
            EventBody::Canceled(canceled) => self.reduce(canceled.user_ref, canceled.quantity.0),
            EventBody::Rejected { reason, .. } => panic!("the flow has a reject: {reason:?}"),
            _ => {}
        }
    }

    fn add(&mut self, order: &ringmatch_engine::event::OrderDetails) {
        self.places.insert(order.user_ref, self.live.len());
        let (user_ref, side, open) = (order.user_ref, order.side, order.quantity.0);
        self.live.push(Live { user_ref, side, open });
    }

    fn reduce(&mut self, user_ref: UserRef, by: u32) {
        let place = self.places[&user_ref];
        self.live[place].open = self.live[place].open.saturating_sub(by);
        if self.live[place].open == 0 {
            self.live.swap_remove(place);
            self.places.remove(&user_ref);
            if let Some(moved) = self.live.get(place) {
                self.places.insert(moved.user_ref, place);
            }
        }
    }

    fn next(&mut self) -> UserRef {
        self.last += 1;
        UserRef(self.last)
    }

    /// A price so many ticks from the middle; below zero is on the other side.
    fn price(side: Side, away: i64) -> Price {
        match side {
            Side::Buy => Price(MIDDLE - 1 - away),
            Side::Sell => Price(MIDDLE + 1 + away),
        }
    }

    fn enter(&mut self, side: Side, away: i64, time_in_force: TimeInForce) {
        let enter = Enter {
            user_ref: self.next(),
            instrument: InstrumentId(self.rng.u16(1..=self.instruments)),
            side,
            quantity: Quantity(self.rng.u32(1..=100)),
            price: Self::price(side, away),
            time_in_force,
            ..Enter::default()
        };
        self.send(Command::Enter(enter));
    }

    fn side(&mut self) -> Side {
        if self.rng.bool() { Side::Buy } else { Side::Sell }
    }

    /// Half of the orders are near the best price, half anywhere.
    fn away(&mut self, levels: i64) -> i64 {
        let depth = if self.rng.bool() { levels.min(10) } else { levels };
        self.rng.i64(0..depth)
    }

    fn rest(&mut self, levels: i64) {
        let (side, away) = (self.side(), self.away(levels));
        self.enter(side, away, TimeInForce::Day);
    }

    /// An order that takes what is best on the other side.
    fn cross(&mut self, time_in_force: TimeInForce) {
        let side = self.side();
        self.enter(side, -50, time_in_force);
    }

    fn any_live(&mut self) -> Live {
        self.live[self.rng.usize(0..self.live.len())]
    }

    fn cancel(&mut self) {
        let user_ref = self.any_live().user_ref;
        self.send(Command::Cancel(Cancel { user_ref, quantity: Quantity(0) }));
    }

    fn replace(&mut self, levels: i64) {
        let Live { user_ref: original, side, .. } = self.any_live();
        let price = Self::price(side, self.away(levels));
        let (user_ref, quantity) = (self.next(), Quantity(self.rng.u32(100..=200)));
        let replace = Replace { original, user_ref, quantity, price, ..Replace::default() };
        self.send(Command::Replace(replace));
    }

    /// Mix `a` of the table in the module's words.
    fn mix_a(&mut self, levels: i64) {
        match self.rng.u32(0..100) {
            0..50 => self.rest(levels),
            50..53 => self.cross(TimeInForce::Day),
            53..93 => self.cancel(),
            _ => self.cross(TimeInForce::ImmediateOrCancel),
        }
    }

    fn mix_b(&mut self, levels: i64) {
        match self.rng.u32(0..100) {
            0..82 => self.replace(levels),
            82..92 => self.rest(levels),
            92..98 => self.cancel(),
            _ => self.cross(TimeInForce::ImmediateOrCancel),
        }
    }
}

/// Builds books of `resting` orders, then notes what `step` sends.
fn flow(
    limits: Limits,
    resting: usize,
    levels: i64,
    commands: usize,
    mut step: impl FnMut(&mut Client),
) -> Flow {
    let mut client = Client::new(limits);
    for _ in 0..resting {
        client.rest(levels);
    }
    let opening = client.commands.len();
    while client.commands.len() < opening + commands {
        step(&mut client);
    }
    let mut opening_commands = client.commands;
    let measured = opening_commands.split_off(opening);
    Flow { limits, opening: opening_commands, measured }
}

fn measure(criterion: &mut Criterion) {
    let one = Limits { orders: 1 << 17, levels_per_side: 1 << 10, instruments: 1, sessions: 1 };
    let many = Limits { orders: 1_300_000, levels_per_side: 64, instruments: 10_000, sessions: 1 };
    let flows = [
        (
            "add and cancel at the touch",
            flow(one, 1_000, 100, 100_000, |client| {
                let side = client.side();
                client.enter(side, 0, TimeInForce::Day);
                let user_ref = UserRef(client.last);
                client.send(Command::Cancel(Cancel { user_ref, quantity: Quantity(0) }));
            }),
        ),
        (
            "add and aggressive fill",
            flow(one, 1_000, 100, 100_000, |client| {
                client.rest(1);
                client.cross(TimeInForce::ImmediateOrCancel);
            }),
        ),
        ("replace in a deep book", flow(one, 10_000, 500, 100_000, |client| client.replace(500))),
        ("mix a", flow(one, 10_000, 500, 200_000, |client| client.mix_a(500))),
        ("mix b", flow(one, 1_000, 100, 200_000, |client| client.mix_b(100))),
        ("mix c", flow(many, 1_000_000, 40, 200_000, |client| client.mix_a(40))),
    ];
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    for (name, flow) in &flows {
        group.throughput(Throughput::Elements(flow.measured.len() as u64));
        group.bench_function(*name, |bencher| {
            bencher.iter_batched(
                || flow.open(),
                |mut exchange| {
                    let mut sink = Discard::default();
                    for command in &flow.measured {
                        exchange.apply(black_box(command), &mut sink);
                    }
                    // Returned, so that giving its memory back is not measured.
                    exchange
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
