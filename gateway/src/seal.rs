//! The seal of a packet: who sent it, in which login, and that nobody changed
//! it.
//!
//! A session that has a key seals each of its packets behind the last
//! MoldUDP64 block, where dissectors that know nothing of it see bytes after a
//! whole packet. The trailer is a [`Stamp`] of 24 bytes and the first 16 bytes
//! of an HMAC-SHA-256 (RFC 2104) over one byte that says what the packet is for
//! ([`Purpose`]), the packet, and the stamp. The session's name, the sequence
//! number and all messages are in the packet, so all of them are under it; the
//! purpose keeps a packet from being used where it was not meant for. Macs are
//! compared in constant time. What a stamp has to say to be believed is the
//! business of whoever opens the seal: see `login` and `client`.

use crate::wire::Alpha;
use crate::wire::mold::{Header, Packet};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;

/// Bytes of the code at the end: half of an HMAC-SHA-256, as RFC 2104 allows.
const MAC_BYTES: usize = 16;

/// A session's secret, which its client and the venue share: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; Key::BYTES]);

impl Key {
    /// Bytes of a key.
    pub const BYTES: usize = 32;

    /// A key of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// A new key, from the system's randomness.
    ///
    /// # Errors
    /// When the system has none.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; Self::BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// What a client that comes by TCP logs in with: ten of 32 letters and digits,
    /// 50 bits, from which the key cannot be told. A SoupBinTCP login has no room
    /// for more, and sends it in the open.
    #[must_use]
    pub fn password(&self) -> Alpha<10> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("keys may have any length");
        mac.update(b"SoupBinTCP password");
        let code = mac.finalize().into_bytes();
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut bits = code.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        Alpha::from_bytes(std::array::from_fn(|_| {
            let place = bits.by_ref().take(5).fold(0, |place, bit| place << 1 | usize::from(bit));
            letters[place]
        }))
    }

    /// Its bytes as text, for a file that only its owner can read.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Key {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is 64 hexadecimal digits, and this has {digits} characters")]
pub struct InvalidKey {
    /// Characters of the text; the text itself may be a secret.
    pub digits: usize,
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let invalid = InvalidKey { digits: text.chars().count() };
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(invalid) };
        let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
        let byte = |[high, low]: &[u8; 2]| Some(nibble(*high)? << 4 | nibble(*low)?);
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(invalid)
    }
}

/// What a packet is for. Each has another code under the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// From a client to where the venue takes orders.
    Orders = b'O',
    /// From a client to where the venue takes requests.
    Requests = b'Q',
    /// From where the venue takes orders, to a client.
    Answers = b'A',
    /// From where the venue takes requests, to a client.
    Responses = b'R',
}

/// In which login a packet was sent, and as which of its packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The client's process, by a number that it has drawn.
    pub instance: u64,
    /// The login, by the number that the venue gave it; zero before that.
    pub login: u64,
    /// Counts the packets of the sender; an answer to a hello has the hello's.
    pub packet: u64,
}

impl Stamp {
    const BYTES: usize = 24;

    fn encode(self) -> [u8; Self::BYTES] {
        let Self { instance, login, packet } = self;
        let mut bytes = [0; Self::BYTES];
        for (place, number) in
            bytes.as_chunks_mut::<8>().0.iter_mut().zip([instance, login, packet])
        {
            *place = number.to_be_bytes();
        }
        bytes
    }

    fn decode(bytes: &[u8; Self::BYTES]) -> Self {
        let number = |at| u64::from_be_bytes(bytes.as_chunks::<8>().0[at]);
        Self { instance: number(0), login: number(1), packet: number(2) }
    }
}

/// Why a packet is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsealed {
    /// It has no seal.
    Missing,
    /// Its seal was made with another key, for another purpose, or for another
    /// packet.
    Broken,
}

/// Seals packets with a key, and opens them.
#[derive(Clone)]
pub struct Seal {
    /// With the key taken in already.
    mac: Hmac<Sha256>,
}

impl fmt::Debug for Seal {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(..)")
    }
}

impl Seal {
    /// Bytes that a sealed packet has more.
    pub const BYTES: usize = Stamp::BYTES + MAC_BYTES;

