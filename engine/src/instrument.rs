//! What is traded, in which steps, and in which phase it is.

use crate::book::Gate;
use crate::command::{AddInstrument, Breach, InstrumentStatus, Phase, SetRules};
use crate::types::{InstrumentId, Nanos, Price, Quantity, Symbol};

/// A listed instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Its number.
    pub id: InstrumentId,
    /// Its symbol.
    pub symbol: Symbol,
    /// Prices are multiples of this.
    pub tick_size: Price,
    /// Quantities are multiples of this.
    pub lot_size: Quantity,
    /// The largest order.
    pub max_quantity: Quantity,
    /// What it does with orders.
    pub phase: Phase,
    /// Whether it is there to be traded.
    pub status: InstrumentStatus,
    /// How it is protected.
    pub rules: SetRules,
    /// Price of the last execution; zero before the first.
    pub last_price: Price,
    /// When its volatility auction ends; zero while no time is set.
    pub(crate) auction_ends: Nanos,
    /// When its auction's figures are to be said; zero if they need not be.
    pub(crate) figures_due: Nanos,
    /// The last price that trailing stops have followed.
    pub(crate) followed_price: Price,
    /// The best displayed grains that pegs have followed; zero for none.
    pub(crate) followed_best: [u32; 2],
}

impl Instrument {
    pub(crate) fn new(listing: &AddInstrument) -> Self {
        let AddInstrument { instrument, symbol, tick_size, lot_size, max_quantity } = *listing;
        Self {
            id: instrument,
            symbol,
            tick_size,
            lot_size,
            max_quantity,
            phase: Phase::Halted,
            status: InstrumentStatus::Enabled,
            rules: SetRules { instrument, ..SetRules::default() },
            last_price: Price(0),
            auction_ends: Nanos(0),
            figures_due: Nanos(0),
            followed_price: Price(0),
            followed_best: [0; 2],
        }
    }

    /// Whether this many can be ordered.
    #[inline]
    pub(crate) fn allows(&self, quantity: Quantity) -> bool {
        Gate { lot_size: self.lot_size, max_quantity: self.max_quantity }.allows(quantity)
    }

    /// Whether it is in an auction whose figures are said.
    pub(crate) fn says_figures(&self) -> bool {
        self.phase.gathers() && self.phase != Phase::PreOpen
    }

    /// What it asks of the usual order.
    pub(crate) fn gate(&self) -> Gate {
        let SetRules { max_value, tick_table, static_collar_bp, dynamic_collar_bp, .. } =
            self.rules;
        let has_rules =
            max_value > 0 || tick_table > 0 || static_collar_bp > 0 || dynamic_collar_bp > 0;
        let trades = self.phase == Phase::Continuous && self.status == InstrumentStatus::Enabled;
        if !trades || has_rules {
            return Gate::SHUT;
        }
        Gate { lot_size: self.lot_size, max_quantity: self.max_quantity }
    }

    /// What decides between prices at which an auction trades the same.
    pub(crate) fn auction_reference(&self) -> Option<Price> {
        let reference = match self.rules.reference_price {
            Price(0) => self.last_price,
            reference => reference,
        };
        (reference > Price(0)).then_some(reference)
    }

    /// Where a trade may be, if there is a collar.
    #[inline]
    pub(crate) fn collar(&self) -> Option<Collar> {
        let SetRules { reference_price, static_collar_bp, dynamic_collar_bp, .. } = self.rules;
        if static_collar_bp == 0 && dynamic_collar_bp == 0 {
            return None;
        }
        let has_last = self.last_price > Price(0);
        let last = if has_last { self.last_price } else { reference_price };
        let fixed = Collar::around(reference_price, static_collar_bp);
        let moving = Collar::around(last, dynamic_collar_bp);
        match (fixed, moving) {
            (None, None) => None,
            (Some(collar), None) | (None, Some(collar)) => Some(collar),
            (Some(fixed), Some(moving)) => Some(Collar {
                reference: moving.reference,
                upper: fixed.upper.min(moving.upper),
                lower: fixed.lower.max(moving.lower),
            }),
        }
    }

    /// What a breach of a collar leads to.
    pub(crate) fn on_breach(&self) -> Breach {
        self.rules.on_breach
    }
}

/// Where a trade may be, bounds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Collar {
    pub(crate) reference: Price,
    pub(crate) upper: Price,
    pub(crate) lower: Price,
}

impl Collar {
    fn around(reference: Price, basis_points: u16) -> Option<Self> {
        if basis_points == 0 || reference <= Price(0) {
            return None;
        }
        let distance = reference.0 * i64::from(basis_points) / 10_000;
        let (upper, lower) = (Price(reference.0 + distance), Price(reference.0 - distance));
        Some(Self { reference, upper, lower })
    }
}
