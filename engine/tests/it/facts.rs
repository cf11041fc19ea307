//! The words for events in the tables of tests.

use ringmatch_engine::command::{SystemEvent, TradingState};
use ringmatch_engine::event::{Event, EventBody};
use ringmatch_engine::{CancelReason, OrderId, RejectReason};
use std::collections::HashMap;

/// What a reader wants to know of an event. Names of orders are the clients'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    what: What,
    /// Whether the market is told.
    public: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Accepted { user_ref: u32, rests: bool },
    Replaced { original: u32, user_ref: u32, open: u32, rests: bool },
    Added { user_ref: u32, quantity: u32 },
    Executed { maker: u32, taker: u32, quantity: u32, price: i64 },
    Canceled { user_ref: u32, by: u32, remaining: u32, reason: CancelReason },
    Rejected { user_ref: u32, reason: RejectReason },
    Next { user_ref: u64 },
    Trading { instrument: u16, state: TradingState },
    Listed { instrument: u16 },
    Admitted { session: u16 },
    System(SystemEvent),
}

impl What {
    fn public(self) -> Fact {
        Fact { what: self, public: true }
    }

    fn private(self) -> Fact {
        Fact { what: self, public: false }
    }
}

impl Fact {
    /// The market is not told, for the order is hidden.
    pub(crate) fn unseen(self) -> Self {
        self.what.private()
    }
}

/// Taken, and resting as it is.
pub(crate) fn rests(user_ref: u32) -> Fact {
    What::Accepted { user_ref, rests: true }.public()
}

/// Taken; what becomes of it follows.
pub(crate) fn accepted(user_ref: u32) -> Fact {
    What::Accepted { user_ref, rests: false }.private()
}

/// Replaced by an order that rests as it is.
pub(crate) fn replaced(original: u32, user_ref: u32, open: u32) -> Fact {
    What::Replaced { original, user_ref, open, rests: true }.public()
}

/// Replaced by an order of which more follows.
pub(crate) fn replaced_and(original: u32, user_ref: u32, open: u32) -> Fact {
    What::Replaced { original, user_ref, open, rests: false }.public()
}

/// What is left of it came to rest.
pub(crate) fn added(user_ref: u32, quantity: u32) -> Fact {
    What::Added { user_ref, quantity }.public()
}

pub(crate) fn executed(maker: u32, taker: u32, quantity: u32, price: i64) -> Fact {
    What::Executed { maker, taker, quantity, price }.public()
}

/// The client took it out of the book.
pub(crate) fn canceled(user_ref: u32, by: u32) -> Fact {
    reduced(user_ref, by, 0)
}

/// The client made it smaller.
pub(crate) fn reduced(user_ref: u32, by: u32, remaining: u32) -> Fact {
    What::Canceled { user_ref, by, remaining, reason: CancelReason::User }.public()
}

/// It cost its life to ask for an invalid replacement.
pub(crate) fn canceled_invalid(user_ref: u32, by: u32) -> Fact {
    let reason = CancelReason::InvalidReplacement;
    What::Canceled { user_ref, by, remaining: 0, reason }.public()
}

/// What could not trade at once, and was never in the book.
pub(crate) fn expired(user_ref: u32, by: u32) -> Fact {
    What::Canceled { user_ref, by, remaining: 0, reason: CancelReason::Immediate }.private()
}

pub(crate) fn rejected(user_ref: u32, reason: RejectReason) -> Fact {
    What::Rejected { user_ref, reason }.private()
}

/// The answer to an account query.
pub(crate) fn next(user_ref: u64) -> Fact {
    What::Next { user_ref }.private()
}

pub(crate) fn action(instrument: u16, state: TradingState) -> Fact {
    What::Trading { instrument, state }.public()
}

pub(crate) fn listed(instrument: u16) -> Fact {
    What::Listed { instrument }.public()
}

pub(crate) fn admitted(session: u16) -> Fact {
    What::Admitted { session }.private()
}

pub(crate) fn system(event: SystemEvent) -> Fact {
    What::System(event).public()
}

/// The clients' own numbers of the orders seen so far.
#[derive(Default)]
pub(crate) struct Names(HashMap<OrderId, u32>);

impl Names {
    /// What an event says; orders that it takes are known from then on.
    pub(crate) fn fact(&mut self, event: &Event) -> Fact {
        let what = match event.body {
            EventBody::Nothing => panic!("nothing is never said"),
            EventBody::System(event) => What::System(event),
            EventBody::InstrumentAdded { instrument, .. } => {
                What::Listed { instrument: instrument.0 }
            }
            EventBody::SessionAdded { to, .. } => What::Admitted { session: to.session.0 },
            EventBody::TradingAction { instrument, state } => {
                What::Trading { instrument: instrument.0, state }
            }
            EventBody::Accepted(accepted) => {
                let user_ref = accepted.order.user_ref.0;
                self.0.insert(accepted.order.order_id, user_ref);
                What::Accepted { user_ref, rests: accepted.rests }
            }
            EventBody::Replaced(replaced) => {
                let user_ref = replaced.order.user_ref.0;
                self.0.insert(replaced.order.order_id, user_ref);
                let original = replaced.original_user_ref.0;
                let open = replaced.order.quantity.0;
                What::Replaced { original, user_ref, open, rests: replaced.rests }
            }
            EventBody::Added(added) => {
                What::Added { user_ref: self.0[&added.order_id], quantity: added.quantity.0 }
            }
            EventBody::Executed(executed) => What::Executed {
                maker: executed.maker.user_ref.0,
                taker: executed.taker.user_ref.0,
                quantity: executed.quantity.0,
                price: executed.price.0,
            },
            EventBody::Canceled(canceled) => What::Canceled {
                user_ref: canceled.user_ref.0,
                by: canceled.quantity.0,
                remaining: canceled.remaining.0,
                reason: canceled.reason,
            },
            EventBody::Rejected { user_ref, reason, .. } => {
                What::Rejected { user_ref: user_ref.0, reason }
            }
            EventBody::AccountStatus { next_user_ref, .. } => {
                What::Next { user_ref: next_user_ref }
            }
        };
        Fact { what, public: event.market.0 > 0 }
    }
}
