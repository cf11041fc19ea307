//! What the client's orders have executed, as far as it has been told.
//!
//! The quantity of a `Replace` is that of the whole chain of replacements, what
//! it has executed included, while the challenge gives what shall be open. So
//! the client adds up the executions that it hears of, by its own numbers. An
//! order that replaces another begins with what that one's chain has executed.

use crate::flow::Flow;
use ringmatch_engine::event::{Event, EventBody, Party};
use ringmatch_engine::{Quantity, UserRef};

/// See the [module](self).
pub(crate) struct Executions {
    /// By number: what the order's chain has executed.
    executed: Vec<Quantity>,
}

impl Executions {
    /// None yet, with memory for a flow that has been touched.
    pub(crate) fn new(flow: &Flow) -> Self {
        // Not zero, which would be memory that is not there before its first use.
        let mut executed = vec![Quantity(u32::MAX); flow.messages.len() + 1];
        executed.fill(Quantity(0));
        Self { executed }
    }

    /// Takes note of what is said to the client.
    #[inline]
    pub(crate) fn listen(&mut self, event: &Event) {
        if let EventBody::Executed(executed) = &event.body {
            for Party { user_ref, .. } in [executed.maker, executed.taker] {
                self.executed[user_ref.0 as usize].0 += executed.quantity.0;
            }
        }
    }

    /// An order begins where the one that it replaces ends; what its chain has
    /// executed.
    #[inline]
    pub(crate) fn inherit(&mut self, original: UserRef, user_ref: UserRef) -> Quantity {
        let executed = self.executed[original.0 as usize];
        self.executed[user_ref.0 as usize] = executed;
        executed
    }
}
