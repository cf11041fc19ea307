//! The exchange, spoken to in the challenge's terms.
//!
//! A table leads from the challenge's order id to the number that its order has
//! in the exchange, which is that of its message plus one; another leads back,
//! and adds up what an order has executed, because the quantity of a `Replace`
//! is that of the whole chain. That is what a client of the exchange knows;
//! the book itself is only in the exchange, and queries are answered from it.
//!
//! By OUCH, a cancel or replace of an order that is not live is not answered: a
//! message that caused no event is rejected. What the exchange cannot take at
//! all (a price of zero, a book that is full) ends the process with a sentence:
//! the challenge has no report for it.

#![forbid(unsafe_code)]
#![allow(clippy::needless_update, reason = "what a message does not name stays at its default")]

use crate::layout::{Message, NewOrder, Report};
use ringmatch_engine::command::*;
use ringmatch_engine::event::{Event, EventBody, Executed};
use ringmatch_engine::{
    Exchange, InstrumentId, Limits, Nanos, Price, Quantity, Sequence, SessionId, UserRef,
};

const LIMITS: Limits = Limits {
    orders: 1 << 18,
    levels_per_side: 1 << 16,
    instruments: 1,
    sessions: 1,
    ..Limits::DEFAULT
};
const SESSION: SessionId = SessionId(1);
const INSTRUMENT: InstrumentId = InstrumentId(1);
/// Order ids and messages that the tables have room for before they grow.
const ROOM: usize = 1 << 21;

/// Who takes reports.
pub(crate) trait Reports {
    fn report(&mut self, report: Report);
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Matcher {
    exchange: Exchange,
    sequence: Sequence,
    /// Messages so far.
    number: u32,
    /// By order id: the order's number now.
    numbers: Vec<UserRef>,
    /// By number: what the order is called.
    orders: Vec<Order>,
    said: Vec<Event>,
}

/// What a client knows of an order that it sent.
#[derive(Clone, Copy, Debug, Default)]
struct Order {
    order_id: u64,
    price: i64,
    /// By the whole chain of replacements.
    executed: u32,
    side: u8,
}

impl Matcher {
    /// An exchange with one empty book that trades.
    pub(crate) fn new() -> Self {
        let exchange = Exchange::new(LIMITS).expect("limits in range");
        let mut matcher = Self {
            exchange,
            sequence: Sequence(1),
            number: 0,
            numbers: vec![UserRef(0); ROOM],
            orders: vec![Order::default(); ROOM],
            said: Vec::with_capacity(64),
        };
        let listing = AddInstrument {
            instrument: INSTRUMENT,
            tick_size: Price(1),
            lot_size: Quantity(1),
            max_quantity: Quantity(u32::MAX),
            ..AddInstrument::default()
        };
        let phase = Phase::Continuous;
        let trading = SetPhase { instrument: INSTRUMENT, phase };
        let session = AddSession { session: SESSION, ..AddSession::default() };
        matcher.apply(SessionId(0), Command::AddSession(session));
        matcher.apply(SessionId(0), Command::AddInstrument(listing));
        matcher.apply(SessionId(0), Command::SetPhase(trading));
        matcher.touch();
        matcher
    }

    /// Makes the system hand out the tables' memory before it is needed.
    fn touch(&mut self) {
        self.numbers.fill(UserRef(u32::MAX));
        self.numbers.fill(UserRef(0));
        self.orders.fill(Order { side: 1, ..Order::default() });
        self.orders.fill(Order::default());
    }

    /// Matches a message and reports what came of it.
    pub(crate) fn take(&mut self, message: &Message, reports: &mut impl Reports) {
        match message.kind {
            0 => self.enter(&message.body, reports),
            1 => self.cancel(message.body.order_id, message.body.sequence, reports),
            2 => self.modify(&message.body, reports),
            kind => panic!("a message is of the unknown kind {kind}"),
        }
    }

    /// Matches a new order.
    #[inline]
    pub(crate) fn enter(&mut self, new: &NewOrder, reports: &mut impl Reports) {
        let user_ref = self.next_number(new.order_id);
        *self.number_of(new.order_id) = user_ref;
        let (order_id, price, side) = (new.order_id, new.price, new.side);
        self.orders[user_ref.0 as usize] = Order { order_id, price, side, executed: 0 };
        let enter = Enter {
            user_ref,
            instrument: INSTRUMENT,
            side: if side == 0 { Side::Buy } else { Side::Sell },
            quantity: Quantity(new.quantity),
            price: Price(price),
            time_in_force: match new.immediate_or_cancel {
                0 => TimeInForce::Day,
                _ => TimeInForce::ImmediateOrCancel,
            },
            ..Enter::default()
        };
        self.apply(SESSION, Command::Enter(enter));
        self.report(new.sequence, reports);
    }

