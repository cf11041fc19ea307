//! Phases, the uncross, an auction's figures, and what time brings about.

use super::entry::after;
use super::{Model, Order, Place};
use ringmatch_engine::command::{Phase, Side, TimeInForce};
use ringmatch_engine::event::{AuctionFigures, Cross, CrossExecuted, EventBody, PhaseReason};
use ringmatch_engine::{CancelReason, InstrumentId, MatchNumber, Nanos, Price, Quantity};

/// What would trade at a price.
#[derive(Clone, Copy)]
struct Candidate {
    price: Price,
    buy: u64,
    sell: u64,
}

impl Candidate {
    fn paired(&self) -> u64 {
        self.buy.min(self.sell)
    }

    fn imbalance(&self) -> u64 {
        self.buy.abs_diff(self.sell)
    }
}

impl Model {
    /// Brings an instrument into another phase, with all that belongs to it.
    pub(super) fn change_phase(
        &mut self,
        instrument: InstrumentId,
        phase: Phase,
        reason: PhaseReason,
    ) {
        let from = self.instrument(instrument).phase;
        let closes = from == Phase::ClosingAuction && phase == Phase::Closed;
        if phase == Phase::Continuous || closes {
            self.uncross(instrument);
        }
        self.begin_phase(instrument, phase, reason);
        if phase == Phase::Closed {
            let over = |order: &Order| {
                use TimeInForce::{GoodTillCancel, GoodTillTime};
                !matches!(order.details.time_in_force, GoodTillCancel | GoodTillTime)
            };
            self.cancel_each(self.open_in(instrument, over), CancelReason::EndOfDay);
        }
        self.follow_up(instrument);
    }

    /// Says the new phase, and sets what it does to waiting orders and timers.
    pub(super) fn begin_phase(
        &mut self,
        instrument: InstrumentId,
        phase: Phase,
        reason: PhaseReason,
    ) {
        let now = self.time;
        let listed = self.instrument_mut(instrument);
        listed.phase = phase;
        let seconds = u32::from(listed.rules.volatility_auction_s);
        let ends = phase == Phase::VolatilityAuction && seconds > 0;
        listed.auction_ends = ends.then(|| after(now, seconds));
        listed.figures_due = is_auction(phase).then(|| after(now, 1));
        self.say(true, EventBody::TradingAction { instrument, phase, reason });
        if phase == Phase::ClosingAuction {
            for id in self.waiting_for_close(instrument) {
                let order = self.remove(id);
                self.rest_and_say(Order { place: Place::Nowhere, ..order });
            }
        }
    }

    /// An order came, left or changed its size: an auction's figures are due.
    pub(super) fn note_change(&mut self, instrument: InstrumentId) {
        let now = self.time;
        let listed = self.instrument_mut(instrument);
        if is_auction(listed.phase) && listed.figures_due.is_none() {
            listed.figures_due = Some(after(now, 1));
        }
    }

    fn cross(&self, instrument: InstrumentId) -> Cross {
        match self.instrument(instrument).phase {
            Phase::PreOpen | Phase::OpeningAuction => Cross::Opening,
            Phase::ClosingAuction => Cross::Closing,
            _ => Cross::Halt,
        }
    }

    fn uncross(&mut self, instrument: InstrumentId) {
        let cross = self.cross(instrument);
        if let Some(found) = self.auction_price(instrument) {
            self.trade_at(instrument, found.price, cross);
        }
        let over = |order: &Order| order.place == Place::Book && order.is_auction_only();
        self.cancel_each(self.open_in(instrument, over), CancelReason::AuctionOver);
    }

    /// Where the most trades.
    fn auction_price(&self, instrument: InstrumentId) -> Option<Candidate> {
        let reference = self.auction_reference(instrument);
        let resting = self.resting(instrument);
        // Where market orders stand is no price of its own.
        let with_price = resting.iter().filter(|order| {
            order.details.price != self.market_price(instrument, order.details.side)
        });
        let prices = with_price.map(|order| order.details.price).chain(reference);
        let candidates = prices.map(|price| self.candidate(instrument, price));
        candidates.filter(|candidate| candidate.paired() > 0).min_by_key(|candidate| {
            let distance = reference.map_or(0, |reference| candidate.price.0.abs_diff(reference.0));
            let most = std::cmp::Reverse(candidate.paired());
            (most, candidate.imbalance(), distance, candidate.price)
        })
    }

    fn resting(&self, instrument: InstrumentId) -> Vec<Order> {
        let sides = [Side::Buy, Side::Sell];
        sides.into_iter().flat_map(|side| self.line(instrument, side)).collect()
    }

    fn candidate(&self, instrument: InstrumentId, price: Price) -> Candidate {
        let total = |side, within: fn(Price, Price) -> bool| -> u64 {
            let line = self.line(instrument, side).into_iter();
            let orders = line.filter(|order| within(order.details.price, price));
            orders.map(|order| u64::from(order.open)).sum()
        };
        let buy = total(Side::Buy, |own, price| own >= price);
        let sell = total(Side::Sell, |own, price| own <= price);
        Candidate { price, buy, sell }
    }

