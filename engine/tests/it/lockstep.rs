//! The exchange and its model, fed the same commands.
//!
//! After each command both must have said the same, word for word, and the
//! audit must find nothing wrong with it; the books, the counters and the
//! number of resting orders are compared when asked for, since looking at all
//! of a deep book after each command would leave no time for many commands.

use crate::audit::Audit;
use crate::model::Model;
use ringmatch_engine::command::{SequencedCommand, Side};
use ringmatch_engine::event::Event;
use ringmatch_engine::{Book, Exchange, Limits, Price, RestingOrder};

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
        assert_eq!(events, self.model.apply(input), "exchange and model, after {input:?}");
        for event in &events {
            self.audit.event(event);
        }
        events
    }

    /// Compares all that can be read of both.
    pub(crate) fn compare(&self) {
        assert_eq!(self.exchange.counters(), &self.model.counters);
        let mut resting = 0;
        for instrument in self.exchange.instruments() {
            let book = self.exchange.book(instrument.id).expect("it is listed");
            for side in [Side::Buy, Side::Sell] {
                let levels = read(book, side);
                assert_eq!(
                    levels,
                    self.model.book(instrument.id, side),
                    "{side:?} {}",
                    instrument.id
                );
                resting += levels.iter().map(|(_, orders)| orders.len()).sum::<usize>();
            }
            self.audit.book(book);
        }
        assert_eq!(self.exchange.resting_orders() as usize, resting);
        assert_eq!(self.audit.open_orders(), resting, "what the events left open");
    }
}

/// A side of a book as the exchange shows it, checked against itself.
fn read(book: Book<'_>, side: Side) -> Vec<(Price, Vec<RestingOrder>)> {
    let levels: Vec<_> = book
        .levels(side)
        .map(|level| {
            let orders: Vec<RestingOrder> = level.orders().collect();
            let sum = |displayed| -> u64 {
                let kind = orders.iter().filter(|order| order.displayed == displayed);
                kind.map(|order| u64::from(order.quantity.0)).sum()
            };
            assert!(!orders.is_empty(), "an empty level is shown at {:?}", level.price());
            assert_eq!(level.displayed_quantity(), sum(true));
            assert_eq!(level.hidden_quantity(), sum(false));
            assert_eq!(book.depth_at(side, level.price()), sum(true) + sum(false));
            (level.price(), orders)
        })
        .collect();
    assert_eq!(book.best(side), levels.first().map(|(price, _)| *price));
    levels
}
