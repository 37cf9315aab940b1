"""One worker on a real broker: what it does, what it refuses, how it ends."""

import json
import signal
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from kafka import KafkaAdminClient

from streams.admin import create_topics
from streams.topics import Topic
from tests.streams.harness import GROUP, Pipeline, health_of, some_amounts, wait_until

pytestmark = pytest.mark.integration

FATAL = 70


def last_line(pipeline: Pipeline, worker) -> dict[str, object]:
    return json.loads(pipeline.log_of(worker).strip().splitlines()[-1])


def test_a_commit_ends_at_the_log_end_and_never_passes_what_is_not_applied(pipeline: Pipeline) -> None:
    pipeline.publish(some_amounts(3_000))
    worker = pipeline.start(KONGFEI_BATCH_RECORDS="64")
    while not pipeline.is_done():
        committed = pipeline.committed()
        applied = sum(count for _, count in pipeline.facts().values())
        assert sum(committed.values()) <= applied
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert pipeline.committed() == pipeline.ends(Topic.LEDGER)

    pipeline.assert_exact()


def test_a_stop_in_the_middle_finishes_the_batch_and_commits_it(pipeline: Pipeline) -> None:
    worker = pipeline.start(KONGFEI_BATCH_RECORDS="5", KONGFEI_COMMIT_INTERVAL_SECONDS="10")
    pipeline.publish(some_amounts(4_000))
    wait_until(lambda: len(pipeline.facts()) > 0, "some output")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0

    applied = sum(count for _, count in pipeline.state().values())
    assert 0 < sum(pipeline.committed().values()) == applied


def test_a_stage_with_several_inputs_and_no_table_copies_everything(pipeline: Pipeline) -> None:
    sent = [(b"H1|%d" % number, b"value %d" % number) for number in range(500)]
    for number, (key, value) in enumerate(sent):
        pipeline.send(Topic.CHARGE if number % 2 else Topic.ORDER, key, value)
    pipeline.flush()
    pipeline.start("intake")
    for topic in (Topic.CHARGE, Topic.ORDER):
        wait_until(lambda topic=topic: pipeline.is_done(topic, "kongfei-intake"), f"{topic} is copied")

    assert sorted(pipeline.read(Topic.LEDGER)) == sorted(sent)


def test_a_message_of_ten_megabytes_passes(pipeline: Pipeline, kafka) -> None:
    from kafka import KafkaProducer

    large = b"x" * 10_000_000
    with KafkaProducer(bootstrap_servers=kafka.bootstrap, max_request_size=16_000_000) as producer:
        for value in (b"before", large, b"after"):
            producer.send(pipeline.prefix + Topic.CHARGE, key=b"H1|1", value=value, partition=0).get(30)
    pipeline.start("intake")
    wait_until(lambda: pipeline.is_done(Topic.CHARGE, "kongfei-intake"), "the large message is copied")

    assert [value for _, value in pipeline.read(Topic.LEDGER)] == [b"before", large, b"after"]


def test_a_message_that_is_large_only_when_unpacked_passes(pipeline: Pipeline, kafka) -> None:
    from kafka import KafkaProducer

    large = b"0123456789" * 6_000_000
    options = {"compression_type": "gzip", "max_request_size": 100_000_000}
    with KafkaProducer(bootstrap_servers=kafka.bootstrap, **options) as producer:
        producer.send(pipeline.prefix + Topic.CHARGE, key=b"H1|1", value=large, partition=0).get(30)
    pipeline.start("intake")
    wait_until(lambda: pipeline.is_done(Topic.CHARGE, "kongfei-intake"), "the large message is copied")

    assert [value for _, value in pipeline.read(Topic.LEDGER)] == [large]


