//! The digest says what was said, the state hash says what is: the same for
//! the same commands, and different as soon as anything that matters differs.

use crate::flow::{Clerk, FLOWS, Seeded};
use crate::table::*;
use ringmatch_engine::command::{Command, Phase, SequencedCommand, ShortSale, SystemEvent};
use ringmatch_engine::event::{Accepted, Event, EventBody, OrderDetails, Recipient};
use ringmatch_engine::{
    ClOrdId, Digest, Exchange, Limits, Nanos, OrderId, Price, Quantity, RejectReason, Sequence,
    SessionId, StreamNumber, UserRef,
};
use std::collections::HashSet;

fn run(limits: Limits, commands: &[SequencedCommand]) -> Exchange {
    let mut exchange = Exchange::new(limits).expect("limits in range");
    let mut events = Vec::new();
    for command in commands {
        exchange.apply(command, &mut events);
    }
    let mut digest = Digest::default();
    for event in &events {
        digest.event(event);
    }
    assert_eq!(exchange.digest(), digest, "the digest is that of the events");
    exchange
}

#[test]
fn two_runs_say_and_are_the_same() {
    for flow in FLOWS {
        let mut clerk = Clerk::new(flow);
        let mut commands = clerk.opening();
        let steps = Seeded(7).steps(4_000);
        commands.extend(steps.iter().map(|step| {
            let command = clerk.prepare(step);
            clerk.follow(&command);
            command
        }));
        let (one, other) = (run(flow.limits, &commands), run(flow.limits, &commands));
        assert_eq!(one.digest(), other.digest());
        assert_eq!(one.state_hash(), other.state_hash());
    }
}

/// Each row ends in a state of its own, although all are equally many commands.
#[test]
fn every_change_that_matters_changes_the_state_hash() {
    let rows = [
        vec![],
        vec![cancel(1)],
        vec![reduce(1, 5)],
        vec![reduce(1, 6)],
        vec![replace(1, 3, 100, 10)],
        vec![replace(1, 3, 100, 10).hidden()],
        vec![replace(1, 4, 100, 10)],
        vec![replace(2, 3, 100, 10)],
        vec![replace(1, 3, 101, 10)],
        vec![buy(3, 100, 10)],
        vec![buy(3, 100, 10).on(2)],
        vec![buy(3, 100, 10).by(2)],
        vec![sell(3, 101, 10)],
        vec![sell(3, 100, 5)],
        vec![sell(3, 100, 5).by(2)],
        vec![sell(3, 100, 25)],
        vec![sell(3, 100, 25).hidden()],
        vec![halt()],
        vec![phase(2, Phase::Halted)],
        vec![query()],
        vec![query().by(2)],
        vec![ask(Command::Nothing)],
        vec![ask(Command::Nothing).numbered(9)],
        vec![malformed(0, RejectReason::Undecodable), query()],
        vec![malformed(3, RejectReason::Undecodable)],
        vec![operator(Command::SystemEvent(SystemEvent::StartOfMessages))],
        vec![operator(Command::SystemEvent(SystemEvent::StartOfMarketHours))],
        // As before the row, but for the numbers: nothing is forgotten.
        vec![replace(1, 3, 100, 10), replace(2, 4, 100, 10)],
    ];
    let mut seen = HashSet::new();
    for row in &rows {
        let mut venue = Venue::open(LIMITS);
        venue.check(&[buy(1, 100, 10), buy(2, 100, 10)], &[rests(1), rests(2)]);
        for at in 0..2 {
            venue.play(row.get(at).copied().unwrap_or(operator(Command::Nothing)));
        }
        let hash = venue.lockstep.exchange.state_hash();
        assert!(seen.insert(hash), "the state after {row:?} is not told from another's");
    }
}

#[test]
fn limits_and_time_are_part_of_the_state() {
    let hash = |limits: Limits, time: u64| {
        let mut exchange = Exchange::new(limits).unwrap();
        let sequence = Sequence(1);
        let time = Nanos(time);
        let nothing = SequencedCommand { sequence, time, ..SequencedCommand::default() };
        exchange.apply(&nothing, &mut Vec::new());
        exchange.state_hash()
    };
    let hashes: HashSet<Digest> = [
        hash(LIMITS, 1),
        hash(LIMITS, 2),
        hash(Limits { orders: 17, ..LIMITS }, 1),
        hash(Limits { levels_per_side: 9, ..LIMITS }, 1),
        hash(Limits { instruments: 3, ..LIMITS }, 1),
        hash(Limits { sessions: 5, ..LIMITS }, 1),
        hash(Limits { special_orders: 9, ..LIMITS }, 1),
        hash(Limits { recent_trades: 8, ..LIMITS }, 1),
    ]
    .into();
    assert_eq!(hashes.len(), 8);
}

#[test]
fn every_field_of_an_accepted_order_changes_the_digest() {
    let event = |change: fn(&mut Event, &mut Accepted)| {
        let mut event = Event { cause: Sequence(1), ..Event::default() };
        let mut accepted = Accepted::default();
        change(&mut event, &mut accepted);
        event.body = EventBody::Accepted(accepted);
        let mut digest = Digest::default();
        digest.event(&event);
        digest
    };
    fn order(accepted: &mut Accepted) -> &mut OrderDetails {
        &mut accepted.order
    }
    use ringmatch_engine::command::{
        Capacity, Display, OrderType, Pricing, SelfTrade, Side, TimeInForce,
    };
    let digests = [
        event(|_, _| {}),
        event(|event, _| event.cause = Sequence(2)),
        event(|event, _| event.time = Nanos(1)),
        event(|event, _| event.market = StreamNumber(1)),
        event(|_, accepted| accepted.to = Recipient::new(SessionId(1), StreamNumber(0))),
        event(|_, accepted| accepted.to = Recipient::new(SessionId(0), StreamNumber(1))),
        event(|_, accepted| order(accepted).rests = true),
        event(|_, accepted| order(accepted).instrument.0 = 1),
        event(|_, accepted| order(accepted).order_id = OrderId(1)),
        event(|_, accepted| order(accepted).user_ref = UserRef(1)),
        event(|_, accepted| order(accepted).side = Side::Sell),
        event(|_, accepted| order(accepted).quantity = Quantity(1)),
        event(|_, accepted| order(accepted).price = Price(1)),
        event(|_, accepted| order(accepted).order_type = OrderType::Market),
        event(|_, accepted| order(accepted).time_in_force = TimeInForce::FillOrKill),
        event(|_, accepted| order(accepted).display = Display::Hidden),
        event(|_, accepted| order(accepted).attributes.short_sale = ShortSale::Short),
        event(|_, accepted| order(accepted).attributes.capacity = Capacity::Other),
        event(|_, accepted| order(accepted).attributes.intermarket_sweep = true),
        event(|_, accepted| order(accepted).attributes.cl_ord_id = ClOrdId::from_bytes([b'!'; 14])),
        event(|_, accepted| order(accepted).options.offset = 1),
        event(|_, accepted| order(accepted).options.max_floor = Quantity(1)),
        event(|_, accepted| order(accepted).options.min_quantity = Quantity(1)),
        event(|_, accepted| order(accepted).options.expire_after_s = 1),
        event(|_, accepted| order(accepted).options.group = 1),
        event(|_, accepted| order(accepted).options.pricing = Pricing::Stop),
        event(|_, accepted| order(accepted).options.post_only = true),
        event(|_, accepted| order(accepted).options.self_trade = SelfTrade::Allow),
    ];
    assert_eq!(HashSet::from(digests).len(), digests.len());
}
