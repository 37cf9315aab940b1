"""Sees that nothing is skipped between what is acknowledged and what is fetched next.

An acknowledgement covers everything before its offset, so a fetch that begins later than the last one ended would lose
what lies between, whatever went wrong. A hospital's own topic may have holes (transactions leave some, retention cuts
the beginning off), so the broker is asked whether there is anything in the hole.
"""

import asyncio

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.connection import aiokafka_options
from streams.logs import SafeError
from streams.settings import Settings

_READ_SECONDS = 30.0


class OffsetGapError(SafeError):
    """Records were skipped between the last acknowledged offset and what was fetched."""


async def refuse_skipped(settings: Settings, topic: str, partition: int, expected: int, first: int) -> None:
    """Raise OffsetGapError if there is a record from offset `expected` on that lies before `first`."""
    if first <= expected:
        return
    tp = TopicPartition(topic, partition)
    async with AIOKafkaConsumer(
        **aiokafka_options(settings), group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
    ) as reader:
        reader.assign([tp])
        reader.seek(tp, expected)
        record = await asyncio.wait_for(reader.getone(tp), timeout=_READ_SECONDS)
    if record.offset < first:
        raise OffsetGapError(f"{topic}[{partition}]: {record.offset} … {first - 1} were skipped")
    structlog.get_logger().warning("offsets_missing", topic=topic, partition=partition, first=expected, next=first)
