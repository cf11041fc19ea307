//! `check(commands, events)`, and the words in which its tables are written.
//!
//! The venue of the tables has two instruments that trade, the first in single
//! units up to 1,000 and the second in ticks of 5 and lots of 10, and three
//! sessions. A row of commands is an [`Ask`], by the first session on the
//! first instrument unless it says otherwise. A row of events is a [`Fact`]:
//! what a reader wants to know of an event, with the clients' own numbers for
//! the orders. What a fact leaves out is not unchecked: every table is played
//! to the model as well, which must say the same to the last field.

pub(crate) use crate::facts::*;
use crate::lockstep::Lockstep;
use ringmatch_engine::command::*;
use ringmatch_engine::event::Event;
use ringmatch_engine::{
    Book, InstrumentId, Limits, Nanos, Price, Quantity, RejectReason, Sequence, SessionId, UserRef,
};

pub(crate) const LIMITS: Limits =
    Limits { orders: 16, levels_per_side: 8, instruments: 2, sessions: 3 };

/// A command, before it has a place in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    session: u16,
    number: Option<u64>,
    command: Command,
}

pub(crate) fn ask(command: Command) -> Ask {
    Ask { session: 1, number: None, command }
}

pub(crate) fn operator(command: Command) -> Ask {
    ask(command).by(0)
}

pub(crate) fn buy(user_ref: u32, price: i64, quantity: u32) -> Ask {
    enter(Side::Buy, user_ref, price, quantity)
}

pub(crate) fn sell(user_ref: u32, price: i64, quantity: u32) -> Ask {
    enter(Side::Sell, user_ref, price, quantity)
}

fn enter(side: Side, user_ref: u32, price: i64, quantity: u32) -> Ask {
    ask(Command::Enter(Enter {
        user_ref: UserRef(user_ref),
        instrument: InstrumentId(1),
        side,
        quantity: Quantity(quantity),
        price: Price(price),
        ..Enter::default()
    }))
}

pub(crate) fn replace(original: u32, user_ref: u32, price: i64, quantity: u32) -> Ask {
    ask(Command::Replace(Replace {
        original: UserRef(original),
        user_ref: UserRef(user_ref),
        quantity: Quantity(quantity),
        price: Price(price),
        ..Replace::default()
    }))
}

/// Cancels what is open.
pub(crate) fn cancel(user_ref: u32) -> Ask {
    reduce(user_ref, 0)
}

/// Lets no more than `quantity` trade in total.
pub(crate) fn reduce(user_ref: u32, quantity: u32) -> Ask {
    ask(Command::Cancel(Cancel { user_ref: UserRef(user_ref), quantity: Quantity(quantity) }))
}

pub(crate) fn query() -> Ask {
    ask(Command::AccountQuery)
}

pub(crate) fn malformed(user_ref: u32, reason: RejectReason) -> Ask {
    ask(Command::Malformed(Malformed {
        user_ref: UserRef(user_ref),
        reason,
        ..Malformed::default()
    }))
}

pub(crate) fn trading(instrument: u16, state: TradingState) -> Ask {
    let instrument = InstrumentId(instrument);
    operator(Command::SetTradingState(SetTradingState { instrument, state }))
}

pub(crate) fn halt() -> Ask {
    trading(1, TradingState::Halted)
}

pub(crate) fn resume() -> Ask {
    trading(1, TradingState::Trading)
}

/// Lists an instrument in single units, up to 1,000.
pub(crate) fn listing(instrument: u16, symbol: &str) -> AddInstrument {
    AddInstrument {
        instrument: InstrumentId(instrument),
        symbol: symbol.parse().expect("a short text"),
        tick_size: Price(1),
        lot_size: Quantity(1),
        max_quantity: Quantity(1_000),
    }
}

pub(crate) fn admission(session: u16, name: &str) -> AddSession {
    AddSession {
        session: SessionId(session),
        name: name.parse().expect("a short text"),
        firm: "FIRM".parse().expect("a short text"),
    }
}

