//! How orders arrive: evenly, at random, or many at once.

use std::fmt;
use std::str::FromStr;

/// How orders arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// One order after each interval.
    Constant,
    /// Independently of one another (Poisson): intervals are exponentially
    /// distributed about their mean, as of many who do not know each other.
    Poisson,
    /// This many orders at once, and then nothing for as many intervals.
    Burst(u32),
}

/// The most orders in one burst.
const BURST_MAX: u32 = 100_000;

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("constant"),
            Self::Poisson => f.write_str("poisson"),
            Self::Burst(orders) => write!(f, "burst:{orders}"),
        }
    }
}

impl FromStr for Arrivals {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let burst = |orders: &str| orders.parse().ok().filter(|n| (1..=BURST_MAX).contains(n));
        match text {
            "constant" => Some(Self::Constant),
            "poisson" => Some(Self::Poisson),
            _ => text.strip_prefix("burst:").and_then(burst).map(Self::Burst),
        }
        .ok_or_else(|| {
            format!(
                "orders cannot arrive {text:?}: use constant, poisson, or burst:N with 1 to \
                 {BURST_MAX} orders"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_have_names() {
        for arrivals in [Arrivals::Constant, Arrivals::Poisson, Arrivals::Burst(64)] {
            assert_eq!(arrivals.to_string().parse(), Ok(arrivals));
        }
        for wrong in ["", "burst", "burst:0", "burst:100001", "Poisson"] {
            assert!(wrong.parse::<Arrivals>().is_err(), "{wrong}");
        }
    }
}
