//! From a recorded message to the order message that would have caused it.
//!
//! An order that was added is a displayed day order. One that was executed was
//! hit by somebody: the flow sends the order of the other side, at the resting
//! order's price and for the executed quantity, that lives for that moment
//! only. Reductions, deletions and replacements are what they are, in OUCH
//! 5.0's terms, whose quantities are totals of the whole chain: what is open
//! and what has been executed since the first order of the chain.
//!
//! A record may start in the middle of a day. What names an order that was
//! added before is told apart and comes to nothing, as for a reader of the
//! record ([`MarketBook`](ringmatch_gateway::market::MarketBook)).

use ringmatch_engine::command::{Side, TimeInForce};
use ringmatch_engine::{Price, Symbol, UserRef};
use ringmatch_gateway::client::{NewOrder, cancellation, replacement};
use ringmatch_gateway::wire::itch::{ItchMessage, OrderReplace};
use ringmatch_gateway::wire::ouch::Inbound;
use ringmatch_gateway::wire::{ItchPrice, Letter};
use std::collections::HashMap;

/// What a recorded message comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation {
    /// A message that enters, replaces, reduces or cancels an order.
    Order(Inbound),
    /// An order that hits a resting one, and which one it must hit.
    Execution(Inbound, Hit),
    /// It names an order that is not known.
    UnknownOrder,
    /// It changes no displayed book.
    Nothing,
}

/// An execution as the record has it, in the numbers of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The order that the flow sent to cause it.
    pub taker: UserRef,
    /// The resting order.
    pub maker: UserRef,
    /// Shares.
    pub quantity: u32,
}

/// The last order of a chain of replacements.
#[derive(Clone, Copy, Debug)]
struct Resting {
    user_ref: UserRef,
    symbol: Symbol,
    side: Side,
    price: Price,
    open: u32,
    /// By all orders of the chain.
    executed: u32,
}

/// Turns recorded messages into orders. It holds nothing but the orders that rest.
#[derive(Debug)]
pub struct OrderFlow {
    resting: HashMap<u64, Resting>,
    next_user_ref: u32,
}

impl OrderFlow {
    /// A flow whose first order has the number `first`.
    #[must_use]
    pub fn new(first: UserRef) -> Self {
        Self { resting: HashMap::new(), next_user_ref: first.0 }
    }

    /// What the next message of the record comes to.
    pub fn translate(&mut self, message: &ItchMessage) -> Translation {
        match message {
            ItchMessage::AddOrder(add) => {
                let order = limit(add.stock, add.side, add.shares, add.price);
                Translation::Order(self.add(add.order_reference_number, order))
            }
            ItchMessage::AddOrderAttributed(add) => {
                let order = limit(add.stock, add.side, add.shares, add.price);
                Translation::Order(self.add(add.order_reference_number, order))
            }
            ItchMessage::OrderExecuted(execution) => {
                self.execute(execution.order_reference_number, execution.executed_shares)
            }
            ItchMessage::OrderExecutedWithPrice(execution) => {
                self.execute(execution.order_reference_number, execution.executed_shares)
            }
            ItchMessage::OrderCancel(cancel) => {
                self.reduce(cancel.order_reference_number, cancel.cancelled_shares)
            }
            ItchMessage::OrderDelete(delete) => self.delete(delete.order_reference_number),
            ItchMessage::OrderReplace(replace) => self.replace(replace),
            _ => Translation::Nothing,
        }
    }

    fn add(&mut self, reference: u64, order: NewOrder) -> Inbound {
        let user_ref = self.next_user_ref();
        let NewOrder { symbol, side, quantity: open, price, .. } = order;
        let price = price.unwrap_or_default();
        let resting = Resting { user_ref, symbol, side, price, open, executed: 0 };
        self.resting.insert(reference, resting);
        order.message(user_ref).0.into()
    }

    fn execute(&mut self, reference: u64, quantity: u32) -> Translation {
        let Some(resting) = self.take_shares(reference, quantity) else {
            return Translation::UnknownOrder;
        };
        let taker = self.next_user_ref();
        let Resting { user_ref: maker, symbol, side, price, .. } = resting;
        let order = NewOrder {
            time_in_force: TimeInForce::ImmediateOrCancel,
            ..NewOrder::limit(symbol, side.opposite(), quantity, price)
        };
        Translation::Execution(order.message(taker).0.into(), Hit { taker, maker, quantity })
    }

