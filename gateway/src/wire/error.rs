//! Why bytes from outside were refused.
//!
//! One enum serves every codec, because a caller does the same thing with all
//! of them: count it, and refuse the message or the datagram as a whole. Each
//! text names what was found and what would have been right, so that the log
//! line is enough to find the sender's mistake. Nothing here allocates.

use super::Letter;

/// Why a message, packet or option was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A message of no bytes: not even a type letter.
    #[error("the message is empty: a message starts with its type letter")]
    Empty,
    /// The first byte names no message of this protocol and direction.
    #[error("no message of this protocol and direction has the type letter '{0}'")]
    UnknownLetter(Letter),
    /// The message is shorter or longer than its layout.
    #[error("message '{letter}' has {found} bytes; its layout needs {expected}")]
    Length {
        /// Type letter of the message.
        letter: Letter,
        /// Bytes of the layout (of its fixed part, where options follow).
        expected: usize,
        /// Bytes that were there.
        found: usize,
    },
    /// The appendage's length field does not match the bytes that follow it.
    #[error("the appendage says {stated} bytes, but {found} follow its length field")]
    AppendageLength {
        /// Bytes according to the length field.
        stated: usize,
        /// Bytes that were there.
        found: usize,
    },
    /// The message must carry an appendage length and ends before it.
    #[error("message '{0}' ends before its appendage length, which is always present")]
    AppendageMissing(Letter),
    /// Bytes follow a fixed part that has no appendage, or half a length field.
    #[error("{found} byte(s) after the fixed part of message '{letter}' are no appendage")]
    AppendageTorn {
        /// Type letter of the message.
        letter: Letter,
        /// Bytes after the fixed part.
        found: usize,
    },
    /// An option of length zero, or one that runs past the appendage.
    #[error("the option at byte {at} of the appendage has length {length}, {room} bytes are left")]
    OptionBounds {
        /// Offset of the element in the appendage.
        at: usize,
        /// Its length byte.
        length: usize,
        /// Bytes left in the appendage after the length byte.
        room: usize,
    },
    /// A known option whose value has another length than its tag prescribes.
    #[error("option tag {tag} has a value of {found} bytes; it must have {expected}")]
    OptionLength {
        /// The tag.
        tag: u8,
        /// Bytes that the tag prescribes.
        expected: usize,
        /// Bytes that were there.
        found: usize,
    },
    /// A known option stands twice in one appendage.
    #[error("option tag {0} stands twice in one appendage")]
    OptionTwice(u8),
    /// A datagram shorter than a MoldUDP64 header.
    #[error("the datagram has {0} bytes; a MoldUDP64 header has 20")]
    ShortPacket(usize),
    /// The blocks of a packet run past the end of its datagram.
    #[error("block {block} of {count} runs past the end of the datagram ({bytes} bytes)")]
    TornPacket {
        /// Index of the block that does not fit, from 0.
        block: u16,
        /// Message count of the header.
        count: u16,
        /// Length of the datagram.
        bytes: usize,
    },
    /// Sequence number plus message count does not fit 64 bits.
    #[error("sequence {sequence} plus {count} messages overflows")]
    SequenceOverflow {
        /// Sequence number of the header.
        sequence: u64,
        /// Message count of the header.
        count: u16,
    },
    /// A SoupBinTCP packet that is longer than its receiver takes.
    #[error("a packet says that it has {stated} bytes; at most {most} are taken here")]
    SoupTooLong {
        /// Bytes according to the length field.
        stated: usize,
        /// Bytes that are taken.
        most: usize,
    },
    /// A field of digits that has something else, nothing, or more than 64 bits.
    #[error("the {0} is not a number in ASCII digits")]
    NotANumber(&'static str),
}
