"""Blocks are cut out of a byte stream where they end, whatever the size of the chunks it comes in."""

from __future__ import annotations

import os

import pytest

from deploy.local.clickhouse.encoding import (
    FRAME_HEADER_BYTES,
    Column,
    compressed,
    decompressed,
    empty_block,
    frame_body_bytes,
    text,
    varint,
)
from deploy.local.clickhouse.errors import EngineError
from deploy.local.clickhouse.reader import Reader, blocks_in, fixed_width


def _reader(data: bytes, chunk: int) -> Reader:
    chunks = iter([data[start : start + chunk] for start in range(0, len(data), chunk)])
    return Reader(lambda: next(chunks, b""))


def _block(rows: int) -> bytes:
    numbers = b"".join(number.to_bytes(8, "little") for number in range(rows))
    names = b"".join(text("n" * number) for number in range(rows))
    nullable = bytes(rows) + numbers
    return (
        varint(3)
        + varint(rows)
        + (text("a") + text("UInt64") + numbers)
        + (text("b") + text("String") + names)
        + (text("c") + text("Nullable(DateTime64(3, 'UTC'))") + nullable)
    )


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_a_block_comes_back_byte_for_byte(chunk: int) -> None:
    data = _block(300)
    reader = _reader(varint(5) + data + _block(2) + b"next", chunk)
    assert reader.varint() == 5
    assert (reader.block().raw, reader.block().raw, reader.exactly(4)) == (data, _block(2), b"next")


def test_column_types_can_be_replaced_in_the_bytes() -> None:
    block = next(blocks_in(_block(2), types=["UInt64", "String", "Nullable(DateTime64(3, 'Asia/Shanghai'))"]))
    assert [column.type for column in next(blocks_in(block.raw)).columns][
        2
    ] == "Nullable(DateTime64(3, 'Asia/Shanghai'))"


def test_a_stream_that_ends_inside_a_block_is_an_end_of_file() -> None:
    with pytest.raises(EOFError):
        _reader(_block(5)[:-3], 10).block()


def test_a_header_block_names_its_columns() -> None:
    columns = [Column("费用", "Int64"), Column("b", "Array(String)")]
    assert [block.columns for block in blocks_in(empty_block(columns))] == [columns]


@pytest.mark.parametrize(
    ("spec", "width"),
    [
        ("Decimal(18, 4)", 8),
        ("Decimal(19, 4)", 16),
        ("FixedString(7)", 7),
        ("Enum8('a,(' = 1)", 1),
        ("DateTime('Asia/Shanghai')", 4),
        ("String", None),
        ("Array(Int8)", None),
    ],
)
def test_width_of_a_type(spec: str, width: int | None) -> None:
    assert fixed_width(spec) == width


def test_compressed_frames_come_back() -> None:
    data = os.urandom(100) * 30_000
    frames = b"".join(compressed(data))
    plain = b""
    while frames:
        header, frames = frames[:FRAME_HEADER_BYTES], frames[FRAME_HEADER_BYTES:]
        size = frame_body_bytes(header)
        plain, frames = plain + decompressed(header, frames[:size]), frames[size:]
    assert plain == data


def test_an_unknown_compression_is_refused() -> None:
    with pytest.raises(EngineError, match="0x90") as caught:
        frame_body_bytes(bytes(16) + b"\x90" + bytes(8))
    assert caught.value.code == 89
