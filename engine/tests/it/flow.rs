//! Random command flow that finds the corners.
//!
//! A [`Step`] is a command in which what depends on the past is written
//! relative to it: an input number is "the next one" or "one seen before", a
//! client's new number is so much above or below its last one, and the order
//! to cancel is the so many newest of those that are live. A [`Clerk`] turns
//! steps into sequenced commands. So a step still means something when those
//! before it are taken away, and a failing flow shrinks to the few commands
//! that matter.

use proptest::prelude::*;
use ringmatch_engine::command::*;
use ringmatch_engine::event::Discard;
use ringmatch_engine::{
    ClOrdId, Exchange, InstrumentId, Limits, Nanos, Price, Quantity, RejectReason, SessionId,
    UserRef,
};

/// Small enough that every bound is reached again and again.
pub(crate) const TINY: Limits =
    Limits { orders: 12, levels_per_side: 4, instruments: 3, sessions: 4 };

/// So large that no bound on orders or levels is reached soon.
pub(crate) const ROOMY: Limits = Limits { orders: 4_096, levels_per_side: 64, ..TINY };

/// A command whose numbers are relative to what its session sent before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    session: u16,
    /// How far from the next input number it is; below zero was seen before.
    number: i64,
    pub(crate) command: Command,
}

/// Sequences steps. It keeps an exchange, to know which orders are live.
pub(crate) struct Clerk {
    exchange: Exchange,
    /// For each session its next input number, less one, and its last [`UserRef`].
    sessions: [(u64, u32); 8],
}

impl Clerk {
    pub(crate) fn new(limits: Limits) -> Self {
        let exchange = Exchange::new(limits).expect("limits in range");
        Self { exchange, sessions: [(0, 0); 8] }
    }

    /// The commands that open the venue: two instruments, three sessions.
    pub(crate) fn opening(&mut self) -> Vec<SequencedCommand> {
        let mut commands = Vec::new();
        for (number, tick, lot) in [(1, 1, 1), (2, 5, 10)] {
            let instrument = InstrumentId(number);
            let state = TradingState::Trading;
            commands.push(Command::AddInstrument(listing(number, tick, lot)));
            commands.push(Command::SetTradingState(SetTradingState { instrument, state }));
        }
        commands.extend((1..=3).map(|session| Command::AddSession(admission(session, session))));
        let steps = commands.into_iter().map(|command| Step { session: 0, number: 0, command });
        steps.map(|step| self.sequence(step)).collect()
    }

    /// The next command.
    pub(crate) fn sequence(&mut self, step: Step) -> SequencedCommand {
        let sequence = self.exchange.sequence().next();
        let command = self.resolve(step);
        let (next, _) = &mut self.sessions[usize::from(step.session)];
        let number = next.saturating_add_signed(step.number) + 1;
        *next = number.max(*next);
        let sequenced = SequencedCommand {
            sequence,
            time: Nanos(sequence.0 / 3),
            session: SessionId(step.session),
            number: if step.session == 0 { 0 } else { number },
            command,
        };
        self.exchange.apply(&sequenced, &mut Discard::default());
        sequenced
    }

    /// Makes the numbers of a client's orders absolute.
    fn resolve(&mut self, step: Step) -> Command {
        let mut command = step.command;
        match &mut command {
            Command::Enter(enter) => self.renumber(step.session, &mut enter.user_ref),
            Command::Malformed(malformed) => self.renumber(step.session, &mut malformed.user_ref),
            Command::Cancel(cancel) => self.find(step.session, &mut cancel.user_ref),
            Command::Replace(replace) => {
                self.find(step.session, &mut replace.original);
                self.renumber(step.session, &mut replace.user_ref);
            }
            _ => {}
        }
        command
    }

    /// 0 is one below the session's last number, 2 one above; 9 is zero itself.
    fn renumber(&mut self, session: u16, user_ref: &mut UserRef) {
        let (_, last) = &mut self.sessions[usize::from(session)];
        let number = if user_ref.0 == 9 { 0 } else { (*last + user_ref.0).saturating_sub(1) };
        *user_ref = UserRef(number);
        *last = number.max(*last);
    }