    /// A seal by this key.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        Self { mac: Hmac::new_from_slice(&key.0).expect("HMAC takes keys of any length") }
    }

    /// Writes `packet` and its trailer into `out`, in the place of what was
    /// there.
    pub fn close(&self, purpose: Purpose, stamp: Stamp, packet: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(packet);
        out.extend_from_slice(&stamp.encode());
        let code = self.code(purpose, out).finalize().into_bytes();
        out.extend_from_slice(&code[..MAC_BYTES]);
    }

    /// The packet and the stamp of a sealed datagram.
    ///
    /// # Errors
    /// When the datagram was not sealed with this key for this purpose.
    pub fn open<'a>(
        &self,
        purpose: Purpose,
        datagram: &'a [u8],
    ) -> Result<(&'a [u8], Stamp), Unsealed> {
        let (signed, code) = datagram.split_last_chunk::<MAC_BYTES>().ok_or(Unsealed::Missing)?;
        let (packet, stamp) = signed.split_last_chunk().ok_or(Unsealed::Missing)?;
        match self.code(purpose, signed).verify_truncated_left(code) {
            Ok(()) => Ok((packet, Stamp::decode(stamp))),
            Err(_) if has_trailer(datagram) => Err(Unsealed::Broken),
            Err(_) => Err(Unsealed::Missing),
        }
    }

    fn code(&self, purpose: Purpose, signed: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&[purpose as u8]);
        mac.update(signed);
        mac
    }
}

/// Whether there is anything behind the last block. A request looks like a
/// packet of its count and has no blocks, so all that is longer than a header
/// and no packet counts too.
fn has_trailer(datagram: &[u8]) -> bool {
    let is_long = datagram.len() >= Header::LEN + Seal::BYTES;
    is_long && Packet::parse(datagram).map_or(true, |packet| !packet.trailer().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mold::{PacketBuilder, Request};

    fn packet() -> Vec<u8> {
        let mut builder = PacketBuilder::new("ALPHA".parse().unwrap(), 7, 1400);
        assert!(builder.push(b"an order"));
        builder.packet().to_vec()
    }

    const STAMP: Stamp = Stamp { instance: 1, login: 2, packet: 3 };

    #[test]
    fn a_key_reads_its_own_text_and_shows_itself_to_nobody() {
        let key: Key =
            "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF".parse().unwrap();
        assert_eq!(key.to_hex().parse(), Ok(key));
        assert_eq!(format!("{key:?} {:?}", Seal::new(&key)), "Key(..) Seal(..)");
        for (text, digits) in [("", 0), ("zz", 2), (&"0".repeat(63), 63), (&"g".repeat(64), 64)] {
            assert_eq!(text.parse::<Key>(), Err(InvalidKey { digits }));
        }
        assert_ne!(Key::random().unwrap(), Key::random().unwrap());
    }

    /// The bytes are what the documentation says, so that others can make them.
    #[test]
    fn the_trailer_is_what_is_documented() {
        let seal = Seal::new(&Key::new([0x0b; 32]));
        let mut out = Vec::new();
        seal.close(Purpose::Orders, STAMP, &packet(), &mut out);
        let packet = packet();
        assert_eq!(out[..packet.len()], packet);
        assert_eq!(out.len(), packet.len() + Seal::BYTES);
        let stamp = &out[packet.len()..packet.len() + 24];
        assert_eq!(stamp, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3]);
        // python3 -c "import hmac; print(hmac.digest(b'\x0b'*32, b'O' + packet + stamp, 'sha256')[:16].hex())"
        let code: String = out[packet.len() + 24..].iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(code, "32aebd3522e3ae32dc641ea4c78adc05");
        let parsed = Packet::parse(&out).unwrap();
        assert_eq!(
            (parsed.messages().next(), parsed.trailer().len()),
            (Some(&b"an order"[..]), 40)
        );
    }

    #[test]
    fn a_seal_opens_what_it_closed_and_nothing_else() {
        let (own, other) = (Seal::new(&Key::new([1; 32])), Seal::new(&Key::new([2; 32])));
        let request = Request { session: "ALPHA".parse().unwrap(), sequence: 9, count: 5 }.encode();
        for body in [&packet()[..], &request] {
            let mut sealed = Vec::new();
            own.close(Purpose::Requests, STAMP, body, &mut sealed);
            assert_eq!(own.open(Purpose::Requests, &sealed), Ok((body, STAMP)));
            assert_eq!(
                own.open(Purpose::Orders, &sealed),
                Err(Unsealed::Broken),
                "another purpose"
            );
            assert_eq!(
                other.open(Purpose::Requests, &sealed),
                Err(Unsealed::Broken),
                "another key"
            );
            assert_eq!(own.open(Purpose::Requests, body), Err(Unsealed::Missing));
            for bit in 0..sealed.len() * 8 {
                let mut changed = sealed.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(own.open(Purpose::Requests, &changed).is_err(), "bit {bit}");
            }
            for cut in 0..sealed.len() {
                assert!(own.open(Purpose::Requests, &sealed[..cut]).is_err(), "cut to {cut}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_refused(bytes: Vec<u8>) {
            let seal = Seal::new(&Key::new([3; 32]));
            proptest::prop_assert!(seal.open(Purpose::Orders, &bytes).is_err());
        }
    }
}
