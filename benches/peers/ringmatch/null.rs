//! An engine that matches nothing and acknowledges every message.
//!
//! It writes as many events as there are messages, each as large as the real
//! one: what is left when matching costs nothing.

use ringmatch_engine::EventSink;
use ringmatch_engine::command::{Command, SequencedCommand};
use ringmatch_engine::event::{Accepted, Canceled, Event, EventBody, OrderDetails, Replaced};

/// Says that whatever is asked was done.
#[inline]
pub fn acknowledge(command: &SequencedCommand, sink: &mut impl EventSink) {
    let body = match &command.command {
        Command::Enter(enter) => {
            let order = OrderDetails {
                instrument: enter.instrument,
                user_ref: enter.user_ref,
                side: enter.side,
                quantity: enter.quantity,
                price: enter.price,
                ..OrderDetails::default()
            };
            EventBody::Accepted(Accepted { order, ..Accepted::default() })
        }
        Command::Replace(replace) => {
            let order = OrderDetails {
                user_ref: replace.user_ref,
                quantity: replace.quantity,
                price: replace.price,
                ..OrderDetails::default()
            };
            EventBody::Replaced(Replaced { order, ..Replaced::default() })
        }
        Command::Cancel(cancel) => {
            EventBody::Canceled(Canceled { user_ref: cancel.user_ref, ..Canceled::default() })
        }
        _ => return,
    };
    *sink.claim() = Event { cause: command.sequence, time: command.time, body, ..Event::default() };
}
