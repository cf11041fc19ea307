//! What can be asked of the exchange.
//!
//! Every change of the exchange's state is a command in the input log:
//! clients' messages, operator actions and the venue's own listing alike.
//! A command carries all that applying it needs; the time, too, is in it.
//! Commands are small and `Copy`, fit a ring slot of two cache lines, and are
//! archived as they are into the journal.

use crate::reason::RejectReason;
use crate::types::{
    ClOrdId, Firm, InstrumentId, MatchNumber, Nanos, Price, Quantity, Sequence, SessionId,
    SessionName, Symbol, UserRef,
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
    /// Operator: bring an instrument into another phase of trading.
    SetPhase(SetPhase),
    /// Client: a new order without options.
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
    /// Client: a new order with options.
    EnterSpecial(EnterSpecial),
    /// Client: replace a live order and change some of its options.
    ReplaceSpecial(ReplaceSpecial),
    /// Client: change the size or the marking of an order in its place.
    Modify(Modify),
    /// Client: cancel many orders at once.
    MassCancel(MassCancel),
    /// Client: refuse new orders of the firm, or take them again.
    SetOrderEntry(SetOrderEntry),
    /// Sequencer: time has passed and something is due. See
    /// [`Exchange::next_timer`](crate::Exchange::next_timer).
    Tick,
    /// Operator: how an instrument is protected.
    SetRules(SetRules),
    /// Operator: add the next band of a tick-size table.
    AddTickBand(AddTickBand),
    /// Operator: take an instrument out of trading, for a time or for good.
    SetInstrumentStatus(SetInstrumentStatus),
    /// Operator: what a session may do.
    SetSessionLimits(SetSessionLimits),
    /// Operator: disable a session, or enable it again.
    SetSessionStatus(SetSessionStatus),
    /// Operator: what executions cost.
    SetFees(SetFees),
    /// Operator: cancel orders of clients.
    CancelOrders(Scope),
    /// Operator: declare an execution void.
    BustTrade(BustTrade),
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
    /// Continuous trading is over. Orders for the day end.
    EndOfMarketHours,
    /// Sessions may no longer send.
    EndOfSystemHours,
    /// The last message of the day.
    EndOfMessages,
}

/// See [`Command::SetPhase`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetPhase {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Its phase from now on.
    pub phase: Phase,
}

/// What an instrument does with orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Phase {
    /// Orders are rejected; cancels are taken.
    #[default]
    Halted,
    /// Orders gather and nothing trades.
    PreOpen,
    /// Orders gather for the opening auction.
    OpeningAuction,
    /// Orders trade as they come.
    Continuous,
    /// Orders gather for an auction that interrupts continuous trading.
    VolatilityAuction,
    /// Orders gather for the closing auction.
    ClosingAuction,
    /// The day is over: orders are rejected, cancels are taken.
    Closed,
}