    /// Below 100 it is a live order, the newest first; from 100 on any number.
    fn find(&self, session: u16, user_ref: &mut UserRef) {
        let (_, last) = self.sessions[usize::from(session)];
        let live = self.live(session);
        let back = user_ref.0 as usize;
        *user_ref = match live.len() {
            0 => UserRef(last),
            len if back < 100 => live[back % len],
            _ => UserRef(last.saturating_sub(user_ref.0 - 100)),
        };
    }

    fn live(&self, session: u16) -> Vec<UserRef> {
        let mut live = Vec::new();
        for instrument in self.exchange.instruments() {
            let book = self.exchange.book(instrument.id).expect("it is listed");
            let levels = book.levels(Side::Buy).chain(book.levels(Side::Sell));
            let orders = levels.flat_map(|level| level.orders());
            let own = orders.filter(|order| order.session.0 == session);
            live.extend(own.map(|order| order.user_ref));
        }
        live.sort_by(|one, other| other.cmp(one));
        live
    }
}

/// New orders beside 45 other messages: books are as often full as empty.
pub(crate) const BALANCED: u32 = 120;

/// The same, so many that books grow.
pub(crate) const GROWING: u32 = 500;

/// Any step; most are orders, and cancels and replaces of live ones.
/// `enters` says how many are new orders, beside 45 others.
pub(crate) fn step(enters: u32) -> impl Strategy<Value = Step> {
    let session = prop_oneof![30 => 1..=3u16, 1 => 4..=5u16];
    let number = prop_oneof![40 => Just(0i64), 1 => 1..3i64, 1 => -4..0i64];
    let client = prop_oneof![
        enters => enter().prop_map(Command::Enter),
        20 => replacement().prop_map(Command::Replace),
        20 => cancel().prop_map(Command::Cancel),
        2 => malformed().prop_map(Command::Malformed),
        2 => Just(Command::AccountQuery),
        1 => Just(Command::Nothing),
        1 => operation(),
    ];
    let operator = prop_oneof![
        20 => operation(),
        1 => enter().prop_map(Command::Enter),
        1 => Just(Command::Nothing),
    ];
    prop_oneof![
        40 => (session, number, client),
        1 => (Just(0), Just(0), operator),
    ]
    .prop_map(|(session, number, command)| Step { session, number, command })
}

fn enter() -> impl Strategy<Value = Enter> {
    let instrument =
        prop_oneof![20 => 1..=2u16, 1 => Just(0), 1 => 3..=4u16].prop_map(InstrumentId);
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    (fresh(), instrument, side, quantity(), terms(), attributes()).prop_map(
        |(user_ref, instrument, side, quantity, terms, attributes)| Enter {
            user_ref,
            instrument,
            side,
            quantity,
            price: terms.0,
            order_type: terms.1,
            time_in_force: terms.2,
            display: terms.3,
            attributes,
        },
    )
}

fn replacement() -> impl Strategy<Value = Replace> {
    (back(), fresh(), quantity(), terms(), attributes()).prop_map(
        |(original, user_ref, quantity, terms, attributes)| Replace {
            original,
            user_ref,
            quantity,
            price: terms.0,
            order_type: terms.1,
            time_in_force: terms.2,
            display: terms.3,
            intermarket_sweep: attributes.intermarket_sweep,
            cl_ord_id: attributes.cl_ord_id,
        },
    )
}

fn cancel() -> impl Strategy<Value = Cancel> {
    let quantity = prop_oneof![2 => Just(Quantity(0)), 3 => quantity()];
    (back(), quantity).prop_map(|(user_ref, quantity)| Cancel { user_ref, quantity })
}

