//! A flow in the exchange's commands.
//!
//! How the flow's messages stand to an exchange that speaks OUCH:
//!
//! | flow | here |
//! |---|---|
//! | tick | one unit of [`Price`]; all prices are positive |
//! | book | the instrument of that number plus one |
//! | order id | a table leads to its [`UserRef`], which is the message's number plus one |
//! | new, immediate | `Enter`, immediate-or-cancel |
//! | cancel | `Cancel` to a quantity of zero |
//! | modify | `Replace` with a new [`UserRef`] |
//! | reduce | `Cancel` to a smaller quantity |
//!
//! One session sends it all. The quantity of a `Replace` or `Cancel` is that of
//! the whole chain of replacements, what it has executed included, while the
//! flow gives what shall be open. A client adds up the executions that it is
//! told of; here they are known when the commands are made. Nothing else is
//! known beforehand: a command for an order that is gone is sent as well.

#![allow(clippy::needless_update, reason = "what a flow does not name stays at its default")]

use crate::flow::{Kind, Message, Outcome, Room, Script};
use ringmatch_engine::command::*;
use ringmatch_engine::{
    InstrumentId, Limits, Nanos, Price, Quantity, Sequence, SessionId, UserRef,
};

const SESSION: SessionId = SessionId(1);

/// What the exchange must be built for.
pub(super) fn limits(room: &Room) -> Limits {
    Limits {
        orders: room.orders,
        levels_per_side: room.levels_per_side,
        instruments: room.books,
        sessions: 1,
        ..Limits::default()
    }
}

/// What stands guard over the session besides what always does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// Every limit that a session can have, too high to be reached.
    pub limits: bool,
    /// Fees for both sides.
    pub fees: bool,
}

impl Guards {
    fn limits(self) -> SetSessionLimits {
        if !self.limits {
            return SetSessionLimits { session: SESSION, ..SetSessionLimits::default() };
        }
        SetSessionLimits {
            session: SESSION,
            max_open_orders: u32::MAX,
            max_position: u64::MAX,
            max_exposure: u64::MAX,
            max_messages_per_s: u32::MAX,
            self_trade: SelfTrade::Allow,
        }
    }

    fn fees(self) -> SetFees {
        if self.fees { SetFees { maker: -20, taker: 30 } } else { SetFees::default() }
    }
}

/// The commands that come before a flow: a session, what guards it, and books
/// that trade. Their number does not depend on the guards.
pub(super) fn setup(room: &Room, guards: Guards) -> Vec<SequencedCommand> {
    let session = AddSession { session: SESSION, ..AddSession::default() };
    let books = (1..=room.books).flat_map(|number| {
        let instrument = InstrumentId(number);
        let listing = AddInstrument {
            instrument,
            symbol: format!("S{number}").parse().expect("six letters at most"),
            tick_size: Price(1),
            lot_size: Quantity(1),
            max_quantity: Quantity(u32::MAX),
            ..AddInstrument::default()
        };
        let phase = Phase::Continuous;
        let trading = SetPhase { instrument, phase };
        [Command::AddInstrument(listing), Command::SetPhase(trading)]
    });
    let first = [
        Command::AddSession(session),
        Command::SetSessionLimits(guards.limits()),
        Command::SetFees(guards.fees()),
    ];
    let all = first.into_iter().chain(books);
    let in_the_log = |(command, sequence)| SequencedCommand {
        sequence: Sequence(sequence),
        command,
        ..SequencedCommand::default()
    };
    all.zip(1..).map(in_the_log).collect()
}

/// The sequence of a flow's first command.
pub(super) fn first_sequence(room: &Room) -> Sequence {
    Sequence(setup(room, Guards::default()).len() as u64 + 1)
}

/// All messages of a flow as commands.
pub(super) fn say(script: &Script) -> Vec<SequencedCommand> {
    let first = first_sequence(&script.room);
    let mut client = Client::default();
    let both = script.messages.iter().zip(&script.outcomes).enumerate();
    let say = |(number, (message, outcome)): (usize, (&Message, &Outcome))| {
        let sequence = Sequence(first.0 + number as u64);
        let number = number as u32 + 1;
        SequencedCommand {
            sequence,
            time: Nanos(sequence.0),
            session: SESSION,
            number: number.into(),
            command: client.say(UserRef(number), message, outcome),
            ..SequencedCommand::default()
        }
    };
    both.map(say).collect()
}

/// A client that numbers its orders upwards.
#[derive(Default)]
struct Client {
    /// By order id: the number of the order now.
    numbers: Vec<UserRef>,
}

impl Client {
    fn say(&mut self, user_ref: UserRef, message: &Message, outcome: &Outcome) -> Command {
        let place = message.order_id as usize;
        if self.numbers.len() <= place {
            self.numbers.resize(place + 1, UserRef(0));
        }
        let original = self.numbers[place];
        let total = Quantity(message.quantity.saturating_add(outcome.before.traded));
        match message.kind {
            Kind::New => {
                self.numbers[place] = user_ref;
                Command::Enter(enter(user_ref, message))
            }
            Kind::Cancel => Command::Cancel(Cancel { user_ref: original, ..Cancel::default() }),
            Kind::Reduce => {
                Command::Cancel(Cancel { user_ref: original, quantity: total, ..Cancel::default() })
            }
            Kind::Modify => {
                if outcome.is_found {
                    self.numbers[place] = user_ref;
                }
                Command::Replace(Replace {
                    original,
                    user_ref,
                    quantity: total,
                    price: Price(message.price),
                    ..Replace::default()
                })
            }
        }
    }
}

fn enter(user_ref: UserRef, message: &Message) -> Enter {
    Enter {
        user_ref,
        instrument: InstrumentId(message.book + 1),
        side: message.side,
        quantity: Quantity(message.quantity),
        price: Price(message.price),
        time_in_force: match message.immediate_or_cancel {
            true => TimeInForce::ImmediateOrCancel,
            false => TimeInForce::Day,
        },
        ..Enter::default()
    }
}
