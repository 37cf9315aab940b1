"""The newest records of some partitions, bounded by age and by number."""

import asyncio
import time

import pytest
from kafka import KafkaProducer

from streams.admin import create_topics
from streams.settings import Settings
from streams.tail import read_tail
from streams.topics import Topic

pytestmark = pytest.mark.integration


async def tail(settings: Settings, partitions: set[int], since_ms: int, most: int) -> dict[int, list[bytes | None]]:
    found: dict[int, list[bytes | None]] = {}
    async for partition, records in read_tail(settings, Topic.ORDER_CHECK, partitions, since_ms, most):
        found.setdefault(partition, []).extend(record.value for record in records)
    return found


def test_the_newest_records_are_read_in_order_and_no_more_than_asked_for(kafka, topic_prefix: str) -> None:
    settings = Settings(kafka_bootstrap_servers=kafka.bootstrap, topic_prefix=topic_prefix, partitions=3)
    create_topics(settings, [Topic.ORDER_CHECK])
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    now = int(time.time() * 1000)
    for number in range(10):
        for partition in (0, 1):
            at = now - 1_000 * (10 - number)
            producer.send(topic_prefix + Topic.ORDER_CHECK, b"%d" % number, partition=partition, timestamp_ms=at)
    producer.flush(30)
    producer.close()

    async def scenario() -> None:
        assert await tail(settings, {0, 2}, now - 60_000, 1_000) == {0: [b"%d" % number for number in range(10)]}
        assert await tail(settings, {0, 1}, now - 60_000, 6) == {0: [b"7", b"8", b"9"], 1: [b"7", b"8", b"9"]}
        assert await tail(settings, {0}, now - 2_500, 1_000) == {0: [b"8", b"9"]}
        assert await tail(settings, {0}, now + 60_000, 1_000) == {}
        assert await tail(settings, {0}, now - 60_000, 0) == {}
        assert await tail(settings, set(), now - 60_000, 10) == {}

    asyncio.run(scenario())
