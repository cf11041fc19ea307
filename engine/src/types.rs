//! The quantities of an exchange, each its own type.
//!
//! A price cannot be passed where a quantity is meant, and an order reference
//! not where a match number is. All are plain integers of fixed width, `Copy`,
//! and archived little-endian, so that what is written to a journal on one
//! machine is read back the same on another.

use crate::alpha::Alpha;
use rkyv::{Archive, Deserialize, Serialize};
use std::fmt;

/// Derives what every quantity needs: ordering, hashing, archiving, display.
macro_rules! quantity {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            Archive, Serialize, Deserialize,
        )]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl $name {
            /// The number after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }
    )*};
}

quantity! {
    /// A number of shares. Zero is never a valid order size.
    Quantity(u32);
    /// The venue's reference number of an order, unique for the life of the
    /// log, from 1. Zero means "none".
    OrderId(u64);
    /// A client's own number for an order: from 1, strictly increasing within
    /// its session (OUCH 5.0 `UserRefNum`).
    UserRef(u32);
    /// The number of an execution, the same for both sides, from 1.
    MatchNumber(u64);
    /// Position of a command in the input log, from 1. Zero means "before the
    /// first command".
    Sequence(u64);
    /// An order-entry session, from 1 in the order in which they were added.
    /// Zero is the operator.
    SessionId(u16);
    /// An instrument, from 1 in the order in which they were added (ITCH
    /// `Stock Locate`). Zero means "unknown symbol".
    InstrumentId(u16);
    /// Nanoseconds since the Unix epoch, UTC.
    Nanos(u64);
    /// Number of a message in one output stream, from 1. Zero means "this
    /// stream gets no message".
    StreamNumber(u64);
}

impl Nanos {
    /// Nanoseconds in a day.
    pub const DAY: u64 = 86_400_000_000_000;

    /// Nanoseconds since midnight UTC, as exchange messages carry them.
    #[must_use]
    pub const fn since_midnight(self) -> u64 {
        self.0 % Self::DAY
    }
}

/// A price in units of 1/10,000, signed.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Archive,
    Serialize,
    Deserialize,
)]
pub struct Price(pub i64);

impl Price {
    /// Units in one whole currency unit.
    pub const SCALE: i64 = 10_000;
    /// The highest price of a limit order: 199,999.9900, as OUCH 5.0 has it.
    pub const MAX_LIMIT: Self = Self(1_999_999_900);
}

impl fmt::Display for Price {
    /// Four decimals, or two where the last two are zero: `286.67`, `0.0001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        let (whole, fraction) = (units / 10_000, units % 10_000);
        let text = if fraction % 100 == 0 {
            format!("{sign}{whole}.{:02}", fraction / 100)
        } else {
            format!("{sign}{whole}.{fraction:04}")
        };
        f.pad(&text)
    }
}

/// Why a text is not a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsePriceError;

impl fmt::Display for ParsePriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a price is a decimal number with at most four decimals, such as 286.67")
    }
}

impl std::error::Error for ParsePriceError {}

impl std::str::FromStr for Price {
    type Err = ParsePriceError;

    fn from_str(text: &str) -> Result<Self, ParsePriceError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 4 || !is_number(whole) || !is_number(fraction) {
            return Err(ParsePriceError);
        }
        let whole: i64 = whole.parse().map_err(|_| ParsePriceError)?;
        let fraction: i64 = format!("{fraction:0<4}").parse().map_err(|_| ParsePriceError)?;
        let units = whole
            .checked_mul(Self::SCALE)
            .and_then(|units| units.checked_add(fraction))
            .ok_or(ParsePriceError)?;
        Ok(Self(if negative { -units } else { units }))
    }
}

/// An instrument's symbol.
pub type Symbol = Alpha<8>;
/// A firm's identifier.
pub type Firm = Alpha<4>;
/// The name of an order-entry session, and of its streams.
pub type SessionName = Alpha<10>;
/// A client's free text for an order; never checked.
pub type ClOrdId = Alpha<14>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_read_and_print() {
        for (text, units, printed) in [
            ("286.67", 2_866_700, "286.67"),
            ("0.0001", 1, "0.0001"),
            ("1", 10_000, "1.00"),
            ("-2.5", -25_000, "-2.50"),
            ("199999.99", Price::MAX_LIMIT.0, "199999.99"),
        ] {
            assert_eq!(text.parse(), Ok(Price(units)), "{text}");
            assert_eq!(Price(units).to_string(), printed);
        }
        for bad in ["", ".5", "1.00001", "1e3", "+1", "1.-5", "999999999999999999999"] {
            assert_eq!(bad.parse::<Price>(), Err(ParsePriceError), "{bad}");
        }
    }
}
