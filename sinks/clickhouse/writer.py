"""Writes shipments: insert, retry, bisect. One thread owns a writer and its client. Never commits an offset.

Order of work for a shipment (the body repeats the numbers):

1. for each table, in a fixed order, insert the rows under their deduplication token
2. no answer: connect anew, verify the server, and insert the same rows under the same token, for as long as it takes
3. busy: the same after a pause, for a bounded time
4. something in the rows: halve them until what is refused stands alone; the others are inserted
5. anything else is raised: the process ends, nothing was committed, and the shipment comes again
"""

import random
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from time import monotonic

import structlog
from clickhouse_driver import Client

from schemas.reasons import Reason
from sinks import metrics
from sinks.clickhouse.blocks import Refusal, Shipment
from sinks.clickhouse.connection import ClickHouseError, describe
from sinks.clickhouse.errors import Verdict, verdict_of
from sinks.clickhouse.row import Row
from sinks.clickhouse.tables import Table
from streams.crash import crash_point

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0
BUSY_SECONDS = 900.0
#: So many rows of an insert refused one and all are not poison: something else is wrong.
SUSPICIOUS_ROWS = 20


class StoppedError(Exception):
    """The process was told to end while the writer waited for ClickHouse; the shipment is not written."""


class Writer:
    """`connect` makes a client that is ready to write, or raises; `stopping` ends every wait."""

    def __init__(
        self,
        connect: Callable[[], Client],
        stopping: Event,
        busy_seconds: float = BUSY_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._connect = connect
        self._stopping = stopping
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._client: Client | None = None
        self._log = structlog.get_logger().bind(stage="sink")
        #: Whether ClickHouse answered when it was last asked; read by other threads.
        self.reachable = False

    def open(self) -> None:
        """Connect and verify, for as long as it takes. Raises ClickHouseError when the server is not as it must be."""
        self._patiently(self._ensure)

    def close(self) -> None:
        """Drop the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()

    def write(self, shipment: Shipment) -> list[Refusal]:
        """Insert every row; returns the records without one: not decodable (S402), or refused by themselves (S401)."""
        refusals = shipment.refusals()
        crash_point("sink_before_insert")
        # 1 table by table
        for table, rows in shipment.tables():
            started = self._clock()
            refused = list(self._insert(shipment, table, rows))
            if len(refused) >= max(SUSPICIOUS_ROWS, len(rows)):
                raise ClickHouseError(
                    f"{table.name} refuses every row ({refused[0].detail}): the table must be at fault"
                )
            refusals += refused
            metrics.SINK_INSERT.labels(table.name).observe(self._clock() - started)
            metrics.SINK_ROWS.labels(table.name).inc(len(rows) - len(refused))
            crash_point("sink_between_tables")
        crash_point("sink_after_insert")
        return refusals

    def _insert(self, shipment: Shipment, table: Table, rows: Sequence[Row]) -> Iterator[Refusal]:
        token = shipment.token(table, rows)
        try:
            self._patiently(lambda: self._execute(table, rows, token))
        except Exception as error:
            if verdict_of(error) is not Verdict.ROW:
                raise
            # 4 bisect
            if len(rows) == 1:
                metrics.SINK_REFUSED.labels(table.name).inc()
                yield Refusal(shipment.record_of(rows[0]), Reason.ROW_REFUSED, f"{table.name}: {describe(error)}")
                return
            middle = len(rows) // 2
            yield from self._insert(shipment, table, rows[:middle])
            yield from self._insert(shipment, table, rows[middle:])

    def _execute(self, table: Table, rows: Sequence[Row], token: str) -> None:
        self._ensure().execute(
            table.insert,
            list(zip(*rows, strict=True)),
            columnar=True,
            settings={"insert_deduplication_token": token},
        )
        metrics.SINK_INSERTS.labels(table.name).inc()

    def _ensure(self) -> Client:
        if self._client is None:
            self._client = self._connect()
        self._say_reachable(True)
        return self._client

    def _patiently(self, work: Callable[[], object]) -> None:
        """Do the work; 2 and 3: again and again where that may help. Raises whatever else went wrong."""
        tries, busy_since = 0, None
        while True:
            try:
                work()
            except Exception as error:
                verdict = verdict_of(error)
                self.close()
                if verdict not in {Verdict.UNREACHABLE, Verdict.BUSY}:
                    raise
                now = self._clock()
                busy_since = None if verdict is Verdict.UNREACHABLE else busy_since or now
                if busy_since is not None and now - busy_since > self._busy_seconds:
                    raise
                self._say_reachable(False)
                metrics.SINK_RETRIES.labels(describe(error)).inc()
                self._log.warning("clickhouse_waited_for", cause=describe(error), tries=tries + 1)
                tries += 1
                self._pause(tries)
            else:
                return

    def _pause(self, tries: int) -> None:
        grown = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tries, 10))
        if self._stopping.wait(grown * random.uniform(0.7, 1.0)):  # noqa: S311 - spreads retries, keeps no secret
            raise StoppedError

    def _say_reachable(self, reachable: bool) -> None:
        if reachable is not self.reachable:
            self._log.info("clickhouse_reached" if reachable else "clickhouse_lost")
        self.reachable = reachable
        metrics.SINK_REACHABLE.set(reachable)
