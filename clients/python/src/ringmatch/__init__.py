"""Client of the Ringmatch matching engine, in plain Python.

- `Client` trades in one session: orders out, responses in, nothing lost;
  `read_keys` reads the keys of sessions that have some.
- `MarketFeed` reads market data, `Book` builds the books from it, and `trades`
  gives its trades. `glimpse.fetch` gives the books to those who join late.
- `Journal` reads and verifies a journal, and gives its commands as rows.
- `ouch`, `itch` and `mold` are the wire formats, for everything else.
"""

from . import glimpse, itch, mold, ouch
from .client import Client, Response, Silence
from .glimpse import Snapshot
from .journal import Journal, JournalError, trades_of_dump
from .market import Book, MarketFeed, Order, Trade, trades
from .seal import TakenOver, read_keys
from .wire import Message, WireError, price, price_text

__all__ = [
    "Book",
    "Client",
    "Journal",
    "JournalError",
    "MarketFeed",
    "Message",
    "Order",
    "Response",
    "Silence",
    "Snapshot",
    "TakenOver",
    "Trade",
    "WireError",
    "glimpse",
    "itch",
    "mold",
    "ouch",
    "price",
    "price_text",
    "read_keys",
    "trades",
    "trades_of_dump",
]
