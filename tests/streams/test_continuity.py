import asyncio

import pytest

from streams.continuity import OffsetGapError, refuse_skipped
from streams.topics import Topic
from tests.streams.harness import Pipeline, wait_until

pytestmark = pytest.mark.integration


def check(pipeline: Pipeline, expected: int, first: int) -> None:
    topic = pipeline.prefix + Topic.CHARGE
    asyncio.run(refuse_skipped(pipeline.settings, topic, partition_with(pipeline), expected, first))


def partition_with(pipeline: Pipeline) -> int:
    return next(number for number, end in pipeline.ends(Topic.CHARGE).items() if end)


def publish(pipeline: Pipeline, count: int) -> None:
    for number in range(count):
        pipeline.send(Topic.CHARGE, b"H1|1", b"%d" % number).get(10)


def test_records_that_were_skipped_are_found(pipeline: Pipeline) -> None:
    publish(pipeline, 10)
    with pytest.raises(OffsetGapError, match="5 … 7 were skipped"):
        check(pipeline, expected=5, first=8)


def test_records_that_come_again_are_no_gap(pipeline: Pipeline) -> None:
    publish(pipeline, 3)
    check(pipeline, expected=2, first=2)
    check(pipeline, expected=2, first=0)


def test_what_the_topic_itself_lacks_was_not_skipped(pipeline: Pipeline) -> None:
    from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

    publish(pipeline, 10)
    bootstrap = pipeline.settings.kafka_bootstrap_servers
    tp = TopicPartition(pipeline.prefix + Topic.CHARGE, partition_with(pipeline))
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.delete_records({tp: 6})
    admin.close()
    check(pipeline, expected=2, first=6)

    # A transaction ends with a record of Kafka's own, which no reader sees.
    producer = KafkaProducer(bootstrap_servers=bootstrap, transactional_id=pipeline.prefix + "his")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(tp.topic, value=b"in a transaction", partition=tp.partition)
    producer.commit_transaction()
    producer.close()
    wait_until(lambda: pipeline.ends(Topic.CHARGE)[tp.partition] == 12, "the transaction is ended")
    publish(pipeline, 1)
    check(pipeline, expected=11, first=12)
