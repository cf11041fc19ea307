//! The one table of reasons: what each means, and its code in OUCH 5.0.
//!
//! Each cause has a reason of its own in the engine. OUCH has fewer codes, so
//! some share one: then the nearest was taken, and where there is none, "other"
//! (0x0F). `docs/reasons.md` is this table; a test holds the two together.

use ringmatch_engine::{CancelReason, RejectReason};

/// One line of a table of reasons: `R` is the engine's reason and `C` the
/// protocol's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason<R, C> {
    /// The engine's reason.
    pub reason: R,
    /// Its code on the wire.
    pub code: C,
    /// What the protocol calls the code.
    pub label: &'static str,
    /// What brings it about.
    pub meaning: &'static str,
}

macro_rules! reasons {
    (
        $(#[$doc:meta])* $table:ident, $(#[$code_doc:meta])* $code_of:ident:
        $kind:ident => $code:ty;
        $($reason:ident = $value:literal $label:literal, $meaning:literal;)*
    ) => {
        $(#[$doc])*
        pub const $table: &[Reason<$kind, $code>] = &[$(Reason {
            reason: $kind::$reason,
            code: $value,
            label: $label,
            meaning: $meaning,
        },)*];

        $(#[$code_doc])*
        #[must_use]
        pub const fn $code_of(reason: $kind) -> $code {
            // One arm for each reason, so that none is without a line above.
            #[allow(clippy::match_same_arms)]
            match reason {
                $($kind::$reason => $value,)*
            }
        }
    };
}

reasons! {
    /// Every reason of a reject, in the engine's order.
    REJECTS,
    /// The code of a reject (OUCH 5.0, "Rejected", Reason).
    reject_code: RejectReason => u16;
    Undecodable = 0x0A "processing error", "The bytes are no message of OUCH 5.0, or its appendage is not well formed.";
    UnsupportedMessage = 0x0A "processing error", "The venue does not offer what the message is for.";
    InvalidSide = 0x09 "invalid side", "The side is none of `B`, `S`, `T`, `E`.";
    InvalidDisplay = 0x03 "invalid display", "The display is none of `Y`, `A`, `N`, or does not go with the order's other options.";
    UnsupportedTimeInForce = 0x0F "other", "The time in force is not offered, or does not go with the order type.";
    InvalidCapacity = 0x0F "other", "The capacity is none of `A`, `P`, `R`, `O`.";
    UnsupportedCross = 0x14 "invalid cross order", "The cross type is none of `N`, `O`, `C`.";
    InvalidMinimumQuantity = 0x0D "invalid min quantity", "A minimum above the quantity, or on an order that cannot trade at once.";
    UnsupportedOption = 0x0F "other", "An option asks for something that is not offered.";
    UnknownSymbol = 0x17 "invalid symbol", "No such symbol.";
    InvalidQuantity = 0x13 "invalid quantity", "Zero, above the instrument's maximum, or no multiple of its lot size.";
    InvalidPrice = 0x1D "invalid price", "Not positive, above 199,999.99, or no multiple of the tick size.";
    Halted = 0x07 "halted", "The instrument is halted.";
    BookFull = 0x0F "other", "The venue holds as many orders, or the book as many price levels, as it was made for.";
    Closed = 0x02 "destination closed", "The day is over for the instrument.";
    InstrumentDisabled = 0x22 "restricted stock", "The instrument was taken out of trading.";
    SessionDisabled = 0x0C "firm not authorized", "The operator disabled the session.";
    OrderEntryDisabled = 0x0C "firm not authorized", "The firm disabled its order entry (`D`) and has not enabled it since (`E`).";
    NotAuthorized = 0x0C "firm not authorized", "The firm is not the session's own.";
    NotInAuction = 0x14 "invalid cross order", "Such an order cannot take part in an auction, and the instrument gathers orders for one.";
    TooLateForAuction = 0x14 "invalid cross order", "An at-the-open order after the opening.";
    InvalidStop = 0x0F "other", "A stop order without a sound stop price or distance, or with options that no stop order may have.";
    InvalidMaxFloor = 0x04 "invalid max floor", "A displayed part that is no multiple of the lot size, or on an order that is not displayed or does not rest.";
    InvalidPeg = 0x05 "invalid peg type", "A peg of a type that is not offered, that is displayed or does not rest, or with options that no peg may have; an offset without a peg.";
    NoPegReference = 0x01 "quote unavailable", "There is no price to peg to, or no continuous trading.";
    InvalidPostOnly = 0x0F "other", "Post-only on an order that does not rest as it is.";
    PostOnlyWouldTrade = 0x12 "crossed market", "A post-only order that would trade.";
    InvalidExpireTime = 0x0F "other", "An `ExpireTime` on another time in force than `6`, or there none, or one above 86,399 seconds.";
    ValueTooLarge = 0x30 "single order notional", "The order's value is above the instrument's maximum.";
    TooManyOpenOrders = 0x0F "other", "The session has as many open orders as it may.";
    PositionLimit = 0x1E "shares exceed threshold", "The session's position could become larger than it may.";
    ExposureLimit = 0x20 "aggregate exposure", "The session's open orders would be worth more than they may.";
    MessageRate = 0x29 "port message rate", "The session sends faster than it may.";
}

reasons! {
    /// Every reason of a cancel, in the engine's order.
    CANCELS,
    /// The letter of a cancel (OUCH 5.0, "Order Canceled", Reason).
    cancel_letter: CancelReason => u8;
    User = b'U' "user", "The client asked for it.";
    Immediate = b'I' "immediate or cancel", "What an immediate-or-cancel, fill-or-kill or market order could not trade at once.";
    InvalidReplacement = b'Z' "system", "The client asked to replace it by an order that is not valid.";
    MassCancel = b'U' "user", "The client canceled many orders at once (`C`).";
    Expired = b'T' "timeout", "Its time was over.";
    EndOfDay = b'E' "closed", "The day was over.";
    Supervisory = b'S' "supervisory", "The operator canceled it, or its client fell silent.";
    SessionDisabled = b'S' "supervisory", "The operator disabled its session.";
    InstrumentRemoved = b'D' "regulatory", "Its instrument was removed.";
    SelfTrade = b'Q' "self match", "It would have traded with its own firm. What is taken off comes as AIQ Canceled (`D`).";
    MinimumQuantity = b'I' "immediate or cancel", "Its minimum quantity could not trade at once.";
    Collar = b'K' "collars", "It would have traded outside a price collar.";
    AuctionOver = b'T' "timeout", "The auction that it was for is over.";
    BookFull = b'Z' "system", "A triggered stop order found no room in the book.";
}
