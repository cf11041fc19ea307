//! What a measurement was made on: figures without it cannot be compared.

use super::Site;
use crate::environment::{Built, Machine};
use crate::pipeline::Venue;
use ringmatch_ring::WaitStrategy;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a measurement was made on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The machine.
    #[serde(flatten)]
    pub machine: Machine,
    /// The program that measured; of a venue of its own, also what was measured.
    #[serde(flatten)]
    pub built: Built,
    /// Which stages share a thread; a running engine does not say.
    pub layout: Option<String>,
    /// How idle threads wait, the client's included.
    pub wait: String,
    /// Each thread known, and where it runs.
    pub threads: Vec<String>,
    /// When a result may leave.
    pub durability: String,
}

impl Environment {
    /// What this process runs on, and how this venue runs in it; `client` says
    /// where the client's thread runs.
    #[must_use]
    pub fn of(site: &Site, wait: WaitStrategy, client: impl fmt::Display) -> Self {
        let stages = site.venue().into_iter().flat_map(Venue::threads);
        let stages = stages.map(|(name, standing)| format!("{name}: {standing}"));
        Self {
            machine: Machine::here(),
            built: Built::this(),
            layout: site.venue().map(|venue| venue.layout().to_string()),
            wait: wait.to_string(),
            threads: stages.chain([format!("client: {client}")]).collect(),
            durability: site.config().journal.durability.to_string(),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, built, wait, durability, .. } = self;
        let (layout, threads) = (self.layout.as_deref(), self.threads.join(", "));
        let layout = layout.unwrap_or("of the running engine");
        writeln!(f, "{machine}\n{built}")?;
        write!(f, "layout {layout} ({threads}), wait {wait}, durability {durability}")
    }
}
