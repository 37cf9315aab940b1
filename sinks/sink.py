"""The sink process: reads every output topic and the ledger, and writes ClickHouse. One thread owns the consumer.

Order of work (the body repeats the numbers):

1. poll; records become rows in the open block of their topic partition
2. a topic whose blocks are large or old enough is shipped: handed to the writer's thread, which inserts
3. a shipment that is written: its refused records become dead letters, and the broker confirms them
4. its offsets are committed
5. while too much waits, every partition is paused, and polling goes on: the sink keeps its place in the group

At least once: a crash between any two steps leads to the same records again, and every row names its key and version,
so writing it again changes nothing. Partitions that are taken away are dropped with their open blocks; what was
inserted of them and not committed is inserted again by the next owner.

Alerts do not depend on the sink: ClickHouse may be away for as long as it likes.
"""

import gc
import logging
import signal
import time
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any

import structlog
from clickhouse_driver import Client
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.structs import OffsetAndMetadata

from sinks import metrics
from sinks.clickhouse.blocks import Block, Refusal, Shipment
from sinks.clickhouse.connection import WRITE_SETTINGS, connect, describe, verify_server
from sinks.clickhouse.migrate import migrate, verify_migrated
from sinks.clickhouse.rows import LATEST_ONLY, TO_ROW
from sinks.clickhouse.writer import StoppedError, Writer
from sinks.dead_letters import DeadLetters
from sinks.journal import Journal
from streams.admin import verify_topics
from streams.connection import kafka_python_options
from streams.crash import crash_point
from streams.health import HealthServer
from streams.logs import SafeError, end_process
from streams.progress import Progress
from streams.settings import Settings
from streams.slot import claim_slot
from streams.topics import Topic, group_of
from streams.watchdog import KafkaBroker, Watchdog

STAGE = "sink"
TOPICS = tuple(map(Topic, TO_ROW))
#: Places where a test kills the process, in the order a shipment meets them.
CRASH_POINTS = (
    "sink_after_poll",
    "sink_before_insert",
    "sink_between_tables",
    "sink_after_insert",
    "sink_after_dead_letters",
    "sink_before_commit",
    "sink_after_commit",
)
#: Shipments handed to the writer at once: one being written, one ready behind it.
MOST_IN_FLIGHT = 2
#: The partitions rest when so many times `batch_rows` records wait.
BUFFERED_BATCHES = 2
MOST_POLLED = 10_000
POLL_MS = 100
STOP_SECONDS = 20.0
#: Records and rows hold no cycles, so the collector would search them in vain: it took a third of the decoding time.
GC_THRESHOLDS = (100_000, 20, 100)
#: The group changed under the commit: whoever owns the partition now reads the records again.
_NOT_OURS = (CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError)


class OffsetGapError(SafeError):
    """Records of the ledger were skipped, which must never be."""