fn malformed() -> impl Strategy<Value = Malformed> {
    let reason = prop_oneof![Just(RejectReason::Undecodable), Just(RejectReason::InvalidSide)];
    (fresh(), reason, attributes()).prop_map(|(user_ref, reason, attributes)| Malformed {
        user_ref,
        reason,
        cl_ord_id: attributes.cl_ord_id,
    })
}

/// Price, type, time in force and display: what decides how an order trades.
fn terms() -> impl Strategy<Value = (Price, OrderType, TimeInForce, Display)> {
    let order_type = prop_oneof![9 => Just(OrderType::Limit), 1 => Just(OrderType::Market)];
    let time_in_force = prop_oneof![
        8 => Just(TimeInForce::Day),
        1 => Just(TimeInForce::ImmediateOrCancel),
        1 => Just(TimeInForce::FillOrKill),
    ];
    let display = prop_oneof![
        6 => Just(Display::Visible),
        1 => Just(Display::Attributable),
        2 => Just(Display::Hidden),
    ];
    (price(), order_type, time_in_force, display)
}

fn price() -> impl Strategy<Value = Price> {
    let max = Price::MAX_LIMIT.0;
    let near = 96..=104i64;
    let coarse = (18..=22i64).prop_map(|ticks| ticks * 5);
    let odd = prop::sample::select(vec![0, -1, 1, max, max + 1, i64::MIN, i64::MAX]);
    prop_oneof![15 => near, 10 => coarse, 1 => odd].prop_map(Price)
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let lots = (1..=5u32).prop_map(|lots| lots * 10);
    let odd = prop::sample::select(vec![0, 990, 1_000, 1_000, 1_001, u32::MAX]);
    prop_oneof![12 => lots, 8 => 1..=30u32, 2 => odd].prop_map(Quantity)
}

fn fresh() -> impl Strategy<Value = UserRef> {
    prop_oneof![20 => Just(2u32), 2 => 3..=4u32, 1 => 0..=1u32, 1 => Just(9)].prop_map(UserRef)
}

fn back() -> impl Strategy<Value = UserRef> {
    prop_oneof![8 => 0..=3u32, 8 => 0..100u32, 3 => 100..120u32].prop_map(UserRef)
}

fn attributes() -> impl Strategy<Value = Attributes> {
    (0..3u8, any::<bool>()).prop_map(|(which, intermarket_sweep)| Attributes {
        short_sale: [ShortSale::No, ShortSale::Short, ShortSale::Exempt][usize::from(which)],
        capacity: [Capacity::Agency, Capacity::Principal, Capacity::Other][usize::from(which)],
        intermarket_sweep,
        cl_ord_id: ClOrdId::from_bytes([b'A' + which; 14]),
    })
}

/// Operator commands, sound and unsound; instruments trade most of the time.
fn operation() -> impl Strategy<Value = Command> {
    let state = prop_oneof![3 => Just(TradingState::Trading), 1 => Just(TradingState::Halted)];
    prop_oneof![
        12 => (0..=4u16, state).prop_map(|(instrument, state)| {
            Command::SetTradingState(SetTradingState { instrument: InstrumentId(instrument), state })
        }),
        2 => (1..=4u16, 0..=1i64, 0..=1u32)
            .prop_map(|(number, tick, lot)| Command::AddInstrument(listing(number, tick, lot))),
        2 => (1..=5u16, 1..=5u16).prop_map(|(session, name)| {
            Command::AddSession(admission(session, name))
        }),
        1 => Just(Command::SystemEvent(SystemEvent::StartOfMarketHours)),
    ]
}

fn listing(number: u16, tick: i64, lot: u32) -> AddInstrument {
    AddInstrument {
        instrument: InstrumentId(number),
        symbol: format!("SYM{number}").parse().expect("a short text"),
        tick_size: Price(tick),
        lot_size: Quantity(lot),
        max_quantity: Quantity(1_000),
    }
}

fn admission(session: u16, name: u16) -> AddSession {
    AddSession {
        session: SessionId(session),
        name: format!("CLIENT{name}").parse().expect("a short text"),
        firm: "FIRM".parse().expect("a short text"),
    }
}
