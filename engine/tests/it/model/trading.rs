//! What an order does on arrival: it trades, is kept from trading with its own
//! firm, meets a collar, rests, or dies.

use super::collars::Collar;
use super::{Model, Order, Place};
use ringmatch_engine::command::{Breach, Phase, SelfTrade, TimeInForce};
use ringmatch_engine::event::{
    Added, Canceled, EventBody, Executed, OrderDetails, Party, PhaseReason, RestateReason,
    Restated, SelfTradePrevented,
};
use ringmatch_engine::{CancelReason, MatchNumber, OrderId, Price, Quantity};

impl Model {
    /// Whether all of an order that is entered in continuous trading comes to
    /// rest without meeting anybody.
    pub(super) fn rests_untouched(&self, order: &Order) -> bool {
        let OrderDetails { instrument, side, options, .. } = order.details;
        let first = self.first(instrument, side.opposite());
        let meets = first.is_some_and(|first| order.reaches(first.details.price));
        order.may_rest_after_trading() && !meets && options.min_quantity == Quantity(0)
    }

    /// Lets an order trade; what is left of it rests, or is canceled.
    pub(super) fn trade_on_arrival(&mut self, mut order: Order) {
        let OrderDetails { instrument, side, time_in_force, options, .. } = order.details;
        order.place = Place::Nowhere;
        let collar = self.collar(instrument);
        let executable = self.executable(&order, &collar);
        if time_in_force == TimeInForce::FillOrKill && executable < u64::from(order.open) {
            self.cancel_incoming(order, CancelReason::Immediate);
            return;
        }
        if executable < u64::from(options.min_quantity.0) {
            self.cancel_incoming(order, CancelReason::MinimumQuantity);
            return;
        }
        while order.open > 0 {
            let first = self.first(instrument, side.opposite());
            let Some(maker) = first.filter(|maker| order.reaches(maker.details.price)) else {
                break;
            };
            if !collar.holds(maker.details.price) {
                self.break_collar(order, &collar);
                return;
            }
            match self.prevention(&order, &maker) {
                Some(action) => self.prevent(&mut order, &maker, action),
                None => self.execute(&mut order, maker.details.order_id),
            }
        }
        if order.open == 0 {
            return;
        }
        if order.may_rest_after_trading() {
            self.rest_and_say(order);
        } else {
            self.cancel_incoming(order, CancelReason::Immediate);
        }
    }

    /// How much it could trade now.
    fn executable(&self, order: &Order, collar: &Collar) -> u64 {
        let mut sum = 0;
        let mut line: Vec<Order> = Vec::new();
        for maker in self.line(order.details.instrument, order.details.side.opposite()) {
            let price = maker.details.price;
            if !order.reaches(price) || !collar.holds(price) {
                break;
            }
            match self.prevention(order, &maker) {
                None => {
                    sum += u64::from(maker.open);
                    line.push(maker);
                }
                Some(SelfTrade::CancelOldest) => {}
                Some(_) => {
                    // The reserves ahead at this price come to stand behind it,
                    // unless it is hidden.
                    let behind =
                        |ahead: &&Order| maker.is_displayed() && ahead.details.price == price;
                    let reserves = line.iter().filter(behind);
                    let reserves: u64 =
                        reserves.map(|ahead| u64::from(ahead.open - ahead.shown)).sum();
                    return sum - reserves;
                }
            }
        }
        sum
    }

    /// What keeps the two from trading, if anything does.
    fn prevention(&self, order: &Order, maker: &Order) -> Option<SelfTrade> {
        let of_session = self.session(order.session).limits.self_trade;
        let instruction = order.self_trade().unwrap_or(of_session);
        let allows = matches!(instruction, SelfTrade::Allow | SelfTrade::SessionDefault);
        let is_own = self.firm(order.session) == self.firm(maker.session);
        (is_own && !allows).then_some(instruction)
    }

