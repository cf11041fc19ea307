//! What the exchange says happened.
//!
//! One event is one fact. From a fact a client and a market-data reader each
//! get at most one message, so an event carries the numbers of those messages
//! in their streams: they are assigned here, because after a restart the
//! streams must go on where they were. A number of zero means that the stream
//! gets no message. Events are `Copy` and fit a ring slot of two cache lines.

use crate::command::{
    Attributes, BustReason, Display, Options, OrderType, Phase, SelfTrade, ShortSale, Side,
    SystemEvent, TimeInForce,
};
use crate::reason::{CancelReason, RejectReason};
use crate::types::{
    ClOrdId, Firm, InstrumentId, MatchNumber, Nanos, OrderId, Price, Quantity, Sequence, SessionId,
    SessionName, StreamNumber, Symbol, UserRef,
};
use std::fmt;

/// A fact, with its cause. It begins on a cache line, so that it touches no
/// more of them than it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub struct Event {
    /// The command that caused it.
    pub cause: Sequence,
    /// That command's time.
    pub time: Nanos,
    /// Its message in the market-data stream.
    pub market: StreamNumber,
    /// What happened.
    pub body: EventBody,
}

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventBody {
    /// Nothing; fills unused ring slots.
    #[default]
    Nothing,
    /// A point of the trading day.
    System(SystemEvent),
    /// An instrument was listed.
    InstrumentAdded {
        /// Its number.
        instrument: InstrumentId,
        /// Its symbol.
        symbol: Symbol,
        /// Shares in a round lot.
        lot_size: Quantity,
    },
    /// A session was admitted.
    SessionAdded {
        /// Its number, and that of its first response.
        to: Recipient,
        /// Its name.
        name: SessionName,
        /// Its firm.
        firm: Firm,
    },
    /// An instrument went into another phase of trading.
    TradingAction {
        /// Which one.
        instrument: InstrumentId,
        /// Its phase from now on.
        phase: Phase,
        /// What brought it there.
        reason: PhaseReason,
    },
    /// An order was taken.
    Accepted(Accepted),
    /// An order took the place of another.
    Replaced(Replaced),
    /// What is left of an order after it traded on arrival came to rest.
    Added(Added),
    /// Two orders traded.
    Executed(Executed),
    /// An order was reduced or canceled.
    Canceled(Canceled),
    /// A message was refused.
    Rejected {
        /// Whose message.
        to: Recipient,
        /// Its number, or zero.
        user_ref: UserRef,
        /// Why.
        reason: RejectReason,
        /// The client's text.
        cl_ord_id: ClOrdId,
    },
    /// The answer to an account query.
    AccountStatus {
        /// Who asked.
        to: Recipient,
        /// The lowest number that the session may use next; beyond
        /// `u32::MAX` there is none.
        next_user_ref: u64,
    },
    /// An order changed its size or its marking in its place.
    Modified(Modified),
    /// An order went to the end of its queue under a new reference.
    PriorityChanged(PriorityChanged),
    /// The venue changed an order by the order's own rules.
    Restated(Restated),
    /// The answer to a mass cancel; the cancels follow.
    MassCanceled {
        /// Who asked.
        to: Recipient,
        /// The request's number.
        user_ref: UserRef,
        /// The firm that it named, or blank.
        firm: Firm,
        /// The instrument that it named, or zero.
        instrument: InstrumentId,
    },
    /// The answer to the kill switch.
    OrderEntrySet {
        /// Who asked.
        to: Recipient,
        /// The request's number.
        user_ref: UserRef,
        /// The firm.
        firm: Firm,
        /// Whether its new orders are taken.
        enabled: bool,
    },
    /// An order lost shares instead of trading with its own firm.
    SelfTradePrevented(SelfTradePrevented),
    /// One side of an execution in an auction.
    CrossExecuted(CrossExecuted),
    /// An auction traded.
    CrossTrade {
        /// What traded.
        instrument: InstrumentId,
        /// The auction.
        cross: Cross,
        /// The one price.
        price: Price,
        /// Shares that traded.
        quantity: u64,
        /// Number of the cross, among those of executions.
        match_number: MatchNumber,
    },
    /// Where an auction that gathers would trade now.
    AuctionFigures(AuctionFigures),
    /// The collar that a trade would have broken, as an auction begins.
    CollarBroken {
        /// Which instrument.
        instrument: InstrumentId,
        /// What the collar is measured from.
        reference: Price,
        /// The highest price inside.
        upper: Price,
        /// The lowest price inside.
        lower: Price,
    },
    /// An execution is void.
    TradeBroken(TradeBroken),
}

/// A session, and the number that the event has in its response stream. Packed
/// into one word, 16 bits and 48: a stream of ten million messages a second is
/// full after most of a year.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recipient(u64);

