//! New orders and replacements: what refuses them, where they rest, and what
//! is said when they are taken. Each check of the page is one `if`, in the
//! order of the page.

use super::{Model, Order, Place};
use ringmatch_engine::command::{
    Attributes, Display, Enter, InstrumentStatus, Options, OrderType, Phase, Pricing, Replace,
    SelfTrade, Side, TimeInForce,
};
use ringmatch_engine::event::{Accepted, EventBody, OrderDetails, Replaced};
use ringmatch_engine::{
    CancelReason, InstrumentId, Nanos, OrderId, Price, Quantity, RejectReason, SessionId,
};

impl Model {
    pub(super) fn enter(&mut self, session: SessionId, enter: &Enter, options: Options) {
        if !self.use_up(session, enter.user_ref) {
            return;
        }
        let mut order = new_order(session, enter, options, self.time);
        if let Some(reason) = self.refusal_of_new(&mut order) {
            self.reject(session, enter.user_ref, reason, enter.attributes.cl_ord_id);
            return;
        }
        self.identify(&mut order);
        let to = self.to(session);
        let seen = order.details.rests && order.is_displayed();
        self.say(seen, EventBody::Accepted(Accepted { to, order: order.details }));
        self.place(order);
    }

    /// The checks of a new order in their order; gives it its resting price.
    fn refusal_of_new(&mut self, order: &mut Order) -> Option<RejectReason> {
        let instrument = order.details.instrument;
        if let Some(reason) = self.check_session(order.session) {
            return Some(reason);
        }
        if !self.is_listed(instrument) {
            return Some(RejectReason::UnknownSymbol);
        }
        if self.instrument(instrument).status != InstrumentStatus::Enabled {
            return Some(RejectReason::InstrumentDisabled);
        }
        if let Some(reason) = self.invalidity(order, order.open) {
            return Some(reason);
        }
        self.obstacle(order, None)
    }

    /// Checks 3 to 5: what is wrong with an order for `total` shares.
    fn invalidity(&self, order: &Order, total: u32) -> Option<RejectReason> {
        let details = &order.details;
        let options = &details.options;
        let instrument = details.instrument;
        let auction_only = order.is_auction_only();
        let is_limit = details.order_type == OrderType::Limit;
        let has_floor = options.max_floor > Quantity(0);
        let has_minimum = options.min_quantity > Quantity(0);
        let lot = self.instrument(instrument).listing.lot_size.0;

        if !self.is_valid_quantity(instrument, total) {
            return Some(RejectReason::InvalidQuantity);
        }
        if is_limit && !self.is_valid_price(instrument, details.price) {
            return Some(RejectReason::InvalidPrice);
        }
        let is_good_till_time = details.time_in_force == TimeInForce::GoodTillTime;
        // A replacement without seconds may have its end from the original.
        let has_end = options.expire_after_s == 0 && order.ends.is_some();
        let seconds = if is_good_till_time { 1..=86_399 } else { 0..=0 };
        if !has_end && !seconds.contains(&options.expire_after_s) {
            return Some(RejectReason::InvalidExpireTime);
        }
        if details.order_type == OrderType::MarketToLimit && auction_only {
            return Some(RejectReason::UnsupportedTimeInForce);
        }
        if order.is_stop()
            && (options.offset <= 0
                || details.order_type == OrderType::MarketToLimit
                || auction_only
                || has_floor
                || options.post_only
                || has_minimum
                || !self.is_sound_stop(order))
        {
            return Some(RejectReason::InvalidStop);
        }
        let tick = self.instrument(instrument).tick();
        if order.is_peg()
            && (!is_limit
                || details.display != Display::Hidden
                || order.is_immediate()
                || auction_only
                || has_floor
                || options.post_only
                || has_minimum
                || i64::from(options.offset) % tick != 0)
        {
            return Some(RejectReason::InvalidPeg);
        }
        let rests_as_it_is = is_limit && !order.is_immediate() && !auction_only;
        let is_hidden = details.display == Display::Hidden;
        if has_floor && (is_hidden || !rests_as_it_is || !options.max_floor.0.is_multiple_of(lot)) {
            return Some(RejectReason::InvalidMaxFloor);
        }
        if options.post_only && (!rests_as_it_is || has_minimum) {
            return Some(RejectReason::InvalidPostOnly);
        }
        if has_minimum && (options.min_quantity.0 > total || auction_only) {
            return Some(RejectReason::InvalidMinimumQuantity);
        }
        None
    }

