//! What follows from a command: trailing stops move, stops are triggered, pegs
//! follow the market, until nothing changes any more.

use super::{Model, Order, Place};
use ringmatch_engine::command::{Phase, Pricing, Side};
use ringmatch_engine::event::RestateReason;
use ringmatch_engine::{InstrumentId, OrderId, Price};

impl Model {
    /// The follow-up of all instruments, by number.
    pub(super) fn follow_up_all(&mut self) {
        for instrument in self.instrument_ids() {
            self.follow_up(instrument);
        }
    }

    pub(super) fn follow_up(&mut self, instrument: InstrumentId) {
        while self.instrument(instrument).phase == Phase::Continuous {
            self.move_trailing_stops(instrument);
            if let Some(stop) = self.first_triggered(instrument) {
                self.trigger(stop);
            } else if !self.move_pegs(instrument) {
                return;
            }
        }
    }

    /// Step 1.
    fn move_trailing_stops(&mut self, instrument: InstrumentId) {
        let trails = |order: &Order| order.details.options.pricing == Pricing::TrailingStop;
        let stops = self.ids(instrument, trails);
        let listed = self.instrument_mut(instrument);
        let Some(last) = listed.last else {
            return;
        };
        if stops.is_empty() || listed.trailed == Some(last) {
            return;
        }
        listed.trailed = Some(last);
        for id in stops {
            let stop = *self.order_mut(id);
            let follows = self.behind_last(&stop, last);
            let to = match stop.details.side {
                Side::Buy => stop.stop_price.min(follows),
                Side::Sell => stop.stop_price.max(follows),
            };
            let moved = Order { stop_price: to, ..stop };
            if to != stop.stop_price && self.has_level(&moved, Place::Stops) {
                self.remove(id);
                self.append(moved);
            }
        }
    }

    /// Step 2: buys before sales, the nearest stop price first, then the first
    /// that came.
    fn first_triggered(&self, instrument: InstrumentId) -> Option<Order> {
        let last = self.instrument(instrument).last?;
        let stops = |side| {
            let of_side = move |order: &&Order| order.is_of(instrument, side);
            self.orders.iter().filter(|order| order.place == Place::Stops).filter(of_side)
        };
        let buy = stops(Side::Buy).filter(|stop| last >= stop.stop_price);
        let sell = stops(Side::Sell).filter(|stop| last <= stop.stop_price);
        // Of several that are the least, this is the first.
        let buy = buy.min_by_key(|stop| stop.stop_price.0);
        let sell = sell.min_by_key(|stop| -stop.stop_price.0);
        buy.or(sell).copied()
    }

    fn trigger(&mut self, stop: Order) {
        let mut order = self.remove(stop.details.order_id);
        order.place = Place::Nowhere;
        order.details.options.pricing = Pricing::Plain;
        order.details.options.offset = 0;
        self.say_restated(&order, RestateReason::Triggered);
        self.trade_on_arrival(order);
    }

    /// Step 3. Whether there was anything to follow.
    fn move_pegs(&mut self, instrument: InstrumentId) -> bool {
        let now = self.best_displayed(instrument, None);
        let pegs = self.ids(instrument, Order::is_peg);
        if pegs.is_empty() || now == self.instrument(instrument).pegged_to {
            return false;
        }
        self.instrument_mut(instrument).pegged_to = now;
        for id in pegs {
            if self.instrument(instrument).phase == Phase::Continuous {
                self.move_peg(id);
            }
        }
        true
    }

    fn move_peg(&mut self, id: OrderId) {
        // One that moved before it may have traded with it.
        let Some(peg) = self.orders.iter().find(|order| order.details.order_id == id) else {
            return;
        };
        let mut moved = *peg;
        let Some(price) = self.peg_price(peg, None) else {
            return;
        };
        moved.details.price = price;
        if price != peg.details.price && self.has_level(&moved, Place::Book) {
            self.remove(id);
            self.trade_on_arrival(moved);
        }
    }

    /// Orders that wait or rest, as they are now, by their references.
    fn ids(&self, instrument: InstrumentId, meant: impl Fn(&Order) -> bool) -> Vec<OrderId> {
        let of = self.orders.iter().filter(|order| order.details.instrument == instrument);
        let mut ids: Vec<OrderId> =
            of.filter(|order| meant(order)).map(|order| order.details.order_id).collect();
        ids.sort_unstable();
        ids
    }

    /// The best displayed bid and ask, as if the order `without` were not there.
    fn best_displayed(
        &self,
        instrument: InstrumentId,
        without: Option<OrderId>,
    ) -> (Option<Price>, Option<Price>) {
        let best = |side| {
            let line = self.line(instrument, side).into_iter();
            let mut others = line.filter(|order| Some(order.details.order_id) != without);
            others.find(Order::is_displayed).map(|order| order.details.price)
        };
        (best(Side::Buy), best(Side::Sell))
    }

    /// Where a peg belongs now. Counted in half units, for the middle of two
    /// prices may be half a unit.
    pub(super) fn peg_price(&self, peg: &Order, instead_of: Option<OrderId>) -> Option<Price> {
        let instrument = self.instrument(peg.details.instrument);
        let (tick, grain) = (2 * instrument.tick(), 2 * instrument.grain());
        let (bid, ask) = self.best_displayed(peg.details.instrument, instead_of);
        let (bid, ask) = (bid.map(|price| 2 * price.0), ask.map(|price| 2 * price.0));
        let own = 2 * peg.given_price.0;
        let offset = 2 * i64::from(peg.details.options.offset);
        let middle = bid.zip(ask).map(|(bid, ask)| (bid + ask) / 2);
        let near = if peg.details.side == Side::Buy { bid } else { ask };
        let is_middle = peg.details.options.pricing == Pricing::MidpointPeg;
        let base = if is_middle { middle? } else { near? };
        let price = match peg.details.side {
            Side::Buy => {
                let below_ask = ask.map_or(i64::MAX, |ask| ask - tick);
                let price = (base + offset).min(below_ask).min(own);
                price - price.rem_euclid(grain)
            }
            Side::Sell => {
                let above_bid = bid.map_or(i64::MIN, |bid| bid + tick);
                let price = (base - offset).max(above_bid).max(own);
                price + (-price).rem_euclid(grain)
            }
        };
        let is_price = (1..=Price::MAX_LIMIT.0).contains(&(price / 2));
        is_price.then_some(Price(price / 2))
    }
}