impl Recipient {
    const NUMBER_BITS: u32 = 48;

    /// The recipient of a session's response `number`, which is below 2^48.
    #[must_use]
    #[inline]
    pub const fn new(session: SessionId, number: StreamNumber) -> Self {
        Self((session.0 as u64) << Self::NUMBER_BITS | number.0)
    }

    /// Which session.
    #[must_use]
    #[inline]
    pub const fn session(self) -> SessionId {
        SessionId((self.0 >> Self::NUMBER_BITS) as u16)
    }

    /// Number of the message in its response stream.
    #[must_use]
    #[inline]
    pub const fn number(self) -> StreamNumber {
        StreamNumber(self.0 & ((1 << Self::NUMBER_BITS) - 1))
    }

    /// Both in one word.
    #[must_use]
    #[inline]
    pub const fn word(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({}, {})", self.session(), self.number())
    }
}

/// What brought an instrument into a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum PhaseReason {
    /// The operator.
    #[default]
    Operator,
    /// A trade that would have broken a collar.
    Collar,
    /// The time of a volatility auction was over.
    AuctionOver,
    /// The instrument was disabled or removed.
    Status,
}

/// Which auction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Cross {
    /// The opening.
    #[default]
    Opening,
    /// The closing.
    Closing,
    /// After a halt or a volatility interruption.
    Halt,
}

/// What an order that has just been taken looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderDetails {
    /// What it trades.
    pub instrument: InstrumentId,
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// The client's number for it.
    pub user_ref: UserRef,
    /// Buy or sell.
    pub side: Side,
    /// Open quantity.
    pub quantity: Quantity,
    /// Its limit: what the client gave, or what the venue made of it (a
    /// market-to-limit, slid post-only or pegged order).
    pub price: Price,
    /// Limit or market.
    pub order_type: OrderType,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Who may see it while it rests.
    pub display: Display,
    /// Whether all of it came to rest in the book at once. If not, executions,
    /// a remainder added, or a cancel follow, or it waits outside the book: a
    /// stop order for its trigger, an at-the-close order for its auction.
    pub rests: bool,
    /// What the client said of it besides.
    pub attributes: Attributes,
    /// Its options.
    pub options: Options,
}

impl OrderDetails {
    /// The quantity that the market sees of it while it rests.
    #[must_use]
    pub fn displayed_quantity(&self) -> Quantity {
        if self.display == Display::Hidden || self.time_in_force.is_auction_only() {
            return Quantity(0);
        }
        match self.options.max_floor {
            Quantity(0) => self.quantity,
            floor => floor.min(self.quantity),
        }
    }
}

/// See [`EventBody::Accepted`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Whose order.
    pub to: Recipient,
    /// The order.
    pub order: OrderDetails,
}

/// See [`EventBody::Replaced`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Whose order.
    pub to: Recipient,
    /// The reference that died.
    pub original_order_id: OrderId,
    /// The client's number that died.
    pub original_user_ref: UserRef,
    /// Whether the order that died was displayed.
    pub original_displayed: bool,
    /// The new order.
    pub order: OrderDetails,
}

/// See [`EventBody::Added`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Whose order.
    pub session: SessionId,
    /// What it trades.
    pub instrument: InstrumentId,
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// Buy or sell.
    pub side: Side,
    /// Who may see it.
    pub display: Display,
    /// Displayed quantity.
    pub quantity: Quantity,
    /// Its limit.
    pub price: Price,
}

/// See [`EventBody::Executed`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Executed {
    /// What traded.
    pub instrument: InstrumentId,
    /// The execution's number.
    pub match_number: MatchNumber,
    /// The resting order's price.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// The resting order.
    pub maker: Party,
    /// The incoming order.
    pub taker: Party,
    /// Side of the resting order.
    pub maker_side: Side,
    /// Whether the resting order was displayed.
    pub maker_displayed: bool,
}

/// One side of an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// Whose order.
    pub to: Recipient,
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// The client's number for it.
    pub user_ref: UserRef,
}

/// See [`EventBody::Canceled`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Canceled {
    /// Whose order.
    pub to: Recipient,
    /// What it trades.
    pub instrument: InstrumentId,
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// The client's number for it.
    pub user_ref: UserRef,
    /// By how much it was reduced.
    pub quantity: Quantity,
    /// What is still open.
    pub remaining: Quantity,
    /// By how much what the market sees of it became less.
    pub displayed_quantity: Quantity,
    /// Why.
    pub reason: CancelReason,
}

