//! Which symbol has which number.
//!
//! Clients name instruments by symbol; inside the venue they have numbers.
//! The directory is filled by the venue's own listings and is small and
//! nearly constant, so a sorted array is all it takes.

use ringmatch_engine::{InstrumentId, Symbol};

/// Symbols and their numbers.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    by_symbol: Vec<(Symbol, InstrumentId)>,
    by_number: Vec<Symbol>,
}

impl Directory {
    /// Lists a symbol under a number. Numbers are dense from 1.
    pub fn list(&mut self, instrument: InstrumentId, symbol: Symbol) {
        let index = usize::from(instrument.0);
        if self.by_number.len() <= index {
            self.by_number.resize(index + 1, Symbol::BLANK);
        }
        self.by_number[index] = symbol;
        match self.by_symbol.binary_search_by_key(&symbol, |entry| entry.0) {
            Ok(at) => self.by_symbol[at].1 = instrument,
            Err(at) => self.by_symbol.insert(at, (symbol, instrument)),
        }
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
}
