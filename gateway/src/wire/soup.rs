//! SoupBinTCP 3.00: the packets that carry OUCH and ITCH over TCP, and 4.10's
//! heartbeat timeout.
//!
//! A packet is a length (u16, which does not count itself), a type letter and a
//! payload. TCP cuts the bytes anywhere, so [`SoupReader`] puts packets together
//! again, in memory that it was made with. Numbers are ASCII digits padded with
//! spaces; we write them padded left and read them padded on either side, like
//! session names. Numbers of sequenced messages are not in the packets: both
//! ends count from the one that the login names.

use super::{Alpha, Letter, WireError};
use crate::wire::mold::SessionName;

const LENGTH_BYTES: usize = 2;
/// Bytes of a login request's payload in 3.00.
const LOGIN_BYTES: usize = 46;
/// Bytes of 4.10's heartbeat timeout behind it.
const TIMEOUT_BYTES: usize = 5;
const ACCEPTED_BYTES: usize = 30;

/// Who logs in, and what it wants (SoupBinTCP 3.00, login request packet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginRequest {
    /// Compared without regard to case.
    pub username: Alpha<6>,
    /// Compared without regard to case.
    pub password: Alpha<10>,
    /// The session wanted; blank is the current one.
    pub session: SessionName,
    /// Number of the first message wanted; zero starts with the most recent.
    pub sequence: u64,
    /// How long either end may be silent, in milliseconds, at most 99,999 (4.10;
    /// absent in the packets of older clients).
    pub heartbeat_timeout_ms: Option<u32>,
}

impl LoginRequest {
    /// Whether these are a user's name and password, whatever their case.
    #[must_use]
    pub fn is_from(&self, username: &Alpha<6>, password: &Alpha<10>) -> bool {
        self.username.bytes().eq_ignore_ascii_case(username.bytes())
            && self.password.bytes().eq_ignore_ascii_case(password.bytes())
    }

    fn read(payload: &[u8]) -> Result<Self, WireError> {
        let (fixed, timeout) = match payload.len() {
            LOGIN_BYTES => (payload, None),
            found if found == LOGIN_BYTES + TIMEOUT_BYTES => {
                let (fixed, timeout) = payload.split_at(LOGIN_BYTES);
                (fixed, Some(timeout))
            }
            found => return Err(length(b'L', LOGIN_BYTES, found)),
        };
        let timeout = timeout.map(|digits| number(digits, "heartbeat timeout")).transpose()?;
        Ok(Self {
            username: padded_right(&fixed[..6]),
            password: padded_right(&fixed[6..16]),
            session: padded_right(&fixed[16..26]),
            sequence: number(&fixed[26..], "requested sequence number")?,
            heartbeat_timeout_ms: timeout.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX)),
        })
    }

    fn write(&self, out: &mut [u8]) {
        out[..6].copy_from_slice(self.username.bytes());
        out[6..16].copy_from_slice(self.password.bytes());
        out[16..26].copy_from_slice(self.session.bytes());
        write_number(self.sequence, &mut out[26..LOGIN_BYTES]);
        if let Some(ms) = self.heartbeat_timeout_ms {
            write_number(ms.min(99_999).into(), &mut out[LOGIN_BYTES..]);
        }
    }
}

/// Why a login is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginReject {
    /// There is no such user and password.
    NotAuthorized,
    /// The session asked for is not there.
    SessionNotAvailable,
}

impl LoginReject {
    fn read(payload: &[u8]) -> Result<Self, WireError> {
        match payload {
            [b'A'] => Ok(Self::NotAuthorized),
            [b'S'] => Ok(Self::SessionNotAvailable),
            [other] => Err(WireError::UnknownLetter(Letter(*other))),
            _ => Err(length(b'J', 1, payload.len())),
        }
    }

    fn letter(self) -> u8 {
        match self {
            Self::NotAuthorized => b'A',
            Self::SessionNotAvailable => b'S',
        }
    }
}

