//! `Terms`: what an order asks for beyond side, quantity and price.
//!
//! OUCH 5.0 spreads it over letters (time in force, cross type) and options;
//! the engine has one enum and one struct for it. This file is both ways
//! between the two, so that an order that is echoed reads like the one that was
//! sent. Options that only inform are taken and passed over; one that asks for
//! something the venue does not do refuses the message, rather than trading
//! otherwise than was asked.

use super::letters::{MARKET_PRICES, self_trade_letter};
use crate::wire::ouch::{Appendage, OuchOption};
use crate::wire::{Letter, OuchPrice, SignedPrice};
use ringmatch_engine::command::{Options, OrderType, Pricing, SelfTrade, TimeInForce};
use ringmatch_engine::{Firm, Price, Quantity, RejectReason};

/// The private option `Lifetime`, with the letters of FIX 59.
const GOOD_TILL_CANCEL: u8 = b'1';
const AT_THE_OPENING: u8 = b'2';
const AT_THE_CLOSE: u8 = b'7';
/// The private option `OrderType`, with the letter of FIX 40.
const MARKET_TO_LIMIT: u8 = b'K';

/// What the options of a message say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms {
    options: Options,
    stop_price: Option<OuchPrice>,
    trailing_distance: Option<OuchPrice>,
    peg_offset: i32,
    lifetime: Option<Letter>,
    to_limit: bool,
}

impl Terms {
    /// Reads the options of an order or of a replacement by this firm, which
    /// is the only one that they may name.
    pub(super) fn read(appendage: Appendage<'_>, firm: Firm) -> Result<Self, RejectReason> {
        let mut terms = Self::default();
        for option in appendage {
            match option {
                OuchOption::Firm(named) if !named.is_blank() && named != firm => {
                    return Err(RejectReason::NotAuthorized);
                }
                option => terms.take(option)?,
            }
        }
        terms.settle_pricing()?;
        Ok(terms)
    }

    fn take(&mut self, option: OuchOption) -> Result<(), RejectReason> {
        let options = &mut self.options;
        match option {
            OuchOption::MinQty(shares) => options.min_quantity = Quantity(shares),
            OuchOption::MaxFloor(shares) => options.max_floor = Quantity(shares),
            OuchOption::PriceType(letter) => options.pricing = price_type(letter)?,
            OuchOption::PegOffset(offset) => self.peg_offset = offset.0,
            OuchOption::PostOnly(letter) => options.post_only = post_only(letter)?,
            OuchOption::ExpireTime(seconds) => options.expire_after_s = seconds,
            OuchOption::GroupId(group) => options.group = group,
            OuchOption::AiqStrategy(letter) => options.self_trade = self_trade(letter)?,
            OuchOption::StopPrice(price) => self.stop_price = Some(price),
            OuchOption::TrailingDistance(distance) => self.trailing_distance = Some(distance),
            OuchOption::Lifetime(letter) => self.lifetime = Some(letter),
            OuchOption::OrderType(Letter(MARKET_TO_LIMIT)) => self.to_limit = true,
            _ if only_informs(option) => {}
            _ => return Err(RejectReason::UnsupportedOption),
        }
        Ok(())
    }

    /// An order has one way to its price, and one offset.
    fn settle_pricing(&mut self) -> Result<(), RejectReason> {
        let Self { options, stop_price, trailing_distance, peg_offset, .. } = self;
        let is_peg = options.pricing != Pricing::Plain;
        if !is_peg && *peg_offset != 0 {
            return Err(RejectReason::InvalidPeg);
        }
        (options.pricing, options.offset) = match (*stop_price, *trailing_distance) {
            (None, None) => (options.pricing, *peg_offset),
            (Some(price), None) if !is_peg => (Pricing::Stop, offset(price)),
            (None, Some(distance)) if !is_peg => (Pricing::TrailingStop, offset(distance)),
            _ => return Err(RejectReason::InvalidStop),
        };
        Ok(())
    }

