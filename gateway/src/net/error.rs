//! Why a socket could not be opened: the address, the cause, and the fix.
//!
//! Opening a socket fails for few reasons, and each has something that an
//! operator can do about it; the texts say what. `purpose` is the word that the
//! configuration uses for the socket, so that the line to change is found.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Why a [`UdpEndpoint`](super::UdpEndpoint) could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Another socket has the address.
    #[error(
        "cannot bind {address} for {purpose}: the address is in use. \
         Another engine may be running; stop it, or configure another port"
    )]
    Busy {
        /// What the socket is for.
        purpose: &'static str,
        /// The address asked for.
        address: SocketAddrV4,
    },
    /// No interface of this machine has the address.
    #[error(
        "no interface has the address {interface}, configured for {purpose}. \
         Configure an address of this machine; 127.0.0.1 keeps everything on it"
    )]
    NoInterface {
        /// What the socket is for.
        purpose: &'static str,
        /// The interface asked for.
        interface: Ipv4Addr,
    },
    /// The port is reserved for privileged processes.
    #[error(
        "cannot bind {address} for {purpose}: permission denied. \
         Configure a port above 1023, or give the process the right to bind this one"
    )]
    Denied {
        /// What the socket is for.
        purpose: &'static str,
        /// The address asked for.
        address: SocketAddrV4,
    },
    /// The group cannot be joined.
    #[error(
        "cannot join the group {address} on {interface} for {purpose}: {source}. \
         Configure a group in 224.0.0.0/4 and an interface that can take multicast"
    )]
    Join {
        /// What the socket is for.
        purpose: &'static str,
        /// Group and port.
        address: SocketAddrV4,
        /// The interface asked for.
        interface: Ipv4Addr,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else that the system refused.
    #[error("cannot {step} for {purpose} ({address}): {source}")]
    Refused {
        /// What the socket is for.
        purpose: &'static str,
        /// The address asked for.
        address: SocketAddrV4,
        /// What was being done.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl EndpointError {
    /// Why an address could not be bound.
    pub(crate) fn of_bind(purpose: &'static str, address: SocketAddrV4, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::Busy { purpose, address },
            io::ErrorKind::PermissionDenied => Self::Denied { purpose, address },
            io::ErrorKind::AddrNotAvailable => {
                Self::NoInterface { purpose, interface: *address.ip() }
            }
            _ => Self::Refused { purpose, address, step: "bind", source },
        }
    }
}