/// One packet, in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoupPacket<'a> {
    /// Text for a person (`+`, both directions).
    Debug(&'a [u8]),
    /// The first packet of a client (`L`).
    LoginRequest(LoginRequest),
    /// The login is granted (`A`, to the client).
    LoginAccepted {
        /// The session.
        session: SessionName,
        /// Number of the next sequenced message.
        sequence: u64,
    },
    /// The login is refused (`J`, to the client).
    LoginRejected(LoginReject),
    /// One message that has a number (`S`, to the client).
    Sequenced(&'a [u8]),
    /// One message that has none (`U`; to the client only in 4.00).
    Unsequenced(&'a [u8]),
    /// The server is there (`H`).
    ServerHeartbeat,
    /// The client is there (`R`).
    ClientHeartbeat,
    /// No message follows in this session (`Z`, to the client).
    EndOfSession,
    /// The client goes (`O`).
    LogoutRequest,
}

impl<'a> SoupPacket<'a> {
    /// Reads a packet: its type letter and payload, without the length.
    ///
    /// # Errors
    /// No bytes, an unknown letter, a payload of another length than the
    /// packet's, or digits that are none.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (&letter, payload) = bytes.split_first().ok_or(WireError::Empty)?;
        let empty = |packet| match payload.len() {
            0 => Ok(packet),
            found => Err(length(letter, 0, found)),
        };
        match letter {
            b'+' => Ok(Self::Debug(payload)),
            b'L' => LoginRequest::read(payload).map(Self::LoginRequest),
            b'A' if payload.len() != ACCEPTED_BYTES => {
                Err(length(letter, ACCEPTED_BYTES, payload.len()))
            }
            b'A' => Ok(Self::LoginAccepted {
                session: padded_right(&payload[..10]),
                sequence: number(&payload[10..], "sequence number")?,
            }),
            b'J' => LoginReject::read(payload).map(Self::LoginRejected),
            b'S' => Ok(Self::Sequenced(payload)),
            b'U' => Ok(Self::Unsequenced(payload)),
            b'H' => empty(Self::ServerHeartbeat),
            b'R' => empty(Self::ClientHeartbeat),
            b'Z' => empty(Self::EndOfSession),
            b'O' => empty(Self::LogoutRequest),
            _ => Err(WireError::UnknownLetter(Letter(letter))),
        }
    }

    /// Type letter of the packet.
    #[must_use]
    pub const fn letter(&self) -> u8 {
        match self {
            Self::Debug(_) => b'+',
            Self::LoginRequest(_) => b'L',
            Self::LoginAccepted { .. } => b'A',
            Self::LoginRejected(_) => b'J',
            Self::Sequenced(_) => b'S',
            Self::Unsequenced(_) => b'U',
            Self::ServerHeartbeat => b'H',
            Self::ClientHeartbeat => b'R',
            Self::EndOfSession => b'Z',
            Self::LogoutRequest => b'O',
        }
    }

    /// Bytes that it takes on the wire, length field and letter included.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        let payload = match self {
            Self::Debug(bytes) | Self::Sequenced(bytes) | Self::Unsequenced(bytes) => bytes.len(),
            Self::LoginRequest(request) if request.heartbeat_timeout_ms.is_some() => {
                LOGIN_BYTES + TIMEOUT_BYTES
            }
            Self::LoginRequest(_) => LOGIN_BYTES,
            Self::LoginAccepted { .. } => ACCEPTED_BYTES,
            Self::LoginRejected(_) => 1,
            Self::ServerHeartbeat
            | Self::ClientHeartbeat
            | Self::EndOfSession
            | Self::LogoutRequest => 0,
        };
        LENGTH_BYTES + 1 + payload
    }

    /// Writes length, letter and payload, and returns how many bytes these are.
    ///
    /// # Panics
    /// If `out` is shorter than [`encoded_len`](Self::encoded_len), or the
    /// payload longer than 65,534 bytes.
    pub fn encode(&self, out: &mut [u8]) -> usize {
        let end = self.encoded_len();
        let length = u16::try_from(end - LENGTH_BYTES).expect("a payload is shorter than 64 KiB");
        out[..LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
        out[LENGTH_BYTES] = self.letter();
        let payload = &mut out[LENGTH_BYTES + 1..end];
        match self {
            Self::Debug(bytes) | Self::Sequenced(bytes) | Self::Unsequenced(bytes) => {
                payload.copy_from_slice(bytes);
            }
            Self::LoginRequest(request) => request.write(payload),
            Self::LoginAccepted { session, sequence } => {
                write_padded_left(session.trimmed(), &mut payload[..10]);
                write_number(*sequence, &mut payload[10..]);
            }
            Self::LoginRejected(reason) => payload[0] = reason.letter(),
            Self::ServerHeartbeat
            | Self::ClientHeartbeat
            | Self::EndOfSession
            | Self::LogoutRequest => {}
        }
        end
    }
}

