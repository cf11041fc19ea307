//! `Window`: the most recent messages of a stream, by number.
//!
//! Two rings of fixed size: bytes, and one entry a message. A message always
//! lies in one piece; where it would wrap, the end of the byte ring stays
//! unused. A new message pushes out the oldest ones until it fits, so the
//! window holds a run of numbers `oldest..next` without holes. Positions are
//! counted from the beginning of the stream and never wrap.

use std::fmt;

/// Where a message lies.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    start: u64,
    bytes: usize,
}

/// The retransmission window of a sender.
pub(super) struct Window {
    bytes: Box<[u8]>,
    entries: Box<[Entry]>,
    oldest: u64,
    next: u64,
    end: u64,
}

impl Window {
    /// An empty window whose first message will have the number `next`.
    ///
    /// # Panics
    /// If either bound is zero.
    pub(super) fn new(next: u64, bytes: usize, messages: usize) -> Self {
        assert!(bytes > 0 && messages > 0, "a window holds at least one message of one byte");
        let entries = vec![Entry::default(); messages].into_boxed_slice();
        Self { bytes: vec![0; bytes].into_boxed_slice(), entries, oldest: next, next, end: 0 }
    }

    /// Number of the oldest message held, or `next` if there is none.
    pub(super) fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Number of the next message.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Adds the next message, and drops the oldest ones that it needs the room
    /// of.
    ///
    /// # Panics
    /// If the message alone is longer than the window.
    pub(super) fn push(&mut self, message: &[u8]) {
        assert!(message.len() <= self.bytes.len(), "a message is longer than the window");
        let start = self.place(message.len());
        let end = start + message.len() as u64;
        while !self.is_empty() && !self.fits(end) {
            self.oldest += 1;
        }
        let at = self.offset(start);
        self.bytes[at..at + message.len()].copy_from_slice(message);
        *self.entry_mut(self.next) = Entry { start, bytes: message.len() };
        self.end = end;
        self.next += 1;
    }

    /// Whether a message of this many bytes fits without dropping another.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        bytes <= self.bytes.len()
            && (self.is_empty() || self.fits(self.place(bytes) + bytes as u64))
    }

    /// The message with this number, if it is held.
    pub(super) fn get(&self, number: u64) -> Option<&[u8]> {
        if !(self.oldest..self.next).contains(&number) {
            return None;
        }
        let Entry { start, bytes } = self.entries[self.index(number)];
        let at = self.offset(start);
        Some(&self.bytes[at..at + bytes])
    }

    /// Drops the messages below `number`.
    pub(super) fn release_below(&mut self, number: u64) {
        self.oldest = number.clamp(self.oldest, self.next);
    }

    fn is_empty(&self) -> bool {
        self.oldest == self.next
    }

    /// Where the next message of this many bytes would start.
    fn place(&self, bytes: usize) -> u64 {
        let room = self.bytes.len() - self.offset(self.end);
        if bytes <= room { self.end } else { self.end + room as u64 }
    }

    /// Whether one more message that ends at `end` leaves the oldest alone.
    fn fits(&self, end: u64) -> bool {
        let start = self.entries[self.index(self.oldest)].start;
        let messages = self.next - self.oldest;
        end - start <= self.bytes.len() as u64 && messages < self.entries.len() as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "a remainder of a usize fits one")]
    fn offset(&self, position: u64) -> usize {
        (position % self.bytes.len() as u64) as usize
    }

    #[expect(clippy::cast_possible_truncation, reason = "a remainder of a usize fits one")]
    fn index(&self, number: u64) -> usize {
        (number % self.entries.len() as u64) as usize
    }

    fn entry_mut(&mut self, number: u64) -> &mut Entry {
        let index = self.index(number);
        &mut self.entries[index]
    }
}

impl fmt::Debug for Window {
    /// Without the messages: they are megabytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.oldest, self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use proptest::prelude::*;

    proptest! {
        /// Against a plain list: the window holds a suffix of what was pushed,
        /// never more than its bounds, and at least what needs no wrap.
        #[test]
        fn holds_a_suffix(
            first in 1_u64..1 << 40,
            capacity in 1_usize..64,
            messages in 1_usize..9,
            pushed in prop::collection::vec((0_usize..64, any::<u8>(), 0_u64..4), 0..60),
        ) {
            let mut window = Window::new(first, capacity, messages);
            let mut all: Vec<Vec<u8>> = Vec::new();
            for (length, byte, released) in pushed {
                let message = vec![byte; length.min(capacity)];
                let (oldest, room) = (window.oldest(), window.has_room(message.len()));
                window.push(&message);
                all.push(message);
                prop_assert_eq!(window.oldest() == oldest, room);
                prop_assert!(window.next() - window.oldest() <= messages as u64);
                for number in window.oldest()..window.next() {
                    let expected = &all[usize::try_from(number - first).unwrap()];
                    prop_assert_eq!(window.get(number), Some(&expected[..]));
                }
                window.release_below(window.oldest() + released);
                prop_assert!(window.oldest() <= window.next());
            }
            prop_assert_eq!(window.next(), first + all.len() as u64);
            prop_assert_eq!(window.get(window.next()), None);
            prop_assert_eq!(window.get(window.oldest().wrapping_sub(1)), None);
        }
    }
}
