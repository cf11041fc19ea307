"""One numbered stream over datagrams: each message once, in order, no gaps.

`Receiver` delivers and says what to ask for again; `Sender` numbers, packs,
keeps what is not acknowledged, and answers requests. Neither knows a socket or
a clock: datagrams and seconds are arguments. Neither grows without bound: what
does not fit is dropped, counted, and comes again by a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Tuple

from .mold import HEADER_LEN, MAX_MESSAGE, MAX_PACKET, Packet, Request
from .wire import WireError

Emit = Callable[[bytes], None]


class Backoff:
    """When to do a thing again that had no effect: a pause that doubles."""

    def __init__(self, first_seconds: float, limit_seconds: float) -> None:
        self._first = first_seconds
        self._limit = limit_seconds
        self.restart()

    def restart(self) -> None:
        """Due at once, and quick again after that."""
        self._pause = self._first
        self._due = float("-inf")

    def restart_after(self, now: float) -> None:
        """Due one first pause from now."""
        self._pause = self._first
        self._advance(now)

    def is_due(self, now: float) -> bool:
        """Whether it is time; if so, sets the next time."""
        due = now >= self._due
        if due:
            self._advance(now)
        return due

    def _advance(self, now: float) -> None:
        self._due = now + self._pause
        self._pause = min(self._pause * 2, self._limit)


@dataclass
class Counters:
    """What a receiver has seen."""

    packets: int = 0
    delivered: int = 0
    duplicates: int = 0
    gaps: int = 0
    requests: int = 0
    stash_overflows: int = 0
    stash_discards: int = 0
    malformed: int = 0
    foreign_session: int = 0


class Receiver:
    """The receiving end of one stream.

    A packet with the expected number is delivered; one from the past is
    dropped, one from the future waits while what is missing is asked for."""

    REQUEST_MESSAGES = 1024

    def __init__(self, session: str, next_number: int, stash_packets: int = 64) -> None:
        self.session = session
        self.next = next_number
        self.counters = Counters()
        self.ended_at: Optional[int] = None
        # Number after the last message sent, as the last heartbeat says.
        self._announced = next_number
        self._hole: Optional[int] = None
        self._stash: Dict[int, Packet] = {}
        self._stash_packets = stash_packets
        self._retry = Backoff(0.002, 0.1)

    @property
    def has_gap(self) -> bool:
        """Whether something is known to be missing."""
        return self._hole is not None

    @property
    def is_complete(self) -> bool:
        """Whether the session has ended and everything was delivered."""
        return self.ended_at is not None and self.next >= self.ended_at

    def offer(self, datagram: bytes) -> List[Tuple[int, bytes]]:
        """Takes a datagram; the messages that it makes deliverable, numbered."""
        self.counters.packets += 1
        try:
            packet = Packet.decode(datagram)
        except WireError:
            self.counters.malformed += 1
            return []
        if packet.session != self.session:
            self.counters.foreign_session += 1
            return []
        delivered: List[Tuple[int, bytes]] = []
        if packet.messages:
            # A venue that ended in order may be started again and go on.
            if self.ended_at is not None and packet.next_sequence > self.ended_at:
                self.ended_at = None
            self._take(packet, delivered)
        else:
            self._announce(packet)
        self.counters.delivered += len(delivered)
        self._note_gap()
        return delivered

    def poll(self, now: float) -> Optional[Request]:
        """The request that is due now, if something is missing."""
        missing = self._missing()
        if missing is None:
            return None
        start, end = missing
        if self._hole != start:
            self._hole = start
            self._retry.restart()
        if not self._retry.is_due(now):
            return None
        self.counters.requests += 1
        return Request(self.session, start, min(end - start, self.REQUEST_MESSAGES))

    def _announce(self, packet: Packet) -> None:
        """Takes the sender's word for the next number. What waits with that
        number or a higher one was not sent by it."""
        self._announced = packet.sequence
        if packet.is_end:
            self.ended_at = packet.sequence
        elif self.ended_at is not None and packet.sequence >= self.ended_at:
            self.ended_at = None
        beyond = [first for first in self._stash if first >= packet.sequence]
        for first in beyond:
            del self._stash[first]
        self.counters.stash_discards += len(beyond)

    def _take(self, packet: Packet, delivered: List[Tuple[int, bytes]]) -> None:
        if packet.next_sequence <= self.next:
            self.counters.duplicates += 1
        elif packet.sequence > self.next:
            self._keep(packet)
        else:
            self._deliver(packet, delivered)
            while True:
                covering = self._covering(self.next)
                if covering is None:
                    break
                self._deliver(covering, delivered)
            passed = [n for n, kept in self._stash.items() if kept.next_sequence <= self.next]
            for first in passed:
                del self._stash[first]

    def _deliver(self, packet: Packet, delivered: List[Tuple[int, bytes]]) -> None:
        for message in packet.messages[self.next - packet.sequence :]:
            delivered.append((self.next, message))
            self.next += 1

    def _covering(self, number: int) -> Optional[Packet]:
        for packet in self._stash.values():
            if packet.sequence <= number < packet.next_sequence:
                return packet
        return None

    def _keep(self, packet: Packet) -> None:
        first, end = packet.sequence, packet.next_sequence
        if any(k.sequence <= first and end <= k.next_sequence for k in self._stash.values()):
            self.counters.duplicates += 1
            return
        if first not in self._stash and len(self._stash) >= self._stash_packets:
            self.counters.stash_overflows += 1
            furthest = max(self._stash)
            if furthest <= first:
                return
            del self._stash[furthest]
        self._stash[first] = packet

    def _missing(self) -> Optional[Tuple[int, int]]:
        """The first range not delivered, not stashed, and known to have been sent."""
        start = self.next
        while True:
            covering = self._covering(start)
            if covering is None:
                break
            start = covering.next_sequence
        ends = [first for first in self._stash if first > start]
        if self._announced > start:
            ends.append(self._announced)
        return (start, min(ends)) if ends else None

    def _note_gap(self) -> None:
        missing = self._missing()
        if missing is None:
            self._hole = None
        elif self._hole is None:
            self.counters.gaps += 1
            self._hole = missing[0]
            self._retry.restart()


class Sender:
    """The sending end of one stream."""

    WINDOW_MESSAGES = 1 << 16

    def __init__(self, session: str, next_number: int) -> None:
        self.session = session
        self.next = next_number
        self._window: Dict[int, bytes] = {}
        self._oldest = next_number
        self._pending: List[bytes] = []
        self._pending_bytes = HEADER_LEN
        self._heartbeat = Backoff(0.01, 1.0)

    @property
    def is_full(self) -> bool:
        """Whether the window holds as much as it may: wait for an acknowledgement."""
        return len(self._window) >= self.WINDOW_MESSAGES

    def push(self, message: bytes, now: float, emit: Emit) -> int:
        """Takes the next message; its number. It leaves with the packet that it
        fits in: when that is full, or at `flush`."""
        if len(message) > MAX_MESSAGE:
            raise WireError(f"the message has {len(message)} bytes; a packet holds {MAX_MESSAGE}")
        if self._pending_bytes + 2 + len(message) > MAX_PACKET:
            self.flush(now, emit)
        number = self.next
        self._window[number] = message
        self._pending.append(message)
        self._pending_bytes += 2 + len(message)
        self.next += 1
        return number

    def flush(self, now: float, emit: Emit) -> None:
        """Sends the packet under construction, if it has messages."""
        if not self._pending:
            return
        first = self.next - len(self._pending)
        emit(Packet(self.session, first, tuple(self._pending)).encode())
        self._pending.clear()
        self._pending_bytes = HEADER_LEN
        self._heartbeat.restart_after(now)

    def heartbeat(self, now: float, emit: Emit) -> None:
        """Sends what is pending and then the next number, whatever is due. The
        venue answers with what is durable."""
        self.flush(now, emit)
        emit(Packet(self.session, self.next).encode())

    def poll(self, now: float, emit: Emit) -> None:
        """Sends the heartbeat that is due."""
        if self._heartbeat.is_due(now):
            if self._pending:
                self.flush(now, emit)
            else:
                emit(Packet(self.session, self.next).encode())

    def answer(self, request: Request) -> Optional[bytes]:
        """One packet with as many of the messages asked for as fit; nothing if
        there is none of them."""
        end = min(request.sequence + request.count, self.next)
        messages: List[bytes] = []
        size = HEADER_LEN
        for number in range(request.sequence, end):
            message = self._window.get(number)
            if message is None or size + 2 + len(message) > MAX_PACKET:
                break
            messages.append(message)
            size += 2 + len(message)
        if not messages:
            return None
        return Packet(self.session, request.sequence, tuple(messages)).encode()

    def release_below(self, number: int) -> None:
        """Forgets the messages below `number`: they are durable."""
        while self._oldest < min(number, self.next):
            self._window.pop(self._oldest, None)
            self._oldest += 1
