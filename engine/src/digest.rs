//! A running fingerprint of everything the exchange said.
//!
//! Each event folds its fields, in a fixed order, into 64 bits by multiplying
//! to 128 and folding the halves. Two replays with the same digest have, for
//! all that is not an attack, said the same; the journal carries checkpoints
//! of it, so a replay that diverges is caught near where it did. It is a check
//! against mistakes, not a cryptographic hash. Only values are folded, never
//! memory, so padding and layout do not matter.

use crate::alpha::Alpha;
use crate::command::Attributes;
use crate::event::{
    Accepted, Added, Canceled, Event, EventBody, Executed, OrderDetails, Party, Recipient, Replaced,
};
use std::fmt;

/// Odd constants with no structure: the fractional parts of the square roots
/// of 2 and 3, made odd.
const KEYS: [u64; 2] = [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b];

/// A running fingerprint of everything that an exchange said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl Default for Digest {
    fn default() -> Self {
        Self(KEYS[0])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Digest {
    /// Folds two words in.
    #[inline]
    pub fn fold(&mut self, first: u64, second: u64) {
        let wide = u128::from(self.0 ^ first ^ KEYS[0]) * u128::from(second ^ KEYS[1]);
        // Adding the first word keeps it from vanishing when the other factor is zero.
        self.0 = ((wide as u64) ^ ((wide >> 64) as u64)).wrapping_add(first.rotate_left(32));
    }

    /// Folds one word in.
    #[inline]
    pub fn word(&mut self, word: u64) {
        self.fold(word, 0);
    }

    /// Folds up to sixteen bytes of text in.
    #[inline]
    pub fn text<const N: usize>(&mut self, text: &Alpha<N>) {
        let mut bytes = [0; 16];
        bytes[..N].copy_from_slice(text.bytes());
        let wide = u128::from_le_bytes(bytes);
        self.fold(wide as u64, (wide >> 64) as u64);
    }

    /// Folds an event in: first what it is, whence it came and its place in
    /// the market-data stream, then its fields.
    #[inline]
    pub fn event(&mut self, event: &Event) {
        self.fold(event.cause.0, event.time.0);
        match &event.body {
            EventBody::Nothing => self.tag(event, 0),
            EventBody::System(code) => {
                self.tag(event, 1);
                self.word(*code as u64);
            }
            EventBody::InstrumentAdded { instrument, symbol, lot_size } => {
                self.tag(event, 2);
                self.text(symbol);
                self.fold(instrument.0.into(), lot_size.0.into());
            }
            EventBody::SessionAdded { to, name, firm } => {
                self.tag(event, 3);
                self.recipient(to);
                self.text(name);
                self.text(firm);
            }
            EventBody::TradingAction { instrument, state } => {
                self.tag(event, 4);
                self.fold(instrument.0.into(), *state as u64);
            }
            EventBody::Accepted(accepted) => {
                self.tag(event, 5);
                self.accepted(accepted);
            }
            EventBody::Replaced(replaced) => {
                self.tag(event, 6);
                self.replaced(replaced);
            }
            EventBody::Added(added) => {
                self.tag(event, 7);
                self.added(added);
            }
            EventBody::Executed(executed) => {
                self.tag(event, 8);
                self.executed(executed);
            }
            EventBody::Canceled(canceled) => {
                self.tag(event, 9);
                self.canceled(canceled);
            }
            EventBody::Rejected { to, user_ref, reason, cl_ord_id } => {
                self.tag(event, 10);
                self.recipient(to);
                self.fold(user_ref.0.into(), *reason as u64);
                self.text(cl_ord_id);
            }
            EventBody::AccountStatus { to, next_user_ref } => {
                self.tag(event, 11);
                self.recipient(to);
                self.word(*next_user_ref);
            }
        }
    }

    #[inline]
    fn tag(&mut self, event: &Event, tag: u64) {
        self.fold(event.market.0, tag);
    }

    #[inline]
    fn recipient(&mut self, to: &Recipient) {
        self.fold(to.number.0, to.session.0.into());
    }

    #[inline]
    fn accepted(&mut self, accepted: &Accepted) {
        self.recipient(&accepted.to);
        self.order(&accepted.order, u64::from(accepted.rests));
    }

    #[inline]
    fn replaced(&mut self, replaced: &Replaced) {
        self.recipient(&replaced.to);
        self.fold(replaced.original_order_id.0, replaced.original_user_ref.0.into());
        let flags = u64::from(replaced.rests) | u64::from(replaced.original_displayed) << 1;
        self.order(&replaced.order, flags);
    }

    #[inline]
    fn order(&mut self, order: &OrderDetails, flags: u64) {
        let Attributes { short_sale, capacity, intermarket_sweep, cl_ord_id } = &order.attributes;
        let letters = u64::from_le_bytes([
            order.side as u8,
            order.order_type as u8,
            order.time_in_force as u8,
            order.display as u8,
            *short_sale as u8,
            *capacity as u8,
            u8::from(*intermarket_sweep),
            flags as u8,
        ]);
        self.fold(order.order_id.0, order.price.0 as u64);
        self.fold(
            u64::from(order.user_ref.0) << 32 | u64::from(order.quantity.0),
            u64::from(order.instrument.0),
        );
        self.word(letters);
        self.text(cl_ord_id);
    }

    #[inline]
    fn added(&mut self, added: &Added) {
        self.fold(added.order_id.0, added.price.0 as u64);
        self.fold(
            u64::from(added.instrument.0) << 32 | u64::from(added.quantity.0),
            added.side as u64,
        );
    }

    #[inline]
    fn executed(&mut self, executed: &Executed) {
        self.fold(executed.match_number.0, executed.price.0 as u64);
        let flags = executed.maker_side as u64 | u64::from(executed.maker_displayed) << 1;
        self.fold(u64::from(executed.instrument.0) << 32 | u64::from(executed.quantity.0), flags);
        self.party(&executed.maker);
        self.party(&executed.taker);
    }

    #[inline]
    fn party(&mut self, party: &Party) {
        self.fold(
            party.order_id.0,
            u64::from(party.user_ref.0) << 32 | u64::from(party.to.session.0),
        );
        self.word(party.to.number.0);
    }

    #[inline]
    fn canceled(&mut self, canceled: &Canceled) {
        self.recipient(&canceled.to);
        self.fold(
            canceled.order_id.0,
            u64::from(canceled.user_ref.0) << 32 | u64::from(canceled.instrument.0),
        );
        self.fold(
            u64::from(canceled.quantity.0) << 32 | u64::from(canceled.remaining.0),
            canceled.reason as u64,
        );
    }
}
