//! The durability policy and its text form.
//!
//! It is chosen once, when the journal is opened; the writer does what it says,
//! and nothing in the format depends on it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// When a result may leave the building.
///
/// A policy decides what [`Writer::commit`](crate::Writer::commit) waits for,
/// and so which accident can take back what somebody has already been told.
/// Under every policy a finished segment is synced before the next is begun.
///
/// | policy | process killed | kernel crash or power cut | a commit costs |
/// |---|---|---|---|
/// | `fsync` | nothing is lost | nothing is lost | one `fdatasync` |
/// | `interval:10` | nothing is lost | the last 10 ms may be lost | nothing, but one `fdatasync` in 10 ms |
/// | `write` | nothing is lost | all since the segment began may be lost | nothing |
/// | `none` | everything is lost | everything is lost | nothing: there is no journal |
///
/// What is lost is always the end: recovery yields every frame up to the first
/// lost one. After a power cut under `write` it refuses to guess if more than
/// 4 MiB follow that frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Durability {
    /// Every commit waits for the disk (`fdatasync`).
    #[default]
    Fsync,
    /// A commit waits for the operating system; the disk is waited for by the
    /// first commit that comes this long after something was left unsynced.
    Interval(Duration),
    /// A commit waits for the operating system only.
    Write,
    /// Nothing is written: for benchmarks and tests, on [`Nowhere`](crate::Nowhere).
    None,
}

/// The interval of `"interval"` without a number.
const DEFAULT_INTERVAL: Duration = Duration::from_millis(10);

/// A text that names no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no durability policy: use \"fsync\", \"write\", \"interval\", \
     \"interval:MS\" with 1 to 60000 milliseconds, or \"none\""
)]
pub struct UnknownDurability(String);

impl FromStr for Durability {
    type Err = UnknownDurability;

    fn from_str(text: &str) -> Result<Self, UnknownDurability> {
        match text {
            "fsync" => Ok(Self::Fsync),
            "write" => Ok(Self::Write),
            "none" => Ok(Self::None),
            "interval" => Ok(Self::Interval(DEFAULT_INTERVAL)),
            _ => text
                .strip_prefix("interval:")
                .and_then(|ms| ms.parse().ok())
                .filter(|ms| (1..=60_000).contains(ms))
                .map(|ms| Self::Interval(Duration::from_millis(ms)))
                .ok_or_else(|| UnknownDurability(text.to_owned())),
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fsync => f.write_str("fsync"),
            Self::Interval(interval) => write!(f, "interval:{}", interval.as_millis()),
            Self::Write => f.write_str("write"),
            Self::None => f.write_str("none"),
        }
    }
}
