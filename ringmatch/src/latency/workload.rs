//! What is asked of the venue, and how; two results compare only if this is
//! the same in both.

use super::{Arrivals, Mix};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The most orders in one measurement: each takes eight octets of memory.
pub const MAX_ORDERS: u64 = 100_000_000;

/// When the next order is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// When it is due, whatever became of those before it.
    Open {
        /// Mean rate.
        rate_per_s: u64,
        /// How they arrive.
        arrivals: Arrivals,
        /// What random arrivals are drawn from.
        seed: u64,
    },
    /// When fewer than this many wait for an answer. A venue that stalls stalls
    /// its load too, so of a closed loop there is only a service time.
    Closed {
        /// Orders that may wait for an answer.
        outstanding: u32,
    },
}

/// What is asked of the venue.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// When the next order is sent.
    pub load: Load,
    /// How long is measured.
    pub duration: Duration,
    /// How long the same load runs before that.
    pub warm_up: Duration,
    /// Sessions that send, in turn.
    pub sessions: u16,
    /// Which orders.
    pub mix: Mix,
}

/// A workload as results carry it; scripts rely on its keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkloadRecord {
    /// `open` or `closed`.
    pub r#loop: String,
    /// Mean rate of an open loop.
    pub rate_per_s: Option<u64>,
    /// `constant`, `poisson` or `burst:N`, of an open loop.
    pub arrivals: Option<String>,
    /// Seed of random arrivals.
    pub seed: Option<u64>,
    /// Orders that may wait for an answer in a closed loop.
    pub outstanding: Option<u32>,
    /// Seconds measured.
    pub duration_s: f64,
    /// Seconds of warm-up.
    pub warm_up_s: f64,
    /// Sessions that send.
    pub sessions: u16,
    /// Which orders.
    pub mix: String,
    /// When a result may leave.
    pub durability: String,
    /// `own venue`, or `running engine`, which others may load too.
    pub target: String,
}

impl WorkloadRecord {
    /// A workload, and what it was run against.
    #[must_use]
    pub fn new(workload: &Workload, durability: String, target: &str) -> Self {
        let Workload { load, duration, warm_up, sessions, mix } = workload;
        let (open, closed) = match *load {
            Load::Open { rate_per_s, arrivals, seed } => (Some((rate_per_s, arrivals, seed)), None),
            Load::Closed { outstanding } => (None, Some(outstanding)),
        };
        let is_random = |(_, arrivals, seed)| (arrivals == Arrivals::Poisson).then_some(seed);
        Self {
            r#loop: if closed.is_some() { "closed" } else { "open" }.into(),
            rate_per_s: open.map(|(rate_per_s, ..)| rate_per_s),
            arrivals: open.map(|(_, arrivals, _)| arrivals.to_string()),
            seed: open.and_then(is_random),
            outstanding: closed,
            duration_s: duration.as_secs_f64(),
            warm_up_s: warm_up.as_secs_f64(),
            sessions: *sessions,
            mix: mix.to_string(),
            durability,
            target: target.into(),
        }
    }
}

impl fmt::Display for WorkloadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.rate_per_s, self.outstanding) {
            (Some(rate), _) => {
                let arrivals = self.arrivals.as_deref().unwrap_or("unknown");
                write!(f, "open loop, {rate} orders/s, arrivals {arrivals}")?;
            }
            (None, Some(outstanding)) => write!(f, "closed loop, {outstanding} outstanding")?,
            (None, None) => write!(f, "unknown loop")?,
        }
        let Self { duration_s, warm_up_s, sessions, mix, durability, target, .. } = self;
        write!(
            f,
            ", {duration_s} s after {warm_up_s} s of warm-up, {sessions} sessions, mix {mix}, \
             durability {durability}, {target}"
        )
    }
}
