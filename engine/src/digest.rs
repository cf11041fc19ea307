//! A running fingerprint of everything the exchange said.
//!
//! Each event is mixed into 64 bits: its fields, as words in a fixed order, are
//! multiplied in pairs to 128 bits, each pair with keys of its own, and the folded
//! products are added up; that sum and the digest so far are multiplied and
//! folded once more. So an event costs a handful of multiplications that do not
//! wait for each other, and one that waits for the event before. Two replays
//! with the same digest have, for all that is not an attack, said the same; the
//! journal carries checkpoints of it, so a replay that diverges is caught near
//! where it did. It is a check against mistakes, not a cryptographic hash. Only
//! values are folded, never memory, so padding and layout do not matter.

use crate::alpha::Alpha;
use crate::command::{Attributes, Options, Side};
use crate::event::{
    Accepted, Added, AuctionFigures, BrokenParty, Canceled, CrossExecuted, Event, EventBody,
    Executed, Modified, OrderDetails, PriorityChanged, Recipient, Replaced, Restated,
    SelfTradePrevented, TradeBroken,
};
use std::fmt;

/// Odd constants with no structure: the fractional parts of the square roots
/// of the first twenty primes, made odd.
const KEYS: [u64; 20] = [
    0x6a09_e667_f3bc_c909,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
    0xcbbb_9d5d_c105_9ed9,
    0x629a_292a_367c_d507,
    0x9159_015a_3070_dd17,
    0x152f_ecd8_f70e_5939,
    0x6733_2667_ffc0_0b31,
    0x8eb4_4a87_6858_1511,
    0xdb0c_2e0d_64f9_8fa7,
    0x47b5_481d_befa_4fa5,
    0xae5f_9156_e7b6_d99b,
    0xcf6c_85d3_9d1a_1e15,
    0x2f73_477d_6a45_63cb,
    0x6d18_26ca_fd82_e1ed,
];

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
        let product = mix(self.0 ^ first ^ KEYS[0], second ^ KEYS[1]);
        // Adding the first word keeps it from vanishing when the other factor is zero.
        self.0 = product.wrapping_add(first.rotate_left(32));
    }

    /// Folds one word in.
    #[inline]
    pub fn word(&mut self, word: u64) {
        self.fold(word, 0);
    }

    /// Folds up to sixteen bytes of text in.
    #[inline]
    pub fn text<const N: usize>(&mut self, text: &Alpha<N>) {
        let [first, second] = words(text);
        self.fold(first, second);
    }

    /// Folds an event in: what it is, whence it came, its place in the
    /// market-data stream, and its fields.
    #[inline(always)]
    pub fn event(&mut self, event: &Event) {
        let mut sum = Sum::default();
        sum.pair(event.cause.0, event.time.0);
        let tag = sum.body(&event.body);
        sum.pair(event.market.0, tag);
        self.fold(sum.total, 0);
    }
}

