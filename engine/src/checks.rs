//! Whether an order can be taken: the checks of a new order, in their order.
//!
//! The numbers in the comments are those of `docs/order-semantics.md`. What the
//! usual order has to pass of them stands in `usual`.

use crate::book::{Grid, NIL, grain, key};
use crate::command::{
    Display, InstrumentStatus, Options, OrderType, Phase, Pricing, Side, TimeInForce,
};
use crate::exchange::Exchange;
use crate::instrument::Instrument;
use crate::reason::RejectReason;
use crate::types::{InstrumentId, Price, Quantity, SessionId};

/// The longest that a good-till-time order may last, in seconds.
const MAX_EXPIRE_S: u32 = 86_399;

/// What is asked, as far as the checks and matching need to know.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) session: SessionId,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    /// What would be open.
    pub(crate) quantity: Quantity,
    pub(crate) price: Price,
    pub(crate) order_type: OrderType,
    pub(crate) time_in_force: TimeInForce,
    pub(crate) display: Display,
    pub(crate) options: &'a Options,
    /// Whether there are any; where it is known beforehand, nobody asks.
    pub(crate) has_options: bool,
    /// The order that it replaces, whose share of the session's limits does
    /// not count.
    pub(crate) replaces: u32,
    /// Whether it inherits the end of the order it replaces.
    pub(crate) inherits_expiry: bool,
}

/// Where an order stands, once it has been found sound.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// The grain at which it rests; zero if it does not.
    pub(crate) grain: u32,
    /// The lowest key of the other side that it may trade with.
    pub(crate) reach: u32,
    /// Whether the instrument is in continuous trading.
    pub(crate) trades_now: bool,
    /// Whether the other side has something for it.
    pub(crate) crosses: bool,
    /// The level where it rests, or NIL if there is none.
    pub(crate) level: u32,
}

impl Terms {
    fn at(side: Side, grain: u32) -> Self {
        let reach = key(side.opposite(), grain);
        Self { grain, reach, trades_now: true, crosses: false, level: NIL }
    }

    /// An order without a price, that meets whatever is there.
    const MARKET: Self = Self { grain: 0, reach: 0, trades_now: true, crosses: true, level: NIL };
}

impl Request<'_> {
    pub(crate) fn is_stop(&self) -> bool {
        self.has_options && matches!(self.options.pricing, Pricing::Stop | Pricing::TrailingStop)
    }

    pub(crate) fn is_peg(&self) -> bool {
        self.has_options && matches!(self.options.pricing, Pricing::MidpointPeg | Pricing::NearPeg)
    }

    /// Whether it has to be held: it may rest, or it waits for something.
    pub(crate) fn needs_place(&self) -> bool {
        self.may_rest() || self.is_stop()
    }

    /// Whether what is left of it may rest.
    pub(crate) fn may_rest(&self) -> bool {
        let is_priced = self.order_type != OrderType::Market;
        (is_priced && !self.time_in_force.is_immediate()) || self.time_in_force.is_auction_only()
    }

    /// Whether it takes a special place besides.
    pub(crate) fn is_special(&self) -> bool {
        let options = Options { min_quantity: Quantity(0), ..*self.options };
        (self.has_options && !options.is_none())
            || self.inherits_expiry
            || self.time_in_force == TimeInForce::AtClose
    }
}

impl Exchange {
    /// Check 1: what the session may do at all.
    pub(crate) fn check_session(&mut self, session: SessionId) -> Result<(), RejectReason> {
        if !self.known_session(session).is_checked {
            return Ok(());
        }
        let time = self.voice.time;
        let session = self.known_session_mut(session);
        if !session.enabled {
            Err(RejectReason::SessionDisabled)
        } else if !session.order_entry_enabled {
            Err(RejectReason::OrderEntryDisabled)
        } else if !session.take_rate(time) {
            Err(RejectReason::MessageRate)
        } else {
            Ok(())
        }
    }

