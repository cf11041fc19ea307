//! The exchange as its specification says it, written to be obviously right.
//!
//! All resting orders of the venue stand in one vector in the order in which
//! they came to rest. Whatever is asked of it is answered by looking at all of
//! them: the order that trades next, the levels of a side, the order with a
//! client's number. There is no arena, no index and no running sum that could
//! be wrong. The rules are those of the crate's documentation and of OUCH 5.0
//! ("Semantics a client relies on"); the numbers of the output streams are
//! counted here as the events are said.

mod order_entry;

use ringmatch_engine::command::{
    AddInstrument, AddSession, Command, Display, Malformed, OrderType, SequencedCommand,
    SetTradingState, Side, TimeInForce, TradingState,
};
use ringmatch_engine::event::{Event, EventBody, OrderDetails, Recipient};
use ringmatch_engine::{
    Counters, InstrumentId, Limits, Nanos, OrderId, Price, Quantity, RestingOrder, SessionId,
    StreamNumber, UserRef,
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
