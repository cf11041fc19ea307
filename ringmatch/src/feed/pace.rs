//! How fast a record is played: as fast as the venue answers, or by its own
//! times.
//!
//! The first message is due when it is first asked for; every other one is due
//! as long after it as the record says, so that one late message does not make
//! all later ones late.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How fast a record is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As fast as the venue answers.
    Max,
    /// So many times as fast as it was recorded.
    Times(f64),
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            _ if text == "max" => Ok(Self::Max),
            Ok(times) if times.is_finite() && times > 0.0 => Ok(Self::Times(times)),
            _ => Err(format!(
                "{text:?} is no speed: use \"max\", or how many times as fast as recorded, such as 1 or 2.5"
            )),
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::Times(times) => write!(f, "{times}"),
        }
    }
}

/// Says when a recorded message is due.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    /// When the first message was due, and its recorded time.
    first: Option<(Instant, u64)>,
}

impl Pacer {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, first: None }
    }

    /// How long to wait for a message; `None` when it is due.
    pub(super) fn wait(&mut self, time_ns: u64, now: Instant) -> Option<Duration> {
        let Pace::Times(times) = self.pace else { return None };
        let (start, first) = *self.first.get_or_insert((now, time_ns));
        let offset = Duration::from_nanos(time_ns.saturating_sub(first)).div_f64(times);
        let left = offset.saturating_sub(now - start);
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_read_and_print() {
        for (text, pace) in [("max", Pace::Max), ("1", Pace::Times(1.0)), ("2.5", Pace::Times(2.5))]
        {
            assert_eq!(text.parse(), Ok(pace));
            assert_eq!(pace.to_string(), text);
        }
        for bad in ["", "0", "-1", "NaN", "inf", "fast"] {
            assert!(bad.parse::<Pace>().unwrap_err().contains("is no speed"), "{bad}");
        }
    }

    #[test]
    fn messages_are_due_by_the_time_since_the_first() {
        let mut pacer = Pacer::new(Pace::Times(2.0));
        let (start, ms) = (Instant::now(), Duration::from_millis);
        assert_eq!(pacer.wait(5_000_000, start), None);
        assert_eq!(pacer.wait(25_000_000, start), Some(ms(10)));
        assert_eq!(pacer.wait(25_000_000, start + ms(4)), Some(ms(6)));
        assert_eq!(pacer.wait(25_000_000, start + ms(10)), None);
        // One that was late does not delay the next.
        assert_eq!(pacer.wait(45_000_000, start + ms(13)), Some(ms(7)));
        // A record whose time goes back is not waited for.
        assert_eq!(pacer.wait(1, start + ms(13)), None);
        assert_eq!(Pacer::new(Pace::Max).wait(u64::MAX, start), None);
    }
}