    /// Checks 2 to 10 of a new order; check 1 comes before.
    pub(crate) fn check(&self, request: &Request<'_>) -> Result<Terms, RejectReason> {
        let at = usize::from(request.instrument.0).wrapping_sub(1);
        let instrument = self.instruments.get(at).ok_or(RejectReason::UnknownSymbol)?;
        if instrument.status != InstrumentStatus::Enabled {
            return Err(RejectReason::InstrumentDisabled);
        }
        self.check_sound(instrument, request, request.quantity)?;
        self.check_now(instrument, request)
    }

    /// Checks 3 to 5: whether the order makes sense by itself. `total` is what
    /// the client gave as its quantity.
    pub(crate) fn check_sound(
        &self,
        instrument: &Instrument,
        request: &Request<'_>,
        total: Quantity,
    ) -> Result<(), RejectReason> {
        self.check_details(instrument, request, total)?;
        check_time_in_force(request)?;
        self.check_options(instrument, request, total)
    }

    /// Check 3, and the grain of a limit order's price.
    fn check_details(
        &self,
        instrument: &Instrument,
        request: &Request<'_>,
        total: Quantity,
    ) -> Result<u32, RejectReason> {
        if !instrument.allows(total) {
            return Err(RejectReason::InvalidQuantity);
        }
        if request.order_type != OrderType::Limit {
            return Ok(0);
        }
        let tick = self.books.grid(instrument.id).tick(request.price);
        let grain = tick.ok_or(RejectReason::InvalidPrice)?;
        let table = instrument.rules.tick_table;
        if table > 0 && !self.tick_tables.allows(table, request.price) {
            return Err(RejectReason::InvalidPrice);
        }
        Ok(grain)
    }

    /// Check 5.
    fn check_options(
        &self,
        instrument: &Instrument,
        request: &Request<'_>,
        total: Quantity,
    ) -> Result<(), RejectReason> {
        let Options { offset, max_floor, min_quantity, post_only, .. } = *request.options;
        let is_limit = request.order_type == OrderType::Limit;
        let rests_now = is_limit
            && !request.time_in_force.is_immediate()
            && !request.time_in_force.is_auction_only();
        let is_bare = max_floor.0 == 0 && min_quantity.0 == 0 && !post_only;
        if request.is_stop() && !(is_bare && self.is_sound_stop(instrument, request)) {
            return Err(RejectReason::InvalidStop);
        }
        if request.is_peg() {
            let whole_ticks = i64::from(offset) % instrument.tick_size.0 == 0;
            let hidden = request.display == Display::Hidden;
            if !(rests_now && hidden && is_bare && whole_ticks) {
                return Err(RejectReason::InvalidPeg);
            }
        }
        if max_floor.0 > 0 {
            let whole_lots = max_floor.0.is_multiple_of(instrument.lot_size.0);
            if !rests_now || request.display == Display::Hidden || !whole_lots {
                return Err(RejectReason::InvalidMaxFloor);
            }
        }
        if post_only && !(rests_now && min_quantity.0 == 0) {
            return Err(RejectReason::InvalidPostOnly);
        }
        if min_quantity > total || (min_quantity.0 > 0 && request.time_in_force.is_auction_only()) {
            return Err(RejectReason::InvalidMinimumQuantity);
        }
        Ok(())
    }

    fn is_sound_stop(&self, instrument: &Instrument, request: &Request<'_>) -> bool {
        let offset = Price(request.options.offset.into());
        let grid = self.books.grid(instrument.id);
        offset > Price(0)
            && request.order_type != OrderType::MarketToLimit
            && !request.time_in_force.is_auction_only()
            && match request.options.pricing {
                Pricing::Stop => {
                    let table = instrument.rules.tick_table;
                    grid.tick(offset).is_some() && self.tick_tables.allows(table, offset)
                }
                _ => self.first_stop_grain(instrument, request).is_some(),
            }
    }

    /// The grain of a stop order's stop price as it comes in.
    pub(crate) fn first_stop_grain(
        &self,
        instrument: &Instrument,
        request: &Request<'_>,
    ) -> Option<u32> {
        let offset = Price(request.options.offset.into());
        let grid = self.books.grid(instrument.id);
        if request.options.pricing == Pricing::Stop {
            return grid.tick(offset);
        }
        if instrument.last_price <= Price(0) {
            return None;
        }
        trailing_grain(grid, request.side, instrument.last_price, offset)
    }

