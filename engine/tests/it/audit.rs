//! What must hold of any run, told from the events alone.
//!
//! The audit reads the events as a client and a market-data reader would and
//! keeps one small account an order. It knows nothing of how orders match, so
//! it finds mistakes that the exchange and its model might have in common:
//! shares that appear or vanish, a trade outside a limit, a hole in a stream.

use ringmatch_engine::command::{OrderType, Side};
use ringmatch_engine::event::{Event, EventBody, OrderDetails, Recipient};
use ringmatch_engine::{Book, OrderId, Price, SessionId};
use std::collections::HashMap;

/// See the [module](self).
#[derive(Default)]
pub(crate) struct Audit {
    /// Open orders and what each may still trade.
    open: HashMap<OrderId, (OrderDetails, u32)>,
    responses: HashMap<SessionId, u64>,
    market: u64,
    matches: u64,
    orders: u64,
    last: Event,
}

impl Audit {
    pub(crate) fn event(&mut self, event: &Event) {
        assert!(event.cause >= self.last.cause, "causes are in order");
        assert!(event.time >= self.last.time, "time does not go back");
        self.last = *event;
        if event.market.0 > 0 {
            next(&mut self.market, event.market.0, "market data");
        }
        match event.body {
            EventBody::Nothing => panic!("nothing is never said"),
            EventBody::System(_)
            | EventBody::InstrumentAdded { .. }
            | EventBody::TradingAction { .. } => assert!(event.market.0 > 0, "{event:?}"),
            EventBody::SessionAdded { to, .. }
            | EventBody::AccountStatus { to, .. }
            | EventBody::Rejected { to, .. } => {
                assert_eq!(event.market.0, 0, "{event:?}");
                self.response(to);
            }
            EventBody::Accepted(accepted) => {
                self.response(accepted.to);
                self.admit(accepted.order);
            }
            EventBody::Replaced(replaced) => {
                self.response(replaced.to);
                let original = self.open.remove(&replaced.original_order_id);
                let (original, _) = original.expect("a live order is replaced");
                assert_eq!(original.side, replaced.order.side);
                assert_eq!(original.instrument, replaced.order.instrument);
                self.admit(replaced.order);
            }
            EventBody::Added(added) => {
                let (order, open) = self.open[&added.order_id];
                assert_eq!((added.price, added.quantity.0), (order.price, open), "{event:?}");
            }
            EventBody::Executed(executed) => {
                next(&mut self.matches, executed.match_number.0, "matches");
                self.response(executed.maker.to);
                self.response(executed.taker.to);
                let maker = self.take(executed.maker.order_id, executed.quantity.0);
                let taker = self.take(executed.taker.order_id, executed.quantity.0);
                assert_eq!(executed.price, maker.price, "a trade is at the maker's price");
                assert!(may_trade_at(&taker, executed.price), "{event:?} is outside {taker:?}");
                assert_eq!((maker.side, maker.side.opposite()), (executed.maker_side, taker.side));
                assert!(maker.order_id < taker.order_id, "the maker came first");
            }
            EventBody::Canceled(canceled) => {
                self.response(canceled.to);
                self.take(canceled.order_id, canceled.quantity.0);
                let left = self.open.get(&canceled.order_id).map_or(0, |(_, open)| *open);
                assert_eq!(canceled.remaining.0, left, "{event:?}");
            }
        }
    }

    /// A book holds what the events say is open of it, and is not crossed.
    pub(crate) fn book(&self, book: Book<'_>) {
        if let (Some(bid), Some(ask)) = (book.best(Side::Buy), book.best(Side::Sell)) {
            assert!(bid < ask, "the book is crossed: {bid} to {ask}");
        }
        for side in [Side::Buy, Side::Sell] {
            for level in book.levels(side) {
                for order in level.orders() {
                    let (details, open) = &self.open[&order.order_id];
                    assert_eq!((details.side, details.price), (side, level.price()));
                    assert_eq!(order.quantity.0, *open);
                }
            }
        }
    }

    /// How many orders the events say are open.
    pub(crate) fn open_orders(&self) -> usize {
        self.open.len()
    }

    fn response(&mut self, to: Recipient) {
        next(self.responses.entry(to.session).or_default(), to.number.0, "responses");
    }

    fn admit(&mut self, order: OrderDetails) {
        next(&mut self.orders, order.order_id.0, "order references");
        self.open.insert(order.order_id, (order, order.quantity.0));
    }

    /// Takes shares off an order, which must have them.
    fn take(&mut self, id: OrderId, quantity: u32) -> OrderDetails {
        let (order, open) = self.open.get_mut(&id).expect("only open orders change");
        let order = *order;
        assert!(quantity > 0, "a change changes something");
        *open = open.checked_sub(quantity).expect("no order trades more than it has");
        if *open == 0 {
            self.open.remove(&id);
        }
        order
    }
}

/// Numbers go up by one, without a hole.
fn next(last: &mut u64, number: u64, stream: &str) {
    *last += 1;
    assert_eq!(number, *last, "a hole in the numbers of {stream}");
}

fn may_trade_at(order: &OrderDetails, price: Price) -> bool {
    match (order.order_type, order.side) {
        (OrderType::Market, _) => true,
        (OrderType::Limit, Side::Buy) => price <= order.price,
        (OrderType::Limit, Side::Sell) => price >= order.price,
    }
}
