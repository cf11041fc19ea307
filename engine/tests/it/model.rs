//! The exchange as `docs/order-semantics.md` says it, written to be obviously
//! right.
//!
//! All open orders of the venue stand in one vector in the order in which they
//! came to where they are. Whatever is asked of it is answered by looking at
//! all of them: the order that trades next, the levels of a side, the order
//! with a client's number, the price of an auction, what is due next. There is
//! no arena, no index and no running sum that could be wrong. The numbers of
//! the output streams are counted here as the events are said. Each file below
//! is a section of the page.

mod auctions; // phases, the uncross, figures, ticks
mod changes; // cancel, modify, mass cancel, the kill switch
mod collars; // how far a trade may be from the last
mod entry; // new orders and replacements, and why they are refused
mod follow_up; // trailing stops, triggered stops, pegs
mod instrument; // what is listed, and its valid prices
mod limits; // what a session may do
mod money; // positions, fees, busts
mod operator; // what the operator asks
mod order; // an open order
mod trading; // what an order does on arrival

use instrument::Instrument;
use money::{Position, Trade};
use order::{Order, Place};
use ringmatch_engine::command::{
    AddSession, Command, Malformed, Options, SelfTrade, SequencedCommand, SetFees,
    SetSessionLimits, Side,
};
use ringmatch_engine::event::{Event, EventBody, Recipient};
use ringmatch_engine::{
    ClOrdId, Counters, Firm, InstrumentId, Limits, Nanos, OrderId, Price, Quantity, RejectReason,
    RestingOrder, SessionId, StreamNumber, UserRef,
};
use std::collections::BTreeMap;

/// A session, and what it may do.
struct Session {
    listing: AddSession,
    next_input: u64,
    next_user_ref: u64,
    responses: u64,
    enabled: bool,
    limits: SetSessionLimits,
    /// A second of command time, and the orders and replaces in it.
    rate: (u64, u32),
    fees: i128,
}