    /// Checks 6 to 10, which depend on the moment.
    pub(crate) fn check_now(
        &self,
        instrument: &Instrument,
        request: &Request<'_>,
    ) -> Result<Terms, RejectReason> {
        check_phase(instrument.phase, request)?;
        let valuation = self.valuation(instrument, request);
        let value = valuation.0 as u128 * u128::from(request.quantity.0);
        let max_value = instrument.rules.max_value;
        if max_value > 0 && value > u128::from(max_value) {
            return Err(RejectReason::ValueTooLarge);
        }
        let trades_now = instrument.phase == Phase::Continuous;
        let terms = self.terms(instrument, request)?;
        let Terms { grain, reach, .. } = terms;
        let (level, crosses) = self.books.outlook(instrument.id, request.side, grain, reach);
        let terms = Terms { trades_now, crosses, level, ..terms };
        self.check_special_room(instrument, request)?;
        self.check_room(request, &terms)?;
        Ok(terms)
    }

    /// What an order is worth, by the share: its own limit, else the best price
    /// of the other side, else the last.
    fn valuation(&self, instrument: &Instrument, request: &Request<'_>) -> Price {
        if request.order_type == OrderType::Limit {
            return request.price;
        }
        let best = self.books.best_price(request.instrument, request.side.opposite());
        best.unwrap_or(instrument.last_price)
    }

    /// Check 8: where an order stands.
    fn terms(&self, instrument: &Instrument, request: &Request<'_>) -> Result<Terms, RejectReason> {
        let grid = self.books.grid(instrument.id);
        let side = request.side;
        if request.is_stop() {
            let grain = grid.tick(request.price).unwrap_or(0);
            let terms = Terms::at(side, grain);
            let is_limit = request.order_type == OrderType::Limit;
            return Ok(if is_limit { terms } else { Terms::MARKET });
        }
        if request.is_peg() {
            let own = grid.tick(request.price).unwrap_or(0);
            let best = [Side::Buy, Side::Sell].map(|side| {
                let best = self.books.best_displayed_without(instrument.id, side, request.replaces);
                best.unwrap_or(0)
            });
            let peg = peg_grain(instrument, grid, side, request.options, own, best);
            return peg.map(|grain| Terms::at(side, grain)).ok_or(RejectReason::NoPegReference);
        }
        let grain = match request.order_type {
            OrderType::Limit if request.options.post_only => {
                self.post_only_grain(instrument, request)?
            }
            OrderType::Limit => grid.tick(request.price).unwrap_or(0),
            OrderType::Market if request.time_in_force.is_auction_only() => match side {
                Side::Buy => grid.highest_tick(),
                Side::Sell => grid.lowest_tick(),
            },
            OrderType::Market => return Ok(Terms::MARKET),
            OrderType::MarketToLimit => {
                let best = self.books.best(instrument.id, side.opposite());
                let Some(best) = best else {
                    return Ok(Terms { reach: u32::MAX, ..Terms::MARKET });
                };
                grain(side.opposite(), best.key)
            }
        };
        Ok(Terms::at(side, grain))
    }

    fn post_only_grain(
        &self,
        instrument: &Instrument,
        request: &Request<'_>,
    ) -> Result<u32, RejectReason> {
        let grid = self.books.grid(instrument.id);
        let own = grid.tick(request.price).unwrap_or(0);
        let reach = key(request.side.opposite(), own);
        let best = self.books.best_within(instrument.id, request.side.opposite(), reach);
        let Some(best) = best.filter(|_| instrument.phase == Phase::Continuous) else {
            return Ok(own);
        };
        if !instrument.rules.post_only_slides {
            return Err(RejectReason::PostOnlyWouldTrade);
        }
        let bound = grid.price(grain(request.side.opposite(), best.key));
        let (table, step) = (instrument.rules.tick_table, instrument.tick_size);
        let slid = match request.side {
            Side::Buy => self.tick_tables.below(table, bound, step),
            Side::Sell => self.tick_tables.above(table, bound, step),
        };
        slid.and_then(|price| grid.tick(price)).ok_or(RejectReason::PostOnlyWouldTrade)
    }

