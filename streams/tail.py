"""Reads the newest records of some partitions of a topic, bounded by age and number: what a stage recalls at start."""

import time
from collections.abc import AsyncIterator, Iterable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.connection import aiokafka_options
from streams.settings import Settings
from streams.stage import Record
from streams.topics import MEBIBYTE

_POLL_MS = 500
_SILENT_SECONDS = 30.0


async def read_tail(
    settings: Settings, topic: str, partitions: Iterable[int], since_ms: int, most: int
) -> AsyncIterator[tuple[int, Sequence[Record]]]:
    """Records of the partitions written since then (epoch ms), in order, at most `most` in all, the newest ones.

    Ends where the topic ended when it began. Raises KafkaError, and TimeoutError when the broker gives nothing more.
    """
    tps = [TopicPartition(settings.topic_prefix + topic, number) for number in sorted(partitions)]
    if not tps or not most:
        return
    async with AIOKafkaConsumer(
        **aiokafka_options(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=16 * MEBIBYTE,
    ) as reader:
        reader.assign(tps)
        ends = await reader.end_offsets(tps)
        begins = await reader.offsets_for_times(dict.fromkeys(tps, max(0, since_ms)))
        each = max(1, most // len(tps))
        for tp in tps:
            first = begins[tp].offset if begins.get(tp) is not None else ends[tp]
            reader.seek(tp, max(first, ends[tp] - each))
        heard = time.monotonic()
        while any([await reader.position(tp) < end for tp, end in ends.items()]):
            for tp, records in (await reader.getmany(timeout_ms=_POLL_MS)).items():
                heard = time.monotonic()
                if wanted := [record for record in records if record.offset < ends[tp]]:
                    yield tp.partition, wanted
            if time.monotonic() - heard > _SILENT_SECONDS:
                raise TimeoutError(f"{topic}: the broker gives nothing more before its end")
