//! `UdpEndpoint`: one UDP socket, unicast or joined to a multicast group.
//!
//! A group's socket is bound to the group's own address and hears nothing but
//! that group, whatever else the machine has joined. A port is exclusive, so
//! that a second engine cannot start beside a first one, unless the
//! configuration shares it among readers of market data. Every endpoint can
//! also send, to groups through the configured interface. The socket never
//! blocks, but for `receive_within`, which sleeps until something arrives.
//! Multicast works on the loopback interface too, although it does not carry
//! the MULTICAST flag; so nothing here asks for flags. One system call takes
//! all that has arrived, up to a bound, and one sends a whole run of what was
//! queued, where the system has segmentation and receive offload and that is
//! wanted.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use quinn_udp::{Transmit, UdpSocketState};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, Socket, Type};

use super::arrivals::Arrivals;
use super::departures::{Departures, Run};
use super::{Datagrams, EndpointError, Unsent};

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
    /// Whether runs of queued datagrams leave by one system call each, where the
    /// system can cut them up. A capture on this host then shows a run as one
    /// long datagram, which no dissector can read.
    pub segmentation: bool,
}

impl EndpointConfig {
    /// An exclusive endpoint that stays on the local network, with buffers of
    /// 4 MiB, that sends each datagram by itself.
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
            segmentation: false,
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
    offload: UdpSocketState,
    segmentation: bool,
    arrivals: Arrivals,
    departures: Departures,
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
        let offload = offload(&socket).map_err(refused("switch on offload"))?;
        let (arrivals, departures) = (Arrivals::new(), Departures::new());
        let segmentation = config.segmentation;
        Ok(Self { socket, local, buffers, offload, segmentation, arrivals, departures })
    }

    /// Address and port that the socket is bound to: for a group, the group's.
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Buffers that the system gave.
    pub fn buffers(&self) -> BufferSizes {
        self.buffers
    }

    /// Another handle on the same socket, for another thread to send from.
    ///
    /// # Errors
    /// The system has no room for one more.
    pub fn try_clone(&self) -> io::Result<Self> {
        let socket = self.socket.try_clone()?;
        let offload = offload(&socket)?;
        let (arrivals, departures) = (Arrivals::new(), Departures::new());
        let Self { local, buffers, segmentation, .. } = *self;
        Ok(Self { socket, local, buffers, offload, segmentation, arrivals, departures })
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
        self.wait(timeout)?;
        self.receive(buffer)
    }

    /// Sleeps until something arrives, the time is over, or a signal comes.
    fn wait(&self, timeout: Duration) -> io::Result<()> {
        let timeout = Timespec::try_from(timeout).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Datagrams for UdpEndpoint {
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>> {
        let Self { socket, offload, arrivals, .. } = self;
        if let Some(arrived) = copy_next(arrivals, buffer) {
            return Ok(Some(arrived));
        }
        // Whoever takes what is there goes on without a call that brings nothing.
        if arrivals.take_end() {
            return Ok(None);
        }
        match arrivals.fill(offload, (&*socket).into()) {
            Ok(()) => Ok(copy_next(arrivals, buffer)),
            Err(error) if is_passing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> io::Result<bool> {
        taken(self.socket.send_to(datagram, to).map(drop))
    }

    fn queue(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), Unsent> {
        let Self { socket, offload, segmentation, departures, .. } = self;
        let most = if *segmentation { offload.max_gso_segments() as u64 } else { 1 };
        departures.queue(datagram, to, most, &mut |run| send_run(socket, offload, run))
    }

    fn flush(&mut self) -> Result<(), Unsent> {
        let Self { socket, offload, departures, .. } = self;
        departures.flush(&mut |run| send_run(socket, offload, run))
    }
}

fn copy_next(arrivals: &mut Arrivals, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    let (datagram, from) = arrivals.next()?;
    let len = datagram.len().min(buffer.len());
    buffer[..len].copy_from_slice(&datagram[..len]);
    Some((len, from))
}

/// Sends a run by one call; one by one if the system will not cut it up, which
/// it may find out only now.
fn send_run(socket: &UdpSocket, offload: &UdpSocketState, run: &Run<'_>) -> io::Result<bool> {
    let Run { to, segment, bytes } = *run;
    if bytes.len() <= segment {
        return taken(socket.send_to(bytes, to).map(drop));
    }
    let transmit = Transmit {
        destination: to,
        ecn: None,
        contents: bytes,
        segment_size: Some(segment),
        src_ip: None,
    };
    let sent = offload.try_send(socket.into(), &transmit);
    if sent.is_err() && offload.max_gso_segments() == 1 {
        let mut datagrams = bytes.chunks(segment);
        return taken(datagrams.try_for_each(|datagram| socket.send_to(datagram, to).map(drop)));
    }
    taken(sent)
}

/// Whether the system took it; that it has no room now is no error.
fn taken(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if is_passing(&error) => Ok(false),
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
    set_buffers(socket, config)?;
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

/// Beyond the system's limit if this process may, up to it otherwise.
fn set_buffers(socket: &Socket, config: &EndpointConfig) -> io::Result<()> {
    let EndpointConfig { receive_buffer_bytes, send_buffer_bytes, .. } = *config;
    #[cfg(target_os = "linux")]
    {
        use rustix::net::sockopt;
        let receive = sockopt::set_socket_recv_buffer_size_force(socket, receive_buffer_bytes);
        let send = sockopt::set_socket_send_buffer_size_force(socket, send_buffer_bytes);
        if receive.is_ok() && send.is_ok() {
            return Ok(());
        }
    }
    socket.set_recv_buffer_size(receive_buffer_bytes)?;
    socket.set_send_buffer_size(send_buffer_bytes)
}

/// Switches on what the system has of segmentation and receive offload.
fn offload(socket: &UdpSocket) -> io::Result<UdpSocketState> {
    let state = UdpSocketState::new(socket.into())?;
    // It has also forbidden to fragment, to probe for the path's MTU. Packets
    // here are short enough for most paths and must get through the others.
    #[cfg(target_os = "linux")]
    {
        use rustix::net::sockopt::{Ipv4PathMtuDiscovery, set_ip_mtu_discover};
        set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::WANT)?;
    }
    Ok(state)
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
