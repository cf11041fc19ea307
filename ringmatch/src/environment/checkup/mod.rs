//! The check-up: what of this machine stands in the way of an engine.
//!
//! Each check looks at one thing, mostly by trying it, and comes to one
//! [`Finding`]: what there is, what it costs, and how to change it. Nothing is
//! changed here. What cannot be found out is a note and no warning, because a
//! container or another system that hides it is not at fault.

mod busy_polling;
mod disk;
mod network;
mod processor;

use super::Machine;
use crate::config::Config;
use serde::Serialize;
use std::path::Path;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; costs little, or cannot be changed from here.
    Note,
    /// Costs latency or safety, and can be changed.
    Warning,
    /// An engine cannot work like this.
    Failure,
}

impl Level {
    /// In one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Failure => "FAILURE",
        }
    }
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was checked.
    pub check: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What there is.
    pub found: String,
    /// What that costs; nothing, if it is as it should be.
    pub costs: Option<String>,
    /// How to change it.
    pub fix: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, found: found.into(), costs: None, fix: None }
    }

    fn bad(
        check: &'static str,
        level: Level,
        found: impl Into<String>,
        costs: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let (costs, fix) = (Some(costs.into()), Some(fix.into()));
        Self { check, level, found: found.into(), costs, fix }
    }

    fn unknown(check: &'static str, costs: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::bad(check, Level::Note, "unknown: the system does not say", costs, fix)
    }
}

/// Checks this machine for an engine with this config and data directory.
#[must_use]
pub fn check_up(config: &Config, data_dir: &Path) -> Vec<Finding> {
    let machine = Machine::here();
    let network = network::check(config);
    let busy_polling = busy_polling::check(config.network.interface);
    let processor = processor::check(config, &machine);
    let disk = disk::check(config, data_dir);
    network.into_iter().chain([busy_polling]).chain(processor).chain(disk).collect()
}
