//! Which symbol has which number, and which session belongs to which firm.
//!
//! Clients name instruments by symbol; inside the venue they have numbers.
//! Market data names the firm of an attributable order; events name its
//! session. The directory is filled by the venue's own listings and admissions
//! and is small and nearly constant, so sorted and dense arrays are all it
//! takes.

use ringmatch_engine::event::{Event, EventBody};
use ringmatch_engine::{Exchange, Firm, InstrumentId, SessionId, Symbol};

/// Symbols and their numbers; sessions and their firms.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    by_symbol: Vec<(Symbol, InstrumentId)>,
    by_number: Vec<Symbol>,
    firms: Vec<Firm>,
}

impl Directory {
    /// What an exchange has listed and admitted.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let mut directory = Self::default();
        for listed in exchange.instruments() {
            directory.list(listed.id, listed.symbol);
        }
        for session in exchange.sessions() {
            directory.admit(session.id, session.firm);
        }
        directory
    }

    /// Takes note of an instrument or a session, if this event tells of one.
    pub fn learn(&mut self, event: &Event) {
        match event.body {
            EventBody::SessionAdded { to, firm, .. } => self.admit(to.session(), firm),
            EventBody::InstrumentAdded { instrument, symbol, .. } => self.list(instrument, symbol),
            _ => {}
        }
    }

    /// Lists a symbol under a number. Numbers are dense from 1.
    pub fn list(&mut self, instrument: InstrumentId, symbol: Symbol) {
        place(&mut self.by_number, instrument.0, symbol);
        match self.by_symbol.binary_search_by_key(&symbol, |entry| entry.0) {
            Ok(at) => self.by_symbol[at].1 = instrument,
            Err(at) => self.by_symbol.insert(at, (symbol, instrument)),
        }
    }

    /// Admits a session of a firm. Numbers are dense from 1.
    pub fn admit(&mut self, session: SessionId, firm: Firm) {
        place(&mut self.firms, session.0, firm);
    }

    /// The number of a symbol; zero if it is not listed.
    #[must_use]
    pub fn number(&self, symbol: Symbol) -> InstrumentId {
        let found = self.by_symbol.binary_search_by_key(&symbol, |entry| entry.0);
        found.map_or(InstrumentId(0), |at| self.by_symbol[at].1)
    }

    /// The symbol of a number; blank if there is none.
    #[must_use]
    pub fn symbol(&self, instrument: InstrumentId) -> Symbol {
        self.by_number.get(usize::from(instrument.0)).copied().unwrap_or_default()
    }

    /// The firm of a session; blank if there is none.
    #[must_use]
    pub fn firm(&self, session: SessionId) -> Firm {
        self.firms.get(usize::from(session.0)).copied().unwrap_or_default()
    }
}

/// Puts a name at its number, and blanks in front of it where there is nothing.
fn place<T: Copy + Default>(names: &mut Vec<T>, number: u16, name: T) {
    let index = usize::from(number);
    if names.len() <= index {
        names.resize(index + 1, T::default());
    }
    names[index] = name;
}