    pub(super) fn is_valid_quantity(&self, instrument: InstrumentId, quantity: u32) -> bool {
        let listing = &self.instrument(instrument).listing;
        quantity > 0
            && quantity <= listing.max_quantity.0
            && quantity.is_multiple_of(listing.lot_size.0)
    }

    fn is_sound_stop(&self, order: &Order) -> bool {
        match order.details.options.pricing {
            Pricing::TrailingStop => {
                let last = self.instrument(order.details.instrument).last;
                let offset = i64::from(order.details.options.offset);
                last.is_some_and(|last| match order.details.side {
                    Side::Buy => last.0 + offset <= Price::MAX_LIMIT.0,
                    Side::Sell => self.behind_last(order, last) > Price(0),
                })
            }
            _ => {
                let price = Price(order.details.options.offset.into());
                self.is_valid_price(order.details.instrument, price)
            }
        }
    }

    /// Where a stop order waits first; nowhere for a trailing stop while there
    /// is no last price.
    fn stop_price(&self, order: &Order) -> Option<Price> {
        let offset = i64::from(order.details.options.offset);
        if order.details.options.pricing == Pricing::Stop {
            return Some(Price(offset));
        }
        let last = self.instrument(order.details.instrument).last?;
        Some(self.behind_last(order, last))
    }

    /// The stop price of a trailing stop at its distance from the last price.
    pub(super) fn behind_last(&self, order: &Order, last: Price) -> Price {
        let distance = i64::from(order.details.options.offset);
        let grain = self.instrument(order.details.instrument).grain();
        match order.details.side {
            Side::Buy => {
                let price = last.0 + distance;
                Price(price - price.rem_euclid(grain))
            }
            Side::Sell => {
                let price = last.0 - distance;
                Price(price + (-price).rem_euclid(grain))
            }
        }
    }

    /// Checks 6 to 10, as if the order `instead_of` were not there; gives the
    /// order its resting price.
    fn obstacle(&mut self, order: &mut Order, instead_of: Option<OrderId>) -> Option<RejectReason> {
        let value = self.value(order);
        self.check_phase(order)
            .or_else(|| self.check_value(order))
            .or_else(|| self.give_price(order, instead_of))
            .or_else(|| self.check_room(order, instead_of))
            .or_else(|| self.check_risk(order, value, instead_of))
    }

    /// Check 6.
    fn check_phase(&self, order: &Order) -> Option<RejectReason> {
        let phase = self.instrument(order.details.instrument).phase;
        if let Some(reason) = is_over(phase) {
            return Some(reason);
        }
        let before_opening = matches!(phase, Phase::PreOpen | Phase::OpeningAuction);
        if order.details.time_in_force == TimeInForce::AtOpen && !before_opening {
            return Some(RejectReason::TooLateForAuction);
        }
        if !phase.gathers() {
            return None;
        }
        let finds_nobody = order.details.order_type != OrderType::Limit
            && !order.is_auction_only()
            && !order.is_stop();
        let has_minimum = order.details.options.min_quantity > Quantity(0);
        let dies = order.is_immediate() && !order.is_stop();
        if dies || has_minimum || finds_nobody {
            return Some(RejectReason::NotInAuction);
        }
        order.is_peg().then_some(RejectReason::NoPegReference)
    }

    /// Check 8: the price that it rests at, which is its limit from then on.
    fn give_price(
        &mut self,
        order: &mut Order,
        instead_of: Option<OrderId>,
    ) -> Option<RejectReason> {
        let instrument = order.details.instrument;
        let side = order.details.side;
        let best = self.best(instrument, side.opposite());
        if order.is_stop() {
            order.stop_price = self.stop_price(order).expect("check 5 found it sound");
        }
        order.details.price = match order.details.order_type {
            OrderType::MarketToLimit => best.unwrap_or(Price(0)),
            OrderType::Market if order.is_auction_only() => self.market_price(instrument, side),
            OrderType::Market => Price(0),
            OrderType::Limit if order.is_peg() => match self.peg_price(order, instead_of) {
                Some(price) => price,
                None => return Some(RejectReason::NoPegReference),
            },
            OrderType::Limit if order.details.options.post_only => match self.behind(order, best) {
                Some(price) => price,
                None => return Some(RejectReason::PostOnlyWouldTrade),
            },
            OrderType::Limit => order.details.price,
        };
        None
    }

