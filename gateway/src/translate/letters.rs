//! The letters of both protocols, and the price that is none.
//!
//! One function for each choice that a message carries as a letter. What
//! letters mean on the way in is in `inbound` and `terms`, where those that mean
//! nothing are refused.

use crate::wire::{Letter, OuchPrice};
use ringmatch_engine::Price;
use ringmatch_engine::command::{
    BustReason, Capacity, Display, OrderType, SelfTrade, ShortSale, Side, TimeInForce,
};
use ringmatch_engine::event::Cross;

/// OUCH 5.0's price of a market order.
const MARKET_PRICE: u64 = 0x7FFF_FFFF;
/// All prices that mean "market": that one, 200,000.0000, and the largest
/// integers, signed and unsigned.
pub(super) const MARKET_PRICES: [u64; 4] = [MARKET_PRICE, 2_000_000_000, i64::MAX as u64, u64::MAX];

/// The price field of an order: what a market-to-limit order has become is its
/// limit, as soon as there is one.
#[must_use]
pub fn price_field(order_type: OrderType, price: Price) -> OuchPrice {
    let has_limit = match order_type {
        OrderType::Limit => true,
        OrderType::Market => false,
        OrderType::MarketToLimit => price.0 > 0,
    };
    // Prices in the book are positive; one that is not becomes zero, which is
    // refused.
    let units = if has_limit { u64::try_from(price.0).unwrap_or(0) } else { MARKET_PRICE };
    OuchPrice(units)
}

/// Time In Force; what OUCH has no letter for is told by an option.
#[must_use]
pub const fn time_in_force_letter(time_in_force: TimeInForce) -> Letter {
    Letter(match time_in_force {
        TimeInForce::Day
        | TimeInForce::GoodTillCancel
        | TimeInForce::AtOpen
        | TimeInForce::AtClose => b'0',
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => b'3',
        TimeInForce::GoodTillTime => b'6',
    })
}

/// CrossType.
#[must_use]
pub const fn cross_type_letter(time_in_force: TimeInForce) -> Letter {
    Letter(match time_in_force {
        TimeInForce::AtOpen => b'O',
        TimeInForce::AtClose => b'C',
        _ => b'N',
    })
}

/// Side, with the marking of a sale.
#[must_use]
pub const fn side_letter(side: Side, short_sale: ShortSale) -> Letter {
    Letter(match (side, short_sale) {
        (Side::Buy, _) => b'B',
        (Side::Sell, ShortSale::No) => b'S',
        (Side::Sell, ShortSale::Short) => b'T',
        (Side::Sell, ShortSale::Exempt) => b'E',
    })
}

/// Display.
#[must_use]
pub const fn display_letter(display: Display) -> Letter {
    Letter(match display {
        Display::Visible => b'Y',
        Display::Attributable => b'A',
        Display::Hidden => b'N',
    })
}

/// Capacity.
#[must_use]
pub const fn capacity_letter(capacity: Capacity) -> Letter {
    Letter(match capacity {
        Capacity::Agency => b'A',
        Capacity::Principal => b'P',
        Capacity::Riskless => b'R',
        Capacity::Other => b'O',
    })
}

/// AIQ Strategy; a space for what the session says.
pub(super) const fn self_trade_letter(self_trade: SelfTrade) -> Letter {
    Letter(match self_trade {
        SelfTrade::SessionDefault => b' ',
        SelfTrade::Allow => b'A',
        SelfTrade::CancelNewest => b'W',
        SelfTrade::CancelOldest => b'O',
        SelfTrade::CancelBoth => b'B',
        SelfTrade::DecrementBoth => b'D',
    })
}

/// An auction: the Liquidity Flag of its executions, and ITCH's Cross Type.
pub(super) const fn cross_letter(cross: Cross) -> Letter {
    Letter(match cross {
        Cross::Opening => b'O',
        Cross::Closing => b'C',
        Cross::Halt => b'H',
    })
}

/// Why a trade is broken.
pub(super) const fn bust_letter(reason: BustReason) -> Letter {
    Letter(match reason {
        BustReason::Erroneous => b'E',
        BustReason::Consent => b'C',
        BustReason::Supervisory => b'S',
        BustReason::External => b'X',
    })
}

/// Y or N.
pub(super) const fn yes_or_no(is_so: bool) -> Letter {
    Letter(if is_so { b'Y' } else { b'N' })
}
