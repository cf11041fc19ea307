//! Random command flow that finds the corners.
//!
//! A [`Step`] is twenty-eight bytes that say, one choice a byte, which command
//! comes next; zero is always the plainest choice. What depends on the past is
//! written relative to it: an input number is "the next one" or "one seen
//! before", a client's new number is so much above or below its last one, the
//! order to cancel is the so many newest of those that are open. A [`Clerk`]
//! turns steps into sequenced commands. So a step still means something when
//! those before it are taken away, a failing flow shrinks to the few commands
//! that matter, and a fuzzer's bytes are a flow as they are.

use ringmatch_engine::command::*;
use ringmatch_engine::event::{Event, EventBody, OrderDetails};
use ringmatch_engine::{
    ClOrdId, Exchange, InstrumentId, Limits, MatchNumber, Nanos, Price, Quantity, RejectReason,
    SessionId, UserRef,
};

/// Small enough that every bound is reached again and again.
pub(crate) const TINY: Limits = Limits {
    orders: 12,
    levels_per_side: 4,
    instruments: 4,
    sessions: 5,
    special_orders: 6,
    recent_trades: 4,
};

/// So large that no bound on orders or levels is reached soon.
pub(crate) const ROOMY: Limits =
    Limits { orders: 4_096, levels_per_side: 64, special_orders: 2_048, recent_trades: 64, ..TINY };

/// Which flow it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub(crate) limits: Limits,
    /// New orders, of 256 commands; most of the others change or cancel some.
    pub(crate) enters: u8,
    /// Of 256 orders those with options.
    pub(crate) special: u8,
    /// Of 256 commands those of the operator.
    pub(crate) operations: u8,
}

/// Everything happens, and bounds are near.
pub(crate) const CROWDED: Flow = Flow { limits: TINY, enters: 130, special: 120, operations: 40 };
/// Everything happens, and there is room.
pub(crate) const VARIED: Flow = Flow { limits: ROOMY, ..CROWDED };
/// Mostly plain orders at tiny limits.
pub(crate) const PLAIN: Flow = Flow { limits: TINY, enters: 150, special: 10, operations: 6 };
/// So many orders that books grow.
pub(crate) const GROWING: Flow = Flow { limits: ROOMY, enters: 200, special: 40, operations: 3 };
/// All flows.
pub(crate) const FLOWS: [Flow; 4] = [CROWDED, VARIED, PLAIN, GROWING];

/// The bytes of a step.
pub(crate) const STEP_BYTES: usize = 28;

/// See the [module](self).
pub(crate) type Step = [u8; STEP_BYTES];

/// Random bytes from a seed (Steele, Lea and Flood's SplitMix64).
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next so many steps.
    pub(crate) fn steps(&mut self, count: usize) -> Vec<Step> {
        let step = |_| {
            let mut step = [0; STEP_BYTES];
            for chunk in step.chunks_mut(8) {
                chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
            }
            step
        };
        (0..count).map(step).collect()
    }
}

/// Reads choices off a step; when there are no more bytes, zeros.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn below(&mut self, count: u8) -> u8 {
        (u16::from(self.byte()) * u16::from(count) / 256) as u8
    }

    /// True for the highest `of_256` values of a byte.
    fn chance(&mut self, of_256: u8) -> bool {
        u16::from(self.byte()) + u16::from(of_256) >= 256
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::from(self.below(values.len() as u8))]
    }

    /// One of the values, each as likely as its weight says.
    fn weighted<T: Copy>(&mut self, values: &[(u8, T)]) -> T {
        let total: u32 = values.iter().map(|(weight, _)| u32::from(*weight)).sum();
        let mut at = u32::from(self.byte()) * total / 256;
        for (weight, value) in values {
            match at.checked_sub(u32::from(*weight)) {
                Some(rest) => at = rest,
                None => return *value,
            }
        }
        unreachable!("the weights sum up")
    }
}

/// An order that a client may refer to.
#[derive(Clone, Copy)]
struct Live {
    session: u16,
    instrument: u16,
    user_ref: u32,
    open: u32,
}

