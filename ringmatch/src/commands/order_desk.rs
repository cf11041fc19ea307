//! `OrderDesk`: lines of input become messages, and orders are found by name.
//!
//! A line names an order by the `id` of an earlier line or by its user
//! reference number; the desk remembers which is which.

use super::order_line::Request;
use ringmatch_engine::UserRef;
use ringmatch_gateway::client::{Client, ClientError, replacement};
use std::collections::HashMap;

/// Sends what lines ask for.
#[derive(Default)]
pub(super) struct OrderDesk {
    by_id: HashMap<String, UserRef>,
}

/// What a line that was sent is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// The order: the new one, or the one that is canceled.
    pub(super) user_ref: UserRef,
    /// Whether an answer will come, whatever it says: cancels and replacements
    /// of what is gone are met with silence.
    pub(super) is_answered: bool,
}

impl OrderDesk {
    /// Sends what a line asks for; the text says why that cannot be.
    pub(super) fn send(
        &mut self,
        client: &mut Client,
        request: &Request,
    ) -> Result<Result<Sent, String>, ClientError> {
        Ok(Ok(match request {
            Request::Enter(order) => {
                let user_ref = client.enter(order)?;
                self.by_id.insert(order.cl_ord_id.to_string(), user_ref);
                Sent { user_ref, is_answered: true }
            }
            Request::Replace { order, quantity, price, id } => {
                let Some(original) = self.find(order) else { return Ok(Err(unknown(order))) };
                let user_ref = client.next_user_ref();
                let mut message = replacement(original, user_ref, *quantity, *price);
                message.cl_ord_id = *id;
                client.send(&message.into(), None)?;
                let name = if id.is_blank() { order.clone() } else { id.to_string() };
                self.by_id.insert(name, user_ref);
                Sent { user_ref, is_answered: false }
            }
            Request::Cancel { order, quantity } => {
                let Some(user_ref) = self.find(order) else { return Ok(Err(unknown(order))) };
                client.cancel(user_ref, *quantity)?;
                Sent { user_ref, is_answered: false }
            }
        }))
    }

    fn find(&self, order: &str) -> Option<UserRef> {
        self.by_id.get(order).copied().or_else(|| order.parse().ok().map(UserRef))
    }
}

fn unknown(order: &str) -> String {
    format!("order {order:?} is neither the id of an earlier line nor a user reference number")
}
