"""The local Kafka node keeps what it acknowledged and comes back where it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from deploy.local.jars import ensure_jars
from deploy.local.process import ServerFailedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deploy.local.kafka import KafkaNode
    from tests.conftest import Kafka

pytestmark = pytest.mark.integration


def _create_topic(bootstrap: str, topic: str) -> None:
    from kafka import KafkaAdminClient
    from kafka.admin import NewTopic

    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    finally:
        admin.close()


def _produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=bootstrap, max_request_size=32 * 1024 * 1024)
    try:
        for sent in [producer.send(topic, value, partition=0) for value in values]:
            sent.get(30)
    finally:
        producer.close()


def _consume(bootstrap: str, topic: str, count: int, **options: Any) -> list[bytes]:
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=20_000, **options
    )
    try:
        return [record.value for _, record in zip(range(count), consumer, strict=False)]
    finally:
        consumer.close()


def test_values_come_back_as_they_were_sent(kafka: Kafka, topic_prefix: str) -> None:
    topic = topic_prefix + "values"
    _create_topic(kafka.bootstrap, topic)
    _produce(kafka.bootstrap, topic, [b"one", b"two"])
    assert _consume(kafka.bootstrap, topic, 2, group_id=topic_prefix + "group") == [b"one", b"two"]


def test_a_twenty_megabyte_message_passes(kafka: Kafka, topic_prefix: str) -> None:
    topic = topic_prefix + "large"
    value = os.urandom(20 * 1024 * 1024)
    _create_topic(kafka.bootstrap, topic)
    _produce(kafka.bootstrap, topic, [value])
    assert _consume(kafka.bootstrap, topic, 1) == [value]


def test_a_topic_is_never_made_by_mistake(kafka: Kafka, topic_prefix: str) -> None:
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap)
    try:
        assert not consumer.partitions_for_topic(topic_prefix + "nobody-made-me")
        assert topic_prefix + "nobody-made-me" not in consumer.topics()
    finally:
        consumer.close()


@pytest.mark.chaos
def test_acknowledged_values_survive_kill_and_restart(kafka_node_factory: Callable[..., KafkaNode]) -> None:
    node = kafka_node_factory(quick_start=True)
    address, first_pid = node.bootstrap, node.pid
    _create_topic(node.bootstrap, "kept")
    _produce(node.bootstrap, "kept", [b"before the kill"])
    node.kill()
    node.start()
    _produce(node.bootstrap, "kept", [b"before the stop"])
    node.restart()
    assert (node.bootstrap, node.pid == first_pid) == (address, False)
    assert _consume(node.bootstrap, "kept", 2) == [b"before the kill", b"before the stop"]


def test_a_node_refuses_a_port_another_process_has(kafka_node_factory: Callable[..., KafkaNode]) -> None:
    node = kafka_node_factory(quick_start=True)
    with pytest.raises(ServerFailedError, match="is in use"):
        kafka_node_factory(quick_start=True, port=node.port)


def test_jars_are_fetched_once(pytestconfig: pytest.Config) -> None:
    said: list[str] = []
    folder: Path = ensure_jars(pytestconfig.rootpath, said.append)
    assert ensure_jars(pytestconfig.rootpath, said.append) == folder
    assert len(said) <= 1
    assert list(folder.glob("kafka_2.13-*.jar"))
