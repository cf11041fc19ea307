//! How far from the last trade, and from the reference, a trade may be.

use super::Model;
use ringmatch_engine::{InstrumentId, Price};

/// The bounds for the trades of one order, from before it came.
#[derive(Clone, Copy)]
pub(super) struct Collar {
    pub(super) reference: Option<Price>,
    pub(super) lower: Option<Price>,
    pub(super) upper: Option<Price>,
}

impl Collar {
    /// Whether a trade at this price is inside.
    pub(super) fn holds(&self, price: Price) -> bool {
        self.lower.is_none_or(|lower| price >= lower)
            && self.upper.is_none_or(|upper| price <= upper)
    }
}

impl Model {
    pub(super) fn collar(&self, instrument: InstrumentId) -> Collar {
        let listed = self.instrument(instrument);
        let rules = &listed.rules;
        let fixed = listed.reference.filter(|_| rules.static_collar_bp > 0);
        let moving = listed.last.or(listed.reference).filter(|_| rules.dynamic_collar_bp > 0);
        let distance = |price: Price, bp: u16| price.0 * i64::from(bp) / 10_000;
        let fixed = fixed.map(|price| (price.0, distance(price, rules.static_collar_bp)));
        let moving = moving.map(|price| (price.0, distance(price, rules.dynamic_collar_bp)));
        let both = [fixed, moving];
        let measured_from_last = rules.dynamic_collar_bp > 0 && listed.last.is_some();
        // A bound that every price is above is none.
        let lower = both.iter().flatten().map(|(price, by)| Price(price - by)).max();
        Collar {
            reference: if measured_from_last { listed.last } else { listed.reference },
            // The tighter bound holds on each side.
            lower: lower.filter(|lower| *lower > Price(0)),
            upper: both.iter().flatten().map(|(price, by)| Price(price + by)).min(),
        }
    }
}
