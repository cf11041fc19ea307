//! The client whose flow is played: it says each message as a command.
//!
//! An order-entry client numbers its orders upwards and knows what its orders
//! have executed, and so does this one. Message `n` uses the [`UserRef`] `n + 1`
//! if it enters or replaces an order; a table leads from the challenge's order
//! id to the number that its order has now. Whether an order is still live is
//! not looked at: the number of one that is gone is silently passed over by the
//! exchange, and the number that would have replaced it is never live, so the
//! table needs no correction.
//!
//! The quantity of a [`Replace`] is that of the whole chain of replacements,
//! what it has executed included, while the challenge gives what shall be open:
//! so the client adds up the executions that it is told of.

use crate::flow::{Flow, Kind, Message};
use ringmatch_engine::command::{Cancel, Command, Enter, Replace, TimeInForce};
use ringmatch_engine::event::{Event, EventBody, Party};
use ringmatch_engine::{InstrumentId, Price, Quantity, UserRef};

/// See the [module](self).
pub(crate) struct Client {
    instrument: InstrumentId,
    /// By order id: the number of the order now.
    numbers: Vec<UserRef>,
    /// By number: what the order's chain has executed.
    executed: Vec<Quantity>,
}

impl Client {
    /// A client with all its memory, which has been touched.
    pub(crate) fn new(flow: &Flow, instrument: InstrumentId) -> Self {
        let mut client = Self {
            instrument,
            // Not zero, which would be memory that is not there before its first use.
            numbers: vec![UserRef(u32::MAX); flow.order_ids],
            executed: vec![Quantity(u32::MAX); flow.messages.len() + 1],
        };
        client.numbers.fill(UserRef(0));
        client.executed.fill(Quantity(0));
        client
    }

    /// What the message says, as the exchange takes it.
    #[inline]
    pub(crate) fn command(&mut self, user_ref: UserRef, message: &Message) -> Command {
        let number = &mut self.numbers[message.order_id as usize];
        match message.kind {
            Kind::New => {
                *number = user_ref;
                Command::Enter(enter(user_ref, self.instrument, message))
            }
            Kind::Cancel => Command::Cancel(Cancel { user_ref: *number, quantity: Quantity(0) }),
            Kind::Modify => {
                let original = std::mem::replace(number, user_ref);
                Command::Replace(self.replace(original, user_ref, message))
            }
        }
    }

    fn replace(&mut self, original: UserRef, user_ref: UserRef, message: &Message) -> Replace {
        let executed = self.executed[original.0 as usize];
        self.executed[user_ref.0 as usize] = executed;
        Replace {
            original,
            user_ref,
            quantity: Quantity(message.quantity + executed.0),
            price: Price(message.price),
            ..Replace::default()
        }
    }

    /// Takes note of what is said to it.
    #[inline]
    pub(crate) fn listen(&mut self, event: &Event) {
        if let EventBody::Executed(executed) = &event.body {
            for Party { user_ref, .. } in [executed.maker, executed.taker] {
                self.executed[user_ref.0 as usize].0 += executed.quantity.0;
            }
        }
    }
}

fn enter(user_ref: UserRef, instrument: InstrumentId, message: &Message) -> Enter {
    let time_in_force = match message.immediate_or_cancel {
        true => TimeInForce::ImmediateOrCancel,
        false => TimeInForce::Day,
    };
    Enter {
        user_ref,
        instrument,
        side: message.side,
        quantity: Quantity(message.quantity),
        price: Price(message.price),
        time_in_force,
        ..Enter::default()
    }
}
