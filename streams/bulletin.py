"""Reads and writes topics of one partition whose newest record holds (streams/follower.py), for commands.

Synchronous, pure Python (kafka-python): what an operator's command needs, and nothing a worker waits for.
"""

import time
from dataclasses import dataclass

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, MessageSizeTooLargeError

from streams.connection import kafka_python_options
from streams.logs import SafeError
from streams.settings import Settings
from streams.topics import LARGEST_OUTPUT_BYTES, MEBIBYTE, Topic

_POLL_MS = 500
_SILENT_SECONDS = 3.0
#: What a record takes beside its value.
_OVERHEAD = 4_096


class NotPostedError(SafeError):
    """The record was not written, or the broker did not confirm it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One record that stands on such a topic. `at`: when it was written, epoch ms."""

    offset: int
    at: int
    key: bytes | None
    value: bytes | None


def read_bulletin(settings: Settings, topic: Topic) -> list[Posted]:
    """Every record that is there now, oldest first. Raises SafeError where there is no such topic, KafkaError."""
    consumer = KafkaConsumer(
        **kafka_python_options(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST_OUTPUT_BYTES,
        fetch_max_bytes=LARGEST_OUTPUT_BYTES,
    )
    name = settings.topic_prefix + topic
    try:
        if not consumer.partitions_for_topic(name):
            raise SafeError(f"没有主题 {name}（kongfei topics create） | topic {name} does not exist")
        tp = TopicPartition(name, 0)
        end = consumer.end_offsets([tp])[tp]
        consumer.assign([tp])
        consumer.seek_to_beginning(tp)
        found: list[Posted] = []
        deadline = time.monotonic() + _SILENT_SECONDS
        while consumer.position(tp) < end:
            records = consumer.poll(_POLL_MS).get(tp, [])
            found += [Posted(record.offset, record.timestamp, record.key, record.value) for record in records]
            if records:
                deadline = time.monotonic() + _SILENT_SECONDS
            elif time.monotonic() > deadline:
                # The cleaner may have taken what stood last. A broker that answers has nothing more to give.
                consumer.end_offsets([tp])
                break
        return found
    finally:
        consumer.close()


def post(settings: Settings, topic: Topic, key: bytes, value: bytes) -> int:
    """Write one record and wait until the broker has confirmed it; returns its offset. Raises NotPostedError."""
    if len(value) > LARGEST_OUTPUT_BYTES - _OVERHEAD:
        most = f"{LARGEST_OUTPUT_BYTES // MEBIBYTE} MiB"
        size = f"{len(value) / MEBIBYTE:.1f} MiB"
        raise NotPostedError(f"内容太大：{size}，最多 {most} | too large: {size}, at most {most}")
    producer = KafkaProducer(
        **kafka_python_options(settings), acks="all", max_request_size=LARGEST_OUTPUT_BYTES + _OVERHEAD
    )
    try:
        sent = producer.send(settings.topic_prefix + topic, key=key, value=value, partition=0)
        return int(sent.get(timeout=settings.send_timeout_seconds).offset)
    except MessageSizeTooLargeError as error:
        raise NotPostedError("Kafka 认为内容太大 | too large for Kafka") from error
    except KafkaError as error:
        name = type(error).__name__
        raise NotPostedError(f"Kafka 没有确认写入（{name}），是否写入未知 | Kafka did not confirm: {name}") from error
    finally:
        producer.close(timeout=settings.send_timeout_seconds)
