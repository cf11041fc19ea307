//! `Departures`: datagrams that wait for the end of a round, so that many leave
//! by one system call.
//!
//! Each destination has a lane. A lane is a run of datagrams of one length, of
//! which the last may be shorter: that is what the system cuts up again when a
//! whole run is handed to it (segmentation offload). A datagram that does not
//! fit the run sends the run off and begins the next, so the order within a
//! destination is kept. Lanes are few and reused; where all are taken, the one
//! that comes next in turn is sent off. Where the system does not segment, or
//! stops to, a run leaves one datagram at a time.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// Destinations that are collected for at the same time.
const LANES: usize = 8;
/// The longest run in bytes: with its headers it is one IPv4 packet.
const RUN_BYTES: usize = 65_000;

/// Why datagrams were not sent, and how many.
#[derive(Debug, Default)]
pub struct Unsent {
    /// Datagrams lost; gap repair makes up for them.
    pub datagrams: u64,
    /// The first refusal of the system that is not just want of room.
    pub refusal: Option<io::Error>,
}

impl Unsent {
    /// Counts what became of a call that was to send this many datagrams.
    pub(super) fn note(&mut self, datagrams: u64, result: io::Result<bool>) {
        match result {
            Ok(true) => {}
            Ok(false) => self.datagrams += datagrams,
            Err(error) => {
                self.datagrams += datagrams;
                self.refusal.get_or_insert(error);
            }
        }
    }

    /// Success if nothing was lost.
    pub(super) fn into_result(self) -> Result<(), Self> {
        if self.datagrams == 0 { Ok(()) } else { Err(self) }
    }
}

/// Datagrams for one destination, one after another.
struct Lane {
    to: SocketAddr,
    /// Length of each datagram but the last.
    segment: usize,
    datagrams: u64,
    used: usize,
    /// The last datagram was shorter: none can follow it.
    is_closed: bool,
    bytes: Box<[u8]>,
}

impl Lane {
    fn new() -> Self {
        let to = (Ipv4Addr::UNSPECIFIED, 0).into();
        let mut bytes = vec![0; RUN_BYTES].into_boxed_slice();
        // Written through once, so that no page is touched for the first time later.
        bytes.fill(0xFF);
        Self { to, segment: 0, datagrams: 0, used: 0, is_closed: false, bytes }
    }

    fn begin(&mut self, datagram: &[u8], to: SocketAddr) {
        (self.to, self.segment, self.datagrams, self.used) = (to, datagram.len(), 0, 0);
        self.is_closed = datagram.is_empty();
        self.append(datagram);
    }

    fn takes(&self, datagram: &[u8], most: u64) -> bool {
        !self.is_closed
            && !datagram.is_empty()
            && datagram.len() <= self.segment
            && self.used + datagram.len() <= RUN_BYTES
            && self.datagrams < most
    }

    fn append(&mut self, datagram: &[u8]) {
        self.bytes[self.used..self.used + datagram.len()].copy_from_slice(datagram);
        self.used += datagram.len();
        self.datagrams += 1;
        self.is_closed |= datagram.len() < self.segment;
    }

    fn depart(&mut self, send: &mut impl FnMut(&Run<'_>) -> io::Result<bool>, unsent: &mut Unsent) {
        let Self { to, segment, datagrams, used, .. } = *self;
        if datagrams > 0 {
            self.datagrams = 0;
            let run = Run { to, segment, bytes: &self.bytes[..used] };
            unsent.note(datagrams, send(&run));
        }
    }
}

/// Datagrams for one call.
pub(super) struct Run<'a> {
    pub(super) to: SocketAddr,
    /// Length of each datagram but the last.
    pub(super) segment: usize,
    /// All of them, one after another.
    pub(super) bytes: &'a [u8],
}

/// What waits to be sent.
pub(super) struct Departures {
    lanes: Box<[Lane]>,
    /// Lanes that have been used since the last flush.
    taken: usize,
    /// The lane that gives way next.
    turn: usize,
}

impl Departures {
    pub(super) fn new() -> Self {
        Self { lanes: (0..LANES).map(|_| Lane::new()).collect(), taken: 0, turn: 0 }
    }

    /// Takes a datagram, and sends off what stands in its way. A run gets at
    /// most `most` datagrams.
    pub(super) fn queue(
        &mut self,
        datagram: &[u8],
        to: SocketAddr,
        most: u64,
        send: &mut impl FnMut(&Run<'_>) -> io::Result<bool>,
    ) -> Result<(), Unsent> {
        let mut unsent = Unsent::default();
        let found = self.lanes[..self.taken].iter().position(|lane| lane.to == to);
        let lane = &mut self.lanes[found.unwrap_or_else(|| self.free_lane())];
        if lane.to == to && lane.datagrams > 0 && lane.takes(datagram, most) {
            lane.append(datagram);
        } else {
            lane.depart(send, &mut unsent);
            if datagram.len() > RUN_BYTES {
                unsent.note(1, send(&Run { to, segment: datagram.len(), bytes: datagram }));
            } else {
                lane.begin(datagram, to);
            }
        }
        unsent.into_result()
    }

    /// Sends off everything.
    pub(super) fn flush(
        &mut self,
        send: &mut impl FnMut(&Run<'_>) -> io::Result<bool>,
    ) -> Result<(), Unsent> {
        let mut unsent = Unsent::default();
        for lane in &mut self.lanes[..self.taken] {
            lane.depart(send, &mut unsent);
        }
        (self.taken, self.turn) = (0, 0);
        unsent.into_result()
    }

    /// A lane that nobody uses, or the next in turn.
    fn free_lane(&mut self) -> usize {
        if self.taken < self.lanes.len() {
            self.taken += 1;
            return self.taken - 1;
        }
        self.turn = (self.turn + 1) % self.lanes.len();
        self.turn
    }
}

impl fmt::Debug for Departures {
    /// Without the bytes: they are half a megabyte.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting: u64 = self.lanes[..self.taken].iter().map(|lane| lane.datagrams).sum();
        write!(f, "{waiting} datagrams wait")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What leaves, cut up again as the system would.
    fn cut(run: &Run<'_>) -> Vec<(SocketAddr, Vec<u8>)> {
        if run.bytes.is_empty() {
            return vec![(run.to, Vec::new())];
        }
        run.bytes.chunks(run.segment).map(|datagram| (run.to, datagram.to_vec())).collect()
    }

    /// Against a plain list: each destination gets what was queued for it,
    /// whole and in order, in runs of at most so many.
    #[test]
    fn every_destination_gets_its_datagrams_in_order() {
        for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (most, ports) = (random.u64(1..9), random.u16(1..20));
            let mut departures = Departures::new();
            let (mut queued, mut sent) = (Vec::new(), Vec::new());
            let mut send = |run: &Run<'_>| {
                let datagrams = cut(run);
                assert!(datagrams.len() as u64 <= most, "seed {seed}");
                sent.extend(datagrams);
                Ok(true)
            };
            for number in 0..random.u32(1..400) {
                let to: SocketAddr = ([127, 0, 0, 1], random.u16(1..=ports)).into();
                let bytes = match random.u8(0..9) {
                    0 => 0,
                    1 => random.usize(1..RUN_BYTES + 400),
                    2..4 => random.usize(1..60),
                    _ => 60,
                };
                let mut datagram = vec![seed as u8; bytes];
                datagram.iter_mut().zip(number.to_le_bytes()).for_each(|(at, byte)| *at = byte);
                departures.queue(&datagram, to, most, &mut send).unwrap();
                queued.push((to, datagram));
                if random.u8(0..20) == 0 {
                    departures.flush(&mut send).unwrap();
                }
            }
            departures.flush(&mut send).unwrap();
            for port in 1..=ports {
                let of = |list: &[(SocketAddr, Vec<u8>)]| -> Vec<_> {
                    list.iter().filter(|(to, _)| to.port() == port).cloned().collect()
                };
                assert!(of(&queued) == of(&sent), "seed {seed}, port {port}");
            }
        }
    }

    #[test]
    fn what_is_lost_is_counted() {
        let mut departures = Departures::new();
        let to = ([127, 0, 0, 1], 1).into();
        let mut full = |_: &Run<'_>| Ok(false);
        for _ in 0..3 {
            departures.queue(b"four", to, 64, &mut full).unwrap();
        }
        let unsent = departures.queue(b"longer", to, 64, &mut full).unwrap_err();
        assert!((unsent.datagrams, unsent.refusal.is_none()) == (3, true), "{unsent:?}");
        let mut refused = |_: &Run<'_>| Err(io::ErrorKind::NetworkUnreachable.into());
        let unsent = departures.flush(&mut refused).unwrap_err();
        assert!((unsent.datagrams, unsent.refusal.is_some()) == (1, true), "{unsent:?}");
        departures.flush(&mut refused).unwrap();
    }
}
