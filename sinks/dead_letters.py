"""The sink's own dead letters: S401 (ClickHouse refuses the row by itself) and S402 (the record cannot be decoded)."""

from collections.abc import Callable, Sequence
from typing import Any

from kafka import KafkaProducer

from schemas.dead_letter import dead_letter_headers
from sinks.clickhouse.blocks import Refusal
from streams.connection import kafka_python_options
from streams.partitions import partition_of
from streams.settings import Settings
from streams.topics import LARGEST_MESSAGE_BYTES, Topic

STAGE = "sink"


class DeadLetters:
    """Sends refused records, and waits for the broker. Connects when there is a first one."""

    def __init__(self, settings: Settings, make_producer: Callable[..., Any] = KafkaProducer) -> None:
        self._settings = settings
        self._make_producer = make_producer
        self._producer: Any = None

    def send(self, refusals: Sequence[Refusal]) -> None:
        """Returns when the broker has confirmed every dead letter; raises KafkaError if it did not."""
        if not refusals:
            return
        if self._producer is None:
            self._producer = self._make_producer(
                **kafka_python_options(self._settings),
                acks="all",
                enable_idempotence=True,
                max_request_size=LARGEST_MESSAGE_BYTES,
            )
        sent = [self._send(refusal) for refusal in refusals]
        for future in sent:
            future.get(timeout=self._settings.send_timeout_seconds)

    def close(self) -> None:
        """Disconnect; everything sent was awaited."""
        if self._producer is not None:
            self._producer.close()

    def _send(self, refusal: Refusal) -> Any:
        record = refusal.record
        topic = record.topic.removeprefix(self._settings.topic_prefix)
        source = (topic, record.partition, record.offset)
        content = "ledger" if topic == Topic.LEDGER else "output"
        return self._producer.send(
            self._settings.topic_prefix + Topic.DEAD_LETTER,
            key=record.key,
            value=record.value,
            headers=dead_letter_headers(refusal.reason, refusal.detail, STAGE, source, record.timestamp, content),
            partition=partition_of("/".join(map(str, source)).encode(), self._settings.partitions),
        )
