//! The orders of a measurement: a small book that turns over and stays small.
//!
//! A [`Mix`] is a table of orders that are sent in turn. Some of them rest, and
//! with the next turn's first order leave the cancels of those that still do,
//! in the same packet. What does not rest trades within its turn, so never more
//! than a few orders of a session are live, however long a measurement takes.

use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, Symbol, UserRef};
use ringmatch_gateway::client::{Client, ClientError, NewOrder};
use std::fmt;
use std::str::FromStr;

/// Shares of every order.
const QUANTITY: u32 = 100;

/// Which orders are sent in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// Two orders trade and two rest and are canceled: accepting, matching,
    /// resting and canceling are all in the path.
    Turnover,
    /// A buy and a sell that rest and are canceled; nothing trades.
    Rest,
    /// A buy and a sell that trades with it; nothing is canceled.
    Trade,
}

/// One order of a turn: its side, how many ticks above the middle, and whether
/// it rests until the next turn.
type Step = (Side, i64, bool);

impl Mix {
    const ALL: [(Self, &str, &[Step]); 3] = [
        (
            Self::Turnover,
            "turnover",
            &[
                (Side::Buy, -1, false),
                (Side::Sell, 1, true),
                (Side::Sell, -1, false),
                (Side::Buy, -2, true),
            ],
        ),
        (Self::Rest, "rest", &[(Side::Buy, -1, true), (Side::Sell, 1, true)]),
        (Self::Trade, "trade", &[(Side::Buy, -1, false), (Side::Sell, -1, false)]),
    ];

    fn steps(self) -> &'static [Step] {
        let found = Self::ALL.iter().find(|(mix, ..)| *mix == self);
        found.map_or(&[], |(_, _, steps)| steps)
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::ALL.iter().find(|(mix, ..)| mix == self).map_or("", |(_, name, _)| name))
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, name, _)| *name == text);
        found
            .map(|(mix, ..)| *mix)
            .ok_or_else(|| format!("there is no order mix {text:?}: use turnover, rest or trade"))
    }
}

/// Where the orders of a measurement are placed.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The instrument.
    pub symbol: Symbol,
    /// A price about which there is room; a multiple of the tick.
    pub middle: Price,
    /// The instrument's tick.
    pub tick: Price,
}

/// The orders of one session.
#[derive(Debug)]
pub struct Flow {
    place: Place,
    steps: &'static [Step],
    /// Orders of this turn that will rest until the next one.
    resting: Vec<UserRef>,
    at: usize,
}

impl Flow {
    /// A flow that has sent nothing.
    #[must_use]
    pub fn new(place: Place, mix: Mix) -> Self {
        let steps = mix.steps();
        Self { place, steps, resting: Vec::with_capacity(steps.len()), at: 0 }
    }

    /// Hands the next order to the client, and the cancels that go with it.
    ///
    /// # Errors
    /// When the client cannot send.
    pub fn send(&mut self, client: &mut Client) -> Result<UserRef, ClientError> {
        let (side, ticks, rests) = self.steps[self.at];
        let Place { symbol, middle, tick } = self.place;
        let price = Price(middle.0 + ticks * tick.0);
        let user_ref = client.enter(&NewOrder::limit(symbol, side, QUANTITY, price))?;
        if self.at == 0 {
            self.cancel_resting(client)?;
        }
        if rests {
            self.resting.push(user_ref);
        }
        self.at = (self.at + 1) % self.steps.len();
        Ok(user_ref)
    }

    /// Hands over the cancels of what still rests.
    ///
    /// # Errors
    /// When the client cannot send.
    pub fn cancel_resting(&mut self, client: &mut Client) -> Result<(), ClientError> {
        self.resting.drain(..).try_for_each(|canceled| client.cancel(canceled, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_rest_trades_within_its_turn() {
        for (mix, name, steps) in Mix::ALL {
            assert_eq!(name.parse(), Ok(mix));
            let trading = |wanted: Side| {
                let trades = steps.iter().filter(|(side, _, rests)| !rests && *side == wanted);
                trades.map(|(_, ticks, _)| *ticks).collect::<Vec<_>>()
            };
            assert_eq!(trading(Side::Buy), trading(Side::Sell), "{name}");
        }
        assert!("everything".parse::<Mix>().is_err());
    }
}
