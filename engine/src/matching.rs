//! Trading: what becomes of an order that meets the other side.
//!
//! An order meets the other side best price first, and earliest first within a
//! price, at the resting order's price, as long as the seller's price is not
//! above the buyer's and no collar is in the way. What is left rests, or is
//! canceled if it may not. Prices are compared as keys of the other side's
//! ladder (`book/ladder.rs`), in which a higher key is a better price on
//! either side, so buyers and sellers are one code.

use crate::book::{Marks, NIL, Order, Place, Rung, Special, grain, key};
use crate::command::{Breach, Phase, SelfTrade, Side, TimeInForce};
use crate::event::{
    Added, Canceled, EventBody, EventSink, Executed, Party, PhaseReason, RestateReason, Restated,
    SelfTradePrevented,
};
use crate::exchange::Exchange;
use crate::instrument::Collar;
use crate::position::fee;
use crate::reason::CancelReason;
use crate::trade_log::Trade;
use crate::types::{InstrumentId, MatchNumber, OrderId, Price, Quantity, SessionId, UserRef};

/// An order on its way.
#[derive(Clone, Copy)]
pub(crate) struct Incoming {
    pub(crate) id: OrderId,
    pub(crate) user_ref: UserRef,
    pub(crate) session: SessionId,
    pub(crate) instrument: InstrumentId,
    pub(crate) marks: Marks,
    pub(crate) open: Quantity,
    /// What the chain of replacements executed so far.
    pub(crate) executed: Quantity,
    /// Where what is left of it rests.
    pub(crate) grain: u32,
    /// The lowest key of the other side that it may trade with.
    pub(crate) reach: u32,
    pub(crate) min_quantity: Quantity,
    pub(crate) self_trade: SelfTrade,
    /// The order itself, if the exchange holds it already: a stop or a peg.
    pub(crate) index: u32,
}

impl Incoming {
    /// This order as it comes to rest.
    #[inline]
    pub(crate) fn order(&self) -> Order {
        Order {
            id: self.id,
            open: self.open,
            executed: self.executed,
            user_ref: self.user_ref,
            level: NIL,
            next: NIL,
            previous: NIL,
            special: NIL,
            session: self.session,
            marks: self.marks,
        }
    }

    #[inline]
    fn against(&self) -> Side {
        self.marks.side().opposite()
    }
}

/// The keys of the other side that an order may trade with.
#[derive(Clone, Copy)]
struct Bounds {
    reach: u32,
    /// The best of them; only a collar sets one.
    top: u32,
}

impl Bounds {
    fn hold(self, key: u32) -> bool {
        (self.reach..=self.top).contains(&key)
    }
}

/// Two orders that meet.
struct Meeting {
    maker_index: u32,
    maker: Order,
    price: Price,
    quantity: Quantity,
}

impl Exchange {
    /// Trades an order that has been answered, then lets the rest of it rest,
    /// or cancels it. What is special about it goes with it to its place.
    #[inline]
    pub(crate) fn settle<S: EventSink>(
        &mut self,
        incoming: &mut Incoming,
        special: Option<&Special>,
        sink: &mut S,
    ) {
        let collar = self.listed(incoming.instrument).collar();
        let bounds = match &collar {
            None => Bounds { reach: incoming.reach, top: u32::MAX },
            Some(collar) => self.narrowed(incoming, collar),
        };
        let own = incoming.self_trade;
        incoming.self_trade = self.known_session(incoming.session).self_trade(own);
        if let Some(reason) = self.untradable(incoming, bounds) {
            self.cancel_rest(incoming, reason, sink);
            return;
        }
        self.trade(incoming, bounds, sink);
        if incoming.open.0 == 0 {
            self.forget(incoming);
        } else if collar.is_some() && self.is_breach(incoming, bounds) {
            self.breach(incoming, special, collar, sink);
        } else if incoming.marks.may_rest() && incoming.grain > 0 {
            self.rest(incoming, special, sink);
        } else {
            self.cancel_rest(incoming, CancelReason::Immediate, sink);
        }
    }

    /// What a collar leaves an order.
    fn narrowed(&self, incoming: &Incoming, collar: &Collar) -> Bounds {
        let grid = self.books.grid(incoming.instrument);
        let against = incoming.against();
        let upper = key(against, grid.floor(collar.upper));
        let lower = key(against, grid.ceiling(collar.lower));
        // Two collars can leave nothing at all: then the reach is above the top.
        let (reach, top) = match against {
            Side::Sell => (upper, lower),
            Side::Buy => (lower, upper),
        };
        Bounds { reach: incoming.reach.max(reach), top }
    }