    /// Takes executed shares off an order; the order as it stands then.
    fn take_shares(&mut self, reference: u64, quantity: u32) -> Option<Resting> {
        let resting = self.resting.get_mut(&reference)?;
        resting.open = resting.open.saturating_sub(quantity);
        resting.executed = resting.executed.saturating_add(quantity);
        let resting = *resting;
        if resting.open == 0 {
            self.resting.remove(&reference);
        }
        Some(resting)
    }

    fn reduce(&mut self, reference: u64, by: u32) -> Translation {
        match self.resting.get_mut(&reference) {
            None => Translation::UnknownOrder,
            Some(resting) if by >= resting.open => self.delete(reference),
            Some(resting) => {
                resting.open -= by;
                let total = resting.open.saturating_add(resting.executed);
                Translation::Order(cancellation(resting.user_ref, total).into())
            }
        }
    }

    fn delete(&mut self, reference: u64) -> Translation {
        match self.resting.remove(&reference) {
            None => Translation::UnknownOrder,
            Some(resting) => Translation::Order(cancellation(resting.user_ref, 0).into()),
        }
    }

    fn replace(&mut self, replace: &OrderReplace) -> Translation {
        let Some(old) = self.resting.remove(&replace.original_order_reference_number) else {
            return Translation::UnknownOrder;
        };
        let user_ref = self.next_user_ref();
        let price = Price(replace.price.0.into());
        let new = Resting { user_ref, price, open: replace.shares, ..old };
        self.resting.insert(replace.new_order_reference_number, new);
        let total = replace.shares.saturating_add(old.executed);
        Translation::Order(replacement(old.user_ref, user_ref, total, price).into())
    }

    fn next_user_ref(&mut self) -> UserRef {
        let user_ref = UserRef(self.next_user_ref);
        self.next_user_ref += 1;
        user_ref
    }
}

