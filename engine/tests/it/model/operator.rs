//! What the operator asks. Each function says whether it could be carried out.

use super::{Instrument, Model, Session, unlimited};
use ringmatch_engine::command::{
    AddInstrument, AddSession, AddTickBand, Command, InstrumentStatus, Phase, Scope,
    SetInstrumentStatus, SetPhase, SetRules, SetSessionLimits, SetSessionStatus, SystemEvent,
};
use ringmatch_engine::event::{EventBody, PhaseReason};
use ringmatch_engine::{CancelReason, Price, Quantity};

/// How many tick tables there are, numbered from 1.
pub(super) const TABLES: usize = 16;
/// How many bands each may have.
const BANDS: usize = 24;

impl Model {
    pub(super) fn operate(&mut self, command: &Command) {
        let done = match command {
            Command::Nothing => true,
            Command::Tick => {
                self.tick();
                true
            }
            Command::SystemEvent(event) => self.announce(*event),
            Command::AddInstrument(listing) => self.add_instrument(listing),
            Command::AddSession(admission) => self.add_session(admission),
            Command::SetPhase(change) => self.set_phase(change),
            Command::SetRules(rules) => self.set_rules(rules),
            Command::AddTickBand(band) => self.add_tick_band(band),
            Command::SetInstrumentStatus(change) => self.set_instrument_status(change),
            Command::SetSessionLimits(limits) => self.set_session_limits(limits),
            Command::SetSessionStatus(change) => self.set_session_status(change),
            Command::CancelOrders(scope) => {
                self.cancel_scope(scope, CancelReason::Supervisory);
                self.follow_up_all();
                true
            }
            Command::SetFees(fees) => {
                self.fees = *fees;
                true
            }
            Command::BustTrade(bust) => self.bust_trade(bust),
            _ => false,
        };
        self.counters.refused_operations += u64::from(!done);
    }

    fn announce(&mut self, event: SystemEvent) -> bool {
        self.say(true, EventBody::System(event));
        if event == SystemEvent::EndOfMarketHours {
            for instrument in self.instrument_ids() {
                let listed = self.instrument(instrument);
                let is_open =
                    listed.phase != Phase::Closed && listed.status != InstrumentStatus::Removed;
                if is_open {
                    self.change_phase(instrument, Phase::Closed, PhaseReason::Operator);
                }
            }
        }
        true
    }

    fn add_instrument(&mut self, listing: &AddInstrument) -> bool {
        let AddInstrument { instrument, symbol, tick_size, lot_size, max_quantity } = *listing;
        let refused = self.instruments.len() == usize::from(self.limits.instruments)
            || usize::from(instrument.0) != self.instruments.len() + 1
            || self.instruments.iter().any(|known| known.listing.symbol == symbol)
            || !(1..=Price::MAX_LIMIT.0).contains(&tick_size.0)
            || lot_size == Quantity(0)
            || max_quantity == Quantity(0);
        if refused {
            return false;
        }
        self.instruments.push(Instrument::new(*listing));
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
        self.sessions.push(Session {
            listing: *admission,
            next_input: 1,
            next_user_ref: 1,
            responses: 0,
            enabled: true,
            limits: unlimited(session),
            rate: (0, 0),
            fees: 0,
        });
        let to = self.to(session);
        self.say(false, EventBody::SessionAdded { to, name, firm });
        true
    }

    fn set_phase(&mut self, change: &SetPhase) -> bool {
        let SetPhase { instrument, phase } = *change;
        if !self.is_listed(instrument)
            || self.instrument(instrument).status != InstrumentStatus::Enabled
        {
            return false;
        }
        if self.instrument(instrument).phase != phase {
            self.change_phase(instrument, phase, PhaseReason::Operator);
        }
        true
    }

    fn set_rules(&mut self, rules: &SetRules) -> bool {
        let SetRules { instrument, reference_price, tick_table, .. } = *rules;
        if !self.is_listed(instrument)
            || self.instrument(instrument).status == InstrumentStatus::Removed
        {
            return false;
        }
        let tick = self.instrument(instrument).tick();
        let is_reference =
            (0..=Price::MAX_LIMIT.0).contains(&reference_price.0) && reference_price.0 % tick == 0;
        if !is_reference || !self.is_table_for(tick_table.into(), tick) {
            return false;
        }
        let listed = self.instrument_mut(instrument);
        listed.rules = *rules;
        if reference_price != Price(0) {
            listed.reference = Some(reference_price);
        }
        true
    }

    /// Whether an instrument with that tick size may use the table.
    fn is_table_for(&self, table: usize, tick: i64) -> bool {
        if table == 0 {
            return true;
        }
        let bands = self.tick_tables.get(table - 1).filter(|bands| !bands.is_empty());
        bands.is_some_and(|bands| bands.iter().all(|(_, of_band)| of_band % tick == 0))
    }

    fn add_tick_band(&mut self, band: &AddTickBand) -> bool {
        let AddTickBand { table, from, tick_size } = *band;
        if !(1..=TABLES).contains(&usize::from(table)) {
            return false;
        }
        let is_used = self.instruments.iter().any(|listed| listed.rules.tick_table == table);
        let bands = &mut self.tick_tables[usize::from(table) - 1];
        let follows = match bands.last() {
            None => from == Price(0),
            Some((last, _)) => from.0 > *last,
        };
        if is_used || bands.len() == BANDS || !follows || tick_size <= Price(0) {
            return false;
        }
        bands.push((from.0, tick_size.0));
        true
    }

    fn set_instrument_status(&mut self, change: &SetInstrumentStatus) -> bool {
        let SetInstrumentStatus { instrument, status } = *change;
        if !self.is_listed(instrument) {
            return false;
        }
        if self.instrument(instrument).status == InstrumentStatus::Removed {
            return false;
        }
        self.instrument_mut(instrument).status = status;
        if status != InstrumentStatus::Enabled && self.instrument(instrument).phase != Phase::Halted
        {
            self.change_phase(instrument, Phase::Halted, PhaseReason::Status);
        }
        if status == InstrumentStatus::Removed {
            let all = self.open_in(instrument, |_| true);
            self.cancel_each(all, CancelReason::InstrumentRemoved);
        }
        true
    }

    fn set_session_limits(&mut self, limits: &SetSessionLimits) -> bool {
        if !self.is_admitted(limits.session) {
            return false;
        }
        let session = self.session_mut(limits.session);
        session.limits = *limits;
        session.rate = (0, 0);
        true
    }

    fn set_session_status(&mut self, change: &SetSessionStatus) -> bool {
        let SetSessionStatus { session, enabled } = *change;
        if !self.is_admitted(session) {
            return false;
        }
        self.session_mut(session).enabled = enabled;
        if !enabled {
            let scope = Scope { session, ..Scope::default() };
            self.cancel_scope(&scope, CancelReason::SessionDisabled);
            self.follow_up_all();
        }
        true
    }
}