/// See the [module](self).
pub(crate) struct Model {
    limits: Limits,
    sessions: Vec<Session>,
    instruments: Vec<Instrument>,
    /// In the order in which they came to where they are.
    orders: Vec<Order>,
    /// The bands of each tick table: where one begins, and its tick size.
    tick_tables: Vec<Vec<(i64, i64)>>,
    /// Firms whose new orders are refused.
    stopped_firms: Vec<Firm>,
    positions: Vec<Position>,
    /// All executions.
    trades: Vec<Trade>,
    fees: SetFees,
    pub(crate) counters: Counters,
    input: SequencedCommand,
    time: Nanos,
    order_ids: u64,
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
            orders: Vec::new(),
            tick_tables: vec![Vec::new(); operator::TABLES],
            stopped_firms: Vec::new(),
            positions: Vec::new(),
            trades: Vec::new(),
            fees: SetFees::default(),
            counters: Counters::default(),
            input: SequencedCommand::default(),
            time: Nanos(0),
            order_ids: 0,
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
        self.follow_up_all();
        std::mem::take(&mut self.said)
    }

    /// The levels of a side, best first, each with its orders as they trade.
    pub(crate) fn book(
        &self,
        instrument: InstrumentId,
        side: Side,
    ) -> Vec<(Price, Vec<RestingOrder>)> {
        self.line(instrument, side)
            .chunk_by(|one, other| one.details.price == other.details.price)
            .map(|level| (level[0].details.price, level.iter().map(seen).collect()))
            .collect()
    }

    /// How many orders are open, in the books and beside them.
    pub(crate) fn open_orders(&self) -> usize {
        self.orders.len()
    }

    /// What the market sees, by order.
    pub(crate) fn shown(&self) -> BTreeMap<OrderId, u32> {
        let seen = self.orders.iter().filter(|order| order.seen() > 0);
        seen.map(|order| (order.details.order_id, order.seen())).collect()
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

    fn serve(&mut self, session: SessionId, command: &Command) {
        match command {
            Command::Nothing => {}
            Command::Enter(enter) => self.enter(session, enter, Options::NONE),
            Command::EnterSpecial(special) => self.enter(session, &special.order, special.options),
            Command::Replace(replace) => self.replace(session, replace, Options::NONE),
            Command::ReplaceSpecial(special) => {
                self.replace(session, &special.order, special.options);
            }
            Command::Cancel(cancel) => self.cancel(session, cancel),
            Command::Modify(modify) => self.modify(session, modify),
            Command::MassCancel(request) => self.mass_cancel(session, request),
            Command::SetOrderEntry(request) => self.set_order_entry(session, request),
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

    /// The orders of one side of a book as they trade: best price first, at
    /// one price displayed ones first, then in the order in which they came.
    fn line(&self, instrument: InstrumentId, side: Side) -> Vec<Order> {
        let mut line: Vec<Order> = self
            .orders
            .iter()
            .filter(|order| order.place == Place::Book && order.is_of(instrument, side))
            .copied()
            .collect();
        // Sorting keeps the order of those with the same rank.
        line.sort_by_key(Order::rank);
        line
    }

    /// The order that trades first.
    fn first(&self, instrument: InstrumentId, side: Side) -> Option<Order> {
        self.line(instrument, side).first().copied()
    }

    /// The best price of a side, hidden orders included.
    fn best(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        self.first(instrument, side).map(|order| order.details.price)
    }

    fn find(&self, session: SessionId, user_ref: UserRef) -> Option<Order> {
        let mut own = self.orders.iter().filter(|order| order.session == session);
        own.find(|order| order.details.user_ref == user_ref).copied()
    }

    fn order_mut(&mut self, id: OrderId) -> &mut Order {
        let mut all = self.orders.iter_mut();
        all.find(|order| order.details.order_id == id).expect("the order is open")
    }

    /// Takes an order from where it is.
    fn remove(&mut self, id: OrderId) -> Order {
        let place = self.orders.iter().position(|order| order.details.order_id == id);
        let order = self.orders.remove(place.expect("the order is open"));
        self.note_change(order.details.instrument);
        order
    }

    /// Puts an order behind all others.
    fn append(&mut self, order: Order) {
        self.orders.push(order);
        self.note_change(order.details.instrument);
    }

    /// Uses up a client's number, if it is new.
    fn use_up(&mut self, session: SessionId, user_ref: UserRef) -> bool {
        let session = self.session_mut(session);
        let is_new = u64::from(user_ref.0) >= session.next_user_ref;
        if is_new {
            session.next_user_ref = u64::from(user_ref.0) + 1;
        } else {
            self.counters.stale_user_refs += 1;
        }
        is_new
    }

    fn session(&self, session: SessionId) -> &Session {
        &self.sessions[usize::from(session.0) - 1]
    }

    fn session_mut(&mut self, session: SessionId) -> &mut Session {
        &mut self.sessions[usize::from(session.0) - 1]
    }

    fn firm(&self, session: SessionId) -> Firm {
        self.session(session).listing.firm
    }

    fn instrument(&self, instrument: InstrumentId) -> &Instrument {
        &self.instruments[usize::from(instrument.0) - 1]
    }

    fn instrument_mut(&mut self, instrument: InstrumentId) -> &mut Instrument {
        &mut self.instruments[usize::from(instrument.0) - 1]
    }

    fn is_listed(&self, instrument: InstrumentId) -> bool {
        (1..=self.instruments.len()).contains(&usize::from(instrument.0))
    }

    fn is_admitted(&self, session: SessionId) -> bool {
        (1..=self.sessions.len()).contains(&usize::from(session.0))
    }

    fn instrument_ids(&self) -> Vec<InstrumentId> {
        self.instruments.iter().map(|instrument| instrument.listing.instrument).collect()
    }

    fn next_order_id(&mut self) -> OrderId {
        self.order_ids += 1;
        OrderId(self.order_ids)
    }

    fn to(&mut self, session: SessionId) -> Recipient {
        let responses = &mut self.session_mut(session).responses;
        *responses += 1;
        let number = StreamNumber(*responses);
        Recipient::new(session, number)
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
        display: order.details.display,
        displayed: order.is_displayed(),
        displayed_quantity: Quantity(order.seen()),
    }
}

/// What a session without limits may do: everything.
fn unlimited(session: SessionId) -> SetSessionLimits {
    SetSessionLimits { session, self_trade: SelfTrade::Allow, ..SetSessionLimits::default() }
}
