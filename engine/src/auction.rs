//! Auctions: the one price at which most can trade, and trading at it.
//!
//! While orders gather, the book may be crossed. The price is one at which an
//! order stands, or the reference price: the one at which most would trade,
//! then the one that leaves the least, then the nearest to the reference, then
//! the lower. The candidates are walked once from the highest to the lowest,
//! with running sums of both sides, so finding the price is linear in the
//! levels of the book.

use crate::book::{NIL, Order, Place, grain};
use crate::command::{Phase, Side};
use crate::event::{AuctionFigures, Cross, CrossExecuted, EventBody, EventSink};
use crate::exchange::Exchange;
use crate::reason::CancelReason;
use crate::types::{InstrumentId, Nanos, Price};

/// Where an auction would trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clearing {
    grain: u32,
    bought: u64,
    sold: u64,
}

impl Clearing {
    fn volume(&self) -> u64 {
        self.bought.min(self.sold)
    }

    /// Smaller is better.
    fn rank(&self, reference: Option<u32>) -> (std::cmp::Reverse<u64>, u64, u32, u32) {
        let imbalance = self.bought.abs_diff(self.sold);
        let distance = reference.map_or(0, |reference| reference.abs_diff(self.grain));
        (std::cmp::Reverse(self.volume()), imbalance, distance, self.grain)
    }
}

/// Which auction ends when an instrument leaves a phase.
pub(crate) fn cross_of(phase: Phase) -> Cross {
    match phase {
        Phase::PreOpen | Phase::OpeningAuction => Cross::Opening,
        Phase::ClosingAuction => Cross::Closing,
        _ => Cross::Halt,
    }
}

impl Exchange {
    /// The grain of the price that decides between equals, if it is one at
    /// which an order could stand.
    fn reference_grain(&self, instrument: InstrumentId) -> Option<u32> {
        let reference = self.listed(instrument).auction_reference()?;
        self.books.grid(instrument).tick(reference)
    }

    /// Where an auction would trade, if anything would.
    fn clearing(&self, instrument: InstrumentId) -> Option<Clearing> {
        let grid = self.books.grid(instrument);
        let reference = self.reference_grain(instrument);
        let level =
            |level: u32| (self.books.levels[level].grain, self.books.levels.quantity(level));
        let mut bids = self.books.levels(instrument, Side::Buy).map(level).peekable();
        // From the highest ask down to the lowest, with what would be sold there.
        let mut asks = self.books.levels_worst_first(instrument, Side::Sell).map(level).peekable();
        let mut sold: u64 = self.books.levels(instrument, Side::Sell).map(|at| level(at).1).sum();
        let mut bought = 0;
        let mut reference_left = reference;
        let mut best: Option<Clearing> = None;
        loop {
            let bid = bids.peek().map(|&(grain, _)| grain);
            let ask = asks.peek().map(|&(grain, _)| grain);
            let Some(grain) = bid.max(ask).max(reference_left) else { break };
            let is_reference = reference_left == Some(grain);
            let at_bid = (bid == Some(grain)).then(|| bids.next()).flatten();
            let at_ask = (ask == Some(grain)).then(|| asks.next()).flatten();
            bought += at_bid.map_or(0, |(_, quantity)| quantity);
            let counts = is_reference
                || (at_bid.is_some() && grain != grid.highest_tick())
                || (at_ask.is_some() && grain != grid.lowest_tick());
            let found = Clearing { grain, bought, sold };
            if counts && found.volume() > 0 {
                let is_better =
                    best.is_none_or(|best| found.rank(reference) < best.rank(reference));
                if is_better {
                    best = Some(found);
                }
            }
            sold -= at_ask.map_or(0, |(_, quantity)| quantity);
            if is_reference {
                reference_left = None;
            }
        }
        best
    }

    /// Trades what can trade at one price, and ends the orders that were for
    /// this auction only.
    pub(crate) fn uncross<S: EventSink>(
        &mut self,
        instrument: InstrumentId,
        cross: Cross,
        sink: &mut S,
    ) {
        if let Some(clearing) = self.clearing(instrument) {
            let price = self.books.grid(instrument).price(clearing.grain);
            let quantity = self.trade_at(instrument, clearing.grain, cross, sink);
            let match_number = self.take_match();
            let trade = EventBody::CrossTrade { instrument, cross, price, quantity, match_number };
            self.emit(sink, true, trade);
            let listed = self.listed_mut(instrument);
            listed.last_price = price;
            listed.rules.reference_price = price;
        }
        self.cancel_where(
            |this, order| this.is_over(order, instrument),
            CancelReason::AuctionOver,
            sink,
        );
    }

    fn is_over(&self, order: &Order, instrument: InstrumentId) -> bool {
        order.marks.time_in_force().is_auction_only()
            && self.books.instrument(order) == instrument
            && self.books.place(order) == Place::Book
    }

