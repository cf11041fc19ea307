"""UDP sockets as the venue expects them, and where the default venue is.

Groups are joined on one interface and sent to through it; a datagram stays on
the local network. Nothing here blocks but `wait`.
"""

from __future__ import annotations

import ipaddress
import select
import socket
from typing import Iterator, List, Optional, Sequence, Tuple

Address = Tuple[str, int]

#: The venue that `ringmatch serve` runs when no config is given.
ORDERS: Address = ("239.192.77.1", 31001)
MARKET_DATA: Address = ("239.192.77.2", 31002)
REQUESTS: Address = ("127.0.0.1", 31003)
GLIMPSE: Address = ("127.0.0.1", 31005)
INTERFACE = "127.0.0.1"
VENUE = "RINGMATCH"

MAX_DATAGRAM = 65_507
BUFFER_BYTES = 4 << 20


def open_socket(interface: str, receive_at: Optional[Address] = None) -> socket.socket:
    """A socket that sends through `interface`, and receives there at a port that
    the system chooses, or at `receive_at`, which may be a group."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        own = socket.inet_aton(interface)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        if receive_at is None:
            udp.bind((interface, 0))
            return udp
        is_group = ipaddress.ip_address(receive_at[0]).is_multicast
        if is_group:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp.bind(receive_at)
        if is_group:
            group = socket.inet_aton(receive_at[0])
            udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + own)
        return udp
    except BaseException:
        udp.close()
        raise


def wait(sockets: Sequence[socket.socket], seconds: float) -> List[socket.socket]:
    """Those sockets that have a datagram, waiting up to `seconds` for the first."""
    return select.select(sockets, [], [], max(seconds, 0.0))[0]


def arrived(udp: socket.socket, limit: int = 64) -> Iterator[Tuple[bytes, Address]]:
    """What is there now, at most `limit` datagrams, so that a flood ends."""
    for _ in range(limit):
        try:
            datagram, sender = udp.recvfrom(MAX_DATAGRAM)
        except (BlockingIOError, ConnectionRefusedError):
            # Refused: nobody listens at a unicast address that was sent to.
            return
        yield datagram, sender


def send(udp: socket.socket, datagram: bytes, to: Address) -> None:
    """Sends a datagram. One that finds no room is lost, and repaired like others."""
    try:
        udp.sendto(datagram, to)
    except (BlockingIOError, ConnectionRefusedError):
        pass
