//! The five scenarios of the challenge and what their reports must hash to.
//!
//! The hashes are the consensus of all engines that took part, as published
//! with the flows.

use std::path::{Path, PathBuf};

/// One scenario of the challenge.
#[derive(Debug)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// SHA-256 of the reports' text for a million new orders.
    full: &'static str,
    /// The same for ten thousand.
    small: &'static str,
}

/// Which recording of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A million new orders.
    Full,
    /// Ten thousand new orders.
    Small,
}

/// All of them.
pub const SCENARIOS: [Scenario; 5] = [
    Scenario {
        name: "normal",
        full: "e9b2e3926854410b01a035aeb25dd05f1e597c233be8263de9eb49b6713d367e",
        small: "fb91d8c1ab5f656eb9a7eed8f7c109c455e57fe75e4f35684b1a0bf60c30a0a8",
    },
    Scenario {
        name: "static",
        full: "9803843ee404fc29c9a0aa5614f8f0d5a58b5c44fcac9ef89067886fcaaa30d1",
        small: "691da9e9391d3a5046b3acf2a9d586e5aef5a75c9b8747edc67858cbe490cfa6",
    },
    Scenario {
        name: "swing-25",
        full: "61a84be9469661bd039e00dbc9a7c011e70b6ace37aadfe60045ea083b05f4df",
        small: "f5953bfe67337ad35e56cfabd5ef52ba13bbcbce60d1a42906da9a7b2f0c4a77",
    },
    Scenario {
        name: "swing-40",
        full: "3cb0175e7982ff09ea220d1feaee3844cf9116a5ce455757879dea1d880b9b9f",
        small: "16d3031a85c771c5856d55b6011e82ae123ba63cd8408b00308b82cba3cbfb3c",
    },
    Scenario {
        name: "flash-crash",
        full: "cff8d3f94b709fc64a8b2058a6ca4fb6920364904796e46906895e362d2bb16b",
        small: "36586bbf9bf2dfc8f736a052c2afab39bb6b672e7b863197315c78a9a844a441",
    },
];

impl Scenario {
    /// The file of its flow.
    #[must_use]
    pub fn file(&self, flows: &Path, size: Size) -> PathBuf {
        flows.join(match size {
            Size::Full => format!("{}.flow.zst", self.name),
            Size::Small => format!("{}.small.flow.zst", self.name),
        })
    }

    /// What its reports must hash to.
    #[must_use]
    pub fn hash(&self, size: Size) -> &'static str {
        match size {
            Size::Full => self.full,
            Size::Small => self.small,
        }
    }
}
