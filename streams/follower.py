"""Follows topics whose newest record holds until the next one, and hands what they say to a stage.

Such a topic has one partition and is compacted: what is in force is the newest record that can be used. At start the
topic is read to its end before the first batch is taken; after that new records are picked up while the stage works.

A record may be large and slow to read, so it is read in a thread, and only its adoption waits for the batch at work. A
record that cannot be used is told and left alone: what was in force stays in force. Which records are still there
depends on the log cleaner, so nothing is concluded from those that are gone.

Never: know what a record means, or end a worker because of what somebody published.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import metrics
from streams.connection import aiokafka_options
from streams.logs import describe_error
from streams.settings import Settings
from streams.stage import Following, Record
from streams.topics import LARGEST_OUTPUT_BYTES, SPECS, Topic

#: How long the broker may hold back an empty answer: a new record comes at once.
_POLL_MS = 500
_SILENT_SECONDS = 3.0
_ANSWER_SECONDS = 30.0
_RETRY_SECONDS = 1.0
#: How long a message of what is wrong with a record may be in a log line.
_TOLD_CHARACTERS = 2_000


class Follower:
    """The follower of one stage. `working` is held while the stage works, and while it adopts something."""

    def __init__(self, settings: Settings, stage_name: str, stage: Following, working: asyncio.Lock) -> None:
        for topic in stage.follows:
            if SPECS[Topic(topic)].partition_count(settings.partitions) != 1:
                raise ValueError(f"{topic} has several partitions: there is no newest record")
        self._stage_name = stage_name
        self._stage = stage
        self._working = working
        self._topics = {TopicPartition(settings.topic_prefix + topic, 0): topic for topic in stage.follows}
        self._settings = settings
        self._reader: AIOKafkaConsumer[bytes, bytes] | None = None
        self._log = structlog.get_logger().bind(stage=stage_name)

    async def start(self) -> None:
        """Read every topic to its end and adopt what is in force there. Raises KafkaError, TimeoutError."""
        reader = self._reader = AIOKafkaConsumer(
            **aiokafka_options(self._settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_POLL_MS,
            max_partition_fetch_bytes=LARGEST_OUTPUT_BYTES,
        )
        await reader.start()
        reader.assign(list(self._topics))
        await reader.seek_to_beginning()
        await self._take(await self._read_to_the_end(reader))

    async def follow(self) -> None:
        """Pick up what is published, for ever."""
        assert self._reader is not None, "start() comes first"
        while True:
            try:
                await self._take(await self._reader.getmany(timeout_ms=_POLL_MS))
            except KafkaError as error:  # the broker is away: nothing new can be heard of
                self._log.warning("not_followed", error=type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _read_to_the_end(self, reader: "AIOKafkaConsumer[bytes, bytes]") -> dict[TopicPartition, list[Record]]:
        records: dict[TopicPartition, list[Record]] = {tp: [] for tp in self._topics}
        ends = await reader.end_offsets(list(self._topics))
        heard = time.monotonic()
        while any([await reader.position(tp) < end for tp, end in ends.items() if end > 0]):
            for tp, found in (await reader.getmany(timeout_ms=_POLL_MS)).items():
                records[tp] += found
                heard = time.monotonic()
            if time.monotonic() - heard > _SILENT_SECONDS:
                # The cleaner may have taken what stood last. A broker that answers has nothing more to give.
                await asyncio.wait_for(reader.end_offsets(list(self._topics)), _ANSWER_SECONDS)
                break
        return records

    async def stop(self) -> None:
        """Disconnect."""
        if self._reader is not None:
            await self._reader.stop()

    async def _take(self, records: Mapping[TopicPartition, Sequence[Record]]) -> None:
        """Adopt the newest record of each topic that can be used; older ones are not even looked at."""
        for tp, found in records.items():
            topic = self._topics[tp]
            for record in reversed(found):
                if await self._adopt(topic, record):
                    break

    async def _adopt(self, topic: str, record: Record) -> bool:
        """Whether the record could be used."""
        what = SPECS[Topic(topic)].holds
        try:
            value = await asyncio.to_thread(self._stage.read, topic, record.key, record.value)
        except Exception as error:  # noqa: BLE001 - an edge: whatever somebody published, the worker goes on
            metrics.FOLLOWED_REFUSED.labels(self._stage_name, topic).inc()
            described = describe_error(error)
            if "message" in described:
                described["message"] = str(described["message"])[:_TOLD_CHARACTERS]
            self._log.error(f"{what}_refused", source=topic, offset=record.offset, **described)
            return False
        async with self._working:
            self._stage.adopt(topic, value)
        metrics.FOLLOWED_ADOPTED.labels(self._stage_name, topic).inc()
        self._log.info(f"{what}_adopted", source=topic, offset=record.offset, **self._stage.describe(topic))
        return True
