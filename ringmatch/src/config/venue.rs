//! `[venue]`: what the venue is called.
//!
//! The name is also the MoldUDP64 session of its market-data stream, so it has to
//! fit that field, and no session of a client may have it. Everything else that a
//! venue is, is in the other sections.

use super::text::named;
use ringmatch_engine::SessionName;
use serde::Deserialize;

/// `[venue]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueConfig {
    /// Its name, and the session of its market-data stream.
    #[serde(deserialize_with = "named")]
    pub name: SessionName,
}
