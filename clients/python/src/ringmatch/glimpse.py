"""The book for those who join late: one snapshot over TCP.

In the manner of GLIMPSE 5.0 over SoupBinTCP 3.00: log in, take the messages that
lead to the market as it stands, and the number of the message of the live stream
to go on with. `MarketFeed(start=snapshot.next)` misses nothing from there.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import List, Tuple

from . import itch, net
from .client import Silence
from .wire import Message, WireError

#: Letter and bytes of the message that ends a snapshot.
END, END_BYTES = b"G", 21


@dataclass(frozen=True)
class Snapshot:
    """The market at one moment: the messages that lead there, and the number of
    the first message of the live stream that is not in them."""

    messages: List[Message]
    next: int


def login(venue: str) -> bytes:
    """The login request: no name, no password, from the first message on."""
    payload = b"L" + b" " * 16 + venue.encode("ascii").ljust(10) + b"1".rjust(20)
    return len(payload).to_bytes(2, "big") + payload


class Connection:
    """The packets of one connection, read until a deadline."""

    def __init__(self, address: net.Address, deadline: float) -> None:
        self._deadline = deadline
        self._tcp = socket.create_connection(address, self._left())

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Silence("no whole snapshot came in time")
        return left

    def send(self, data: bytes) -> None:
        """Writes a packet."""
        self._tcp.sendall(data)

    def packet(self) -> Tuple[bytes, bytes]:
        """The next packet: its letter and its payload."""
        packet = self._read(int.from_bytes(self._read(2), "big"))
        return packet[:1], packet[1:]

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            self._tcp.settimeout(self._left())
            try:
                piece = self._tcp.recv(count - len(data))
            except socket.timeout:
                continue
            if not piece:
                raise Silence("the connection ended before the snapshot did")
            data += piece
        return data

    def close(self) -> None:
        """Hangs up."""
        self._tcp.close()


def fetch(
    address: net.Address = net.GLIMPSE, venue: str = net.VENUE, timeout_seconds: float = 10.0
) -> Snapshot:
    """The market as the venue tells a late joiner of it."""
    connection = Connection(address, time.monotonic() + timeout_seconds)
    try:
        connection.send(login(venue))
        messages: List[Message] = []
        while True:
            letter, payload = connection.packet()
            if letter == b"J":
                raise Silence(f"the venue refused the login: {payload!r}")
            if letter != b"S":
                continue
            if payload[:1] == END:
                if len(payload) != END_BYTES:
                    raise WireError(f"the end of a snapshot has {len(payload)} bytes")
                return Snapshot(messages, int(payload[1:]))
            messages.append(itch.decode(payload))
    finally:
        connection.close()
