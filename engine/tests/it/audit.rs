//! What must hold of any run, told from the events alone.
//!
//! The audit reads the events as clients and a market-data reader would and
//! keeps a small card an order. It knows nothing of how orders match, so it
//! finds mistakes that the exchange and its model might have in common: shares
//! that appear or vanish, a trade outside a limit, a hole in a stream, an
//! order that the market sees and that is not there, a trade that somebody
//! paid for and nobody got.

use ringmatch_engine::command::{Display, OrderType, Phase, Pricing, Side, TimeInForce};
use ringmatch_engine::event::{
    CrossExecuted, Event, EventBody, Executed, OrderDetails, Recipient, RestateReason,
};
use ringmatch_engine::{
    Book, CancelReason, InstrumentId, MatchNumber, OrderId, Price, Quantity, SessionId,
};
use std::collections::{BTreeMap, HashMap};

/// What the events say of an open order.
#[derive(Clone, Copy, Debug)]
struct Card {
    details: OrderDetails,
    session: SessionId,
    open: u32,
    /// What the market sees of it.
    shown: u32,
    /// Whether it waits for its trigger.
    is_stop: bool,
    /// Whether any of it has traded since it was taken.
    has_traded: bool,
}

impl Card {
    /// A peg moves without a word, so its price is not known.
    fn is_peg(&self) -> bool {
        matches!(self.details.options.pricing, Pricing::MidpointPeg | Pricing::NearPeg)
    }

    fn may_trade_at(&self, price: Price) -> bool {
        let limit = self.details.price;
        match (self.details.order_type, self.details.side) {
            (OrderType::Market, _) => true,
            _ if self.is_peg() => true,
            (_, Side::Buy) => price <= limit,
            (_, Side::Sell) => price >= limit,
        }
    }
}

/// An execution.
#[derive(Clone, Copy, Debug)]
struct Trade {
    instrument: InstrumentId,
    buyer: SessionId,
    seller: SessionId,
    price: Price,
    quantity: Quantity,
    is_void: bool,
}

/// What a session bought and sold of an instrument: quantities and values.
pub(crate) type Holding = [u128; 4];

/// See the [module](self).
#[derive(Default)]
pub(crate) struct Audit {
    open: HashMap<OrderId, Card>,
    phases: HashMap<InstrumentId, Phase>,
    trades: HashMap<MatchNumber, Trade>,
    holdings: HashMap<(SessionId, InstrumentId), Holding>,
    responses: HashMap<SessionId, u64>,
    market: u64,
    matches: u64,
    orders: u64,
    /// The buyer's half of an execution in an auction, until the seller's.
    half: Option<CrossExecuted>,
    /// What the auction that is said just now traded so far.
    crossed: u64,
    last: Event,
}

impl Audit {
    pub(crate) fn event(&mut self, event: &Event) {
        assert!(event.cause >= self.last.cause, "causes are in order");
        assert!(event.time >= self.last.time, "time does not go back");
        self.last = *event;
        let public = event.market.0 > 0;
        if public {
            next(&mut self.market, event.market.0, "market data");
        }
        if let Some(seen) = self.read(event) {
            assert_eq!(public, seen, "the market is told what it sees, and no more: {event:?}");
        }
    }