impl Live {
    fn new(to: SessionId, order: &OrderDetails) -> Self {
        let OrderDetails { instrument, user_ref, quantity, .. } = *order;
        Self { session: to.0, instrument: instrument.0, user_ref: user_ref.0, open: quantity.0 }
    }
}

/// Sequences steps. It keeps an exchange, and reads off its events which
/// orders are open.
pub(crate) struct Clerk {
    flow: Flow,
    exchange: Exchange,
    time: u64,
    live: Vec<Live>,
    last_match: u64,
    /// For each session its next input number, less one, and its last [`UserRef`].
    sessions: [(u64, u32); 8],
}

impl Clerk {
    pub(crate) fn new(flow: Flow) -> Self {
        Self {
            flow,
            exchange: Exchange::new(flow.limits).expect("limits in range"),
            time: 1_000_000_000,
            live: Vec::new(),
            last_match: 0,
            sessions: [(0, 0); 8],
        }
    }

    /// The commands that open the venue: three instruments, four sessions of
    /// two firms, a tick table.
    pub(crate) fn opening(&mut self) -> Vec<SequencedCommand> {
        let mut commands = Vec::new();
        for (from, tick) in [(0, 1), (100, 2)] {
            let (from, tick_size) = (Price(from), Price(tick));
            commands.push(Command::AddTickBand(AddTickBand { table: 1, from, tick_size }));
        }
        for number in 1..=3 {
            let instrument = InstrumentId(number);
            let phase = Phase::Continuous;
            commands.push(Command::AddInstrument(listing(number, 1)));
            commands.push(Command::SetPhase(SetPhase { instrument, phase }));
        }
        commands.extend((1..=4).map(|session| Command::AddSession(admission(session, session))));
        commands.push(Command::SetFees(SetFees { maker: -25, taker: 300 }));
        let sequence = |command| {
            let command = self.next(0, 0, command);
            self.follow(&command);
            command
        };
        commands.into_iter().map(sequence).collect()
    }

    /// The next command, which [`Clerk::follow`] must be told of.
    pub(crate) fn prepare(&mut self, step: &Step) -> SequencedCommand {
        let mut dice = Dice(step.iter());
        self.pass_time(&mut dice);
        if dice.chance(self.flow.operations) {
            let command = self.operation(&mut dice);
            return self.next(0, 0, command);
        }
        let session = dice.weighted(&[(60, 1u16), (60, 2), (60, 3), (40, 4), (3, 5), (1, 6)]);
        let number = dice.weighted(&[(250, 0i64), (2, 1), (2, -1), (2, -3)]);
        let command = self.request(session, &mut dice);
        self.next(session, number, command)
    }

    /// Mostly little passes; sometimes so much that the next timer is just due.
    fn pass_time(&mut self, dice: &mut Dice<'_>) {
        let timer = self.exchange.next_timer().map_or(self.time, |timer| timer.0);
        self.time =
            match dice.weighted(&[(200, 0), (30, 1), (10, 2), (8, 3), (3, 4), (2, 5), (1, 6)]) {
                0 => self.time,
                1 => self.time + 1_000_000,
                2 => self.time + 300_000_000,
                3 => self.time.max(timer),
                4 => self.time.max(timer.saturating_sub(1)),
                5 => self.time + 2_000_000_000,
                _ => self.time.saturating_sub(1_000),
            };
    }

    fn next(&mut self, session: u16, number: i64, command: Command) -> SequencedCommand {
        let (next, _) = &mut self.sessions[usize::from(session)];
        let number = next.saturating_add_signed(number) + 1;
        *next = number.max(*next);
        SequencedCommand {
            sequence: self.exchange.sequence().next(),
            time: Nanos(self.time),
            session: SessionId(session),
            number: if session == 0 { 0 } else { number },
            command,
        }
    }

    /// Notes what a command changes.
    pub(crate) fn follow(&mut self, command: &SequencedCommand) {
        let mut events = Vec::new();
        self.exchange.apply(command, &mut events);
        for event in &events {
            self.hear(event);
        }
    }

