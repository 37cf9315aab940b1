"""Reads the hospital's raw topics from their beginnings to where they ended when the reading began. Commits nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from sinks.auditor.events import Position
from streams.connection import kafka_python_options
from streams.logs import SafeError
from streams.settings import Settings

STALLED_POLLS = 60
POLL_MS = 500


class RawTopicsError(SafeError):
    """The raw topics cannot be read to their ends."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What is to be read: partition → first and end offset; topics without prefix."""

    partitions: Mapping[tuple[str, int], tuple[int, int]]

    @property
    def messages(self) -> int:
        """At most so many messages (transactions leave holes)."""
        return sum(end - first for first, end in self.partitions.values())

    @property
    def cut_off(self) -> list[str]:
        """Partitions whose beginning retention has taken away: what stood there cannot be audited."""
        return [f"{topic}[{number}]" for (topic, number), (first, _) in sorted(self.partitions.items()) if first > 0]


class RawTopics:
    """The raw topics at this moment."""

    def __init__(self, settings: Settings, topics: Iterable[str]) -> None:
        self._prefix = settings.topic_prefix
        self._consumer: Any = KafkaConsumer(
            **kafka_python_options(settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=10_000,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_bytes=32 * 1024 * 1024,
            metrics_enabled=False,
            allow_auto_create_topics=False,
        )
        places = [
            TopicPartition(self._prefix + topic, number)
            for topic in topics
            for number in sorted(self._consumer.partitions_for_topic(self._prefix + topic) or ())
        ]
        if not places:
            raise RawTopicsError("there are no raw topics (kongfei topics create)")
        self._consumer.assign(places)
        first, ends = self._consumer.beginning_offsets(places), self._consumer.end_offsets(places)
        self.extent = Extent({(self._plain(tp), tp.partition): (first[tp], ends[tp]) for tp in places})
        self._places = places

    def read(self, take: Callable[[Position, bytes | None], None], advanced: Callable[[int], None]) -> None:
        """Hand over every message, partition by partition in order; `advanced` hears how many at a time."""
        ends = {tp: self.extent.partitions[self._plain(tp), tp.partition][1] for tp in self._places}
        self._consumer.seek_to_beginning(*self._places)
        waiting, idle = {tp for tp in self._places if self._consumer.position(tp) < ends[tp]}, 0
        while waiting:
            fetched = self._consumer.poll(timeout_ms=POLL_MS)
            idle = 0 if fetched else idle + 1
            if idle > STALLED_POLLS:
                raise RawTopicsError(f"{len(waiting)} partitions could not be read to their ends")
            for tp, records in fetched.items():
                topic, end = self._plain(tp), ends[tp]
                taken = 0
                for record in records:
                    if record.offset < end:
                        take(Position(topic, tp.partition, record.offset), record.value)
                        taken += 1
                advanced(taken)
            for tp in [tp for tp in waiting if self._consumer.position(tp) >= ends[tp]]:
                waiting.discard(tp)
                self._consumer.pause(tp)

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def _plain(self, tp: TopicPartition) -> str:
        topic: str = tp.topic
        return topic.removeprefix(self._prefix)
