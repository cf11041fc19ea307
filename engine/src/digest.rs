//! A running fingerprint of everything the exchange said.
//!
//! Each event is mixed into 64 bits: its fields, as words in a fixed order, are
//! multiplied by odd keys of their own and added up; that sum is mixed with the
//! digest so far by a product of 128 bits, folded. So a word costs two
//! instructions that wait for nothing, and one product an event waits for the
//! event before. Two replays with the same digest have, for all that is not an
//! attack, said the same; the journal carries checkpoints of it, so a replay that
//! diverges is caught near where it did. It is a check against mistakes, not a
//! cryptographic hash. Only values are folded, never memory, so padding and
//! layout do not matter.

use crate::alpha::Alpha;
use crate::book::Marks;
use crate::command::{Attributes, Options, Side};
use crate::event::{
    Accepted, Added, AuctionFigures, BrokenParty, Canceled, CrossExecuted, Event, EventBody,
    Executed, Modified, OrderDetails, PriorityChanged, Recipient, Replaced, Restated,
    SelfTradePrevented, TradeBroken,
};
use crate::types::{Nanos, Sequence, StreamNumber};
use std::fmt;

/// Odd keys with no structure: 31 bits each, which fit in an instruction, of the
/// fractional parts of the square roots of the first sixteen primes, made odd.
const KEYS: [u64; 16] = [
    0x6a09_e667,
    0x3b67_ae85,
    0x3c6e_f373,
    0x254f_f53b,
    0x510e_527f,
    0x1b05_688d,
    0x1f83_d9ab,
    0x5be0_cd19,
    0x4bbb_9d5d,
    0x629a_292b,
    0x1159_015b,
    0x152f_ecd9,
    0x6733_2667,
    0x0eb4_4a87,
    0x5b0c_2e0d,
    0x47b5_481d,
];

/// What the digest's own products are with: the square root of two.
const ROOT: u64 = 0x6a09_e667_f3bc_c909;

/// A running fingerprint of everything that an exchange said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl Default for Digest {
    fn default() -> Self {
        Self(ROOT)
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
        self.0 = mix(self.0 ^ first, ROOT).wrapping_add(second);
        self.0 = mix(self.0, ROOT);
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
    #[inline]
    pub fn event(&mut self, event: &Event) {
        self.fold_event(event.cause, event.time, event.market, &event.body);
    }

    #[inline(always)]
    pub(crate) fn fold_event(
        &mut self,
        cause: Sequence,
        time: Nanos,
        market: StreamNumber,
        body: &EventBody,
    ) {
        let mut sum = Sum::default();
        sum.word(cause.0);
        sum.word(time.0);
        sum.word(market.0);
        let tag = sum.body(body);
        self.0 = mix(self.0 ^ sum.total.wrapping_add(tag << 56), ROOT);
    }
}

#[inline]
fn mix(one: u64, other: u64) -> u64 {
    let wide = u128::from(one) * u128::from(other);
    (wide as u64) ^ ((wide >> 64) as u64)
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

/// The sum of an event's words, each times a key.
#[derive(Default)]
struct Sum {
    total: u64,
    words: usize,
}

impl Sum {
    #[inline(always)]
    fn word(&mut self, word: u64) {
        self.total = self.total.wrapping_add(word.wrapping_mul(KEYS[self.words]));
        self.words += 1;
    }

    #[inline(always)]
    fn pair(&mut self, first: u64, second: u64) {
        self.word(first);
        self.word(second);
    }

    #[inline(always)]
    fn text<const N: usize>(&mut self, text: &Alpha<N>) {
        let [first, second] = words(text);
        self.pair(first, second);
    }

    /// Adds what happened, and returns its number.
    #[inline(always)]
    fn body(&mut self, body: &EventBody) -> u64 {
        match body {
            EventBody::Nothing => 0,
            EventBody::System(code) => {
                self.word(*code as u64);
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
        let marks = Marks::new(
            order.side,
            order.order_type,
            order.time_in_force,
            order.display,
            *short_sale,
            *capacity,
        );
        let flags = u64::from(*intermarket_sweep) << 16 | u64::from(order.rests) << 17;
        // A price is below 2^32 and an instrument below 2^16.
        let price = (order.price.0 as u64) ^ (u64::from(order.instrument.0) << 48);
        self.pair(order.order_id.0, price);
        self.pair(to.word(), two(order.user_ref.0, order.quantity.0));
        self.text(cl_ord_id);
        self.word(u64::from(marks.bits()) | flags);
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
        self.word(two(canceled.displayed_quantity.0, canceled.reason as u32));
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
        self.word(prevented.displayed_quantity.0.into());
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
        self.word(letters.into());
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
