"""A client's end of its session, without sockets and without a clock.

It finds out where the session stands, numbers the orders and keeps them until
the venue says that they are durable, delivers each response once and in order,
and repairs what is lost in either direction. That also holds when the venue is
killed and comes back: what it had not made durable it asks for again. If the
session has a key, all of it is sealed.
"""

from __future__ import annotations

from typing import Callable, List, Optional, Tuple

from .mold import HEADER_LEN, Packet, Request
from .seal import Sealing, TakenOver
from .stream import Receiver, Sender
from .wire import WireError

#: Where a packet goes: "orders" or "requests".
Send = Callable[[str, bytes], None]


class WindowFull(Exception):
    """As much as fits is on its way and not acknowledged yet."""


class Session:
    """A client's end of its session. `start` is the first response wanted;
    nothing means what is said from now on, 1 is the first there ever was.
    `sealing` is for a session that has a key."""

    RETRY_SECONDS = 0.005
    #: A venue that was restarted does not know its subscribers.
    RENEWAL_SECONDS = 0.25
    #: Orders between two requests for an acknowledgement.
    ACKNOWLEDGE_EVERY = 512

    def __init__(
        self, name: str, start: Optional[int] = None, sealing: Optional[Sealing] = None
    ) -> None:
        self.name = name
        self.sealing = sealing
        #: Whether another client has logged in to the session.
        self.is_taken_over = False
        #: Datagrams that the venue did not seal for this login.
        self.refused = 0
        self.start = start
        self.orders: Optional[Sender] = None
        self.responses: Optional[Receiver] = None
        #: The first response that can be an answer to this client.
        self.first_own_response = 0
        #: All messages below are durable.
        self.safe_below = 0
        self._hello_due = float("-inf")
        self._subscription_due = float("-inf")
        self._asked_at = 0

    @property
    def is_established(self) -> bool:
        """Whether it knows where both streams stand."""
        return self.orders is not None and self.responses is not None

    @property
    def is_safe(self) -> bool:
        """Whether every message sent is durable at the venue."""
        return self.orders is not None and self.safe_below >= self.orders.next

    @property
    def has_ended(self) -> bool:
        """Whether the venue has ended in order and nothing of it came since."""
        return self.responses is not None and self.responses.ended_at is not None

    def _sealed(self, send: Send) -> Send:
        sealing = self.sealing
        if sealing is None:
            return send
        return lambda channel, packet: send(channel, sealing.close(channel, packet))

    def push(self, message: bytes, now: float, send: Send) -> int:
        """Takes a message to send; its number. Raises `WindowFull`, or `TakenOver`."""
        if self.is_taken_over:
            raise TakenOver(f"another client has logged in to the session {self.name}")
        emit = self._sealed(send)
        if self.orders is None:
            raise WindowFull("the session is not established yet")
        if self.orders.is_full:
            raise WindowFull("the window of orders that are not acknowledged is full")
        number = self.orders.push(message, now, lambda packet: emit("orders", packet))
        if number - self._asked_at >= self.ACKNOWLEDGE_EVERY:
            self.ask_for_acknowledgement(now, send)
        return number

    def flush(self, now: float, send: Send) -> None:
        """Sends the packet under construction."""
        emit = self._sealed(send)
        if self.orders is not None:
            self.orders.flush(now, lambda packet: emit("orders", packet))

    def ask_for_acknowledgement(self, now: float, send: Send) -> None:
        """Asks the venue up to where the orders are durable."""
        emit = self._sealed(send)
        if self.orders is not None:
            self._asked_at = self.orders.next
            self.orders.heartbeat(now, lambda packet: emit("orders", packet))

    def rewind(self, number: int) -> None:
        """Delivers the responses from `number` on again, as far back as the
        venue keeps them."""
        if self.responses is None:
            self.start = number
            return
        sent = Packet(self.name, max(self.responses.next, number)).encode()
        self.responses = Receiver(self.name, max(number, 1))
        self.responses.offer(sent)

    def response_datagram(self, datagram: bytes) -> List[Tuple[int, bytes]]:
        """Takes a datagram from where the venue sends responses."""
        if self.sealing is not None:
            opened = None if self.is_taken_over else self.sealing.response(datagram)
            if opened is None:
                self.refused += 1
                return []
            datagram = opened
        if self.responses is None:
            try:
                packet = Packet.decode(datagram)
            except WireError:
                return []
            if packet.session != self.name or not packet.is_heartbeat:
                return []
            self.first_own_response = packet.sequence
            first = packet.sequence if self.start is None else max(self.start, 1)
            self.responses = Receiver(self.name, first)
        return self.responses.offer(datagram)

    def order_datagram(self, datagram: bytes, send: Send) -> None:
        """Takes a datagram from where the venue takes orders: a request for what
        it missed, or word of what is durable."""
        request = self._answer(datagram)
        if request is None or request.session != self.name:
            return
        if self.orders is None:
            if request.count > 0:
                return
            self.orders = Sender(self.name, request.sequence)
            self._asked_at = request.sequence
        if request.count == 0:
            if request.sequence <= self.orders.next:
                self.safe_below = max(self.safe_below, request.sequence)
                self.orders.release_below(self.safe_below)
            return
        answer = self.orders.answer(request)
        if answer is not None:
            self._sealed(send)("orders", answer)

    def _answer(self, datagram: bytes) -> Optional[Request]:
        """What an answer says, if it is to be believed and is not about the login."""
        if self.sealing is None:
            return Request.decode(datagram) if len(datagram) == HEADER_LEN else None
        heard = None if self.is_taken_over else self.sealing.answer(datagram)
        if heard is None:
            self.refused += 1
        elif isinstance(heard, Request):
            return heard
        elif self.orders is not None and self.sealing.is_followed_by(heard):
            self.is_taken_over = True
        else:
            self.sealing.log_in(heard)
            self._hello_due = self._subscription_due = float("-inf")
        return None

    def poll(self, now: float, send: Send) -> None:
        """Sends what is due: questions where the session stands, requests for
        missed responses, heartbeats."""
        if self.is_taken_over:
            return
        emit = self._sealed(send)
        self._poll_orders(now, emit)
        # Without a login nothing could be answered.
        if self.sealing is None or self.sealing.login != 0:
            self._poll_responses(now, emit)

    def _poll_orders(self, now: float, emit: Send) -> None:
        is_unconfirmed = self.sealing is not None and self.sealing.is_unconfirmed
        says_hello = (self.orders is None or is_unconfirmed) and now >= self._hello_due
        if says_hello:
            self._hello_due = now + self.RETRY_SECONDS
        if self.orders is None:
            if says_hello:
                # A heartbeat with the number zero asks for the next number.
                emit("orders", Packet(self.name, 0).encode())
        elif says_hello:
            self.orders.heartbeat(now, lambda packet: emit("orders", packet))
        else:
            self.orders.poll(now, lambda packet: emit("orders", packet))

    def _poll_responses(self, now: float, emit: Send) -> None:
        request = self.responses.poll(now) if self.responses is not None else None
        if request is not None:
            emit("requests", request.encode())
        if now >= self._subscription_due:
            known = self.responses is not None
            pause = self.RENEWAL_SECONDS if known else self.RETRY_SECONDS
            self._subscription_due = now + pause
            number = self.responses.next if self.responses is not None else 0
            emit("requests", Request(self.name, number, 0).encode())
