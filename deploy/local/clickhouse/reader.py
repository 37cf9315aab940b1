"""Reads the native protocol: walks over a block to find where it ends and hands its bytes on unchanged.

The values themselves are never decoded here but where a column's length cannot be told otherwise; the engine parses
the bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from clickhouse_driver.bufferedreader import CompressedBufferedReader
from clickhouse_driver.client import Client
from clickhouse_driver.columns.service import read_column
from clickhouse_driver.connection import ServerInfo
from clickhouse_driver.reader import read_binary_str
from clickhouse_driver.varint import read_varint

from deploy.local.clickhouse.encoding import Column, text

# The protocol revision spoken: settings travel as strings (54429), columns carry no serialization byte yet (54454).
REVISION = 54429
_FIXED_WIDTHS = {
    name: width
    for width, names in {
        1: "Int8 UInt8 Bool Enum8",
        2: "Int16 UInt16 Enum16 Date BFloat16",
        4: "Int32 UInt32 Float32 Date32 DateTime IPv4",
        8: "Int64 UInt64 Float64 DateTime64",
        16: "Int128 UInt128 UUID IPv6",
        32: "Int256 UInt256",
    }.items()
    for name in names.split()
}
_DECIMAL_WIDTHS = ((9, 4), (18, 8), (38, 16), (76, 32))  # most digits, bytes
_BLOCK_INFO_IS_OVERFLOWS = 1
# The driver's column readers want a connection's context; this client never connects.
_context = Client("localhost", settings={"strings_as_bytes": True}).connection.context
_context.server_info = ServerInfo("", 0, 0, 0, REVISION, "UTC", "", REVISION)


class Block(NamedTuple):
    """One block as it travels: what is in it, and its bytes in the Native format."""

    columns: list[Column]
    rows: int
    raw: bytes


@lru_cache(4096)
def fixed_width(spec: str) -> int | None:
    """Return the bytes a value of this ClickHouse type takes, or None where they differ from value to value."""
    name, _, arguments = spec.partition("(")
    if name == "Decimal":
        digits = int(arguments.split(",")[0])
        return next(width for most, width in _DECIMAL_WIDTHS if digits <= most)
    if name == "FixedString":
        return int(arguments[:-1])
    return _FIXED_WIDTHS.get(name)


class Reader:
    """Reads values and blocks from pulled chunks; an empty chunk is the end and raises EOFError."""

    def __init__(self, pull: Callable[[], bytes]) -> None:
        self._pull = pull
        self._kept: list[bytes] = []
        self._buffer = CompressedBufferedReader(self._pull_and_keep, 1)

    def varint(self) -> int:
        """Read an unsigned number."""
        return int(read_varint(self._buffer))

    def text(self) -> str:
        """Read a string."""
        return str(read_binary_str(self._buffer))

    def byte(self) -> int:
        """Read one byte."""
        return int(self._buffer.read_one())

    def exactly(self, count: int) -> bytes:
        """Read exactly `count` bytes."""
        return bytes(self._buffer.read(count))

    def skip_block_info(self) -> None:
        """Read over the numbered fields that precede a block on the wire."""
        while field := self.varint():
            self.exactly(1 if field == _BLOCK_INFO_IS_OVERFLOWS else 4)

    def block(self, types: Sequence[str] = ()) -> Block:
        """Read one block; where `types` are given they replace the column types written in it."""
        buffer = self._buffer
        self._kept = [bytes(buffer.buffer[buffer.position : buffer.current_buffer_size])]
        column_count, rows = self.varint(), self.varint()
        columns: list[Column] = []
        patches: list[tuple[int, int, bytes]] = []
        for index in range(column_count):
            name = self.text()
            start = self._position()
            spec = self.text()
            if types and types[index] != spec:
                patches.append((start, self._position(), text(types[index])))
            columns.append(Column(name, spec))
            if rows:
                self._skip_column(spec, rows)
        raw = b"".join(self._kept)[: self._position()]
        self._kept = []
        for start, end, replacement in reversed(patches):
            raw = raw[:start] + replacement + raw[end:]
        return Block(columns, rows, raw)

    def _skip_column(self, spec: str, rows: int) -> None:
        plain = spec.removeprefix("Nullable(").removesuffix(")") if spec.startswith("Nullable(") else spec
        width = fixed_width(plain)
        if width is None and plain != "String":
            read_column(_context, spec, rows, self._buffer, use_numpy=False)
            return
        if plain != spec:
            self.exactly(rows)  # the map of nulls
        if width is None:
            self._buffer.read_strings(rows)
        else:
            self.exactly(rows * width)

    def _pull_and_keep(self) -> bytes:
        chunk = self._pull()
        self._kept.append(chunk)
        return chunk

    def _position(self) -> int:
        """How far the reading is inside what was kept since the block began."""
        return sum(map(len, self._kept)) - int(self._buffer.current_buffer_size) + int(self._buffer.position)


def blocks_in(raw: bytes, types: Sequence[str] = ()) -> Iterator[Block]:
    """Yield the blocks of one result in the Native format; `types` as in Reader.block."""
    chunks = iter([raw])
    reader = Reader(lambda: next(chunks, b""))
    reader.exactly(0)
    while True:
        try:
            yield reader.block(types)
        except EOFError:
            return