impl Ask {
    /// Sent by another session; zero is the operator.
    pub(crate) fn by(mut self, session: u16) -> Self {
        self.session = session;
        self
    }

    /// With this number in the session's input stream, not the next one.
    pub(crate) fn numbered(mut self, number: u64) -> Self {
        self.number = Some(number);
        self
    }

    pub(crate) fn on(mut self, instrument: u16) -> Self {
        if let Command::Enter(enter) = &mut self.command {
            enter.instrument = InstrumentId(instrument);
        }
        self
    }

    pub(crate) fn ioc(self) -> Self {
        self.living(TimeInForce::ImmediateOrCancel)
    }

    pub(crate) fn fok(self) -> Self {
        self.living(TimeInForce::FillOrKill)
    }

    fn living(mut self, how_long: TimeInForce) -> Self {
        match &mut self.command {
            Command::Enter(enter) => enter.time_in_force = how_long,
            Command::Replace(replace) => replace.time_in_force = how_long,
            _ => panic!("only orders have a time in force"),
        }
        self
    }

    pub(crate) fn market(mut self) -> Self {
        match &mut self.command {
            Command::Enter(enter) => enter.order_type = OrderType::Market,
            Command::Replace(replace) => replace.order_type = OrderType::Market,
            _ => panic!("only orders have a type"),
        }
        self
    }

    pub(crate) fn hidden(mut self) -> Self {
        match &mut self.command {
            Command::Enter(enter) => enter.display = Display::Hidden,
            Command::Replace(replace) => replace.display = Display::Hidden,
            _ => panic!("only orders are displayed"),
        }
        self
    }
}

/// Plays commands to a fresh venue and compares what they cause.
#[track_caller]
pub(crate) fn check(asks: &[Ask], expected: &[Fact]) -> Venue {
    let mut venue = Venue::open(LIMITS);
    venue.check(asks, expected);
    venue
}

/// An exchange and its model, open for trading.
pub(crate) struct Venue {
    pub(crate) lockstep: Lockstep,
    sequence: u64,
    names: Names,
}

impl Venue {
    /// With two instruments that trade and three sessions, where `limits` allow.
    pub(crate) fn open(limits: Limits) -> Self {
        let lockstep = Lockstep::new(limits);
        let mut venue = Self { lockstep, sequence: 0, names: Names::default() };
        let coarse =
            AddInstrument { tick_size: Price(5), lot_size: Quantity(10), ..listing(2, "COARSE") };
        for instrument in [listing(1, "FINE"), coarse] {
            venue.play(operator(Command::AddInstrument(instrument)));
            venue.play(trading(instrument.instrument.0, TradingState::Trading));
        }
        for session in 1..=3 {
            let name = format!("SESSION{session}");
            venue.play(operator(Command::AddSession(admission(session, &name))));
        }
        venue
    }

    /// Plays further commands and compares what they cause.
    #[track_caller]
    pub(crate) fn check(&mut self, asks: &[Ask], expected: &[Fact]) {
        let events: Vec<Event> = asks.iter().flat_map(|&ask| self.play(ask)).collect();
        let facts: Vec<Fact> = events.iter().map(|event| self.names.fact(event)).collect();
        assert_eq!(facts, expected);
    }

    /// Plays one command and returns all that it causes.
    pub(crate) fn play(&mut self, ask: Ask) -> Vec<Event> {
        self.sequence += 1;
        let sessions = self.lockstep.exchange.sessions();
        let session = sessions.iter().find(|session| session.id.0 == ask.session);
        let next_input = session.map_or(0, |session| session.next_input);
        let events = self.lockstep.apply(&SequencedCommand {
            sequence: Sequence(self.sequence),
            time: Nanos(self.sequence * 1_000),
            session: SessionId(ask.session),
            number: ask.number.unwrap_or(next_input),
            command: ask.command,
        });
        self.lockstep.compare();
        events
    }

    /// The book of the first instrument.
    pub(crate) fn book(&self) -> Book<'_> {
        self.lockstep.exchange.book(InstrumentId(1)).expect("it is listed")
    }
}