    /// Where market orders for an auction rest.
    pub(super) fn market_price(&self, instrument: InstrumentId, side: Side) -> Price {
        let tick = self.instrument(instrument).tick();
        match side {
            Side::Buy => Price(Price::MAX_LIMIT.0 - Price::MAX_LIMIT.0 % tick),
            Side::Sell => Price(tick),
        }
    }

    /// Where a post-only order rests without trading, if it may.
    fn behind(&self, order: &Order, best: Option<Price>) -> Option<Price> {
        let listed = self.instrument(order.details.instrument);
        let trades =
            listed.phase == Phase::Continuous && best.is_some_and(|best| order.reaches(best));
        let Some(best) = best.filter(|_| trades) else {
            return Some(order.details.price);
        };
        if !listed.rules.post_only_slides {
            return None;
        }
        match order.details.side {
            Side::Buy => self.highest_valid_up_to(order.details.instrument, best.0 - 1),
            Side::Sell => self.lowest_valid_from(order.details.instrument, best.0 + 1),
        }
    }

    /// Check 9. A replacement always has the place of its original; the
    /// original's level is not free.
    fn check_room(&self, order: &Order, instead_of: Option<OrderId>) -> Option<RejectReason> {
        if !order.needs_place() {
            return None;
        }
        let others = self.orders.iter().filter(|other| Some(other.details.order_id) != instead_of);
        let is_full = others.clone().count() >= self.limits.orders as usize;
        let special = others.filter(|other| other.special).count();
        let special_full = special >= self.limits.special_orders as usize;
        let place = order.waits_in(self.instrument(order.details.instrument).phase);
        let place = place.unwrap_or(Place::Book);
        // A market-to-limit order that finds nobody rests nowhere.
        let needs_level = order.is_stop() || order.details.price > Price(0);
        let full = is_full
            || (order.asks_for_special() && special_full)
            || (needs_level && !self.has_level(order, place));
        full.then_some(RejectReason::BookFull)
    }

    /// Whether there is a level for it in that place, or room for one.
    pub(super) fn has_level(&self, order: &Order, place: Place) -> bool {
        let price = |order: &Order| match place {
            Place::Stops => order.stop_price,
            _ => order.details.price,
        };
        if place == Place::Close {
            return true;
        }
        let OrderDetails { instrument, side, .. } = order.details;
        let there = self.orders.iter().filter(|other| other.place == place);
        let there = there.filter(|other| other.is_of(instrument, side));
        let mut levels: Vec<Price> = there.map(price).collect();
        levels.sort_unstable();
        levels.dedup();
        levels.len() < self.limits.levels_per_side as usize || levels.contains(&price(order))
    }

    /// Gives an order that is taken its reference, and says where it goes.
    fn identify(&mut self, order: &mut Order) {
        order.details.order_id = self.next_order_id();
        order.entered_as = order.details.order_id;
        order.details.quantity = Quantity(order.open);
        order.special = order.needs_place() && order.asks_for_special();
        let phase = self.instrument(order.details.instrument).phase;
        order.details.rests =
            order.waits_in(phase).is_none() && (phase.gathers() || self.rests_untouched(order));
    }

    /// Puts an order that was taken where it belongs, or lets it trade.
    fn place(&mut self, mut order: Order) {
        let instrument = order.details.instrument;
        if let Some(place) = order.waits_in(self.instrument(instrument).phase) {
            order.place = place;
            order.show();
            self.append(order);
        } else if order.details.rests {
            self.rest(order);
        } else {
            self.trade_on_arrival(order);
        }
    }

    pub(super) fn replace(&mut self, session: SessionId, replace: &Replace, options: Options) {
        let Some(original) = self.find(session, replace.original) else {
            self.counters.unknown_orders += 1;
            return;
        };
        if u64::from(replace.user_ref.0) < self.session(session).next_user_ref {
            self.counters.stale_user_refs += 1;
            return;
        }
        let original_id = original.details.order_id;
        if let Some(reason) = self.refusal_of_change(&original) {
            self.postpone(session, replace, reason);
            return;
        }
        let mut order = replacement(&original, replace, options, self.time);
        if self.invalidity(&order, replace.quantity.0).is_some() {
            self.cancel_all_of(original_id, CancelReason::InvalidReplacement);
            return;
        }
        if replace.quantity.0 <= original.executed {
            self.cancel_all_of(original_id, CancelReason::User);
            return;
        }
        order.open = replace.quantity.0 - original.executed;
        if let Some(reason) = self.obstacle(&mut order, Some(original_id)) {
            self.postpone(session, replace, reason);
            return;
        }
        self.use_up(session, replace.user_ref);
        self.remove(original_id);
        self.identify(&mut order);
        let original_displayed = original.place == Place::Book && original.is_displayed();
        let replaced = Replaced {
            to: self.to(session),
            original_order_id: original_id,
            original_user_ref: original.details.user_ref,
            original_displayed,
            order: order.details,
        };
        // The market sees a displayed order go, a displayed one come, or both.
        let comes = order.details.rests && order.is_displayed();
        self.say(original_displayed || comes, EventBody::Replaced(replaced));
        self.place(order);
    }

