//! `check(commands, events)`, and the words in which its tables are written.
//!
//! The venue of the tables has two instruments that trade, the first in single
//! units up to 1,000 and the second in ticks of 5 and lots of 10, and three
//! sessions of one firm. A row of commands is an [`Ask`], by the first session on the
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

pub(crate) const LIMITS: Limits = Limits {
    orders: 16,
    levels_per_side: 8,
    instruments: 2,
    sessions: 4,
    special_orders: 8,
    recent_trades: 4,
};

/// A command, before it has a place in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    session: u16,
    number: Option<u64>,
    /// How long after the command before it.
    later: u64,
    command: Command,
}

pub(crate) fn ask(command: Command) -> Ask {
    Ask { session: 1, number: None, later: 1_000, command }
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

pub(crate) fn phase(instrument: u16, phase: Phase) -> Ask {
    let instrument = InstrumentId(instrument);
    operator(Command::SetPhase(SetPhase { instrument, phase }))
}

/// Brings the first instrument into another phase.
pub(crate) fn enters(next: Phase) -> Ask {
    phase(1, next)
}

pub(crate) fn halt() -> Ask {
    enters(Phase::Halted)
}

pub(crate) fn resume() -> Ask {
    enters(Phase::Continuous)
}

pub(crate) fn tick() -> Ask {
    operator(Command::Tick)
}

/// Sets the first instrument's rules.
pub(crate) fn rules(rules: SetRules) -> Ask {
    operator(Command::SetRules(SetRules { instrument: InstrumentId(1), ..rules }))
}

/// Sets what a session may do.
pub(crate) fn may(session: u16, limits: SetSessionLimits) -> Ask {
    let session = SessionId(session);
    operator(Command::SetSessionLimits(SetSessionLimits { session, ..limits }))
}

/// Changes the size of an order to `quantity` in total, and nothing else.
pub(crate) fn modify(side: Side, user_ref: u32, quantity: u32) -> Ask {
    ask(Command::Modify(Modify {
        user_ref: UserRef(user_ref),
        side,
        short_sale: ShortSale::No,
        quantity: Quantity(quantity),
    }))
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

    /// So many seconds after the command before it.
    pub(crate) fn later_s(mut self, seconds: u64) -> Self {
        self.later = seconds * 1_000_000_000;
        self
    }

    pub(crate) fn on(mut self, instrument: u16) -> Self {
        match &mut self.command {
            Command::Enter(enter) => enter.instrument = InstrumentId(instrument),
            Command::EnterSpecial(special) => special.order.instrument = InstrumentId(instrument),
            _ => panic!("only new orders name an instrument"),
        }
        self
    }

    pub(crate) fn ioc(self) -> Self {
        self.living(TimeInForce::ImmediateOrCancel)
    }

    pub(crate) fn fok(self) -> Self {
        self.living(TimeInForce::FillOrKill)
    }

    pub(crate) fn living(mut self, how_long: TimeInForce) -> Self {
        *self.terms().1 = how_long;
        self
    }

    pub(crate) fn market(mut self) -> Self {
        *self.terms().0 = OrderType::Market;
        self
    }

    pub(crate) fn market_to_limit(mut self) -> Self {
        *self.terms().0 = OrderType::MarketToLimit;
        self
    }

    pub(crate) fn hidden(mut self) -> Self {
        *self.terms().2 = Display::Hidden;
        self
    }

    /// Shows so much at a time.
    pub(crate) fn iceberg(self, max_floor: u32) -> Self {
        self.with(|options| options.max_floor = Quantity(max_floor))
    }

    pub(crate) fn stop(self, price: i32) -> Self {
        self.priced(Pricing::Stop, price)
    }

    pub(crate) fn trailing(self, distance: i32) -> Self {
        self.priced(Pricing::TrailingStop, distance)
    }

    pub(crate) fn midpoint(self) -> Self {
        self.hidden().priced(Pricing::MidpointPeg, 0)
    }

    pub(crate) fn near(self, offset: i32) -> Self {
        self.hidden().priced(Pricing::NearPeg, offset)
    }

    fn priced(self, pricing: Pricing, offset: i32) -> Self {
        self.with(|options| (options.pricing, options.offset) = (pricing, offset))
    }

    pub(crate) fn post_only(self) -> Self {
        self.with(|options| options.post_only = true)
    }

    pub(crate) fn minimum(self, quantity: u32) -> Self {
        self.with(|options| options.min_quantity = Quantity(quantity))
    }

    /// Lives so many seconds.
    pub(crate) fn for_s(self, seconds: u32) -> Self {
        self.living(TimeInForce::GoodTillTime).with(|options| options.expire_after_s = seconds)
    }

    pub(crate) fn group(self, group: u16) -> Self {
        self.with(|options| options.group = group)
    }

    pub(crate) fn self_trade(self, action: SelfTrade) -> Self {
        self.with(|options| options.self_trade = action)
    }

    /// The same with other options.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        let options = Options::NONE;
        self.command = match self.command {
            Command::Enter(order) => Command::EnterSpecial(EnterSpecial { order, options }),
            Command::Replace(order) => Command::ReplaceSpecial(ReplaceSpecial { order, options }),
            special => special,
        };
        match &mut self.command {
            Command::EnterSpecial(special) => change(&mut special.options),
            Command::ReplaceSpecial(special) => change(&mut special.options),
            _ => panic!("only orders have options"),
        }
        self
    }

    fn terms(&mut self) -> (&mut OrderType, &mut TimeInForce, &mut Display) {
        match &mut self.command {
            Command::Enter(Enter { order_type, time_in_force, display, .. })
            | Command::Replace(Replace { order_type, time_in_force, display, .. })
            | Command::EnterSpecial(EnterSpecial {
                order: Enter { order_type, time_in_force, display, .. },
                ..
            })
            | Command::ReplaceSpecial(ReplaceSpecial {
                order: Replace { order_type, time_in_force, display, .. },
                ..
            }) => (order_type, time_in_force, display),
            _ => panic!("only orders have terms"),
        }
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
    time: u64,
    names: Names,
}

impl Venue {
    /// With two instruments that trade and three sessions, where `limits` allow.
    pub(crate) fn open(limits: Limits) -> Self {
        let lockstep = Lockstep::new(limits);
        let mut venue = Self { lockstep, sequence: 0, time: 0, names: Names::default() };
        let coarse =
            AddInstrument { tick_size: Price(5), lot_size: Quantity(10), ..listing(2, "COARSE") };
        for instrument in [listing(1, "FINE"), coarse] {
            venue.play(operator(Command::AddInstrument(instrument)));
            venue.play(phase(instrument.instrument.0, Phase::Continuous));
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
        self.time += ask.later;
        let sessions = self.lockstep.exchange.sessions();
        let session = sessions.iter().find(|session| session.id.0 == ask.session);
        let next_input = session.map_or(0, |session| session.next_input);
        let events = self.lockstep.apply(&SequencedCommand {
            sequence: Sequence(self.sequence),
            time: Nanos(self.time),
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
