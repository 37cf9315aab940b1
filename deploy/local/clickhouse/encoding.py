"""The bytes ClickHouse's native protocol is made of: numbers, strings, block headers, compressed frames."""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import lz4.block
from clickhouse_cityhash.cityhash import CityHash128

from deploy.local.clickhouse.errors import UNKNOWN_COMPRESSION_METHOD, EngineError

# Checksum 16 bytes, then method, compressed size (with these 9 bytes) and plain size.
FRAME_HEADER_BYTES = 25
_LZ4, _PLAIN = 0x82, 0x02
_PIECE_BYTES = 1 << 20
# Block info of revision 54429: not an overflow row, no bucket.
BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"


class Column(NamedTuple):
    """A column's name and ClickHouse type."""

    name: str
    type: str


def varint(number: int) -> bytes:
    """Encode an unsigned number, seven bits a byte, lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def text(value: str) -> bytes:
    """Encode a string: length, then UTF-8."""
    raw = value.encode()
    return varint(len(raw)) + raw


def empty_block(columns: Iterable[Column]) -> bytes:
    """Encode a block of no rows, which tells the client names and types."""
    listed = list(columns)
    return varint(len(listed)) + b"\0" + b"".join(text(column.name) + text(column.type) for column in listed)


def compressed(data: bytes) -> Iterator[bytes]:
    """Yield `data` as LZ4 frames, each with its checksum."""
    for start in range(0, len(data), _PIECE_BYTES):
        piece = data[start : start + _PIECE_BYTES]
        packed = lz4.block.compress(piece, store_size=False)
        body = struct.pack("<BII", _LZ4, len(packed) + 9, len(piece)) + packed
        yield struct.pack("<QQ", *divmod(CityHash128(body), 1 << 64)) + body


def frame_body_bytes(header: bytes) -> int:
    """Return how many bytes follow this frame header; raises EngineError for a method other than LZ4 and none."""
    if header[16] not in {_LZ4, _PLAIN}:
        raise EngineError(
            UNKNOWN_COMPRESSION_METHOD, f"DB::Exception: compression method {header[16]:#x} is not LZ4, the only one"
        )
    return int.from_bytes(header[17:21], "little") - 9


def decompressed(header: bytes, body: bytes) -> bytes:
    """Return the plain bytes of one frame. Checksums are not verified: the client is on this machine."""
    if header[16] == _PLAIN:
        return body
    return bytes(lz4.block.decompress(body, uncompressed_size=int.from_bytes(header[21:25], "little")))