    /// Cancels an order.
    #[inline]
    pub(crate) fn cancel(&mut self, order_id: u64, sequence: u64, reports: &mut impl Reports) {
        self.next_number(order_id);
        let user_ref = *self.number_of(order_id);
        self.apply(SESSION, Command::Cancel(Cancel { user_ref, ..Cancel::default() }));
        self.report_or_reject(4, order_id, sequence, reports);
    }

    /// Gives an order another price and quantity.
    #[inline]
    pub(crate) fn modify(&mut self, modify: &NewOrder, reports: &mut impl Reports) {
        let user_ref = self.next_number(modify.order_id);
        let number = self.number_of(modify.order_id);
        let original = std::mem::replace(number, user_ref);
        let executed = self.orders[original.0 as usize].executed;
        let (order_id, price, side) = (modify.order_id, modify.price, modify.side);
        self.orders[user_ref.0 as usize] = Order { order_id, price, side, executed };
        let replace = Replace {
            original,
            user_ref,
            quantity: Quantity(modify.quantity.saturating_add(executed)),
            price: Price(price),
            ..Replace::default()
        };
        self.apply(SESSION, Command::Replace(replace));
        self.report_or_reject(5, order_id, modify.sequence, reports);
    }

    /// Best price of a side.
    pub(crate) fn best(&self, side: Side) -> Option<i64> {
        self.exchange.book(INSTRUMENT)?.best(side).map(|price| price.0)
    }

    /// Quantity that rests at a price.
    pub(crate) fn depth_at(&self, side: Side, price: i64) -> u64 {
        self.exchange.book(INSTRUMENT).map_or(0, |book| book.depth_at(side, Price(price)))
    }

    /// The number of this message, for which the tables have room.
    #[inline]
    fn next_number(&mut self, order_id: u64) -> UserRef {
        self.number += 1;
        let needed = self.number as usize + 1;
        if self.orders.len() < needed || self.numbers.len() as u64 <= order_id {
            self.grow(order_id);
        }
        UserRef(self.number)
    }

    #[cold]
    fn grow(&mut self, order_id: u64) {
        // Ids are dense, so none is far beyond the number of messages.
        assert!(order_id < 1 << 32, "the order id {order_id} is not dense");
        self.orders.resize(self.orders.len() * 2, Order::default());
        let ids = self.numbers.len().max(order_id as usize + 1) * 2;
        self.numbers.resize(ids, UserRef(0));
    }

    #[inline]
    fn number_of(&mut self, order_id: u64) -> &mut UserRef {
        &mut self.numbers[order_id as usize]
    }

    #[inline]
    fn apply(&mut self, session: SessionId, command: Command) {
        let (sequence, number) = (self.sequence, u64::from(self.number));
        let time = Nanos(sequence.0);
        let input =
            SequencedCommand { sequence, time, session, number, command, ..Default::default() };
        self.said.clear();
        self.exchange.apply(&input, &mut self.said);
        self.sequence = sequence.next();
    }

    /// Reports what was said, or a reject of this kind if nothing was.
    #[inline]
    fn report_or_reject(
        &mut self,
        kind: u8,
        order_id: u64,
        sequence: u64,
        reports: &mut impl Reports,
    ) {
        if self.said.is_empty() {
            reports.report(Report { kind, sequence, order_id, ..Report::default() });
        }
        self.report(sequence, reports);
    }

    #[inline]
    fn report(&mut self, sequence: u64, reports: &mut impl Reports) {
        for event in &self.said {
            let report = match &event.body {
                EventBody::Accepted(accepted) => {
                    answer(0, &self.orders[accepted.order.user_ref.0 as usize])
                        .with_quantity(accepted.order.quantity)
                }
                EventBody::Replaced(replaced) => {
                    answer(3, &self.orders[replaced.order.user_ref.0 as usize])
                        .with_quantity(replaced.order.quantity)
                }
                EventBody::Executed(executed) => trade(&mut self.orders, executed),
                EventBody::Canceled(canceled) => {
                    answer(2, &self.orders[canceled.user_ref.0 as usize])
                }
                // What is left of an order comes to rest: not reported.
                EventBody::Added(_) => continue,
                other => panic!("message {sequence} caused what has no report: {other:?}"),
            };
            reports.report(Report { sequence, ..report });
        }
    }
}

fn answer(kind: u8, order: &Order) -> Report {
    let &Order { order_id, price, side, .. } = order;
    Report { kind, side, order_id, price, ..Report::default() }
}

/// Adds it to what both orders have executed.
fn trade(orders: &mut [Order], executed: &Executed) -> Report {
    let quantity = executed.quantity.0;
    let mut note = |user_ref: UserRef| {
        let order = &mut orders[user_ref.0 as usize];
        order.executed += quantity;
        order.order_id
    };
    Report {
        kind: 1,
        price: executed.price.0,
        quantity,
        maker_order_id: note(executed.maker.user_ref),
        taker_order_id: note(executed.taker.user_ref),
        ..Report::default()
    }
}

impl Report {
    fn with_quantity(self, quantity: Quantity) -> Self {
        Self { quantity: quantity.0, ..self }
    }
}
