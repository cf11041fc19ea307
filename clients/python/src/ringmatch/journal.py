"""A journal, read as `docs/journal-format.md` draws it, and never changed.

Every checksum is verified: of each segment's header, each frame's header and
each body, and the chain through all frames. The reader stops at the tail and
says what it is: "clean", or "torn" where a crash left something that nobody was
told of. What the format refuses raises `JournalError` with file and byte; so does
a compressed segment, which the standard library cannot read. A
journal holds commands and nothing else: trades are what a replay makes of them
(`ringmatch journal dump --events --json`), or what market data says.
"""

from __future__ import annotations

import json
import os
import re
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from .commands import LayoutError, rows
from .crc32c import crc32c

SEGMENT_HEADER_BYTES = 4096
FRAME_HEADER = struct.Struct("<4sHBBIIIIQQQIIQ")
FRAME_HEADER_BYTES = FRAME_HEADER.size
MAX_BODY_BYTES = 4 << 20
#: The most that a crash can tear.
MAX_FRAME_BYTES = MAX_BODY_BYTES + FRAME_HEADER_BYTES
#: Magic, version, CRC, turn; number, zero, first sequence and chain of a segment.
MARK = struct.Struct("<8sIIQIIQQ16x")
MARK_SLOTS = (0, 4096)
VERSION = 1

#: Kinds of frames.
COMMANDS, CHECKPOINT = 1, 2


class JournalError(Exception):
    """A journal that the format refuses."""


@dataclass(frozen=True)
class SegmentHeader:
    """The head of a segment."""

    venue: str
    number: int
    segment_bytes: int
    first_sequence: int
    chain: int
    config: bytes


@dataclass(frozen=True)
class Frame:
    """One batch, sound. `kind` 1 holds commands, 2 a checkpoint."""

    kind: int
    epoch: int
    count: int
    first_sequence: int
    time_ns: int
    segment: int
    offset: int
    body: bytes

    def rows(self) -> List[Mapping[str, Any]]:
        """Its commands, one row each; none if it is no frame of commands."""
        if self.kind != COMMANDS:
            return []
        try:
            return rows(self.body, self.first_sequence, self.count)
        except LayoutError as error:
            place = f"segment {self.segment:08d}, byte {self.offset}"
            raise JournalError(f"{place}: {error}") from error

    def checkpoint(self) -> Optional[Tuple[int, str]]:
        """Sequence and digest, if it is a checkpoint."""
        if self.kind != CHECKPOINT or len(self.body) != 16:
            return None
        sequence, digest = struct.unpack("<QQ", self.body)
        return sequence, f"{digest:016x}"


