//! The last executions, so that one of them can be declared void.
//!
//! A ring of records, the place of each given by its match number: writing one
//! touches one cache line and finding one searches nothing. What has been
//! written over can no longer be declared void.

use crate::types::{InstrumentId, MatchNumber, Price, Quantity, SessionId, UserRef};

/// What must be known of an execution to take it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trade {
    /// Zero once the execution is void.
    pub(crate) match_number: MatchNumber,
    pub(crate) price: Price,
    pub(crate) buyer_fee: i64,
    pub(crate) seller_fee: i64,
    pub(crate) quantity: Quantity,
    pub(crate) buyer_ref: UserRef,
    pub(crate) seller_ref: UserRef,
    pub(crate) buyer: SessionId,
    pub(crate) seller: SessionId,
    pub(crate) instrument: InstrumentId,
}

const _: () = assert!(size_of::<Trade>() <= 64);

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct TradeLog {
    records: Box<[Trade]>,
}

impl TradeLog {
    /// Room for the last `recent` executions, a power of two.
    pub(crate) fn new(recent: u32) -> Self {
        Self { records: vec![Trade::default(); recent as usize].into_boxed_slice() }
    }

    #[inline]
    fn place(&self, number: MatchNumber) -> usize {
        (number.0 & (self.records.len() as u64 - 1)) as usize
    }

    #[inline]
    pub(crate) fn record(&mut self, trade: Trade) {
        let place = self.place(trade.match_number);
        self.records[place] = trade;
    }

    /// Takes an execution out, if it is still here.
    pub(crate) fn take(&mut self, number: MatchNumber) -> Option<Trade> {
        let place = self.place(number);
        let record = &mut self.records[place];
        if number.0 == 0 || record.match_number != number {
            return None;
        }
        let trade = *record;
        record.match_number = MatchNumber(0);
        Some(trade)
    }

    /// The executions that are still here, in the order of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Trade> {
        self.records.iter().filter(|trade| trade.match_number.0 > 0)
    }
}