    /// Notes what is open of each order.
    fn hear(&mut self, event: &Event) {
        match event.body {
            EventBody::Accepted(accepted) => {
                let (to, order) = (accepted.to.session(), accepted.order);
                self.live.push(Live::new(to, &order));
            }
            EventBody::Replaced(replaced) => {
                let (to, order) = (replaced.to.session(), replaced.order);
                self.open(to, replaced.original_user_ref, |_| 0);
                self.live.push(Live::new(to, &order));
            }
            EventBody::Executed(executed) => {
                self.last_match = executed.match_number.0;
                for party in [executed.maker, executed.taker] {
                    self.open(party.to.session(), party.user_ref, |open| {
                        open - executed.quantity.0
                    });
                }
            }
            EventBody::CrossExecuted(executed) => {
                self.last_match = executed.match_number.0;
                self.open(executed.to.session(), executed.user_ref, |open| {
                    open - executed.quantity.0
                });
            }
            EventBody::Canceled(canceled) => {
                self.open(canceled.to.session(), canceled.user_ref, |_| canceled.remaining.0);
            }
            EventBody::SelfTradePrevented(lost) => {
                self.open(lost.to.session(), lost.user_ref, |_| lost.remaining.0);
            }
            EventBody::Modified(modified) => {
                self.open(modified.to.session(), modified.user_ref, |_| modified.quantity.0);
            }
            _ => {}
        }
    }

    fn open(&mut self, session: SessionId, user_ref: UserRef, change: impl Fn(u32) -> u32) {
        let of = |live: &Live| live.session == session.0 && live.user_ref == user_ref.0;
        if let Some(place) = self.live.iter().position(of) {
            self.live[place].open = change(self.live[place].open);
            if self.live[place].open == 0 {
                self.live.remove(place);
            }
        }
    }

    fn request(&mut self, session: u16, dice: &mut Dice<'_>) -> Command {
        let rest = 255 - self.flow.enters;
        let part = |of_100: u16| (u16::from(rest) * of_100 / 100).max(1) as u8;
        let kind = dice.weighted(&[
            (self.flow.enters, 0),
            (part(38), 1),
            (part(30), 2),
            (part(18), 3),
            (part(4), 4),
            (1, 5),
            (part(3), 6),
            (part(2), 7),
            (1, 8),
            (1, 9),
        ]);
        match kind {
            0 => {
                let special = dice.chance(self.flow.special);
                let order = self.enter(session, dice);
                if special { special_order(order, dice) } else { Command::Enter(order) }
            }
            1 => self.cancel(session, dice),
            2 => {
                let special = dice.chance(self.flow.special);
                let order = self.replacement(session, dice);
                if special { special_replacement(order, dice) } else { Command::Replace(order) }
            }
            3 => self.modify(session, dice),
            4 => Command::MassCancel(MassCancel {
                user_ref: self.fresh(session, dice),
                firm: firm(dice.weighted(&[(4, 0), (3, session), (1, session + 1)])),
                instrument: InstrumentId(dice.pick(&[0, 0, 1, 2, 3, 9])),
                side: dice.pick(&[None, None, Some(Side::Buy), Some(Side::Sell)]),
                group: dice.pick(&[None, None, None, Some(0), Some(1), Some(7)]),
            }),
            5 => Command::SetOrderEntry(SetOrderEntry {
                user_ref: self.fresh(session, dice),
                firm: firm(dice.pick(&[0, session, session, session + 1])),
                enabled: !dice.chance(26),
            }),
            6 => Command::AccountQuery,
            7 => Command::Malformed(Malformed {
                user_ref: self.fresh(session, dice),
                reason: dice.pick(&[RejectReason::Undecodable, RejectReason::InvalidSide]),
                cl_ord_id: attributes(dice).cl_ord_id,
            }),
            8 => Command::Nothing,
            _ => self.operation(dice),
        }
    }

