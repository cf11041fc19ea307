"""MoldUDP64 1.00: the packets that carry every stream, and requests.

A packet is a header of 20 bytes (session, number of the first message, count)
and that many blocks, each a length and its bytes. Numbers count messages. A
count of 0 is a heartbeat and 0xFFFF the end of the session, both with the next
number. A request has the bytes of a header; only ports tell them apart.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import List, Tuple

from .wire import WireError

HEADER = struct.Struct(">10sQH")
HEADER_LEN = HEADER.size
END_OF_SESSION = 0xFFFF
#: What a packet may have at most, header included.
MAX_PACKET = 1400
MAX_MESSAGE = MAX_PACKET - HEADER_LEN - 2


def session_bytes(name: str) -> bytes:
    """A session's name as it is sent. Raises `WireError` if it does not fit."""
    data = name.encode("latin-1", "replace")
    if len(data) > 10:
        raise WireError(f"the session name {name!r} has more than 10 characters")
    return data.ljust(10)


@dataclass(frozen=True)
class Packet:
    """A packet. `sequence` is the number of its first message, or of the next."""

    session: str
    sequence: int
    messages: Tuple[bytes, ...] = ()
    is_end: bool = False

    @property
    def is_heartbeat(self) -> bool:
        """Whether it only says which number comes next."""
        return not self.messages and not self.is_end

    @property
    def next_sequence(self) -> int:
        """The number after its last message."""
        return self.sequence + len(self.messages)

    def encode(self) -> bytes:
        """The datagram."""
        count = END_OF_SESSION if self.is_end else len(self.messages)
        parts = [HEADER.pack(session_bytes(self.session), self.sequence, count)]
        parts += [len(message).to_bytes(2, "big") + message for message in self.messages]
        return b"".join(parts)

    @classmethod
    def decode(cls, datagram: bytes) -> "Packet":
        """Reads a datagram as a whole. Raises `WireError` if its blocks run past
        its end or its numbers past 64 bits. Bytes after the last block are left
        unread."""
        session, sequence, count = _header(datagram)
        if count in (0, END_OF_SESSION):
            return cls(session, sequence, (), count == END_OF_SESSION)
        messages: List[bytes] = []
        at = HEADER_LEN
        for block in range(count):
            length = int.from_bytes(datagram[at : at + 2], "big")
            end = at + 2 + length
            if at + 2 > len(datagram) or end > len(datagram):
                raise WireError(f"block {block} of {count} runs past the end of the datagram")
            messages.append(datagram[at + 2 : end])
            at = end
        if sequence + count >= 1 << 64:
            raise WireError(f"sequence {sequence} plus {count} messages overflows")
        return cls(session, sequence, tuple(messages))


@dataclass(frozen=True)
class Request:
    """Asks for `count` messages from `sequence` on; 0 asks for the next number."""

    session: str
    sequence: int
    count: int

    def encode(self) -> bytes:
        """The datagram."""
        return HEADER.pack(session_bytes(self.session), self.sequence, self.count)

    @classmethod
    def decode(cls, datagram: bytes) -> "Request":
        """Reads a request. Raises `WireError` if it is too short for one."""
        return cls(*_header(datagram))


def _header(datagram: bytes) -> Tuple[str, int, int]:
    if len(datagram) < HEADER_LEN:
        raise WireError(f"the datagram has {len(datagram)} bytes; a header has {HEADER_LEN}")
    session, sequence, count = HEADER.unpack_from(datagram)
    return session.rstrip(b" ").decode("latin-1"), sequence, count
