//! What is traded, and in which steps.

use crate::command::{AddInstrument, OrderType, TradingState};
use crate::reason::RejectReason;
use crate::types::{InstrumentId, Price, Quantity, Symbol};

/// A listed instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Its number.
    pub id: InstrumentId,
    /// Its symbol.
    pub symbol: Symbol,
    /// Prices are multiples of this.
    pub tick_size: Price,
    /// Quantities are multiples of this.
    pub lot_size: Quantity,
    /// The largest order.
    pub max_quantity: Quantity,
    /// Whether it trades.
    pub state: TradingState,
}

impl Instrument {
    pub(crate) fn new(listing: &AddInstrument) -> Self {
        let AddInstrument { instrument, symbol, tick_size, lot_size, max_quantity } = *listing;
        let state = TradingState::Halted;
        Self { id: instrument, symbol, tick_size, lot_size, max_quantity, state }
    }

    /// Whether an order's quantity and price are ones that trade here.
    pub(crate) fn check(
        &self,
        quantity: Quantity,
        price: Price,
        order_type: OrderType,
    ) -> Result<(), RejectReason> {
        let whole_lots = quantity.0.is_multiple_of(self.lot_size.0);
        if quantity.0 == 0 || quantity > self.max_quantity || !whole_lots {
            return Err(RejectReason::InvalidQuantity);
        }
        if order_type == OrderType::Market {
            return Ok(());
        }
        let whole_ticks = self.tick_size.0 == 1 || price.0 % self.tick_size.0 == 0;
        if price.0 <= 0 || price > Price::MAX_LIMIT || !whole_ticks {
            return Err(RejectReason::InvalidPrice);
        }
        Ok(())
    }
}