    /// Takes note of an event. Returns whether the market must be told.
    fn read(&mut self, event: &Event) -> Option<bool> {
        match event.body {
            EventBody::Nothing => panic!("nothing is never said"),
            EventBody::System(_)
            | EventBody::InstrumentAdded { .. }
            | EventBody::AuctionFigures(_)
            | EventBody::CollarBroken { .. } => Some(true),
            EventBody::TradingAction { instrument, phase, .. } => {
                let before = self.phases.insert(instrument, phase).unwrap_or_default();
                assert_ne!(before, phase, "{event:?} changes nothing");
                Some(true)
            }
            EventBody::SessionAdded { to, .. }
            | EventBody::AccountStatus { to, .. }
            | EventBody::MassCanceled { to, .. }
            | EventBody::OrderEntrySet { to, .. }
            | EventBody::Rejected { to, .. } => {
                self.response(to);
                Some(false)
            }
            EventBody::Accepted(accepted) => {
                self.response(accepted.to);
                Some(self.admit(accepted.to, accepted.order))
            }
            EventBody::Replaced(replaced) => {
                self.response(replaced.to);
                let original = self.open.remove(&replaced.original_order_id);
                let original = original.expect("a live order is replaced");
                assert_eq!(original.details.side, replaced.order.side);
                assert_eq!(original.details.instrument, replaced.order.instrument);
                assert_eq!(original.details.user_ref, replaced.original_user_ref);
                assert_eq!(original.shown > 0, replaced.original_displayed, "{event:?}");
                Some(self.admit(replaced.to, replaced.order) || replaced.original_displayed)
            }
            EventBody::Added(added) => {
                let card = self.card(added.order_id);
                assert_eq!(added.price, card.details.price, "{event:?}");
                assert!(card.shown == 0 && (1..=card.open).contains(&added.quantity.0));
                assert!(is_displayed(&card.details), "{event:?} is not to be seen");
                card.shown = added.quantity.0;
                Some(true)
            }
            EventBody::Executed(executed) => {
                self.executed(&executed);
                Some(true)
            }
            EventBody::CrossExecuted(executed) => {
                self.cross_executed(&executed);
                Some(executed.displayed_quantity.0 > 0)
            }
            EventBody::CrossTrade { quantity, match_number, .. } => {
                next(&mut self.matches, match_number.0, "matches");
                assert_eq!(quantity, std::mem::take(&mut self.crossed), "{event:?}");
                Some(true)
            }
            EventBody::Canceled(canceled) => {
                self.response(canceled.to);
                let card = self.card(canceled.order_id);
                let all_or_none = match canceled.reason {
                    CancelReason::MinimumQuantity => true,
                    CancelReason::Immediate => {
                        card.details.time_in_force == TimeInForce::FillOrKill
                    }
                    _ => false,
                };
                assert!(!(all_or_none && card.has_traded), "{event:?} after it traded: {card:?}");
                let seen = canceled.displayed_quantity.0;
                self.reduce(canceled.order_id, canceled.quantity.0, seen, canceled.remaining.0);
                Some(seen > 0)
            }
            EventBody::SelfTradePrevented(lost) => {
                self.response(lost.to);
                let seen = lost.displayed_quantity.0;
                assert!(lost.prevented.0 > 0 && lost.prevented <= lost.quantity, "{event:?}");
                self.reduce(lost.order_id, lost.quantity.0, seen, lost.remaining.0);
                Some(seen > 0)
            }
            EventBody::Modified(modified) => {
                self.response(modified.to);
                let card = self.card(modified.order_id);
                assert!(modified.quantity.0 > 0, "{event:?} is a cancel");
                assert_eq!(card.details.side, modified.side);
                card.shown -= modified.displayed_reduction.0;
                card.open = modified.quantity.0;
                assert!(card.shown <= card.open, "{event:?} leaves too much in sight");
                Some(modified.displayed_reduction.0 > 0)
            }
            EventBody::PriorityChanged(changed) => {
                self.response(changed.to);
                let mut card =
                    self.open.remove(&changed.original_order_id).expect("the order is open");
                assert!(card.is_peg() || card.details.price == changed.price, "{event:?}");
                assert_eq!(card.details.display, changed.display);
                assert_eq!(card.shown > 0, changed.displayed_quantity.0 > 0, "{event:?}");
                card.shown = changed.displayed_quantity.0;
                self.rename(changed.order_id, card);
                Some(card.shown > 0)
            }
            EventBody::Restated(restated) => {
                self.response(restated.to);
                match restated.reason {
                    RestateReason::Refreshed => self.refreshed(&restated),
                    RestateReason::Triggered => {
                        let card = self.card(restated.order_id);
                        assert!(card.is_stop, "{event:?} has been triggered before");
                        assert_eq!(restated.displayed_quantity.0, 0);
                        assert_eq!(restated.quantity.0, card.open);
                        card.is_stop = false;
                        assert_eq!(card.details.price, restated.price, "{event:?}");
                    }
                    RestateReason::Repriced => panic!("a peg moves without a word: {event:?}"),
                }
                Some(restated.displayed_quantity.0 > 0)
            }
            EventBody::TradeBroken(broken) => {
                self.response(broken.buyer.to);
                self.response(broken.seller.to);
                let trade = self.trades.get_mut(&broken.match_number).expect("it was executed");
                assert!(!trade.is_void, "{event:?} is void already");
                assert_eq!(trade.instrument, broken.instrument);
                assert_eq!(trade.buyer, broken.buyer.to.session());
                assert_eq!(trade.seller, broken.seller.to.session());
                trade.is_void = true;
                let trade = *trade;
                self.hold(&trade, |sum, by| sum - by);
                Some(true)
            }
        }
    }