    /// What refuses a replacement before it is looked at.
    fn refusal_of_change(&mut self, original: &Order) -> Option<RejectReason> {
        if let Some(reason) = self.check_session(original.session) {
            return Some(reason);
        }
        let listed = self.instrument(original.details.instrument);
        if listed.status != InstrumentStatus::Enabled {
            return Some(RejectReason::InstrumentDisabled);
        }
        is_over(listed.phase)
    }

    /// The original stays as it is, and the new number is used up.
    fn postpone(&mut self, session: SessionId, replace: &Replace, reason: RejectReason) {
        self.use_up(session, replace.user_ref);
        self.reject(session, replace.user_ref, reason, replace.cl_ord_id);
    }
}

/// Closed, or halted.
pub(super) fn is_over(phase: Phase) -> Option<RejectReason> {
    match phase {
        Phase::Closed => Some(RejectReason::Closed),
        Phase::Halted => Some(RejectReason::Halted),
        _ => None,
    }
}

fn new_order(session: SessionId, enter: &Enter, options: Options, now: Nanos) -> Order {
    let lives = options.expire_after_s > 0 && enter.time_in_force == TimeInForce::GoodTillTime;
    Order {
        details: OrderDetails {
            instrument: enter.instrument,
            order_id: OrderId(0),
            user_ref: enter.user_ref,
            side: enter.side,
            quantity: enter.quantity,
            price: enter.price,
            order_type: enter.order_type,
            time_in_force: enter.time_in_force,
            display: enter.display,
            rests: false,
            attributes: enter.attributes,
            options,
        },
        session,
        entered_as: OrderId(0),
        given_price: enter.price,
        stop_price: Price(0),
        open: enter.quantity.0,
        shown: 0,
        executed: 0,
        ends: lives.then(|| after(now, options.expire_after_s)),
        special: false,
        place: Place::Nowhere,
    }
}

/// The order that a replacement asks for, with what it inherits.
fn replacement(original: &Order, replace: &Replace, given: Options, now: Nanos) -> Order {
    let options = inherited(original, given);
    Order {
        details: OrderDetails {
            user_ref: replace.user_ref,
            price: replace.price,
            order_type: replace.order_type,
            time_in_force: replace.time_in_force,
            display: replace.display,
            rests: false,
            attributes: Attributes {
                intermarket_sweep: replace.intermarket_sweep,
                cl_ord_id: replace.cl_ord_id,
                ..original.details.attributes
            },
            options,
            ..original.details
        },
        given_price: replace.price,
        stop_price: Price(0),
        shown: 0,
        ends: match (replace.time_in_force, given.expire_after_s) {
            (TimeInForce::GoodTillTime, 0) => original.ends,
            (TimeInForce::GoodTillTime, seconds) => Some(after(now, seconds)),
            _ => None,
        },
        special: false,
        place: Place::Nowhere,
        ..*original
    }
}

fn inherited(original: &Order, given: Options) -> Options {
    let had = original.details.options;
    let mut options = given;
    if given.pricing == Pricing::Plain && given.offset == 0 {
        options.pricing = had.pricing;
        options.offset = had.offset;
    }
    if given.max_floor == Quantity(0) {
        options.max_floor = had.max_floor;
    }
    if given.group == 0 {
        options.group = had.group;
    }
    options.post_only |= had.post_only;
    if given.self_trade == SelfTrade::SessionDefault {
        options.self_trade = had.self_trade;
    }
    options
}

/// So many seconds later.
pub(super) fn after(now: Nanos, seconds: u32) -> Nanos {
    Nanos(now.0 + u64::from(seconds) * 1_000_000_000)
}
