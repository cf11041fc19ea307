"""Market data: every message of the stream once, in order, and the books.

`MarketFeed` joins the group and asks for what it missed by unicast. `Book`
applies the messages; it knows only what ITCH 5.0 says, and keeps every order in
its place in time.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Deque, Dict, Iterable, Iterator, List, Optional, Tuple, Type

from . import itch, net
from .client import HOUSEKEEPING_SECONDS, Silence
from .mold import Packet, Request
from .stream import Counters, Receiver
from .wire import Message, WireError, price_text

#: Packets kept while a gap is open: a burst is larger here than in a session.
STASH_PACKETS = 1024


class MarketFeed:
    """A blocking reader of a venue's market data. `start` is the first message
    wanted: nothing for what comes now, 1 for the first of all."""

    def __init__(
        self,
        *,
        venue: str = net.VENUE,
        market_data: net.Address = net.MARKET_DATA,
        requests: net.Address = net.REQUESTS,
        interface: str = net.INTERFACE,
        start: Optional[int] = None,
        timeout_seconds: float = 5.0,
    ) -> None:
        self._requests = requests
        self._inbox: Deque[Tuple[int, Message]] = deque()
        #: Messages that could not be decoded.
        self.undecodable = 0
        self._group = net.open_socket(interface, market_data)
        try:
            self._requester = net.open_socket(interface)
        except BaseException:
            self._group.close()
            raise
        try:
            self._stream = self._find_start(venue, start, timeout_seconds)
        except BaseException:
            self.close()
            raise

    def _find_start(self, venue: str, start: Optional[int], timeout_seconds: float) -> Receiver:
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            net.send(self._requester, Request(venue, 0, 0).encode(), self._requests)
            net.wait([self._requester], HOUSEKEEPING_SECONDS)
            for datagram, _ in net.arrived(self._requester):
                try:
                    packet = Packet.decode(datagram)
                except WireError:
                    continue
                if packet.session == venue:
                    first = packet.sequence if start is None else max(start, 1)
                    stream = Receiver(venue, first, STASH_PACKETS)
                    # The answer also says how much there is to ask for.
                    stream.offer(Packet(venue, packet.sequence).encode())
                    return stream
        raise Silence(f"no answer about market data of {venue} from {self._requests}")

    @property
    def next(self) -> int:
        """Number of the next message."""
        return self._stream.next

    @property
    def counters(self) -> Counters:
        """What the stream has seen."""
        return self._stream.counters

    def receive(self, timeout_seconds: float = 1.0) -> Optional[Tuple[int, Message]]:
        """The next message with its number, or nothing if none arrives in time."""
        deadline = time.monotonic() + timeout_seconds
        while not self._inbox:
            left = deadline - time.monotonic()
            self._pump(min(max(left, 0.0), HOUSEKEEPING_SECONDS))
            if left <= 0:
                break
        return self._inbox.popleft() if self._inbox else None

    def messages(self, quiet_seconds: float = 1.0) -> Iterator[Tuple[int, Message]]:
        """Messages until none comes for `quiet_seconds`."""
        while True:
            received = self.receive(quiet_seconds)
            if received is None:
                return
            yield received

    def _pump(self, seconds: float) -> None:
        request = self._stream.poll(time.monotonic())
        if request is not None:
            net.send(self._requester, request.encode(), self._requests)
        for udp in net.wait([self._group, self._requester], seconds):
            for datagram, _ in net.arrived(udp):
                for number, data in self._stream.offer(datagram):
                    self._take(number, data)

    def _take(self, number: int, data: bytes) -> None:
        try:
            self._inbox.append((number, itch.decode(data)))
        except WireError:
            self.undecodable += 1

    def close(self) -> None:
        """Leaves the group."""
        self._group.close()
        self._requester.close()

    def __enter__(self) -> "MarketFeed":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Order:
    """A displayed order: side "B" or "S", price in 1/10,000, and its place in time."""

    reference: int
    stock_locate: int
    side: str
    price: int
    shares: int
    arrival: int


@dataclass(frozen=True)
class Trade:
    """A trade as market data tells it: price in 1/10,000; `order` is the
    displayed order that was hit, 0 if it was hidden."""

    timestamp: int
    stock_locate: int
    symbol: str
    price: int
    shares: int
    match_number: int
    order: int

    def row(self) -> Dict[str, object]:
        """A row of a table, the price as decimal text."""
        return {**self.__dict__, "price": price_text(self.price)}


class Book:
    """The displayed books of all instruments."""

    def __init__(self) -> None:
        self.orders: Dict[int, Order] = {}
        self.symbols: Dict[int, str] = {}
        #: Messages that named an order that is not known.
        self.unknown_orders = 0
        self._arrivals = 0

    def apply(self, message: Message) -> Optional[Trade]:
        """Applies a message; the trade in it, if it is one."""
        if isinstance(message, (itch.AddOrder, itch.AddOrderAttributed)):
            self._add(
                message.order_reference_number,
                message.stock_locate,
                message.side,
                message.price,
                message.shares,
            )
        elif isinstance(message, itch.StockDirectory):
            self.symbols[message.stock_locate] = message.stock
        elif isinstance(message, itch.OrderExecuted):
            return self._execute(message, None)
        elif isinstance(message, itch.OrderExecutedWithPrice):
            return self._execute(message, message.execution_price)
        elif isinstance(message, itch.OrderCancel):
            self._reduce(message.order_reference_number, message.cancelled_shares)
        elif isinstance(message, itch.OrderDelete):
            self._reduce(message.order_reference_number, None)
        elif isinstance(message, itch.OrderReplace):
            old = self._reduce(message.original_order_reference_number, None)
            if old is not None:
                reference = message.new_order_reference_number
                self._add(reference, old.stock_locate, old.side, message.price, message.shares)
        elif isinstance(message, itch.Trade):
            return self._trade(message, message.price, message.shares, message.match_number, 0)
        return None

    def levels(self, stock_locate: int, side: str) -> List[Tuple[int, List[int]]]:
        """Price and open shares of each level, best price first, orders in the
        order in which they trade."""
        orders = [
            order
            for order in self.orders.values()
            if order.stock_locate == stock_locate and order.side == side
        ]
        sign = -1 if side == "B" else 1
        orders.sort(key=lambda order: (sign * order.price, order.arrival))
        levels: List[Tuple[int, List[int]]] = []
        for order in orders:
            if not levels or levels[-1][0] != order.price:
                levels.append((order.price, []))
            levels[-1][1].append(order.shares)
        return levels

    def number(self, symbol: str) -> Optional[int]:
        """The feed's number of a symbol, if it has listed it."""
        return next((number for number, name in self.symbols.items() if name == symbol), None)

    def _add(self, reference: int, stock_locate: int, side: str, price: int, shares: int) -> None:
        self._arrivals += 1
        order = Order(reference, stock_locate, side, price, shares, self._arrivals)
        self.orders[reference] = order

    def _reduce(self, reference: int, shares: Optional[int]) -> Optional[Order]:
        """Takes shares off an order, or all of it; the order as it was."""
        order = self.orders.get(reference)
        if order is None:
            self.unknown_orders += 1
            return None
        if shares is None or shares >= order.shares:
            del self.orders[reference]
        else:
            self.orders[reference] = replace(order, shares=order.shares - shares)
        return order

    def _execute(self, message: Message, price: Optional[int]) -> Optional[Trade]:
        assert isinstance(message, (itch.OrderExecuted, itch.OrderExecutedWithPrice))
        order = self._reduce(message.order_reference_number, message.executed_shares)
        if order is None:
            return None
        paid = order.price if price is None else price
        shares, number = message.executed_shares, message.match_number
        return self._trade(message, paid, shares, number, order.reference)

    def _trade(
        self, message: Message, price: int, shares: int, match_number: int, order: int
    ) -> Trade:
        assert isinstance(message, (itch.OrderExecuted, itch.OrderExecutedWithPrice, itch.Trade))
        locate = message.stock_locate
        symbol = self.symbols.get(locate, "")
        return Trade(message.timestamp, locate, symbol, price, shares, match_number, order)


def trades(messages: Iterable[Message]) -> Iterator[Trade]:
    """The trades in messages that start with the first of the day."""
    book = Book()
    for message in messages:
        trade = book.apply(message)
        if trade is not None:
            yield trade
