//! How much one source may ask for.
//!
//! Whoever asks for messages gets many bytes for few, so each source has a
//! budget that fills up again with time: enough for a client that asks for one
//! packet after the other as fast as they come, and far from enough to keep the
//! venue busy. There is a fixed number of budgets, and an address always has
//! the same one. Two addresses may share one, which only a flood makes either
//! of them notice; nothing grows, however many addresses there are.

use crate::stream::MonotonicNanos;
use std::net::{IpAddr, SocketAddr};

/// Budgets; a power of two.
const BUDGETS: usize = 4096;
/// Requests that a source may make at once.
const BURST: u64 = 4096;
/// Nanoseconds until a source may make one more: 20,000 in a second.
const PAUSE_NS: u64 = 50_000;

/// The budgets of all sources.
#[derive(Debug)]
pub(crate) struct RateLimit {
    /// When each budget is full again; a budget that is full is in the past.
    full_at: Box<[MonotonicNanos]>,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { full_at: vec![0; BUDGETS].into_boxed_slice() }
    }
}

impl RateLimit {
    /// Whether a source may ask for something now; if so, it has.
    pub(crate) fn take(&mut self, from: SocketAddr, now: MonotonicNanos) -> bool {
        let full_at = &mut self.full_at[budget(from.ip())];
        let after = (*full_at).max(now).saturating_add(PAUSE_NS);
        let is_left = after - now <= BURST * PAUSE_NS;
        if is_left {
            *full_at = after;
        }
        is_left
    }
}

/// Ports do not count: one host has many.
fn budget(address: IpAddr) -> usize {
    let bits = match address {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        // A network of this length is given to one customer.
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    };
    // Fibonacci hashing: neighbours are spread over all budgets.
    (bits.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BUDGETS.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: u8, port: u16) -> SocketAddr {
        ([10, 0, 0, host], port).into()
    }

    #[test]
    fn a_source_has_its_burst_and_then_its_rate_and_no_port_gives_it_more() {
        let mut limit = RateLimit::default();
        let start = 7_000_000_000;
        let storm = |limit: &mut RateLimit, host, now| {
            (0..10_000).filter(|port| limit.take(address(host, *port), now)).count() as u64
        };
        assert_eq!(storm(&mut limit, 1, start), BURST);
        assert_eq!(storm(&mut limit, 1, start), 0);
        assert_eq!(storm(&mut limit, 2, start), BURST, "others have theirs");
        assert_eq!(storm(&mut limit, 1, start + 1_000_000), 20);
        assert_eq!(storm(&mut limit, 1, start + 60_000_000_000), BURST);
    }
}