    /// Check 9, for what only special orders need.
    fn check_special_room(
        &self,
        instrument: &Instrument,
        request: &Request<'_>,
    ) -> Result<(), RejectReason> {
        if !request.needs_place() {
            return Ok(());
        }
        let frees_special =
            request.replaces != NIL && self.books.orders[request.replaces].special != NIL;
        if request.is_special() && self.books.specials.is_full() && !frees_special {
            return Err(RejectReason::BookFull);
        }
        if request.is_stop() {
            let grain = self.first_stop_grain(instrument, request).unwrap_or(0);
            if !self.books.has_stop_level(instrument.id, request.side, grain) {
                return Err(RejectReason::BookFull);
            }
        }
        Ok(())
    }

    /// Checks 9 and 10.
    pub(crate) fn check_room(
        &self,
        request: &Request<'_>,
        terms: &Terms,
    ) -> Result<(), RejectReason> {
        let needs_place = request.needs_place();
        if needs_place {
            let is_full = self.books.is_full() && request.replaces == NIL;
            let Request { instrument, side, .. } = *request;
            let needs_level =
                terms.level == NIL && !request.is_stop() && !self.waits(request) && terms.grain > 0;
            if is_full || (needs_level && !self.books.has_level(instrument, side, terms.grain)) {
                return Err(RejectReason::BookFull);
            }
        }
        if self.known_session(request.session).is_counted {
            self.check_limits(request, needs_place)?;
        }
        Ok(())
    }

    /// Whether an order waits for the closing auction.
    pub(crate) fn waits(&self, request: &Request<'_>) -> bool {
        request.time_in_force == TimeInForce::AtClose
            && self.listed(request.instrument).phase != Phase::ClosingAuction
    }

    /// Check 10.
    pub(crate) fn check_limits(
        &self,
        request: &Request<'_>,
        needs_place: bool,
    ) -> Result<(), RejectReason> {
        let session = self.known_session(request.session);
        let instrument = self.listed(request.instrument);
        let (own_orders, own_quantity, own_value) = self.share_of(request.replaces);
        let limits = &session.limits;
        let open_orders = session.open_orders - own_orders;
        if needs_place && limits.max_open_orders > 0 && open_orders >= limits.max_open_orders {
            return Err(RejectReason::TooManyOpenOrders);
        }
        let mut position = session.position(request.instrument);
        *position.open(request.side) -= u64::from(own_quantity.0);
        let worst = position.worst(request.side, request.quantity.0.into());
        if limits.max_position > 0 && worst > limits.max_position {
            return Err(RejectReason::PositionLimit);
        }
        let value = self.valuation(instrument, request).0 as u128;
        let exposure = session.exposure - own_value + value * u128::from(request.quantity.0);
        if limits.max_exposure > 0 && exposure > u128::from(limits.max_exposure) {
            return Err(RejectReason::ExposureLimit);
        }
        Ok(())
    }

    /// What an order counts against its session's limits.
    fn share_of(&self, index: u32) -> (u32, Quantity, u128) {
        if index == NIL {
            return (0, Quantity(0), 0);
        }
        let order = &self.books.orders[index];
        let value = self.own_price(order).0 as u128 * u128::from(order.open.0);
        (1, order.open, value)
    }

    /// Checks 7 and 10 of an order that is to grow in its place.
    pub(crate) fn may_grow(&self, request: &Request<'_>) -> bool {
        let instrument = self.listed(request.instrument);
        let value = self.valuation(instrument, request).0 as u128;
        let max_value = instrument.rules.max_value;
        let is_small =
            max_value == 0 || value * u128::from(request.quantity.0) <= u128::from(max_value);
        let is_counted = self.known_session(request.session).is_counted;
        is_small && (!is_counted || self.check_limits(request, true).is_ok())
    }

