//! Datagrams in and out, by UDP or by whatever stands in for it.
//!
//! [`Datagrams`] is all that the rest of the exchange knows of a network, so
//! that a simulated one with seeded loss can take its place. [`UdpEndpoint`] is
//! the real one: a unicast port, or a multicast group joined on one interface.

mod arrivals;
mod departures;
mod endpoint;
mod error;

use std::io;
use std::net::SocketAddr;

pub use departures::Unsent;
pub use endpoint::{BufferSizes, EndpointConfig, UdpEndpoint};
pub use error::EndpointError;

/// Longest UDP payload over IPv4 in bytes. A receive buffer of this size never
/// cuts a datagram short.
pub const MAX_DATAGRAM: usize = 65_507;

/// A network that carries datagrams, and may lose, double or reorder them.
pub trait Datagrams {
    /// Takes the next datagram that has arrived: its length and its sender.
    /// `None` means that nothing is there now. A datagram longer than `buffer`
    /// is cut short.
    ///
    /// # Errors
    /// The network is gone; trying again at once is pointless.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>>;

    /// Sends a datagram. `false` means that there was no room for it and it was
    /// not sent; the caller counts it, and gap repair makes up for it.
    ///
    /// # Errors
    /// The network refuses this datagram or this address.
    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> io::Result<bool>;

    /// Sends a datagram together with others, at [`flush`](Self::flush) at the
    /// latest: a network where a call costs more than a datagram collects them.
    /// Here each is sent at once.
    ///
    /// # Errors
    /// Datagrams that this call was to send, perhaps queued before, are lost.
    fn queue(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), Unsent> {
        let mut unsent = Unsent::default();
        unsent.note(1, self.send(datagram, to));
        unsent.into_result()
    }

    /// Sends what is queued.
    ///
    /// # Errors
    /// Some of it is lost.
    fn flush(&mut self) -> Result<(), Unsent> {
        Ok(())
    }
}