    fn executed(&mut self, executed: &Executed) {
        for party in [executed.maker, executed.taker] {
            self.card(party.order_id).has_traded = true;
        }
        next(&mut self.matches, executed.match_number.0, "matches");
        self.response(executed.maker.to);
        self.response(executed.taker.to);
        let Executed { price, quantity, instrument, .. } = *executed;
        let taker = self.take(executed.taker.order_id, quantity.0);
        let maker = self.take(executed.maker.order_id, quantity.0);
        assert!(maker.is_peg() || price == maker.details.price, "a trade is at the maker's price");
        assert!(taker.may_trade_at(price), "{executed:?} is outside {taker:?}");
        assert_eq!(
            (maker.details.side, maker.details.side.opposite()),
            (executed.maker_side, taker.details.side)
        );
        assert_eq!((maker.details.instrument, taker.details.instrument), (instrument, instrument));
        assert_eq!(executed.maker_displayed, maker.shown > 0, "{executed:?} of {maker:?}");
        assert!(!maker.is_stop && !taker.is_stop, "{executed:?} of a stop order");
        assert_eq!(taker.shown, 0, "what rests does not come");
        assert_eq!(self.phases[&instrument], Phase::Continuous, "{executed:?}");
        if maker.shown > 0 {
            assert!(quantity.0 <= maker.shown, "{executed:?} is more than is shown");
            self.hide(executed.maker.order_id, quantity.0);
        }
        let (buyer, seller) = match maker.details.side {
            Side::Buy => (maker.session, taker.session),
            Side::Sell => (taker.session, maker.session),
        };
        let trade = Trade { instrument, buyer, seller, price, quantity, is_void: false };
        self.trades.insert(executed.match_number, trade);
        self.hold(&trade, |sum, by| sum + by);
    }

    fn cross_executed(&mut self, executed: &CrossExecuted) {
        self.response(executed.to);
        let CrossExecuted { instrument, price, quantity, match_number, side, .. } = *executed;
        let card = self.take(executed.order_id, quantity.0);
        assert_eq!((card.details.side, card.details.instrument), (side, instrument));
        assert!(!card.is_stop && card.may_trade_at(price), "{executed:?} is outside {card:?}");
        let seen = if card.shown > 0 { quantity.0 } else { 0 };
        assert_eq!(executed.displayed_quantity.0, seen, "{executed:?} of {card:?}");
        assert!(card.shown == 0 || quantity.0 <= card.shown, "{executed:?} of {card:?}");
        self.hide(executed.order_id, seen);
        match (side, self.half.take()) {
            (Side::Buy, None) => {
                next(&mut self.matches, match_number.0, "matches");
                self.half = Some(*executed);
            }
            (Side::Sell, Some(half)) => {
                assert_eq!((half.match_number, half.quantity), (match_number, quantity));
                assert_eq!((half.price, half.instrument), (price, instrument));
                self.crossed += u64::from(quantity.0);
                let (buyer, seller) = (half.to.session(), executed.to.session());
                let trade = Trade { instrument, buyer, seller, price, quantity, is_void: false };
                self.trades.insert(match_number, trade);
                self.hold(&trade, |sum, by| sum + by);
            }
            (_, half) => panic!("{executed:?} after {half:?}"),
        }
    }

    fn refreshed(&mut self, restated: &ringmatch_engine::event::Restated) {
        let of = |card: &&Card| {
            card.session == restated.to.session() && card.details.user_ref == restated.user_ref
        };
        let card = *self.open.values().find(of).expect("an open iceberg is refreshed");
        assert_eq!((card.shown, card.open), (0, restated.quantity.0), "{restated:?} of {card:?}");
        assert_eq!((card.details.price, card.details.side), (restated.price, restated.side));
        let shown = restated.displayed_quantity;
        assert!(shown.0 > 0 && shown <= card.details.options.max_floor, "{restated:?}");
        self.open.remove(&card.details.order_id);
        self.rename(restated.order_id, Card { shown: shown.0, ..card });
    }

