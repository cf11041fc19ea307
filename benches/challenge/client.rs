//! The client whose flow is played: it says each message as a command.
//!
//! An order-entry client numbers its orders upwards, and so does this one.
//! Message `n` uses the [`UserRef`] `n + 1` if it enters or replaces an order; a
//! table leads from the challenge's order id to the number that its order has
//! now. Whether an order is still live is not looked at: the number of one that
//! is gone is silently passed over by the exchange, and the number that would
//! have replaced it is never live, so the table needs no correction.
//!
//! A client keeps one command of each kind and changes only what differs from
//! the last. A command that is written whole and applied at once is loaded in
//! larger pieces than it was stored in, and such a load waits for the stores
//! before it: 11.1 instead of 12.6 M messages/s on `static`. A command that
//! comes through a ring has long been written.

use crate::executions::Executions;
use crate::flow::{Flow, Kind, Message};
use ringmatch_engine::command::*;
use ringmatch_engine::{InstrumentId, Nanos, Price, Quantity, Sequence, SessionId, UserRef};

/// See the [module](self).
pub(crate) struct Client {
    /// By order id: the number of the order now.
    numbers: Vec<UserRef>,
    enter: SequencedCommand,
    replace: SequencedCommand,
    cancel: SequencedCommand,
}

impl Client {
    /// A client with all its memory, which has been touched.
    pub(crate) fn new(flow: &Flow, session: SessionId, instrument: InstrumentId) -> Self {
        // Not zero, which would be memory that is not there before its first use.
        let mut numbers = vec![UserRef(u32::MAX); flow.order_ids];
        numbers.fill(UserRef(0));
        let unsaid = |command| SequencedCommand { session, command, ..SequencedCommand::default() };
        Self {
            numbers,
            enter: unsaid(Command::Enter(Enter { instrument, ..Enter::default() })),
            replace: unsaid(Command::Replace(Replace::default())),
            cancel: unsaid(Command::Cancel(Cancel::default())),
        }
    }

    /// What the message says, as the exchange takes it, in its place in the log.
    #[inline]
    pub(crate) fn say(
        &mut self,
        sequence: Sequence,
        user_ref: UserRef,
        message: &Message,
        executions: &mut Executions,
    ) -> &SequencedCommand {
        let number = &mut self.numbers[message.order_id as usize];
        let said = match message.kind {
            Kind::New => {
                *number = user_ref;
                change_enter(&mut self.enter.command, user_ref, message);
                &mut self.enter
            }
            Kind::Cancel => {
                change_cancel(&mut self.cancel.command, *number);
                &mut self.cancel
            }
            Kind::Modify => {
                let original = std::mem::replace(number, user_ref);
                let executed = executions.inherit(original, user_ref);
                let total = Quantity(message.quantity + executed.0);
                let replace = &mut self.replace.command;
                change_replace(replace, original, user_ref, total, Price(message.price));
                &mut self.replace
            }
        };
        said.sequence = sequence;
        said.time = Nanos(sequence.0);
        said.number = user_ref.0.into();
        said
    }
}

fn change_enter(command: &mut Command, user_ref: UserRef, message: &Message) {
    let Command::Enter(enter) = command else { unreachable!("it was made an `Enter`") };
    enter.user_ref = user_ref;
    enter.side = message.side;
    enter.quantity = Quantity(message.quantity);
    enter.price = Price(message.price);
    enter.time_in_force = match message.immediate_or_cancel {
        true => TimeInForce::ImmediateOrCancel,
        false => TimeInForce::Day,
    };
}

fn change_cancel(command: &mut Command, user_ref: UserRef) {
    let Command::Cancel(cancel) = command else { unreachable!("it was made a `Cancel`") };
    cancel.user_ref = user_ref;
}

fn change_replace(
    command: &mut Command,
    original: UserRef,
    user_ref: UserRef,
    quantity: Quantity,
    price: Price,
) {
    let Command::Replace(replace) = command else { unreachable!("it was made a `Replace`") };
    replace.original = original;
    replace.user_ref = user_ref;
    replace.quantity = quantity;
    replace.price = price;
}
