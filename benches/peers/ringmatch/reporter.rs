//! The reporter: turns the exchange's events into reports.
//!
//! It stands where a client's session ends, on the other side of the event
//! ring, and knows what a client knows: what it sent, and what it is told. A
//! client's number for an order is that of a message plus one, so the message
//! itself says which order of the challenge it is, and at what price.
//!
//! By OUCH, a cancel or a replace of an order that is not live is not answered.
//! The challenge wants it rejected. Each message is one command of the log and
//! each event names the command that caused it, without a hole in between: a
//! cancel or modify whose number was passed over, by the cause of a later event
//! or by the end of the ring, has caused nothing, and that is its reject. A new
//! order that is passed over, and any event that the challenge has no report
//! for, is an error, never left out.

use super::commands;
use crate::flow::{Kind, Message, Report, ReportBody, Script};
use ringmatch_engine::event::{Canceled, Event, EventBody, Executed, OrderDetails};
use ringmatch_engine::{Sequence, UserRef};
use thiserror::Error;

/// Turns the exchange's events into reports.
pub struct Reporter<'a> {
    messages: &'a [Message],
    /// The command that was made of the first message.
    first: Sequence,
    /// Messages whose outcome is known to be no silence.
    answered: usize,
    reports: &'a mut Vec<Report>,
}

/// What there is no report for.
#[derive(Debug, Error)]
pub enum Unexpected {
    /// A new order that nothing was said of.
    #[error("the new order of message {0} was not answered")]
    Unanswered(usize),
    /// An event that no message asks for.
    #[error("message {0} caused something that has no report: {1:?}")]
    Event(usize, Box<EventBody>),
}

impl<'a> Reporter<'a> {
    /// A reporter that adds to `reports`.
    pub fn new(script: &'a Script, reports: &'a mut Vec<Report>) -> Self {
        let first = commands::first_sequence(&script.room);
        Self { messages: &script.messages, first, answered: 0, reports }
    }

    /// Reports an event, and the silence before it.
    #[inline]
    pub fn take(&mut self, event: &Event) -> Result<(), Unexpected> {
        let number = (event.cause.0 - self.first.0) as usize;
        if number > self.answered {
            self.pass_over(number)?;
        }
        self.answered = number + 1;
        let body = match &event.body {
            EventBody::Accepted(accepted) => self.order_ack(&accepted.order),
            EventBody::Replaced(replaced) => self.modify_ack(&replaced.order),
            EventBody::Executed(executed) => self.trade(executed),
            EventBody::Canceled(canceled) => self.cancel_ack(canceled),
            // What is left of an order comes to rest: not reported.
            EventBody::Added(_) => return Ok(()),
            other => return Err(Unexpected::Event(number, Box::new(*other))),
        };
        self.report(number, body);
        Ok(())
    }

    /// No event comes any more: what is left was passed over in silence.
    pub fn end(mut self) -> Result<(), Unexpected> {
        self.pass_over(self.messages.len())
    }

    #[inline]
    fn report(&mut self, number: usize, body: ReportBody) {
        self.reports.push(Report { sequence: number as u64, body });
    }

    /// Rejects the messages before `number` that caused nothing.
    fn pass_over(&mut self, number: usize) -> Result<(), Unexpected> {
        for silent in self.answered..number {
            let Message { kind, order_id, .. } = self.messages[silent];
            let body = match kind {
                Kind::New => return Err(Unexpected::Unanswered(silent)),
                Kind::Cancel => ReportBody::CancelReject { order_id },
                Kind::Modify | Kind::Reduce => ReportBody::ModifyReject { order_id },
            };
            self.report(silent, body);
        }
        Ok(())
    }

    /// The message that entered an order, or that replaced it last.
    #[inline]
    fn message(&self, user_ref: UserRef) -> &Message {
        &self.messages[user_ref.0 as usize - 1]
    }

    fn order_ack(&self, order: &OrderDetails) -> ReportBody {
        ReportBody::OrderAck {
            side: order.side,
            order_id: self.message(order.user_ref).order_id,
            price: order.price.0,
            quantity: order.quantity.0,
        }
    }

    fn modify_ack(&self, order: &OrderDetails) -> ReportBody {
        ReportBody::ModifyAck {
            side: order.side,
            order_id: self.message(order.user_ref).order_id,
            price: order.price.0,
            quantity: order.quantity.0,
        }
    }

    fn trade(&self, executed: &Executed) -> ReportBody {
        ReportBody::Trade {
            price: executed.price.0,
            quantity: executed.quantity.0,
            maker: self.message(executed.maker.user_ref).order_id,
            taker: self.message(executed.taker.user_ref).order_id,
        }
    }

    fn cancel_ack(&self, canceled: &Canceled) -> ReportBody {
        let &Message { side, order_id, price, .. } = self.message(canceled.user_ref);
        ReportBody::CancelAck { side, order_id, price }
    }
}