class Sink(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """The loop. `consumer` is subscribed by `run`; `writer` belongs to the one thread of `_pool`."""

    def __init__(
        self, settings: Settings, consumer: Any, writer: Writer, dead_letters: DeadLetters, progress: Progress
    ) -> None:
        self._settings = settings
        self._prefix = settings.topic_prefix
        self._consumer = consumer
        self._writer = writer
        self._dead_letters = dead_letters
        self._progress = progress
        self._journal = Journal(self._prefix)
        self._log = structlog.get_logger().bind(stage=STAGE)
        self._pool = ThreadPoolExecutor(1, "writer")
        self._open: dict[str, dict[int, Block]] = {}
        self._in_flight: deque[tuple[Shipment, Future[list[Refusal]], float]] = deque()
        self._next: dict[tuple[str, int], int] = {}
        self._taken: set[tuple[str, int]] = set()
        #: Partitions that were given up, and have not been rewound since they came back.
        self._stale: set[tuple[str, int]] = set()
        self._joined = False
        self._paused = False

    # Rebalance: these run on the consumer's own thread while the loop waits in `poll`, so they only take note ------

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Partitions go to another member, or the group forms anew."""
        self._progress.joining_since = time.monotonic()
        self._taken.update((tp.topic, tp.partition) for tp in revoked)

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        """Partitions went to another member long ago."""
        self.on_partitions_revoked(lost)

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - the loop asks
        """Partitions are ours."""
        self._joined = True
        self._progress.joining_since = None

    # The loop -----------------------------------------------------------------------------------------------------

    def run(self, stopping: Event) -> None:
        """Work until `stopping`; then write what was read, as far as ClickHouse answers, and leave."""
        self._progress.joining_since = time.monotonic()
        topics = [self._prefix + topic for topic in TOPICS]
        for topic in topics:  # a member that joins without knowing the topics is given nothing, and must join again
            self._consumer.partitions_for_topic(topic)
        self._consumer.subscribe(topics, listener=self)
        opening = self._pool.submit(self._writer.open)
        while not stopping.is_set():
            if opening.done():
                opening.result()
            self.step()
        deadline = time.monotonic() + STOP_SECONDS
        while self._writer.reachable and (self._open or self._in_flight) and time.monotonic() < deadline:
            self._ship(all_of_it=True)
            wait([future for _, future, _ in self._in_flight], timeout=0.2)
            self._settle()

    def step(self) -> None:
        """One round."""
        # 1 poll, rows
        fetched = self._consumer.poll(timeout_ms=POLL_MS, max_records=MOST_POLLED)
        self._drop_taken()
        fetched = self._rewound(fetched)
        now = time.monotonic()
        for tp, records in fetched.items():
            self._take(tp.topic, tp.partition, records, now)
        if fetched:
            crash_point("sink_after_poll")
        # 2 ship
        self._ship()
        # 3, 4 dead letters, commit
        self._settle()
        # 5 pause or resume
        buffered = self._buffered()
        metrics.SINK_BUFFERED.set(buffered)
        self._hold(buffered >= BUFFERED_BATCHES * self._settings.batch_rows)
        self._progress.owned = frozenset((tp.topic, tp.partition) for tp in self._consumer.assignment())
        self._progress.ready = self._joined and self._writer.reachable
        self._progress.beats += 1

    def _take(self, topic: str, partition: int, records: list[Any], now: float) -> None:
        name = topic.removeprefix(self._prefix)
        expected = self._next.get((topic, partition))
        whole = records[-1].offset - records[0].offset + 1 == len(records) and records[0].offset == expected
        if expected is not None and name == Topic.LEDGER and not whole:
            raise OffsetGapError(f"{name}[{partition}]: expected {expected}, read {records[0].offset} …")
        self._next[topic, partition] = records[-1].offset + 1
        blocks = self._open.setdefault(topic, {})
        if partition not in blocks:
            blocks[partition] = Block(
                topic, partition, now, TO_ROW[name], self._settings.epoch, latest_only=name in LATEST_ONLY
            )
        blocks[partition].add(records)

    def _ship(self, *, all_of_it: bool = False) -> None:
        """Hand over topics that are due, the longest waiting first, as far as the writer takes them."""
        now = time.monotonic()
        waiting = sorted(
            (min(block.opened_at for block in blocks.values()), topic) for topic, blocks in self._open.items()
        )
        for opened_at, topic in waiting:
            if len(self._in_flight) >= MOST_IN_FLIGHT:
                return
            rows = sum(len(block) for block in self._open[topic].values())
            old = now - opened_at >= self._settings.batch_seconds
            if old or all_of_it or rows >= self._settings.batch_rows:
                shipment = Shipment(topic, list(self._open.pop(topic).values()))
                self._in_flight.append((shipment, self._pool.submit(self._writer.write, shipment), now))

    def _settle(self) -> None:
        """Finish the shipments that are written, in the order in which they were handed over."""
        while self._in_flight and self._in_flight[0][1].done():
            shipment, future, since = self._in_flight.popleft()
            refusals = future.result()
            # 3 dead letters
            self._dead_letters.send(refusals)
            crash_point("sink_after_dead_letters")
            # 4 commit
            crash_point("sink_before_commit")
            self._commit(shipment)
            crash_point("sink_after_commit")
            self._journal.shipment_committed(shipment, refusals, time.monotonic() - since)

    def _commit(self, shipment: Shipment) -> None:
        offsets = {
            TopicPartition(block.topic, block.partition): OffsetAndMetadata(block.last_offset + 1, "", -1)
            for block in shipment.blocks
            if not block.lost
        }
        if not offsets:
            return
        try:
            self._consumer.commit(offsets)
        except _NOT_OURS as error:
            self._log.warning("commit_came_too_late", cause=type(error).__name__, offsets=shipment.ranges)
        else:
            metrics.SINK_COMMITS.inc()

    def _drop_taken(self) -> None:
        """Forget what was read of partitions that were given up: their next owner, maybe we, reads it again."""
        if not self._taken:
            return
        taken, self._taken = self._taken, set()
        for topic, partition in taken:
            self._next.pop((topic, partition), None)
            blocks = self._open.get(topic, {})
            blocks.pop(partition, None)
            if not blocks:
                self._open.pop(topic, None)
        for shipment, _, _ in self._in_flight:
            for block in shipment.blocks:
                block.lost = block.lost or (block.topic, block.partition) in taken
        self._stale |= taken
        self._log.info("partitions_taken", partitions=len(taken))

    def _rewound(self, fetched: Mapping[TopicPartition, list[Any]]) -> Mapping[TopicPartition, list[Any]]:
        """What was fetched without partitions that were given up; those that came back are read from their commit on.

        kafka-python keeps the position of a partition that comes back in the same rebalance: it would go on behind what
        was read and is dropped now, and that would be lost.
        """
        stale = set(self._stale)
        if not stale:
            return fetched
        for tp in self._consumer.assignment():
            if (tp.topic, tp.partition) not in stale:
                continue
            try:
                committed = self._consumer.committed(tp, timeout_ms=5_000)
                if committed is None:
                    self._consumer.seek_to_beginning(tp)
                else:
                    self._consumer.seek(tp, committed)
            except (KafkaError, AssertionError) as error:  # the group forms anew once more: again in the next round
                self._log.warning("not_rewound", topic=tp.topic, partition=tp.partition, cause=type(error).__name__)
                continue
            self._stale.discard((tp.topic, tp.partition))
        return {tp: records for tp, records in fetched.items() if (tp.topic, tp.partition) not in stale}

    def _buffered(self) -> int:
        waiting = sum(len(block) for blocks in self._open.values() for block in blocks.values())
        return waiting + sum(len(shipment) for shipment, _, _ in self._in_flight)

    def _hold(self, full: bool) -> None:
        if full:
            self._consumer.pause(*(self._consumer.assignment() - self._consumer.paused()))
        elif resting := self._consumer.paused():  # also what rested before the group formed anew
            self._consumer.resume(*resting)
        if full is not self._paused:
            self._log.info("reading_paused" if full else "reading_resumed", buffered=self._buffered())
        self._paused = full

    def close(self) -> None:
        """Leave. The writer's thread must have been told to stop."""
        self._consumer.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._dead_letters.close()


def consumer_options(settings: Settings, slot: str) -> Mapping[str, Any]:
    """How the sink reads. Offsets are committed by hand, after the insert."""
    session_ms = int(settings.session_timeout_seconds * 1000)
    return kafka_python_options(settings) | {
        "group_id": settings.topic_prefix + group_of(STAGE),
        "group_instance_id": slot,
        "client_id": slot,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": session_ms // 4,
        "max_poll_records": MOST_POLLED,
        # Larger and fewer fetches: small ones cost the consumer more CPU than the records in them.
        "fetch_min_bytes": 64 * 1024,
        "fetch_max_wait_ms": 200,
        "max_partition_fetch_bytes": 4 * 1024 * 1024,
        "fetch_max_bytes": 32 * 1024 * 1024,
        # After two rebalances in quick succession an incremental session may go on without the new partitions.
        "enable_incremental_fetch_sessions": False,
        "metrics_enabled": False,
        "allow_auto_create_topics": False,
    }


def ready_client(settings: Settings, *, migrate_first: bool) -> Client:
    """A client of a server that was verified: settings in force, schema as declared. Raises ClickHouseError."""
    if migrate_first:
        migrate(settings)
    client = connect(settings.clickhouse_url, WRITE_SETTINGS)
    try:
        verify_migrated(client, settings.timezone)
        verify_server(client)
    except BaseException:
        client.disconnect()
        raise
    return client


def run_sink(settings: Settings, *, migrate_first: bool = False) -> None:
    """Run until SIGTERM or SIGINT; whatever else happens ends the process with a non-zero status."""
    log = structlog.get_logger().bind(stage=STAGE)
    stopping, abandoned = Event(), Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stopping.set())
    logging.getLogger("clickhouse_driver").setLevel(logging.ERROR)  # it repeats what the writer says
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        verify_topics(settings, TOPICS)
        slot = claim_slot(settings, STAGE)
        progress = Progress()
        health = HealthServer(settings, progress)
        health.start()
        writer = Writer(lambda: ready_client(settings, migrate_first=migrate_first), abandoned)
        sink = Sink(
            settings, KafkaConsumer(**consumer_options(settings, slot.name)), writer, DeadLetters(settings), progress
        )
        Watchdog(settings, STAGE, progress, KafkaBroker(settings, settings.topic_prefix + group_of(STAGE))).start()
        log.info("sink_started", slot=slot.name, health=health.address)
        sink.run(stopping)
        abandoned.set()
        sink.close()
        log.info("sink_stopped", slot=slot.name)
    except StoppedError:
        log.info("sink_stopped")
    except BaseException as error:  # noqa: BLE001 - the edge of the process
        end_process("sink_failed", error, why=describe(error))