/// See [`EventBody::Modified`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modified {
    /// Whose order.
    pub to: Recipient,
    /// What it trades.
    pub instrument: InstrumentId,
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// The client's number for it.
    pub user_ref: UserRef,
    /// Buy or sell.
    pub side: Side,
    /// How a sale is marked from now on.
    pub short_sale: ShortSale,
    /// What is open from now on.
    pub quantity: Quantity,
    /// By how much what the market sees of it became less; an order that grew
    /// has a [`PriorityChanged`] after this.
    pub displayed_reduction: Quantity,
}

/// See [`EventBody::PriorityChanged`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PriorityChanged {
    /// Whose order.
    pub to: Recipient,
    /// What it trades.
    pub instrument: InstrumentId,
    /// The reference that died.
    pub original_order_id: OrderId,
    /// The venue's new reference for it.
    pub order_id: OrderId,
    /// The client's number for it.
    pub user_ref: UserRef,
    /// Its price.
    pub price: Price,
    /// Who may see it.
    pub display: Display,
    /// What the market sees of it.
    pub displayed_quantity: Quantity,
}

/// See [`EventBody::Restated`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restated {
    /// Whose order.
    pub to: Recipient,
    /// What it trades.
    pub instrument: InstrumentId,
    /// The venue's reference for it from now on.
    pub order_id: OrderId,
    /// The client's number for it.
    pub user_ref: UserRef,
    /// Buy or sell.
    pub side: Side,
    /// Its price from now on.
    pub price: Price,
    /// What is open.
    pub quantity: Quantity,
    /// Who may see it.
    pub display: Display,
    /// What the market sees of it from now on.
    pub displayed_quantity: Quantity,
    /// What happened to it.
    pub reason: RestateReason,
}

/// Why the venue changed an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum RestateReason {
    /// The displayed part of an iceberg order was executed; the next part
    /// stands last in the queue under a new reference.
    #[default]
    Refreshed,
    /// A pegged order followed the market.
    Repriced,
    /// A stop order was triggered and is now an order like others.
    Triggered,
}

/// See [`EventBody::SelfTradePrevented`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SelfTradePrevented {
    /// Whose order.
    pub to: Recipient,
    /// What it trades.
    pub instrument: InstrumentId,
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// The client's number for it.
    pub user_ref: UserRef,
    /// By how much it was reduced.
    pub quantity: Quantity,
    /// What is still open.
    pub remaining: Quantity,
    /// By how much what the market sees of it became less.
    pub displayed_quantity: Quantity,
    /// How much would have traded.
    pub prevented: Quantity,
    /// At which price.
    pub price: Price,
    /// What was done.
    pub action: SelfTrade,
    /// Whether it is the resting order.
    pub is_maker: bool,
}

/// See [`EventBody::CrossExecuted`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrossExecuted {
    /// Whose order.
    pub to: Recipient,
    /// What traded.
    pub instrument: InstrumentId,
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// The client's number for it.
    pub user_ref: UserRef,
    /// Buy or sell.
    pub side: Side,
    /// The auction's price.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// The execution's number, the same for both sides.
    pub match_number: MatchNumber,
    /// By how much what the market sees of it became less.
    pub displayed_quantity: Quantity,
    /// The auction.
    pub cross: Cross,
}

/// See [`EventBody::AuctionFigures`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuctionFigures {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// The auction.
    pub cross: Cross,
    /// Where it would trade; zero if nowhere.
    pub price: Price,
    /// Shares that would trade.
    pub paired: u64,
    /// Shares that would be left at that price on the larger side.
    pub imbalance: u64,
    /// The larger side, if there is one.
    pub side: Option<Side>,
    /// What decides between prices that trade the same.
    pub reference: Price,
}

/// See [`EventBody::TradeBroken`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TradeBroken {
    /// What had traded.
    pub instrument: InstrumentId,
    /// The execution's number.
    pub match_number: MatchNumber,
    /// The buyer.
    pub buyer: BrokenParty,
    /// The seller.
    pub seller: BrokenParty,
    /// Why.
    pub reason: BustReason,
}

/// One side of an execution that is void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrokenParty {
    /// Whose order.
    pub to: Recipient,
    /// The client's number for it.
    pub user_ref: UserRef,
}

/// Where the exchange writes its events.
///
/// The sink hands out the place where the next event will stand, so that an
/// event is written once, where it is read.
pub trait EventSink {
    /// The place of the next event. Whatever it held before is overwritten.
    fn claim(&mut self) -> &mut Event;
}

/// Collects events; for tests and replays.
impl EventSink for Vec<Event> {
    fn claim(&mut self) -> &mut Event {
        self.push(Event::default());
        self.last_mut().expect("an event was just pushed")
    }
}

/// Counts events and forgets them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard {
    slot: Event,
}

impl EventSink for Discard {
    fn claim(&mut self) -> &mut Event {
        &mut self.slot
    }
}

// A slot of the event ring is at most two cache lines.
const _: () = assert!(size_of::<Event>() <= 128);
