//! `Stash`: packets that came too early, kept until the gap before them closes.
//!
//! A fixed number of slots in no order, and a bound on the bytes in all of them.
//! When there is no room, the packet that is furthest ahead gives way, because it
//! is needed last; what is dropped comes again by a request. A packet whose numbers another one covers
//! is not kept twice. Slots are few, so looking through all of them is quick,
//! and happens only while something is missing.

use std::fmt;

use crate::wire::mold::{DEFAULT_MAX_PAYLOAD, Packet};

/// A kept packet: a whole datagram with the numbers of its messages.
struct Slot {
    first: u64,
    /// Number after the last message; equal to `first` in an empty slot.
    end: u64,
    /// Its memory is kept for the next one, unless it is long.
    datagram: Vec<u8>,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stashed {
    /// It is kept.
    Kept,
    /// Another packet with the same messages is kept.
    Duplicate,
    /// Either it or one further ahead was dropped for want of room.
    Overflow,
}

/// The stash of a receiver.
#[derive(Debug)]
pub(super) struct Stash {
    slots: Box<[Slot]>,
    /// Slots that are not empty: mostly none, and then nothing is looked at.
    occupied: usize,
    /// Bytes of the packets in them, and how many there may be.
    bytes: usize,
    most_bytes: usize,
}

impl Stash {
    /// Room for this many packets of at most `most_bytes` bytes together.
    pub(super) fn new(packets: usize, most_bytes: usize) -> Self {
        let slot = |_| Slot { first: 0, end: 0, datagram: Vec::new() };
        Self { slots: (0..packets).map(slot).collect(), occupied: 0, bytes: 0, most_bytes }
    }

    /// Keeps a packet with messages, given as its whole datagram.
    pub(super) fn insert(&mut self, datagram: &[u8], packet: &Packet<'_>) -> Stashed {
        let (first, end) = (packet.sequence(), packet.next_sequence());
        if self.kept().any(|slot| slot.first <= first && end <= slot.end) {
            return Stashed::Duplicate;
        }
        if datagram.len() > self.most_bytes {
            return Stashed::Overflow;
        }
        let mut has_dropped = false;
        while self.occupied == self.slots.len() || self.bytes + datagram.len() > self.most_bytes {
            let furthest = self.kept().map(|slot| slot.first).max();
            let Some(furthest) = furthest.filter(|furthest| first < *furthest) else {
                return Stashed::Overflow;
            };
            self.empty(|slot| slot.first == furthest);
            has_dropped = true;
        }
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.is_empty()) else {
            return Stashed::Overflow;
        };
        slot.datagram.extend_from_slice(datagram);
        (slot.first, slot.end) = (first, end);
        self.bytes += datagram.len();
        self.occupied += 1;
        if has_dropped { Stashed::Overflow } else { Stashed::Kept }
    }

    /// Empties the slots that this holds of.
    fn empty(&mut self, which: impl Fn(&Slot) -> bool) {
        for slot in self.slots.iter_mut().filter(|slot| !slot.is_empty() && which(slot)) {
            self.bytes -= slot.datagram.len();
            self.occupied -= 1;
            slot.end = slot.first;
            slot.datagram.clear();
            slot.datagram.shrink_to(DEFAULT_MAX_PAYLOAD);
        }
    }

    /// A kept packet that has the message with this number.
    pub(super) fn covering(&self, number: u64) -> Option<Packet<'_>> {
        let slot = self.kept().find(|slot| (slot.first..slot.end).contains(&number))?;
        Packet::parse(&slot.datagram).ok()
    }

    /// The first number from `number` on that no kept packet has, and the next
    /// number after it that one has.
    pub(super) fn hole_from(&self, number: u64) -> (u64, Option<u64>) {
        let mut start = number;
        while let Some(slot) = self.kept().find(|slot| (slot.first..slot.end).contains(&start)) {
            start = slot.end;
        }
        let end = self.kept().map(|slot| slot.first).filter(|&first| first > start).min();
        (start, end)
    }

    /// Empties the slots that have no number from `number` on.
    pub(super) fn release_below(&mut self, number: u64) {
        if self.occupied > 0 {
            self.empty(|slot| slot.end <= number);
        }
    }

    /// Empties the slots that have no number below `number`; how many.
    pub(super) fn release_from(&mut self, number: u64) -> u64 {
        let occupied = self.occupied;
        if occupied > 0 {
            self.empty(|slot| slot.first >= number);
        }
        (occupied - self.occupied) as u64
    }

    fn kept(&self) -> impl Iterator<Item = &Slot> {
        let looked_at = if self.occupied == 0 { &[] } else { &self.slots[..] };
        looked_at.iter().filter(|slot| !slot.is_empty())
    }
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.first == self.end
    }
}

impl fmt::Debug for Slot {
    /// Without the bytes: a receiver in a log line would fill pages with them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.first, self.end)
    }
}
