//! The orders of a measurement: a small book that turns over and stays small.
//!
//! Four orders in turn. A buy rests one tick below the middle and a sell one
//! tick above it; a sell at the buy's price trades with it; another buy rests
//! two ticks below. With the next turn's first order leave the cancels of the
//! two that still rest, in the same packet. So accepting, matching, resting and
//! canceling are all in the path, and never more than four orders are live.

use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, Symbol, UserRef};
use ringmatch_gateway::client::{Client, ClientError, NewOrder};

/// Shares of every order.
const QUANTITY: u32 = 100;

/// The orders to measure with.
#[derive(Debug)]
pub struct Flow {
    symbol: Symbol,
    middle: Price,
    tick: Price,
    /// Orders of this turn that will rest until the next one.
    resting: Vec<UserRef>,
    turn: u32,
}

impl Flow {
    /// A flow on one instrument, about `middle`, which is a multiple of `tick`.
    #[must_use]
    pub fn new(symbol: Symbol, middle: Price, tick: Price) -> Self {
        Self { symbol, middle, tick, resting: Vec::with_capacity(2), turn: 0 }
    }

    /// Hands the next order to the client, and the cancels that go with it.
    ///
    /// # Errors
    /// When the client cannot send.
    pub fn send(&mut self, client: &mut Client) -> Result<UserRef, ClientError> {
        let (side, ticks, rests) = match self.turn {
            0 => (Side::Buy, -1, false),
            1 => (Side::Sell, 1, true),
            2 => (Side::Sell, -1, false),
            _ => (Side::Buy, -2, true),
        };
        let price = Price(self.middle.0 + ticks * self.tick.0);
        let user_ref = client.enter(&NewOrder::limit(self.symbol, side, QUANTITY, price))?;
        if self.turn == 0 {
            for canceled in self.resting.drain(..) {
                client.cancel(canceled, 0)?;
            }
        }
        if rests {
            self.resting.push(user_ref);
        }
        self.turn = (self.turn + 1) % 4;
        Ok(user_ref)
    }
}
