//! `Alpha<N>`: a fixed field of N ASCII characters, padded right with spaces.
//!
//! Symbols, firms, session names and client order ids are alpha fields. The
//! bytes are kept exactly as they came, so that an echo is byte for byte what
//! the client sent; only text made *here*, through `FromStr`, is checked to be
//! printable ASCII that fits. Two alphas are equal when all N bytes are.

use rkyv::{Archive, Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// N characters, left-justified, padded right with spaces (alpha of MoldUDP64
/// 1.00, OUCH 5.0 and ITCH 5.0).
///
/// ```
/// use ringmatch_engine::Alpha;
///
/// let symbol: Alpha<8> = "AAPL".parse()?;
/// assert_eq!(symbol.bytes(), b"AAPL    ");
/// assert_eq!(symbol.to_string(), "AAPL");
/// # Ok::<(), ringmatch_engine::AlphaError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Archive, Serialize, Deserialize)]
pub struct Alpha<const N: usize>([u8; N]);

/// Why a text is no alpha field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlphaError {
    /// The text has more characters than the field.
    TooLong {
        /// Bytes of the text.
        found: usize,
        /// Bytes of the field.
        room: usize,
    },
    /// A byte outside the printable ASCII characters, 0x20 to 0x7E.
    NotPrintable {
        /// Offset of the byte in the text.
        at: usize,
        /// The byte.
        byte: u8,
    },
}

impl fmt::Display for AlphaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { found, room } => {
                write!(f, "the text has {found} characters; the field holds {room}")
            }
            Self::NotPrintable { at, byte } => write!(
                f,
                "byte {at} of the text is 0x{byte:02x}; only printable ASCII characters are allowed"
            ),
        }
    }
}

impl std::error::Error for AlphaError {}

impl<const N: usize> Alpha<N> {
    /// A field of spaces, which is how "none" is written.
    pub const BLANK: Self = Self([b' '; N]);

    /// Takes the bytes as they are on the wire, unchecked.
    pub const fn from_bytes(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes as they are on the wire.
    pub const fn bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// The bytes without the padding on the right.
    pub fn trimmed(&self) -> &[u8] {
        self.0.trim_ascii_end()
    }

    /// Whether it is all padding.
    pub fn is_blank(&self) -> bool {
        *self == Self::BLANK
    }

    /// Whether every byte is a printable ASCII character; decoding does not ask.
    pub fn is_printable(&self) -> bool {
        self.0.iter().all(|&byte| is_printable(byte))
    }
}

impl<const N: usize> Default for Alpha<N> {
    fn default() -> Self {
        Self::BLANK
    }
}

impl<const N: usize> FromStr for Alpha<N> {
    type Err = AlphaError;

    fn from_str(text: &str) -> Result<Self, AlphaError> {
        let (found, room) = (text.len(), N);
        if found > room {
            return Err(AlphaError::TooLong { found, room });
        }
        if let Some(at) = text.bytes().position(|byte| !is_printable(byte)) {
            let byte = text.as_bytes()[at];
            return Err(AlphaError::NotPrintable { at, byte });
        }
        let mut bytes = [b' '; N];
        bytes[..found].copy_from_slice(text.as_bytes());
        Ok(Self(bytes))
    }
}

impl<const N: usize> fmt::Display for Alpha<N> {
    /// Without padding; bytes that are not printable are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.trimmed().escape_ascii().to_string())
    }
}

impl<const N: usize> fmt::Debug for Alpha<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

fn is_printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}
