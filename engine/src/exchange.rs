//! The exchange: its state, and the one function that changes it.
//!
//! [`Exchange::apply`] is the whole interface for change. It dispatches to the
//! operator's commands here and to the clients' in `order_entry`. Whatever is
//! said goes through [`Exchange::emit`], which numbers it, writes it to the
//! sink and folds it into the digest, so nothing can be said that the digest
//! does not know.

use crate::book::Books;
use crate::command::{
    AddInstrument, AddSession, Command, SequencedCommand, SetTradingState, SystemEvent,
};
use crate::digest::Digest;
use crate::event::{Event, EventBody, EventSink, Recipient};
use crate::instrument::Instrument;
use crate::limits::{Limits, LimitsError};
use crate::session::Session;
use crate::types::{InstrumentId, MatchNumber, Nanos, OrderId, Sequence, SessionId, StreamNumber};

/// How often the exchange did, or passed over, something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events said.
    pub events: u64,
    /// Executions.
    pub executions: u64,
    /// Messages whose stream number had been applied before.
    pub duplicate_inputs: u64,
    /// Orders whose [`UserRef`](crate::UserRef) was used before; by protocol
    /// they are dropped without an answer.
    pub stale_user_refs: u64,
    /// Cancels and replaces of orders that are not live; likewise.
    pub unknown_orders: u64,
    /// Cancels that asked for nothing to change; likewise.
    pub superfluous_cancels: u64,
    /// Operator commands that could not be carried out.
    pub refused_operations: u64,
}

/// The exchange. See the [crate](crate).
#[derive(Debug)]
pub struct Exchange {
    pub(crate) limits: Limits,
    pub(crate) instruments: Vec<Instrument>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) books: Books,
    pub(crate) sequence: Sequence,
    pub(crate) time: Nanos,
    pub(crate) next_order_id: OrderId,
    pub(crate) next_match: MatchNumber,
    pub(crate) next_market: StreamNumber,
    pub(crate) system_event: Option<SystemEvent>,
    pub(crate) counters: Counters,
    digest: Digest,
}

impl Exchange {
    /// An exchange before its first command, with all its memory.
    ///
    /// # Errors
    /// When a limit is out of its range.
    pub fn new(limits: Limits) -> Result<Self, LimitsError> {
        limits.check()?;
        Ok(Self {
            limits,
            instruments: Vec::with_capacity(limits.instruments.into()),
            sessions: Vec::with_capacity(limits.sessions.into()),
            books: Books::new(&limits),
            sequence: Sequence(0),
            time: Nanos(0),
            next_order_id: OrderId(1),
            next_match: MatchNumber(1),
            next_market: StreamNumber(1),
            system_event: None,
            counters: Counters::default(),
            digest: Digest::default(),
        })
    }

    /// Applies the next command of the log and says what happened.
    ///
    /// # Panics
    /// When `input` is not the next command: a hole in the log is never
    /// applied over.
    pub fn apply<S: EventSink>(&mut self, input: &SequencedCommand, sink: &mut S) {
        assert_eq!(input.sequence, self.sequence.next(), "commands are applied without a hole");
        self.sequence = input.sequence;
        self.time = self.time.max(input.time);
        if input.session == SessionId(0) {
            self.operate(&input.command, sink);
        } else if self.take_input(input.session, input.number) {
            self.serve(input.session, &input.command, sink);
        }
    }

    /// Uses up a number of a session's input stream; false for one that was
    /// used before, or of a session that does not exist.
    fn take_input(&mut self, session: SessionId, number: u64) -> bool {
        let next = self.session_mut(session).map(|session| &mut session.next_input);
        match next {
            // The last number of all has no successor, so it is never taken.
            Some(next) if number >= *next && number < u64::MAX => {
                *next = number + 1;
                true
            }
            _ => {
                self.counters.duplicate_inputs += 1;
                false
            }
        }
    }

    fn operate<S: EventSink>(&mut self, command: &Command, sink: &mut S) {
        let done = match command {
            Command::AddInstrument(listing) => self.add_instrument(listing, sink),
            Command::AddSession(admission) => self.add_session(admission, sink),
            Command::SetTradingState(change) => self.set_trading_state(change, sink),
            Command::SystemEvent(event) => {
                self.system_event = Some(*event);
                self.emit(sink, true, EventBody::System(*event));
                true
            }
            Command::Nothing => true,
            Command::Enter(_)
            | Command::Replace(_)
            | Command::Cancel(_)
            | Command::AccountQuery
            | Command::Malformed(_) => false,
        };
        self.counters.refused_operations += u64::from(!done);
    }