def test_a_worker_refuses_an_input_that_was_made_anew(pipeline: Pipeline, kafka) -> None:
    pipeline.publish(some_amounts(50))
    worker = pipeline.start()
    wait_until(pipeline.is_done, "it works")
    worker.kill()
    worker.wait()
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    name = pipeline.prefix + Topic.LEDGER
    admin.delete_topics([name])
    wait_until(lambda: name not in admin.list_topics(), "the ledger is gone")
    admin.close()
    create_topics(pipeline.settings)
    again = pipeline.start()

    assert again.wait(30) == FATAL
    assert last_line(pipeline, again)["error"] == "StateOriginError"
    assert "set KONGFEI_EPOCH to 2" in str(last_line(pipeline, again)["message"])
    refused_again = pipeline.start()
    assert refused_again.wait(30) == FATAL

    # With the epoch raised the state is kept, and what the new topic brings is added to it.
    pipeline.publish([(b"H1|new", 1)])
    pipeline.start(KONGFEI_EPOCH="2")
    wait_until(pipeline.is_done, "the new ledger is read")
    assert pipeline.state()[b"H1|new"] == (1, 1)


def test_a_worker_refuses_an_input_that_ends_before_what_is_acknowledged(pipeline: Pipeline, kafka) -> None:
    from kafka import TopicPartition
    from kafka.structs import OffsetAndMetadata

    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    beyond = {TopicPartition(pipeline.prefix + Topic.LEDGER, 0): OffsetAndMetadata(500, "", -1)}
    admin.alter_group_offsets(pipeline.prefix + GROUP, beyond)
    admin.close()
    worker = pipeline.start()

    assert worker.wait(30) == FATAL
    assert "500 records are acknowledged, but it ends at 0" in str(last_line(pipeline, worker)["message"])


def test_a_worker_told_to_stop_while_it_starts_stops(pipeline: Pipeline) -> None:
    for delay in (0.7, 0.9, 1.1, 1.3):
        worker = pipeline.start()
        time.sleep(delay)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) in {0, -signal.SIGTERM}, pipeline.log_of(worker)


def test_a_batch_whose_handling_fails_ends_the_process_and_is_not_acknowledged(pipeline: Pipeline) -> None:
    pipeline.publish([(b"H1|4711", 5)])
    worker = pipeline.start()
    wait_until(pipeline.is_done, "the good record is done")
    before = pipeline.committed()
    pipeline.send(Topic.LEDGER, b"H1|4711", b"raise")
    pipeline.flush()

    assert worker.wait(20) == FATAL
    assert pipeline.committed() == before
    line = last_line(pipeline, worker)
    assert line["event"] == "worker_failed"
    assert line["error"] == "KeyError"
    assert any("toy.py" in place for place in line["at"])
    pipeline.assert_exact()


def test_no_patient_id_reaches_a_log_line(pipeline: Pipeline) -> None:
    pipeline.publish([(b"H1|P4711", 5), (b"H1|P4712", 6)])
    worker = pipeline.start(KONGFEI_LOG_LEVEL="DEBUG")
    wait_until(pipeline.is_done, "the good records are done")
    pipeline.send(Topic.LEDGER, b"H1|P4711", b"raise")
    pipeline.flush()
    assert worker.wait(20) == FATAL

    log = pipeline.log_of(worker)
    assert '"batches_applied"' in log
    assert "P471" not in log


def test_a_stage_that_hangs_is_ended_by_the_watchdog(pipeline: Pipeline) -> None:
    pipeline.send(Topic.LEDGER, b"H1|1", b"hang")
    pipeline.flush()
    worker = pipeline.start(KONGFEI_STALL_SECONDS="5")

    assert worker.wait(30) == FATAL
    assert last_line(pipeline, worker)["event"] == "worker_stalled"


def test_an_idle_worker_is_left_alone_by_the_watchdog(pipeline: Pipeline) -> None:
    worker = pipeline.start(KONGFEI_STALL_SECONDS="5")
    pipeline.publish(some_amounts(10))
    wait_until(pipeline.is_done, "it works")
    time.sleep(7)
    assert worker.poll() is None
    pipeline.publish(some_amounts(10, seed=2))
    wait_until(pipeline.is_done, "it still works")


