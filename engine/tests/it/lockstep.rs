//! The exchange and its model, fed the same commands.
//!
//! After each command both must have said the same, word for word, and the
//! audit must find nothing wrong with it; the books, the counters, positions,
//! fees and timers are compared when asked for, since looking at all of a deep
//! book after each command would leave no time for many commands.

use crate::audit::Audit;
use crate::model::Model;
use ringmatch_engine::command::{SequencedCommand, Side};
use ringmatch_engine::event::Event;
use ringmatch_engine::{Book, Exchange, Limits, Price, RestingOrder};
use std::fmt::Write;

/// See the [module](self).
pub(crate) struct Lockstep {
    pub(crate) exchange: Exchange,
    model: Model,
    audit: Audit,
}

impl Lockstep {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            exchange: Exchange::new(limits).expect("limits in range"),
            model: Model::new(limits),
            audit: Audit::default(),
        }
    }

    /// Applies a command to both and returns what it caused.
    pub(crate) fn apply(&mut self, input: &SequencedCommand) -> Vec<Event> {
        let mut events = Vec::new();
        self.exchange.apply(input, &mut events);
        let expected = self.model.apply(input);
        assert!(events == expected, "{}", difference(&events, &expected));
        for event in &events {
            self.audit.event(event);
        }
        events
    }

    /// Compares all that can be read of both.
    pub(crate) fn compare(&self) {
        assert_eq!(self.exchange.counters(), self.model.counters, "counters: exchange, model");
        let mut resting = 0;
        for instrument in self.exchange.instruments() {
            let book = self.exchange.book(instrument.id).expect("it is listed");
            for side in [Side::Buy, Side::Sell] {
                let levels = read(book, side);
                let expected = self.model.book(instrument.id, side);
                assert_eq!(levels, expected, "book: exchange, model; {side:?} {}", instrument.id);
                resting += levels.iter().map(|(_, orders)| orders.len()).sum::<usize>();
            }
            self.audit.book(instrument.id, book);
        }
        let open = self.exchange.resting_orders() as usize;
        assert!(open >= resting, "{open} orders, of which {resting} rest");
        assert_eq!(open, self.model.open_orders(), "open orders: exchange, model");
        assert_eq!(open, self.audit.open_orders(), "open orders: exchange, events");
        assert_eq!(self.audit.shown(), self.model.shown(), "what is seen: events, model");
        self.compare_money();
        self.compare_timers();
    }

    fn compare_money(&self) {
        let (mut paid, mut bought, mut sold) = (0, 0, 0);
        for session in self.exchange.sessions() {
            assert_eq!(session.fees, self.model.fees_paid(session.id), "fees of {}", session.id);
            paid += session.fees;
            for instrument in self.exchange.instruments() {
                let held = session.position(instrument.id);
                let of = [held.bought.into(), held.bought_value, held.sold.into(), held.sold_value];
                let model = self.model.position(session.id, instrument.id);
                let [bought_by, bought_value, sold_by, sold_value] =
                    of.map(|sum: u128| sum as i128);
                assert_eq!((model.bought, model.bought_value), (bought_by, bought_value));
                assert_eq!((model.sold, model.sold_value), (sold_by, sold_value));
                assert_eq!(self.audit.holding(session.id, instrument.id), of, "told by events");
                bought += bought_value;
                sold += sold_value;
            }
        }
        assert_eq!(bought, sold, "what some paid for shares, others got");
        assert_eq!(paid, self.exchange.fees_collected(), "what sessions paid, the venue got");
    }

    /// The exchange may ask for a tick too early, but not too late.
    fn compare_timers(&self) {
        if let Some(due) = self.model.next_timer() {
            let timer = self.exchange.next_timer();
            assert!(
                timer.is_some_and(|timer| timer <= due),
                "something is due at {due}, and the timer is {timer:?}"
            );
        }
    }
}

/// Both lists of events, and where they part.
fn difference(exchange: &[Event], model: &[Event]) -> String {
    let same = exchange.iter().zip(model).take_while(|(one, other)| one == other).count();
    let mut text = format!("exchange and model part after {same} equal events\n");
    for (who, events) in [("exchange", exchange), ("model", model)] {
        for event in &events[same..] {
            writeln!(text, "  {who}: {:?} market {}", event.body, event.market)
                .expect("a text takes all");
        }
    }
    text
}

/// A side of a book as the exchange shows it, checked against itself.
fn read(book: Book<'_>, side: Side) -> Vec<(Price, Vec<RestingOrder>)> {
    let levels: Vec<_> = book
        .levels(side)
        .map(|level| {
            let orders: Vec<RestingOrder> = level.orders().collect();
            let open: u64 = orders.iter().map(|order| u64::from(order.quantity.0)).sum();
            let seen: u64 = orders.iter().map(|order| u64::from(order.displayed_quantity.0)).sum();
            assert!(!orders.is_empty(), "an empty level is shown at {:?}", level.price());
            assert_eq!(level.displayed_quantity(), seen);
            assert_eq!(level.hidden_quantity(), open - seen);
            assert_eq!(book.depth_at(side, level.price()), open);
            (level.price(), orders)
        })
        .collect();
    assert_eq!(book.best(side), levels.first().map(|(price, _)| *price));
    levels
}
