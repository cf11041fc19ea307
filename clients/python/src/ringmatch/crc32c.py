"""CRC-32C (Castagnoli, RFC 3720) in plain Python, two bytes a step."""

from __future__ import annotations

import struct
from typing import List

_POLYNOMIAL = 0x82F63B78


def _table(bits: int) -> List[int]:
    table = []
    for index in range(1 << bits):
        for _ in range(bits):
            index = (index >> 1) ^ (_POLYNOMIAL if index & 1 else 0)
        table.append(index)
    return table


_BYTES = _table(8)
#: The steps of two bytes at once, from those of one.
_PAIRS = [_BYTES[n & 0xFF] for n in range(1 << 16)]
_PAIRS = [_BYTES[((n >> 8) ^ crc) & 0xFF] ^ (crc >> 8) for n, crc in enumerate(_PAIRS)]


def crc32c(data: bytes, crc: int = 0) -> int:
    """The checksum of `data`, which goes on from that of what stood before it."""
    crc ^= 0xFFFFFFFF
    pairs = len(data) // 2
    for pair in struct.unpack_from(f"<{pairs}H", data):
        crc = _PAIRS[(crc ^ pair) & 0xFFFF] ^ (crc >> 16)
    for byte in data[2 * pairs :]:
        crc = _BYTES[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF
