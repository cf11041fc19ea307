//! What can be asked of the exchange.
//!
//! Every change of the exchange's state is a command in the input log:
//! clients' messages, operator actions and the venue's own listing alike.
//! A command carries all that applying it needs; the time, too, is in it.
//! Commands are small and `Copy`, fit a ring slot of two cache lines, and are
//! archived as they are into the journal.

use crate::reason::RejectReason;
use crate::types::{
    ClOrdId, Firm, InstrumentId, Nanos, Price, Quantity, Sequence, SessionId, SessionName, Symbol,
    UserRef,
};
use rkyv::{Archive, Deserialize, Serialize};

/// A command in its place in the input log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SequencedCommand {
    /// Place in the log; the first command has 1 and none is left out.
    pub sequence: Sequence,
    /// When the sequencer took it; never before its predecessor's.
    pub time: Nanos,
    /// Who sent it; zero for the venue's operator.
    pub session: SessionId,
    /// Its number in the session's input stream, from 1; zero for the operator.
    pub number: u64,
    /// What is asked.
    pub command: Command,
}

/// Everything that can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Command {
    /// Changes nothing; fills unused ring slots.
    #[default]
    Nothing,
    /// Operator: list an instrument. It starts halted.
    AddInstrument(AddInstrument),
    /// Operator: admit an order-entry session.
    AddSession(AddSession),
    /// Operator: announce a point of the trading day.
    SystemEvent(SystemEvent),
    /// Operator: let an instrument trade, or halt it.
    SetTradingState(SetTradingState),
    /// Client: a new order.
    Enter(Enter),
    /// Client: replace a live order by a new one, which loses priority.
    Replace(Replace),
    /// Client: reduce an order, or cancel it.
    Cancel(Cancel),
    /// Client: ask for the next usable [`UserRef`].
    AccountQuery,
    /// Client: a message that could not be decoded. It has used up a number
    /// of its session's stream, so it is in the log and is answered.
    Malformed(Malformed),
}

/// See [`Command::AddInstrument`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AddInstrument {
    /// The number it will have: the one after the last instrument's.
    pub instrument: InstrumentId,
    /// Its symbol, not used before.
    pub symbol: Symbol,
    /// Prices are multiples of this; at least 0.0001.
    pub tick_size: Price,
    /// Quantities are multiples of this; at least 1.
    pub lot_size: Quantity,
    /// The largest order.
    pub max_quantity: Quantity,
}

/// See [`Command::AddSession`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AddSession {
    /// The number it will have: the one after the last session's.
    pub session: SessionId,
    /// Its name, not used before.
    pub name: SessionName,
    /// The firm it belongs to.
    pub firm: Firm,
}

/// A point of the trading day (ITCH 5.0 `System Event`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum SystemEvent {
    /// The first message of the day.
    #[default]
    StartOfMessages,
    /// Sessions may send.
    StartOfSystemHours,
    /// Continuous trading begins.
    StartOfMarketHours,
}

/// See [`Command::SetTradingState`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetTradingState {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Its state from now on.
    pub state: TradingState,
}

/// Whether an instrument takes orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum TradingState {
    /// Orders are rejected; cancels are taken.
    #[default]
    Halted,
    /// Continuous trading.
    Trading,
}

/// Which side of the book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Side {
    /// Bids.
    #[default]
    Buy,
    /// Asks.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

/// How a sale is marked. Echoed, and without effect on matching.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum ShortSale {
    /// A purchase, or a sale of shares held.
    #[default]
    No,
    /// A short sale.
    Short,
    /// A short sale exempt from restriction.
    Exempt,
}

/// What limits the price of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum OrderType {
    /// Trades at its price or better, and may rest.
    #[default]
    Limit,
    /// Trades at any price and never rests; its price field is ignored.
    Market,
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum TimeInForce {
    /// Rests until it is executed or canceled.
    #[default]
    Day,
    /// What does not trade at once is canceled.
    ImmediateOrCancel,
    /// Trades in full at once, or not at all.
    FillOrKill,
}

/// Who may see a resting order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Display {
    /// Everybody.
    #[default]
    Visible,
    /// Everybody, with the firm's name where the feed has room for it.
    Attributable,
    /// Nobody; it waits behind the displayed orders of its price.
    Hidden,
}

/// For whom a firm acts. Echoed, and without effect on matching.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Capacity {
    /// For a customer.
    #[default]
    Agency,
    /// For itself.
    Principal,
    /// For a customer, through its own account.
    Riskless,
    /// None of these.
    Other,
}

/// What a client says of an order apart from its numbers; kept and echoed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Attributes {
    /// How a sale is marked.
    pub short_sale: ShortSale,
    /// For whom the firm acts.
    pub capacity: Capacity,
    /// Whether it is an intermarket sweep; echoed only.
    pub intermarket_sweep: bool,
    /// The client's text.
    pub cl_ord_id: ClOrdId,
}

/// A new order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Enter {
    /// The client's number for it; a number not above the last one is ignored.
    pub user_ref: UserRef,
    /// What to trade; zero when the symbol is unknown.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How much: a multiple of the lot size up to the instrument's maximum.
    pub quantity: Quantity,
    /// The limit: a multiple of the tick size up to [`Price::MAX_LIMIT`].
    pub price: Price,
    /// Limit or market.
    pub order_type: OrderType,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Who may see it while it rests.
    pub display: Display,
    /// Kept and echoed.
    pub attributes: Attributes,
}

/// A new order in the place of a live one of the same session, side and
/// instrument. It always loses priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Replace {
    /// The live order.
    pub original: UserRef,
    /// The new order's number.
    pub user_ref: UserRef,
    /// Total size of the chain, what has been executed included.
    pub quantity: Quantity,
    /// The new limit.
    pub price: Price,
    /// Limit or market.
    pub order_type: OrderType,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Who may see it while it rests.
    pub display: Display,
    /// Whether it is an intermarket sweep; echoed only.
    pub intermarket_sweep: bool,
    /// The client's text for the new order.
    pub cl_ord_id: ClOrdId,
}

/// Reduces an order, which keeps its priority, or cancels it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Cancel {
    /// The live order.
    pub user_ref: UserRef,
    /// Its new total size, what has been executed included; zero cancels.
    pub quantity: Quantity,
}

/// A message that could not be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Malformed {
    /// The number in it, if it got that far; else zero.
    pub user_ref: UserRef,
    /// What is wrong with it.
    pub reason: RejectReason,
    /// The client's text, if it got that far.
    pub cl_ord_id: ClOrdId,
}

// A slot of the command ring is at most two cache lines.
const _: () = assert!(size_of::<SequencedCommand>() <= 128);
