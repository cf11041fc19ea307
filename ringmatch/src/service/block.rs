//! A block: a run of one stream's messages as it stands on disk.
//!
//! All blocks have the same size, so a stream's file is searched by number
//! without any index. A header of 32 bytes says which stream it is of, the number
//! of its first message and how many there are, with a checksum of everything;
//! the messages follow, each a length (u16, big-endian, as in MoldUDP64) and that
//! many bytes; then zeros. A block is full when the next message does not fit, so
//! the same messages always come to the same blocks, byte for byte.

use std::ops::Range;

/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = 16 << 10;
/// Bytes of its header.
pub(super) const HEADER_BYTES: usize = 32;
/// Also the version of the layout.
const MAGIC: [u8; 8] = *b"RMBLOCK1";
const LENGTH_BYTES: usize = 2;

/// What the header of a block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockHeader {
    /// Zero for market data, or the session.
    pub(super) stream: u16,
    /// Messages in it.
    pub(super) count: u16,
    /// Bytes of messages, with their lengths.
    pub(super) bytes: u32,
    /// Number of its first message.
    pub(super) first: u64,
}

impl BlockHeader {
    /// Reads what stands at the beginning of a block, unchecked but for its
    /// magic: good enough to search by.
    pub(super) fn glance(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let header = Self {
            stream: u16::from_le_bytes(field(bytes, 12)),
            count: u16::from_le_bytes(field(bytes, 14)),
            bytes: u32::from_le_bytes(field(bytes, 16)),
            first: u64::from_le_bytes(field(bytes, 24)),
        };
        (bytes[..8] == MAGIC).then_some(header)
    }

    fn write(&self, out: &mut [u8]) {
        out[..8].copy_from_slice(&MAGIC);
        out[12..14].copy_from_slice(&self.stream.to_le_bytes());
        out[14..16].copy_from_slice(&self.count.to_le_bytes());
        out[16..20].copy_from_slice(&self.bytes.to_le_bytes());
        out[20..24].fill(0);
        out[24..32].copy_from_slice(&self.first.to_le_bytes());
    }
}

/// A block that is being filled, or was read.
pub(super) struct Block {
    header: BlockHeader,
    bytes: Box<[u8]>,
}

impl Block {
    /// An empty block whose first message will have the number `first`.
    pub(super) fn new(stream: u16, first: u64) -> Self {
        let header = BlockHeader { stream, count: 0, bytes: 0, first };
        Self { header, bytes: vec![0; BLOCK_BYTES].into_boxed_slice() }
    }

    /// Empties it.
    pub(super) fn restart(&mut self, first: u64) {
        self.header = BlockHeader { count: 0, bytes: 0, first, ..self.header };
        self.bytes.fill(0);
    }

    /// The numbers of its messages.
    pub(super) fn numbers(&self) -> Range<u64> {
        self.header.first..self.header.first + u64::from(self.header.count)
    }

    /// Adds a message; `false` if it does not fit and nothing was done.
    pub(super) fn push(&mut self, message: &[u8]) -> bool {
        let start = HEADER_BYTES + self.header.bytes as usize;
        let end = start + LENGTH_BYTES + message.len();
        let (Ok(length), Ok(bytes)) =
            (u16::try_from(message.len()), u32::try_from(end - HEADER_BYTES))
        else {
            return false;
        };
        if end > BLOCK_BYTES {
            return false;
        }
        self.bytes[start..start + LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
        self.bytes[start + LENGTH_BYTES..end].copy_from_slice(message);
        self.header.bytes = bytes;
        self.header.count += 1;
        true
    }

    /// The block as it stands on disk.
    pub(super) fn seal(&mut self) -> &[u8] {
        self.header.write(&mut self.bytes);
        let sum = checksum(&self.bytes);
        self.bytes[8..12].copy_from_slice(&sum.to_le_bytes());
        &self.bytes
    }

    /// Memory for a block to be read into; see [`opened`](Self::opened).
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Whether what was read into it is a sound block of this stream.
    pub(super) fn opened(&mut self, stream: u16) -> bool {
        let header = self.bytes.first_chunk().and_then(BlockHeader::glance);
        let Some(header) = header else { return false };
        let stated = u32::from_le_bytes(std::array::from_fn(|at| self.bytes[8 + at]));
        self.header = header;
        header.stream == stream
            && stated == checksum(&self.bytes)
            && header.bytes as usize <= BLOCK_BYTES - HEADER_BYTES
            && header.first.checked_add(header.count.into()).is_some()
    }

    /// The messages from number `from` on, as far as they are here.
    pub(super) fn messages_from(&self, from: u64) -> impl Iterator<Item = &[u8]> {
        let skipped = from.saturating_sub(self.header.first);
        let end = HEADER_BYTES + self.header.bytes as usize;
        let mut rest = &self.bytes[HEADER_BYTES..end];
        let messages = std::iter::from_fn(move || {
            let (length, behind) = rest.split_first_chunk()?;
            let (message, behind) =
                behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            rest = behind;
            Some(message)
        });
        // A block has fewer messages than a usize can count.
        messages.skip(usize::try_from(skipped).unwrap_or(usize::MAX))
    }
}

/// The CRC32C of a block, its own field left out.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..8]), &bytes[12..])
}

fn field<const N: usize>(bytes: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_can_be_opened_and_any_damage_is_seen() {
        let mut block = Block::new(3, 1_000);
        let mut pushed = Vec::new();
        let mut random = fastrand::Rng::with_seed(7);
        loop {
            let message: Vec<u8> = (0..random.usize(0..200)).map(|_| random.u8(..)).collect();
            if !block.push(&message) {
                break;
            }
            pushed.push(message);
        }
        let end = 1_000 + pushed.len() as u64;
        assert_eq!(block.numbers(), 1_000..end);
        let sealed = block.seal().to_vec();
        assert_eq!(sealed.len(), BLOCK_BYTES);
        let mut read = Block::new(0, 0);
        read.bytes_mut().copy_from_slice(&sealed);
        assert!(read.opened(3) && !read.opened(4));
        assert_eq!(read.numbers(), 1_000..end);
        for from in [1_000, 1_001, end - 1, end, end + 5] {
            let skipped = usize::try_from(from - 1_000).unwrap().min(pushed.len());
            assert!(read.messages_from(from).eq(&pushed[skipped..]));
        }
        for _ in 0..200 {
            let (at, bit) = (random.usize(0..BLOCK_BYTES), random.u8(0..8));
            read.bytes_mut().copy_from_slice(&sealed);
            read.bytes_mut()[at] ^= 1 << bit;
            assert!(!read.opened(3), "byte {at}, bit {bit}");
        }
    }
}
