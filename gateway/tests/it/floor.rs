//! An exchange that trades, for tests of what the edge makes of its events.
//!
//! Two instruments (AAPL in ticks of 0.0001, MSFT in ticks of 0.01 and lots of
//! ten) and as many sessions as a test names. Commands are numbered here, so a
//! test says only who asks for what.

use ringmatch_engine::command::*;
use ringmatch_engine::event::Event;
use ringmatch_engine::{
    Exchange, InstrumentId, Limits, Nanos, Price, Quantity, SessionId, SessionName, UserRef,
};

/// The venue's name, and that of its market data.
pub(crate) fn venue() -> SessionName {
    "FLOOR".parse().unwrap()
}

/// The name of a session by its number.
pub(crate) fn session_name(number: u16) -> SessionName {
    format!("CLIENT{number}").parse().unwrap()
}

pub(crate) struct Floor {
    pub(crate) exchange: Exchange,
    /// Nanoseconds that have passed beside those that commands take.
    passed: u64,
}

impl Floor {
    /// An exchange with this many sessions, and the events of its opening.
    pub(crate) fn open(sessions: u16) -> (Self, Vec<Event>) {
        let limits = Limits {
            orders: 256,
            levels_per_side: 64,
            instruments: 2,
            sessions,
            special_orders: 128,
            recent_trades: 64,
        };
        let mut floor = Self { exchange: Exchange::new(limits).unwrap(), passed: 0 };
        let mut commands = vec![Command::SystemEvent(SystemEvent::StartOfMessages)];
        for (number, symbol, tick, lot) in [(1, "AAPL", 1, 1), (2, "MSFT", 100, 10)] {
            let instrument = InstrumentId(number);
            commands.push(Command::AddInstrument(AddInstrument {
                instrument,
                symbol: symbol.parse().unwrap(),
                tick_size: Price(tick),
                lot_size: Quantity(lot),
                max_quantity: Quantity(100_000),
            }));
            let phase = Phase::Continuous;
            commands.push(Command::SetPhase(SetPhase { instrument, phase }));
        }
        commands.extend((1..=sessions).map(|number| {
            let firm = "FIRM".parse().unwrap();
            Command::AddSession(AddSession {
                session: SessionId(number),
                name: session_name(number),
                firm,
            })
        }));
        let mut events = Vec::new();
        for command in commands {
            events.extend(floor.apply(0, command));
        }
        (floor, events)
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, nanos: u64) {
        self.passed += nanos;
    }

    /// Applies a command of a session, or of the operator (zero).
    pub(crate) fn apply(&mut self, session: u16, command: Command) -> Vec<Event> {
        let sequence = self.exchange.sequence().next();
        let session = SessionId(session);
        let next = self.exchange.sessions().iter().find(|known| known.id == session);
        let number = next.map_or(0, |known| known.next_input);
        let time = Nanos(sequence.0 * 1_000 + self.passed);
        let mut events = Vec::new();
        let command = SequencedCommand { sequence, time, session, number, command };
        self.exchange.apply(&command, &mut events);
        events
    }

    /// A displayed day order for AAPL.
    pub(crate) fn enter(
        &mut self,
        session: u16,
        side: Side,
        quantity: u32,
        price: i64,
    ) -> Vec<Event> {
        let next = self.exchange.sessions()[usize::from(session) - 1].next_user_ref;
        let order = Enter {
            user_ref: UserRef(u32::try_from(next).unwrap()),
            instrument: InstrumentId(1),
            side,
            quantity: Quantity(quantity),
            price: Price(price),
            ..Enter::default()
        };
        self.apply(session, Command::Enter(order))
    }
}