    /// Why an order that needs a certain quantity at once cannot trade.
    #[inline]
    fn untradable(&self, incoming: &Incoming, bounds: Bounds) -> Option<CancelReason> {
        let fills_or_dies = incoming.marks.time_in_force() == TimeInForce::FillOrKill;
        if !fills_or_dies && incoming.min_quantity.0 == 0 {
            return None;
        }
        let wanted = if fills_or_dies { incoming.open } else { incoming.min_quantity };
        let reason =
            if fills_or_dies { CancelReason::Immediate } else { CancelReason::MinimumQuantity };
        (!self.can_execute(incoming, bounds, wanted)).then_some(reason)
    }

    /// Whether the other side has this much for an order.
    fn can_execute(&self, incoming: &Incoming, bounds: Bounds, wanted: Quantity) -> bool {
        let against = incoming.against();
        let mut wanted = u64::from(wanted.0);
        for level in self.books.levels(incoming.instrument, against) {
            if !bounds.hold(key(against, self.books.levels[level].grain)) {
                return false;
            }
            let (found, goes_on) = self.executable_at(incoming, level);
            wanted = wanted.saturating_sub(found);
            if wanted == 0 || !goes_on {
                return wanted == 0;
            }
        }
        false
    }

    /// What a level has for an order, and whether the levels behind it count.
    fn executable_at(&self, incoming: &Incoming, level: u32) -> (u64, bool) {
        if incoming.self_trade == SelfTrade::Allow {
            return (self.books.levels.quantity(level), true);
        }
        // The reserve of an iceberg comes to stand behind an own displayed order.
        let (mut open, mut shown) = (0, 0);
        for index in self.books.queue(level) {
            let maker = &self.books.orders[index];
            if !self.is_own(incoming, maker) {
                open += u64::from(maker.open.0);
                shown += u64::from(self.books.shown(maker).0);
            } else if incoming.self_trade != SelfTrade::CancelOldest {
                return (if maker.marks.is_displayed() { shown } else { open }, false);
            }
        }
        (open, true)
    }

    #[inline]
    fn is_own(&self, incoming: &Incoming, maker: &Order) -> bool {
        self.known_session(incoming.session).firm_number
            == self.known_session(maker.session).firm_number
    }

    #[inline]
    fn trade<S: EventSink>(&mut self, incoming: &mut Incoming, bounds: Bounds, sink: &mut S) {
        let against = incoming.against();
        while incoming.open.0 > 0 {
            let best = self.books.best_within(incoming.instrument, against, bounds.reach);
            let Some(best) = best.filter(|best| best.key <= bounds.top) else { return };
            if incoming.self_trade != SelfTrade::Allow && self.is_own_best(incoming, best) {
                self.prevent(incoming, &self.meet(incoming, best), sink);
            } else {
                self.execute(incoming, best, sink);
            }
        }
    }

    fn is_own_best(&self, incoming: &Incoming, best: Rung) -> bool {
        self.is_own(incoming, &self.books.orders[self.books.front(best.level)])
    }

    #[inline(always)]
    fn meet(&self, incoming: &Incoming, best: Rung) -> Meeting {
        let maker_index = self.books.front(best.level);
        let maker = self.books.orders[maker_index];
        let grain = grain(incoming.against(), best.key);
        let price = self.books.grid(incoming.instrument).price(grain);
        let quantity = incoming.open.min(self.books.shown(&maker));
        Meeting { maker_index, maker, price, quantity }
    }

    #[inline(always)]
    fn execute<S: EventSink>(&mut self, incoming: &mut Incoming, best: Rung, sink: &mut S) {
        let Meeting { maker_index, maker, price, quantity } = self.meet(incoming, best);
        let instrument = incoming.instrument;
        let match_number = self.take_match();
        let maker_to = self.respond(maker.session);
        let taker_to = self.respond(incoming.session);
        self.counters.executions += 1;
        self.emit(
            sink,
            true,
            EventBody::Executed(Executed {
                instrument,
                match_number,
                price,
                quantity,
                maker: Party { to: maker_to, order_id: maker.id, user_ref: maker.user_ref },
                taker: Party { to: taker_to, order_id: incoming.id, user_ref: incoming.user_ref },
                maker_side: incoming.against(),
                maker_displayed: maker.marks.is_displayed(),
            }),
        );
        let maker_side = (maker.session, maker.user_ref, self.fees.maker);
        let taker_side = (incoming.session, incoming.user_ref, self.fees.taker);
        let (buyer, seller) = match incoming.marks.side() {
            Side::Buy => (taker_side, maker_side),
            Side::Sell => (maker_side, taker_side),
        };
        self.book_trade(instrument, match_number, price, quantity, buyer, seller);
        incoming.open.0 -= quantity.0;
        incoming.executed.0 += quantity.0;
        self.take_from_maker(maker_index, &maker, instrument, quantity, sink);
    }