    /// One above the session's last number, mostly.
    fn fresh(&mut self, session: u16, dice: &mut Dice<'_>) -> UserRef {
        let (_, last) = &mut self.sessions[usize::from(session)];
        let number = match dice.weighted(&[(240, 1), (8, 3), (4, 0), (2, -2), (1, i32::MIN)]) {
            i32::MIN => 0,
            ahead => last.saturating_add_signed(ahead),
        };
        *last = number.max(*last);
        UserRef(number)
    }

    /// An open order of the session, mostly a new one.
    fn known(&self, session: u16, dice: &mut Dice<'_>) -> Live {
        let own: Vec<&Live> = self.live.iter().filter(|live| live.session == session).collect();
        let back = dice.byte();
        let (_, last) = self.sessions[usize::from(session)];
        if own.is_empty() || back >= 250 {
            let user_ref = last.saturating_sub(u32::from(back % 8));
            return Live { session, instrument: 1, user_ref, open: 0 };
        }
        *own[own.len() - 1 - usize::from(back) % own.len()]
    }

    fn enter(&mut self, session: u16, dice: &mut Dice<'_>) -> Enter {
        let instrument = dice.weighted(&[(120, 1), (70, 2), (60, 3), (2, 4), (1, 0), (1, 9)]);
        let terms = Terms::from(instrument, dice);
        Enter {
            user_ref: self.fresh(session, dice),
            instrument: InstrumentId(instrument),
            side: dice.pick(&[Side::Buy, Side::Sell]),
            quantity: quantity(instrument, dice),
            price: terms.price,
            order_type: terms.order_type,
            time_in_force: terms.time_in_force,
            display: terms.display,
            attributes: attributes(dice),
        }
    }

    fn replacement(&mut self, session: u16, dice: &mut Dice<'_>) -> Replace {
        let Live { instrument, user_ref: original, open, .. } = self.known(session, dice);
        let terms = Terms::from(instrument, dice);
        let total = quantity(instrument, dice);
        let more = if dice.chance(128) { open } else { 0 };
        let attributes = attributes(dice);
        Replace {
            original: UserRef(original),
            user_ref: self.fresh(session, dice),
            quantity: Quantity(total.0.saturating_add(more)),
            price: terms.price,
            order_type: terms.order_type,
            time_in_force: terms.time_in_force,
            display: terms.display,
            intermarket_sweep: attributes.intermarket_sweep,
            cl_ord_id: attributes.cl_ord_id,
        }
    }

    fn cancel(&self, session: u16, dice: &mut Dice<'_>) -> Command {
        let Live { instrument, user_ref, open, .. } = self.known(session, dice);
        let user_ref = UserRef(user_ref);
        let some = quantity(instrument, dice);
        let quantity = dice.pick(&[Quantity(0), some, Quantity(open / 2), Quantity(open)]);
        Command::Cancel(Cancel { user_ref, quantity })
    }

    fn modify(&self, session: u16, dice: &mut Dice<'_>) -> Command {
        let Live { instrument, user_ref, open, .. } = self.known(session, dice);
        let some = quantity(instrument, dice);
        let more = Quantity(open.saturating_add(u32::from(dice.below(3)) * 10));
        Command::Modify(Modify {
            user_ref: UserRef(user_ref),
            side: dice.pick(&[Side::Buy, Side::Sell]),
            short_sale: dice.weighted(&[
                (6, ShortSale::No),
                (2, ShortSale::Short),
                (1, ShortSale::Exempt),
            ]),
            quantity: dice.pick(&[some, more, more, Quantity(open), Quantity(0)]),
        })
    }