    /// The grains of the best displayed bid and ask; zero where there is none.
    pub(crate) fn best_displayed(&self, instrument: InstrumentId) -> [u32; 2] {
        [Side::Buy, Side::Sell].map(|side| self.books.best_displayed(instrument, side).unwrap_or(0))
    }
}

/// Check 4.
fn check_time_in_force(request: &Request<'_>) -> Result<(), RejectReason> {
    let seconds = request.options.expire_after_s;
    let is_sound = match request.time_in_force {
        TimeInForce::GoodTillTime => {
            (1..=MAX_EXPIRE_S).contains(&seconds) || (seconds == 0 && request.inherits_expiry)
        }
        _ => seconds == 0,
    };
    if !is_sound {
        return Err(RejectReason::InvalidExpireTime);
    }
    let is_market_to_limit = request.order_type == OrderType::MarketToLimit;
    if is_market_to_limit && request.time_in_force.is_auction_only() {
        return Err(RejectReason::UnsupportedTimeInForce);
    }
    Ok(())
}

/// Check 6.
fn check_phase(phase: Phase, request: &Request<'_>) -> Result<(), RejectReason> {
    match phase {
        Phase::Closed => return Err(RejectReason::Closed),
        Phase::Halted => return Err(RejectReason::Halted),
        _ => {}
    }
    let is_opening = matches!(phase, Phase::PreOpen | Phase::OpeningAuction);
    if request.time_in_force == TimeInForce::AtOpen && !is_opening {
        return Err(RejectReason::TooLateForAuction);
    }
    if !phase.gathers() {
        return Ok(());
    }
    let is_priced = request.order_type == OrderType::Limit
        || request.time_in_force.is_auction_only()
        || request.is_stop();
    // A stop that is immediate is so once it is triggered.
    let is_immediate = request.time_in_force.is_immediate() && !request.is_stop();
    if !is_priced || is_immediate || request.options.min_quantity.0 > 0 {
        return Err(RejectReason::NotInAuction);
    }
    if request.is_peg() {
        return Err(RejectReason::NoPegReference);
    }
    Ok(())
}

/// The grain at which a trailing stop follows a price, if there is one.
pub(crate) fn trailing_grain(grid: &Grid, side: Side, last: Price, distance: Price) -> Option<u32> {
    let grain = match side {
        Side::Buy => {
            let price = Price(last.0 + distance.0);
            if price > Price::MAX_LIMIT {
                return None;
            }
            grid.floor(price)
        }
        Side::Sell => grid.ceiling(Price(last.0 - distance.0)),
    };
    (grain > 0).then_some(grain)
}

/// The grain that a peg stands at. `own` is its own limit, `best` the best
/// displayed bid and ask, zero where there is none.
pub(crate) fn peg_grain(
    instrument: &Instrument,
    grid: &Grid,
    side: Side,
    options: &Options,
    own: u32,
    best: [u32; 2],
) -> Option<u32> {
    let price = |grain: u32| (grain > 0).then(|| grid.price(grain));
    let (bid, ask) = (price(best[0]), price(best[1]));
    let tick = instrument.tick_size.0;
    // Twice the price, because the middle may be between two prices.
    let reference = match options.pricing {
        Pricing::MidpointPeg => bid?.0 + ask?.0,
        _ if side == Side::Buy => bid?.0 * 2,
        _ => ask?.0 * 2,
    };
    let offset = i64::from(options.offset) * 2;
    let own = grid.price(own).0 * 2;
    let twice = match side {
        Side::Buy => {
            let near = ask.map_or(i64::MAX, |ask| (ask.0 - tick) * 2);
            (reference + offset).min(near).min(own)
        }
        Side::Sell => {
            let near = bid.map_or(i64::MIN, |bid| (bid.0 + tick) * 2);
            (reference - offset).max(near).max(own)
        }
    };
    if twice <= 0 {
        return None;
    }
    let grain = match side {
        Side::Buy => grid.floor(Price(twice.div_euclid(2))),
        Side::Sell => grid.ceiling(Price((twice + 1).div_euclid(2))),
    };
    (grain > 0 && grid.price(grain) <= Price::MAX_LIMIT).then_some(grain)
}
