//! The exchange: its state, and the one function that changes it.
//!
//! [`Exchange::apply`] is the whole interface for change. It dispatches to the
//! clients' commands (`order_entry`, `changes`), to the operator's (`operator`)
//! and to the phases of trading (`phases`). What most messages ask for takes a
//! short way through it (`usual`). Whatever is said is said by the `voice`.

use crate::book::Books;
use crate::command::{Command, SequencedCommand, SetFees, SystemEvent};
use crate::digest::Digest;
use crate::event::{EventBody, EventSink, Recipient};
use crate::instrument::Instrument;
use crate::limits::{Limits, LimitsError};
use crate::session::Session;
use crate::tick_tables::TickTables;
use crate::trade_log::TradeLog;
use crate::types::{InstrumentId, MatchNumber, Nanos, OrderId, Sequence, SessionId, StreamNumber};
use crate::voice::Voice;

/// How often the exchange did, or passed over, something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events said.
    pub events: u64,
    /// Executions.
    pub executions: u64,
    /// Messages whose stream number had been applied before.
    pub duplicate_inputs: u64,
    /// Messages whose [`UserRef`](crate::UserRef) was used before; by protocol
    /// they are dropped without an answer.
    pub stale_user_refs: u64,
    /// Cancels, replaces and modifies of orders that are not live; likewise.
    pub unknown_orders: u64,
    /// Cancels that asked for nothing to change; likewise.
    pub superfluous_cancels: u64,
    /// Modifies that cannot be carried out or ask for nothing; likewise.
    pub refused_modifies: u64,
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
    pub(crate) voice: Voice,
    pub(crate) next_match: MatchNumber,
    pub(crate) next_order_id: OrderId,
    pub(crate) system_event: Option<SystemEvent>,
    pub(crate) tick_tables: TickTables,
    pub(crate) fees: SetFees,
    pub(crate) fees_collected: i128,
    pub(crate) trade_log: TradeLog,
    /// Instruments in an auction whose figures are said.
    pub(crate) auctions: u16,
    /// Stops and pegs over all instruments; most of the time none.
    pub(crate) followers: u32,
    /// The earliest time at which anything is due, or earlier.
    pub(crate) timer: Option<Nanos>,
    /// Orders of one command that cancels many; empty between commands.
    pub(crate) chosen: Vec<u32>,
    pub(crate) counters: Counters,
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
            voice: Voice::new(),
            next_order_id: OrderId(1),
            next_match: MatchNumber(1),
            system_event: None,
            tick_tables: TickTables::default(),
            fees: SetFees::default(),
            fees_collected: 0,
            trade_log: TradeLog::new(limits.recent_trades),
            auctions: 0,
            followers: 0,
            timer: None,
            chosen: Vec::with_capacity(limits.orders as usize),
            counters: Counters::default(),
        })
    }

    /// Applies the next command of the log and says what happened.
    ///
    /// # Panics
    /// When `input` is not the next command: a hole in the log is never
    /// applied over.
    #[inline]
    pub fn apply<S: EventSink>(&mut self, input: &SequencedCommand, sink: &mut S) {
        assert!(
            input.sequence.0 == self.voice.sequence.0.wrapping_add(1),
            "commands are applied without a hole"
        );
        self.voice.sequence = input.sequence;
        self.voice.time = self.voice.time.max(input.time);
        let Some(session) = self.session_mut(input.session) else {
            self.apply_elsewhere(input, sink);
            return;
        };
        // The last number of all has no successor, so it is never taken.
        if input.number < session.next_input || input.number == u64::MAX {
            self.counters.duplicate_inputs += 1;
            return;
        }
        session.next_input = input.number + 1;
        let is_done = match &input.command {
            Command::Enter(order) => self.enter_usual(input.session, order, sink),
            Command::Replace(order) => self.replace_usual(input.session, order, sink),
            Command::Cancel(cancel) => self.cancel_usual(input.session, cancel, sink),
            _ => false,
        };
        if !is_done {
            self.serve(input.session, &input.command, sink);
        }
    }

    /// Applies a command of the operator, or of a session that does not exist.
    #[cold]
    fn apply_elsewhere<S: EventSink>(&mut self, input: &SequencedCommand, sink: &mut S) {
        if input.session == SessionId(0) {
            self.operate(&input.command, sink);
        } else {
            self.counters.duplicate_inputs += 1;
        }
    }

    /// What takes the whole procedure.
    #[inline(never)]
    fn serve<S: EventSink>(&mut self, session: SessionId, command: &Command, sink: &mut S) {
        match command {
            Command::Enter(order) => self.enter(session, order, sink),
            Command::Replace(order) => self.replace(session, order, sink),
            Command::Cancel(cancel) => self.cancel(session, cancel, sink),
            Command::EnterSpecial(special) => {
                self.enter_special(session, &special.order, &special.options, sink);
            }
            Command::ReplaceSpecial(special) => {
                self.replace_special(session, &special.order, &special.options, sink);
            }
            Command::Modify(change) => self.modify(session, change, sink),
            Command::MassCancel(request) => self.mass_cancel(session, request, sink),
            Command::SetOrderEntry(request) => self.set_order_entry(session, request, sink),
            Command::AccountQuery => self.account_query(session, sink),
            Command::Malformed(malformed) => self.malformed(session, malformed, sink),
            Command::Nothing => {}
            Command::AddInstrument(_)
            | Command::AddSession(_)
            | Command::SystemEvent(_)
            | Command::SetPhase(_)
            | Command::Tick
            | Command::SetRules(_)
            | Command::AddTickBand(_)
            | Command::SetInstrumentStatus(_)
            | Command::SetSessionLimits(_)
            | Command::SetSessionStatus(_)
            | Command::SetFees(_)
            | Command::CancelOrders(_)
            | Command::BustTrade(_) => self.counters.refused_operations += 1,
        }
    }

    /// Says something, to the market too or not.
    #[inline(always)]
    pub(crate) fn emit<S: EventSink>(&mut self, sink: &mut S, to_market: bool, body: EventBody) {
        self.voice.emit(sink, to_market, body);
    }

    /// A session that is known to exist, as the recipient of its next response.
    #[inline]
    pub(crate) fn respond(&mut self, session: SessionId) -> Recipient {
        self.sessions[usize::from(session.0) - 1].respond()
    }

    /// A session that is known to exist.
    #[inline]
    pub(crate) fn known_session(&self, id: SessionId) -> &Session {
        &self.sessions[usize::from(id.0) - 1]
    }

    /// A session that is known to exist.
    #[inline]
    pub(crate) fn known_session_mut(&mut self, id: SessionId) -> &mut Session {
        &mut self.sessions[usize::from(id.0) - 1]
    }

    #[inline]
    pub(crate) fn session_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.sessions.get_mut(usize::from(id.0).wrapping_sub(1))
    }

    /// An instrument that is known to be listed.
    #[inline]
    pub(crate) fn listed(&self, id: InstrumentId) -> &Instrument {
        &self.instruments[usize::from(id.0) - 1]
    }

    /// An instrument that is known to be listed.
    #[inline]
    pub(crate) fn listed_mut(&mut self, id: InstrumentId) -> &mut Instrument {
        &mut self.instruments[usize::from(id.0) - 1]
    }

    /// Notes again what an instrument asks of the usual order.
    pub(crate) fn review_instrument(&mut self, id: InstrumentId) {
        let gate = self.listed(id).gate();
        self.books.set_gate(id, gate);
    }

    /// Gives the next order reference out.
    #[inline]
    pub(crate) fn take_order_id(&mut self) -> OrderId {
        let id = self.next_order_id;
        self.next_order_id = id.next();
        id
    }

    /// Gives the next match number out.
    #[inline]
    pub(crate) fn take_match(&mut self) -> MatchNumber {
        let number = self.next_match;
        self.next_match = number.next();
        number
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
        self.voice.sequence
    }

    /// The time of the last command.
    #[must_use]
    pub fn time(&self) -> Nanos {
        self.voice.time
    }

    /// The fingerprint of all events so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.voice.digest
    }

    /// What was done and passed over so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters { events: self.voice.events, ..self.counters }
    }

    /// The number that the next market-data message will have.
    #[must_use]
    pub fn next_market(&self) -> StreamNumber {
        self.voice.next_market
    }

    /// The last point of the trading day that was announced.
    #[must_use]
    pub fn system_event(&self) -> Option<SystemEvent> {
        self.system_event
    }

    /// How many orders it holds: resting, waiting, and stops.
    #[must_use]
    pub fn resting_orders(&self) -> u32 {
        self.books.len()
    }

    /// When the next [`Command::Tick`] is due, if one is.
    #[must_use]
    #[inline]
    pub fn next_timer(&self) -> Option<Nanos> {
        self.timer
    }

    /// What executions cost.
    #[must_use]
    pub fn fees(&self) -> &SetFees {
        &self.fees
    }

    /// What all sessions have paid together, in 1/10,000.
    #[must_use]
    pub fn fees_collected(&self) -> i128 {
        self.fees_collected
    }

    /// Tick sizes that depend on the price.
    #[must_use]
    pub fn tick_tables(&self) -> &TickTables {
        &self.tick_tables
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
