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


@dataclass(frozen=True)
class Maybe:
    """A value, or nothing: a tag of one byte, and the value behind it."""

    kind: Any


#: Name and kind of each field. A kind is a number "u8".."u64" or "i32", a "bool", an
#: "alpha:N" of N characters, a `Choice`, a `Maybe`, a struct whose fields stand in
#: the row themselves, or `Options`. The numbers "price" (i64), "offset" (i32) and
#: "money" (u64) are in 1/10,000.
Struct = Tuple[Tuple[str, Any], ...]


@dataclass(frozen=True)
class Options:
    """A struct that stands in the row as a row of its own, and only if it asks for
    something: if it is not all zero."""

    fields: Struct


SIDE = Choice(("buy", "sell"))
SHORT_SALE = Choice(("No", "Short", "Exempt"))
ORDER_TYPE = Choice(("Limit", "Market", "MarketToLimit"))
TIME_IN_FORCE = Choice(
    (
        "Day",
        "ImmediateOrCancel",
        "FillOrKill",
        "GoodTillCancel",
        "GoodTillTime",
        "AtOpen",
        "AtClose",
    )
)
DISPLAY = Choice(("Visible", "Attributable", "Hidden"))
CAPACITY = Choice(("Agency", "Principal", "Riskless", "Other"))
PRICING = Choice(("Plain", "Stop", "TrailingStop", "MidpointPeg", "NearPeg"))
SELF_TRADE = Choice(
    (
        "SessionDefault",
        "Allow",
        "CancelNewest",
        "CancelOldest",
        "CancelBoth",
        "DecrementBoth",
    )
)
SYSTEM_EVENT = Choice(
    (
        "StartOfMessages",
        "StartOfSystemHours",
        "StartOfMarketHours",
        "EndOfMarketHours",
        "EndOfSystemHours",
        "EndOfMessages",
    )
)
PHASE = Choice(
    (
        "Halted",
        "PreOpen",
        "OpeningAuction",
        "Continuous",
        "VolatilityAuction",
        "ClosingAuction",
        "Closed",
    )
)
BREACH = Choice(("Cancel", "VolatilityAuction", "Halt"))
INSTRUMENT_STATUS = Choice(("Enabled", "Disabled", "Removed"))
BUST_REASON = Choice(("Erroneous", "Consent", "Supervisory", "External"))
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
        "Closed",
        "InstrumentDisabled",
        "SessionDisabled",
        "OrderEntryDisabled",
        "NotAuthorized",
        "NotInAuction",
        "TooLateForAuction",
        "InvalidStop",
        "InvalidMaxFloor",
        "InvalidPeg",
        "NoPegReference",
        "InvalidPostOnly",
        "PostOnlyWouldTrade",
        "InvalidExpireTime",
        "ValueTooLarge",
        "TooManyOpenOrders",
        "PositionLimit",
        "ExposureLimit",
        "MessageRate",
    )
)

ATTRIBUTES: Struct = (
    ("short_sale", SHORT_SALE),
    ("capacity", CAPACITY),
    ("intermarket_sweep", "bool"),
    ("cl_ord_id", "alpha:14"),
)

ENTER: Struct = (
    ("user_ref", "u32"),
    ("instrument", "u16"),
    ("side", SIDE),
    ("quantity", "u32"),
    ("price", "price"),
    ("order_type", ORDER_TYPE),
    ("time_in_force", TIME_IN_FORCE),
    ("display", DISPLAY),
    ("attributes", ATTRIBUTES),
)

REPLACE: Struct = (
    ("original", "u32"),
    ("user_ref", "u32"),
    ("quantity", "u32"),
    ("price", "price"),
    ("order_type", ORDER_TYPE),
    ("time_in_force", TIME_IN_FORCE),
    ("display", DISPLAY),
    ("intermarket_sweep", "bool"),
    ("cl_ord_id", "alpha:14"),
)

OPTIONS = Options(
    (
        ("offset", "offset"),
        ("max_floor", "u32"),
        ("min_quantity", "u32"),
        ("expire_after_s", "u32"),
        ("group", "u16"),
        ("pricing", PRICING),
        ("post_only", "bool"),
        ("self_trade", SELF_TRADE),
    )
)