#[inline]
fn mix(one: u64, other: u64) -> u64 {
    let wide = u128::from(one) * u128::from(other);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// The part of a key that fits in an instruction.
const fn short(key: u64) -> u64 {
    key >> 33
}

#[inline]
fn words<const N: usize>(text: &Alpha<N>) -> [u64; 2] {
    let mut bytes = [0; 16];
    bytes[..N].copy_from_slice(text.bytes());
    let wide = u128::from_le_bytes(bytes);
    [wide as u64, (wide >> 64) as u64]
}

#[inline]
fn two(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// The products of an event's words.
#[derive(Default)]
struct Sum {
    total: u64,
    pairs: usize,
}

impl Sum {
    #[inline(always)]
    fn pair(&mut self, first: u64, second: u64) {
        let at = self.pairs * 2;
        self.pairs += 1;
        let product = mix(first ^ short(KEYS[at]), second ^ short(KEYS[at + 1]));
        self.total = self.total.wrapping_add(product).wrapping_add(first.rotate_left(32));
    }

    #[inline(always)]
    fn text<const N: usize>(&mut self, text: &Alpha<N>) {
        let [first, second] = words(text);
        self.pair(first, second);
    }

    /// Adds a text and a word, in one pair.
    #[inline(always)]
    fn text_beside<const N: usize>(&mut self, text: &Alpha<N>, word: u64) {
        let [first, second] = words(text);
        self.pair(first, second.wrapping_add(word.wrapping_mul(KEYS[19])));
    }

    /// Adds what happened, and returns its number.
    #[inline(always)]
    fn body(&mut self, body: &EventBody) -> u64 {
        match body {
            EventBody::Nothing => 0,
            EventBody::System(code) => {
                self.pair(*code as u64, 0);
                1
            }
            EventBody::InstrumentAdded { instrument, symbol, lot_size } => {
                self.text(symbol);
                self.pair(instrument.0.into(), lot_size.0.into());
                2
            }
            EventBody::SessionAdded { to, name, firm } => {
                self.text(name);
                let [firm, _] = words(firm);
                self.pair(to.word(), firm);
                3
            }
            EventBody::TradingAction { instrument, phase, reason } => {
                self.pair(instrument.0.into(), *phase as u64 | (*reason as u64) << 8);
                4
            }
            EventBody::Accepted(Accepted { to, order }) => {
                self.order(*to, order);
                5
            }
            EventBody::Replaced(replaced) => {
                self.replaced(replaced);
                6
            }
            EventBody::Added(added) => {
                self.added(added);
                7
            }
            EventBody::Executed(executed) => {
                self.executed(executed);
                8
            }
            EventBody::Canceled(canceled) => {
                self.canceled(canceled);
                9
            }
            EventBody::Rejected { to, user_ref, reason, cl_ord_id } => {
                self.text(cl_ord_id);
                self.pair(to.word(), two(user_ref.0, *reason as u32));
                10
            }
            EventBody::AccountStatus { to, next_user_ref } => {
                self.pair(to.word(), *next_user_ref);
                11
            }
            EventBody::Modified(modified) => {
                self.modified(modified);
                12
            }
            EventBody::PriorityChanged(changed) => {
                self.priority_changed(changed);
                13
            }
            EventBody::Restated(restated) => {
                self.restated(restated);
                14
            }
            EventBody::MassCanceled { to, user_ref, firm, instrument } => {
                let [firm, _] = words(firm);
                self.pair(to.word(), firm);
                self.pair(user_ref.0.into(), instrument.0.into());
                15
            }
            EventBody::OrderEntrySet { to, user_ref, firm, enabled } => {
                let [firm, _] = words(firm);
                self.pair(to.word(), firm);
                self.pair(user_ref.0.into(), u64::from(*enabled));
                16
            }
            EventBody::SelfTradePrevented(prevented) => {
                self.self_trade(prevented);
                17
            }
            EventBody::CrossExecuted(executed) => {
                self.cross_executed(executed);
                18
            }
            EventBody::CrossTrade { instrument, cross, price, quantity, match_number } => {
                self.pair(price.0 as u64, *quantity);
                self.pair(match_number.0, two(instrument.0.into(), *cross as u32));
                19
            }
            EventBody::AuctionFigures(figures) => {
                self.auction_figures(figures);
                20
            }
            EventBody::CollarBroken { instrument, reference, upper, lower } => {
                self.pair(instrument.0.into(), reference.0 as u64);
                self.pair(upper.0 as u64, lower.0 as u64);
                21
            }
            EventBody::TradeBroken(broken) => {
                self.trade_broken(broken);
                22
            }
        }
    }

    #[inline(always)]
    fn order(&mut self, to: Recipient, order: &OrderDetails) {
        let Attributes { short_sale, capacity, intermarket_sweep, cl_ord_id } = &order.attributes;
        let letters = u64::from_le_bytes([
            order.side as u8,
            order.order_type as u8,
            order.time_in_force as u8,
            order.display as u8,
            *short_sale as u8,
            *capacity as u8,
            u8::from(*intermarket_sweep),
            u8::from(order.rests),
        ]);
        // A price is below 2^32 and an instrument below 2^16.
        let price = (order.price.0 as u64) ^ (u64::from(order.instrument.0) << 48);
        self.pair(order.order_id.0, price);
        self.pair(to.word(), two(order.user_ref.0, order.quantity.0));
        self.text_beside(cl_ord_id, letters);
        if !order.options.is_none() {
            self.options(&order.options);
        }
    }

    #[inline(always)]
    fn options(&mut self, options: &Options) {
        let Options { offset, max_floor, min_quantity, expire_after_s, group, .. } = *options;
        let letters = u32::from_le_bytes([
            options.pricing as u8,
            u8::from(options.post_only),
            options.self_trade as u8,
            0,
        ]);
        self.pair(two(offset as u32, max_floor.0), two(min_quantity.0, expire_after_s));
        self.pair(group.into(), letters.into());
    }

    #[inline(always)]
    fn replaced(&mut self, replaced: &Replaced) {
        let reference = u64::from(replaced.original_user_ref.0) << 1;
        self.order(replaced.to, &replaced.order);
        self.pair(replaced.original_order_id.0, reference | u64::from(replaced.original_displayed));
    }

    #[inline(always)]
    fn added(&mut self, added: &Added) {
        self.pair(added.order_id.0, added.price.0 as u64);
        let letters = (added.display as u64) << 8 | added.side as u64;
        self.pair(
            two(added.instrument.0.into(), added.quantity.0),
            u64::from(added.session.0) << 16 | letters,
        );
    }

    #[inline(always)]
    fn executed(&mut self, executed: &Executed) {
        let Executed { maker, taker, .. } = executed;
        let flags = u32::from(executed.instrument.0) << 8
            | (executed.maker_side as u32) << 1
            | u32::from(executed.maker_displayed);
        self.pair(executed.match_number.0, executed.price.0 as u64);
        self.pair(maker.order_id.0, taker.order_id.0);
        self.pair(maker.to.word(), taker.to.word());
        self.pair(two(maker.user_ref.0, taker.user_ref.0), two(executed.quantity.0, flags));
    }

    #[inline(always)]
    fn canceled(&mut self, canceled: &Canceled) {
        self.pair(canceled.to.word(), canceled.order_id.0);
        self.pair(
            two(canceled.user_ref.0, canceled.instrument.0.into()),
            two(canceled.quantity.0, canceled.remaining.0),
        );
        self.pair(two(canceled.displayed_quantity.0, canceled.reason as u32), 0);
    }

    #[inline(always)]
    fn modified(&mut self, modified: &Modified) {
        self.pair(modified.to.word(), modified.order_id.0);
        self.pair(
            two(modified.user_ref.0, modified.instrument.0.into()),
            two(modified.quantity.0, modified.displayed_reduction.0),
        );
        self.pair(modified.side as u64, modified.short_sale as u64);
    }

    #[inline(always)]
    fn priority_changed(&mut self, changed: &PriorityChanged) {
        self.pair(changed.to.word(), changed.order_id.0);
        self.pair(changed.original_order_id.0, changed.price.0 as u64);
        self.pair(
            two(changed.user_ref.0, changed.instrument.0.into()),
            two(changed.displayed_quantity.0, changed.display as u32),
        );
    }

    #[inline(always)]
    fn restated(&mut self, restated: &Restated) {
        self.pair(restated.to.word(), restated.order_id.0);
        self.pair(
            two(restated.user_ref.0, restated.instrument.0.into()),
            two(restated.quantity.0, restated.displayed_quantity.0),
        );
        let letters =
            (restated.display as u64) << 16 | (restated.side as u64) << 8 | restated.reason as u64;
        self.pair(restated.price.0 as u64, letters);
    }

    #[inline(always)]
    fn self_trade(&mut self, prevented: &SelfTradePrevented) {
        self.pair(prevented.to.word(), prevented.order_id.0);
        self.pair(
            two(prevented.user_ref.0, prevented.instrument.0.into()),
            two(prevented.quantity.0, prevented.remaining.0),
        );
        let letters = (prevented.action as u32) << 8 | u32::from(prevented.is_maker);
        self.pair(prevented.price.0 as u64, two(prevented.prevented.0, letters));
        self.pair(prevented.displayed_quantity.0.into(), 0);
    }

    #[inline(always)]
    fn cross_executed(&mut self, executed: &CrossExecuted) {
        self.pair(executed.to.word(), executed.order_id.0);
        self.pair(
            two(executed.user_ref.0, executed.instrument.0.into()),
            two(executed.quantity.0, executed.displayed_quantity.0),
        );
        let letters = (executed.side as u32) << 8 | executed.cross as u32;
        self.pair(executed.match_number.0, executed.price.0 as u64);
        self.pair(letters.into(), 0);
    }

    #[inline(always)]
    fn auction_figures(&mut self, figures: &AuctionFigures) {
        let side = match figures.side {
            None => 0,
            Some(Side::Buy) => 1,
            Some(Side::Sell) => 2,
        };
        self.pair(figures.paired, figures.imbalance);
        self.pair(figures.price.0 as u64, figures.reference.0 as u64);
        self.pair(figures.instrument.0.into(), figures.cross as u64 | side << 8);
    }

    #[inline(always)]
    fn trade_broken(&mut self, broken: &TradeBroken) {
        let side = |party: &BrokenParty| (party.to.word(), u64::from(party.user_ref.0));
        let (to, user_ref) = side(&broken.buyer);
        self.pair(to, user_ref);
        let (to, user_ref) = side(&broken.seller);
        self.pair(to, user_ref);
        self.pair(broken.match_number.0, two(broken.instrument.0.into(), broken.reason as u32));
    }
}