fn limit(symbol: Symbol, side: Letter, shares: u32, price: ItchPrice) -> NewOrder {
    let side = if side.0 == b'B' { Side::Buy } else { Side::Sell };
    NewOrder::limit(symbol, side, shares, Price(price.0.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringmatch_gateway::wire::itch::{
        AddOrder, OrderCancel, OrderDelete, OrderExecuted, SystemEvent,
    };
    use ringmatch_gateway::wire::{Nanos48, OuchPrice};

    const STAMP: (u16, u16, Nanos48) = (1, 0, Nanos48::new(0));

    fn add(reference: u64, shares: u32) -> ItchMessage {
        let (stock_locate, tracking_number, timestamp) = STAMP;
        AddOrder {
            stock_locate,
            tracking_number,
            timestamp,
            order_reference_number: reference,
            side: Letter(b'B'),
            shares,
            stock: "AAPL".parse().unwrap(),
            price: ItchPrice(2_866_700),
        }
        .into()
    }

    fn execute(reference: u64, executed_shares: u32) -> ItchMessage {
        let (stock_locate, tracking_number, timestamp) = STAMP;
        OrderExecuted {
            stock_locate,
            tracking_number,
            timestamp,
            order_reference_number: reference,
            executed_shares,
            match_number: 9,
        }
        .into()
    }

    fn cancel(reference: u64, cancelled_shares: u32) -> ItchMessage {
        let (stock_locate, tracking_number, timestamp) = STAMP;
        OrderCancel {
            stock_locate,
            tracking_number,
            timestamp,
            order_reference_number: reference,
            cancelled_shares,
        }
        .into()
    }

    fn delete(order_reference_number: u64) -> ItchMessage {
        let (stock_locate, tracking_number, timestamp) = STAMP;
        OrderDelete { stock_locate, tracking_number, timestamp, order_reference_number }.into()
    }

    fn replace(old: u64, new: u64, shares: u32) -> ItchMessage {
        let (stock_locate, tracking_number, timestamp) = STAMP;
        OrderReplace {
            stock_locate,
            tracking_number,
            timestamp,
            original_order_reference_number: old,
            new_order_reference_number: new,
            shares,
            price: ItchPrice(2_866_800),
        }
        .into()
    }

    /// What is said of an order in one line: kind, numbers, quantity, price.
    fn show(translation: Translation) -> String {
        match translation {
            Translation::Order(Inbound::EnterOrder(o)) => {
                let (side, lifetime) = (o.side.0 as char, o.time_in_force.0 as char);
                format!("{} {side}{lifetime} {} {}", o.user_ref_num, o.quantity, o.price.0)
            }
            Translation::Order(Inbound::ReplaceOrder(o)) => {
                let (old, new) = (o.orig_user_ref_num, o.user_ref_num);
                format!("{old}>{new} {} {}", o.quantity, o.price.0)
            }
            Translation::Order(Inbound::CancelOrder(o)) => {
                format!("{} cut {}", o.user_ref_num, o.quantity)
            }
            Translation::Execution(order, hit) => {
                let Hit { taker, maker, quantity } = hit;
                format!("{} hits {maker}:{quantity}", show(Translation::Order(order)))
                    + if order_number(&order) == taker.0 { "" } else { " under another number" }
            }
            other => format!("{other:?}"),
        }
    }

    fn order_number(order: &Inbound) -> u32 {
        let Inbound::EnterOrder(order) = order else { panic!("{order:?}") };
        order.user_ref_num
    }

    fn check(steps: &[(ItchMessage, &str)]) {
        let mut flow = OrderFlow::new(UserRef(7));
        for (message, expected) in steps {
            assert_eq!(show(flow.translate(message)), *expected, "{message:?}");
        }
    }

    #[test]
    fn totals_count_what_the_whole_chain_has_executed() {
        check(&[
            (add(1, 100), "7 B0 100 2866700"),
            (execute(1, 30), "8 S3 30 2866700 hits 7:30"),
            (cancel(1, 20), "7 cut 80"),
            (replace(1, 2, 60), "7>9 90 2866800"),
            (execute(2, 10), "10 S3 10 2866800 hits 9:10"),
            (replace(2, 3, 5), "9>11 45 2866800"),
            (cancel(3, 1), "11 cut 44"),
            (execute(3, 4), "12 S3 4 2866800 hits 11:4"),
            (delete(3), "UnknownOrder"),
        ]);
    }

    #[test]
    fn what_leaves_nothing_open_is_a_cancel_of_all() {
        check(&[
            (add(1, 100), "7 B0 100 2866700"),
            (execute(1, 40), "8 S3 40 2866700 hits 7:40"),
            (cancel(1, 60), "7 cut 0"),
            (cancel(1, 1), "UnknownOrder"),
            (add(2, 5), "9 B0 5 2866700"),
            (delete(2), "9 cut 0"),
            (delete(2), "UnknownOrder"),
        ]);
    }

    #[test]
    fn orders_from_before_the_record_use_no_number_and_stay_unknown() {
        check(&[
            (execute(40, 1), "UnknownOrder"),
            (replace(40, 41, 9), "UnknownOrder"),
            (delete(41), "UnknownOrder"),
            (cancel(42, 1), "UnknownOrder"),
            (add(43, 1), "7 B0 1 2866700"),
        ]);
    }

    #[test]
    fn what_changes_no_displayed_book_is_nothing() {
        let (_, tracking_number, timestamp) = STAMP;
        let event_code = Letter(b'Q');
        let event = SystemEvent { stock_locate: 0, tracking_number, timestamp, event_code };
        check(&[(event.into(), "Nothing")]);
    }

    #[test]
    fn an_order_that_is_added_is_displayed_and_carries_the_recorded_price() {
        let Translation::Order(Inbound::EnterOrder(order)) =
            OrderFlow::new(UserRef(1)).translate(&add(1, 3))
        else {
            panic!("no order");
        };
        assert_eq!((order.display, order.price), (Letter(b'Y'), OuchPrice(2_866_700)));
        assert_eq!(order.symbol, "AAPL".parse().unwrap());
    }
}