    fn trade_at<S: EventSink>(
        &mut self,
        instrument: InstrumentId,
        at: u32,
        cross: Cross,
        sink: &mut S,
    ) -> u64 {
        let mut total = 0;
        while let Some((bid, ask)) = self.first_in_line(instrument, at) {
            let (buyer, seller) = (self.books.orders[bid], self.books.orders[ask]);
            let quantity = self.books.shown(&buyer).min(self.books.shown(&seller));
            let price = self.books.grid(instrument).price(at);
            let match_number = self.take_match();
            self.counters.executions += 1;
            for order in [&buyer, &seller] {
                let displayed = self.books.displayed(order);
                let executed = CrossExecuted {
                    to: self.respond(order.session),
                    instrument,
                    order_id: order.id,
                    user_ref: order.user_ref,
                    side: order.marks.side(),
                    price,
                    quantity,
                    match_number,
                    displayed_quantity: displayed.min(quantity),
                    cross,
                };
                self.emit(sink, displayed.0 > 0, EventBody::CrossExecuted(executed));
            }
            let rate = self.fees.maker;
            self.book_trade(
                instrument,
                match_number,
                price,
                quantity,
                (buyer.session, buyer.user_ref, rate),
                (seller.session, seller.user_ref, rate),
            );
            self.take_from_maker(bid, &buyer, instrument, quantity, sink);
            self.take_from_maker(ask, &seller, instrument, quantity, sink);
            total += u64::from(quantity.0);
        }
        total
    }

    /// The orders that trade next at a price, if both sides have one.
    fn first_in_line(&self, instrument: InstrumentId, at: u32) -> Option<(u32, u32)> {
        let first = |side: Side| {
            let rung = self.books.best(instrument, side)?;
            let stands = grain(side, rung.key);
            let is_within = match side {
                Side::Buy => stands >= at,
                Side::Sell => stands <= at,
            };
            is_within.then(|| self.books.front(rung.level)).filter(|&index| index != NIL)
        };
        Some((first(Side::Buy)?, first(Side::Sell)?))
    }

    /// Says where an auction would trade now.
    pub(crate) fn say_figures<S: EventSink>(&mut self, instrument: InstrumentId, sink: &mut S) {
        let figures = self.figures(instrument);
        self.emit(sink, true, EventBody::AuctionFigures(figures));
    }

    /// The figures of the auction that an instrument is in; nothing if it is in
    /// none, or if its book has changed since they were said: then they are due.
    #[must_use]
    pub fn auction_figures(&self, instrument: InstrumentId) -> Option<AuctionFigures> {
        let listed = self.instrument(instrument)?;
        let are_said = listed.says_figures() && listed.figures_due == Nanos(0);
        are_said.then(|| self.figures(instrument))
    }

    /// Where an auction would trade now.
    fn figures(&self, instrument: InstrumentId) -> AuctionFigures {
        let listed = self.listed(instrument);
        let cross = cross_of(listed.phase);
        let at_tick = self.reference_grain(instrument);
        let reference = at_tick.map_or(Price(0), |at| self.books.grid(instrument).price(at));
        let (price, bought, sold) = match self.clearing(instrument) {
            Some(clearing) => {
                let price = self.books.grid(instrument).price(clearing.grain);
                (price, clearing.bought, clearing.sold)
            }
            None => {
                let total = |side: Side| {
                    let levels = self.books.levels(instrument, side);
                    levels.map(|level| self.books.levels.quantity(level)).sum::<u64>()
                };
                (Price(0), total(Side::Buy), total(Side::Sell))
            }
        };
        let paired = if price.0 > 0 { bought.min(sold) } else { 0 };
        let side = match bought.cmp(&sold) {
            std::cmp::Ordering::Greater => Some(Side::Buy),
            std::cmp::Ordering::Less => Some(Side::Sell),
            std::cmp::Ordering::Equal => None,
        };
        AuctionFigures {
            instrument,
            cross,
            price,
            paired,
            imbalance: bought.abs_diff(sold),
            side,
            reference,
        }
    }

    /// Lets the orders that wait for the closing auction rest, in the order in
    /// which they came.
    pub(crate) fn end_waiting<S: EventSink>(&mut self, instrument: InstrumentId, sink: &mut S) {
        while let Some(queue) = self.books.waiting(instrument) {
            let index = self.books.levels[queue].head;
            let order = self.books.orders[index];
            let grain = self.auction_grain(&order, instrument);
            if self.books.has_level(instrument, order.marks.side(), grain) {
                self.books.detach(index);
                self.books.stand(index, instrument, Place::Book, grain);
            } else {
                self.take_out(index, instrument, CancelReason::BookFull, sink);
            }
        }
    }

    /// Where an order for an auction stands: at its limit, or at the far end
    /// of the other side if it has none.
    fn auction_grain(&self, order: &Order, instrument: InstrumentId) -> u32 {
        let grid = self.books.grid(instrument);
        let limit = self.own_price(order);
        match (grid.tick(limit), order.marks.side()) {
            (Some(grain), _) => grain,
            (None, Side::Buy) => grid.highest_tick(),
            (None, Side::Sell) => grid.lowest_tick(),
        }
    }
}
