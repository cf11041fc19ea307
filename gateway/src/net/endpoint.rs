//! `UdpEndpoint`: one UDP socket, unicast or joined to a multicast group.
//!
//! A group's socket is bound to the group's own address and hears nothing but
//! that group, whatever else the machine has joined. A port is exclusive, so
//! that a second engine cannot start beside a first one, unless the
//! configuration shares it among readers of market data. Every endpoint can
//! also send, to groups through the configured interface. The socket never
//! blocks, but for `receive_within`, which sleeps until something arrives.
//! Multicast works on the loopback interface too, although it does not carry
//! the MULTICAST flag; so nothing here asks for flags.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::{Datagrams, EndpointError};

/// How a [`UdpEndpoint`] is opened.
#[derive(Clone, Copy, Debug)]
pub struct EndpointConfig {
    /// What the socket is for, in the words of the configuration.
    pub purpose: &'static str,
    /// Address to receive at. A multicast group is joined; port 0 lets the
    /// system choose one.
    pub address: SocketAddrV4,
    /// Address of the interface that groups are joined on and sent through.
    pub interface: Ipv4Addr,
    /// Whether other sockets of this machine may receive the same group too.
    /// A unicast port is never shared, because only one socket would get each
    /// datagram.
    pub shared: bool,
    /// Routers that a datagram sent to a group may pass, plus one: 1 stays on
    /// the local network.
    pub ttl: u32,
    /// Bytes of receive buffer to ask the system for.
    pub receive_buffer_bytes: usize,
    /// Bytes of send buffer to ask the system for.
    pub send_buffer_bytes: usize,
}

impl EndpointConfig {
    /// An exclusive endpoint that stays on the local network, with buffers of
    /// 4 MiB.
    pub fn new(purpose: &'static str, address: SocketAddrV4, interface: Ipv4Addr) -> Self {
        let (receive_buffer_bytes, send_buffer_bytes) = (4 << 20, 4 << 20);
        Self {
            purpose,
            address,
            interface,
            shared: false,
            ttl: 1,
            receive_buffer_bytes,
            send_buffer_bytes,
        }
    }
}

/// Buffers that the system gave, which may differ from what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferSizes {
    /// Receive buffer in bytes, as the system counts it (Linux: twice what it
    /// grants, to cover its own bookkeeping).
    pub receive_bytes: usize,
    /// Send buffer in bytes, counted alike.
    pub send_bytes: usize,
}

/// An open UDP socket.
#[derive(Debug)]
pub struct UdpEndpoint {
    socket: UdpSocket,
    local: SocketAddr,
    buffers: BufferSizes,
}

impl UdpEndpoint {
    /// Opens the socket.
    ///
    /// # Errors
    /// The address is in use or forbidden, no interface has the configured
    /// address, or the group cannot be joined; see [`EndpointError`].
    pub fn open(config: &EndpointConfig) -> Result<Self, EndpointError> {
        let refused = |step| {
            move |source| {
                let EndpointConfig { purpose, address, .. } = *config;
                EndpointError::Refused { purpose, address, step, source }
            }
        };
        confirm_interface(config)?;
        let socket = new_socket().map_err(refused("make a socket"))?;
        set_options(&socket, config).map_err(refused("set the options of the socket"))?;
        bind(&socket, config)?;
        if config.address.ip().is_multicast() {
            join(&socket, config)?;
        }
        let buffers = buffer_sizes(&socket).map_err(refused("read the sizes of the buffers"))?;
        let socket = UdpSocket::from(socket);
        let local = socket.local_addr().map_err(refused("read the local address"))?;
        Ok(Self { socket, local, buffers })
    }

    /// Address and port that the socket is bound to: for a group, the group's.
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Buffers that the system gave.
    pub fn buffers(&self) -> BufferSizes {
        self.buffers
    }

