//! The workloads by name.

use clap::ValueEnum;
use ringmatch_benches::flow::{Mix, RealFlowError, Script, read_real_flow};
use std::fmt::{self, Display, Formatter};
use std::path::Path;

/// Where a record lies beside the project, if somebody put it there.
pub(crate) const RECORD: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/aapl-20191230-0935.itch50.zst");
/// Books that play the record at once.
const REAL_BOOKS: u16 = 200;
/// Messages of the record that each of them plays.
const REAL_MESSAGES: usize = 10_000;

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// One book, 10,000 resting orders, add and cancel.
    A,
    /// One book, 1,000 resting orders, mostly replace.
    B,
    /// 10,000 books, 1,000,000 resting orders, add and cancel.
    C,
    /// A recorded flow in 200 books at once.
    R,
}

impl Workload {
    /// The flow; none if its record is absent.
    pub(crate) fn script(self, record: &Path) -> Result<Option<Script>, RealFlowError> {
        Ok(match self {
            Self::A => Some(Mix::A.script()),
            Self::B => Some(Mix::B.script()),
            Self::C => Some(Mix::C.script()),
            Self::R if record.exists() => Some(read_real_flow(record, REAL_BOOKS, REAL_MESSAGES)?),
            Self::R => None,
        })
    }
}

impl Display for Workload {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::R => "r",
        })
    }
}
