//! Orders in plain words, for those who do not care for every field.

use crate::translate::{
    cross_type_letter, display_letter, options_of, price_field, replacement_options_of,
    side_letter, time_in_force_letter,
};
use crate::wire::ouch::{CancelOrder, EnterOrder, OuchOption, ReplaceOrder};
use crate::wire::{Letter, OuchPrice};
use ringmatch_engine::command::{Display, Options, OrderType, ShortSale, Side, TimeInForce};
use ringmatch_engine::{ClOrdId, Price, Quantity, Symbol, UserRef};

/// A new order. The fields not named here are those of an agency order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Instrument.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// How a sale is marked.
    pub short_sale: ShortSale,
    /// Shares.
    pub quantity: u32,
    /// The limit; `None` for an order without one.
    pub price: Option<Price>,
    /// Whether an order without a limit gets one from the price it trades at.
    pub market_to_limit: bool,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Who may see it while it rests.
    pub display: Display,
    /// What else is asked of it.
    pub options: Options,
    /// The client's text.
    pub cl_ord_id: ClOrdId,
}

impl NewOrder {
    /// A limit order that lives for the day and is displayed.
    #[must_use]
    pub const fn limit(symbol: Symbol, side: Side, quantity: u32, price: Price) -> Self {
        Self {
            symbol,
            side,
            short_sale: ShortSale::No,
            quantity,
            price: Some(price),
            market_to_limit: false,
            time_in_force: TimeInForce::Day,
            display: Display::Visible,
            options: Options::NONE,
            cl_ord_id: ClOrdId::BLANK,
        }
    }

    /// The message, and its options.
    #[must_use]
    pub fn message(&self, user_ref: UserRef) -> (EnterOrder, Vec<OuchOption>) {
        let Self { quantity, time_in_force, options, .. } = self;
        let order = EnterOrder {
            user_ref_num: user_ref.0,
            side: side_letter(self.side, self.short_sale),
            quantity: *quantity,
            symbol: self.symbol,
            price: wire_price(self.price),
            time_in_force: time_in_force_letter(*time_in_force),
            display: display_letter(self.display),
            capacity: Letter(b'A'),
            intermarket_sweep_eligibility: Letter(b'N'),
            cross_type: cross_type_letter(*time_in_force),
            cl_ord_id: self.cl_ord_id,
        };
        let order_type = order_type(self.price, self.market_to_limit);
        let options = options_of(order_type, *time_in_force, Quantity(*quantity), options);
        (order, options.collect())
    }
}

/// A new order in the place of a live one. What its options do not say is as
/// it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The live order.
    pub original: UserRef,
    /// Total of the chain, what has been executed included.
    pub quantity: u32,
    /// The limit; `None` for an order without one.
    pub price: Option<Price>,
    /// Whether an order without a limit gets one from the price it trades at.
    pub market_to_limit: bool,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Who may see it while it rests.
    pub display: Display,
    /// What else is to change.
    pub options: Options,
    /// The client's text.
    pub cl_ord_id: ClOrdId,
}

impl Replacement {
    /// A displayed limit order for the day in the place of a live one.
    #[must_use]
    pub const fn limit(original: UserRef, quantity: u32, price: Price) -> Self {
        Self {
            original,
            quantity,
            price: Some(price),
            market_to_limit: false,
            time_in_force: TimeInForce::Day,
            display: Display::Visible,
            options: Options::NONE,
            cl_ord_id: ClOrdId::BLANK,
        }
    }

    /// The message, and its options.
    #[must_use]
    pub fn message(&self, user_ref: UserRef) -> (ReplaceOrder, Vec<OuchOption>) {
        let Self { quantity, time_in_force, options, .. } = self;
        let request = ReplaceOrder {
            orig_user_ref_num: self.original.0,
            user_ref_num: user_ref.0,
            quantity: *quantity,
            price: wire_price(self.price),
            time_in_force: time_in_force_letter(*time_in_force),
            display: display_letter(self.display),
            intermarket_sweep_eligibility: Letter(b'N'),
            cl_ord_id: self.cl_ord_id,
        };
        let order_type = order_type(self.price, self.market_to_limit);
        let quantity = Quantity(*quantity);
        let options = replacement_options_of(order_type, *time_in_force, quantity, options);
        (request, options.collect())
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
    Replacement::limit(original, quantity, price).message(user_ref).0
}

/// Reduces an order to `quantity` in total, what has been executed included;
/// zero cancels it.
#[must_use]
pub fn cancellation(user_ref: UserRef, quantity: u32) -> CancelOrder {
    CancelOrder { user_ref_num: user_ref.0, quantity }
}

fn order_type(price: Option<Price>, market_to_limit: bool) -> OrderType {
    match price {
        Some(_) => OrderType::Limit,
        None if market_to_limit => OrderType::MarketToLimit,
        None => OrderType::Market,
    }
}

fn wire_price(price: Option<Price>) -> OuchPrice {
    price.map_or_else(
        || price_field(OrderType::Market, Price(0)),
        |price| price_field(OrderType::Limit, price),
    )
}
