//! `[limits]`: how large the venue may become.
//!
//! All memory of the exchange is allocated at the start, by these numbers, and
//! reaching one is a reject. They are part of what a journal replays to, so they
//! are checked where the exchange checks them.

use super::key::Key;
use ringmatch_engine::Limits;
use serde::Deserialize;

/// `[limits]`; see [`Limits`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Resting orders over all instruments.
    pub orders: u32,
    /// Price levels on one side of one book.
    pub levels_per_side: u32,
    /// Instruments.
    pub instruments: u16,
    /// Sessions.
    pub sessions: u16,
    /// Orders with options over all instruments.
    pub special_orders: u32,
    /// Executions that can still be declared void; a power of two.
    pub recent_trades: u32,
}

impl LimitsConfig {
    pub(super) fn limits(self) -> Limits {
        let LimitsConfig {
            orders,
            levels_per_side,
            instruments,
            sessions,
            special_orders,
            recent_trades,
        } = self;
        Limits { orders, levels_per_side, instruments, sessions, special_orders, recent_trades }
    }

    pub(super) fn fault(self) -> Option<(Key, String)> {
        let error = self.limits().check().err()?;
        Some((Key::limit(error.name), error.to_string()))
    }
}