    /// Operator commands, sound and unsound; instruments trade most of the time.
    fn operation(&self, dice: &mut Dice<'_>) -> Command {
        let instrument = InstrumentId(dice.weighted(&[(90, 1), (70, 2), (70, 3), (6, 4), (2, 0)]));
        let session =
            SessionId(dice.weighted(&[(50, 1), (50, 2), (50, 3), (50, 4), (5, 5), (1, 0)]));
        match dice.weighted(&[
            (70, 0),
            (70, 1),
            (24, 2),
            (3, 3),
            (8, 4),
            (16, 5),
            (6, 6),
            (3, 7),
            (3, 8),
            (14, 9),
            (3, 10),
            (3, 11),
            (1, 12),
            (1, 13),
        ]) {
            0 => Command::Tick,
            1 => Command::SetPhase(SetPhase { instrument, phase: phase(dice) }),
            2 => rules(instrument, dice),
            3 => Command::AddTickBand(AddTickBand {
                table: dice.pick(&[2, 1, 3, 0, 16, 17]),
                from: Price(dice.pick(&[0, 50, 100, 110, -1])),
                tick_size: Price(dice.pick(&[1, 4, 5, 20, 0])),
            }),
            4 => {
                use InstrumentStatus::{Disabled, Enabled, Removed};
                let status = dice.weighted(&[(90, Enabled), (8, Disabled), (1, Removed)]);
                Command::SetInstrumentStatus(SetInstrumentStatus { instrument, status })
            }
            5 => session_limits(session, dice),
            6 => {
                let enabled = !dice.chance(26);
                Command::SetSessionStatus(SetSessionStatus { session, enabled })
            }
            7 => Command::SetFees(SetFees {
                maker: dice.pick(&[0, -25, 100, -1_000_000, i32::MIN]),
                taker: dice.pick(&[0, 300, 7, 1_000_000, i32::MAX]),
            }),
            8 => Command::CancelOrders(Scope {
                session: if dice.chance(128) { session } else { SessionId(0) },
                firm: firm(dice.pick(&[0, 0, 1, 2, 9])),
                instrument: if dice.chance(128) { instrument } else { InstrumentId(0) },
                side: dice.pick(&[None, Some(Side::Buy), Some(Side::Sell)]),
                group: dice.pick(&[None, None, Some(0), Some(1)]),
            }),
            9 => {
                let back = u64::from(dice.below(8));
                Command::BustTrade(BustTrade {
                    match_number: MatchNumber(self.last_match.saturating_sub(back)),
                    reason: dice.pick(&[BustReason::Erroneous, BustReason::Consent]),
                })
            }
            10 => Command::AddInstrument(listing(dice.pick(&[4, 5, 1, 2]), dice.pick(&[1, 0]))),
            11 => Command::AddSession(admission(dice.pick(&[5, 6, 1]), dice.pick(&[5, 6, 1]))),
            12 => Command::SystemEvent(
                dice.pick(&[SystemEvent::StartOfMarketHours, SystemEvent::EndOfMarketHours]),
            ),
            _ => Command::Enter(Enter::default()),
        }
    }
}

/// Price, type, time in force and display: what decides how an order trades.
struct Terms {
    price: Price,
    order_type: OrderType,
    time_in_force: TimeInForce,
    display: Display,
}

impl Terms {
    fn from(instrument: u16, dice: &mut Dice<'_>) -> Self {
        Self {
            price: price(instrument, dice),
            order_type: dice.weighted(&[
                (220, OrderType::Limit),
                (24, OrderType::Market),
                (12, OrderType::MarketToLimit),
            ]),
            time_in_force: dice.weighted(&[
                (150, TimeInForce::Day),
                (25, TimeInForce::ImmediateOrCancel),
                (20, TimeInForce::FillOrKill),
                (25, TimeInForce::GoodTillCancel),
                (2, TimeInForce::GoodTillTime),
                (14, TimeInForce::AtOpen),
                (14, TimeInForce::AtClose),
            ]),
            display: dice.weighted(&[
                (6, Display::Visible),
                (1, Display::Attributable),
                (2, Display::Hidden),
            ]),
        }
    }
}

/// The tick size of an instrument.
fn tick(instrument: u16) -> i64 {
    match instrument {
        2 => 4,
        3 => 5,
        _ => 1,
    }
}