#: The variants of `Command`, by their tag: name in a row, and fields. A session
#: that a command is about is not the one that sent it, and has another name.
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
    ("set_phase", (("instrument", "u16"), ("phase", PHASE))),
    ("enter", ENTER),
    ("replace", REPLACE),
    ("cancel", (("user_ref", "u32"), ("quantity", "u32"))),
    ("account_query", ()),
    (
        "malformed",
        (("user_ref", "u32"), ("reason", REJECT_REASON), ("cl_ord_id", "alpha:14")),
    ),
    ("enter_special", (("order", ENTER), ("options", OPTIONS))),
    ("replace_special", (("order", REPLACE), ("options", OPTIONS))),
    (
        "modify",
        (("user_ref", "u32"), ("side", SIDE), ("short_sale", SHORT_SALE), ("quantity", "u32")),
    ),
    (
        "mass_cancel",
        (
            ("user_ref", "u32"),
            ("firm", "alpha:4"),
            ("instrument", "u16"),
            ("side", Maybe(SIDE)),
            ("group", Maybe("u16")),
        ),
    ),
    ("set_order_entry", (("user_ref", "u32"), ("firm", "alpha:4"), ("enabled", "bool"))),
    ("tick", ()),
    (
        "set_rules",
        (
            ("instrument", "u16"),
            ("reference_price", "price"),
            ("max_value", "money"),
            ("static_collar_bp", "u16"),
            ("dynamic_collar_bp", "u16"),
            ("on_breach", BREACH),
            ("volatility_auction_s", "u16"),
            ("tick_table", "u8"),
            ("post_only_slides", "bool"),
        ),
    ),
    ("add_tick_band", (("table", "u8"), ("from", "price"), ("tick_size", "price"))),
    ("set_instrument_status", (("instrument", "u16"), ("status", INSTRUMENT_STATUS))),
    (
        "set_session_limits",
        (
            ("of_session", "u16"),
            ("max_open_orders", "u32"),
            ("max_position", "u64"),
            ("max_exposure", "money"),
            ("max_messages_per_s", "u32"),
            ("self_trade", SELF_TRADE),
        ),
    ),
    ("set_session_status", (("of_session", "u16"), ("enabled", "bool"))),
    ("set_fees", (("maker", "i32"), ("taker", "i32"))),
    (
        "cancel_orders",
        (
            ("of_session", "u16"),
            ("firm", "alpha:4"),
            ("instrument", "u16"),
            ("side", Maybe(SIDE)),
            ("group", Maybe("u16")),
        ),
    ),
    ("bust_trade", (("match_number", "u64"), ("reason", BUST_REASON))),
)

#: What stands before the command itself.
SEQUENCED: Struct = (
    ("sequence", "u64"),
    ("time", "u64"),
    ("session", "u16"),
    ("number", "u64"),
)

_NUMBERS = {
    "u8": "<B",
    "u16": "<H",
    "u32": "<I",
    "u64": "<Q",
    "i32": "<i",
    "price": "<q",
    "offset": "<i",
    "money": "<Q",
    "bool": "<B",
}
_DECIMAL = ("price", "offset", "money")
_ALIGNED_TO = 8
#: Name, kind, end and start of a field.
Place = Tuple[str, Any, int, int]


def _size(kind: Any) -> Tuple[int, int]:
    """Bytes and alignment of a field."""
    if isinstance(kind, Choice):
        return 1, 1
    if isinstance(kind, Maybe):
        size, align = _size(kind.kind)
        return align + size, align
    if isinstance(kind, Options):
        return _size(kind.fields)
    if isinstance(kind, tuple):
        end = max((place[2] for place in _places(kind, 0)), default=0)
        align = max((_size(part)[1] for _, part in kind), default=1)
        return -(-end // align) * align, align
    if kind.startswith("alpha:"):
        return int(kind[6:]), 1
    size = struct.calcsize(_NUMBERS[kind])
    return size, size


def _places(fields: Struct, start: int) -> List[Place]:
    """The places of all fields, the first at `start` or behind it."""
    placed, at = [], start
    for name, kind in fields:
        size, align = _size(kind)
        at = -(-at // align) * align
        placed.append((name, kind, at + size, at))
        at += size
    return placed


def _flat(places: Sequence[Place]) -> List[Place]:
    """The same with the fields of structs in the place of the structs."""
    flat: List[Place] = []
    for name, kind, end, at in places:
        flat += _flat(_places(kind, at)) if isinstance(kind, tuple) else [(name, kind, end, at)]
    return flat


def _row_places() -> Tuple[int, Sequence[Sequence[Place]], int]:
    """Where the tag is, where each variant's fields are, and the size of a row."""
    head_end = _places(SEQUENCED, 0)[-1][2]
    tag = -(-head_end // _ALIGNED_TO) * _ALIGNED_TO
    variants, end = [], tag + 1
    for _, fields in COMMANDS:
        size, align = _size(fields)
        start = -(-(tag + 1) // align) * align
        variants.append(_flat(_places(fields, start)))
        end = max(end, start + size)
    return tag, variants, -(-end // _ALIGNED_TO) * _ALIGNED_TO


_TAG, _VARIANTS, ROW_BYTES = _row_places()
_HEAD = _flat(_places(SEQUENCED, 0))


def _value(kind: Any, data: bytes, at: int) -> Any:
    if isinstance(kind, Choice):
        if data[at] >= len(kind.names):
            raise LayoutError(f"{data[at]} is none of {', '.join(kind.names)}")
        return kind.names[data[at]]
    if isinstance(kind, Maybe):
        if data[at] > 1:
            raise LayoutError(f"{data[at]} says neither that there is a value nor that there is none")
        return _value(kind.kind, data, at + _size(kind.kind)[1]) if data[at] else None
    if kind.startswith("alpha:"):
        return data[at : at + int(kind[6:])].rstrip(b" ").decode("latin-1")
    number = struct.unpack_from(_NUMBERS[kind], data, at)[0]
    if kind in _DECIMAL:
        return price_text(number)
    return bool(number) if kind == "bool" else number


def _read(places: Sequence[Place], data: bytes, base: int) -> Dict[str, Any]:
    row: Dict[str, Any] = {}
    for name, kind, _, at in places:
        if not isinstance(kind, Options):
            row[name] = _value(kind, data, base + at)
            continue
        options = _places(kind.fields, base + at)
        if any(any(data[first:end]) for _, _, end, first in options):
            row[name] = _read(options, data, 0)
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
