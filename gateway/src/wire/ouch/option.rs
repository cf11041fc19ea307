//! `OuchOption`: one option (TagValue) of an OUCH 5.0 appendage, typed.
//!
//! The table below gives each known tag its name, width and kind. Tags 8 and
//! 19 to 21 are unassigned. The protocol has no field for some of what the
//! venue offers: that travels under tags from 240 on, which are private to it,
//! far from those assigned, and skipped by a reader who does not know them. An
//! element on the wire is a length byte (tag and value, not itself), the tag,
//! and the value. Every tag is below 32 or from 240 on, so that the check
//! against duplicates gets by with a word of bits.

use crate::wire::{Alpha, FieldKind, Letter, OuchPrice, SignedPrice, WireError, WireField};

/// One option tag, as documents and dissectors need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionLayout {
    /// Tag on the wire.
    pub tag: u8,
    /// Name in the protocol.
    pub name: &'static str,
    /// What its values mean.
    pub note: &'static str,
    /// Bytes of the value; the length byte on the wire is one more.
    pub len: usize,
    /// How to read the value.
    pub kind: FieldKind,
}

macro_rules! options {
    ($($tag:literal $name:ident($type:ty) = $label:literal, $note:literal;)*) => {
        /// One option of a message (OUCH 5.0, option tags).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum OuchOption {
            $(#[doc = concat!($label, " (tag ", $tag, "): ", $note, ".")]
            $name($type),)*
        }

        impl OuchOption {
            /// Every known tag, in order.
            pub const LAYOUTS: &'static [OptionLayout] = &[$(OptionLayout {
                tag: $tag,
                name: $label,
                note: $note,
                len: <$type as WireField>::BYTES,
                kind: <$type as WireField>::KIND,
            },)*];
            /// Bytes of an appendage that holds every known option once.
            pub const MAX_APPENDAGE: usize = 0 $(+ 2 + <$type as WireField>::BYTES)*;

            /// The option with this tag and value; `None` if the tag is unknown.
            ///
            /// # Errors
            /// The tag is known and the value does not have its width.
            #[inline]
            pub fn decode(tag: u8, value: &[u8]) -> Result<Option<Self>, WireError> {
                match tag {
                    $($tag => {
                        expect_len(tag, <$type as WireField>::BYTES, value)?;
                        Ok(Some(Self::$name(<$type as WireField>::read(value))))
                    })*
                    _ => Ok(None),
                }
            }

            /// Writes length byte, tag and value, and returns their length.
            ///
            /// # Panics
            /// If `out` is shorter than that.
            #[inline]
            pub fn encode(self, out: &mut [u8]) -> usize {
                match self {
                    $(Self::$name(value) => write_element($tag, value, out),)*
                }
            }
        }

        $(const _: () = assert!($tag < 32 || $tag >= OuchOption::FIRST_PRIVATE);)*
    };
}

impl OuchOption {
    /// The first tag that is private to the venue.
    pub const FIRST_PRIVATE: u8 = 240;

    /// A bit of its own for each known tag.
    pub(super) const fn bit(tag: u8) -> u64 {
        let place = if tag < 32 { tag } else { 32 + (tag & 15) };
        1 << place
    }
}

fn expect_len(tag: u8, expected: usize, value: &[u8]) -> Result<(), WireError> {
    let found = value.len();
    if found == expected { Ok(()) } else { Err(WireError::OptionLength { tag, expected, found }) }
}

fn write_element<T: WireField>(tag: u8, value: T, out: &mut [u8]) -> usize {
    out[0] = u8::try_from(1 + T::BYTES).expect("option values have at most 8 bytes");
    out[1] = tag;
    value.write(&mut out[2..]);
    2 + T::BYTES
}

options! {
    1 SecondaryOrdRefNum(u64) = "SecondaryOrdRefNum", "order reference used in market data";
    2 Firm(Alpha<4>) = "Firm", "capitals; blank = port default";
    3 MinQty(u32) = "MinQty", "round lots";
    4 CustomerType(Letter) = "CustomerType", "R retail, N not (default)";
    5 MaxFloor(u32) = "MaxFloor", "displayed portion of a reserve order";
    6 PriceType(Letter) = "PriceType", "L limit (default), P market peg, M midpoint peg, R primary peg, Q market-maker peg, m midpoint";
    7 PegOffset(SignedPrice) = "PegOffset", "signed";
    9 DiscretionPrice(OuchPrice) = "DiscretionPrice", "discretionary price";
    10 DiscretionPriceType(Letter) = "DiscretionPriceType", "L P M R";
    11 DiscretionPegOffset(SignedPrice) = "DiscretionPegOffset", "signed";
    12 PostOnly(Letter) = "PostOnly", "P / N";
    13 RandomReserves(u32) = "RandomReserves", "range that the displayed portion varies in";
    14 Route(Alpha<4>) = "Route", "destination";
    15 ExpireTime(u32) = "ExpireTime", "seconds to live, < 86400";
    16 TradeNow(Letter) = "TradeNow", "Y / N";
    17 HandleInst(Letter) = "HandleInst", "I O T Q B D R";
    18 BboWeightIndicator(Letter) = "BBO Weight Indicator", "0 1 2 3 space S N";
    22 DisplayQuantity(u32) = "Display Quantity", "only in Order Restated";
    23 DisplayPrice(OuchPrice) = "Display Price", "only in Order Restated";
    24 GroupId(u16) = "Group ID", "group for mass cancels; 0 = none";
    25 SharesLocated(Letter) = "Shares Located", "Y / N";
    26 LocateBroker(Alpha<4>) = "LocateBroker", "broker that located the shares (revision 1.05)";
    27 Side(Letter) = "Side", "filter of a mass cancel, or side of a replacement (revision 1.05)";
    28 UserRefIdx(u8) = "UserRefIdx", "order-flow channel inside a port; absent = 0 (revision 1.05)";
    29 AiqStrategy(Letter) = "AIQ Strategy", "O cancel oldest, W newest, D or Y decrement both (revision 1.05), in either case; private: B cancel both, A allow";
    30 AiqGroupId(Alpha<2>) = "AIQ Group ID", "self-match group (revision 1.05)";
    240 StopPrice(OuchPrice) = "StopPrice", "private: a stop order waits until the last price is there";
    241 TrailingDistance(OuchPrice) = "TrailingDistance", "private: a stop order whose stop price follows the last price at this distance";
    242 Lifetime(Letter) = "Lifetime", "private: with Time In Force 0, FIX 59: 1 good till cancel, 2 at the opening, 7 at the close";
    243 OrderType(Letter) = "OrderType", "private: FIX 40: K market to limit, whatever the price field says";
}