    fn auction_reference(&self, instrument: InstrumentId) -> Option<Price> {
        let listed = self.instrument(instrument);
        let reference = listed.reference.or(listed.last);
        reference.filter(|price| price.0 % listed.tick() == 0)
    }

    fn trade_at(&mut self, instrument: InstrumentId, price: Price, cross: Cross) {
        let mut total = 0;
        loop {
            let buyer = self.first(instrument, Side::Buy);
            let seller = self.first(instrument, Side::Sell);
            let buyer = buyer.filter(|buyer| buyer.details.price >= price);
            let seller = seller.filter(|seller| seller.details.price <= price);
            let (Some(buyer), Some(seller)) = (buyer, seller) else { break };
            let quantity = buyer.shown.min(seller.shown);
            total += u64::from(quantity);
            let match_number = self.next_match();
            for order in [&buyer, &seller] {
                self.order_mut(order.details.order_id).execute(quantity);
                self.say_cross_executed(order, price, quantity, match_number, cross);
            }
            let rate = self.fees.maker;
            self.book_trade((&buyer, rate), (&seller, rate), price, quantity, match_number);
            self.after_execution(buyer.details.order_id);
            self.after_execution(seller.details.order_id);
        }
        let match_number = self.next_match();
        let quantity = total;
        let traded = EventBody::CrossTrade { instrument, cross, price, quantity, match_number };
        self.say(true, traded);
        let listed = self.instrument_mut(instrument);
        listed.last = Some(price);
        listed.reference = Some(price);
    }

    fn say_cross_executed(
        &mut self,
        order: &Order,
        price: Price,
        quantity: u32,
        match_number: MatchNumber,
        cross: Cross,
    ) {
        let seen = if order.is_displayed() { quantity } else { 0 };
        let executed = CrossExecuted {
            to: self.to(order.session),
            instrument: order.details.instrument,
            order_id: order.details.order_id,
            user_ref: order.details.user_ref,
            side: order.details.side,
            price,
            quantity: Quantity(quantity),
            match_number,
            displayed_quantity: Quantity(seen),
            cross,
        };
        self.say(seen > 0, EventBody::CrossExecuted(executed));
    }

    pub(super) fn tick(&mut self) {
        while let Some(order) = self.first_expired() {
            self.cancel_all_of(order.details.order_id, CancelReason::Expired);
            self.follow_up(order.details.instrument);
        }
        for instrument in self.instrument_ids() {
            if self.instrument(instrument).auction_ends.is_some_and(|ends| ends <= self.time) {
                self.change_phase(instrument, Phase::Continuous, PhaseReason::AuctionOver);
            }
        }
        for instrument in self.instrument_ids() {
            if self.instrument(instrument).figures_due.is_some_and(|due| due <= self.time) {
                self.say_figures(instrument);
            }
        }
    }

    fn first_expired(&self) -> Option<Order> {
        let over = |order: &&Order| order.ends.is_some_and(|ends| ends <= self.time);
        let expired = self.orders.iter().filter(over);
        expired.min_by_key(|order| (order.ends, order.entered_as)).copied()
    }

    fn say_figures(&mut self, instrument: InstrumentId) {
        self.instrument_mut(instrument).figures_due = None;
        let found = self.auction_price(instrument);
        let total = |side| -> u64 {
            self.line(instrument, side).iter().map(|order| u64::from(order.open)).sum()
        };
        // If nothing would trade, all there is counts.
        let nowhere = Candidate { price: Price(0), buy: total(Side::Buy), sell: total(Side::Sell) };
        let at = found.unwrap_or(nowhere);
        let side = match at.buy.cmp(&at.sell) {
            std::cmp::Ordering::Greater => Some(Side::Buy),
            std::cmp::Ordering::Less => Some(Side::Sell),
            std::cmp::Ordering::Equal => None,
        };
        let figures = AuctionFigures {
            instrument,
            cross: self.cross(instrument),
            price: at.price,
            paired: found.map_or(0, |found| found.paired()),
            imbalance: at.imbalance(),
            side,
            reference: self.auction_reference(instrument).unwrap_or(Price(0)),
        };
        self.say(true, EventBody::AuctionFigures(figures));
    }

    /// When a tick will have something to do.
    pub(crate) fn next_timer(&self) -> Option<Nanos> {
        let orders = self.orders.iter().filter_map(|order| order.ends);
        let auctions = self.instruments.iter().filter_map(|listed| listed.auction_ends);
        let figures = self.instruments.iter().filter_map(|listed| listed.figures_due);
        orders.chain(auctions).chain(figures).min()
    }
}

fn is_auction(phase: Phase) -> bool {
    matches!(phase, Phase::OpeningAuction | Phase::VolatilityAuction | Phase::ClosingAuction)
}
