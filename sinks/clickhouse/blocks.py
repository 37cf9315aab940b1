"""Blocks: consecutive records of one topic partition as rows; shipments: the blocks of a topic that go together.

A block is the unit of bookkeeping (first and last offset, what to commit); a shipment is the unit of inserting. An
insert costs ClickHouse some 13 ms whatever its size, so the small blocks of a topic's partitions share one.

The deduplication token names exactly what is inserted: table, topic, and for each partition the first and last offset,
and a digest of the rows. The digest is there because ClickHouse drops a second insert under the same token whatever it
holds: after a topic was made anew, or rows are reckoned differently, the same offsets mean other rows.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from schemas.reasons import Reason
from sinks.clickhouse.row import Record, Row, ToRow
from sinks.clickhouse.rows import UNREADABLE, peek_version
from sinks.clickhouse.tables import TABLES, Table

_encoder = msgspec.msgpack.Encoder()
_RANK = {table: rank for rank, table in enumerate(TABLES)}


class Refusal(msgspec.Struct, frozen=True):
    """A record that has no row in ClickHouse: why, with a detail free of patient data."""

    record: Any
    reason: Reason
    detail: str


class Block:
    """Consecutive records of one partition. `topic` is the full name; `opened_at` by the caller's clock.

    `latest_only`: of the records of a key, only the one with the highest version becomes a row (of equal ones the last:
    they are equal rows).
    """

    __slots__ = (
        "_latest", "_latest_only", "_to_row", "epoch", "first_offset", "last_offset", "lost", "oldest_ms", "opened_at",
        "partition", "records", "refusals", "rows", "topic",
    )  # fmt: skip

    def __init__(
        self, topic: str, partition: int, opened_at: float, to_row: ToRow, epoch: int, *, latest_only: bool
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.opened_at = opened_at
        self.epoch = epoch
        self._to_row = to_row
        self._latest_only = latest_only
        self._latest: dict[bytes | int, tuple[int, Record]] = {}
        self.first_offset = self.last_offset = -1
        self.oldest_ms = 0
        self.records: list[Record] = []
        self.rows: dict[Table, list[Row]] = {}
        self.refusals: list[Refusal] = []
        #: Whether the partition was given up since: the rows may be written, but its offset is not ours to commit.
        self.lost = False

    def __len__(self) -> int:
        return len(self.records)

    def add(self, records: Sequence[Record]) -> None:
        """Take records in, at least one; one that cannot be decoded is noted as refused (S402), the others go on."""
        if self._latest_only:
            self._keep_latest(records)
        else:
            self._make_rows(records)
        if not self.records:
            self.first_offset = records[0].offset
            self.oldest_ms = records[0].timestamp
        self.last_offset = records[-1].offset
        self.records.extend(records)

    def seal(self) -> None:
        """No record follows: what was kept back becomes rows."""
        self._make_rows([record for _, record in self._latest.values()])
        self._latest.clear()

    def _keep_latest(self, records: Sequence[Record]) -> None:
        latest = self._latest
        for record in records:
            try:
                version = peek_version(record)
            except UNREADABLE as error:
                self._refuse(record, error)
                continue
            key = record.offset if record.key is None else record.key
            known = latest.get(key)
            if known is None or version >= known[0]:
                latest[key] = (version, record)

    def _make_rows(self, records: Sequence[Record]) -> None:
        rows, to_row, epoch = self.rows, self._to_row, self.epoch
        for record in records:
            try:
                table, row = to_row(record, epoch)
            except UNREADABLE as error:
                self._refuse(record, error)
                continue
            if table in rows:
                rows[table].append(row)
            else:
                rows[table] = [row]

    def _refuse(self, record: Record, error: Exception) -> None:
        self.refusals.append(Refusal(record, Reason.UNREADABLE_OUTPUT, type(error).__name__))

    def record_at(self, offset: int) -> Record:
        """The record of this block at an offset."""
        return next(record for record in self.records if record.offset == offset)


class Shipment:
    """Blocks of one topic, one of a partition, that are inserted together."""

    def __init__(self, topic: str, blocks: Sequence[Block]) -> None:
        self.topic = topic
        self.blocks = sorted(blocks, key=lambda block: block.partition)
        for block in blocks:
            block.seal()

    def __len__(self) -> int:
        return sum(len(block) for block in self.blocks)

    @property
    def ranges(self) -> str:
        """`partition:first-last` of every block."""
        return ",".join(f"{block.partition}:{block.first_offset}-{block.last_offset}" for block in self.blocks)

    @property
    def oldest_ms(self) -> int:
        """Timestamp of the oldest record."""
        return min(block.oldest_ms for block in self.blocks)

    def tables(self) -> list[tuple[Table, list[Row]]]:
        """The rows of each table, in the tables' fixed order."""
        found: dict[Table, list[Row]] = {}
        for block in self.blocks:
            for table, rows in block.rows.items():
                found.setdefault(table, []).extend(rows)
        return [(table, found[table]) for table in sorted(found, key=_RANK.__getitem__)]

    def token(self, table: Table, rows: Sequence[Row]) -> str:
        """The deduplication token of these rows of the shipment."""
        return f"{table.name}/{self.topic}/{self.ranges}/{rows_digest(rows)}"

    def record_of(self, row: Row) -> Record:
        """The record a row was made from: rows end with partition and offset."""
        partition, offset = row[-2:]
        return next(block for block in self.blocks if block.partition == partition).record_at(offset)

    def refusals(self) -> list[Refusal]:
        """Records that could not be decoded."""
        return [refusal for block in self.blocks for refusal in block.refusals]


def rows_digest(rows: Sequence[Row]) -> str:
    """A digest of the rows as they are inserted."""
    try:
        raw = _encoder.encode(rows)
    except OverflowError:  # an integer that no column holds; the insert will say so
        raw = repr(rows).encode()
    return blake2b(raw, digest_size=12).hexdigest()
