//! `Appendage`: the options at the end of an OUCH 5.0 message.
//!
//! On the wire it is a length (u16) and that many bytes of elements, each a
//! length byte, a tag and a value. It is checked once, as a whole, when it is
//! read: no element of length zero, none past the end, known tags with their
//! own width and at most once. After that, walking it cannot fail. Tags that
//! this crate does not know are skipped.

use super::OuchOption;
use crate::wire::{Letter, Tail, WireError};

/// The checked options of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appendage<'a> {
    elements: &'a [u8],
}

impl<'a> Appendage<'a> {
    /// An appendage without options.
    pub const EMPTY: Self = Self { elements: &[] };

    /// Checks what follows the fixed part of the message `letter`.
    pub(super) fn read(letter: Letter, tail: Tail, rest: &'a [u8]) -> Result<Self, WireError> {
        let found = rest.len();
        match (tail, rest.split_first_chunk()) {
            (Tail::Nothing | Tail::Optional, None) if rest.is_empty() => Ok(Self::EMPTY),
            (Tail::Always, None) if rest.is_empty() => Err(WireError::AppendageMissing(letter)),
            (Tail::Nothing, _) | (_, None) => Err(WireError::AppendageTorn { letter, found }),
            (Tail::Always | Tail::Optional, Some((length, elements))) => {
                let (stated, found) = (usize::from(u16::from_be_bytes(*length)), elements.len());
                if stated != found {
                    return Err(WireError::AppendageLength { stated, found });
                }
                Self::check(elements)
            }
        }
    }

    /// Checks the elements of an appendage, without its length field.
    ///
    /// # Errors
    /// An element of length zero or past the end, a known tag with another
    /// width than its own, or a known tag that stands twice.
    pub fn check(elements: &'a [u8]) -> Result<Self, WireError> {
        let mut seen = 0_u64;
        let mut rest = elements;
        while let Some((&length, after)) = rest.split_first() {
            let at = elements.len() - rest.len();
            let (length, room) = (usize::from(length), after.len());
            if length == 0 || length > room {
                return Err(WireError::OptionBounds { at, length, room });
            }
            let (element, after) = after.split_at(length);
            let (tag, value) = (element[0], &element[1..]);
            if OuchOption::decode(tag, value)?.is_some() {
                let bit = OuchOption::bit(tag);
                if seen & bit != 0 {
                    return Err(WireError::OptionTwice(tag));
                }
                seen |= bit;
            }
            rest = after;
        }
        Ok(Self { elements })
    }

    /// The known options in wire order.
    pub fn options(&self) -> Options<'a> {
        Options { rest: self.elements }
    }

    /// Bytes of the elements, unknown ones included, without the length field.
    pub fn bytes(&self) -> &'a [u8] {
        self.elements
    }
}

impl<'a> IntoIterator for Appendage<'a> {
    type Item = OuchOption;
    type IntoIter = Options<'a>;

    fn into_iter(self) -> Options<'a> {
        self.options()
    }
}

/// Walks the known options of an [`Appendage`].
#[derive(Clone, Debug)]
pub struct Options<'a> {
    rest: &'a [u8],
}

impl Iterator for Options<'_> {
    type Item = OuchOption;

    fn next(&mut self) -> Option<OuchOption> {
        while let Some((&length, after)) = self.rest.split_first() {
            let (element, after) = after.split_at(usize::from(length));
            self.rest = after;
            if let Ok(Some(option)) = OuchOption::decode(element[0], &element[1..]) {
                return Some(option);
            }
        }
        None
    }
}

/// Writes the appendage that `tail` asks for and returns its length.
#[inline]
pub(super) fn write(
    tail: Tail,
    options: impl IntoIterator<Item = OuchOption>,
    out: &mut [u8],
) -> usize {
    let mut options = options.into_iter().peekable();
    let bare = options.peek().is_none();
    match tail {
        Tail::Nothing => {
            assert!(bare, "this message takes no options");
            0
        }
        Tail::Optional if bare => 0,
        Tail::Always | Tail::Optional => {
            let end = options.fold(2, |at, option| at + option.encode(&mut out[at..]));
            let length = u16::try_from(end - 2).expect("an appendage is shorter than 64 KiB");
            out[..2].copy_from_slice(&length.to_be_bytes());
            end
        }
    }
}