fn price(instrument: u16, dice: &mut Dice<'_>) -> Price {
    let tick = tick(instrument);
    let max = Price::MAX_LIMIT.0;
    let byte = dice.byte();
    if byte >= 248 {
        let odd = [0, -1, 1, tick, max, max + 1, i64::MIN, 101];
        return Price(odd[usize::from(byte) % 8]);
    }
    // Around 100, the near more often than the far.
    let steps = [0, 1, -1, 1, -1, 2, -2, 2, -2, 3, -3, 4, -4, 0, 6, -6];
    Price(100 + tick * steps[usize::from(byte) % 16])
}

fn quantity(instrument: u16, dice: &mut Dice<'_>) -> Quantity {
    let byte = dice.byte();
    if byte >= 248 {
        let odd = [0, 990, 1_000, 1_001, u32::MAX, 995, 1, 7];
        return Quantity(odd[usize::from(byte) % 8]);
    }
    let units = 1 + u32::from(byte) % 32;
    Quantity(if instrument == 3 { 10 * (1 + units % 6) } else { units })
}

fn attributes(dice: &mut Dice<'_>) -> Attributes {
    let byte = dice.byte();
    Attributes {
        short_sale: [ShortSale::No, ShortSale::Short, ShortSale::Exempt][usize::from(byte % 3)],
        capacity: [Capacity::Agency, Capacity::Riskless][usize::from(byte % 2)],
        intermarket_sweep: byte >= 200,
        cl_ord_id: ClOrdId::from_bytes([b'A' + byte % 16; 14]),
    }
}

/// An order with an option, and mostly with what goes with that option.
fn special_order(mut order: Enter, dice: &mut Dice<'_>) -> Command {
    let mut options = Options::NONE;
    let is_sound = !dice.chance(24);
    for _ in 0..=dice.weighted(&[(5, 0), (1, 1)]) {
        let tick = tick(order.instrument.0);
        add_option(&mut options, tick, order.price, dice);
    }
    if is_sound {
        let wanted = &mut order;
        suit(&options, &mut wanted.order_type, &mut wanted.time_in_force, &mut wanted.display);
    }
    Command::EnterSpecial(EnterSpecial { order, options })
}

fn special_replacement(mut order: Replace, dice: &mut Dice<'_>) -> Command {
    let mut options = Options::NONE;
    let is_sound = !dice.chance(24);
    add_option(&mut options, 5, order.price, dice);
    if is_sound {
        let wanted = &mut order;
        suit(&options, &mut wanted.order_type, &mut wanted.time_in_force, &mut wanted.display);
    }
    Command::ReplaceSpecial(ReplaceSpecial { order, options })
}

fn add_option(options: &mut Options, tick: i64, price: Price, dice: &mut Dice<'_>) {
    let ticks = i64::from(dice.below(7)) - 3;
    let size = Quantity(1 + u32::from(dice.below(20)));
    let near = price.0.clamp(0, 10_000) as i32;
    match dice.below(11) {
        0 => {
            options.pricing = Pricing::Stop;
            options.offset = near + (ticks * tick) as i32;
        }
        1 => {
            options.pricing = Pricing::TrailingStop;
            options.offset = (ticks + 4) as i32;
        }
        2 => {
            options.pricing = Pricing::MidpointPeg;
            options.offset = if ticks > 1 { (ticks * tick) as i32 } else { 0 };
        }
        3 => {
            options.pricing = Pricing::NearPeg;
            options.offset = if ticks > 0 { (ticks * tick) as i32 - tick as i32 } else { 0 };
        }
        4 | 5 => options.max_floor = if tick == 5 { Quantity(10) } else { size },
        6 => options.post_only = true,
        7 => options.min_quantity = size,
        8 => options.expire_after_s = dice.pick(&[1, 2, 5, 86_399, 86_400]),
        9 => options.group = dice.pick(&[1, 7, 1]),
        _ => options.self_trade = self_trade(dice),
    }
}