@dataclass(frozen=True)
class _Header:
    kind: int
    body_crc: int
    epoch: int
    count: int
    first_sequence: int
    time_ns: int
    chain: int
    body_bytes: int
    synced_to: int
    hash: int

    @property
    def frame_bytes(self) -> int:
        whole = FRAME_HEADER_BYTES + self.body_bytes
        return -(-whole // FRAME_HEADER_BYTES) * FRAME_HEADER_BYTES


@dataclass(frozen=True)
class _Mark:
    """A segment as a mark names it."""

    number: int
    first_sequence: int
    chain: int


class Journal:
    """The journal in a data directory. `tail` is "clean" or "torn" once all
    frames were read, and nothing before that."""

    def __init__(self, directory: "str | os.PathLike[str]") -> None:
        self.directory = os.fspath(directory)
        self.tail: Optional[str] = None
        # Before the names: an engine that runs makes the name first, and marks it then.
        self._first = self._mark("kept") or _Mark(1, 1, 0)
        begun = self._mark("begun")
        self._last_begun = begun.number if begun else 0
        self._numbers = self._find_segments()
        head = self._segment_header(self._numbers[0])
        if head is None:
            path = self._path(self._numbers[0])
            raise JournalError(f"{path} has no header: the journal was never begun")
        self.head = head

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """All commands, one row each."""
        for frame in self.frames():
            yield from frame.rows()

    def frames(self) -> Iterator[Frame]:
        """All frames in order, each with everything verified."""
        self.tail = None
        sequence, chain, epoch = self._first.first_sequence, self._first.chain, 0
        for number in self._numbers:
            header = self._segment_header(number)
            if header is None:
                self._check_unbegun(number)
                return
            self._check_place(header, number, sequence, chain)
            with open(self._path(number), "rb") as file:
                at = SEGMENT_HEADER_BYTES
                while True:
                    read = self._frame(file, number, at, header.segment_bytes)
                    if read is None:
                        break
                    found, body = read
                    self._check_order(found, number, at, sequence, chain, epoch)
                    sequence, chain, epoch = sequence + found.count, found.hash, found.epoch
                    yield Frame(
                        found.kind,
                        found.epoch,
                        found.count,
                        found.first_sequence,
                        found.time_ns,
                        number,
                        at,
                        body,
                    )
                    at += found.frame_bytes
                if not self._is_begun(number + 1):
                    self.tail = _judge_tail(file, self._path(number), at, header.segment_bytes)

    def _mark(self, name: str) -> Optional[_Mark]:
        """The segment that a mark names; nothing if there is no mark."""
        path = os.path.join(self.directory, name)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return None
        slots = [_decode_mark(data[at : at + MARK.size], path) for at in MARK_SLOTS]
        sound = [slot for slot in slots if slot is not None]
        if not sound:
            raise JournalError(f"{path} is damaged: what it marks is not known")
        return max(sound, key=lambda slot: slot[0])[1]

    def _find_segments(self) -> List[int]:
        """The numbers of all segments, which must count up from the first one kept
        to the last one begun, at least."""
        names = [re.fullmatch(r"([0-9]{8})\.seg(\.zst)?", name) for name in os.listdir(self.directory)]
        found = [(int(name[1]), name[2]) for name in names if name]
        numbers = sorted({number for number, _ in found if number >= self._first.number})
        if not numbers and not self._last_begun:
            raise JournalError(f"there is no journal in {self.directory}")
        if numbers != list(range(self._first.number, self._first.number + len(numbers))):
            raise JournalError(f"a segment is missing in {self.directory}")
        if not numbers or numbers[-1] < self._last_begun:
            raise JournalError(f"{self._path(self._last_begun)} is missing, and was begun")
        for number in numbers:
            if (number, None) not in found:
                path = self._path(number) + ".zst"
                raise JournalError(f"{path} is compressed; `zstd -d {path}` makes it readable")
        return numbers

    def _path(self, number: int) -> str:
        return os.path.join(self.directory, f"{number:08d}.seg")

    def _is_begun(self, number: int) -> bool:
        return number in self._numbers and self._segment_header(number) is not None

    def _segment_header(self, number: int) -> Optional[SegmentHeader]:
        """The head of a segment; nothing if it has none, which only the last may."""
        path = self._path(number)
        with open(path, "rb") as file:
            page = file.read(SEGMENT_HEADER_BYTES)
            length = file.seek(0, os.SEEK_END)
        header = _decode_segment(page, path)
        if header is None:
            if number != self._numbers[-1]:
                raise JournalError(f"{path} has no sound header, and is not the last segment")
            if number <= self._last_begun:
                raise JournalError(f"{path} has no sound header, and was begun")
            return None
        if header.number != number:
            raise JournalError(f"{path} says that it is segment {header.number}")
        if header.segment_bytes != length or length % 4096 or length < 8192:
            raise JournalError(f"{path} has {length} bytes and says {header.segment_bytes}")
        return header

    def _check_place(self, header: SegmentHeader, number: int, sequence: int, chain: int) -> None:
        if (header.venue, header.config) != (self.head.venue, self.head.config):
            raise JournalError(f"{self._path(number)} belongs to another venue or config")
        if (header.first_sequence, header.chain) != (sequence, chain):
            raise JournalError(f"{self._path(number)} does not continue the segment before it")

    def _check_order(
        self, found: _Header, number: int, at: int, sequence: int, chain: int, epoch: int
    ) -> None:
        if found.first_sequence != sequence:
            what = f"has sequence {found.first_sequence}, not {sequence}"
        elif found.chain != chain:
            what = "continues another frame"
        elif found.epoch < epoch:
            what = "is of an earlier epoch"
        elif found.synced_to > at:
            what = "says that more was synced than was written"
        else:
            return
        raise JournalError(f"{self._path(number)}: the frame at byte {at} {what}")

    def _frame(
        self, file: BinaryIO, number: int, at: int, end: int
    ) -> Optional[Tuple[_Header, bytes]]:
        """The sound frame at a byte; nothing if there is none."""
        if at + FRAME_HEADER_BYTES > end:
            return None
        file.seek(at)
        header = _decode_frame(file.read(FRAME_HEADER_BYTES), f"{self._path(number)}, byte {at}")
        if header is None or at + FRAME_HEADER_BYTES + header.body_bytes > end:
            return None
        body = file.read(header.body_bytes)
        return (header, body) if crc32c(body) == header.body_crc else None

    def _check_unbegun(self, number: int) -> None:
        """The last file, which has no header: prepared, or torn while begun."""
        path = self._path(number)
        with open(path, "rb") as file:
            page = file.read(SEGMENT_HEADER_BYTES)
            is_prepared = not any(page)
            if any(any(chunk) for chunk in iter(lambda: file.read(1 << 20), b"")):
                raise JournalError(f"{path} has no sound header, and something behind it")
        if not is_prepared:
            if self.tail != "clean":
                raise JournalError(f"{path} was begun although the segment before it is torn")
            self.tail = "torn"


def _decode_mark(data: bytes, path: str) -> Optional[Tuple[int, _Mark]]:
    """The turn and the segment in a slot; nothing if it has none."""
    if len(data) < MARK.size or data[:8] != b"RINGMARK":
        return None
    _, version, crc, turn, number, _, first_sequence, chain = MARK.unpack(data)
    if crc != crc32c(data[16:], crc32c(data[:12])):
        return None
    if version != VERSION:
        raise JournalError(f"{path} has version {version}; this client reads version {VERSION}")
    return turn, _Mark(number, first_sequence, chain)


def _decode_segment(page: bytes, path: str) -> Optional[SegmentHeader]:
    if len(page) < SEGMENT_HEADER_BYTES or page[:8] != b"RINGSEGM":
        return None
    version, crc = struct.unpack_from("<II", page, 8)
    if crc != crc32c(page[16:], crc32c(page[:12])):
        return None
    if version != VERSION:
        raise JournalError(f"{path} has version {version}; this client reads version {VERSION}")
    venue = page[16:32].rstrip(b"\0").decode("utf-8", "replace")
    number, fingerprint = struct.unpack_from("<II", page, 32)
    length, first_sequence, chain, config_bytes = struct.unpack_from("<QQQI", page, 40)
    config = page[128 : 128 + config_bytes]
    if len(config) != config_bytes or crc32c(config) != fingerprint:
        raise JournalError(f"{path}: its header's checksum is right and its config is not")
    return SegmentHeader(venue, number, length, first_sequence, chain, config)


def _decode_frame(data: bytes, place: str) -> Optional[_Header]:
    """The header in 64 bytes; nothing if they are none."""
    if len(data) < FRAME_HEADER_BYTES or data[:4] != b"RMFR":
        return None
    values = FRAME_HEADER.unpack(data)
    _, version, kind, zero, crc, body_crc, epoch, count, first, time_ns, chain, size, rest, synced = values
    if crc != crc32c(data[12:], crc32c(data[:8])):
        return None
    if version != VERSION:
        raise JournalError(f"{place}: a frame of version {version}; this client reads {VERSION}")
    is_possible = size <= MAX_BODY_BYTES and first + count < 1 << 64
    if zero or rest or not is_possible or synced < SEGMENT_HEADER_BYTES or synced % 64:
        raise JournalError(f"{place}: a header with the right checksum and impossible content")
    whole = crc | body_crc << 32
    return _Header(kind, body_crc, epoch, count, first, time_ns, chain, size, synced, whole)


def _judge_tail(file: BinaryIO, path: str, at: int, end: int) -> str:
    """What lies beyond the last sound frame of the last segment."""
    file.seek(at)
    beyond = file.read(end - at)
    if not any(beyond):
        return "clean"
    if any(beyond[MAX_FRAME_BYTES:]):
        raise JournalError(f"{path} is damaged at byte {at}: no crash tears that much")
    # Headers are not looked for inside the body of a frame whose header is sound.
    place = 0
    while place + FRAME_HEADER_BYTES <= len(beyond):
        where = f"{path}, byte {at + place}"
        header = _decode_frame(beyond[place : place + FRAME_HEADER_BYTES], where)
        if header is not None and header.synced_to > at:
            raise JournalError(f"{path} is damaged at byte {at}: what stood there was promised")
        place += FRAME_HEADER_BYTES if header is None else header.frame_bytes
    return "torn"


def trades_of_dump(lines: Iterable[str]) -> Iterator[Dict[str, Any]]:
    """Trades as rows, from the lines of `ringmatch journal dump --events --json`,
    which replays the journal: both sides of each execution, by session and order."""
    for line in lines:
        command = json.loads(line)
        for event in command.get("events") or []:
            if event["event"] != "executed":
                continue
            row = {"sequence": command["sequence"], "time": command["time"]}
            row.update((k, event[k]) for k in ("instrument", "match_number", "price", "quantity"))
            for side in ("maker", "taker"):
                row.update((f"{side}_{key}", value) for key, value in event[side].items())
            yield row