/// Puts packets together from the pieces in which TCP delivers them.
pub struct SoupReader {
    buffer: Box<[u8]>,
    filled: usize,
}

impl SoupReader {
    /// A reader of packets whose letter and payload are at most `most` bytes.
    #[must_use]
    pub fn new(most: u16) -> Self {
        let buffer = vec![0; LENGTH_BYTES + usize::from(most)].into_boxed_slice();
        Self { buffer, filled: 0 }
    }

    /// Takes the next bytes of the connection and delivers the packets that
    /// they complete, each as letter and payload. `deliver` returns whether to
    /// go on; after a `false` the rest of the bytes is dropped.
    ///
    /// # Errors
    /// A packet without a letter, or longer than the reader takes. Where the
    /// next one begins is then unknown, so the connection is of no more use.
    pub fn offer(
        &mut self,
        mut bytes: &[u8],
        deliver: &mut impl FnMut(&[u8]) -> bool,
    ) -> Result<(), WireError> {
        while !bytes.is_empty() {
            let wanted = self.wanted()? - self.filled;
            let (taken, rest) = bytes.split_at(wanted.min(bytes.len()));
            self.buffer[self.filled..self.filled + taken.len()].copy_from_slice(taken);
            self.filled += taken.len();
            bytes = rest;
            if self.filled > LENGTH_BYTES && self.filled == self.wanted()? {
                let end = std::mem::take(&mut self.filled);
                if !deliver(&self.buffer[LENGTH_BYTES..end]) {
                    return Ok(());
                }
            }
        }
        // A length that cannot be is said as soon as it is there.
        self.wanted().map(|_| ())
    }

    /// Bytes of the packet under construction, or of its length field.
    fn wanted(&self) -> Result<usize, WireError> {
        let [high, low, ..] = self.buffer[..self.filled] else { return Ok(LENGTH_BYTES) };
        let (stated, most) = (u16::from_be_bytes([high, low]), self.buffer.len() - LENGTH_BYTES);
        match usize::from(stated) {
            0 => Err(WireError::Empty),
            stated if stated > most => Err(WireError::SoupTooLong { stated, most }),
            stated => Ok(LENGTH_BYTES + stated),
        }
    }
}

impl std::fmt::Debug for SoupReader {
    /// Without the bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of a packet's bytes", self.filled)
    }
}

fn length(letter: u8, expected: usize, found: usize) -> WireError {
    // The letter counts as a byte of the layout, as in all messages.
    WireError::Length { letter: Letter(letter), expected: 1 + expected, found: 1 + found }
}

/// A field padded on either side, as everywhere else: padded right.
fn padded_right<const N: usize>(field: &[u8]) -> Alpha<N> {
    let text = field.trim_ascii();
    let mut bytes = [b' '; N];
    bytes[..text.len()].copy_from_slice(text);
    Alpha::from_bytes(bytes)
}

fn write_padded_left(text: &[u8], out: &mut [u8]) {
    let start = out.len() - text.len();
    out[..start].fill(b' ');
    out[start..].copy_from_slice(text);
}

fn write_number(mut number: u64, out: &mut [u8]) {
    out.fill(b' ');
    for place in out.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
}

pub(super) fn number(field: &[u8], name: &'static str) -> Result<u64, WireError> {
    let digits = field.trim_ascii();
    let text = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
    text.and_then(|text| text.parse().ok()).ok_or(WireError::NotANumber(name))
}