def test_a_worker_refuses_topics_that_are_not_right(pipeline: Pipeline, kafka) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_partitions({pipeline.prefix + Topic.COST_CHANGELOG: 6})
    admin.close()
    worker = pipeline.start()

    assert worker.wait(20) == FATAL
    message = str(last_line(pipeline, worker)["message"])
    assert f"{Topic.COST_CHANGELOG}: the number of partitions is 6, must be 4" in message


def test_a_worker_refuses_to_go_on_without_the_state_it_had(pipeline: Pipeline, kafka) -> None:
    pipeline.publish(some_amounts(50))
    worker = pipeline.start()
    wait_until(pipeline.is_done, "there is state")
    worker.kill()
    worker.wait()
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    name = pipeline.prefix + Topic.COST_CHANGELOG
    admin.delete_topics([name])
    wait_until(lambda: name not in admin.list_topics(), "the changelog is gone")
    admin.create_topics(
        {
            name: {
                "num_partitions": 4,
                "configs": {
                    "cleanup.policy": "compact",
                    "max.message.bytes": "20971520",
                    "segment.bytes": "67108864",
                    "min.cleanable.dirty.ratio": "0.1",
                    "min.compaction.lag.ms": "300000",
                },
            }
        },
        wait_for_metadata=True,
    )
    admin.close()
    again = pipeline.start()

    assert again.wait(30) == FATAL
    line = last_line(pipeline, again)
    assert line["error"] == "StateLostError"
    assert "reset the group's offsets" in str(line["message"])


def test_health_endpoints_tell_of_life_readiness_and_metrics(pipeline: Pipeline) -> None:
    pipeline.publish(some_amounts(100))
    worker = pipeline.start()
    wait_until(pipeline.is_done, "it works")
    address = health_of(pipeline.log_of(worker))["health"]

    def get(path: str) -> tuple[int, str]:
        try:
            with urlopen(address + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, ""

    assert get("/live") == (200, "live")
    assert get("/ready") == (200, "ready")
    status, text = get("/metrics")
    assert status == 200
    assert 'stage_records_total{stage="cost"} 100.0' in text
    assert 'stage_fates_total{fate="applied",stage="cost"} 100.0' in text
    assert "H1|" not in text
    assert get("/elsewhere")[0] == 404


def test_a_second_worker_of_the_same_name_is_refused(pipeline: Pipeline) -> None:
    first = pipeline.start(KONGFEI_WORKER_SLOT="ward")
    wait_until(lambda: '"partitions_ready"' in pipeline.log_of(first), "the first is at work")
    second = pipeline.start(KONGFEI_WORKER_SLOT="ward")

    assert second.wait(20) == FATAL
    assert last_line(pipeline, second)["error"] == "SlotTakenError"
    assert first.poll() is None


def test_what_retention_cut_off_is_said_and_the_rest_is_read(pipeline: Pipeline, kafka) -> None:
    from kafka import TopicPartition

    for number in range(10):
        pipeline.send(Topic.CHARGE, b"H1|1", b"%d" % number).get(10)
    worker = pipeline.start("intake")
    wait_until(lambda: pipeline.is_done(Topic.CHARGE, "kongfei-intake"), "the beginning is copied")
    worker.send_signal(signal.SIGTERM)
    worker.wait(20)
    for number in range(10, 20):
        pipeline.send(Topic.CHARGE, b"H1|1", b"%d" % number).get(10)
    partition = next(number for number, end in pipeline.ends(Topic.CHARGE).items() if end)
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.delete_records({TopicPartition(pipeline.prefix + Topic.CHARGE, partition): 15})
    admin.close()

    again = pipeline.start("intake")
    wait_until(lambda: pipeline.is_done(Topic.CHARGE, "kongfei-intake"), "the rest is copied")

    assert [value for _, value in pipeline.read(Topic.LEDGER)] == [b"%d" % n for n in (*range(10), *range(15, 20))]
    assert '"offsets_missing"' in pipeline.log_of(again)
    assert GROUP not in pipeline.log_of(again)
