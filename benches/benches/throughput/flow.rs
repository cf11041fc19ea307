//! What the client sends, and what the venue must answer.
//!
//! `in` is what makes the venue say least: cancels of orders that were never
//! entered, which use up a number and are met with silence, and one account
//! query in 64 of them so that the client knows how far the venue is. `both` is
//! trading: a sale and a purchase of the same size and price in turn, so that
//! every order is accepted and executed, and the book is never deep. `out`
//! makes the venue say most: sixteen small sales, then one purchase of all of
//! them.

use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, UserRef};
use ringmatch_gateway::client::{NewOrder, cancellation};
use ringmatch_gateway::wire::ouch::{AccountQuery, Inbound, Outbound};
use std::fmt;
use std::str::FromStr;

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    In,
    Out,
    Both,
}

/// Small sales before a purchase of all of them.
const SALES: u64 = 16;
/// Cancels that are met with silence before a query that is not.
const CANCELS: u64 = 63;

impl Flow {
    pub const ALL: [Self; 3] = [Self::In, Self::Both, Self::Out];

    /// Messages after which all is as before, and every order done.
    pub const fn round(self) -> u64 {
        match self {
            Self::In => CANCELS + 1,
            Self::Both => 2,
            Self::Out => SALES + 1,
        }
    }

    /// The message with this number, from zero, and the number of its order if
    /// it is one.
    pub fn message(self, number: u64, first_ref: u32) -> Inbound {
        let place = number % self.round();
        if self == Self::In {
            return match place {
                CANCELS => AccountQuery {}.into(),
                _ => cancellation(UserRef(u32::MAX), 0).into(),
            };
        }
        let user_ref = UserRef(first_ref + u32::try_from(number).expect("a run is shorter"));
        let (side, quantity) = match (self, place) {
            (Self::Both, 1) => (Side::Buy, 100),
            (Self::Out, SALES) => (Side::Buy, 1_600),
            _ => (Side::Sell, 100),
        };
        let symbol = "AAPL".parse().expect("a short text");
        NewOrder::limit(symbol, side, quantity, Price(1_000_000)).message(user_ref).0.into()
    }

    /// Answers to this many messages, which are whole rounds.
    pub fn answers(self, messages: u64) -> u64 {
        let rounds = messages / self.round();
        rounds
            * match self {
                Self::In => 1,
                // Each is accepted and executed.
                Self::Both => 4,
                // Each is accepted, and each sale executed against the purchase.
                Self::Out => SALES + 1 + 2 * SALES,
            }
    }

    /// The number, from zero, of the message that this is the first answer to.
    pub fn answered(self, answer: &Outbound, first_ref: u32, queries: u64) -> Option<u64> {
        match (self, answer) {
            (Self::In, Outbound::AccountQueryResponse(_)) => Some(queries * self.round() + CANCELS),
            (_, Outbound::OrderAccepted(accepted)) => {
                Some(u64::from(accepted.user_ref_num - first_ref))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Both => "both",
        })
    }
}

impl FromStr for Flow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|flow| flow.to_string() == text);
        found.ok_or_else(|| format!("there is no flow {text:?}: use in, out or both"))
    }
}
