//! Positions, fees, and executions that are declared void.

use super::{Model, Order};
use ringmatch_engine::command::{BustTrade, Side};
use ringmatch_engine::event::{BrokenParty, EventBody, TradeBroken};
use ringmatch_engine::{InstrumentId, MatchNumber, Price, SessionId, UserRef};

/// What a session has bought and sold of an instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) session: SessionId,
    pub(crate) instrument: InstrumentId,
    pub(crate) bought: i128,
    pub(crate) bought_value: i128,
    pub(crate) sold: i128,
    pub(crate) sold_value: i128,
}

/// An execution, remembered.
#[derive(Clone, Copy)]
pub(super) struct Trade {
    match_number: MatchNumber,
    instrument: InstrumentId,
    price: Price,
    quantity: u32,
    buyer: TradeSide,
    seller: TradeSide,
    is_void: bool,
}

/// One side of it.
#[derive(Clone, Copy)]
struct TradeSide {
    session: SessionId,
    user_ref: UserRef,
    fee: i128,
}

impl Model {
    /// Books an execution of the first order, at the first rate, with the
    /// second at the second rate.
    pub(super) fn book_trade(
        &mut self,
        one: (&Order, i32),
        other: (&Order, i32),
        price: Price,
        quantity: u32,
        match_number: MatchNumber,
    ) {
        let value = i128::from(price.0) * i128::from(quantity);
        let side = |(order, rate): (&Order, i32)| TradeSide {
            session: order.session,
            user_ref: order.details.user_ref,
            // Rounded down, also below zero.
            fee: (value * i128::from(rate)).div_euclid(1_000_000),
        };
        let (buyer, seller) = match one.0.details.side {
            Side::Buy => (side(one), side(other)),
            Side::Sell => (side(other), side(one)),
        };
        let instrument = one.0.details.instrument;
        let trade =
            Trade { match_number, instrument, price, quantity, buyer, seller, is_void: false };
        self.trades.push(trade);
        self.count(&trade, 1);
        self.counters.executions += 1;
    }

    /// Adds a trade to what its sessions have, or takes it back.
    fn count(&mut self, trade: &Trade, sign: i128) {
        let quantity = sign * i128::from(trade.quantity);
        let value = quantity * i128::from(trade.price.0);
        let bought = self.position_mut(trade.buyer.session, trade.instrument);
        bought.bought += quantity;
        bought.bought_value += value;
        let sold = self.position_mut(trade.seller.session, trade.instrument);
        sold.sold += quantity;
        sold.sold_value += value;
        for party in [trade.buyer, trade.seller] {
            self.session_mut(party.session).fees += sign * party.fee;
        }
    }

    fn position_mut(&mut self, session: SessionId, instrument: InstrumentId) -> &mut Position {
        let of = |known: &Position| known.session == session && known.instrument == instrument;
        let place = self.positions.iter().position(of).unwrap_or_else(|| {
            self.positions.push(Position { session, instrument, ..Position::default() });
            self.positions.len() - 1
        });
        &mut self.positions[place]
    }

    /// What a session has bought and sold of an instrument.
    pub(crate) fn position(&self, session: SessionId, instrument: InstrumentId) -> Position {
        let of = |known: &&Position| known.session == session && known.instrument == instrument;
        let none = Position { session, instrument, ..Position::default() };
        self.positions.iter().find(of).copied().unwrap_or(none)
    }

    pub(super) fn net_position(&self, session: SessionId, instrument: InstrumentId) -> i128 {
        let position = self.position(session, instrument);
        position.bought - position.sold
    }

    /// What a session has paid.
    pub(crate) fn fees_paid(&self, session: SessionId) -> i128 {
        self.session(session).fees
    }

    pub(super) fn bust_trade(&mut self, bust: &BustTrade) -> bool {
        let recent = u64::from(self.limits.recent_trades);
        let number = bust.match_number.0;
        // Only so many are remembered: each takes the place of one before it.
        let takes_its_place = |trade: &Trade| {
            let later = trade.match_number.0.saturating_sub(number);
            later > 0 && later.is_multiple_of(recent)
        };
        if self.trades.iter().any(takes_its_place) {
            return false;
        }
        let meant = |trade: &&mut Trade| trade.match_number.0 == number && !trade.is_void;
        let Some(trade) = self.trades.iter_mut().find(meant) else {
            return false;
        };
        trade.is_void = true;
        let trade = *trade;
        self.count(&trade, -1);
        let buyer = self.broken(&trade.buyer);
        let seller = self.broken(&trade.seller);
        let Trade { instrument, match_number, .. } = trade;
        let reason = bust.reason;
        let broken = TradeBroken { instrument, match_number, buyer, seller, reason };
        self.say(true, EventBody::TradeBroken(broken));
        true
    }

    fn broken(&mut self, side: &TradeSide) -> BrokenParty {
        BrokenParty { to: self.to(side.session), user_ref: side.user_ref }
    }
}
