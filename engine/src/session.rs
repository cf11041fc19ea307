//! An order-entry session as the exchange knows it.
//!
//! The numbers here are what makes "exactly once" hold over a crash: where the
//! session's input stream goes on, which of the client's own numbers are used,
//! and the next number of its response stream. Beside them stand what it may
//! do and what it has: limits, open orders, fees, and one position for each
//! instrument. Open orders and their value are only counted for sessions that
//! have limits.

use crate::command::{SelfTrade, SetSessionLimits};
use crate::event::Recipient;
use crate::position::Position;
use crate::types::{Firm, InstrumentId, Nanos, SessionId, SessionName, StreamNumber, UserRef};

/// An order-entry session as the exchange knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Its name, which is also that of its streams.
    pub name: SessionName,
    /// The firm it belongs to.
    pub firm: Firm,
    /// The number that its next input message must have, from 1.
    pub next_input: u64,
    /// The lowest [`UserRef`] it may use next; beyond `u32::MAX` there is none.
    pub next_user_ref: u64,
    /// The number that its next response will have, from 1.
    pub next_response: StreamNumber,
    /// Whether the operator lets it send orders.
    pub enabled: bool,
    /// Whether its firm does.
    pub order_entry_enabled: bool,
    /// What it may do.
    pub limits: SetSessionLimits,
    /// What it has paid, in 1/10,000; negative is what it has got.
    pub fees: i128,
    /// Open orders, if it has limits.
    pub(crate) open_orders: u32,
    /// Their value, likewise.
    pub(crate) exposure: u128,
    /// The second of command time in which it sent last, and how much.
    pub(crate) rate_second: u64,
    pub(crate) rate_count: u32,
    /// By instrument.
    pub(crate) positions: Vec<Position>,
    /// Whether a switch or its rate can refuse an order.
    pub(crate) is_checked: bool,
    /// Whether its orders can be the usual ones: no switch refuses them, and
    /// they trade with their own firm.
    pub(crate) is_usual: bool,
    /// Whether its open orders are counted.
    pub(crate) is_counted: bool,
    /// Whether it has any limit that an order must be held against.
    pub(crate) is_guarded: bool,
    /// Its firm's number, which sessions of the same firm share.
    pub(crate) firm_number: u16,
}

impl Session {
    pub(crate) fn new(
        id: SessionId,
        name: SessionName,
        firm: Firm,
        firm_number: u16,
        instruments: u16,
    ) -> Self {
        Self {
            id,
            name,
            firm,
            next_input: 1,
            next_user_ref: 1,
            next_response: StreamNumber(1),
            enabled: true,
            order_entry_enabled: true,
            limits: SetSessionLimits { session: id, ..SetSessionLimits::default() },
            fees: 0,
            open_orders: 0,
            exposure: 0,
            rate_second: 0,
            rate_count: 0,
            positions: vec![Position::default(); instruments.into()],
            is_checked: false,
            is_usual: true,
            is_counted: false,
            is_guarded: false,
            firm_number,
        }
    }

    /// Its position in an instrument.
    #[must_use]
    pub fn position(&self, instrument: InstrumentId) -> Position {
        let at = usize::from(instrument.0).checked_sub(1);
        at.and_then(|at| self.positions.get(at)).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn position_mut(&mut self, instrument: InstrumentId) -> &mut Position {
        &mut self.positions[usize::from(instrument.0) - 1]
    }

    /// Notes again what its limits and switches mean for each order.
    pub(crate) fn review(&mut self) {
        let SetSessionLimits { max_open_orders, max_position, max_exposure, .. } = self.limits;
        self.is_counted = max_open_orders > 0 || max_position > 0 || max_exposure > 0;
        let is_barred = !self.enabled || !self.order_entry_enabled;
        self.is_checked = is_barred || self.limits.max_messages_per_s > 0;
        self.is_guarded = self.is_checked || self.is_counted;
        self.is_usual =
            !is_barred && self.self_trade(SelfTrade::SessionDefault) == SelfTrade::Allow;
    }

    /// What its orders do when they meet one of its own firm.
    #[inline]
    pub(crate) fn self_trade(&self, own: SelfTrade) -> SelfTrade {
        match (own, self.limits.self_trade) {
            (SelfTrade::SessionDefault, SelfTrade::SessionDefault) => SelfTrade::Allow,
            (SelfTrade::SessionDefault, default) => default,
            (own, _) => own,
        }
    }

    /// Counts an order or replace against its rate; false if it is too many.
    pub(crate) fn take_rate(&mut self, time: Nanos) -> bool {
        let second = time.0 / 1_000_000_000;
        if second != self.rate_second {
            self.rate_second = second;
            self.rate_count = 0;
        }
        let max = self.limits.max_messages_per_s;
        if max > 0 && self.rate_count >= max {
            return false;
        }
        self.rate_count = self.rate_count.saturating_add(1);
        true
    }

    /// Uses a number up, unless it is used already.
    #[inline]
    pub(crate) fn consume(&mut self, user_ref: UserRef) -> bool {
        let fresh = self.is_fresh(user_ref);
        if fresh {
            self.next_user_ref = u64::from(user_ref.0) + 1;
        }
        fresh
    }

    #[inline]
    pub(crate) fn is_fresh(&self, user_ref: UserRef) -> bool {
        u64::from(user_ref.0) >= self.next_user_ref
    }

    /// This session, as the recipient of its next response.
    #[inline]
    pub(crate) fn respond(&mut self) -> Recipient {
        let number = self.next_response;
        self.next_response = number.next();
        Recipient::new(self.id, number)
    }
}
