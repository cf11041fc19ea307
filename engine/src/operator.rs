//! What the operator asks for: listing, admitting, rules, and interventions.
//!
//! Operator actions are commands like any other, so they are in the log and a
//! replay repeats them. One that cannot be carried out is counted and changes
//! nothing.

use crate::command::{
    AddInstrument, AddSession, AddTickBand, BustTrade, Command, InstrumentStatus, Phase, Scope,
    SelfTrade, SetInstrumentStatus, SetPhase, SetRules, SetSessionLimits, SetSessionStatus, Side,
    SystemEvent,
};
use crate::event::{BrokenParty, EventBody, EventSink, PhaseReason, TradeBroken};
use crate::exchange::Exchange;
use crate::instrument::Instrument;
use crate::reason::CancelReason;
use crate::session::Session;
use crate::types::{InstrumentId, Price};

impl Exchange {
    #[cold]
    pub(crate) fn operate<S: EventSink>(&mut self, command: &Command, sink: &mut S) {
        let done = match command {
            Command::AddInstrument(listing) => self.add_instrument(listing, sink),
            Command::AddSession(admission) => self.add_session(admission, sink),
            Command::SetPhase(change) => self.set_phase_asked(change, sink),
            Command::SystemEvent(event) => self.announce(*event, sink),
            Command::SetRules(rules) => self.set_rules(rules),
            Command::AddTickBand(band) => self.add_tick_band(band),
            Command::SetInstrumentStatus(change) => self.set_instrument_status(change, sink),
            Command::SetSessionLimits(limits) => self.set_session_limits(limits),
            Command::SetSessionStatus(change) => self.set_session_status(change, sink),
            Command::CancelOrders(scope) => self.cancel_orders(scope, sink),
            Command::BustTrade(bust) => self.bust_trade(bust, sink),
            Command::SetFees(fees) => {
                self.fees = *fees;
                true
            }
            Command::Tick => {
                self.tick(sink);
                true
            }
            Command::Nothing => true,
            Command::Enter(_)
            | Command::Replace(_)
            | Command::Cancel(_)
            | Command::AccountQuery
            | Command::Malformed(_)
            | Command::EnterSpecial(_)
            | Command::ReplaceSpecial(_)
            | Command::Modify(_)
            | Command::MassCancel(_)
            | Command::SetOrderEntry(_) => false,
        };
        self.counters.refused_operations += u64::from(!done);
    }

    fn add_instrument<S: EventSink>(&mut self, listing: &AddInstrument, sink: &mut S) -> bool {
        let is_next = usize::from(listing.instrument.0) == self.instruments.len() + 1;
        let has_room = self.instruments.len() < usize::from(self.limits.instruments);
        let is_new = self.instruments.iter().all(|known| known.symbol != listing.symbol);
        let is_sound = listing.tick_size > Price(0)
            && listing.tick_size <= Price::MAX_LIMIT
            && listing.lot_size.0 > 0
            && listing.max_quantity.0 > 0;
        if !(is_next && has_room && is_new && is_sound) {
            return false;
        }
        self.instruments.push(Instrument::new(listing));
        self.books.add_instrument(listing.tick_size);
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
        let colleague = self.sessions.iter().find(|known| known.firm == firm);
        // A firm has the number of its first session.
        let number = colleague.map_or(session.0, |known| known.firm_number);
        let entry = colleague.is_none_or(|known| known.order_entry_enabled);
        let mut added = Session::new(session, name, firm, number, self.limits.instruments);
        added.order_entry_enabled = entry;
        added.review();
        self.sessions.push(added);
        let to = self.respond(session);
        self.emit(sink, false, EventBody::SessionAdded { to, name, firm });
        true
    }

    fn announce<S: EventSink>(&mut self, event: SystemEvent, sink: &mut S) -> bool {
        self.system_event = Some(event);
        self.emit(sink, true, EventBody::System(event));
        if event == SystemEvent::EndOfMarketHours {
            self.close_all(sink);
        }
        true
    }

    fn set_phase_asked<S: EventSink>(&mut self, change: &SetPhase, sink: &mut S) -> bool {
        let SetPhase { instrument, phase } = *change;
        let listed = self.instrument(instrument);
        if listed.is_none_or(|listed| listed.status != InstrumentStatus::Enabled) {
            return false;
        }
        self.set_phase(instrument, phase, PhaseReason::Operator, sink);
        true
    }