    /// What limits the order's price, and the limit.
    pub(super) fn price(&self, units: OuchPrice) -> (OrderType, Price) {
        if self.to_limit {
            return (OrderType::MarketToLimit, Price(0));
        }
        if MARKET_PRICES.contains(&units.0) {
            return (OrderType::Market, Price(0));
        }
        // A price above what 63 bits hold is no price, which the exchange will say.
        (OrderType::Limit, Price(i64::try_from(units.0).unwrap_or(i64::MAX)))
    }

    /// How long the order lives, and its options. An immediate-or-cancel order
    /// whose minimum is its whole quantity is fill-or-kill.
    pub(super) fn lifetime(
        mut self,
        letter: Letter,
        cross: Letter,
        quantity: u32,
    ) -> Result<(TimeInForce, Options), RejectReason> {
        let mut time_in_force = match (cross.0, letter.0, self.lifetime.map(|letter| letter.0)) {
            (b'O', b'0' | b'3', None) | (b'N', b'0', Some(AT_THE_OPENING)) => TimeInForce::AtOpen,
            (b'C', b'0' | b'3', None) | (b'N', b'0', Some(AT_THE_CLOSE)) => TimeInForce::AtClose,
            (b'N', b'0', None) => TimeInForce::Day,
            (b'N', b'3', None) => TimeInForce::ImmediateOrCancel,
            (b'N', b'6', None) => TimeInForce::GoodTillTime,
            (b'N', b'0', Some(GOOD_TILL_CANCEL)) => TimeInForce::GoodTillCancel,
            (b'N' | b'O' | b'C', ..) => return Err(RejectReason::UnsupportedTimeInForce),
            _ => return Err(RejectReason::UnsupportedCross),
        };
        let minimum = &mut self.options.min_quantity;
        let is_whole = *minimum == Quantity(quantity) && quantity > 0;
        if time_in_force == TimeInForce::ImmediateOrCancel && is_whole {
            time_in_force = TimeInForce::FillOrKill;
            *minimum = Quantity(0);
        }
        Ok((time_in_force, self.options))
    }
}

/// What the engine takes as a stop price or distance; one that does not fit is
/// above every price, which the exchange refuses.
fn offset(price: OuchPrice) -> i32 {
    i32::try_from(price.0).unwrap_or(i32::MAX)
}

fn price_type(letter: Letter) -> Result<Pricing, RejectReason> {
    match letter.0 {
        b'L' => Ok(Pricing::Plain),
        b'M' => Ok(Pricing::MidpointPeg),
        b'R' => Ok(Pricing::NearPeg),
        _ => Err(RejectReason::InvalidPeg),
    }
}

fn post_only(letter: Letter) -> Result<bool, RejectReason> {
    match letter.0 {
        b'P' => Ok(true),
        b'N' => Ok(false),
        _ => Err(RejectReason::UnsupportedOption),
    }
}

/// A lower-case letter means the firm's organisation, which is the firm here.
fn self_trade(letter: Letter) -> Result<SelfTrade, RejectReason> {
    match letter.0.to_ascii_uppercase() {
        b'O' => Ok(SelfTrade::CancelOldest),
        b'W' => Ok(SelfTrade::CancelNewest),
        b'D' | b'Y' => Ok(SelfTrade::DecrementBoth),
        b'B' => Ok(SelfTrade::CancelBoth),
        b'A' => Ok(SelfTrade::Allow),
        _ => Err(RejectReason::UnsupportedOption),
    }
}

