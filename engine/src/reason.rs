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
    /// The display instruction is none of those known.
    InvalidDisplay,
    /// The time in force is not offered.
    UnsupportedTimeInForce,
    /// The capacity is none of those known.
    InvalidCapacity,
    /// Cross types other than continuous trading are not offered.
    UnsupportedCross,
    /// A minimum quantity is offered only as fill-or-kill: equal to the
    /// quantity of an immediate-or-cancel order.
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
}
