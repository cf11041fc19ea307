"""Fields, layouts and the codec that all messages share.

`itch` and `ouch` are tables of messages; this is the one piece of code that
reads and writes them. Integers are unsigned and big-endian unless a kind says
otherwise, there is no padding, and whatever has the length of its layout can
be decoded: what a letter means is for whoever reads the message. Whatever
cannot be read or written raises `WireError`, and nothing else is raised.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Dict, Mapping, Tuple, Type, Union

Value = Union[int, str, bytes]
Options = Dict[str, Value]

#: What OUCH 5.0 has in the place of a market order's price.
MARKET_PRICE = 0x7FFF_FFFF
PRICE_SCALE = 10_000


class WireError(ValueError):
    """Bytes that are no message, or values that do not fit one."""


@dataclass(frozen=True)
class Field:
    """One field: its name here, bytes, kind, and its name and note in the protocol."""

    name: str
    length: int
    kind: str
    label: str
    note: str


OptionTable = Dict[int, Field]


@dataclass(frozen=True)
class Layout:
    """One message. `tail` says what may follow its fields: "nothing", "always" an
    appendage of options, or "optional"."""

    name: str
    letter: str
    tail: str
    fields: Tuple[Field, ...]

    @property
    def length(self) -> int:
        """Bytes of the fixed part, the type letter included."""
        return 1 + sum(field.length for field in self.fields)


class Message:
    """What all messages are: a dataclass with a `LAYOUT`."""

    LAYOUT: ClassVar[Layout]
    OPTIONS: ClassVar[OptionTable] = {}

    def encode(self) -> bytes:
        """The message as it is sent. Raises `WireError` if a value does not fit."""
        layout = self.LAYOUT
        parts = [layout.letter.encode("ascii")]
        parts += [encode_field(field, getattr(self, field.name)) for field in layout.fields]
        return b"".join(parts) + self._encode_options(layout.tail)

    def _encode_options(self, tail: str) -> bytes:
        options: Options = getattr(self, "options", {})
        if tail == "nothing" or (tail == "optional" and not options):
            return b""
        by_name = {field.name: (tag, field) for tag, field in self.OPTIONS.items()}
        elements = b"".join(_encode_option(by_name, *option) for option in options.items())
        return len(elements).to_bytes(2, "big") + elements

    def as_dict(self) -> Dict[str, Any]:
        """Name of the message and its fields, for JSON or a row of a table."""
        row: Dict[str, Any] = {"message": self.LAYOUT.name}
        row.update((field.name, getattr(self, field.name)) for field in fields(self))  # type: ignore[arg-type]
        return row


def decode_message(
    messages: Mapping[str, Type[Message]], options: OptionTable, data: bytes
) -> Message:
    """Reads a message that fills `data`. Raises `WireError` if it does not."""
    if not data:
        raise WireError("the message is empty: a message starts with its type letter")
    kind = messages.get(chr(data[0]))
    if kind is None:
        raise WireError(f"no message of this protocol and direction has the letter {data[:1]!r}")
    layout = kind.LAYOUT
    if len(data) < layout.length:
        raise WireError(f"{layout.name} has {len(data)} bytes; its layout needs {layout.length}")
    values: Dict[str, Any] = {}
    at = 1
    for field in layout.fields:
        values[field.name] = decode_field(field, data[at : at + field.length])
        at += field.length
    if layout.tail == "nothing":
        if len(data) > at:
            raise WireError(f"{layout.name} has {len(data)} bytes; its layout needs {at}")
    else:
        values["options"] = _decode_appendage(layout, options, data[at:])
    return kind(**values)


def decode_field(field: Field, data: bytes) -> Union[int, str]:
    """The value of exactly `field.length` bytes."""
    if field.kind == "letter":
        return data.decode("latin-1")
    if field.kind == "alpha":
        return data.rstrip(b" ").decode("latin-1")
    return int.from_bytes(data, "big", signed=field.kind.startswith("signed"))


def encode_field(field: Field, value: Any) -> bytes:
    """The bytes of a value. Raises `WireError` if it does not fit."""
    if field.kind in ("letter", "alpha"):
        return _encode_text(field, value)
    try:
        return int(value).to_bytes(field.length, "big", signed=field.kind.startswith("signed"))
    except (OverflowError, TypeError, ValueError):
        raise WireError(f"{field.name} is {value!r}; it is a number of {field.length} bytes") from None


def _encode_text(field: Field, value: Any) -> bytes:
    try:
        data = str(value).encode("latin-1")
    except UnicodeEncodeError:
        raise WireError(f"{field.name} is {value!r}; only single-byte characters fit") from None
    if len(data) > field.length or (field.kind == "letter" and len(data) != 1):
        raise WireError(f"{field.name} is {value!r}; it has {field.length} characters")
    return data.ljust(field.length)


def _encode_option(by_name: Mapping[str, Tuple[int, Field]], name: str, value: Value) -> bytes:
    if name in by_name:
        tag, field = by_name[name]
        data = encode_field(field, value)
    elif name.startswith("tag_") and name[4:].isdigit() and isinstance(value, bytes):
        tag, data = int(name[4:]), value
    else:
        raise WireError(f"there is no option {name!r}")
    if tag > 255 or len(data) > 254:
        raise WireError(f"option {name!r} does not fit its element")
    return bytes((1 + len(data), tag)) + data


def _decode_appendage(layout: Layout, options: OptionTable, data: bytes) -> Options:
    if not data and layout.tail == "optional":
        return {}
    if len(data) < 2:
        raise WireError(f"{layout.name} ends before its appendage length")
    stated, elements = int.from_bytes(data[:2], "big"), data[2:]
    if stated != len(elements):
        raise WireError(f"the appendage says {stated} bytes, but {len(elements)} follow")
    found: Options = {}
    at = 0
    while at < len(elements):
        length = elements[at]
        if length == 0 or at + 1 + length > len(elements):
            raise WireError(f"the option at byte {at} of the appendage runs past its end")
        name, value = _decode_option(options, elements[at + 1], elements[at + 2 : at + 1 + length])
        # Whoever repeats a tag that is not known is no worse for it.
        if name in found and not isinstance(value, bytes):
            raise WireError(f"option {name} stands twice in one appendage")
        found[name] = value
        at += 1 + length
    return found


def _decode_option(options: OptionTable, tag: int, data: bytes) -> Tuple[str, Value]:
    field = options.get(tag)
    if field is None:
        return f"tag_{tag}", data
    if len(data) != field.length:
        raise WireError(f"option {field.label} has {len(data)} bytes; it must have {field.length}")
    return field.name, decode_field(field, data)


def price(value: Union[str, int, Decimal, float]) -> int:
    """A price in the units of the wire: `price("286.67")` is 2,866,700.

    Text and `Decimal` are exact. A float is read as it prints."""
    try:
        units = Decimal(str(value)) * PRICE_SCALE
        exact = int(units)
    except (InvalidOperation, OverflowError, ValueError):
        raise WireError(f"{value!r} is no price") from None
    if exact != units:
        raise WireError(f"{value!r} is no price: at most four decimals")
    return exact


def price_text(units: int) -> str:
    """The decimal text of a price: four decimals, or two where the rest is zero."""
    sign, units = ("-", -units) if units < 0 else ("", units)
    whole, fraction = divmod(units, PRICE_SCALE)
    if fraction % 100 == 0:
        return f"{sign}{whole}.{fraction // 100:02d}"
    return f"{sign}{whole}.{fraction:04d}"
