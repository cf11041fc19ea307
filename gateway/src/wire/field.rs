//! `WireField`: a type that knows its own bytes, and what describes it.
//!
//! Each kind of number has a newtype of its own, because the protocols mix
//! them: a price has 4 bytes in ITCH 5.0 and 8 in OUCH 5.0, both with four
//! implied decimals; a time has 6 bytes in one and 8 in the other. A field is
//! always exactly `BYTES` long and every bit pattern of that length is a value,
//! so reading cannot fail once the length of the message is known.

use std::fmt;

use super::Alpha;

/// A value with a fixed width on the wire.
pub trait WireField: Copy {
    /// Width in bytes.
    const BYTES: usize;
    /// What the bytes mean.
    const KIND: FieldKind;

    /// Reads from the first `BYTES` bytes. Panics if there are fewer: the
    /// codec has checked the message's length before.
    fn read(bytes: &[u8]) -> Self;

    /// Writes into the first `BYTES` bytes of `out`. Panics if there are fewer.
    fn write(self, out: &mut [u8]);
}

/// How the bytes of a field are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Unsigned big-endian integer.
    Unsigned,
    /// One ASCII character.
    Letter,
    /// ASCII, padded right with spaces.
    Alpha,
    /// Unsigned price with this many implied decimals.
    Price {
        /// Digits after the implied point.
        decimals: u8,
    },
    /// Two's complement price with this many implied decimals.
    SignedPrice {
        /// Digits after the implied point.
        decimals: u8,
    },
    /// Nanoseconds since midnight.
    Nanos,
}

/// One field of a message, as documents and dissectors need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name in this crate.
    pub name: &'static str,
    /// Name in the protocol.
    pub label: &'static str,
    /// What its values mean.
    pub note: &'static str,
    /// Bytes from the start of the message.
    pub offset: usize,
    /// Width in bytes.
    pub len: usize,
    /// How to read it.
    pub kind: FieldKind,
}

impl Field {
    /// A field of type `T` that has not been placed yet.
    pub(crate) const fn of<T: WireField>(
        name: &'static str,
        label: &'static str,
        note: &'static str,
    ) -> Self {
        Self { name, label, note, offset: 0, len: T::BYTES, kind: T::KIND }
    }

    /// Gives each field the sum of the widths before it as its offset.
    pub(crate) const fn placed<const N: usize>(mut fields: [Self; N]) -> [Self; N] {
        let (mut index, mut offset) = (0, 0);
        while index < N {
            fields[index].offset = offset;
            offset += fields[index].len;
            index += 1;
        }
        fields
    }
}

/// What may follow the fixed part of a message (OUCH 5.0, appendage).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing: the message is exactly its fields.
    Nothing,
    /// An appendage, whose length field is there even when it is empty.
    Always,
    /// An appendage, or nothing at all; written only when there are options.
    Optional,
}

/// One message of a protocol, as documents and dissectors need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Name of its struct in this crate.
    pub type_name: &'static str,
    /// Name in the protocol.
    pub name: &'static str,
    /// Type letter: the first byte of the message.
    pub letter: u8,
    /// Bytes of the fixed part.
    pub len: usize,
    /// What may follow the fixed part.
    pub tail: Tail,
    /// The fields in order, the type letter first.
    pub fields: &'static [Field],
}

macro_rules! unsigned_fields {
    ($($(#[$doc:meta])* $name:ident($number:ty) = $kind:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $number);

        impl WireField for $name {
            const BYTES: usize = size_of::<$number>();
            const KIND: FieldKind = $kind;

            #[inline]
            fn read(bytes: &[u8]) -> Self {
                Self(<$number>::from_be_bytes(first(bytes)))
            }

            #[inline]
            fn write(self, out: &mut [u8]) {
                out[..Self::BYTES].copy_from_slice(&self.0.to_be_bytes());
            }
        }
    )*};
}

unsigned_fields! {
    /// ITCH 5.0 price(4): 4 bytes, in 1/10,000; at most 200,000.0000.
    ItchPrice(u32) = FieldKind::Price { decimals: 4 };
    /// OUCH 5.0 price: 8 bytes, in 1/10,000; at most 199,999.9900, and
    /// 0x7FFFFFFF is a market order in a cross.
    OuchPrice(u64) = FieldKind::Price { decimals: 4 };
    /// ITCH 5.0 price(8): 8 bytes, in 1/100,000,000.
    LevelPrice(u64) = FieldKind::Price { decimals: 8 };
    /// OUCH 5.0 signed price: 4 bytes, two's complement, in 1/10,000.
    SignedPrice(i32) = FieldKind::SignedPrice { decimals: 4 };
    /// Nanoseconds since midnight in 8 bytes (OUCH 5.0).
    Nanos64(u64) = FieldKind::Nanos;
}

macro_rules! integer_fields {
    ($($number:ty)*) => {$(
        impl WireField for $number {
            const BYTES: usize = size_of::<$number>();
            const KIND: FieldKind = FieldKind::Unsigned;

            #[inline]
            fn read(bytes: &[u8]) -> Self {
                Self::from_be_bytes(first(bytes))
            }

            #[inline]
            fn write(self, out: &mut [u8]) {
                out[..Self::BYTES].copy_from_slice(&self.to_be_bytes());
            }
        }
    )*};
}

integer_fields!(u8 u16 u32 u64);

/// Nanoseconds since midnight in 6 bytes (ITCH 5.0): the low 48 bits, about 78
/// hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos48(u64);

impl Nanos48 {
    /// Keeps the low 48 bits.
    pub const fn new(nanos: u64) -> Self {
        Self(nanos & 0xFFFF_FFFF_FFFF)
    }

    /// Nanoseconds since midnight.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl WireField for Nanos48 {
    const BYTES: usize = 6;
    const KIND: FieldKind = FieldKind::Nanos;

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        let [a, b, c, d, e, f] = first(bytes);
        Self(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    #[inline]
    fn write(self, out: &mut [u8]) {
        out[..Self::BYTES].copy_from_slice(&self.0.to_be_bytes()[2..]);
    }
}

/// One ASCII character with a meaning of its own, such as a side or a reason.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Letter(pub u8);

impl WireField for Letter {
    const BYTES: usize = 1;
    const KIND: FieldKind = FieldKind::Letter;

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        Self(bytes[0])
    }

    #[inline]
    fn write(self, out: &mut [u8]) {
        out[0] = self.0;
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::ascii::escape_default(self.0).fmt(f)
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{self}'")
    }
}

impl<const N: usize> WireField for Alpha<N> {
    const BYTES: usize = N;
    const KIND: FieldKind = FieldKind::Alpha;

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        Self::from_bytes(first(bytes))
    }

    #[inline]
    fn write(self, out: &mut [u8]) {
        out[..N].copy_from_slice(self.bytes());
    }
}

#[inline]
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().expect("the codec checks the length before it reads a field")
}
