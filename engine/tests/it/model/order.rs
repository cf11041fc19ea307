//! An open order.
//!
//! What it has is what a reader of the page would write on a card: what the
//! client asked for, where it stands, what is open of it and how much of that
//! is shown. For all but icebergs, what is shown is what is open; whether
//! anybody sees it is another question.

use ringmatch_engine::command::{
    Display, Options, OrderType, Phase, Pricing, SelfTrade, Side, TimeInForce,
};
use ringmatch_engine::event::OrderDetails;
use ringmatch_engine::{InstrumentId, Nanos, OrderId, Price, Quantity, SessionId};

/// Where an open order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On its way.
    Nowhere,
    /// In the book.
    Book,
    /// Among the stops of its side.
    Stops,
    /// Waiting for the closing auction.
    Close,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// As in its `Accepted`, but for its reference and price, which are those
    /// that it has now, and its pricing, which is plain once it is triggered.
    pub(super) details: OrderDetails,
    pub(super) session: SessionId,
    /// The reference that it was entered with.
    pub(super) entered_as: OrderId,
    /// The price that the client gave: the cap of a peg.
    pub(super) given_price: Price,
    pub(super) stop_price: Price,
    pub(super) open: u32,
    pub(super) shown: u32,
    pub(super) executed: u32,
    /// When its time is over.
    pub(super) ends: Option<Nanos>,
    /// Whether it has a special place.
    pub(super) special: bool,
    pub(super) place: Place,
}

impl Order {
    pub(super) fn is_of(&self, instrument: InstrumentId, side: Side) -> bool {
        self.details.instrument == instrument && self.details.side == side
    }

    pub(super) fn is_stop(&self) -> bool {
        matches!(self.details.options.pricing, Pricing::Stop | Pricing::TrailingStop)
    }

    pub(super) fn is_peg(&self) -> bool {
        matches!(self.details.options.pricing, Pricing::MidpointPeg | Pricing::NearPeg)
    }

    /// What the client gave as a peg's cap; for others where they rest.
    pub(super) fn own_limit(&self) -> Price {
        if self.is_peg() { self.given_price } else { self.details.price }
    }

    pub(super) fn is_immediate(&self) -> bool {
        self.details.time_in_force.is_immediate()
    }

    pub(super) fn is_auction_only(&self) -> bool {
        self.details.time_in_force.is_auction_only()
    }

    /// What a resting order is, if it is neither hidden nor for an auction only.
    pub(super) fn is_displayed(&self) -> bool {
        self.details.display != Display::Hidden && !self.is_auction_only()
    }

    /// What the market sees of it.
    pub(super) fn seen(&self) -> u32 {
        if self.place == Place::Book && self.is_displayed() { self.shown } else { 0 }
    }

    /// A limit or market-to-limit order that is not immediate.
    pub(super) fn may_rest_after_trading(&self) -> bool {
        self.details.order_type != OrderType::Market
            && !self.is_immediate()
            // A market-to-limit order that found nobody rests nowhere.
            && self.details.price > Price(0)
    }

    pub(super) fn needs_place(&self) -> bool {
        let rests = self.details.order_type != OrderType::Market && !self.is_immediate();
        rests || self.is_stop() || self.is_auction_only()
    }

    /// Whether it asks for anything but a minimum quantity, or waits for the
    /// close.
    pub(super) fn asks_for_special(&self) -> bool {
        let options = Options { min_quantity: Quantity(0), ..self.details.options };
        options != Options::NONE
            || self.ends.is_some()
            || self.details.time_in_force == TimeInForce::AtClose
    }

    /// Where it goes when it is accepted, if it does not trade at once.
    pub(super) fn waits_in(&self, phase: Phase) -> Option<Place> {
        if self.is_stop() {
            Some(Place::Stops)
        } else if self.details.time_in_force == TimeInForce::AtClose
            && phase != Phase::ClosingAuction
        {
            Some(Place::Close)
        } else {
            None
        }
    }

    /// Whether a resting order's price is within this order's limit.
    pub(super) fn reaches(&self, price: Price) -> bool {
        match (self.details.order_type, self.details.side) {
            (OrderType::Market, _) => true,
            (_, Side::Buy) => price <= self.details.price,
            (_, Side::Sell) => price >= self.details.price,
        }
    }

    /// Smaller is sooner: the better price, then what is displayed.
    pub(super) fn rank(&self) -> (i64, bool) {
        let price = self.details.price.0;
        match self.details.side {
            Side::Buy => (-price, !self.is_displayed()),
            Side::Sell => (price, !self.is_displayed()),
        }
    }

    /// Shows as much as it may.
    pub(super) fn show(&mut self) {
        self.shown = match self.details.options.max_floor {
            Quantity(0) => self.open,
            Quantity(floor) => floor.min(self.open),
        };
    }

    /// Loses shares, those that are not shown first. Returns by how much what
    /// the market sees became less.
    pub(super) fn reduce(&mut self, by: u32) -> u32 {
        let seen = self.seen();
        self.open -= by;
        self.shown = self.shown.min(self.open);
        seen - self.seen()
    }

    /// Trades some of what it shows.
    pub(super) fn execute(&mut self, quantity: u32) {
        self.open -= quantity;
        self.executed += quantity;
        self.shown -= quantity;
    }

    /// Its instruction for orders of its own firm, if it has one.
    pub(super) fn self_trade(&self) -> Option<SelfTrade> {
        match self.details.options.self_trade {
            SelfTrade::SessionDefault => None,
            own => Some(own),
        }
    }
}
