//! `[order_entry]`: from whom orders are taken.
//!
//! The section may be left out, and then whoever is on this host may trade in any
//! session. The keys themselves are in a file of their own, because a config is
//! shown around and they must not be. `docs/sessions.md` has all of it.

use serde::Deserialize;
use std::path::PathBuf;

/// `[order_entry]`; see [`Keys`](crate::keys::Keys).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderEntryConfig {
    /// The file with the keys of the sessions; from where the config file is.
    #[serde(default)]
    pub keys: Option<PathBuf>,
    /// Whether sessions without keys may trade from other hosts.
    #[serde(default)]
    pub accept_unsealed_orders_from_the_network: bool,
}
