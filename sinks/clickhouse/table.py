"""A table as the writer fills it: what is inserted, what ClickHouse computes, the columns that several tables share.

Columns stand in the order in which rows are written. `computed` columns are made by ClickHouse itself. What each column
means stands in its COMMENT (sinks/clickhouse/migrations); a test holds the declaration to what the migrations make.
"""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, eq=False)
class Table:
    """One table: what is inserted, what ClickHouse computes, the key, and the column whose highest value wins."""

    name: str
    key: tuple[str, ...]
    version: str
    columns: tuple[tuple[str, str], ...]
    computed: tuple[tuple[str, str], ...] = ()

    @cached_property
    def insert(self) -> str:
        """The statement that takes a block of rows."""
        return f"INSERT INTO {self.name} ({', '.join(name for name, _ in self.columns)}) VALUES"

    @cached_property
    def position(self) -> dict[str, int]:
        """Column name → its place in a row."""
        return {name: index for index, (name, _) in enumerate(self.columns)}


def columns(declaration: str) -> tuple[tuple[str, str], ...]:
    """(name, type) of every line of a declaration."""
    lines = (line.strip() for line in declaration.strip().splitlines())
    return tuple((name, type_) for name, _, type_ in (line.partition(" ") for line in lines))


KAFKA = columns("kafka_partition Int32\nkafka_offset Int64")
VISIT = ("hospital", "patient_id", "visit_id")
VISIT_COLUMNS = columns("""
    hospital LowCardinality(String)
    patient_id String
    visit_id String
""")