/// What an order with such options must be.
fn suit(
    options: &Options,
    order_type: &mut OrderType,
    time_in_force: &mut TimeInForce,
    display: &mut Display,
) {
    let is_peg = matches!(options.pricing, Pricing::MidpointPeg | Pricing::NearPeg);
    let rests = is_peg || options.max_floor > Quantity(0) || options.post_only;
    if rests {
        *order_type = OrderType::Limit;
    }
    if rests && time_in_force.is_immediate() || time_in_force.is_auction_only() {
        *time_in_force = TimeInForce::Day;
    }
    if is_peg {
        *display = Display::Hidden;
    }
    if options.max_floor > Quantity(0) {
        *display = Display::Visible;
    }
    if options.expire_after_s > 0 {
        *time_in_force = TimeInForce::GoodTillTime;
    }
    if options.pricing != Pricing::Plain && *order_type == OrderType::MarketToLimit {
        *order_type = OrderType::Market;
    }
}

fn self_trade(dice: &mut Dice<'_>) -> SelfTrade {
    dice.pick(&[
        SelfTrade::DecrementBoth,
        SelfTrade::CancelNewest,
        SelfTrade::CancelOldest,
        SelfTrade::CancelBoth,
        SelfTrade::Allow,
        SelfTrade::SessionDefault,
    ])
}

fn phase(dice: &mut Dice<'_>) -> Phase {
    dice.weighted(&[
        (130, Phase::Continuous),
        (20, Phase::OpeningAuction),
        (20, Phase::PreOpen),
        (20, Phase::VolatilityAuction),
        (25, Phase::ClosingAuction),
        (10, Phase::Halted),
        (6, Phase::Closed),
    ])
}

fn rules(instrument: InstrumentId, dice: &mut Dice<'_>) -> Command {
    let tick = tick(instrument.0);
    Command::SetRules(SetRules {
        instrument,
        reference_price: Price(dice.weighted(&[
            (10, 0),
            (6, 100),
            (3, 100 + tick),
            (3, 100 - tick),
            (1, -tick),
            (1, 101),
        ])),
        max_value: dice.weighted(&[(10, 0), (1, 1_500), (2, 3_000)]),
        static_collar_bp: dice.weighted(&[(6, 0), (2, 400), (2, 700), (1, 200), (1, 20_000)]),
        dynamic_collar_bp: dice.weighted(&[(6, 0), (2, 200), (2, 400), (1, 100)]),
        on_breach: dice.weighted(&[
            (2, Breach::VolatilityAuction),
            (2, Breach::Cancel),
            (1, Breach::Halt),
        ]),
        volatility_auction_s: dice.pick(&[0, 1, 3]),
        tick_table: dice.weighted(&[(12, 0), (3, 1), (1, 2), (1, 3), (1, 200)]),
        post_only_slides: dice.chance(128),
    })
}

fn session_limits(session: SessionId, dice: &mut Dice<'_>) -> Command {
    Command::SetSessionLimits(SetSessionLimits {
        session,
        max_open_orders: dice.weighted(&[(12, 0), (1, 2), (1, 5)]),
        max_position: dice.weighted(&[(12, 0), (1, 40), (1, 200)]),
        max_exposure: dice.weighted(&[(12, 0), (1, 4_000), (1, 20_000)]),
        max_messages_per_s: dice.weighted(&[(16, 0), (1, 3), (1, 12)]),
        self_trade: self_trade(dice),
    })
}

fn listing(number: u16, lot: u32) -> AddInstrument {
    AddInstrument {
        instrument: InstrumentId(number),
        symbol: format!("SYM{number}").parse().expect("a short text"),
        tick_size: Price(tick(number)),
        lot_size: Quantity(if number == 3 { 10 * lot } else { lot }),
        max_quantity: Quantity(1_000),
    }
}

/// Sessions 1 and 4 are of one firm, as are 2 and 5; 3 stands alone.
fn admission(session: u16, name: u16) -> AddSession {
    AddSession {
        session: SessionId(session),
        name: format!("CLIENT{name}").parse().expect("a short text"),
        firm: firm(session),
    }
}

/// The firm of a session; blank for zero.
fn firm(session: u16) -> ringmatch_engine::Firm {
    match session {
        0 => ringmatch_engine::Firm::default(),
        other => format!("FRM{}", other % 3).parse().expect("a short text"),
    }
}
