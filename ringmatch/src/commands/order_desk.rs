//! `OrderDesk`: lines of input become messages, and orders are found by name.
//!
//! A line names an order by the `id` of an earlier line or by its user
//! reference number; the desk remembers which is which.

use super::order_line::Request;
use ringmatch_engine::UserRef;
use ringmatch_engine::command::ShortSale;
use ringmatch_gateway::client::{Client, ClientError, Replacement};
use ringmatch_gateway::translate::side_letter;
use ringmatch_gateway::wire::ouch::{
    DisableOrderEntry, EnableOrderEntry, MassCancel, ModifyOrder, OuchOption,
};
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
            Request::Replace { order, replacement } => {
                let Some(original) = self.find(order) else { return Ok(Err(unknown(order))) };
                let user_ref = client.next_user_ref();
                let replacement = Replacement { original, ..*replacement };
                let (message, options) = replacement.message(user_ref);
                client.send(&message.into(), options)?;
                let id = replacement.cl_ord_id;
                let name = if id.is_blank() { order.clone() } else { id.to_string() };
                self.by_id.insert(name, user_ref);
                Sent { user_ref, is_answered: false }
            }
            Request::Cancel { order, quantity } => {
                let Some(user_ref) = self.find(order) else { return Ok(Err(unknown(order))) };
                client.cancel(user_ref, *quantity)?;
                Sent { user_ref, is_answered: false }
            }
            Request::Modify { order, side, short_sale, quantity } => {
                let Some(user_ref) = self.find(order) else { return Ok(Err(unknown(order))) };
                let (side, quantity) = (side_letter(*side, *short_sale), *quantity);
                let message = ModifyOrder { user_ref_num: user_ref.0, side, quantity };
                client.send(&message.into(), None)?;
                Sent { user_ref, is_answered: false }
            }
            Request::MassCancel { firm, symbol, side, group } => {
                let user_ref = client.next_user_ref();
                let message = MassCancel { user_ref_num: user_ref.0, firm: *firm, symbol: *symbol };
                let side = side.map(|side| OuchOption::Side(side_letter(side, ShortSale::No)));
                let group = group.map(OuchOption::GroupId);
                client.send(&message.into(), side.into_iter().chain(group))?;
                Sent { user_ref, is_answered: true }
            }
            Request::OrderEntry { firm, enabled } => {
                let user_ref = client.next_user_ref();
                let (user_ref_num, firm) = (user_ref.0, *firm);
                let message = match enabled {
                    true => EnableOrderEntry { user_ref_num, firm }.into(),
                    false => DisableOrderEntry { user_ref_num, firm }.into(),
                };
                client.send(&message, None)?;
                Sent { user_ref, is_answered: true }
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
