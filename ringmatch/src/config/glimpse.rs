//! `[glimpse]`: how late joiners get the book.
//!
//! They connect by TCP and are told a picture of the market, from which they go on
//! with the multicast stream. Without this section there is no such picture. The
//! number of connections is bounded, because each costs memory while its picture
//! waits to be read.

use super::key::Key;
use serde::Deserialize;
use std::net::SocketAddrV4;

/// `[glimpse]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlimpseConfig {
    /// Where late joiners connect to by TCP.
    pub address: SocketAddrV4,
    /// Connections at a time; half of them from one address.
    pub connections: u16,
}

impl GlimpseConfig {
    pub(super) fn fault(&self) -> Option<(Key, String)> {
        if self.address.ip().is_multicast() {
            let text = "must be an address of this host, not a multicast group";
            return Some((Key::glimpse("address"), text.into()));
        }
        if !(1..=1024).contains(&self.connections) {
            return Some((Key::glimpse("connections"), "must be from 1 to 1024".into()));
        }
        None
    }
}