    fn prevent(&mut self, order: &mut Order, maker: &Order, action: SelfTrade) {
        let both = order.open.min(maker.open);
        let (from_maker, from_order) = match action {
            SelfTrade::CancelNewest => (0, order.open),
            SelfTrade::CancelOldest => (maker.open, 0),
            SelfTrade::CancelBoth => (maker.open, order.open),
            SelfTrade::DecrementBoth => (both, both),
            SelfTrade::SessionDefault | SelfTrade::Allow => unreachable!("it allows"),
        };
        let price = maker.details.price;
        if from_maker > 0 {
            let id = maker.details.order_id;
            let seen = self.order_mut(id).reduce(from_maker);
            let changed = *self.order_mut(id);
            if changed.open == 0 {
                self.remove(id);
            }
            self.say_prevented(&changed, from_maker, seen, both, price, action, true);
        }
        if from_order > 0 {
            order.reduce(from_order);
            self.say_prevented(order, from_order, 0, both, price, action, false);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of an event")]
    fn say_prevented(
        &mut self,
        order: &Order,
        by: u32,
        seen: u32,
        prevented: u32,
        price: Price,
        action: SelfTrade,
        is_maker: bool,
    ) {
        let event = SelfTradePrevented {
            to: self.to(order.session),
            instrument: order.details.instrument,
            order_id: order.details.order_id,
            user_ref: order.details.user_ref,
            quantity: Quantity(by),
            remaining: Quantity(order.open),
            displayed_quantity: Quantity(seen),
            prevented: Quantity(prevented),
            price,
            action,
            is_maker,
        };
        self.say(seen > 0, EventBody::SelfTradePrevented(event));
    }

    fn execute(&mut self, order: &mut Order, maker: OrderId) {
        let before = *self.order_mut(maker);
        let quantity = before.shown.min(order.open);
        let price = before.details.price;
        order.open -= quantity;
        order.executed += quantity;
        self.order_mut(maker).execute(quantity);
        let match_number = self.next_match();
        let executed = Executed {
            instrument: before.details.instrument,
            match_number,
            price,
            quantity: Quantity(quantity),
            maker: self.party(&before),
            taker: self.party(order),
            maker_side: before.details.side,
            maker_displayed: before.is_displayed(),
        };
        self.say(true, EventBody::Executed(executed));
        let (one, other) = ((&before, self.fees.maker), (&*order, self.fees.taker));
        self.book_trade(one, other, price, quantity, match_number);
        self.instrument_mut(before.details.instrument).last = Some(price);
        self.after_execution(maker);
    }

    pub(super) fn next_match(&mut self) -> MatchNumber {
        self.matches += 1;
        MatchNumber(self.matches)
    }

    fn party(&mut self, order: &Order) -> Party {
        let to = self.to(order.session);
        Party { to, order_id: order.details.order_id, user_ref: order.details.user_ref }
    }

    /// An order of which nothing is open is gone; an iceberg of which nothing
    /// is shown shows its next part, last in the queue.
    pub(super) fn after_execution(&mut self, id: OrderId) {
        let order = *self.order_mut(id);
        if order.open == 0 {
            self.remove(id);
        } else if order.shown == 0 {
            let mut order = self.remove(id);
            order.details.order_id = self.next_order_id();
            order.show();
            self.append(order);
            self.say_restated(&order, RestateReason::Refreshed);
        }
    }

    pub(super) fn say_restated(&mut self, order: &Order, reason: RestateReason) {
        let restated = Restated {
            to: self.to(order.session),
            instrument: order.details.instrument,
            order_id: order.details.order_id,
            user_ref: order.details.user_ref,
            side: order.details.side,
            price: order.details.price,
            quantity: Quantity(order.open),
            display: order.details.display,
            displayed_quantity: Quantity(order.seen()),
            reason,
        };
        self.say(order.seen() > 0, EventBody::Restated(restated));
    }

    fn break_collar(&mut self, order: Order, collar: &Collar) {
        let instrument = order.details.instrument;
        match self.instrument(instrument).rules.on_breach {
            Breach::Cancel => self.cancel_incoming(order, CancelReason::Collar),
            Breach::Halt => {
                self.begin_phase(instrument, Phase::Halted, PhaseReason::Collar);
                self.cancel_incoming(order, CancelReason::Collar);
            }
            Breach::VolatilityAuction => {
                self.begin_phase(instrument, Phase::VolatilityAuction, PhaseReason::Collar);
                let broken = EventBody::CollarBroken {
                    instrument,
                    reference: collar.reference.unwrap_or(Price(0)),
                    upper: collar.upper.unwrap_or(Price(0)),
                    lower: collar.lower.unwrap_or(Price(0)),
                };
                self.say(true, broken);
                if order.may_rest_after_trading() {
                    self.rest_and_say(order);
                } else {
                    self.cancel_incoming(order, CancelReason::Collar);
                }
            }
        }
    }

    /// Lets an order rest without a word.
    pub(super) fn rest(&mut self, mut order: Order) {
        order.place = Place::Book;
        order.show();
        self.append(order);
    }

    /// Lets what is left of an order rest, if there is room, and says so if it
    /// is displayed.
    pub(super) fn rest_and_say(&mut self, order: Order) {
        if !self.has_level(&order, Place::Book) {
            self.cancel_incoming(order, CancelReason::BookFull);
            return;
        }
        let session = order.session;
        let OrderDetails { instrument, order_id, side, display, price, .. } = order.details;
        self.rest(order);
        let quantity = Quantity(self.order_mut(order_id).seen());
        if quantity > Quantity(0) {
            let added = Added { session, instrument, order_id, side, display, quantity, price };
            self.say(true, EventBody::Added(added));
        }
    }

    /// What is left of an order that is nowhere dies.
    pub(super) fn cancel_incoming(&mut self, mut order: Order, reason: CancelReason) {
        let by = order.open;
        order.open = 0;
        self.say_canceled(&order, by, 0, reason);
    }

    /// All of an open order dies, wherever it is.
    pub(super) fn cancel_all_of(&mut self, id: OrderId, reason: CancelReason) {
        let mut order = self.remove(id);
        let by = order.open;
        let seen = order.reduce(by);
        self.say_canceled(&order, by, seen, reason);
    }

    pub(super) fn say_canceled(&mut self, order: &Order, by: u32, seen: u32, reason: CancelReason) {
        let canceled = Canceled {
            to: self.to(order.session),
            instrument: order.details.instrument,
            order_id: order.details.order_id,
            user_ref: order.details.user_ref,
            quantity: Quantity(by),
            remaining: Quantity(order.open),
            displayed_quantity: Quantity(seen),
            reason,
        };
        self.say(seen > 0, EventBody::Canceled(canceled));
    }
}