    fn serve<S: EventSink>(&mut self, session: SessionId, command: &Command, sink: &mut S) {
        match command {
            Command::Enter(order) => self.enter(session, order, sink),
            Command::Replace(replacement) => self.replace(session, replacement, sink),
            Command::Cancel(cancel) => self.cancel(session, cancel, sink),
            Command::AccountQuery => self.account_query(session, sink),
            Command::Malformed(malformed) => self.malformed(session, malformed, sink),
            Command::Nothing => {}
            Command::AddInstrument(_)
            | Command::AddSession(_)
            | Command::SystemEvent(_)
            | Command::SetTradingState(_) => self.counters.refused_operations += 1,
        }
    }

    fn add_instrument<S: EventSink>(&mut self, listing: &AddInstrument, sink: &mut S) -> bool {
        let is_next = usize::from(listing.instrument.0) == self.instruments.len() + 1;
        let has_room = self.instruments.len() < usize::from(self.limits.instruments);
        let is_new = self.instruments.iter().all(|known| known.symbol != listing.symbol);
        let is_sound =
            listing.tick_size.0 > 0 && listing.lot_size.0 > 0 && listing.max_quantity.0 > 0;
        if !(is_next && has_room && is_new && is_sound) {
            return false;
        }
        self.instruments.push(Instrument::new(listing));
        self.books.add_instrument();
        let AddInstrument { instrument, symbol, lot_size, .. } = *listing;
        self.emit(sink, true, EventBody::InstrumentAdded { instrument, symbol, lot_size });
        true
    }

    fn add_session<S: EventSink>(&mut self, admission: &AddSession, sink: &mut S) -> bool {
        let AddSession { session, name, firm } = *admission;
        let is_next = usize::from(session.0) == self.sessions.len() + 1;
        let has_room = self.sessions.len() < usize::from(self.limits.sessions);
        let is_new = self.sessions.iter().all(|known| known.name != name);
        if !(is_next && has_room && is_new) {
            return false;
        }
        self.sessions.push(Session::new(session, name, firm));
        let to = self.respond(session);
        self.emit(sink, false, EventBody::SessionAdded { to, name, firm });
        true
    }

    fn set_trading_state<S: EventSink>(&mut self, change: &SetTradingState, sink: &mut S) -> bool {
        let SetTradingState { instrument, state } = *change;
        let Some(listed) = self.instrument_mut(instrument) else {
            return false;
        };
        if listed.state != state {
            listed.state = state;
            self.emit(sink, true, EventBody::TradingAction { instrument, state });
        }
        true
    }

    /// Says something: numbers it, writes it, folds it into the digest.
    #[inline]
    pub(crate) fn emit<S: EventSink>(&mut self, sink: &mut S, to_market: bool, body: EventBody) {
        let market = if to_market { self.next_market } else { StreamNumber(0) };
        self.next_market.0 += u64::from(to_market);
        let event = sink.claim();
        *event = Event { cause: self.sequence, time: self.time, market, body };
        self.digest.event(event);
        self.counters.events += 1;
    }

    /// A session that is known to exist, as the recipient of its next response.
    #[inline]
    pub(crate) fn respond(&mut self, session: SessionId) -> Recipient {
        self.sessions[usize::from(session.0) - 1].respond()
    }

    pub(crate) fn session_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.sessions.get_mut(usize::from(id.0).checked_sub(1)?)
    }

    fn instrument_mut(&mut self, id: InstrumentId) -> Option<&mut Instrument> {
        self.instruments.get_mut(usize::from(id.0).checked_sub(1)?)
    }
}

/// What can be read of the state.
impl Exchange {
    /// The bounds it was built with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The last command applied; zero before the first.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// The time of the last command.
    #[must_use]
    pub fn time(&self) -> Nanos {
        self.time
    }

    /// The fingerprint of all events so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What was done and passed over so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The number that the next market-data message will have.
    #[must_use]
    pub fn next_market(&self) -> StreamNumber {
        self.next_market
    }

    /// The last point of the trading day that was announced.
    #[must_use]
    pub fn system_event(&self) -> Option<SystemEvent> {
        self.system_event
    }

    /// How many orders rest in all books.
    #[must_use]
    pub fn resting_orders(&self) -> u32 {
        self.books.len()
    }

    /// All instruments, by number from 1.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// An instrument, if it is listed.
    #[must_use]
    pub fn instrument(&self, id: InstrumentId) -> Option<&Instrument> {
        self.instruments.get(usize::from(id.0).checked_sub(1)?)
    }

    /// All sessions, by number from 1.
    #[must_use]
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }
}
