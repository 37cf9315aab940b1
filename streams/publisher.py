"""Publishes a hospital's events: what a HIS vendor uses from Python.

    from streams.publisher import Publisher

    with Publisher("kafka:9092", hospital="H0001") as publisher:
        charge = {"patient_id": "P1", "visit_id": "V1", "charge_id": "C1", "category": "09", "amount": "12.30"}
        publisher.send("charge", charge | {"charged_at": "2026-01-05 08:30:00"})
    print(publisher.report)

An event is validated before it is sent, with intake's own rules, so that a mistake shows where it is made. Keyed by
`hospital|patient_id`: the events of one patient keep their order. Pure Python (kafka-python); acks=all, idempotent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from kafka import KafkaProducer
from pydantic import ValidationError

from schemas.codec import Codec, encode_json
from schemas.events import EVENT_TYPES, Event
from schemas.fields import reject_of
from schemas.ledger import patient_key
from schemas.reasons import Reason, RejectError
from streams.admin import partition_counts
from streams.connection import kafka_python_options
from streams.logs import SafeError
from streams.partitions import partition_of
from streams.settings import Settings
from streams.topics import LARGEST_MESSAGE_BYTES, Topic

TOPIC_OF = {
    "admission": Topic.ADMISSION,
    "order": Topic.ORDER,
    "charge": Topic.CHARGE,
    "settlement": Topic.SETTLEMENT,
    "ack": Topic.ACK,
}
_CLOSE_SECONDS = 60.0


class Encoding(StrEnum):
    """How events travel; intake reads both."""

    JSON = "json"
    AVRO = "avro"


class PublishError(SafeError):
    """Kafka did not confirm everything that was sent."""


@dataclass(slots=True)
class Report:
    """What became of the events: sent = confirmed + failed once the publisher is closed."""

    sent: int = 0
    confirmed: int = 0
    failed: int = 0


class Publisher:
    """Sends events of one hospital; use it as a context manager, or call `close`. Belongs to one thread."""

    def __init__(
        self,
        bootstrap_servers: str | None = None,
        *,
        hospital: str | None = None,
        encoding: Encoding = Encoding.JSON,
        settings: Settings | None = None,
    ) -> None:
        """`settings` is read from the environment where it is not given; the other arguments go before it."""
        base = settings or Settings()
        if bootstrap_servers:
            base = base.model_copy(update={"kafka_bootstrap_servers": bootstrap_servers})
        self._prefix = base.topic_prefix
        self._hospital = hospital or base.hospital
        self._encoding = Encoding(encoding)
        self._codec = Codec()
        self._context = {"zone": ZoneInfo(base.timezone), "hospital": self._hospital}
        self._settings = base
        self._partition_counts: dict[Topic, int] | None = None
        self.report = Report()
        self._producer = KafkaProducer(
            **kafka_python_options(base),
            acks="all",
            linger_ms=5,
            batch_size=256 * 1024,
            max_request_size=LARGEST_MESSAGE_BYTES,
        )

    def send(self, event_type: str, fields: Mapping[str, Any]) -> Any:
        """Validate one event and send it; returns kafka-python's future. Raises RejectError with its reason."""
        if event_type not in EVENT_TYPES:
            raise RejectError(Reason.UNKNOWN_KIND, f"there is no event type {event_type!r}")
        try:
            event = EVENT_TYPES[event_type].model_validate(dict(fields), context=self._context)
        except ValidationError as error:
            raise reject_of(error) from error
        body = canonical_fields(event)
        value = encode_json(body) if self._encoding is Encoding.JSON else self._codec.encode_avro(event_type, body)
        return self.send_bytes(event_type, patient_key(event.hospital, event.patient_id), value)

    def send_bytes(
        self, event_type: str, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]] | None = None
    ) -> Any:
        """Send bytes as they are, unvalidated, to the topic of the event type; returns kafka-python's future."""
        topic = TOPIC_OF[event_type]
        partitions = self._count_partitions(topic)
        partition = partition_of(key, partitions) if key is not None else None
        confirmation = self._producer.send(
            self._prefix + topic, key=key, value=value, partition=partition, headers=headers or []
        )
        self.report.sent += 1
        confirmation.add_callback(self._confirmed)
        confirmation.add_errback(self._failed)
        return confirmation

    def flush(self) -> None:
        """Return when everything sent was answered. Raises PublishError if Kafka did not confirm all of it."""
        self._producer.flush(timeout=_CLOSE_SECONDS)
        self._refuse_losses()

    def close(self) -> None:
        """Wait for every confirmation and disconnect. Raises PublishError if Kafka did not confirm all of it."""
        self._producer.close(timeout=_CLOSE_SECONDS)
        self._refuse_losses()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._producer.close(timeout=_CLOSE_SECONDS)

    def _count_partitions(self, topic: Topic) -> int:
        if self._partition_counts is None:
            self._partition_counts = partition_counts(self._settings, TOPIC_OF.values())
        if topic not in self._partition_counts:
            raise PublishError(f"topic {self._prefix}{topic} does not exist (kongfei topics create)")
        return self._partition_counts[topic]

    def _confirmed(self, _: object) -> None:
        self.report.confirmed += 1

    def _failed(self, _: BaseException) -> None:
        self.report.failed += 1

    def _refuse_losses(self) -> None:
        lost = self.report.sent - self.report.confirmed
        if lost:
            raise PublishError(f"Kafka did not confirm {lost} of {self.report.sent} events")


def canonical_fields(event: Event) -> dict[str, Any]:
    """A validated event as it travels: canonical names; money, prices and times as integers of their minor units.

    A quantity travels as text, because an integer there counts whole units (the national `cnt`).
    """
    fields = event.model_dump(mode="json", exclude_none=True)
    if "quantity" in fields:
        fields["quantity"] = str(Decimal(fields["quantity"]).scaleb(-4))
    return fields
