//! How large the exchange may become.
//!
//! Every bound is explicit and fixed for the life of a log: the limits decide
//! what is rejected, so they are part of what a replay needs.

use rkyv::{Archive, Deserialize, Serialize};
use std::fmt;

/// How large an exchange may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Limits {
    /// Orders over all instruments; 1 to [`Limits::MAX_ORDERS`].
    pub orders: u32,
    /// Price levels on one side of one book; at least 1, some 12 bytes each, and
    /// 32 more for each that is there.
    pub levels_per_side: u32,
    /// Instruments; at least 1.
    pub instruments: u16,
    /// Order-entry sessions; at least 1.
    pub sessions: u16,
    /// Orders with options (icebergs, stops, pegs, expiries, groups) over all
    /// instruments; at least 1, 76 bytes each.
    pub special_orders: u32,
    /// Executions that can still be declared void; a power of two, 64 bytes
    /// each.
    pub recent_trades: u32,
}

impl Limits {
    /// The most orders an exchange can be built for.
    pub const MAX_ORDERS: u32 = 1 << 27;
    /// What a venue on one machine has use for.
    pub const DEFAULT: Self = Self {
        orders: 1 << 18,
        levels_per_side: 1 << 14,
        instruments: 64,
        sessions: 64,
        special_orders: 1 << 14,
        recent_trades: 1 << 16,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A limit that no exchange can be built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsError {
    /// The name of the limit.
    pub name: &'static str,
    /// Its largest value.
    pub max: u64,
}

impl fmt::Display for LimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the limit `{}` must be from 1 to {}", self.name, self.max)?;
        if self.name == "recent_trades" { f.write_str(" and a power of two") } else { Ok(()) }
    }
}

impl std::error::Error for LimitsError {}

impl Limits {
    /// Says which limit is out of its range, if one is.
    ///
    /// # Errors
    /// The first limit that is zero or too large.
    pub fn check(&self) -> Result<(), LimitsError> {
        let ranges = [
            ("orders", u64::from(self.orders), u64::from(Self::MAX_ORDERS)),
            ("levels_per_side", self.levels_per_side.into(), Self::MAX_ORDERS.into()),
            ("instruments", self.instruments.into(), u64::from(u16::MAX - 1)),
            ("sessions", self.sessions.into(), u64::from(u16::MAX - 1)),
            ("special_orders", self.special_orders.into(), Self::MAX_ORDERS.into()),
            ("recent_trades", self.recent_trades.into(), Self::MAX_ORDERS.into()),
        ];
        for (name, value, max) in ranges {
            if !(1..=max).contains(&value) {
                return Err(LimitsError { name, max });
            }
        }
        if !self.recent_trades.is_power_of_two() {
            return Err(LimitsError { name: "recent_trades", max: Self::MAX_ORDERS.into() });
        }
        Ok(())
    }
}
