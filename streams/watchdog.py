"""Ends a process that is alive but stuck: its committed offsets must move while there is something to read.

And it must get into its group while the broker answers: a client that waits for ever for its group owns nothing, so
nothing of its own would stand still.

It asks the broker itself, from a thread and with a client of its own, so that nothing the stage hangs in can hide it. A
broker that does not answer is not the worker's fault: the clock starts anew.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from streams import metrics
from streams.connection import kafka_python_options
from streams.logs import end_process
from streams.progress import Progress
from streams.settings import Settings

Offsets = Mapping[tuple[str, int], int]


class Broker(Protocol):
    """What the watchdog asks; both answers leave out what does not exist."""

    def committed(self) -> Offsets:
        """Committed offsets of the group."""

    def ends(self, partitions: frozenset[tuple[str, int]]) -> Offsets:
        """End offsets."""

    def forget(self) -> None:
        """Begin with a new connection: the last question failed."""


class Stall:
    """Decides, from what it is shown, for how long nothing has moved. Pure: the time is an argument."""

    def __init__(self) -> None:
        self._committed: dict[tuple[str, int], int] = {}
        self._since: dict[tuple[str, int], float] = {}
        self._beats = -1

    def look(
        self, now: float, owned: frozenset[tuple[str, int]], committed: Offsets, ends: Offsets, ready: bool, beats: int
    ) -> float:
        """Seconds since any owned partition with unread records last moved; 0 when all is well."""
        restoring = not ready and beats != self._beats
        self._beats = beats
        for partition in set(self._since) - owned:
            self._since.pop(partition)
            self._committed.pop(partition, None)
        longest = 0.0
        for partition in owned:
            done = committed.get(partition, 0)
            moved = done != self._committed.get(partition)
            self._committed[partition] = done
            if moved or restoring or done >= ends.get(partition, 0) or partition not in self._since:
                self._since[partition] = now
            longest = max(longest, now - self._since[partition])
        return longest

    def forget(self) -> None:
        """Start anew: nothing is known of the time that passed."""
        self._since.clear()


class Watchdog:
    """Looks several times in `settings.stall_seconds`, and ends the process when nothing moved for that long."""

    def __init__(self, settings: Settings, stage: str, progress: Progress, broker: Broker) -> None:
        self._limit = settings.stall_seconds
        self._stage = stage
        self._progress = progress
        self._broker = broker
        self._stall = Stall()
        self._answers_since = 0.0
        self._lag = metrics.WATCHDOG_LAG.labels(stage)

    def start(self) -> None:
        """Watch until the process ends."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(self._limit / 6)
            self.check(time.monotonic())

    def check(self, now: float, end: Callable[..., object] = end_process) -> None:
        """Look once; `end` is called when the worker is stuck."""
        owned = self._progress.owned
        try:
            committed, ends = self._broker.committed(), self._broker.ends(owned)
        except (KafkaError, OSError, RuntimeError) as error:
            self._broker.forget()
            structlog.get_logger().warning("watchdog_could_not_ask", stage=self._stage, error=type(error).__name__)
            self._stall.forget()
            self._answers_since = now
            return
        self._lag.set(sum(max(0, ends.get(tp, 0) - committed.get(tp, 0)) for tp in owned))
        stalled = self._stall.look(now, owned, committed, ends, self._progress.ready, self._progress.beats)
        outside = self._outside(now)
        self._progress.alive = max(stalled, outside) < self._limit
        if stalled >= self._limit:
            end("worker_stalled", stage=self._stage, seconds=round(stalled, 1))
        elif outside >= self._limit:
            end("worker_not_in_group", stage=self._stage, seconds=round(outside, 1))

    def _outside(self, now: float) -> float:
        """Seconds of waiting for the group, counted only since the broker answers."""
        since = self._progress.joining_since
        return 0.0 if since is None else now - max(since, self._answers_since)


class KafkaBroker:
    """The real broker, asked with kafka-python. Connects at the first question; belongs to one thread."""

    def __init__(self, settings: Settings, group: str) -> None:
        self._options = kafka_python_options(settings)
        self._group = group
        self._admin: KafkaAdminClient | None = None

    def committed(self) -> Offsets:
        """Committed offsets of the group."""
        found = self._client().list_group_offsets({self._group: None}).get(self._group, {})
        return {(tp.topic, tp.partition): place.offset for tp, place in found.items()}

    def ends(self, partitions: frozenset[tuple[str, int]]) -> Offsets:
        """End offsets."""
        if not partitions:
            return {}
        wanted = {TopicPartition(topic, number): OffsetSpec.LATEST for topic, number in partitions}
        found = self._client().list_partition_offsets(wanted)
        return {(tp.topic, tp.partition): place.offset for tp, place in found.items()}

    def forget(self) -> None:
        """Begin with a new connection: the last question failed."""
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()

    def _client(self) -> KafkaAdminClient:
        if self._admin is None:
            self._admin = KafkaAdminClient(**self._options)
        return self._admin
