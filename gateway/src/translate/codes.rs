//! The one table of reasons and the codes that OUCH 5.0 has for them.

use ringmatch_engine::{CancelReason, RejectReason};

/// The code of a reject (OUCH 5.0, "Rejected", Reason).
#[must_use]
pub const fn reject_code(reason: RejectReason) -> u16 {
    match reason {
        RejectReason::InvalidDisplay => 0x03,
        RejectReason::Halted => 0x07,
        RejectReason::InvalidSide => 0x09,
        RejectReason::Undecodable | RejectReason::UnsupportedMessage => 0x0A,
        RejectReason::InvalidMinimumQuantity => 0x0D,
        RejectReason::UnsupportedTimeInForce
        | RejectReason::InvalidCapacity
        | RejectReason::UnsupportedOption
        | RejectReason::BookFull => 0x0F,
        RejectReason::InvalidQuantity => 0x13,
        RejectReason::UnsupportedCross => 0x14,
        RejectReason::UnknownSymbol => 0x17,
        RejectReason::InvalidPrice => 0x1D,
    }
}

/// The letter of a cancel (OUCH 5.0, "Order Canceled", Reason).
#[must_use]
pub const fn cancel_letter(reason: CancelReason) -> u8 {
    match reason {
        CancelReason::User => b'U',
        CancelReason::Immediate => b'I',
        CancelReason::InvalidReplacement => b'Z',
    }
}
