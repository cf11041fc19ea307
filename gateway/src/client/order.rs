//! Orders in plain words, for those who do not care for every field.

use crate::wire::ouch::{CancelOrder, EnterOrder, OuchOption, ReplaceOrder};
use crate::wire::{Letter, OuchPrice};
use ringmatch_engine::command::Side;
use ringmatch_engine::{ClOrdId, Price, Symbol, UserRef};

/// OUCH 5.0's price of a market order.
const MARKET: u64 = 0x7FFF_FFFF;

/// A new order. The fields not named here are those of an agency order in
/// continuous trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Instrument.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares.
    pub quantity: u32,
    /// The limit; `None` for a market order.
    pub price: Option<Price>,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// Whether it is kept out of the displayed book.
    pub hidden: bool,
    /// The client's text.
    pub cl_ord_id: ClOrdId,
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is executed or canceled.
    #[default]
    Day,
    /// What does not trade at once is canceled.
    ImmediateOrCancel,
    /// Trades in full at once, or not at all.
    FillOrKill,
}

impl Lifetime {
    fn letter(self) -> Letter {
        Letter(match self {
            Self::Day => b'0',
            Self::ImmediateOrCancel | Self::FillOrKill => b'3',
        })
    }

    fn option(self, quantity: u32) -> Option<OuchOption> {
        (self == Self::FillOrKill).then_some(OuchOption::MinQty(quantity))
    }
}

impl NewOrder {
    /// A limit order that lives for the day and is displayed.
    #[must_use]
    pub fn limit(symbol: Symbol, side: Side, quantity: u32, price: Price) -> Self {
        let price = Some(price);
        let lifetime = Lifetime::Day;
        Self { symbol, side, quantity, price, lifetime, hidden: false, cl_ord_id: ClOrdId::BLANK }
    }

    /// The message, and its option if it has one.
    #[must_use]
    pub fn message(&self, user_ref: UserRef) -> (EnterOrder, Option<OuchOption>) {
        let order = EnterOrder {
            user_ref_num: user_ref.0,
            side: Letter(if self.side == Side::Buy { b'B' } else { b'S' }),
            quantity: self.quantity,
            symbol: self.symbol,
            price: wire_price(self.price),
            time_in_force: self.lifetime.letter(),
            display: Letter(if self.hidden { b'N' } else { b'Y' }),
            capacity: Letter(b'A'),
            intermarket_sweep_eligibility: Letter(b'N'),
            cross_type: Letter(b'N'),
            cl_ord_id: self.cl_ord_id,
        };
        (order, self.lifetime.option(self.quantity))
    }
}

/// A displayed day order in the place of a live one.
///
/// `quantity` is the total of the chain, what has been executed included.
#[must_use]
pub fn replacement(
    original: UserRef,
    user_ref: UserRef,
    quantity: u32,
    price: Price,
) -> ReplaceOrder {
    ReplaceOrder {
        orig_user_ref_num: original.0,
        user_ref_num: user_ref.0,
        quantity,
        price: wire_price(Some(price)),
        time_in_force: Lifetime::Day.letter(),
        display: Letter(b'Y'),
        intermarket_sweep_eligibility: Letter(b'N'),
        cl_ord_id: ClOrdId::BLANK,
    }
}

/// Reduces an order to `quantity` in total, what has been executed included;
/// zero cancels it.
#[must_use]
pub fn cancellation(user_ref: UserRef, quantity: u32) -> CancelOrder {
    CancelOrder { user_ref_num: user_ref.0, quantity }
}

/// A price that no protocol field can hold becomes zero, which is refused.
fn wire_price(price: Option<Price>) -> OuchPrice {
    OuchPrice(price.map_or(MARKET, |price| u64::try_from(price.0).unwrap_or(0)))
}
