//! `Allowance`: how much each source may ask for.
//!
//! A source is an address without its port. Each has a bucket that fills at a
//! steady rate and holds half a second's worth; an answer takes one out. The
//! buckets are a table of fixed size, by a hash of the address that differs from
//! start to start: addresses that meet in one bucket share it, so nobody gets
//! more by coming from many ports or by pushing others out of the table, and
//! spoofed addresses cost no memory.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

/// Buckets.
const BUCKETS: usize = 1024;
const SECOND_NS: u64 = 1_000_000_000;

/// What each source may still ask for.
#[derive(Debug)]
pub(super) struct Allowance {
    hash: RandomState,
    /// What one answer costs, in ns of time.
    cost_ns: u64,
    /// Until when each bucket's allowance is used up, in ns: never more than
    /// half a second behind now.
    used_until: Box<[u64]>,
}

impl Allowance {
    /// Every source may have `per_s` answers a second.
    ///
    /// # Panics
    /// If it is zero.
    pub(super) fn new(per_s: u32) -> Self {
        assert!(per_s > 0, "an allowance of nothing is no allowance");
        let used_until = vec![0; BUCKETS].into_boxed_slice();
        Self { hash: RandomState::new(), cost_ns: SECOND_NS / u64::from(per_s), used_until }
    }

    /// Whether this source may have one more answer now; it is taken then.
    pub(super) fn take(&mut self, source: IpAddr, now: u64) -> bool {
        let hash = self.hash.hash_one(source);
        let bucket = &mut self.used_until[hash as usize % BUCKETS];
        let used_until = (*bucket).max(now.saturating_sub(SECOND_NS / 2));
        let is_allowed = used_until + self.cost_ns <= now;
        if is_allowed {
            *bucket = used_until + self.cost_ns;
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_its_rate_and_takes_nothing_from_others() {
        let mut allowance = Allowance::new(100);
        let (greedy, modest) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let mut now = 10 * SECOND_NS;
        let burst = (0..1_000).filter(|_| allowance.take(greedy, now)).count();
        assert_eq!(burst, 50, "half a second's worth");
        let shares = allowance.hash.hash_one(greedy) as usize % BUCKETS
            == allowance.hash.hash_one(modest) as usize % BUCKETS;
        assert_eq!(allowance.take(modest, now), !shares);
        let mut had = 0;
        for _ in 0..1_000 {
            now += SECOND_NS / 1_000;
            had += (0..10).filter(|_| allowance.take(greedy, now)).count();
        }
        assert!((99..=101).contains(&had), "{had}");
    }
}
