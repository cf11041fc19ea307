//! OUCH 5.0: order entry and its answers.
//!
//! A message is a fixed part ([`Inbound`] or [`Outbound`], by direction) and,
//! for most, an [`Appendage`] of options. Three habits of writing the
//! appendage are accepted: always a length, nothing at all where the message
//! had none before 2024, and an explicit length of zero. We write the shortest
//! form that is allowed. An appendage that is malformed refuses the whole
//! message; `decode_fixed` still reads what stands before it, so that a reject
//! can name the order.

mod appendage;
mod inbound;
mod option;
mod outbound;

pub use appendage::{Appendage, Options};
pub use inbound::*;
pub use option::{OptionLayout, OuchOption};
pub use outbound::*;

use super::{Letter, WireError};

macro_rules! with_appendage {
    ($($direction:ident)*) => {$(
        impl $direction {
            /// Reads one message and its options, which `bytes` holds and
            /// nothing else.
            ///
            /// # Errors
            /// An unknown type letter, a fixed part cut short, or an appendage
            /// that is not well formed.
            #[inline]
            pub fn decode(bytes: &[u8]) -> Result<(Self, Appendage<'_>), WireError> {
                let (message, rest) = Self::decode_fixed(bytes)?;
                let appendage = Appendage::read(Letter(bytes[0]), message.tail(), rest)?;
                Ok((message, appendage))
            }

            /// Writes the message and its options and returns their length.
            ///
            /// # Panics
            /// If `out` is shorter than that, or if options are given to a
            /// message that takes none.
            #[inline]
            pub fn encode(
                &self,
                options: impl IntoIterator<Item = OuchOption>,
                out: &mut [u8],
            ) -> usize {
                let fixed = self.encode_fixed(out);
                fixed + appendage::write(self.tail(), options, &mut out[fixed..])
            }

            /// Longest fixed part of this direction, with the longest appendage
            /// that holds each known option once: a buffer of this many bytes
            /// is never too short for [`encode`](Self::encode).
            pub const MAX_LEN: usize = longest(Self::LAYOUTS) + 2 + OuchOption::MAX_APPENDAGE;
        }
    )*};
}

with_appendage!(Inbound Outbound);

const fn longest(layouts: &[super::Layout]) -> usize {
    let (mut index, mut longest) = (0, 0);
    while index < layouts.len() {
        if layouts[index].len > longest {
            longest = layouts[index].len;
        }
        index += 1;
    }
    longest
}
