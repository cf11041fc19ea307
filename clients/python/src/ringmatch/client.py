"""A blocking client of a venue: orders out, responses in, nothing lost.

It works in the caller's thread and does its housekeeping (heartbeats, gap
repair, acknowledgements) whenever the caller receives, so a caller that only
sends must receive from time to time.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Callable, Deque, Optional, Type, Union

from . import net, ouch
from .seal import Sealing, TakenOver
from .session import Session, WindowFull
from .stream import Counters
from .wire import MARKET_PRICE, Message, Options, WireError, price as price_units

Price = Union[str, int, Decimal, float]

HOUSEKEEPING_SECONDS = 0.002
WINDOW_PATIENCE_SECONDS = 10.0
SIDES = {"buy": "B", "sell": "S", "sell short": "T", "sell short exempt": "E"}
LIFETIMES = {
    "day": "0",
    "ioc": "3",
    "fok": "3",
    "gtc": "0",
    "gtt": "6",
    "at-open": "0",
    "at-close": "0",
}
CROSSES = {"at-open": "O", "at-close": "C"}
#: The letters of the venue's option `lifetime`. A replacement has no cross type, and
#: says the auctions by the option too.
GOOD_TILL_CANCEL = "1"
REPLACED_CROSSES = {"at-open": "2", "at-close": "7"}


class Silence(Exception):
    """The venue said nothing in time."""


@dataclass(frozen=True)
class Response:
    """What the venue said, with its number in the session's stream."""

    number: int
    message: Message


