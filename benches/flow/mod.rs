//! Order flow in nobody's terms, and what must come of it.
//!
//! A [`Message`] is what the public challenge sends: a new order, a cancel, a
//! modify. Every flow of the benchmarks is a list of them, so that the same
//! flow can be played to any engine; the engine's adapter says it in the
//! engine's own commands. A [`Script`] carries beside each message what a
//! correct book makes of it, found by [`Reference`], which is slow and plain.
//! Adapters use that as a client would use what it was told (is the order
//! still live, how much of it has traded), and the benchmarks compare fills
//! with it.

mod mix;
mod real;
mod recording;
mod reference;
mod report;
mod scenario;
mod script;

pub use mix::Mix;
pub use real::{RealFlowError, read_real_flow};
pub use recording::{FlowError, read_recording};
pub use reference::{Outcome, Reference, Resting};
pub use report::{Report, ReportBody, Reports, Silent, hash};
pub use scenario::{SCENARIOS, Scenario, Size};
pub use script::{Room, Script};

use ringmatch_engine::command::Side;

/// What a message asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A new order.
    #[default]
    New,
    /// The end of an order.
    Cancel,
    /// Another price and quantity for an order, which loses its priority.
    Modify,
    /// A smaller quantity for an order, which keeps its priority.
    Reduce,
}

/// One message of a flow; its number is its place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Message {
    /// Dense over the whole flow; free again once its order is gone.
    pub order_id: u64,
    /// In the flow's ticks.
    pub price: i64,
    /// What shall be open.
    pub quantity: u32,
    /// Which book, from 0.
    pub book: u16,
    /// What is asked.
    pub kind: Kind,
    /// Buy or sell.
    pub side: Side,
    /// What does not trade at once is canceled.
    pub immediate_or_cancel: bool,
}

impl Message {
    /// What is answered to it, if what it asks was done: it was an order that
    /// rested, at this price, if it names one at all.
    #[must_use]
    pub fn answer(&self, is_done: bool, price_before: i64) -> ReportBody {
        let &Self { order_id, price, side, quantity, .. } = self;
        match self.kind {
            Kind::New => ReportBody::OrderAck { side, order_id, price, quantity },
            Kind::Modify if is_done => ReportBody::ModifyAck { side, order_id, price, quantity },
            Kind::Cancel | Kind::Reduce if is_done => {
                ReportBody::CancelAck { side, order_id, price: price_before }
            }
            Kind::Cancel => ReportBody::CancelReject { order_id },
            Kind::Modify | Kind::Reduce => ReportBody::ModifyReject { order_id },
        }
    }
}
