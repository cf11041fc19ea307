//! The macros that turn a table of messages into structs, codecs and metadata.
//!
//! `messages!` takes one row a message (name, type letter, fields in wire
//! order) and a `common` row of fields that every message starts with. Offsets
//! and lengths are sums over the row, evaluated by the compiler, so a codec is
//! a run of loads and stores at constant offsets behind one length check.
//! What may follow the fixed part belongs to the row too; only OUCH 5.0 has
//! messages that are followed by an appendage.

/// One message: its struct, length, metadata, and the codec of the fixed part.
macro_rules! message {
    (
        $name:ident, $letter:literal, $label:literal, $tail:ident,
        { $($common:ident: $common_type:ty = $common_label:literal, $common_note:literal;)* }
        { $($field:ident: $field_type:ty = $field_label:literal, $field_note:literal;)* }
    ) => {
        #[doc = concat!($label, " (`", $letter, "`).")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name {
            $(#[doc = concat!($common_label, ": ", $common_note, ".")]
            pub $common: $common_type,)*
            $(#[doc = concat!($field_label, ": ", $field_note, ".")]
            pub $field: $field_type,)*
        }

        impl $name {
            /// Type letter: the first byte of the message.
            pub const LETTER: u8 = crate::wire::table::ascii($letter);
            /// Bytes of the fixed part, the type letter included.
            pub const LEN: usize = 1
                $(+ <$common_type as WireField>::BYTES)*
                $(+ <$field_type as WireField>::BYTES)*;
            /// The fields in wire order, the type letter first.
            pub const FIELDS: &'static [Field] = &Field::placed([
                Field::of::<Letter>("message_type", "Message Type", concat!("'", $letter, "'")),
                $(Field::of::<$common_type>(stringify!($common), $common_label, $common_note),)*
                $(Field::of::<$field_type>(stringify!($field), $field_label, $field_note),)*
            ]);
            /// Name, letter, length and fields together.
            pub const LAYOUT: Layout = Layout {
                type_name: stringify!($name),
                name: $label,
                letter: Self::LETTER,
                len: Self::LEN,
                tail: Tail::$tail,
                fields: Self::FIELDS,
            };

            /// Writes the fixed part and returns its length, [`Self::LEN`].
            ///
            /// # Panics
            /// If `out` is shorter than that.
            #[inline]
            pub fn encode_fixed(&self, out: &mut [u8]) -> usize {
                let out: &mut [u8; Self::LEN] =
                    out.first_chunk_mut().expect("the buffer is shorter than the message");
                out[0] = Self::LETTER;
                let at = 1;
                $(self.$common.write(&mut out[at..]);
                let at = at + <$common_type as WireField>::BYTES;)*
                $(self.$field.write(&mut out[at..]);
                let at = at + <$field_type as WireField>::BYTES;)*
                at
            }

            /// Reads the fixed part from the start of `bytes`; what follows it
            /// is not looked at.
            ///
            /// # Errors
            /// Another type letter, or fewer than [`Self::LEN`] bytes.
            #[inline]
            pub fn decode_fixed(bytes: &[u8]) -> Result<Self, WireError> {
                let letter = Letter(*bytes.first().ok_or(WireError::Empty)?);
                let (expected, found) = (Self::LEN, bytes.len());
                let short = WireError::Length { letter, expected, found };
                let bytes = bytes.first_chunk::<{ Self::LEN }>().ok_or(short)?;
                if bytes[0] != Self::LETTER {
                    return Err(WireError::UnknownLetter(letter));
                }
                let _at = 1;
                $(let $common = <$common_type as WireField>::read(&bytes[_at..]);
                let _at = _at + <$common_type as WireField>::BYTES;)*
                $(let $field = <$field_type as WireField>::read(&bytes[_at..]);
                let _at = _at + <$field_type as WireField>::BYTES;)*
                Ok(Self { $($common,)* $($field,)* })
            }
        }
    };
}

/// A protocol (one direction of it): every message, and the enum over them.
macro_rules! messages {
    (
        $(#[$doc:meta])*
        pub enum $protocol:ident;
        common $common:tt
        $($name:ident $letter:literal $label:literal $tail:ident $fields:tt)*
    ) => {
        $(message!($name, $letter, $label, $tail, $common $fields);)*

        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $protocol {
            $(#[doc = concat!($label, " (`", $letter, "`).")]
            $name($name),)*
        }

        impl $protocol {
            /// Every message of the table, in its order.
            pub const LAYOUTS: &'static [Layout] = &[$($name::LAYOUT,)*];

            /// Type letter of the message.
            pub const fn letter(&self) -> u8 {
                match self {
                    $(Self::$name(_) => $name::LETTER,)*
                }
            }

            /// Bytes of the fixed part of the message.
            pub const fn fixed_len(&self) -> usize {
                match self {
                    $(Self::$name(_) => $name::LEN,)*
                }
            }

            /// What may follow the fixed part of the message.
            pub const fn tail(&self) -> Tail {
                match self {
                    $(Self::$name(_) => Tail::$tail,)*
                }
            }

            /// Writes the fixed part and returns its length.
            ///
            /// # Panics
            /// If `out` is shorter than [`fixed_len`](Self::fixed_len).
            #[inline]
            pub fn encode_fixed(&self, out: &mut [u8]) -> usize {
                match self {
                    $(Self::$name(message) => message.encode_fixed(out),)*
                }
            }

            /// Reads the fixed part of whichever message the first byte names,
            /// and returns it with the bytes after it, which are not looked at.
            ///
            /// # Errors
            /// No bytes, an unknown type letter, or a fixed part cut short.
            #[inline]
            pub fn decode_fixed(bytes: &[u8]) -> Result<(Self, &[u8]), WireError> {
                match bytes.first() {
                    $(Some(&$name::LETTER) => {
                        let message = $name::decode_fixed(bytes)?;
                        Ok((Self::$name(message), &bytes[$name::LEN..]))
                    })*
                    Some(&letter) => Err(WireError::UnknownLetter(Letter(letter))),
                    None => Err(WireError::Empty),
                }
            }
        }

        $(impl From<$name> for $protocol {
            fn from(message: $name) -> Self {
                Self::$name(message)
            }
        })*
    };
}

/// The byte of a type letter; refused at compile time if it is not ASCII.
pub(crate) const fn ascii(letter: char) -> u8 {
    assert!(letter.is_ascii(), "a type letter is one ASCII character");
    letter as u8
}

pub(crate) use {message, messages};
