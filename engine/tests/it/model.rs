//! The exchange as its specification says it, written to be obviously right.
//!
//! All resting orders of the venue stand in one vector in the order in which
//! they came to rest. Whatever is asked of it is answered by looking at all of
//! them: the order that trades next, the levels of a side, the order with a
//! client's number. There is no arena, no index and no running sum that could
//! be wrong. The rules are those of the crate's documentation and of OUCH 5.0
//! ("Semantics a client relies on"); the numbers of the output streams are
//! counted here as the events are said.

use ringmatch_engine::command::{
    AddInstrument, AddSession, Attributes, Cancel, Command, Display, Enter, Malformed, OrderType,
    Replace, SequencedCommand, SetTradingState, Side, TimeInForce, TradingState,
};
use ringmatch_engine::event::{
    Accepted, Added, Canceled, Event, EventBody, Executed, OrderDetails, Party, Recipient, Replaced,
};
use ringmatch_engine::{
    CancelReason, ClOrdId, Counters, InstrumentId, Limits, MatchNumber, Nanos, OrderId, Price,
    Quantity, RejectReason, RestingOrder, SessionId, StreamNumber, UserRef,
};

/// An order that rests, or is about to.
#[derive(Clone, Copy)]
struct Order {
    details: OrderDetails,
    session: SessionId,
    open: u32,
    executed: u32,
}

impl Order {
    fn may_rest(&self) -> bool {
        self.details.order_type == OrderType::Limit
            && self.details.time_in_force == TimeInForce::Day
    }

    fn is_displayed(&self) -> bool {
        self.details.display != Display::Hidden
    }

    /// The seller's price is not above the buyer's; a market order has none.
    fn trades_with(&self, resting: &Self) -> bool {
        let apart = match self.details.side {
            Side::Buy => resting.details.price > self.details.price,
            Side::Sell => resting.details.price < self.details.price,
        };
        resting.details.instrument == self.details.instrument
            && resting.details.side != self.details.side
            && (self.details.order_type == OrderType::Market || !apart)
    }

    /// Smaller is sooner: the better price, then what is displayed.
    fn rank(&self) -> (i64, bool) {
        let price = self.details.price.0;
        match self.details.side {
            Side::Buy => (-price, !self.is_displayed()),
            Side::Sell => (price, !self.is_displayed()),
        }
    }
}

struct Session {
    listing: AddSession,
    next_input: u64,
    next_user_ref: u64,
    responses: u64,
}

struct Instrument {
    listing: AddInstrument,
    state: TradingState,
}

/// See the [module](self).
pub(crate) struct Model {
    limits: Limits,
    sessions: Vec<Session>,
    instruments: Vec<Instrument>,
    /// In the order in which they came to rest.
    resting: Vec<Order>,
    pub(crate) counters: Counters,
    input: SequencedCommand,
    time: Nanos,
    orders: u64,
    matches: u64,
    market: u64,
    said: Vec<Event>,
}

