//! GLIMPSE 5.0's one message of its own: the end of a snapshot.
//!
//! A snapshot is ITCH messages in SoupBinTCP packets, and then this: the letter
//! `G` and the number, as 20 ASCII digits, of the market-data message to go on
//! with.

use super::{Letter, WireError};

/// The end of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndOfSnapshot {
    /// Number of the first message of the live stream that is not in it.
    pub next: u64,
}

impl EndOfSnapshot {
    /// Bytes of the message.
    pub const LEN: usize = 21;
    /// Its letter.
    pub const LETTER: u8 = b'G';

    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [b'0'; Self::LEN];
        out[0] = Self::LETTER;
        let mut rest = self.next;
        for digit in out[1..].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out
    }

    /// Reads a message; the number may be padded with spaces on either side.
    ///
    /// # Errors
    /// Another letter, another length, or digits that are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let (&letter, digits) = bytes.split_first().ok_or(WireError::Empty)?;
        if letter != Self::LETTER {
            return Err(WireError::UnknownLetter(Letter(letter)));
        }
        if bytes.len() != Self::LEN {
            let (expected, found) = (Self::LEN, bytes.len());
            return Err(WireError::Length { letter: Letter(letter), expected, found });
        }
        Ok(Self { next: super::soup::number(digits, "sequence number")? })
    }
}

#[cfg(test)]
mod tests {
    use super::EndOfSnapshot;

    #[test]
    fn the_number_is_twenty_digits() {
        let end = EndOfSnapshot { next: 1_234_567 };
        assert_eq!(&end.encode(), b"G00000000000001234567");
        let largest = EndOfSnapshot { next: u64::MAX };
        for end in [end, largest] {
            assert_eq!(EndOfSnapshot::decode(&end.encode()), Ok(end));
        }
        assert_eq!(EndOfSnapshot::decode(b"G             1234567"), Ok(end));
        for wrong in [&b""[..], b"G", b"G0000000000000123456x", b"S00000000000001234567"] {
            assert!(EndOfSnapshot::decode(wrong).is_err());
        }
    }
}