    /// Takes the next datagram, and sleeps up to `timeout` for one to arrive.
    /// `None` means that none did, or that a signal cut the sleep short.
    ///
    /// # Errors
    /// The system refuses to receive.
    pub fn receive_within(
        &mut self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> io::Result<Option<(usize, SocketAddr)>> {
        let arrived = self.receive(buffer)?;
        if arrived.is_some() || timeout.is_zero() {
            return Ok(arrived);
        }
        self.socket.set_read_timeout(Some(timeout))?;
        self.socket.set_nonblocking(false)?;
        let arrived = arrived_or_nothing(self.socket.recv_from(buffer));
        self.socket.set_nonblocking(true)?;
        arrived
    }
}

impl Datagrams for UdpEndpoint {
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>> {
        arrived_or_nothing(self.socket.recv_from(buffer))
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> io::Result<bool> {
        match self.socket.send_to(datagram, to) {
            Ok(_) => Ok(true),
            Err(error) if is_passing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn arrived_or_nothing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(arrived) => Ok(Some(arrived)),
        Err(error) if is_passing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the socket is as good as before: nothing there, no room, a signal,
/// a timeout, or a peer whose port is closed.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | Interrupted | TimedOut | ConnectionRefused)
}

/// Binding to the interface's address tells whether this machine has it, for
/// unicast and multicast alike and on every system.
fn confirm_interface(config: &EndpointConfig) -> Result<(), EndpointError> {
    let EndpointConfig { purpose, address, interface, .. } = *config;
    let probe = |interface| UdpSocket::bind(SocketAddrV4::new(interface, 0)).map(drop);
    probe(interface).map_err(|source| match source.kind() {
        io::ErrorKind::AddrNotAvailable => EndpointError::NoInterface { purpose, interface },
        _ => EndpointError::Refused { purpose, address, step: "use the interface", source },
    })
}

fn new_socket() -> io::Result<Socket> {
    Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))
}

fn set_options(socket: &Socket, config: &EndpointConfig) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(config.receive_buffer_bytes)?;
    socket.set_send_buffer_size(config.send_buffer_bytes)?;
    socket.set_multicast_if_v4(&config.interface)?;
    socket.set_multicast_ttl_v4(config.ttl)?;
    socket.set_multicast_loop_v4(true)?;
    if config.shared && config.address.ip().is_multicast() {
        socket.set_reuse_address(true)?;
    }
    // Linux delivers to a socket what any other socket of the machine has
    // joined, unless told not to; other systems never do.
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v4(false)?;
    Ok(())
}

fn bind(socket: &Socket, config: &EndpointConfig) -> Result<(), EndpointError> {
    let EndpointConfig { purpose, address, .. } = *config;
    let bound = socket.bind(&address.into());
    bound.map_err(|source| EndpointError::of_bind(purpose, address, source))
}

fn join(socket: &Socket, config: &EndpointConfig) -> Result<(), EndpointError> {
    let EndpointConfig { purpose, address, interface, .. } = *config;
    socket.join_multicast_v4(address.ip(), &interface).map_err(|source| EndpointError::Join {
        purpose,
        address,
        interface,
        source,
    })
}

fn buffer_sizes(socket: &Socket) -> io::Result<BufferSizes> {
    let receive_bytes = socket.recv_buffer_size()?;
    Ok(BufferSizes { receive_bytes, send_bytes: socket.send_buffer_size()? })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use socket2::SockRef;

    use super::{EndpointConfig, UdpEndpoint};

    /// The options that no datagram on the loopback interface can show.
    #[test]
    fn multicast_options() {
        let group = SocketAddrV4::new(Ipv4Addr::new(239, 192, 7, 1), 0);
        let config =
            EndpointConfig { ttl: 3, ..EndpointConfig::new("test", group, Ipv4Addr::LOCALHOST) };
        let endpoint = UdpEndpoint::open(&config).unwrap();
        let socket = SockRef::from(&endpoint.socket);
        #[cfg(target_os = "linux")]
        assert!(!socket.multicast_all_v4().unwrap());
        assert_eq!(socket.multicast_ttl_v4().unwrap(), 3);
        assert_eq!(socket.multicast_if_v4().unwrap(), Ipv4Addr::LOCALHOST);
        assert!(socket.multicast_loop_v4().unwrap());
        assert!(!socket.reuse_address().unwrap());
    }
}
