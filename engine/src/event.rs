//! What the exchange says happened.
//!
//! One event is one fact. From a fact a client and a market-data reader each
//! get at most one message, so an event carries the numbers of those messages
//! in their streams: they are assigned here, because after a restart the
//! streams must go on where they were. A number of zero means that the stream
//! gets no message. Events are `Copy` and fit a ring slot of two cache lines.

use crate::command::{
    Attributes, Display, OrderType, Side, SystemEvent, TimeInForce, TradingState,
};
use crate::reason::{CancelReason, RejectReason};
use crate::types::{
    ClOrdId, Firm, InstrumentId, MatchNumber, Nanos, OrderId, Price, Quantity, Sequence, SessionId,
    SessionName, StreamNumber, Symbol, UserRef,
};

/// A fact, with its cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// An instrument began or ceased to trade.
    TradingAction {
        /// Which one.
        instrument: InstrumentId,
        /// Its state from now on.
        state: TradingState,
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
}

/// A session, and the number that the event has in its response stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// Which session.
    pub session: SessionId,
    /// Number of the message in its response stream.
    pub number: StreamNumber,
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
    /// Its limit.
    pub price: Price,
    /// Limit or market.
    pub order_type: OrderType,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Who may see it while it rests.
    pub display: Display,
    /// What the client said of it besides.
    pub attributes: Attributes,
}

/// See [`EventBody::Accepted`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Whose order.
    pub to: Recipient,
    /// The order.
    pub order: OrderDetails,
    /// Whether all of it came to rest at once. If not, executions, a
    /// remainder added, or a cancel follow.
    pub rests: bool,
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
    /// The new order.
    pub order: OrderDetails,
    /// Whether all of it came to rest at once.
    pub rests: bool,
    /// Whether the order that died was displayed.
    pub original_displayed: bool,
}

/// See [`EventBody::Added`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// What it trades.
    pub instrument: InstrumentId,
    /// The venue's reference for it.
    pub order_id: OrderId,
    /// Buy or sell.
    pub side: Side,
    /// Open quantity.
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
    /// Why.
    pub reason: CancelReason,
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
