"""Which worker answers for which partition of a stage: a small compacted topic, written by owners, read by everybody.

Key `stage|partition`, value JSON {address, slot, since}. An owner writes its partitions when it is ready to answer for
them; the newest record counts. An entry may be stale (its worker died, or gave the partition up): whoever is asked by
mistake says so, so a stale entry costs an answer and never makes a wrong one.
"""

import asyncio
import time
from collections.abc import Iterable

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import aiokafka_options
from streams.settings import Settings
from streams.stage import Output
from streams.topics import Topic

#: How long the broker may hold back an empty answer: a new record comes at once.
_POLL_MS = 500
_RETRY_SECONDS = 1.0


class Entry(msgspec.Struct, frozen=True):
    """Who answers. address: host:port; slot: the worker's name in its group; since: epoch ms of the announcement."""

    address: str
    slot: str
    since: int


_decoder = msgspec.json.Decoder(Entry)


def announcement(stage_name: str, partitions: Iterable[int], entry: Entry) -> list[Output]:
    """The records by which a worker says that it answers for these partitions."""
    value = msgspec.json.encode(entry)
    return [(f"{stage_name}|{partition}".encode(), value, ()) for partition in sorted(partitions)]


class Directory:
    """The directory as read by one worker; lives in one event loop."""

    def __init__(self, settings: Settings, stage_name: str) -> None:
        self._settings = settings
        self._stage_name = stage_name
        self._entries: dict[int, Entry] = {}
        self._changed = asyncio.Event()
        self._log = structlog.get_logger().bind(stage=stage_name)

    async def follow(self) -> None:
        """Read the topic from its beginning and pick up what is written, for ever. Raises KafkaError at the start."""
        tp = TopicPartition(self._settings.topic_prefix + Topic.WORKER_DIRECTORY, 0)
        async with AIOKafkaConsumer(
            **aiokafka_options(self._settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_POLL_MS,
        ) as reader:
            reader.assign([tp])
            await reader.seek_to_beginning(tp)
            while True:
                try:
                    found = await reader.getmany(tp, timeout_ms=_POLL_MS)
                except KafkaError as error:  # the broker is away: nothing new can be heard of
                    self._log.warning("directory_not_followed", error=type(error).__name__)
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                for record in found.get(tp, ()):
                    self.take(record.key, record.value)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Read one record; what is not of this stage, or not readable, is left alone."""
        stage_name, _, number = (key or b"").decode("utf-8", "replace").rpartition("|")
        if stage_name != self._stage_name or not (number.isascii() and number.isdigit()) or value is None:
            return
        try:
            self._entries[int(number)] = _decoder.decode(value)
        except msgspec.DecodeError:
            self._log.warning("directory_entry_refused", partition=int(number))
            return
        self._changed.set()
        self._changed = asyncio.Event()

    def find(self, partition: int) -> Entry | None:
        """Who said last that it answers for the partition."""
        return self._entries.get(partition)

    async def find_other(self, partition: int, than: Entry | None, until: float) -> Entry | None:
        """The entry of the partition once it is not `than`; None where it does not change until then (monotonic)."""
        while (entry := self._entries.get(partition)) == than:
            left = until - time.monotonic()
            if left <= 0:
                return None
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return None
        return entry
