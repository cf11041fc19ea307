//! Whether an engine's fills are those of the reference book.

use ringmatch_benches::flow::{Report, ReportBody};
use std::fmt::{self, Display, Formatter};

/// How two lists of reports compare in their trades.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreement {
    right: usize,
    made: usize,
    /// The message of the first trade that differs.
    first_wrong: Option<u64>,
}

impl Agreement {
    /// Compares the trades, in their order.
    pub(crate) fn of(expected: &[Report], made: &[Report]) -> Self {
        let (right, made) = (trades(expected), trades(made));
        let place = right.iter().zip(&made).position(|(right, made)| right != made);
        let shorter = right.len().min(made.len());
        let place = place.or((right.len() != made.len()).then_some(shorter));
        let wrong = place.and_then(|place| right.get(place).or(made.get(place)));
        let first_wrong = wrong.map(|report| report.sequence);
        Self { right: right.len(), made: made.len(), first_wrong }
    }
}

fn trades(reports: &[Report]) -> Vec<&Report> {
    let is_trade = |report: &&Report| matches!(report.body, ReportBody::Trade { .. });
    reports.iter().filter(is_trade).collect()
}

impl Display for Agreement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { right, made, first_wrong } = self;
        match first_wrong {
            None => write!(f, "all {right} fills agree"),
            Some(message) => {
                write!(f, "FILLS DIFFER from message {message} on: {made} made, {right} right")
            }
        }
    }
}