class Client:
    """A client of a venue, in one session.

    `start` is the first response wanted: nothing for those from now on, 1 for
    all that the session ever had. `key` is the session's, if the venue has one
    for it: 32 bytes, or as text 64 hexadecimal digits (`read_keys` reads them
    from a file). Prices are decimal text or `Decimal`."""

    def __init__(
        self,
        session: str,
        *,
        orders: net.Address = net.ORDERS,
        requests: net.Address = net.REQUESTS,
        interface: str = net.INTERFACE,
        start: Optional[int] = None,
        key: Union[None, str, bytes] = None,
        timeout_seconds: float = 5.0,
    ) -> None:
        self._session = Session(session, start, None if key is None else Sealing(key))
        self._to = {"orders": orders, "requests": requests}
        self._inbox: Deque[Response] = deque()
        self._next_user_ref = 0
        #: Responses that could not be decoded.
        self.undecodable = 0
        self._socket = net.open_socket(interface)
        try:
            self._connect(timeout_seconds)
        except BaseException:
            self.close()
            raise

    def _connect(self, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        self._pump_until(deadline, lambda: self._session.is_established)
        self.query()
        self.flush()
        self._pump_until(deadline, lambda: self._next_user_ref > 0)

    def _pump_until(self, deadline: float, is_done: Callable[[], bool]) -> None:
        while not is_done():
            if time.monotonic() > deadline:
                raise Silence(
                    f"session {self._session.name} got no answer from the venue at "
                    f"{self._to['orders']} and {self._to['requests']}: is it running, does it "
                    "know this session, is the key the session's, and does the interface fit?"
                )
            self._pump(HOUSEKEEPING_SECONDS)

    def enter(
        self,
        symbol: str,
        side: str,
        quantity: int,
        price: Optional[Price] = None,
        *,
        time_in_force: str = "day",
        hidden: bool = False,
        cl_ord_id: str = "",
        options: Optional[Options] = None,
    ) -> int:
        """Sends a new order, a market order if it has no price, and returns its
        number. It leaves with its packet: at `flush` or the next receive. What
        it lives for is a word of `LIFETIMES`; "gtt" needs the option `expire_time`."""
        order = ouch.EnterOrder(
            user_ref_num=self.next_user_ref(),
            side=_word(SIDES, "side", side),
            quantity=quantity,
            symbol=symbol,
            price=MARKET_PRICE if price is None else price_units(price),
            time_in_force=_word(LIFETIMES, "time_in_force", time_in_force),
            display="N" if hidden else "Y",
            capacity="A",
            intermarket_sweep_eligibility="N",
            cross_type=CROSSES.get(time_in_force, "N"),
            cl_ord_id=cl_ord_id,
            options=_lifetime_options(time_in_force, quantity, options),
        )
        self.send(order)
        return order.user_ref_num

    def replace(
        self,
        original: int,
        quantity: int,
        price: Price,
        *,
        time_in_force: str = "day",
        hidden: bool = False,
        cl_ord_id: str = "",
        options: Optional[Options] = None,
    ) -> int:
        """Replaces a live order by one of `quantity` in total, what has been
        executed included; returns the new order's number. Options that are not
        given are the live order's, what it lives for and its display are not."""
        chosen = _lifetime_options(time_in_force, quantity, options)
        if time_in_force in REPLACED_CROSSES:
            chosen["lifetime"] = REPLACED_CROSSES[time_in_force]
        request = ouch.ReplaceOrder(
            orig_user_ref_num=original,
            user_ref_num=self.next_user_ref(),
            quantity=quantity,
            price=price_units(price),
            time_in_force=_word(LIFETIMES, "time_in_force", time_in_force),
            display="N" if hidden else "Y",
            intermarket_sweep_eligibility="N",
            cl_ord_id=cl_ord_id,
            options=chosen,
        )
        self.send(request)
        return request.user_ref_num

    def cancel(self, user_ref: int, quantity: int = 0) -> None:
        """Reduces an order to `quantity` in total, what has been executed
        included; zero cancels it."""
        self.send(ouch.CancelOrder(user_ref_num=user_ref, quantity=quantity))

    def query(self) -> None:
        """Asks for the next usable number. The answer comes after all answers to
        what was sent before, so it also says that those are complete."""
        self.send(ouch.AccountQuery())

    def send(self, message: Message) -> None:
        """Sends any message with the numbers that the caller gave it."""
        self.send_bytes(message.encode())

    def send_bytes(self, message: bytes) -> None:
        """Sends any bytes as a message. Waits while the window is full."""
        deadline = time.monotonic() + WINDOW_PATIENCE_SECONDS
        while True:
            now = time.monotonic()
            try:
                self._session.push(message, now, self._send)
                return
            except WindowFull:
                if now > deadline:
                    raise
                self._session.ask_for_acknowledgement(now, self._send)
                self._pump(HOUSEKEEPING_SECONDS)

    def flush(self) -> None:
        """Sends what waits for more."""
        self._session.flush(time.monotonic(), self._send)

    def receive(self, timeout_seconds: float = 1.0) -> Optional[Response]:
        """The next response, or nothing if none arrives in time."""
        deadline = time.monotonic() + timeout_seconds
        self.flush()
        while not self._inbox:
            left = deadline - time.monotonic()
            self._pump(min(max(left, 0.0), HOUSEKEEPING_SECONDS))
            if left <= 0:
                break
        return self._inbox.popleft() if self._inbox else None

    def rewind(self, number: int) -> None:
        """Goes back: `receive` gives the responses from `number` on once more, as
        far back as the venue keeps them."""
        self._inbox.clear()
        self._session.rewind(number)

    def wait_until_safe(self, timeout_seconds: float = 5.0) -> bool:
        """Waits until everything sent is durable at the venue, and says whether
        it is. Responses that arrive meanwhile wait for `receive`."""
        deadline = time.monotonic() + timeout_seconds
        self._session.ask_for_acknowledgement(time.monotonic(), self._send)
        while not self.is_safe and time.monotonic() < deadline:
            self._pump(HOUSEKEEPING_SECONDS)
        return self.is_safe

    def next_user_ref(self) -> int:
        """The number that the next order will have, and uses it up."""
        number = self._next_user_ref
        self._next_user_ref += 1
        return number

    @property
    def is_safe(self) -> bool:
        """Whether everything sent is known to be durable at the venue."""
        return self._session.is_safe

    @property
    def has_ended(self) -> bool:
        """Whether the venue has ended in order, and nothing of it came since."""
        return self._session.has_ended

    @property
    def counters(self) -> Counters:
        """What the stream of responses has seen."""
        responses = self._session.responses
        return responses.counters if responses is not None else Counters()

    def close(self) -> None:
        """Closes the socket. Orders that were sent stay where they are."""
        self._socket.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def _send(self, channel: str, packet: bytes) -> None:
        net.send(self._socket, packet, self._to[channel])

    def _pump(self, seconds: float) -> None:
        """Sends what is due and takes what is there."""
        self._session.poll(time.monotonic(), self._send)
        net.wait([self._socket], seconds)
        for datagram, sender in net.arrived(self._socket):
            # Ports tell responses from word about orders, on any interface.
            if sender[1] == self._to["orders"][1]:
                self._session.order_datagram(datagram, self._send)
            elif sender[1] == self._to["requests"][1]:
                self._take_responses(datagram)
        if self._session.is_taken_over:
            raise TakenOver(f"another client has logged in to the session {self._session.name}")

    def _take_responses(self, datagram: bytes) -> None:
        for number, data in self._session.response_datagram(datagram):
            try:
                message = ouch.decode_outbound(data)
            except WireError:
                self.undecodable += 1
                continue
            # Who rewinds also hears what earlier clients asked.
            is_own = number >= self._session.first_own_response
            if isinstance(message, ouch.AccountQueryResponse) and is_own:
                self._next_user_ref = max(self._next_user_ref, message.next_user_ref_num)
            self._inbox.append(Response(number, message))


def _lifetime_options(time_in_force: str, quantity: int, given: Optional[Options]) -> Options:
    """The options that were given, and those that say what OUCH has no letter for."""
    options: Options = dict(given or {})
    if time_in_force == "fok":
        options["min_qty"] = quantity
    if time_in_force == "gtc":
        options["lifetime"] = GOOD_TILL_CANCEL
    return options


def _word(words: "dict[str, str]", name: str, value: str) -> str:
    if value in words:
        return words[value]
    if value in words.values():
        return value
    raise WireError(f"{name} is {value!r}, which is none of {', '.join(words)}")
