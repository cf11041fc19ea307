//! The words for events in the tables of tests.

use ringmatch_engine::command::{Phase, SelfTrade, Side, SystemEvent};
use ringmatch_engine::event::{Cross, Event, EventBody, PhaseReason, RestateReason, Restated};
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
    Phase { instrument: u16, phase: Phase, reason: PhaseReason },
    Modified { user_ref: u32, open: u32 },
    LastInLine { user_ref: u32, shown: u32 },
    Refreshed { user_ref: u32, shown: u32 },
    Triggered { user_ref: u32, price: i64 },
    Prevented { user_ref: u32, by: u32, remaining: u32, action: SelfTrade },
    Crossed { user_ref: u32, quantity: u32, price: i64 },
    CrossTrade { cross: Cross, quantity: u64, price: i64 },
    Figures { price: i64, paired: u64, imbalance: u64, side: Option<Side> },
    Collar { lower: i64, upper: i64 },
    Broken { buyer: u32, seller: u32 },
    MassCanceled { user_ref: u32 },
    OrderEntry { user_ref: u32, enabled: bool },
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

/// The operator brought an instrument into another phase.
pub(crate) fn action(instrument: u16, phase: Phase) -> Fact {
    What::Phase { instrument, phase, reason: PhaseReason::Operator }.public()
}

/// The first instrument came into another phase by itself.
pub(crate) fn became(phase: Phase, reason: PhaseReason) -> Fact {
    What::Phase { instrument: 1, phase, reason }.public()
}

/// All of it was taken out, where the market saw it.
pub(crate) fn gone(user_ref: u32, by: u32, reason: CancelReason) -> Fact {
    What::Canceled { user_ref, by, remaining: 0, reason }.public()
}

/// It has so much open now, and the market saw it shrink.
pub(crate) fn modified(user_ref: u32, open: u32) -> Fact {
    What::Modified { user_ref, open }.public()
}

/// It went to the end of its queue, and shows so much.
pub(crate) fn last_in_line(user_ref: u32, shown: u32) -> Fact {
    What::LastInLine { user_ref, shown }.public()
}

/// The next part of an iceberg came into sight.
pub(crate) fn refreshed(user_ref: u32, shown: u32) -> Fact {
    What::Refreshed { user_ref, shown }.public()
}

/// A stop order became an order with that limit; zero is none.
pub(crate) fn triggered(user_ref: u32, price: i64) -> Fact {
    What::Triggered { user_ref, price }.private()
}

/// It lost shares instead of trading with its own firm.
pub(crate) fn prevented(user_ref: u32, by: u32, remaining: u32, action: SelfTrade) -> Fact {
    What::Prevented { user_ref, by, remaining, action }.public()
}

/// One side of an execution in an auction.
pub(crate) fn crossed(user_ref: u32, quantity: u32, price: i64) -> Fact {
    What::Crossed { user_ref, quantity, price }.public()
}

pub(crate) fn cross_trade(cross: Cross, quantity: u64, price: i64) -> Fact {
    What::CrossTrade { cross, quantity, price }.public()
}

pub(crate) fn figures(price: i64, paired: u64, imbalance: u64, side: Option<Side>) -> Fact {
    What::Figures { price, paired, imbalance, side }.public()
}

pub(crate) fn collar(lower: i64, upper: i64) -> Fact {
    What::Collar { lower, upper }.public()
}

/// The execution of these two is void.
pub(crate) fn broken(buyer: u32, seller: u32) -> Fact {
    What::Broken { buyer, seller }.public()
}

/// A mass cancel was taken; the cancels follow.
pub(crate) fn mass_canceled(user_ref: u32) -> Fact {
    What::MassCanceled { user_ref }.private()
}

/// The kill switch was used.
pub(crate) fn order_entry(user_ref: u32, enabled: bool) -> Fact {
    What::OrderEntry { user_ref, enabled }.private()
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
            EventBody::SessionAdded { to, .. } => What::Admitted { session: to.session().0 },
            EventBody::TradingAction { instrument, phase, reason } => {
                What::Phase { instrument: instrument.0, phase, reason }
            }
            EventBody::Accepted(accepted) => {
                let user_ref = accepted.order.user_ref.0;
                self.0.insert(accepted.order.order_id, user_ref);
                What::Accepted { user_ref, rests: accepted.order.rests }
            }
            EventBody::Replaced(replaced) => {
                let user_ref = replaced.order.user_ref.0;
                self.0.insert(replaced.order.order_id, user_ref);
                let original = replaced.original_user_ref.0;
                let open = replaced.order.quantity.0;
                What::Replaced { original, user_ref, open, rests: replaced.order.rests }
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
            EventBody::Modified(modified) => {
                What::Modified { user_ref: modified.user_ref.0, open: modified.quantity.0 }
            }
            EventBody::PriorityChanged(changed) => {
                let user_ref = changed.user_ref.0;
                self.0.insert(changed.order_id, user_ref);
                What::LastInLine { user_ref, shown: changed.displayed_quantity.0 }
            }
            EventBody::Restated(restated) => self.restated(&restated),
            EventBody::SelfTradePrevented(lost) => What::Prevented {
                user_ref: lost.user_ref.0,
                by: lost.quantity.0,
                remaining: lost.remaining.0,
                action: lost.action,
            },
            EventBody::CrossExecuted(executed) => What::Crossed {
                user_ref: executed.user_ref.0,
                quantity: executed.quantity.0,
                price: executed.price.0,
            },
            EventBody::CrossTrade { cross, quantity, price, .. } => {
                What::CrossTrade { cross, quantity, price: price.0 }
            }
            EventBody::AuctionFigures(figures) => What::Figures {
                price: figures.price.0,
                paired: figures.paired,
                imbalance: figures.imbalance,
                side: figures.side,
            },
            EventBody::CollarBroken { upper, lower, .. } => {
                What::Collar { lower: lower.0, upper: upper.0 }
            }
            EventBody::TradeBroken(broken) => {
                What::Broken { buyer: broken.buyer.user_ref.0, seller: broken.seller.user_ref.0 }
            }
            EventBody::MassCanceled { user_ref, .. } => What::MassCanceled { user_ref: user_ref.0 },
            EventBody::OrderEntrySet { user_ref, enabled, .. } => {
                What::OrderEntry { user_ref: user_ref.0, enabled }
            }
        };
        Fact { what, public: event.market.0 > 0 }
    }

    fn restated(&mut self, restated: &Restated) -> What {
        let user_ref = restated.user_ref.0;
        self.0.insert(restated.order_id, user_ref);
        match restated.reason {
            RestateReason::Refreshed => {
                What::Refreshed { user_ref, shown: restated.displayed_quantity.0 }
            }
            RestateReason::Triggered => What::Triggered { user_ref, price: restated.price.0 },
            RestateReason::Repriced => panic!("a peg moves without a word: {restated:?}"),
        }
    }
}