    /// Compares a book with what the events say is open of it. In continuous
    /// trading it is not crossed.
    pub(crate) fn book(&self, instrument: InstrumentId, book: Book<'_>) {
        if let (Some(bid), Some(ask)) = (book.best(Side::Buy), book.best(Side::Sell)) {
            let is_continuous = self.phases.get(&instrument) == Some(&Phase::Continuous);
            assert!(!is_continuous || bid < ask, "the book is crossed: {bid} to {ask}");
        }
        for side in [Side::Buy, Side::Sell] {
            for level in book.levels(side) {
                for order in level.orders() {
                    let card = &self.open[&order.order_id];
                    assert_eq!(card.details.side, side);
                    assert!(card.is_peg() || card.details.price == level.price(), "{card:?}");
                    assert_eq!((order.quantity.0, order.session), (card.open, card.session));
                    assert_eq!(order.displayed, card.shown > 0, "{order:?} is {card:?}");
                }
            }
        }
    }

    /// How many orders the events say are open.
    pub(crate) fn open_orders(&self) -> usize {
        self.open.len()
    }

    /// What the events say the market sees, by order.
    pub(crate) fn shown(&self) -> BTreeMap<OrderId, u32> {
        let shown = self.open.iter().filter(|(_, card)| card.shown > 0);
        shown.map(|(id, card)| (*id, card.shown)).collect()
    }

    /// What the events say a session bought and sold.
    pub(crate) fn holding(&self, session: SessionId, instrument: InstrumentId) -> Holding {
        self.holdings.get(&(session, instrument)).copied().unwrap_or_default()
    }

    fn response(&mut self, to: Recipient) {
        next(self.responses.entry(to.session()).or_default(), to.number().0, "responses");
    }

    /// A new order. Returns whether the market sees it.
    fn admit(&mut self, to: Recipient, details: OrderDetails) -> bool {
        let seen = details.rests && is_displayed(&details);
        let shown = if seen { details.displayed_quantity().0 } else { 0 };
        let pricing = details.options.pricing;
        let is_stop = matches!(pricing, Pricing::Stop | Pricing::TrailingStop);
        assert!(!(is_stop && details.rests), "{details:?} waits");
        let open = details.quantity.0;
        assert!(open > 0, "{details:?} wants nothing");
        let card = Card { details, session: to.session(), open, shown, is_stop, has_traded: false };
        self.rename(details.order_id, card);
        seen
    }

    /// Files a card under a new reference.
    fn rename(&mut self, id: OrderId, mut card: Card) {
        next(&mut self.orders, id.0, "order references");
        card.details.order_id = id;
        self.open.insert(id, card);
    }

    fn card(&mut self, id: OrderId) -> &mut Card {
        self.open.get_mut(&id).expect("only open orders change")
    }

    /// Takes shares off an order, which must have them; the card as it was.
    fn take(&mut self, id: OrderId, quantity: u32) -> Card {
        let card = self.card(id);
        let before = *card;
        assert!(quantity > 0, "a change changes something");
        card.open = card.open.checked_sub(quantity).expect("no order trades more than it has");
        if card.open == 0 {
            self.open.remove(&id);
        }
        before
    }

    /// The market sees so much less of it.
    fn hide(&mut self, id: OrderId, quantity: u32) {
        if let Some(card) = self.open.get_mut(&id) {
            card.shown = card.shown.checked_sub(quantity).expect("nothing unseen is hidden");
        }
    }

    fn reduce(&mut self, id: OrderId, quantity: u32, seen: u32, remaining: u32) {
        let before = self.take(id, quantity);
        self.hide(id, seen);
        let (open, shown) = self.open.get(&id).map_or((0, 0), |card| (card.open, card.shown));
        assert_eq!(remaining, open, "what is left of {before:?}");
        assert_eq!(shown, before.shown - seen, "what is seen of {before:?}");
        assert!(shown <= open && (shown == 0) == (before.shown == 0 || open == 0), "{before:?}");
    }

    fn hold(&mut self, trade: &Trade, change: fn(u128, u128) -> u128) {
        let quantity = u128::from(trade.quantity.0);
        let value = quantity * trade.price.0.unsigned_abs() as u128;
        for (session, at) in [(trade.buyer, 0), (trade.seller, 2)] {
            let holding = self.holdings.entry((session, trade.instrument)).or_default();
            holding[at] = change(holding[at], quantity);
            holding[at + 1] = change(holding[at + 1], value);
        }
    }
}

/// Numbers go up by one, without a hole.
fn next(last: &mut u64, number: u64, stream: &str) {
    *last += 1;
    assert_eq!(number, *last, "a hole in the numbers of {stream}");
}

/// Whether a resting order is to be seen.
fn is_displayed(order: &OrderDetails) -> bool {
    order.display != Display::Hidden && !order.time_in_force.is_auction_only()
}
