"""Sealed packets, and a client's end of its login.

A session with a key seals each packet behind its last MoldUDP64 block: a stamp
of three numbers and the first 16 bytes of an HMAC-SHA-256 over one letter for
what the packet is for, the packet, and the stamp. docs/sessions.md of the venue
draws the bytes, and says what each number is good for.
"""

from __future__ import annotations

import hmac
import os
import stat
import struct
from typing import Dict, Optional, Tuple, Union

from .mold import HEADER_LEN, Packet, Request
from .wire import WireError

STAMP = struct.Struct(">QQQ")
MAC_BYTES = 16
SEAL_BYTES = STAMP.size + MAC_BYTES
KEY_BYTES = 32

#: What a packet is for, by where it goes: part of what is sealed.
PURPOSES = {"orders": b"O", "requests": b"Q", "answers": b"A", "responses": b"R"}

#: Logins of one run of a venue are less than this apart.
LOGINS_OF_A_RUN = 1 << 32

#: (instance, login, packet)
Stamp = Tuple[int, int, int]


class TakenOver(Exception):
    """Another client has logged in to the session, which ended this one."""


def read_keys(path: Union[str, "os.PathLike[str]"]) -> Dict[str, bytes]:
    """The keys in a file: one line a session, its name and 64 hexadecimal digits.
    Raises `PermissionError` if others than the owner can read the file, and
    `ValueError` if a line is no key."""
    with open(path, encoding="ascii") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise PermissionError(
                f"{path} has the permissions {mode:03o}, so others than its owner can get at "
                f"the keys: run `chmod 600 {path}`"
            )
        lines = file.read().splitlines()
    keys: Dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or words[0] in keys:
            raise ValueError(f"{path}, line {number}: a line is a new session's name and its key")
        keys[words[0]] = key_bytes(words[1])
    return keys


def key_bytes(key: Union[str, bytes]) -> bytes:
    """A key as bytes; as text it is 64 hexadecimal digits."""
    if isinstance(key, str):
        try:
            key = bytes.fromhex(key)
        except ValueError:
            raise ValueError("a key is 64 hexadecimal digits") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, and this has {len(key)}")
    return key


def close(key: bytes, purpose: str, stamp: Stamp, packet: bytes) -> bytes:
    """A packet with its trailer."""
    signed = packet + STAMP.pack(*stamp)
    return signed + _code(key, purpose, signed)


def open_sealed(key: bytes, purpose: str, datagram: bytes) -> Optional[Tuple[bytes, Stamp]]:
    """The packet and the stamp; nothing if it was not sealed with this key for
    this purpose."""
    if len(datagram) < HEADER_LEN + SEAL_BYTES:
        return None
    signed, code = datagram[:-MAC_BYTES], datagram[-MAC_BYTES:]
    if not hmac.compare_digest(_code(key, purpose, signed), code):
        return None
    instance, login, packet = STAMP.unpack(signed[-STAMP.size :])
    return signed[: -STAMP.size], (instance, login, packet)


def _code(key: bytes, purpose: str, signed: bytes) -> bytes:
    return hmac.digest(key, PURPOSES[purpose] + signed, "sha256")[:MAC_BYTES]


class Sealing:
    """A client's end of its login: what it sends is sealed, and only what the
    venue sealed for this very login is believed. An offer of a login of another
    run of the venue is accepted; one of the same run means that another client
    has the session."""

    def __init__(self, key: Union[str, bytes], instance: Optional[int] = None) -> None:
        self._key = key_bytes(key)
        drawn = int.from_bytes(os.urandom(8), "big")
        self._instance = drawn if instance is None else instance
        #: Zero before the first offer.
        self.login = 0
        self._confirmed = False
        self._packets = 0
        # Packets sent before this login.
        self._earlier = 0
        self._answered = 0
        self._responded = 0

    @property
    def is_unconfirmed(self) -> bool:
        """Whether it must still show the venue that it accepts its login."""
        return self.login != 0 and not self._confirmed

    def close(self, channel: str, packet: bytes) -> bytes:
        """A packet with its trailer."""
        self._packets += 1
        return close(self._key, channel, (self._instance, self.login, self._packets), packet)

    def log_in(self, login: int) -> None:
        """Takes a login."""
        self.login = login
        self._confirmed = False
        self._earlier = self._packets
        self._answered = 0
        self._responded = 0

    def is_followed_by(self, login: int) -> bool:
        """Whether a login comes after this one in the same run of the venue."""
        return 0 < (login - self.login) % (1 << 64) < LOGINS_OF_A_RUN

    def answer(self, datagram: bytes) -> Union[None, int, Request]:
        """What an answer of the venue says, if it is to be believed: the login
        that it offers, or a request."""
        opened = open_sealed(self._key, "answers", datagram)
        if opened is None or len(opened[0]) != HEADER_LEN:
            return None
        body, (instance, login, packet) = opened
        request = Request.decode(body)
        if instance != self._instance:
            return None
        if request.sequence == 0 and request.count == 0:
            # An offer answers a packet. To what was sent before this login it is
            # old, or provoked by somebody who recorded it.
            return login if self._earlier < packet <= self._packets else None
        if login != self.login or packet <= self._answered:
            return None
        self._answered = packet
        self._confirmed = True
        return request

    def response(self, datagram: bytes) -> Optional[bytes]:
        """A packet of responses, if it is to be believed."""
        opened = open_sealed(self._key, "responses", datagram)
        if opened is None or self.login == 0:
            return None
        body, (instance, login, packet) = opened
        if (instance, login) != (self._instance, self.login):
            return None
        try:
            has_messages = bool(Packet.decode(body).messages)
        except WireError:
            return None
        if not has_messages:
            if packet <= self._responded:
                return None
            self._responded = packet
        return body
