"""Commands as the engine archives them into the journal: the one table.

The rows below are the engine's own declarations (`engine/src/command.rs`), in
their order; from them come all sizes and offsets. An archived struct has its
fields in order, each at a multiple of its own alignment; an archived enum is a
tag of one byte and then the struct of its variant. When the engine's
declarations change, change them here: a body whose rows have another size is
refused, and the test against `ringmatch journal dump` fails on every field
that has moved.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from .wire import price_text


class LayoutError(ValueError):
    """Commands that are not laid out as this table says."""


@dataclass(frozen=True)
class Choice:
    """An enum without fields: the names of its variants, from 0."""

    names: Tuple[str, ...]


#: Name and kind of each field. A kind is a number "u8".."u64", a "price" (i64 in
#: 1/10,000), a "bool", an "alpha:N" of N characters, a `Choice`, or a struct.
Struct = Tuple[Tuple[str, Any], ...]

SIDE = Choice(("buy", "sell"))
SHORT_SALE = Choice(("No", "Short", "Exempt"))
ORDER_TYPE = Choice(("Limit", "Market"))
TIME_IN_FORCE = Choice(("Day", "ImmediateOrCancel", "FillOrKill"))
DISPLAY = Choice(("Visible", "Attributable", "Hidden"))
CAPACITY = Choice(("Agency", "Principal", "Riskless", "Other"))
SYSTEM_EVENT = Choice(("StartOfMessages", "StartOfSystemHours", "StartOfMarketHours"))
TRADING_STATE = Choice(("Halted", "Trading"))
REJECT_REASON = Choice(
    (
        "Undecodable",
        "UnsupportedMessage",
        "InvalidSide",
        "InvalidDisplay",
        "UnsupportedTimeInForce",
        "InvalidCapacity",
        "UnsupportedCross",
        "InvalidMinimumQuantity",
        "UnsupportedOption",
        "UnknownSymbol",
        "InvalidQuantity",
        "InvalidPrice",
        "Halted",
        "BookFull",
    )
)

ATTRIBUTES: Struct = (
    ("short_sale", SHORT_SALE),
    ("capacity", CAPACITY),
    ("intermarket_sweep", "bool"),
    ("cl_ord_id", "alpha:14"),
)

#: The variants of `Command`, by their tag: name in a row, and fields.
COMMANDS: Tuple[Tuple[str, Struct], ...] = (
    ("nothing", ()),
    (
        "add_instrument",
        (
            ("instrument", "u16"),
            ("symbol", "alpha:8"),
            ("tick_size", "price"),
            ("lot_size", "u32"),
            ("max_quantity", "u32"),
        ),
    ),
    ("add_session", (("added", "u16"), ("name", "alpha:10"), ("firm", "alpha:4"))),
    ("system_event", (("event", SYSTEM_EVENT),)),
    ("set_trading_state", (("instrument", "u16"), ("state", TRADING_STATE))),
    (
        "enter",
        (
            ("user_ref", "u32"),
            ("instrument", "u16"),
            ("side", SIDE),
            ("quantity", "u32"),
            ("price", "price"),
            ("order_type", ORDER_TYPE),
            ("time_in_force", TIME_IN_FORCE),
            ("display", DISPLAY),
            ("attributes", ATTRIBUTES),
        ),
    ),
    (
        "replace",
        (
            ("original", "u32"),
            ("user_ref", "u32"),
            ("quantity", "u32"),
            ("price", "price"),
            ("order_type", ORDER_TYPE),
            ("time_in_force", TIME_IN_FORCE),
            ("display", DISPLAY),
            ("intermarket_sweep", "bool"),
            ("cl_ord_id", "alpha:14"),
        ),
    ),
    ("cancel", (("user_ref", "u32"), ("quantity", "u32"))),
    ("account_query", ()),
    (
        "malformed",
        (("user_ref", "u32"), ("reason", REJECT_REASON), ("cl_ord_id", "alpha:14")),
    ),
)

#: What stands before the command itself.
SEQUENCED: Struct = (
    ("sequence", "u64"),
    ("time", "u64"),
    ("session", "u16"),
    ("number", "u64"),
)

_NUMBERS = {"u8": "<B", "u16": "<H", "u32": "<I", "u64": "<Q", "price": "<q", "bool": "<B"}
_ALIGNED_TO = 8


def _size(kind: Any) -> Tuple[int, int]:
    """Bytes and alignment of a field."""
    if isinstance(kind, Choice):
        return 1, 1
    if isinstance(kind, tuple):
        end = max((place[2] for place in _places(kind, 0)), default=0)
        align = max((_size(part)[1] for _, part in kind), default=1)
        return -(-end // align) * align, align
    if kind.startswith("alpha:"):
        return int(kind[6:]), 1
    size = struct.calcsize(_NUMBERS[kind])
    return size, size


def _places(fields: Struct, start: int) -> List[Tuple[str, Any, int, int]]:
    """Name, kind, end and start of each field, the first at `start` or behind it."""
    placed, at = [], start
    for name, kind in fields:
        size, align = _size(kind)
        at = -(-at // align) * align
        placed.append((name, kind, at + size, at))
        at += size
    return placed


def _row_places() -> Tuple[int, Sequence[Sequence[Tuple[str, Any, int, int]]], int]:
    """Where the tag is, where each variant's fields are, and the size of a row."""
    head_end = _places(SEQUENCED, 0)[-1][2]
    tag = -(-head_end // _ALIGNED_TO) * _ALIGNED_TO
    variants, end = [], tag + 1
    for _, fields in COMMANDS:
        size, align = _size(fields)
        start = -(-(tag + 1) // align) * align
        variants.append(_places(fields, start))
        end = max(end, start + size)
    return tag, variants, -(-end // _ALIGNED_TO) * _ALIGNED_TO


_TAG, _VARIANTS, ROW_BYTES = _row_places()
_HEAD = _places(SEQUENCED, 0)


def _value(kind: Any, data: bytes, at: int) -> Any:
    if isinstance(kind, Choice):
        if data[at] >= len(kind.names):
            raise LayoutError(f"{data[at]} is none of {', '.join(kind.names)}")
        return kind.names[data[at]]
    if kind.startswith("alpha:"):
        return data[at : at + int(kind[6:])].rstrip(b" ").decode("latin-1")
    number = struct.unpack_from(_NUMBERS[kind], data, at)[0]
    if kind == "price":
        return price_text(number)
    return bool(number) if kind == "bool" else number


def _read(places: Sequence[Tuple[str, Any, int, int]], data: bytes, base: int) -> Dict[str, Any]:
    row: Dict[str, Any] = {}
    for name, kind, _, at in places:
        if isinstance(kind, tuple):
            row.update(_read(_places(kind, 0), data, base + at))
        else:
            row[name] = _value(kind, data, base + at)
    return row


def rows(body: bytes, first_sequence: int, count: int) -> List[Mapping[str, Any]]:
    """The commands in the body of a frame, one row each. Prices are decimal text.

    Raises `LayoutError` if they are not laid out as this table says, or not the
    ones that the frame's header announces."""
    # The list is at the end: where its rows are, counted from here, and how many.
    if len(body) < 8:
        raise LayoutError("the body of a frame of commands ends before its list")
    relative, found = struct.unpack_from("<iI", body, len(body) - 8)
    start = len(body) - 8 + relative
    if found != count:
        raise LayoutError(f"the header announces {count} commands, the body has {found}")
    if start < 0 or start + found * ROW_BYTES != len(body) - 8:
        size = (len(body) - 8 - start) / max(found, 1)
        raise LayoutError(
            f"a command has {size:g} bytes in this journal and {ROW_BYTES} in this client: the "
            "engine's declarations have changed, and this table has not"
        )
    return [_row(body, start + index * ROW_BYTES, first_sequence + index) for index in range(found)]


def _row(body: bytes, base: int, expected: int) -> Mapping[str, Any]:
    row = _read(_HEAD, body, base)
    if row["sequence"] != expected:
        raise LayoutError(f"command {row['sequence']} stands where {expected} should be")
    tag = body[base + _TAG]
    if tag >= len(COMMANDS):
        raise LayoutError(f"command {expected} has the tag {tag}, which this table does not know")
    row["command"] = COMMANDS[tag][0]
    row.update(_read(_VARIANTS[tag], body, base))
    return row
