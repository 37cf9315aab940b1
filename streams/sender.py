"""Sends record batches and waits for the broker's answer. Owns the producer; never loses a failed send.

Order is kept within a topic partition. A record larger than the usual batch travels in a batch of its own, compressed:
what came in compressed must be able to leave, however large it is unpacked.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch

from streams.connection import aiokafka_options
from streams.crash import crash_point
from streams.logs import SafeError
from streams.settings import Settings
from streams.stage import Output
from streams.topics import LARGEST_OUTPUT_BYTES

#: Usual size of a record batch. Larger ones gain nothing and cost latency.
BATCH_BYTES = 1_000_000
# Upper bound of what a record takes beside its key, value and headers, and a batch beside its records.
_RECORD_OVERHEAD = 32
_BATCH_OVERHEAD = 128
_NONE: list[tuple[str, bytes]] = []
_UNBOUNDED = 1 << 30


class SendError(SafeError):
    """The broker did not confirm a record batch: nothing may be built on it, and the process must end."""


class Sender:
    """An idempotent producer of whole record batches, acks=all."""

    def __init__(self, settings: Settings) -> None:
        self._producer = AIOKafkaProducer(
            **aiokafka_options(settings),
            acks="all",
            enable_idempotence=True,  # a retried batch is written once: offsets tell who wrote what (streams.state)
            linger_ms=0,
            max_batch_size=LARGEST_OUTPUT_BYTES,  # we bound batches ourselves; this only bounds what a builder accepts
            request_timeout_ms=int(settings.send_timeout_seconds * 1000),
        )

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def stop(self) -> None:
        """Disconnect. Everything sent was awaited, so nothing can be lost here."""
        await self._producer.stop()

    async def send(self, outputs: Mapping[tuple[str, int], Sequence[Output]]) -> None:
        """Send every record of every (topic, partition), in order; returns when the broker has confirmed all.

        Raises SendError if it does not.
        """
        await self._send_all(
            {target: self._fill(target, records) for target, records in outputs.items()}, "amid_outputs"
        )

    async def send_groups(
        self, groups: Mapping[tuple[str, int], Iterable[Sequence[Output]]]
    ) -> dict[tuple[str, int], list[tuple[int, int]]]:
        """Send groups of records, each group within one record batch, so that all of it is written or nothing.

        Returns for each target the record batches as the broker placed them: (first offset, number of records). Raises
        SendError if it did not.
        """
        return await self._send_all(
            {target: self._fill_packed(target, pack(listed)) for target, listed in groups.items()}, "amid_changelog"
        )

    async def _send_all(
        self, batches: Mapping[tuple[str, int], Iterable[BatchBuilder]], point: str
    ) -> dict[tuple[str, int], list[tuple[int, int]]]:
        answers = await asyncio.gather(
            *(self._send_in_order(*target, builders, point) for target, builders in batches.items()),
            return_exceptions=True,
        )
        placed = {}
        for target, answer in zip(batches, answers, strict=True):
            if isinstance(answer, BaseException):
                raise SendError(f"{target[0]}[{target[1]}]: a record batch was not confirmed") from answer
            placed[target] = answer
        return placed

    async def _send_in_order(
        self, topic: str, partition: int, builders: Iterable[BatchBuilder], point: str
    ) -> list[tuple[int, int]]:
        confirmations = []
        for builder in builders:
            builder.close()
            count = builder.record_count()
            confirmations.append((await self._producer.send_batch(builder, topic, partition=partition), count))
        placed = []
        for confirmation, count in confirmations:
            answer: Any = await confirmation
            placed.append((int(answer.offset), count))
            crash_point(point)
        return placed

    def _fill(self, target: tuple[str, int], records: Sequence[Output]) -> Iterable[BatchBuilder]:
        builder = self._producer.create_batch()
        append, filled = builder.append, 0
        for key, value, headers in records:
            size = _RECORD_OVERHEAD + (len(value) if value else 0)
            if filled and filled + size > BATCH_BYTES:
                yield builder
                builder = self._producer.create_batch()
                append, filled = builder.append, 0
            if size > BATCH_BYTES:
                builder = BatchBuilder(_UNBOUNDED, DefaultRecordBatch.CODEC_GZIP)
                append = builder.append
            filled += size
            if append(timestamp=None, key=key, value=value, headers=list(headers) if headers else _NONE) is None:
                raise SendError(f"{target[0]}[{target[1]}]: a record that fits into no batch")
        yield builder

    def _fill_packed(self, target: tuple[str, int], packed: Iterable[Sequence[Output]]) -> Iterable[BatchBuilder]:
        for records in packed:
            builder = self._producer.create_batch()
            for key, value, headers in records:
                if builder.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
                    raise SendError(f"{target[0]}[{target[1]}]: a group beyond {LARGEST_OUTPUT_BYTES} bytes")
            yield builder


def size_of(records: Iterable[Output]) -> int:
    """Upper bound of the bytes these records take in a batch."""
    total = 0
    for key, value, headers in records:
        total += _RECORD_OVERHEAD + (len(key) if key else 0) + (len(value) if value else 0)
        for name, content in headers:
            total += 8 + len(name) * 4 + len(content)
    return total


def pack(groups: Iterable[Sequence[Output]]) -> Iterable[list[Output]]:
    """Pack groups into record batches of about BATCH_BYTES, never parting a group."""
    packed: list[Output] = []
    filled = _BATCH_OVERHEAD
    for group in groups:
        size = size_of(group)
        if packed and filled + size > BATCH_BYTES:
            yield packed
            packed, filled = [], _BATCH_OVERHEAD
        packed.extend(group)
        filled += size
    if packed:
        yield packed
