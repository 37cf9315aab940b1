"""What a row is made from and made into: the record as the consumer gives it, the row, the function between them."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

import msgspec

from sinks.clickhouse.table import Table

Row: TypeAlias = tuple[Any, ...]


class Record(Protocol):
    """One Kafka record as the consumer gives it."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes | None]]


ToRow: TypeAlias = Callable[[Record, int], tuple[Table, Row]]


def parallel(items: tuple[msgspec.Struct, ...], width: int) -> Iterable[Row]:
    """Structs as parallel arrays, one a field in the struct's order; `width` empty ones where there are none."""
    return zip(*map(msgspec.structs.astuple, items), strict=True) if items else ((),) * width


def width_of(struct: type[msgspec.Struct]) -> int:
    """How many arrays `parallel` makes of such structs."""
    return len(struct.__struct_fields__)


def null_if_zero(row: Row, place: int) -> Row:
    """The row with null in one place where it says 0: a time that was not said."""
    return row if row[place] else (*row[:place], None, *row[place + 1 :])
