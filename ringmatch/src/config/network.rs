//! `[network]`: where a venue listens and sends.
//!
//! Orders come in at one address, requests at another; responses leave from the
//! second, by which clients tell the two apart. Market data goes to a group or to
//! one receiver. All is IPv4, as the multicast groups of the protocols are.

use super::key::Key;
use ringmatch_gateway::wire::mold::{DEFAULT_MAX_PAYLOAD, PACKET_BYTES};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddrV4};

/// `[network]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// The interface of multicast, by its address.
    pub interface: Ipv4Addr,
    /// Where orders are received: a group, or an address of this host.
    pub orders: SocketAddrV4,
    /// Where market data is sent: a group, or one receiver.
    pub market_data: SocketAddrV4,
    /// Where requests are received, and responses sent from.
    pub requests: SocketAddrV4,
    /// Bytes of the longest packet, header included: one of [`PACKET_BYTES`].
    #[serde(default = "default_packet_bytes")]
    pub max_packet_bytes: usize,
    /// Whether runs of packets leave by one system call each, which a capture on
    /// this host shows as one long datagram.
    #[serde(default)]
    pub segmentation_offload: bool,
}

const fn default_packet_bytes() -> usize {
    DEFAULT_MAX_PAYLOAD
}

impl NetworkConfig {
    pub(super) fn fault(&self) -> Option<(Key, String)> {
        if !PACKET_BYTES.contains(&self.max_packet_bytes) {
            let text = format!("must be from {} to {}", PACKET_BYTES.start(), PACKET_BYTES.end());
            return Some((Key::of("max_packet_bytes"), text));
        }
        if self.requests.ip().is_multicast() {
            let text = "must be an address of this host, not a multicast group";
            return Some((Key::of("requests"), text.into()));
        }
        if self.requests.port() == self.orders.port() {
            let text = "must have another port than orders: clients tell by it";
            return Some((Key::of("requests"), text.into()));
        }
        None
    }
}