impl Phase {
    /// Whether orders gather without trading, so that the book may be crossed.
    #[must_use]
    pub const fn gathers(self) -> bool {
        matches!(
            self,
            Self::PreOpen | Self::OpeningAuction | Self::VolatilityAuction | Self::ClosingAuction
        )
    }
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
    #[inline(always)]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// The other side's number.
    #[inline(always)]
    pub(crate) const fn against(self) -> usize {
        self as usize ^ 1
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
    /// Trades at any price and never rests in continuous trading; its price
    /// field is ignored.
    Market,
    /// Trades at the best price of the other side, which becomes its limit;
    /// its price field is ignored.
    MarketToLimit,
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum TimeInForce {
    /// Rests until the end of the day.
    #[default]
    Day,
    /// What does not trade at once is canceled.
    ImmediateOrCancel,
    /// Trades in full at once, or not at all.
    FillOrKill,
    /// Rests until it is executed or canceled, over the end of the day.
    GoodTillCancel,
    /// Rests for [`Options::expire_after_s`] seconds.
    GoodTillTime,
    /// Takes part in the opening auction only.
    AtOpen,
    /// Takes part in the closing auction only.
    AtClose,
}

impl TimeInForce {
    /// Whether what does not trade at once is canceled.
    #[must_use]
    pub const fn is_immediate(self) -> bool {
        matches!(self, Self::ImmediateOrCancel | Self::FillOrKill)
    }

    /// Whether the order trades in one auction only.
    #[must_use]
    pub const fn is_auction_only(self) -> bool {
        matches!(self, Self::AtOpen | Self::AtClose)
    }
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

/// A new order with options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct EnterSpecial {
    /// The order.
    pub order: Enter,
    /// What is special about it.
    pub options: Options,
}

/// A replacement that changes options. An option that is not given (its
/// default) is inherited from the original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ReplaceSpecial {
    /// The replacement.
    pub order: Replace,
    /// The options to change.
    pub options: Options,
}

/// What can be asked of an order beyond quantity and price. The default asks
/// for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Options {
    /// In units of 1/10,000: the stop price, the distance of a trailing stop,
    /// or the offset of a peg (positive is towards the other side).
    pub offset: i32,
    /// The displayed part of an iceberg order; zero shows all of it.
    pub max_floor: Quantity,
    /// What must trade at once for any of it to trade; zero for none.
    pub min_quantity: Quantity,
    /// Seconds until a good-till-time order ends, 1 to 86,399; zero otherwise.
    pub expire_after_s: u32,
    /// A number of the client's choosing, for mass cancels; zero for none.
    pub group: u16,
    /// How its price comes about.
    pub pricing: Pricing,
    /// Whether it may only add to the book.
    pub post_only: bool,
    /// What happens when it meets an order of its own firm.
    pub self_trade: SelfTrade,
}

impl Options {
    /// Asks for nothing.
    pub const NONE: Self = Self {
        offset: 0,
        max_floor: Quantity(0),
        min_quantity: Quantity(0),
        expire_after_s: 0,
        group: 0,
        pricing: Pricing::Plain,
        post_only: false,
        self_trade: SelfTrade::SessionDefault,
    };

    /// Whether it asks for nothing.
    #[must_use]
    #[inline(always)]
    pub const fn is_none(&self) -> bool {
        let numbers = self.offset as u32
            | self.max_floor.0
            | self.min_quantity.0
            | self.expire_after_s
            | self.group as u32;
        let letters = self.pricing as u8 | self.post_only as u8 | self.self_trade as u8;
        numbers == 0 && letters == 0
    }
}

/// How the price of an order comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Pricing {
    /// It has the price that was given.
    #[default]
    Plain,
    /// Waits until the last price reaches the stop price.
    Stop,
    /// The same, with a stop price that follows the last price at a distance.
    TrailingStop,
    /// Follows the middle of the displayed best prices; its own price caps it.
    MidpointPeg,
    /// Follows the best displayed price of its own side; its own price caps it.
    NearPeg,
}

/// What happens when an order would trade with one of its own firm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum SelfTrade {
    /// What its session says.
    #[default]
    SessionDefault,
    /// They trade.
    Allow,
    /// The incoming order is canceled.
    CancelNewest,
    /// The resting order is canceled.
    CancelOldest,
    /// Both are canceled.
    CancelBoth,
    /// Both are reduced by what would have traded.
    DecrementBoth,
}

/// See [`Command::Modify`]. An order that grows loses its priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Modify {
    /// The live order.
    pub user_ref: UserRef,
    /// Its side, which must be the order's.
    pub side: Side,
    /// Its new marking; a long sale may become short, a short one exempt.
    pub short_sale: ShortSale,
    /// Its new total size, what has been executed included; zero cancels.
    pub quantity: Quantity,
}

/// See [`Command::MassCancel`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct MassCancel {
    /// The client's number for the request.
    pub user_ref: UserRef,
    /// Blank for the session's own orders; its firm for those of all the
    /// firm's sessions.
    pub firm: Firm,
    /// The symbol that was asked for; zero for all.
    pub instrument: InstrumentId,
    /// One side, or both.
    pub side: Option<Side>,
    /// The orders of one group (zero: those without), or all.
    pub group: Option<u16>,
}

/// See [`Command::CancelOrders`]: which orders are meant. A zero or blank
/// field does not restrict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Scope {
    /// The orders of one session.
    pub session: SessionId,
    /// The orders of one firm.
    pub firm: Firm,
    /// The orders in one instrument.
    pub instrument: InstrumentId,
    /// The orders of one side.
    pub side: Option<Side>,
    /// The orders of one group; zero is those without a group.
    pub group: Option<u16>,
}