    /// Takes what has traded off a resting order.
    #[inline(always)]
    pub(crate) fn take_from_maker<S: EventSink>(
        &mut self,
        index: u32,
        order: &Order,
        instrument: InstrumentId,
        quantity: Quantity,
        sink: &mut S,
    ) {
        if quantity == order.open {
            self.release(index, instrument);
        } else if self.fill_partly(index, instrument, quantity) {
            self.refresh(index, instrument, sink);
        }
    }

    /// Enters an execution in the books of both sides: each is a session, its
    /// number for the order, and its fee's rate.
    #[inline(always)]
    pub(crate) fn book_trade(
        &mut self,
        instrument: InstrumentId,
        match_number: MatchNumber,
        price: Price,
        quantity: Quantity,
        buyer: (SessionId, UserRef, i32),
        seller: (SessionId, UserRef, i32),
    ) {
        // At most 2e9 times 2^32, which fits.
        let value = price.0 as u64 * u64::from(quantity.0);
        let (buyer_fee, seller_fee) = (fee(value, buyer.2), fee(value, seller.2));
        for (side, session) in [(Side::Buy, buyer.0), (Side::Sell, seller.0)] {
            let position = self.known_session_mut(session).position_mut(instrument);
            position.trade(side, quantity, value);
        }
        for (session, fee) in [(buyer.0, buyer_fee), (seller.0, seller_fee)] {
            if fee != 0 {
                self.known_session_mut(session).fees += i128::from(fee);
                self.fees_collected += i128::from(fee);
            }
        }
        self.listed_mut(instrument).last_price = price;
        self.trade_log.record(Trade {
            match_number,
            price,
            buyer_fee,
            seller_fee,
            quantity,
            buyer_ref: buyer.1,
            seller_ref: seller.1,
            buyer: buyer.0,
            seller: seller.0,
            instrument,
        });
    }

    /// Shows the next part of an iceberg, last in its queue.
    #[cold]
    fn refresh<S: EventSink>(&mut self, index: u32, instrument: InstrumentId, sink: &mut S) {
        let id = self.take_order_id();
        self.books.orders[index].id = id;
        self.books.refresh(index);
        self.books.requeue(index);
        let order = self.books.orders[index];
        let restated = Restated {
            to: self.respond(order.session),
            instrument,
            order_id: id,
            user_ref: order.user_ref,
            side: order.marks.side(),
            price: self.books.price(&order),
            quantity: order.open,
            display: order.marks.display(),
            displayed_quantity: self.books.displayed(&order),
            reason: RestateReason::Refreshed,
        };
        let to_market = restated.displayed_quantity.0 > 0;
        self.emit(sink, to_market, EventBody::Restated(restated));
    }

    /// Keeps two orders of one firm from trading, as the incoming one asks.
    #[cold]
    fn prevent<S: EventSink>(&mut self, incoming: &mut Incoming, meeting: &Meeting, sink: &mut S) {
        let action = incoming.self_trade;
        let both = meeting.maker.open.min(incoming.open);
        let (from_maker, from_taker) = match action {
            SelfTrade::CancelNewest => (Quantity(0), incoming.open),
            SelfTrade::CancelOldest => (meeting.maker.open, Quantity(0)),
            SelfTrade::CancelBoth => (meeting.maker.open, incoming.open),
            _ => (both, both),
        };
        if from_maker.0 > 0 {
            self.prevent_maker(incoming.instrument, meeting, action, from_maker, both, sink);
        }
        if from_taker.0 > 0 {
            incoming.open.0 -= from_taker.0;
            let prevented = SelfTradePrevented {
                to: self.respond(incoming.session),
                instrument: incoming.instrument,
                order_id: incoming.id,
                user_ref: incoming.user_ref,
                quantity: from_taker,
                remaining: incoming.open,
                displayed_quantity: Quantity(0),
                prevented: both,
                price: meeting.price,
                action,
                is_maker: false,
            };
            self.emit(sink, false, EventBody::SelfTradePrevented(prevented));
        }
    }

