//! `Stash`: packets that came too early, kept until the gap before them closes.
//!
//! A fixed number of slots of fixed size, in no order. When all are taken, the
//! packet that is furthest ahead gives way, because it is needed last; what is
//! dropped comes again by a request. A packet whose numbers another one covers
//! is not kept twice. Slots are few, so looking through all of them is quick,
//! and happens only while something is missing.

use std::fmt;

use crate::wire::mold::Packet;

/// A kept packet: a whole datagram with the numbers of its messages.
struct Slot {
    first: u64,
    /// Number after the last message; equal to `first` in an empty slot.
    end: u64,
    bytes: usize,
    datagram: Box<[u8]>,
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
}

impl Stash {
    /// Room for this many packets of at most `bytes` bytes each.
    pub(super) fn new(packets: usize, bytes: usize) -> Self {
        let slot = |_| Slot { first: 0, end: 0, bytes: 0, datagram: vec![0; bytes].into() };
        Self { slots: (0..packets).map(slot).collect(), occupied: 0 }
    }

    /// Keeps a packet with messages, given as its whole datagram.
    pub(super) fn insert(&mut self, datagram: &[u8], packet: &Packet<'_>) -> Stashed {
        let (first, end) = (packet.sequence(), packet.next_sequence());
        if self.kept().any(|slot| slot.first <= first && end <= slot.end) {
            return Stashed::Duplicate;
        }
        // An empty slot is before every other; else the furthest one gives way.
        let victim = self.slots.iter_mut().max_by_key(|slot| (slot.is_empty(), slot.first));
        let Some(slot) = victim else { return Stashed::Overflow };
        let was_empty = slot.is_empty();
        let gives_way = was_empty || first < slot.first;
        if !gives_way || datagram.len() > slot.datagram.len() {
            return Stashed::Overflow;
        }
        slot.datagram[..datagram.len()].copy_from_slice(datagram);
        (slot.first, slot.end, slot.bytes) = (first, end, datagram.len());
        if !was_empty {
            return Stashed::Overflow;
        }
        self.occupied += 1;
        Stashed::Kept
    }

    /// A kept packet that has the message with this number.
    pub(super) fn covering(&self, number: u64) -> Option<Packet<'_>> {
        let slot = self.kept().find(|slot| (slot.first..slot.end).contains(&number))?;
        Packet::parse(&slot.datagram[..slot.bytes]).ok()
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
        if self.occupied == 0 {
            return;
        }
        for slot in self.slots.iter_mut().filter(|slot| !slot.is_empty() && slot.end <= number) {
            slot.end = slot.first;
            self.occupied -= 1;
        }
    }

    /// Empties the slots that have no number below `number`; how many.
    pub(super) fn release_from(&mut self, number: u64) -> u64 {
        let occupied = self.occupied;
        if occupied > 0 {
            let beyond = |slot: &&mut Slot| !slot.is_empty() && slot.first >= number;
            for slot in self.slots.iter_mut().filter(beyond) {
                slot.end = slot.first;
                self.occupied -= 1;
            }
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