/// Whether an option asks for nothing that would change how the order trades.
fn only_informs(option: OuchOption) -> bool {
    match option {
        OuchOption::RandomReserves(amount) => amount == 0,
        OuchOption::DiscretionPriceType(letter) => letter == Letter(b'L'),
        OuchOption::DiscretionPegOffset(offset) => offset.0 == 0,
        OuchOption::DiscretionPrice(price) => price.0 == 0,
        OuchOption::TradeNow(letter) => letter == Letter(b'N'),
        OuchOption::UserRefIdx(channel) => channel == 0,
        OuchOption::SecondaryOrdRefNum(_)
        | OuchOption::Firm(_)
        | OuchOption::CustomerType(_)
        | OuchOption::Route(_)
        | OuchOption::HandleInst(_)
        | OuchOption::BboWeightIndicator(_)
        | OuchOption::DisplayQuantity(_)
        | OuchOption::DisplayPrice(_)
        | OuchOption::SharesLocated(_)
        | OuchOption::LocateBroker(_)
        | OuchOption::Side(_)
        | OuchOption::AiqGroupId(_) => true,
        OuchOption::MinQty(_)
        | OuchOption::MaxFloor(_)
        | OuchOption::PriceType(_)
        | OuchOption::PegOffset(_)
        | OuchOption::PostOnly(_)
        | OuchOption::ExpireTime(_)
        | OuchOption::GroupId(_)
        | OuchOption::AiqStrategy(_)
        | OuchOption::StopPrice(_)
        | OuchOption::TrailingDistance(_)
        | OuchOption::Lifetime(_)
        | OuchOption::OrderType(_) => false,
    }
}

/// The options that tell of an order what its fixed fields cannot, where
/// CrossType is one of these.
pub fn options_of(
    order_type: OrderType,
    time_in_force: TimeInForce,
    quantity: Quantity,
    options: &Options,
) -> impl Iterator<Item = OuchOption> + use<> {
    let Options { offset, max_floor, min_quantity, expire_after_s, group, .. } = *options;
    let minimum = match time_in_force {
        TimeInForce::FillOrKill => quantity,
        _ => min_quantity,
    };
    let is_given = |option, is_given: bool| is_given.then_some(option);
    let distance = OuchPrice(u64::try_from(offset).unwrap_or(0));
    let self_trade = self_trade_letter(options.self_trade);
    let peg = match options.pricing {
        Pricing::Plain | Pricing::Stop | Pricing::TrailingStop => None,
        Pricing::MidpointPeg => Some(Letter(b'M')),
        Pricing::NearPeg => Some(Letter(b'R')),
    };
    let peg_offset = OuchOption::PegOffset(SignedPrice(offset));
    [
        is_given(OuchOption::MinQty(minimum.0), minimum.0 > 0),
        is_given(OuchOption::MaxFloor(max_floor.0), max_floor.0 > 0),
        peg.map(OuchOption::PriceType),
        is_given(peg_offset, peg.is_some() && offset != 0),
        is_given(OuchOption::PostOnly(Letter(b'P')), options.post_only),
        is_given(OuchOption::ExpireTime(expire_after_s), expire_after_s > 0),
        is_given(OuchOption::GroupId(group), group > 0),
        is_given(
            OuchOption::AiqStrategy(self_trade),
            options.self_trade != SelfTrade::SessionDefault,
        ),
        is_given(OuchOption::StopPrice(distance), options.pricing == Pricing::Stop),
        is_given(OuchOption::TrailingDistance(distance), options.pricing == Pricing::TrailingStop),
        is_given(
            OuchOption::Lifetime(Letter(GOOD_TILL_CANCEL)),
            time_in_force == TimeInForce::GoodTillCancel,
        ),
        is_given(
            OuchOption::OrderType(Letter(MARKET_TO_LIMIT)),
            order_type == OrderType::MarketToLimit,
        ),
    ]
    .into_iter()
    .flatten()
}

/// The same for a replacement, which has no CrossType.
pub fn replacement_options_of(
    order_type: OrderType,
    time_in_force: TimeInForce,
    quantity: Quantity,
    options: &Options,
) -> impl Iterator<Item = OuchOption> + use<> {
    let auction = match time_in_force {
        TimeInForce::AtOpen => Some(AT_THE_OPENING),
        TimeInForce::AtClose => Some(AT_THE_CLOSE),
        _ => None,
    };
    let auction = auction.map(|letter| OuchOption::Lifetime(Letter(letter)));
    options_of(order_type, time_in_force, quantity, options).chain(auction)
}