    fn prevent_maker<S: EventSink>(
        &mut self,
        instrument: InstrumentId,
        meeting: &Meeting,
        action: SelfTrade,
        quantity: Quantity,
        both: Quantity,
        sink: &mut S,
    ) {
        let maker = &meeting.maker;
        let is_gone = quantity == maker.open;
        let shown = self.books.displayed(maker);
        let displayed_quantity = if is_gone {
            self.release(meeting.maker_index, instrument);
            shown
        } else {
            let less = self.shrink(meeting.maker_index, instrument, quantity);
            less.min(shown)
        };
        let prevented = SelfTradePrevented {
            to: self.respond(maker.session),
            instrument,
            order_id: maker.id,
            user_ref: maker.user_ref,
            quantity,
            remaining: Quantity(maker.open.0 - quantity.0),
            displayed_quantity,
            prevented: both,
            price: meeting.price,
            action,
            is_maker: true,
        };
        let to_market = displayed_quantity.0 > 0;
        self.emit(sink, to_market, EventBody::SelfTradePrevented(prevented));
    }

    /// Whether an order that has traded what it can is held by a collar alone.
    fn is_breach(&self, incoming: &Incoming, bounds: Bounds) -> bool {
        let against = incoming.against();
        let best = self.books.best_within(incoming.instrument, against, incoming.reach);
        best.is_some_and(|best| !bounds.hold(best.key))
    }

    #[cold]
    fn breach<S: EventSink>(
        &mut self,
        incoming: &Incoming,
        special: Option<&Special>,
        collar: Option<Collar>,
        sink: &mut S,
    ) {
        let instrument = incoming.instrument;
        let on_breach = self.listed(instrument).on_breach();
        match on_breach {
            Breach::Cancel => {}
            Breach::Halt => {
                self.change_phase(instrument, Phase::Halted, PhaseReason::Collar, sink);
            }
            Breach::VolatilityAuction => {
                let phase = Phase::VolatilityAuction;
                self.change_phase(instrument, phase, PhaseReason::Collar, sink);
                if let Some(Collar { reference, upper, lower }) = collar {
                    let lower = lower.max(Price(0));
                    let broken = EventBody::CollarBroken { instrument, reference, upper, lower };
                    self.emit(sink, true, broken);
                }
            }
        }
        let takes_part = on_breach == Breach::VolatilityAuction && incoming.marks.may_rest();
        if takes_part && incoming.grain > 0 {
            self.rest(incoming, special, sink);
        } else {
            self.cancel_rest(incoming, CancelReason::Collar, sink);
        }
    }

    /// What is left of an order comes to rest. The client knows it from its
    /// executions; the market learns of it here, unless it is hidden.
    #[inline]
    fn rest<S: EventSink>(&mut self, incoming: &Incoming, special: Option<&Special>, sink: &mut S) {
        let Incoming { instrument, grain, open, .. } = *incoming;
        if incoming.index != NIL {
            if !self.stand_again(incoming) {
                self.cancel_rest(incoming, CancelReason::BookFull, sink);
                return;
            }
        } else {
            let shown = special.map(|special| Special {
                shown: special.options.max_floor.0.min(open.0),
                ..*special
            });
            self.hold(instrument, Place::Book, grain, incoming.order(), shown.as_ref());
        }
        if incoming.marks.is_displayed() {
            let shown = special.map_or(0, |special| special.options.max_floor.0);
            let quantity = if shown == 0 { open } else { open.min(Quantity(shown)) };
            let added = Added {
                session: incoming.session,
                instrument,
                order_id: incoming.id,
                side: incoming.marks.side(),
                display: incoming.marks.display(),
                quantity,
                price: self.books.grid(instrument).price(grain),
            };
            self.emit(sink, true, EventBody::Added(added));
        }
    }

    /// What is left of an order is canceled; it is not in the book.
    #[inline]
    fn cancel_rest<S: EventSink>(
        &mut self,
        incoming: &Incoming,
        reason: CancelReason,
        sink: &mut S,
    ) {
        self.forget(incoming);
        let canceled = Canceled {
            to: self.respond(incoming.session),
            instrument: incoming.instrument,
            order_id: incoming.id,
            user_ref: incoming.user_ref,
            quantity: incoming.open,
            remaining: Quantity(0),
            displayed_quantity: Quantity(0),
            reason,
        };
        self.emit(sink, false, EventBody::Canceled(canceled));
    }

    /// Lets go of an order that the exchange holds and that is not in the book.
    #[inline]
    fn forget(&mut self, incoming: &Incoming) {
        if incoming.index != NIL {
            self.release_aside(incoming);
        }
    }
}