    fn set_rules(&mut self, rules: &SetRules) -> bool {
        let Some(listed) = self.instrument(rules.instrument) else { return false };
        let table = rules.tick_table;
        let suits = table == 0 || self.tick_tables.suits(table, listed.tick_size);
        let reference = rules.reference_price;
        let is_price =
            reference == Price(0) || self.books.grid(listed.id).tick(reference).is_some();
        if listed.status == InstrumentStatus::Removed || !suits || !is_price {
            return false;
        }
        let before = listed.rules.reference_price;
        let listed = self.listed_mut(rules.instrument);
        listed.rules = *rules;
        if reference == Price(0) {
            listed.rules.reference_price = before;
        }
        self.review_instrument(rules.instrument);
        true
    }

    fn add_tick_band(&mut self, band: &AddTickBand) -> bool {
        let is_used = self.instruments.iter().any(|listed| listed.rules.tick_table == band.table);
        band.table > 0 && !is_used && self.tick_tables.add(band)
    }

    fn set_instrument_status<S: EventSink>(
        &mut self,
        change: &SetInstrumentStatus,
        sink: &mut S,
    ) -> bool {
        let SetInstrumentStatus { instrument, status } = *change;
        let listed = self.instrument(instrument);
        if listed.is_none_or(|listed| listed.status == InstrumentStatus::Removed) {
            return false;
        }
        let listed = self.listed_mut(instrument);
        listed.status = status;
        let is_halted = listed.phase == Phase::Halted;
        self.review_instrument(instrument);
        if status != InstrumentStatus::Enabled && !is_halted {
            self.change_phase(instrument, Phase::Halted, PhaseReason::Status, sink);
        }
        if status == InstrumentStatus::Removed {
            self.remove_orders(instrument, sink);
        }
        true
    }

    fn remove_orders<S: EventSink>(&mut self, instrument: InstrumentId, sink: &mut S) {
        let scope = Scope { instrument, ..Scope::default() };
        self.cancel_all(&scope, CancelReason::InstrumentRemoved, sink);
    }

    fn set_session_limits(&mut self, limits: &SetSessionLimits) -> bool {
        let Some(session) = self.session_mut(limits.session) else { return false };
        session.limits = *limits;
        // The default of a session is to allow.
        if session.limits.self_trade == SelfTrade::SessionDefault {
            session.limits.self_trade = SelfTrade::Allow;
        }
        session.rate_count = 0;
        session.review();
        self.recount(limits.session);
        true
    }

    fn set_session_status<S: EventSink>(
        &mut self,
        change: &SetSessionStatus,
        sink: &mut S,
    ) -> bool {
        let SetSessionStatus { session: id, enabled } = *change;
        let Some(session) = self.session_mut(id) else { return false };
        session.enabled = enabled;
        session.review();
        if !enabled {
            let scope = Scope { session: id, ..Scope::default() };
            self.cancel_all(&scope, CancelReason::SessionDisabled, sink);
            self.follow_up_all(sink);
        }
        true
    }

    fn cancel_orders<S: EventSink>(&mut self, scope: &Scope, sink: &mut S) -> bool {
        self.cancel_all(scope, CancelReason::Supervisory, sink);
        self.follow_up_all(sink);
        true
    }

    fn bust_trade<S: EventSink>(&mut self, bust: &BustTrade, sink: &mut S) -> bool {
        let Some(trade) = self.trade_log.take(bust.match_number) else { return false };
        let value = trade.price.0 as u64 * u64::from(trade.quantity.0);
        for (side, session, fee) in [
            (Side::Buy, trade.buyer, trade.buyer_fee),
            (Side::Sell, trade.seller, trade.seller_fee),
        ] {
            let session = self.known_session_mut(session);
            session.position_mut(trade.instrument).untrade(side, trade.quantity, value);
            session.fees -= i128::from(fee);
            self.fees_collected -= i128::from(fee);
        }
        let broken = TradeBroken {
            instrument: trade.instrument,
            match_number: bust.match_number,
            buyer: BrokenParty { to: self.respond(trade.buyer), user_ref: trade.buyer_ref },
            seller: BrokenParty { to: self.respond(trade.seller), user_ref: trade.seller_ref },
            reason: bust.reason,
        };
        self.emit(sink, true, EventBody::TradeBroken(broken));
        true
    }
}