impl Model {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            sessions: Vec::new(),
            instruments: Vec::new(),
            resting: Vec::new(),
            counters: Counters::default(),
            input: SequencedCommand::default(),
            time: Nanos(0),
            orders: 0,
            matches: 0,
            market: 0,
            said: Vec::new(),
        }
    }

    /// What a command causes.
    pub(crate) fn apply(&mut self, input: &SequencedCommand) -> Vec<Event> {
        self.input = *input;
        self.time = self.time.max(input.time);
        if input.session == SessionId(0) {
            self.operate(&input.command);
        } else if self.is_new_input(input) {
            self.serve(input.session, &input.command);
        } else {
            self.counters.duplicate_inputs += 1;
        }
        std::mem::take(&mut self.said)
    }

    /// The levels of a side, best first, each with its orders as they trade.
    pub(crate) fn book(
        &self,
        instrument: InstrumentId,
        side: Side,
    ) -> Vec<(Price, Vec<RestingOrder>)> {
        let mut orders: Vec<&Order> = self
            .resting
            .iter()
            .filter(|order| order.details.instrument == instrument && order.details.side == side)
            .collect();
        orders.sort_by_key(|order| order.rank());
        orders
            .chunk_by(|one, other| one.details.price == other.details.price)
            .map(|level| (level[0].details.price, level.iter().map(|order| seen(order)).collect()))
            .collect()
    }

    fn is_new_input(&mut self, input: &SequencedCommand) -> bool {
        let session = usize::from(input.session.0) - 1;
        match self.sessions.get_mut(session) {
            // The last number has no successor, so it is never taken.
            Some(session) if input.number >= session.next_input && input.number < u64::MAX => {
                session.next_input = input.number + 1;
                true
            }
            _ => false,
        }
    }

    fn operate(&mut self, command: &Command) {
        let done = match command {
            Command::Nothing => true,
            Command::SystemEvent(event) => {
                self.say(true, EventBody::System(*event));
                true
            }
            Command::AddInstrument(listing) => self.add_instrument(listing),
            Command::AddSession(admission) => self.add_session(admission),
            Command::SetTradingState(change) => self.set_trading_state(change),
            _ => false,
        };
        self.counters.refused_operations += u64::from(!done);
    }

    fn add_instrument(&mut self, listing: &AddInstrument) -> bool {
        let AddInstrument { instrument, symbol, tick_size, lot_size, max_quantity } = *listing;
        let refused = self.instruments.len() == usize::from(self.limits.instruments)
            || usize::from(instrument.0) != self.instruments.len() + 1
            || self.instruments.iter().any(|known| known.listing.symbol == symbol)
            || tick_size <= Price(0)
            || lot_size == Quantity(0)
            || max_quantity == Quantity(0);
        if refused {
            return false;
        }
        self.instruments.push(Instrument { listing: *listing, state: TradingState::Halted });
        self.say(true, EventBody::InstrumentAdded { instrument, symbol, lot_size });
        true
    }

    fn add_session(&mut self, admission: &AddSession) -> bool {
        let AddSession { session, name, firm } = *admission;
        let refused = self.sessions.len() == usize::from(self.limits.sessions)
            || usize::from(session.0) != self.sessions.len() + 1
            || self.sessions.iter().any(|known| known.listing.name == name);
        if refused {
            return false;
        }
        let listing = *admission;
        self.sessions.push(Session { listing, next_input: 1, next_user_ref: 1, responses: 0 });
        let to = self.to(session);
        self.say(false, EventBody::SessionAdded { to, name, firm });
        true
    }

    fn set_trading_state(&mut self, change: &SetTradingState) -> bool {
        let SetTradingState { instrument, state } = *change;
        if instrument.0 == 0 || usize::from(instrument.0) > self.instruments.len() {
            return false;
        }
        let listed = &mut self.instruments[usize::from(instrument.0) - 1];
        if listed.state != state {
            listed.state = state;
            self.say(true, EventBody::TradingAction { instrument, state });
        }
        true
    }

    fn serve(&mut self, session: SessionId, command: &Command) {
        match command {
            Command::Nothing => {}
            Command::Enter(enter) => self.enter(session, enter),
            Command::Replace(replace) => self.replace(session, replace),
            Command::Cancel(cancel) => self.cancel(session, cancel),
            Command::AccountQuery => {
                let next_user_ref = self.session(session).next_user_ref;
                let to = self.to(session);
                self.say(false, EventBody::AccountStatus { to, next_user_ref });
            }
            Command::Malformed(malformed) => {
                let Malformed { user_ref, reason, cl_ord_id } = *malformed;
                if user_ref == UserRef(0) || self.use_up(session, user_ref) {
                    self.reject(session, user_ref, reason, cl_ord_id);
                }
            }
            _ => self.counters.refused_operations += 1,
        }
    }

    fn enter(&mut self, session: SessionId, enter: &Enter) {
        if !self.use_up(session, enter.user_ref) {
            return;
        }
        let mut order = Order {
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
                attributes: enter.attributes,
            },
            session,
            open: enter.quantity.0,
            executed: 0,
        };
        if let Some(reason) = self.refusal(&order) {
            self.reject(session, enter.user_ref, reason, enter.attributes.cl_ord_id);
            return;
        }
        order.details.order_id = self.order_id();
        let rests = self.rests_untouched(&order);
        let to = self.to(session);
        let accepted = Accepted { to, order: order.details, rests };
        self.say(rests && order.is_displayed(), EventBody::Accepted(accepted));
        self.trade_and_rest(order, rests);
    }

    fn refusal(&self, order: &Order) -> Option<RejectReason> {
        let number = usize::from(order.details.instrument.0);
        if number == 0 || number > self.instruments.len() {
            return Some(RejectReason::UnknownSymbol);
        }
        if let Some(reason) = self.invalidity(order, order.details.quantity) {
            return Some(reason);
        }
        if self.instruments[number - 1].state == TradingState::Halted {
            return Some(RejectReason::Halted);
        }
        let is_full = self.resting.len() == self.limits.orders as usize;
        (order.may_rest() && (is_full || !self.has_level(order))).then_some(RejectReason::BookFull)
    }

    fn invalidity(&self, order: &Order, total: Quantity) -> Option<RejectReason> {
        let listing = &self.instruments[usize::from(order.details.instrument.0) - 1].listing;
        if total.0 == 0
            || total > listing.max_quantity
            || !total.0.is_multiple_of(listing.lot_size.0)
        {
            return Some(RejectReason::InvalidQuantity);
        }
        let price = order.details.price;
        let is_price =
            price > Price(0) && price <= Price::MAX_LIMIT && price.0 % listing.tick_size.0 == 0;
        (order.details.order_type == OrderType::Limit && !is_price)
            .then_some(RejectReason::InvalidPrice)
    }

    /// Whether there is a level at its price, or room for one.
    fn has_level(&self, order: &Order) -> bool {
        let levels = self.book(order.details.instrument, order.details.side);
        levels.len() < self.limits.levels_per_side as usize
            || levels.iter().any(|(price, _)| *price == order.details.price)
    }

    fn replace(&mut self, session: SessionId, replace: &Replace) {
        let Some(place) = self.find(session, replace.original) else {
            self.counters.unknown_orders += 1;
            return;
        };
        if u64::from(replace.user_ref.0) < self.session(session).next_user_ref {
            self.counters.stale_user_refs += 1;
            return;
        }
        let original = self.resting[place];
        let mut order = Order {
            details: OrderDetails {
                user_ref: replace.user_ref,
                price: replace.price,
                order_type: replace.order_type,
                time_in_force: replace.time_in_force,
                display: replace.display,
                attributes: Attributes {
                    intermarket_sweep: replace.intermarket_sweep,
                    cl_ord_id: replace.cl_ord_id,
                    ..original.details.attributes
                },
                ..original.details
            },
            ..original
        };
        let number = usize::from(original.details.instrument.0);
        if self.instruments[number - 1].state == TradingState::Halted {
            self.postpone(session, replace, RejectReason::Halted);
        } else if self.invalidity(&order, replace.quantity).is_some() {
            self.take_out(place, CancelReason::InvalidReplacement);
        } else if replace.quantity.0 <= original.executed {
            self.take_out(place, CancelReason::User);
        } else if order.may_rest() && !self.has_level(&order) {
            self.postpone(session, replace, RejectReason::BookFull);
        } else {
            self.use_up(session, replace.user_ref);
            self.resting.remove(place);
            order.open = replace.quantity.0 - original.executed;
            order.details.quantity = Quantity(order.open);
            order.details.order_id = self.order_id();
            self.enter_replacement(order, &original);
        }
    }

    /// The original stays as it is, and the new number is used up.
    fn postpone(&mut self, session: SessionId, replace: &Replace, reason: RejectReason) {
        self.use_up(session, replace.user_ref);
        self.reject(session, replace.user_ref, reason, replace.cl_ord_id);
    }

    fn enter_replacement(&mut self, order: Order, original: &Order) {
        let rests = self.rests_untouched(&order);
        let replaced = Replaced {
            to: self.to(order.session),
            original_order_id: original.details.order_id,
            original_user_ref: original.details.user_ref,
            order: order.details,
            rests,
            original_displayed: original.is_displayed(),
        };
        // The market sees a displayed order go, a displayed one come, or both.
        let seen = original.is_displayed() || (rests && order.is_displayed());
        self.say(seen, EventBody::Replaced(replaced));
        self.trade_and_rest(order, rests);
    }

    fn cancel(&mut self, session: SessionId, cancel: &Cancel) {
        let Some(place) = self.find(session, cancel.user_ref) else {
            self.counters.unknown_orders += 1;
            return;
        };
        let order = &mut self.resting[place];
        // The number is the most that may be executed in total.
        let left = cancel.quantity.0.saturating_sub(order.executed);
        if left >= order.open {
            self.counters.superfluous_cancels += 1;
        } else if left == 0 {
            self.take_out(place, CancelReason::User);
        } else {
            let by = order.open - left;
            order.open = left;
            let order = *order;
            self.say_canceled(&order, by, CancelReason::User, order.is_displayed());
        }
    }

    /// The order that trades next with an incoming one.
    fn next_maker(&self, incoming: &Order) -> Option<usize> {
        let all = self.resting.iter().enumerate();
        let candidates = all.filter(|(_, order)| incoming.trades_with(order));
        // Of several with the same rank, this is the first.
        candidates.min_by_key(|(_, order)| order.rank()).map(|(place, _)| place)
    }

    /// Whether all of an order comes to rest at once.
    fn rests_untouched(&self, order: &Order) -> bool {
        order.may_rest() && self.next_maker(order).is_none()
    }

    fn trade_and_rest(&mut self, mut order: Order, rests_untouched: bool) {
        let makers = self.resting.iter().filter(|maker| order.trades_with(maker));
        let available: u64 = makers.map(|maker| u64::from(maker.open)).sum();
        let all_or_none = order.details.time_in_force == TimeInForce::FillOrKill;
        if !all_or_none || available >= u64::from(order.open) {
            self.trade(&mut order);
        }
        if order.open == 0 {
            return;
        }
        if !order.may_rest() {
            let by = std::mem::take(&mut order.open);
            self.say_canceled(&order, by, CancelReason::Immediate, false);
            return;
        }
        self.resting.push(order);
        if order.is_displayed() && !rests_untouched {
            let OrderDetails { instrument, order_id, side, price, .. } = order.details;
            let quantity = Quantity(order.open);
            let added = Added { instrument, order_id, side, quantity, price };
            self.say(true, EventBody::Added(added));
        }
    }

    fn trade(&mut self, taker: &mut Order) {
        while taker.open > 0 {
            let Some(place) = self.next_maker(taker) else { return };
            let maker = &mut self.resting[place];
            let quantity = maker.open.min(taker.open);
            for party in [&mut *maker, &mut *taker] {
                party.open -= quantity;
                party.executed += quantity;
            }
            let maker = *maker;
            if maker.open == 0 {
                self.resting.remove(place);
            }
            self.matches += 1;
            self.counters.executions += 1;
            let executed = Executed {
                instrument: maker.details.instrument,
                match_number: MatchNumber(self.matches),
                price: maker.details.price,
                quantity: Quantity(quantity),
                maker: self.party(&maker),
                taker: self.party(taker),
                maker_side: maker.details.side,
                maker_displayed: maker.is_displayed(),
            };
            self.say(true, EventBody::Executed(executed));
        }
    }

    fn party(&mut self, order: &Order) -> Party {
        let to = self.to(order.session);
        Party { to, order_id: order.details.order_id, user_ref: order.details.user_ref }
    }

    fn take_out(&mut self, place: usize, reason: CancelReason) {
        let mut order = self.resting.remove(place);
        let by = std::mem::take(&mut order.open);
        self.say_canceled(&order, by, reason, order.is_displayed());
    }

    fn say_canceled(&mut self, order: &Order, by: u32, reason: CancelReason, seen: bool) {
        let canceled = Canceled {
            to: self.to(order.session),
            instrument: order.details.instrument,
            order_id: order.details.order_id,
            user_ref: order.details.user_ref,
            quantity: Quantity(by),
            remaining: Quantity(order.open),
            reason,
        };
        self.say(seen, EventBody::Canceled(canceled));
    }

    fn reject(
        &mut self,
        session: SessionId,
        user_ref: UserRef,
        reason: RejectReason,
        cl_ord_id: ClOrdId,
    ) {
        let to = self.to(session);
        self.say(false, EventBody::Rejected { to, user_ref, reason, cl_ord_id });
    }

    fn find(&self, session: SessionId, user_ref: UserRef) -> Option<usize> {
        self.resting
            .iter()
            .position(|order| order.session == session && order.details.user_ref == user_ref)
    }

    fn use_up(&mut self, session: SessionId, user_ref: UserRef) -> bool {
        let session = self.session(session);
        let is_new = u64::from(user_ref.0) >= session.next_user_ref;
        if is_new {
            session.next_user_ref = u64::from(user_ref.0) + 1;
        } else {
            self.counters.stale_user_refs += 1;
        }
        is_new
    }

    fn session(&mut self, session: SessionId) -> &mut Session {
        &mut self.sessions[usize::from(session.0) - 1]
    }

    fn to(&mut self, session: SessionId) -> Recipient {
        let responses = &mut self.session(session).responses;
        *responses += 1;
        let number = StreamNumber(*responses);
        Recipient { session, number }
    }

    fn order_id(&mut self) -> OrderId {
        self.orders += 1;
        OrderId(self.orders)
    }

    fn say(&mut self, to_market: bool, body: EventBody) {
        self.market += u64::from(to_market);
        self.counters.events += 1;
        self.said.push(Event {
            cause: self.input.sequence,
            time: self.time,
            market: StreamNumber(if to_market { self.market } else { 0 }),
            body,
        });
    }
}

fn seen(order: &Order) -> RestingOrder {
    RestingOrder {
        order_id: order.details.order_id,
        session: order.session,
        user_ref: order.details.user_ref,
        quantity: Quantity(order.open),
        displayed: order.is_displayed(),
    }
}
