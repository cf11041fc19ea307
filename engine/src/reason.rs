//! Why something was refused or taken out of the book.
//!
//! Each cause has a reason of its own; what letters a protocol gives them is
//! the gateway's business.

use rkyv::{Archive, Deserialize, Serialize};

/// Why a message was rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum RejectReason {
    /// The message could not be decoded.
    #[default]
    Undecodable,
    /// The venue does not offer what the message is for.
    UnsupportedMessage,
    /// The side is none of those known.
    InvalidSide,
    /// The display instruction is none of those known, or does not go with
    /// the order's other options.
    InvalidDisplay,
    /// The time in force is not offered, or does not go with the order type.
    UnsupportedTimeInForce,
    /// The capacity is none of those known.
    InvalidCapacity,
    /// The cross type does not go with the time in force.
    UnsupportedCross,
    /// A minimum above the quantity, or on an order that cannot trade at once.
    InvalidMinimumQuantity,
    /// An option asks for something that is not offered.
    UnsupportedOption,
    /// No such symbol.
    UnknownSymbol,
    /// Zero, above the maximum, or not a multiple of the lot size.
    InvalidQuantity,
    /// Not positive, above the maximum, or not a multiple of the tick size.
    InvalidPrice,
    /// The instrument is halted.
    Halted,
    /// The venue holds as many orders, or the book as many price levels, as it
    /// was made for.
    BookFull,
    /// The day is over for the instrument.
    Closed,
    /// The instrument was taken out of trading.
    InstrumentDisabled,
    /// The operator disabled the session.
    SessionDisabled,
    /// The firm disabled its order entry.
    OrderEntryDisabled,
    /// The firm is not the session's own.
    NotAuthorized,
    /// Such an order cannot take part in an auction.
    NotInAuction,
    /// An at-the-open order after the opening.
    TooLateForAuction,
    /// A stop order without a stop price, or with options that no stop order
    /// may have.
    InvalidStop,
    /// A displayed part that is no multiple of the lot size, or on an order
    /// that is not displayed or does not rest.
    InvalidMaxFloor,
    /// A peg that is displayed, does not rest, or has options that no peg may
    /// have.
    InvalidPeg,
    /// There is no price to peg to, or no continuous trading.
    NoPegReference,
    /// Post-only on an order that does not rest as it is.
    InvalidPostOnly,
    /// A post-only order that would trade.
    PostOnlyWouldTrade,
    /// An expiry on another time in force, or none or too late a one on
    /// good-till-time.
    InvalidExpireTime,
    /// The order's value is above the instrument's maximum.
    ValueTooLarge,
    /// The session has as many open orders as it may.
    TooManyOpenOrders,
    /// The session's position could become larger than it may.
    PositionLimit,
    /// The session's open orders would be worth more than they may.
    ExposureLimit,
    /// The session sends faster than it may.
    MessageRate,
}

/// Why an order, or a part of it, left the book without trading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum CancelReason {
    /// The client asked for it.
    #[default]
    User,
    /// What an immediate-or-cancel, fill-or-kill or market order could not
    /// trade at once.
    Immediate,
    /// The client asked to replace it by an order that is not valid.
    InvalidReplacement,
    /// The client canceled many orders at once.
    MassCancel,
    /// Its time was over.
    Expired,
    /// The day was over.
    EndOfDay,
    /// The operator canceled it.
    Supervisory,
    /// The operator disabled its session.
    SessionDisabled,
    /// Its instrument was removed.
    InstrumentRemoved,
    /// It would have traded with its own firm.
    SelfTrade,
    /// Its minimum quantity could not trade at once.
    MinimumQuantity,
    /// It would have traded outside a price collar.
    Collar,
    /// The auction that it was for is over.
    AuctionOver,
    /// A triggered stop order found no room in the book.
    BookFull,
}