/// See [`Command::SetOrderEntry`]: the kill switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetOrderEntry {
    /// The client's number for the request.
    pub user_ref: UserRef,
    /// Which firm; blank or the session's own.
    pub firm: Firm,
    /// Whether its new orders are taken.
    pub enabled: bool,
}

/// See [`Command::SetRules`]. Replaces what was set before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetRules {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// The reference price; zero leaves it as it is.
    pub reference_price: Price,
    /// The largest value (price times quantity, 1/10,000) of an order; zero
    /// for no bound.
    pub max_value: u64,
    /// How far from the reference price a trade may be, in basis points; zero
    /// for no collar.
    pub static_collar_bp: u16,
    /// How far from the last trade before it a trade may be, in basis points;
    /// zero for no collar.
    pub dynamic_collar_bp: u16,
    /// What a trade outside a collar leads to.
    pub on_breach: Breach,
    /// Seconds that a volatility auction gathers; zero leaves its end to the
    /// operator.
    pub volatility_auction_s: u16,
    /// The tick-size table, from 1; zero for the instrument's own tick size.
    pub tick_table: u8,
    /// Whether a post-only order that would trade is moved one tick behind the
    /// other side's best price, instead of being rejected.
    pub post_only_slides: bool,
}

/// What happens when an order would trade outside a collar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Breach {
    /// What is left of the order is canceled.
    #[default]
    Cancel,
    /// A volatility auction begins; what is left of the order takes part in
    /// it, if it may rest.
    VolatilityAuction,
    /// Trading halts; what is left of the order is canceled.
    Halt,
}

/// See [`Command::AddTickBand`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AddTickBand {
    /// Which table, from 1 to [`TickTables::TABLES`](crate::TickTables::TABLES).
    pub table: u8,
    /// Where the band begins: zero for a table's first, and above the last
    /// band's for every other.
    pub from: Price,
    /// The tick size from there on; at least 0.0001.
    pub tick_size: Price,
}

/// See [`Command::SetInstrumentStatus`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetInstrumentStatus {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Its status from now on.
    pub status: InstrumentStatus,
}

/// Whether an instrument is there to be traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum InstrumentStatus {
    /// It trades as its phase says.
    #[default]
    Enabled,
    /// Orders are rejected; those that rest stay, and can be canceled.
    Disabled,
    /// It is gone for good, and its orders are canceled.
    Removed,
}

/// See [`Command::SetSessionLimits`]. Zero is no limit; replaces what was set
/// before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetSessionLimits {
    /// Which session.
    pub session: SessionId,
    /// Open orders at a time.
    pub max_open_orders: u32,
    /// Shares long or short in one instrument if all open orders of one side
    /// were executed.
    pub max_position: u64,
    /// Value of all open orders (price times quantity, 1/10,000).
    pub max_exposure: u64,
    /// Orders and replaces in one second of command time; cancels are free.
    pub max_messages_per_s: u32,
    /// What its orders do when they meet one of its own firm.
    pub self_trade: SelfTrade,
}

/// See [`Command::SetSessionStatus`]. Disabling cancels the session's orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetSessionStatus {
    /// Which session.
    pub session: SessionId,
    /// Whether its orders are taken.
    pub enabled: bool,
}

/// See [`Command::SetFees`]. In hundredths of a basis point of an execution's
/// value; negative is a rebate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetFees {
    /// For the resting order, and for both sides in an auction.
    pub maker: i32,
    /// For the incoming order.
    pub taker: i32,
}

/// See [`Command::BustTrade`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct BustTrade {
    /// The execution's number.
    pub match_number: MatchNumber,
    /// Why.
    pub reason: BustReason,
}

/// Why an execution is void (OUCH 5.0 `Broken Trade`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum BustReason {
    /// It was clearly erroneous.
    #[default]
    Erroneous,
    /// Both sides agreed.
    Consent,
    /// The venue decided.
    Supervisory,
    /// Something outside the venue made it void.
    External,
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
