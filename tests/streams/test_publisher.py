"""The vendor's publisher: refuses what is wrong before it is sent, sends what intake can read."""

import json
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from schemas.codec import Codec
from schemas.events import EVENT_TYPES
from schemas.reasons import Reason, RejectError
from streams.admin import create_topics
from streams.partitions import partition_of
from streams.publisher import TOPIC_OF, Encoding, Publisher, PublishError, canonical_fields
from streams.settings import Settings

COMMON = {"hospital": "H1", "patient_id": "P1", "visit_id": "V1", "occurred_at": "2026-01-05 08:30:00"}
EVENTS: dict[str, dict[str, Any]] = {
    "admission": {
        "kind": "admit",
        "adm_dept_codg": "D1",
        "diagnoses": [{"code": "I10", "role": "main", "time": "2026-01-05 09:00:00"}, "E11"],
        "procedures": [{"code": "36.06", "incision_group": "1"}],
        "birth_date": "1960-02-03",
        "leave": "1",
    },
    "order": {"order_id": "O1", "item_code": "X1", "quantity": "1.5", "days": 3, "unit_price": "0.123456"},
    "charge": {"charge_id": "C1", "quantity": 2, "unit_price": "6.15", "amount": "12.30", "category": "09"},
    "settlement": {"settlement_id": "S1", "total": "100.00", "basic_fund": "60", "cash_paid": 4000},
    "ack": {"alert_id": "A1", "actor": "N1", "role": "nurse", "decision": "confirm", "reason": "已知悉"},
}


def validated(event_type: str, fields: dict[str, Any]):
    return EVENT_TYPES[event_type].model_validate(fields, context={"hospital": "H1"})


@pytest.mark.parametrize("event_type", EVENTS)
def test_an_event_is_the_same_after_it_travelled_in_either_encoding(event_type: str) -> None:
    event = validated(event_type, COMMON | EVENTS[event_type])
    codec = Codec()
    fields = canonical_fields(event)

    as_json = codec.decode(json.dumps(fields).encode(), event_type)
    as_avro = codec.decode(codec.encode_avro(event_type, fields), event_type)

    assert validated(event_type, as_json) == event
    assert validated(event_type, as_avro) == event


@pytest.fixture
def settings(kafka, topic_prefix: str) -> Settings:
    made = Settings(kafka_bootstrap_servers=kafka.bootstrap, topic_prefix=topic_prefix, hospital="H9", partitions=4)
    create_topics(made, TOPIC_OF.values())
    return made


def read(settings: Settings, event_type: str) -> list[Any]:
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers, auto_offset_reset="earliest")
    tps = [TopicPartition(settings.topic_prefix + TOPIC_OF[event_type], number) for number in range(4)]
    consumer.assign(tps)
    ends = consumer.end_offsets(tps)
    found: list[Any] = []
    while any(consumer.position(tp) < end for tp, end in ends.items()):
        for records in consumer.poll(500).values():
            found.extend(records)
    consumer.close()
    return found


@pytest.mark.integration
@pytest.mark.parametrize("encoding", Encoding)
def test_every_event_type_arrives_keyed_and_in_its_patients_order(settings: Settings, encoding: Encoding) -> None:
    with Publisher(settings=settings, encoding=encoding) as publisher:
        for event_type, fields in EVENTS.items():
            publisher.send(event_type, COMMON | fields)
        for number in range(20):
            publisher.send("charge", COMMON | EVENTS["charge"] | {"charge_id": f"N{number}"})
    assert (publisher.report.sent, publisher.report.confirmed, publisher.report.failed) == (25, 25, 0)

    codec = Codec()
    for event_type in EVENTS:
        records = read(settings, event_type)
        assert {record.key for record in records} == {b"H1|P1"}
        assert {record.partition for record in records} == {partition_of(b"H1|P1", 4)}
        first = validated(event_type, codec.decode(records[0].value, event_type))
        assert first == validated(event_type, COMMON | EVENTS[event_type])
    names = [codec.decode(record.value, "charge")["charge_id"] for record in read(settings, "charge")]
    assert names == ["C1", *(f"N{number}" for number in range(20))]


@pytest.mark.integration
def test_the_hospital_is_filled_in_where_an_event_does_not_say_it(settings: Settings) -> None:
    fields = {name: value for name, value in (COMMON | EVENTS["charge"]).items() if name != "hospital"}
    with Publisher(settings=settings) as publisher:
        publisher.send("charge", fields)
    with Publisher(settings=settings, hospital="H8") as publisher:
        publisher.send("charge", fields)
    assert {record.key for record in read(settings, "charge")} == {b"H9|P1", b"H8|P1"}


@pytest.mark.integration
@pytest.mark.parametrize(
    ("event_type", "wrong", "reason"),
    [
        ("charge", {"amount": 12.3}, Reason.FLOAT_AMOUNT),
        ("charge", {"patient_id": None}, Reason.MISSING_FIELD),
        ("order", {"kind": "eaten"}, Reason.UNKNOWN_KIND),
        ("visit", {}, Reason.UNKNOWN_KIND),
    ],
)
def test_a_wrong_event_is_refused_where_it_is_made(settings: Settings, event_type, wrong, reason: Reason) -> None:
    with Publisher(settings=settings) as publisher:
        with pytest.raises(RejectError) as refused:
            publisher.send(event_type, COMMON | EVENTS.get(event_type, {}) | wrong)
        assert refused.value.reason is reason
    assert publisher.report.sent == 0


@pytest.mark.integration
def test_a_missing_topic_is_told(kafka, topic_prefix: str) -> None:
    settings = Settings(kafka_bootstrap_servers=kafka.bootstrap, topic_prefix=topic_prefix)
    with pytest.raises(PublishError, match="kongfei topics create"), Publisher(settings=settings) as publisher:
        publisher.send("charge", COMMON | EVENTS["charge"])
