//! `[fees]`: what executions cost.
//!
//! Fees are in basis points of an execution's value, with up to two decimals, and
//! are written as text: a number of TOML with a point is binary, and would be
//! rounded. Negative ones are rebates. The section may be left out, and then
//! trading costs nothing.

use super::Config;
use super::text::parsed;
use ringmatch_engine::Price;
use ringmatch_engine::command::SetFees;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;

/// `[fees]`, in basis points of an execution's value, with up to two decimals;
/// negative is a rebate.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeesConfig {
    /// For the resting order, and for both sides in an auction.
    #[serde(default)]
    pub maker_bp: BasisPoints,
    /// For the incoming order.
    #[serde(default)]
    pub taker_bp: BasisPoints,
}

/// Hundredths of a basis point; as text, basis points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasisPoints(pub i32);

impl FromStr for BasisPoints {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hundredths = text.parse::<Price>().ok().filter(|units| units.0 % 100 == 0);
        let hundredths = hundredths.and_then(|units| i32::try_from(units.0 / 100).ok());
        hundredths.map(Self).ok_or_else(|| {
            format!("{text:?} is no number of basis points with at most two decimals, such as 0.25")
        })
    }
}

impl fmt::Display for BasisPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Price(i64::from(self.0) * 100).fmt(f)
    }
}

impl<'de> Deserialize<'de> for BasisPoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

impl Config {
    /// What executions cost, as a command.
    #[must_use]
    pub fn fees(&self) -> SetFees {
        SetFees { maker: self.fees.maker_bp.0, taker: self.fees.taker_bp.0 }
    }
}
