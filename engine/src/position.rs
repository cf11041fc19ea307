//! What a session has bought and sold of an instrument.
//!
//! Only sums are kept, which nothing rounds: quantities and values of all
//! purchases and of all sales. Net position, average prices and the realised
//! result follow from them: what was both bought and sold was realised at the
//! difference of the average prices. So adding an execution is two additions,
//! taking a void one back is two subtractions, and the order of executions
//! makes no difference.

use crate::command::Side;
use crate::types::{Price, Quantity};

/// What a session has bought and sold of an instrument. Values are price times
/// quantity, in 1/10,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Shares bought.
    pub bought: u64,
    /// Shares sold.
    pub sold: u64,
    /// What was paid for those bought.
    pub bought_value: u128,
    /// What was got for those sold.
    pub sold_value: u128,
    /// Shares in open orders to buy, if the session has limits.
    pub(crate) open_buy: u64,
    /// Shares in open orders to sell, likewise.
    pub(crate) open_sell: u64,
}

impl Position {
    /// Shares held; negative is short.
    #[must_use]
    pub fn net(&self) -> i128 {
        i128::from(self.bought) - i128::from(self.sold)
    }

    /// Average price of a side's executions, rounded down.
    #[must_use]
    pub fn average_price(&self, side: Side) -> Option<Price> {
        let (quantity, value) = match side {
            Side::Buy => (self.bought, self.bought_value),
            Side::Sell => (self.sold, self.sold_value),
        };
        let average = value.checked_div(quantity.into())?;
        i64::try_from(average).ok().map(Price)
    }

    /// Result of what was both bought and sold, in 1/10,000, rounded down:
    /// the smaller quantity times the difference of the average prices.
    #[must_use]
    pub fn realised(&self) -> i128 {
        let matched = u128::from(self.bought.min(self.sold));
        if matched == 0 {
            return 0;
        }
        // On the side that is matched whole the value is exact.
        let part = |value: u128, quantity: u64| scale(value, matched, u128::from(quantity));
        let (got, got_exactly) = part(self.sold_value, self.sold);
        let (paid, paid_exactly) = part(self.bought_value, self.bought);
        let difference = got as i128 - paid as i128;
        difference - i128::from(got_exactly && !paid_exactly)
    }

    #[inline]
    pub(crate) fn trade(&mut self, side: Side, quantity: Quantity, value: u64) {
        let (shares, sum) = self.of(side);
        *shares += u64::from(quantity.0);
        *sum += u128::from(value);
    }

    /// Takes an execution back.
    pub(crate) fn untrade(&mut self, side: Side, quantity: Quantity, value: u64) {
        let (shares, sum) = self.of(side);
        *shares -= u64::from(quantity.0);
        *sum -= u128::from(value);
    }

    #[inline]
    fn of(&mut self, side: Side) -> (&mut u64, &mut u128) {
        match side {
            Side::Buy => (&mut self.bought, &mut self.bought_value),
            Side::Sell => (&mut self.sold, &mut self.sold_value),
        }
    }

    #[inline]
    pub(crate) fn open(&mut self, side: Side) -> &mut u64 {
        match side {
            Side::Buy => &mut self.open_buy,
            Side::Sell => &mut self.open_sell,
        }
    }

    /// The position if all open orders of a side and `more` were executed, in
    /// that side's direction; not below zero.
    pub(crate) fn worst(&self, side: Side, more: u64) -> u64 {
        let (net, open) = match side {
            Side::Buy => (self.net(), self.open_buy),
            Side::Sell => (-self.net(), self.open_sell),
        };
        let worst = net + i128::from(open) + i128::from(more);
        u64::try_from(worst.max(0)).unwrap_or(u64::MAX)
    }
}

/// `value * part / whole` rounded down, and whether nothing was rounded off.
/// `part` is at most `whole`.
fn scale(value: u128, part: u128, whole: u128) -> (u128, bool) {
    if part == whole {
        return (value, true);
    }
    let (average, rest) = (value / whole, value % whole);
    // Both factors are below 2^64.
    let rest = rest * part;
    (average * part + rest / whole, rest.is_multiple_of(whole))
}

/// What an execution costs one side: a rate in hundredths of a basis point of
/// its value, rounded down. Negative is a rebate.
#[inline]
pub(crate) fn fee(value: u64, rate: i32) -> i64 {
    if rate == 0 {
        return 0;
    }
    const RATE_UNIT: i64 = 1_000_000;
    match i64::try_from(value).ok().and_then(|value| value.checked_mul(i64::from(rate))) {
        Some(product) => product.div_euclid(RATE_UNIT),
        None => {
            let fee = (i128::from(value) * i128::from(rate)).div_euclid(i128::from(RATE_UNIT));
            i64::try_from(fee).unwrap_or(if rate < 0 { i64::MIN } else { i64::MAX })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(bought: u64, bought_value: u128, sold: u64, sold_value: u128) -> Position {
        Position { bought, sold, bought_value, sold_value, ..Position::default() }
    }

    #[test]
    fn what_was_bought_and_sold_is_realised_at_the_averages() {
        for (held, net, realised) in [
            (position(0, 0, 0, 0), 0, 0),
            (position(100, 1_000, 0, 0), 100, 0),
            (position(100, 1_000, 100, 1_500), 0, 500),
            (position(100, 1_000, 50, 750), 50, 250),
            (position(50, 750, 100, 1_000), -50, -250),
            // Ten bought for 10, three sold for 4: 4 - 3 = 1.
            (position(10, 10, 3, 4), 7, 1),
            // Three of ten bought for 11 cost 3.3: 4 - 3.3 rounds down to 0.
            (position(10, 11, 3, 4), 7, 0),
            // Three of ten sold for 11 bring 3.3: 3.3 - 4 rounds down to -1.
            (position(3, 4, 10, 11), -7, -1),
        ] {
            assert_eq!((held.net(), held.realised()), (net, realised), "{held:?}");
        }
        let held = position(3, 10, 0, 0);
        assert_eq!(held.average_price(Side::Buy), Some(Price(3)));
        assert_eq!(held.average_price(Side::Sell), None);
    }

    #[test]
    fn a_fee_is_rounded_down_whatever_its_sign_and_size() {
        for (value, rate, expected) in [
            (1_000_000, 100, 100),
            (999_999, 100, 99),
            (999_999, -100, -100),
            (0, 7, 0),
            (5, 0, 0),
            (u64::MAX, 1_000_000, i64::MAX),
            (8_000_000_000_000_000_000, 100, 800_000_000_000_000),
        ] {
            assert_eq!(fee(value, rate), expected, "{value} at {rate}");
        }
    }
}
